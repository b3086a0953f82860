"""Which arguments are inputs, and what they are called; ``mutable`` marks a tuple, list or dict of tensors as one.

Comes in: a container as a user writes it. Goes out: the same with a mark, by which `trace` knows that its tensors are
inputs of the graph and `GradOperation` that they have gradients, in the container's own structure.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import ArgumentError, user_location
from ..tensor import Tensor, is_number


class MutableTuple(tuple[Any, ...]):
    """A tuple whose tensors are inputs."""


class MutableList(list[Any]):
    """A list whose tensors are inputs."""


class MutableDict(dict[Any, Any]):
    """A dict whose tensors are inputs."""


_MARKED: dict[type, type] = {tuple: MutableTuple, list: MutableList, dict: MutableDict}
_ANY: tuple[type, ...] = (MutableTuple, MutableList, MutableDict)


def mutable(input_data: Any, dynamic_len: bool = False) -> Any:
    """``input_data`` marked as an input whose tensors have gradients, as `mindspore.mutable`.

    Parameters
    ----------
    input_data : Tensor, number, tuple, list or dict
        Tensors and numbers come back as they are.
    dynamic_len : bool
        Accepted for compatibility.

    Raises
    ------
    ArgumentError
        For anything else, here or inside.
    """
    if not _holds_data(input_data):
        raise ArgumentError(
            "For 'mutable', the input_data must be a Tensor, a number, or a tuple, list or dict of them, "
            f"but got {input_data!r}.",
            user_location(),
        )
    return _MARKED[type(input_data)](input_data) if type(input_data) in _MARKED else input_data


def _holds_data(value: Any) -> bool:
    members = list(value.values()) if isinstance(value, dict) else value
    if isinstance(value, (tuple, list, dict)):
        return all(map(_holds_data, members))
    return isinstance(value, Tensor) or is_number(value)


def is_input(argument: Any) -> bool:
    """True for an argument that has a gradient: a tensor, or a marked container."""
    return isinstance(argument, (Tensor, *_ANY))


def leaves(argument: Any) -> list[Tensor]:
    """The tensors of an argument that are inputs, in order."""
    return [tensor for _, tensor in _walk(argument, "")] if is_input(argument) else []


def contained(value: Any) -> list[Tensor]:
    """All tensors in tuples, lists and dicts, in order."""
    return [tensor for _, tensor in _walk(value, "")]


def _walk(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, (tuple, list, dict)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _walk(one, f"{name}_{key}")


def mapped(argument: Any, name: str, replace: Callable[[str, Tensor], Any], numbers: bool = False) -> Any:
    """``argument`` with each of its input tensors replaced, given its name; with ``numbers``, numbers become zero."""
    if isinstance(argument, Tensor):
        return replace(name, argument)
    if isinstance(argument, dict):
        return {key: mapped(one, f"{name}_{key}", replace, numbers) for key, one in argument.items()}
    if isinstance(argument, (tuple, list)):
        kind = list if isinstance(argument, list) else tuple
        return kind(mapped(one, f"{name}_{place}", replace, numbers) for place, one in enumerate(argument))
    return type(argument)(0) if numbers and is_number(argument) else argument


def argument_names(function: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """The names that the function's signature gives to positional arguments."""
    target = getattr(function, "construct", function)
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return [f"x{index}" for index in range(len(args))]
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}_{index}" for index in range(len(args) - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    return (names + [f"x{index}" for index in range(len(names), len(args))])[: len(args)]
