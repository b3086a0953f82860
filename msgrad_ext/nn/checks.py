"""What layers ask of their settings; each refusal names the layer, the setting and what came instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from ..errors import ArgumentError, ArgumentValueError, ShapeError, choices, user_location


def refuse_kind(layer: Any, name: str, wanted: str, value: Any) -> NoReturn:
    """Refuse ``value`` for its kind."""
    raise ArgumentError(
        f"For '{_name(layer)}', the '{name}' must be {wanted}, but got {type(value).__name__}.", user_location()
    )


def refuse_value(layer: Any, name: str, wanted: str, value: Any) -> NoReturn:
    """Refuse ``value`` though it is of the right kind."""
    raise ArgumentValueError(
        f"For '{_name(layer)}', the '{name}' must be {wanted}, but got {value!r}.", user_location()
    )


def _name(layer: Any) -> str:
    return layer if isinstance(layer, str) else type(layer).__name__


def whole(layer: Any, name: str, value: Any, least: int = 1) -> int:
    """``value``, which must be an int of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int):
        refuse_kind(layer, name, "int", value)
    if value < least:
        refuse_value(layer, name, "positive" if least == 1 else f"at least {least}", value)
    return value


def boolean(layer: Any, name: str, value: Any) -> bool:
    """``value``, which must be a bool."""
    if not isinstance(value, bool):
        refuse_kind(layer, name, "bool", value)
    return value


def number(layer: Any, name: str, value: Any) -> float:
    """``value``, which must be an int or a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        refuse_kind(layer, name, "a number", value)
    return value


def real(layer: Any, name: str, value: Any) -> float:
    """``value``, which must be a float."""
    if not isinstance(value, float):
        refuse_kind(layer, name, "float", value)
    return value


def within(layer: Any, name: str, value: Any, low: float, high: float) -> float:
    """``value``, which must be between ``low`` and ``high``, both included."""
    if not low <= value <= high:
        refuse_value(layer, name, f"in [{low}, {high}]", value)
    return value


def one_of(layer: Any, name: str, value: Any, known: Sequence[str]) -> str:
    """``value``, which must be one of the words ``known``."""
    if not isinstance(value, str):
        refuse_kind(layer, name, "str", value)
    if value not in known:
        raise ArgumentValueError(
            f"For '{_name(layer)}', the '{name}' is {value!r}. {choices(value, list(known))}", user_location()
        )
    return value


def rank(layer: Any, x: Any, *ranks: int) -> None:
    """Refuse an input that has none of ``ranks`` axes."""
    if len(x.shape) not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ShapeError(
            f"For '{_name(layer)}', the input must have {wanted} axes, but got shape {x.shape}.", user_location()
        )


def lengths(layer: Any, name: str, value: Any, count: int, least: int = 1) -> tuple[int, ...]:
    """``value``, an int or ``count`` ints, as ``count`` ints of at least ``least``."""
    if isinstance(value, int):
        return (whole(layer, name, value, least),) * count
    if not isinstance(value, (tuple, list)):
        refuse_kind(layer, name, f"int or a tuple of {count} ints", value)
    if len(value) != count:
        refuse_value(layer, name, f"int or a tuple of {count} ints", value)
    return tuple(whole(layer, name, one, least) for one in value)
