"""The parameters that a gradient is taken by: whether they are parameters, which they are, what they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..errors import ArgumentError, user_location
from ..tensor import Parameter


def check_weights(weights: Any) -> None:
    """Refuse what can not name parameters."""
    members = [] if weights is None else listed_weights(weights)
    if not isinstance(weights, (type(None), Parameter, list, tuple)) or not all(
        isinstance(one, Parameter) for one in members
    ):
        raise ArgumentError(
            "For 'GradOperation', the weights must be a Parameter, or a ParameterTuple, list or tuple of Parameters, "
            f"but got {type(weights).__name__}.",
            user_location(),
        )


def listed_weights(weights: Any) -> list[Parameter]:
    """The parameters that a ``weights`` argument names: one, several, or none."""
    if isinstance(weights, Parameter):
        return [weights]
    return list(weights) if isinstance(weights, (list, tuple)) else []


def parameter_names(function: Callable[..., Any], parameters: Iterable[Parameter]) -> list[str]:
    """The parameters' paths within the network, such as ``0.weight``; the own name of one that is not part of it."""
    paths: dict[int, str] = {}
    for name, one in getattr(function, "named_parameters", dict)().items():
        paths.setdefault(id(one), name)
    return [paths.get(id(one), one.name) for one in parameters]
