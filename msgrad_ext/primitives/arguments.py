"""What ops ask of their arguments: tensors, whole numbers, axes; each refusal names the op and what it got."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from ..contract import normal_axes
from ..errors import ArgumentError, ArgumentValueError, AxisError
from ..registry import fn
from ..tensor import Tensor


def tensor(op: str, name: str, value: Any) -> Tensor:
    """``value``, which must be a tensor."""
    if isinstance(value, Tensor):
        return value
    raise ArgumentError(f"For '{op}', the '{name}' must be a Tensor, but got {type(value).__name__}.")


def tensors(op: str, name: str, values: Any) -> list[Tensor]:
    """``values``, which must be a tuple or list of at least one tensor."""
    if not isinstance(values, (tuple, list)):
        raise ArgumentError(
            f"For '{op}', the '{name}' must be a tuple or list of Tensors, but got {type(values).__name__}."
        )
    if not values:
        raise ArgumentValueError(f"For '{op}', the '{name}' must hold at least one Tensor, but got none.")
    return [tensor(op, name, value) for value in values]


def _known(value: Any) -> Any:
    """A tensor or array of numbers as plain ones."""
    return value.tolist() if isinstance(value, (Tensor, np.ndarray)) else value


def int_tuple(op: str, name: str, value: Any) -> tuple[int, ...]:
    """``value`` (an int or a sequence of ints) as a tuple of ints."""
    value = _known(value)
    try:
        items = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        if any(isinstance(item, (bool, np.bool_)) for item in items):
            raise TypeError
        # An int stays the object it is: a proof runs rules on ints that know their letters.
        return tuple(item if isinstance(item, int) else index(item) for item in items)
    except TypeError:
        raise ArgumentError(f"For '{op}', the {name} must be ints, but got {value!r}.") from None


def dims(op: str, name: str, value: Any) -> tuple[int, ...]:
    """``value``, which must be a tuple or list of ints, as a tuple."""
    value = _known(value)
    if not isinstance(value, (tuple, list)):
        raise ArgumentError(f"For '{op}', the '{name}' must be a tuple of ints, but got {value!r}.")
    return int_tuple(op, name, value)


def integer(op: str, name: str, value: Any, least: int | None = None) -> int:
    """``value``, which must be an int, not less than ``least``."""
    value = _known(value)
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise ArgumentError(f"For '{op}', the '{name}' must be an int, but got {value!r}.")
    number = value if isinstance(value, int) else index(value)
    if least is not None and number < least:
        raise ArgumentValueError(f"For '{op}', the '{name}' must be at least {least}, but got {number}.")
    return number


def one_axis(op: str, axis: Any, ndim: int, name: str = "axis") -> int:
    """``axis`` of ``ndim`` axes, counted from the front."""
    number = integer(op, name, axis)
    if not -ndim <= number < ndim:
        raise AxisError(f"For '{op}', the '{name}' must be in [{-ndim}, {ndim}), but got {number}.")
    return number % ndim


def axes(op: str, value: Any, ndim: int) -> tuple[int, ...]:
    """The int or sequence of ints ``value`` as axes in the order given."""
    given = int_tuple(op, "axis", value)
    normal_axes(op, given, ndim)
    return tuple(axis % ndim for axis in given)


def one_of(op: str, name: str, value: Any, choices: Sequence[str]) -> str:
    """``value``, which must be one of the words ``choices``."""
    if not isinstance(value, str):
        raise ArgumentError(f"For '{op}', the '{name}' must be a str, but got {type(value).__name__}.")
    if value not in choices:
        wanted = ", ".join(repr(one) for one in choices)
        raise ArgumentValueError(f"For '{op}', the '{name}' must be one of {wanted}, but got {value!r}.")
    return value


def boolean(op: str, name: str, value: Any) -> bool:
    """``value``, which must be a bool."""
    if not isinstance(value, bool):
        raise ArgumentError(f"For '{op}', the '{name}' must be bool, but got {type(value).__name__}.")
    return value


def pinned(value: Tensor) -> np.ndarray:
    """The values of ``value``; in a network, a guard is recorded that they stay so, since shapes follow from them."""
    known = value._array()
    if hasattr(value, "_trace") and bool(fn.reduce_sum(fn.cast(fn.not_equal(value, Tensor(known)), np.float32)) > 0):
        raise ArgumentValueError("The values of an index changed while it was read.")
    return known
