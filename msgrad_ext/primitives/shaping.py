"""Other shapes and other orders of axes, composed of the ops of `array`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentValueError, AxisError, ShapeError
from ..op import Composite
from ..registry import composite
from ..tensor import Tensor
from .arguments import axes, dims, int_tuple, integer, one_axis, one_of, tensor
from .array import BroadcastTo, ExpandDims, Reshape, Transpose


class Flatten(Composite):
    """All axes but the first joined into one."""

    def compute(self, x: Any) -> Tensor:
        """``x`` as a matrix; a vector becomes a column."""
        given = tensor("Flatten", "input_x", x)
        if not given.ndim:
            raise ShapeError("For 'Flatten', the input must have at least one axis, but got shape ().")
        return Reshape()(given, (given.shape[0], -1))


def flattened(x: Tensor, order: str, start_dim: int, end_dim: int) -> Tensor:
    """``x`` with the axes from ``start_dim`` to ``end_dim`` joined; order ``"F"`` reverses the axes before."""
    one_of("flatten", "order", order, ("C", "F"))
    start, end = (integer("flatten", name, one) for name, one in (("start_dim", start_dim), ("end_dim", end_dim)))
    if order == "F" and x.ndim > 1:
        x = Transpose()(x, tuple(reversed(range(x.ndim))))
    if x.ndim < 2:
        # The default, start_dim=1, is allowed for a vector and a number too.
        if not all(-2 <= axis < 2 for axis in (start, end)):
            raise AxisError(
                f"For 'flatten', start_dim and end_dim are out of range: {start}, {end} for shape {x.shape}."
            )
        return Reshape()(x, (-1,)) if x.ndim == 0 else x
    start, end = one_axis("flatten", start, x.ndim, "start_dim"), one_axis("flatten", end, x.ndim, "end_dim")
    if start > end:
        raise ArgumentValueError(f"For 'flatten', start_dim must not be after end_dim, but got {start} and {end}.")
    return x if start == end else Reshape()(x, (*x.shape[:start], -1, *x.shape[end + 1 :]))


@composite(functions="flatten")
def flatten(input: Any, order: str = "C", *, start_dim: int = 1, end_dim: int = -1) -> Tensor:
    """The axes from ``start_dim`` to ``end_dim`` joined into one; by default all but the first."""
    return flattened(tensor("flatten", "input", input), order, start_dim, end_dim)


@composite(methods="flatten")
def flatten_method(self: Tensor, order: str = "C", *, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from ``start_dim`` to ``end_dim`` joined into one; by default all."""
    return flattened(self, order, start_dim, end_dim)


@composite(functions="ravel", methods="ravel")
def ravel(input: Any) -> Tensor:
    """All elements in row-major order along one axis."""
    return Reshape()(tensor("ravel", "input", input), (-1,))


@composite(functions="view_as reshape_as", methods="view_as reshape_as")
def view_as(input: Any, other: Any) -> Tensor:
    """``input`` under the shape of ``other``."""
    return Reshape()(tensor("view_as", "input", input), tensor("view_as", "other", other).shape)


@composite(functions="swapaxes swapdims", methods="swapaxes swapdims")
def swapaxes(input: Any, axis0: int, axis1: int) -> Tensor:
    """``input`` with two axes exchanged."""
    x = tensor("swapaxes", "input", input)
    order = list(range(x.ndim))
    first, second = (one_axis("swapaxes", axis, x.ndim) for axis in (axis0, axis1))
    order[first], order[second] = order[second], order[first]
    return Transpose()(x, tuple(order))


@composite(functions="movedim moveaxis", methods="movedim moveaxis")
def movedim(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """``x`` with the axes ``source`` moved to the places ``destination``; the others keep their order."""
    given = tensor("movedim", "x", x)
    old, new = (axes("movedim", one, given.ndim) for one in (source, destination))
    if len(old) != len(new):
        raise ArgumentValueError(f"For 'movedim', source and destination must be as many, but got {old} and {new}.")
    order = [axis for axis in range(given.ndim) if axis not in old]
    for place, axis in sorted(zip(new, old)):
        order.insert(place, axis)
    return Transpose()(given, tuple(order))


@composite(functions="t", methods="t")
def t(input: Any) -> Tensor:
    """The transpose of a matrix; a vector or a number as it is."""
    x = tensor("t", "input", input)
    if x.ndim > 2:
        raise ShapeError(f"For 't', the input must have at most 2 axes, but got shape {x.shape}.")
    return x if x.ndim < 2 else Transpose()(x, (1, 0))


@composite(functions="expand", methods="expand")
def expand(input: Any, *size: Any) -> Tensor:
    """``input`` repeated along new or length-1 axes, to ``size``; -1 keeps a length."""
    given = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    return BroadcastTo(int_tuple("expand", "size", given))(tensor("expand", "input", input))


@composite(functions="expand_as", methods="expand_as")
def expand_as(input: Any, other: Any) -> Tensor:
    """``input`` repeated to the shape of ``other``."""
    return BroadcastTo(tensor("expand_as", "other", other).shape)(tensor("expand_as", "input", input))


class Tile(Composite, functions="tile", methods="tile"):
    """The operand repeated ``dims`` times along each axis, as whole blocks."""

    def compute(self, input: Any, dims: Any = None, **earlier: Any) -> Tensor:
        """``input`` tiled; missing axes are added in front."""
        return tiled(tensor("Tile", "input", input), _times("Tile", earlier.get("multiples", dims)))


def _times(op: str, value: Any) -> tuple[int, ...]:
    counts = dims(op, "dims", value)
    if any(count < 0 for count in counts):
        raise ArgumentValueError(f"For '{op}', the dims must not be negative, but got {counts}.")
    return counts


def tiled(x: Tensor, counts: tuple[int, ...]) -> Tensor:
    """``x`` repeated as whole blocks: each axis is split off, broadcast and joined again."""
    rank = max(len(counts), x.ndim)
    lengths = (1,) * (rank - x.ndim) + x.shape
    counts = (1,) * (rank - len(counts)) + counts
    apart = tuple(one for n, length in zip(counts, lengths) for one in ((1, length) if n != 1 else (length,)))
    spread = tuple(one for n, length in zip(counts, lengths) for one in ((n, length) if n != 1 else (length,)))
    joined = tuple(n * length for n, length in zip(counts, lengths))
    result = x if apart == x.shape else Reshape()(x, apart)
    result = result if spread == apart else BroadcastTo(spread)(result)
    return result if result.shape == joined else Reshape()(result, joined)


@composite(methods="repeat")
def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """``self`` repeated as whole blocks, as often as said for each axis; missing axes are added in front."""
    counts = _times("repeat", repeats[0] if len(repeats) == 1 and isinstance(repeats[0], (tuple, list)) else repeats)
    if len(counts) < self.ndim:
        raise ShapeError(
            f"For 'repeat', there must be a number for each of the {self.ndim} axes, but got {counts}; to repeat "
            "elements along one axis use repeat_interleave."
        )
    return tiled(self, counts)


@composite(functions="meshgrid")
def meshgrid(*inputs: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """The coordinates of the grid that vectors span, one tensor for each."""
    given = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], (tuple, list)) else inputs
    vectors = [tensor("meshgrid", "inputs", one) for one in given]
    one_of("meshgrid", "indexing", indexing, ("xy", "ij"))
    lengths = [vector.size for vector in vectors]
    if any(vector.ndim > 1 for vector in vectors):
        raise ShapeError("For 'meshgrid', each input must have one axis.")
    order = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        order[0], order[1] = 1, 0
    shape = tuple(lengths[one] for one in order)
    rank = len(vectors)
    columns = (
        Reshape()(one, tuple(-1 if order[axis] == place else 1 for axis in range(rank)))
        for place, one in enumerate(vectors)
    )
    return tuple(BroadcastTo(shape)(column) for column in columns)


class Meshgrid(Composite):
    """The coordinates of the grid that a tuple of vectors spans."""

    def __init__(self, indexing: str = "xy") -> None:
        self.indexing = one_of("Meshgrid", "indexing", indexing, ("xy", "ij"))

    def compute(self, inputs: Any) -> tuple[Tensor, ...]:
        """One tensor for each vector."""
        return meshgrid(*inputs, indexing=self.indexing)


@composite(functions="broadcast_tensors")
def broadcast_tensors(*inputs: Any) -> tuple[Tensor, ...]:
    """The tensors, each repeated to their common shape."""
    from ..contract import broadcast

    given = [tensor("broadcast_tensors", "inputs", one) for one in inputs]
    shape = broadcast(*(one.shape for one in given))
    if shape is None:
        raise ShapeError(f"For 'broadcast_tensors', the shapes must broadcast, but got {[one.shape for one in given]}.")
    return tuple(BroadcastTo(shape)(one) for one in given)


def at_least(rank: int, inputs: Any) -> Any:
    """Tensors with new axes until they have ``rank`` of them; one tensor gives one."""
    if isinstance(inputs, (tuple, list)):
        return tuple(at_least(rank, one) for one in inputs)
    x = tensor(f"atleast_{rank}d", "inputs", inputs)
    if x.ndim >= rank:
        return x
    if rank == 3 and x.ndim == 2:
        return ExpandDims()(x, 2)
    return Reshape()(x, (1, -1, 1) if rank == 3 else (1,) * (rank - 1) + (-1,))


@composite(functions="atleast_1d")
def atleast_1d(inputs: Any) -> Any:
    """Tensors as they are, numbers with one axis."""
    return at_least(1, inputs)


@composite(functions="atleast_2d")
def atleast_2d(inputs: Any) -> Any:
    """Tensors with new axes in front until they have two."""
    return at_least(2, inputs)


@composite(functions="atleast_3d")
def atleast_3d(inputs: Any) -> Any:
    """Tensors with new axes around a vector, or behind a matrix, until they have three."""
    return at_least(3, inputs)


__all__ = ["at_least", "flattened", "tiled"]
