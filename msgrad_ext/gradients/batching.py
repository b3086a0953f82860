"""``vmap``: a function of single samples becomes one of batches.

The function is called once for each sample and the results are stacked, so all that a function may do, a gradient
included, may be mapped, and the result can be differentiated as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError, BatchError, user_location
from ..keeping.attempt import like
from ..registry import fn as ops
from ..tensor import Tensor, as_tensor


def vmap(fn: Any, in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """The function that maps ``fn`` over an axis of its arguments, as `mindspore.vmap`.

    Parameters
    ----------
    fn : callable, or list of Cells
        A function of single samples; of a list, each member maps its own sample.
    in_axes : int, None, or a tuple of them
        The axis of each argument that is mapped over; None for an argument that all samples share.
    out_axes : int, None, or a tuple of them
        The axis of each result along which the samples are stacked; None for a result that all samples share.

    Raises
    ------
    BatchError
        If the axes do not fit the arguments.
    """
    members = _members(fn)
    if members is None and not callable(fn):
        raise ArgumentError(f"For 'vmap', the 'fn' should be a function or a Cell, but got {type(fn).__name__}.")

    def mapped(*args: Any) -> Any:
        axes = _spread(in_axes, args, "in_axes")
        sizes = {size for arg, axis in zip(args, axes) for size in _sizes(arg, axis)}
        if members is not None:
            sizes.add(len(members))
        if len(sizes) != 1:
            found = "all of in_axes are None" if not sizes else f"got {' and '.join(map(str, sorted(sizes)))}"
            raise BatchError(f"For 'vmap', all mapped axes must have one length, but {found}.", user_location())
        (count,) = sizes
        results = []
        for number in range(count):
            sample = [_sample(arg, axis, number) for arg, axis in zip(args, axes)]
            results.append((fn if members is None else members[number])(*sample))
        return _joined(results, out_axes)

    return mapped if members is not None else like(mapped, fn)


def _members(fn: Any) -> list[Any] | None:
    """The cells of a `CellList`, or of a plain list."""
    if isinstance(fn, (list, tuple)):
        return list(fn)
    return list(fn) if type(fn).__name__ == "CellList" else None


def _spread(axes: Any, args: Sequence[Any], name: str) -> Sequence[Any]:
    """An entry of ``axes`` for each of ``args``."""
    if not isinstance(axes, (tuple, list)):
        return [axes] * len(args)
    if len(axes) != len(args):
        raise BatchError(
            f"For 'vmap', {name} must have one entry for each of the {len(args)} arguments, but got {len(axes)}.",
            user_location(),
        )
    return axes


def _sizes(value: Any, axis: Any) -> list[int]:
    """The lengths of the mapped axes in one argument."""
    if axis is None:
        return []
    if isinstance(value, (tuple, list)):
        inner = _spread(axis, value, "in_axes")
        return [size for one, at in zip(value, inner) for size in _sizes(one, at)]
    if not isinstance(value, Tensor):
        raise BatchError(
            f"For 'vmap', a mapped argument must be a Tensor, but got {type(value).__name__}.", user_location()
        )
    return [value.shape[_place(axis, value.ndim, "in_axes")]]


def _place(axis: Any, ndim: int, name: str) -> int:
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise BatchError(f"For 'vmap', {name} must hold ints or None, but got {axis!r}.", user_location())
    if not -ndim <= axis < ndim:
        raise BatchError(f"For 'vmap', {name} must lie in [{-ndim}, {ndim}), but got {axis}.", user_location())
    return axis % ndim


def _sample(value: Any, axis: Any, number: int) -> Any:
    """One sample of an argument."""
    if axis is None:
        return value
    if isinstance(value, (tuple, list)):
        inner = _spread(axis, value, "in_axes")
        return type(value)(_sample(one, at, number) for one, at in zip(value, inner))
    place = _place(axis, value.ndim, "in_axes")
    return value[(*[slice(None)] * place, number)]


def _joined(results: list[Any], axes: Any) -> Any:
    """The results of all samples, stacked."""
    if isinstance(results[0], (tuple, list)):
        inner = _spread(axes, results[0], "out_axes")
        return tuple(_joined(list(column), axis) for column, axis in zip(zip(*results), inner))
    if isinstance(axes, (tuple, list)):
        (axes,) = _spread(axes, [results[0]], "out_axes")
    if axes is None:
        return results[0]
    tensors = [as_tensor(one) for one in results]
    return ops.stack(tensors, _place(axes, tensors[0].ndim + 1, "out_axes"))


__all__ = ["vmap"]
