"""Shape contracts such as ``"M K, K N -> M N"``: read, solved for the output's shape, and explained when not met.

Axis lengths are integers, or symbols for them: any object with a method ``unify(other)`` that records that the two are
equal and returns the length to go on with. That is how the same contracts give shapes in letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import ShapeError

ELLIPSIS = "..."


def unify(first: Any, second: Any) -> Any:
    """The common length of two axes, or None when they are different integers."""
    if isinstance(first, int) and isinstance(second, int):
        return first if first == second else None
    return second.unify(first) if isinstance(first, int) else first.unify(second)


def broadcast(*shapes: Sequence[Any]) -> tuple[Any, ...] | None:
    """The shape that ``shapes`` broadcast to by numpy's rule, or None when they do not."""
    result: list[Any] = []
    for position in range(1, max(map(len, shapes), default=0) + 1):
        length: Any = 1
        for shape in shapes:
            if position > len(shape) or (isinstance(shape[-position], int) and shape[-position] == 1):
                continue
            here = shape[-position]
            length = here if isinstance(length, int) and length == 1 else unify(length, here)
            if length is None:
                return None
        result.append(length)
    return tuple(reversed(result))


class Contract:
    """One contract: the axes of each operand and of the output, by name.

    A leading ``...`` stands for any number of axes, which broadcast between the operands that have it.
    """

    def __init__(self, text: str) -> None:
        left, right = text.split("->")
        self.text = text
        self.operands = [operand.split() for operand in left.split(",")]
        self.output = right.split()

    def solve(self, op: str, names: Sequence[str], shapes: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
        """The output's shape.

        Raises
        ------
        ShapeError
            Naming the op, what must hold and the shapes that came.
        """
        if len(shapes) != len(self.operands):
            raise ShapeError(f"For '{op}', there must be {len(self.operands)} operands, but got {len(shapes)}.")
        sizes: dict[str, Any] = {}
        free: list[Sequence[Any]] = []
        for axes, name, shape in zip(self.operands, names, shapes):
            fixed = [axis for axis in axes if axis != ELLIPSIS]
            if len(shape) < len(fixed) or (len(shape) > len(fixed) and ELLIPSIS not in axes):
                raise self._rank_error(op, names, shapes, name, len(fixed), ELLIPSIS in axes)
            if ELLIPSIS in axes:
                free.append(shape[: len(shape) - len(fixed)])
            for axis, length in zip(fixed, shape[len(shape) - len(fixed) :]):
                sizes[axis] = unify(sizes[axis], length) if axis in sizes else length
                if sizes[axis] is None:
                    raise ShapeError(f"For '{op}', {self._declared(names)} must share {axis}, {_got(names, shapes)}")
        common = broadcast(*free)
        if common is None:
            raise ShapeError(f"For '{op}', the shapes must broadcast, {_got(names, shapes)}")
        return tuple(length for axis in self.output for length in (common if axis == ELLIPSIS else (sizes[axis],)))

    def spread_shape(self, position: int, shape: Sequence[Any], output: Sequence[Any]) -> tuple[Any, ...]:
        """The shape of operand ``position`` once its ``...`` axes are broadcast to the output's."""
        if ELLIPSIS not in self.operands[position]:
            return tuple(shape)
        lead = len(output) - (len(self.output) - 1)
        own = len(self.operands[position]) - 1
        return (*output[:lead], *shape[len(shape) - own :])

    def _declared(self, names: Sequence[str]) -> str:
        return " and ".join(f"{name}: ({', '.join(axes)})" for name, axes in zip(names, self.operands))

    def _rank_error(
        self, op: str, names: Sequence[str], shapes: Sequence[Sequence[Any]], name: str, rank: int, more: bool
    ) -> ShapeError:
        axes = "axis" if rank == 1 else "axes"
        return ShapeError(
            f"For '{op}', {name} must have {rank} {axes}{' or more' if more else ''}, {_got(names, shapes)}"
        )


def _got(names: Sequence[str], shapes: Sequence[Sequence[Any]]) -> str:
    return "but got " + " and ".join(f"{name}: {tuple(shape)}" for name, shape in zip(names, shapes)) + "."


def normal_axes(op: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """``axis`` (None, (), an int or a sequence of ints) as sorted non-negative axes; None and () mean all of them."""
    from operator import index

    from .errors import ArgumentError, AxisError, CountError

    if axis is None or (isinstance(axis, tuple) and not axis):
        return tuple(range(ndim))
    try:
        given = [index(axis)] if not isinstance(axis, (tuple, list)) else [index(one) for one in axis]
    except TypeError:
        raise ArgumentError(f"For '{op}', the axis must be an int or a tuple of ints, but got {axis!r}.") from None
    if isinstance(axis, bool) or any(
        isinstance(one, bool) for one in ([axis] if not isinstance(axis, (tuple, list)) else axis)
    ):
        raise ArgumentError(f"For '{op}', the axis must be an int, but got {axis!r}.")
    if not given:
        return tuple(range(ndim))
    for one in given:
        if not -ndim <= one < ndim:
            raise AxisError(f"For '{op}', the axis must be in [{-ndim}, {ndim}), but got {one}.")
    result = tuple(sorted(one % ndim for one in given))
    if len(set(result)) != len(result):
        raise CountError(f"For '{op}', each axis must be given once, but got {axis!r}.")
    return result
