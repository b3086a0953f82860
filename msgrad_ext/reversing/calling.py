"""What a call of a cell does besides ``construct``: hooks before and after it, and a ``bprop`` of the user's in its place.

Inside a running trace a cell with a ``bprop``, or with a hook on its gradients, becomes a part with a derivative of its
own (see `tracing.custom`). Outside of one there is nothing to differentiate, and ``construct`` runs as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..errors import BackwardError, Location, user_location
from ..ir import unique
from ..registry import fleeting, recorder
from ..tensor import Epoch, Tensor
from ..tracing.custom import fitting, return_location, run_custom
from ..tracing.hooks import HookHandle, check_hook
from ..tracing.trace import fill, replay
from .reverse import reverse

Kind = str


class CellHooks:
    """The part of a cell that keeps hooks."""

    def register_forward_pre_hook(self, hook_fn: Callable[..., Any], *, with_kwargs: bool = False) -> HookHandle:
        """Call ``hook_fn(cell, inputs)`` before ``construct``; it may return other inputs."""
        return _register(self, "forward_pre", hook_fn, with_kwargs)

    def register_forward_hook(self, hook_fn: Callable[..., Any], *, with_kwargs: bool = False) -> HookHandle:
        """Call ``hook_fn(cell, inputs, output)`` after ``construct``; it may return another output."""
        return _register(self, "forward", hook_fn, with_kwargs)

    def register_backward_pre_hook(self, hook_fn: Callable[..., Any]) -> HookHandle:
        """Call ``hook_fn(cell, grad_output)`` before the cell's reverse pass; it may return other gradients."""
        return _register(self, "backward_pre", hook_fn, False)

    def register_backward_hook(self, hook_fn: Callable[..., Any]) -> HookHandle:
        """Call ``hook_fn(cell, grad_input, grad_output)`` after the cell's reverse pass; it may return other gradients."""
        return _register(self, "backward", hook_fn, False)


def _register(cell: Any, kind: Kind, hook: Callable[..., Any], with_kwargs: bool) -> HookHandle:
    check_hook(hook)
    hooks = cell.__dict__.setdefault("_hooks", {})
    key = object()
    hooks[key] = (kind, hook, with_kwargs, user_location())
    Epoch.advance()

    def drop() -> None:
        if hooks.pop(key, None) is not None:
            Epoch.advance()

    return HookHandle(drop)


def _hooks(cell: Any, kind: Kind) -> list[tuple[Callable[..., Any], bool, Location | None]]:
    return [(hook, told, place) for one, hook, told, place in cell.__dict__.get("_hooks", {}).values() if one == kind]


def call(cell: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The outputs of a cell that has hooks or a ``bprop``."""
    fleeting()
    for hook, told, _ in _hooks(cell, "forward_pre"):
        result = hook(cell, inputs, kwargs) if told else hook(cell, inputs)
        if result is not None and told:
            inputs, kwargs = result
        elif result is not None:
            inputs = result if isinstance(result, tuple) else (result,)
    output = _computed(cell, inputs, kwargs)
    for hook, told, _ in _hooks(cell, "forward"):
        result = hook(cell, inputs, kwargs, output) if told else hook(cell, inputs, output)
        output = output if result is None else result
    return output


def _computed(cell: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    custom = type(cell).bprop is not None
    watched = _hooks(cell, "backward_pre") or _hooks(cell, "backward")
    if recorder.get() is None or not (custom or watched):
        return cell.construct(*inputs, **kwargs)
    given = Arguments(cell, inputs, kwargs)
    inner = cell.construct
    if custom:
        inner = partial(_with_bprop, cell, given)
    else:
        inner = given.called(cell.construct)
    if not watched:
        return inner(*given.tensors.values())
    place = (_hooks(cell, "backward") or _hooks(cell, "backward_pre"))[-1][2]
    rule = partial(_hooked, cell)
    return run_custom(type(cell).__name__, inner, given.tensors, rule, held=False, location=place)


class Arguments:
    """The arguments of a call of ``construct``: defaults filled in, and the tensors among them by name."""

    def __init__(self, cell: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        bound = inspect.signature(cell.construct).bind(*inputs, **kwargs)
        bound.apply_defaults()
        self.count = len(bound.args)
        self.values = [*bound.args, *bound.kwargs.values()]
        self.keywords = list(bound.kwargs)
        self.names = _names(bound)
        self.tensors: dict[str, Tensor] = {}
        taken: set[str] = set()
        for name, value in zip(self.names, self.values):
            for path, tensor in _tensors(name, value):
                self.tensors[unique(path, taken)] = tensor

    def called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function`` as one of the tensors alone."""

        def run(*tensors: Tensor) -> Any:
            values = self.filled(tensors)
            keywords = dict(zip(self.keywords, values[self.count :]))
            return function(*values[: self.count], **keywords)

        return run

    def filled(self, tensors: Sequence[Tensor]) -> list[Any]:
        """The arguments with ``tensors`` in the places of theirs."""
        following = iter(tensors)
        return [_with_tensors(value, following) for value in self.values]


def _names(bound: inspect.BoundArguments) -> list[str]:
    names: list[str] = []
    for parameter in bound.signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}_{number}" for number in range(len(bound.arguments[parameter.name]))]
        elif parameter.kind is parameter.VAR_KEYWORD:
            names += list(bound.arguments[parameter.name])
        else:
            names.append(parameter.name)
    return names


def _tensors(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors in an argument, with names."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, (tuple, list)):
        for number, one in enumerate(value):
            yield from _tensors(f"{name}_{number}", one)
    elif isinstance(value, dict):
        for number, one in enumerate(value.values()):
            yield from _tensors(f"{name}_{number}", one)


def _with_tensors(value: Any, following: Iterator[Tensor]) -> Any:
    if isinstance(value, Tensor):
        return next(following)
    if isinstance(value, (tuple, list)):
        members = [_with_tensors(one, following) for one in value]
        return members if isinstance(value, list) else tuple(members)
    if isinstance(value, dict):
        return {key: _with_tensors(one, following) for key, one in value.items()}
    return value


# A bprop of the user's -------------------------------------------------------------------------------------------------


def _with_bprop(cell: Any, given: Arguments, *tensors: Tensor) -> Any:
    """``construct`` as a part whose derivative is the cell's ``bprop``."""
    named = dict(zip(given.tensors, tensors))
    parameters = cell.named_parameters()
    rule = partial(_bprop, cell, given)
    code = getattr(type(cell).bprop, "__code__", None)
    place = Location(code.co_filename, code.co_firstlineno, code.co_name) if code else None
    return run_custom(type(cell).__name__, given.called(cell.construct), named, rule, parameters, location=place)


def _bprop(
    cell: Any,
    given: Arguments,
    structure: Any,
    operands: Sequence[Tensor],
    outputs: Sequence[Tensor],
    cotangents: Sequence[Tensor],
) -> list[Tensor | None]:
    """The gradients that ``bprop`` gives, one for each operand, after they have been found to fit."""
    form = _tuples(structure)
    values = given.filled(operands)
    result = cell.bprop(*values, fill(form, outputs), fill(form, cotangents))
    recording: Any = recorder.get()
    code = getattr(type(cell).bprop, "__code__", None)
    place = return_location(code) if code else recording.custom.location
    recording.custom.location = place
    name, count = type(cell).__name__, len(values)
    gradients = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(gradients) != count:
        wanted = f"{count} gradient" + "s" * (count != 1)
        told = f"For '{name}', bprop must return {wanted}, one for each input, but got {len(gradients)}."
        raise BackwardError(told, name, None, place)
    flat = [one for value, gradient in zip(values, gradients) for one in _matched(name, value, gradient, place)]
    fitted = [
        fitting(name, path, gradient, like, place)
        for path, gradient, like in zip(given.tensors, flat, operands[: len(flat)])
    ]
    return [*fitted, *[None] * (len(operands) - len(fitted))]


def _tuples(structure: Any) -> Any:
    """A structure of results with tuples for lists: so a ``bprop`` is given them."""
    if isinstance(structure, (tuple, list)):
        return tuple(_tuples(one) for one in structure)
    return {key: _tuples(one) for key, one in structure.items()} if isinstance(structure, dict) else structure


def _matched(name: str, value: Any, gradient: Any, place: Location | None) -> list[Any]:
    """The gradients of the tensors in one argument."""
    if isinstance(value, Tensor):
        return [gradient]
    if not isinstance(value, (tuple, list, dict)):
        return []
    members = list(value.values()) if isinstance(value, dict) else list(value)
    parts: Any = list(gradient.values()) if isinstance(gradient, dict) else gradient
    if gradient is None:
        parts = [None] * len(members)
    if not isinstance(parts, (tuple, list)) or len(parts) != len(members):
        told = f"For '{name}', the gradient of an input with {len(members)} members must have as many."
        raise BackwardError(told, name, None, place)
    return [one for member, part in zip(members, parts) for one in _matched(name, member, part, place)]


# Hooks on a cell's gradients --------------------------------------------------------------------------------------------


def _hooked(
    cell: Any, structure: Any, operands: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Tensor | None]:
    """The gradients that follow from ``construct``, under the hooks before and after."""
    recording: Any = recorder.get()
    custom = recording.custom
    name = type(cell).__name__
    sent = tuple(cotangents)
    for hook, _, place in _hooks(cell, "backward_pre"):
        sent = _answer(name, hook(cell, sent), sent, place)
    moving = [number for number, var in enumerate(custom.graph.inputs) if var.dtype.kind == "f"]
    weights = [sent[number] for number in custom.float_outputs]
    values = [one._value for one in (*operands, *weights)]
    whole = reverse(custom.graph, [custom.graph.inputs[number] for number in moving], True, values)
    found = replay(whole, [*operands, *weights])[len(custom.graph.outputs) :]
    gradients: list[Any] = [None] * len(operands)
    for number, one in zip(moving, found):
        gradients[number] = recording.value(one)
    count = len(operands) - len(custom.parameters)
    places = [number for number in range(count) if gradients[number] is not None]
    mine = tuple(gradients[number] for number in places)
    for hook, _, place in _hooks(cell, "backward"):
        mine = _answer(name, hook(cell, mine, sent), mine, place)
    for number, one in zip(places, mine):
        gradients[number] = one
    return gradients


def _answer(name: str, result: Any, before: tuple[Any, ...], place: Location | None) -> tuple[Any, ...]:
    """The gradients after a hook's answer: None leaves them as they are."""
    if result is None:
        return before
    found = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    if len(found) != len(before):
        told = f"For '{name}', a hook must return {len(before)} gradients or None, but got {len(found)}."
        raise BackwardError(told, name, None, place)
    fitted = [fitting(name, None, one, like, place) for one, like in zip(found, before)]
    return tuple(like if one is None else one for one, like in zip(fitted, before))


__all__ = ["CellHooks", "call"]
