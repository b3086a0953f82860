"""Settings of ops that slide windows: lengths for each axis, padding modes, layouts."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..registry import fn
from ..tensor import Tensor
from .arguments import tensor

Ints = tuple[int, ...]


class OperandShapeError(ShapeError, RuntimeError):
    """Operands that do not fit an op's settings: a RuntimeError in MindSpore."""


def lengths(op: str, name: str, value: Any, count: int, least: int = 1, also: tuple[int, ...] = ()) -> Ints:
    """An int for all of ``count`` axes, or an int for each; tuples of a length in ``also`` are taken as they are."""
    items = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    if any(isinstance(item, bool) or not isinstance(item, int) for item in items):
        raise ArgumentError(f"For '{op}', the '{name}' must be an int or a tuple of ints, but got {value!r}.")
    if len(items) not in (count, *also) or any(item < least for item in items):
        raise ArgumentValueError(
            f"For '{op}', the '{name}' must be an int or a tuple of {count} ints, not less than {least}, but got {value!r}."
        )
    return items


def steps(op: str, name: str, value: Any, count: int) -> Ints:
    """A stride or a dilation for each of the last ``count`` axes; those of batch and channel may stand before them."""
    return lengths(op, name, value, count, 1, (count + 2,))[-count:]


def mode(op: str, value: Any, choices: tuple[str, ...], fold: bool = False) -> str:
    """A padding mode, in lower case; with ``fold`` capitals are taken too."""
    if not isinstance(value, str):
        raise ArgumentError(f"For '{op}', the 'pad_mode' must be a str, but got {type(value).__name__}.")
    word = value.lower() if fold else value
    if word not in choices:
        raise ArgumentValueError(f"For '{op}', the 'pad_mode' must be one of {list(choices)}, but got {value!r}.")
    return word


def layout(op: str, value: Any, count: int) -> bool:
    """True if channels come last."""
    names = {1: ("NCW", "NWC"), 2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}[count]
    if not isinstance(value, str):
        raise ArgumentError(f"For '{op}', the 'data_format' must be a str, but got {type(value).__name__}.")
    if value not in names:
        raise ArgumentValueError(f"For '{op}', the 'data_format' must be one of {list(names)}, but got {value!r}.")
    return value == names[1]


def channels_first(x: Tensor) -> Tensor:
    """``x`` with its last axis put second."""
    return fn.transpose(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def channels_last(x: Tensor) -> Tensor:
    """``x`` with its second axis put last."""
    return fn.transpose(x, (0, *range(2, x.ndim), 1))


def padding(
    pad_mode: str, given: Ints, sizes: Ints, kernel: Ints, stride: Ints, dilation: Ints | None = None
) -> tuple[Ints, Ints]:
    """How many zeros stand before and after each axis; ``given`` is (before, after) axis by axis."""
    if pad_mode == "pad":
        return given[::2], given[1::2]
    if pad_mode == "valid":
        return (0,) * len(kernel), (0,) * len(kernel)
    apart = dilation or (1,) * len(kernel)
    total = [
        max((-(-size // by) - 1) * by + (k - 1) * gap + 1 - size, 0)
        for size, by, k, gap in zip(sizes, stride, kernel, apart)
    ]
    return tuple(more // 2 for more in total), tuple(more - more // 2 for more in total)


def both(given: Ints, count: int) -> Ints:
    """One padding for each axis as (before, after) for each."""
    return given if len(given) == 2 * count else tuple(more for one in given for more in (one, one))


def rank(op: str, name: str, value: Any, *ranks: int) -> Tensor:
    """``value``, a tensor of one of the ``ranks``."""
    if tensor(op, name, value).ndim not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ShapeError(f"For '{op}', the rank of '{name}' must be {wanted}, but got shape {value.shape}.")
    return value
