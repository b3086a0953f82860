"""``x.sum``, ``x.mean``, ``x.prod``: methods that MindSpore offers in two forms, with ``axis, keepdims`` and with
``dim, keepdim``."""

from __future__ import annotations

from typing import Any

from ..dtype import to_numpy
from ..errors import ArgumentError
from ..registry import composite, fn
from ..tensor import Tensor
from .reduction import ReduceMean, ReduceSum, flag, widened
from .scan import ReduceProd

_SAME = {"dim": "axis", "keepdim": "keepdims", "keep_dims": "keepdims"}


def settings(name: str, order: tuple[str, ...], args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """The settings of a call by name: positional ones in ``order``, ``dim`` and ``keepdim`` under their other names."""
    known = dict(zip(order, args))
    if len(args) > 1 and isinstance(args[1], bool) and order[1] != "keepdims":
        # The second form by position: (dim, keepdim).
        known = {"axis": args[0], "keepdims": args[1], **dict(zip(order[2:], args[2:]))}
    for key, value in given.items():
        plain = _SAME.get(key, key)
        if plain not in order or plain in known or len(args) > len(order):
            allowed = ", ".join((*order, "dim", "keepdim"))
            raise ArgumentError(f"For '{name}', the arguments are {allowed}, but got {key!r}.")
        known[plain] = value
    flag(name, "keepdims", known.setdefault("keepdims", False))
    return known


@composite(methods="sum")
def tensor_sum(x: Tensor, *args: Any, **given: Any) -> Tensor:
    """Sum over ``axis``, plus ``initial``; over all axes by default. The sum of ints and bools is Int64."""
    known = settings("sum", ("axis", "dtype", "keepdims", "initial"), args, given)
    result = ReduceSum(known["keepdims"])(widened(x, known.get("dtype")), known.get("axis"))
    return result if known.get("initial") is None else result + known["initial"]


@composite(methods="mean")
def tensor_mean(x: Tensor, *args: Any, **given: Any) -> Tensor:
    """Mean over ``axis``; over all axes by default."""
    known = settings("mean", ("axis", "keepdims", "dtype"), args, given)
    dtype = known.get("dtype")
    return ReduceMean(known["keepdims"])(x if dtype is None else fn.cast(x, to_numpy(dtype)), known.get("axis"))


@composite(methods="prod")
def tensor_prod(x: Tensor, *args: Any, **given: Any) -> Tensor:
    """Product over ``axis``; over all axes by default. The product of ints and bools is Int64."""
    known = settings("prod", ("axis", "keepdims", "dtype"), args, given)
    return ReduceProd(known["keepdims"])(widened(x, known.get("dtype")), known.get("axis"))
