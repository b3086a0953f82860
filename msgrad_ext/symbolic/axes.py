"""Shapes in letters: each axis of a program is a letter unless its length is 1, and ops unify letters.

Comes in: a graph, its example shapes, and letters that the user gave. Goes out: for each atom its axes as SymPy
lengths. An op whose settings hold concrete integers that letters can not explain pins the letters it touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sympy import Expr, Integer, S

from ..dtype import is_float
from ..errors import ShapeError
from ..ir import Atom, Eqn, Graph, Var
from .nodes import length

LETTERS = "m k n p q r s t d h l u w c b"


class Axis:
    """The length of an axis: a letter, a sum of other axes, or pinned to its size in the example."""

    def __init__(self, size: int, letter: str | None = None, parts: tuple[Any, ...] = ()) -> None:
        self.size = size
        self.letter = letter
        self.parts = parts
        self.same: Axis | None = None
        self.pinned = False

    def root(self) -> Axis:
        """The axis that stands for all that were unified with this one."""
        axis = self
        while axis.same is not None:
            axis = axis.same
        return axis

    def pin(self) -> None:
        """Give up the letter: from here on the length is the example's."""
        stack = [self]
        while stack:
            axis = stack.pop().root()
            axis.pinned = True
            stack += [part for part in axis.parts if isinstance(part, Axis)]

    def unify(self, other: Any) -> Any:
        """Record that this axis and ``other`` are one length; None if their sizes differ."""
        mine = self.root()
        if not isinstance(other, Axis):
            if mine.size != other:
                return None
            mine.pin()
            return mine
        theirs = other.root()
        if mine is theirs:
            return mine
        if mine.size != theirs.size:
            return None
        if (mine.parts and theirs.parts) or (mine.letter and theirs.letter and mine.letter != theirs.letter):
            mine.pin()
            theirs.pin()
        gone, kept = (theirs, mine) if mine.parts or (mine.letter and not theirs.parts) else (mine, theirs)
        kept.letter = kept.letter or gone.letter
        if gone.pinned or kept.pinned:
            gone.pin()
            kept.pin()
        gone.same = kept
        return kept

    def __add__(self, other: Any) -> Axis:
        return Axis(self.size + (other.size if isinstance(other, Axis) else other), parts=(self, other))

    __radd__ = __add__

    def __eq__(self, other: object) -> bool:
        return self.root() is (other.root() if isinstance(other, Axis) else other)

    def __hash__(self) -> int:
        return id(self.root())

    def __repr__(self) -> str:
        return self.root().letter or str(self.root().size)

    def value(self, letters: Mapping[int, str]) -> Expr:
        """The length as an expression."""
        axis = self.root()
        if axis.pinned:
            return Integer(axis.size)
        if axis.parts:
            values = [part.value(letters) if isinstance(part, Axis) else Integer(part) for part in axis.parts]
            return sum(values, S.Zero)
        return length(letters[id(axis)])


class Shapes:
    """Shapes of atoms, unified op by op; `symbolic` gives them as expressions at the end."""

    def __init__(self) -> None:
        self.axes: dict[Any, tuple[Any, ...]] = {}

    def declare(self, key: Any, shape: Sequence[int], letters: Sequence[Any] = (), known: dict | None = None) -> None:
        """A shape that comes from outside, with the user's letters for its axes."""
        named = list(letters) or [None] * len(shape)
        if len(named) != len(shape):
            raise ShapeError(f"For '{key}', there are {len(shape)} axes, but {len(named)} letters.")
        result: list[Any] = []
        for size, letter in zip(shape, named):
            axis: Any = 1 if size == 1 else Axis(size, letter if isinstance(letter, str) else None)
            if isinstance(axis, Axis) and isinstance(letter, int):
                axis.pin()
            if isinstance(axis, Axis) and axis.letter and known is not None:
                before = known.setdefault(axis.letter, axis)
                if before.unify(axis) is None:
                    raise ShapeError(f"The axis '{letter}' has length {before.size}, but {size} for '{key}'.")
            result.append(axis)
        self.axes[key] = tuple(result)

    def apply(self, eqn: Eqn, operands: Iterable[Any], key: Any) -> None:
        """The result's shape of one equation."""
        given = [self.axes[operand] for operand in operands]
        wanted = eqn.out.shape
        try:
            result = eqn.op.out_shape(*given)
        except (TypeError, AttributeError, ValueError):
            result = None
        if result is None or tuple(size(axis) for axis in result) != wanted or has_foreign(result, given, wanted):
            for axis in (axis for shape in given for axis in shape if isinstance(axis, Axis)):
                axis.pin()
            result = pinned(wanted)
        self.axes[key] = tuple(1 if size(axis) == 1 else axis for axis in result)

    def letters(self, order: Iterable[Any], avoid: Iterable[str]) -> dict[int, str]:
        """A letter for each free axis, in order of appearance; none that ``avoid`` has."""
        roots = {id(a.root()): a.root() for key in order for a in self.axes[key] if isinstance(a, Axis)}
        stack = [part for root in roots.values() for part in root.parts if isinstance(part, Axis)]
        while stack:
            root = stack.pop().root()
            roots[id(root)] = root
            stack += [part for part in root.parts if isinstance(part, Axis)]
        taken = {root.letter for root in roots.values() if root.letter} | set(avoid)
        free = (name for count in range(10**6) for name in (f"{x}{count or ''}" for x in LETTERS.split()))
        result = {}
        for name, root in roots.items():
            if root.pinned or root.parts:
                continue
            result[name] = root.letter or next(x for x in free if x not in taken)
            taken.add(result[name])
        return result

    def symbolic(self, key: Any, letters: Mapping[int, str]) -> tuple[Expr, ...]:
        """The shape of ``key`` as expressions."""
        return tuple(axis.value(letters) if isinstance(axis, Axis) else Integer(axis) for axis in self.axes[key])


def size(axis: Any) -> int:
    """The length of an axis in the example."""
    return axis.size if isinstance(axis, Axis) else axis


def pinned(shape: Sequence[int]) -> tuple[Any, ...]:
    """A shape of pinned axes."""
    result = []
    for n in shape:
        axis: Any = n if n == 1 else Axis(n)
        if n != 1:
            axis.pin()
        result.append(axis)
    return tuple(result)


def has_foreign(result: Sequence[Any], given: Sequence[Sequence[Any]], wanted: Sequence[int]) -> bool:
    """True if the result has an integer length other than 1 while operands have letters: settings of the op speak."""
    letters = any(isinstance(axis, Axis) for shape in given for axis in shape)
    return letters and any(not isinstance(axis, Axis) and axis != 1 for axis in result)


def is_literal(atom: Atom) -> bool:
    """True for constants of the program."""
    return not hasattr(atom, "name")


def solved_shapes(graph: Graph, letters: Mapping[str, Sequence[Any]]) -> Any:
    """A function from atoms (of ``graph`` and its inner graphs) to symbolic shapes."""
    shapes = Shapes()
    known: dict[str, Any] = {}
    order: list[Any] = []
    for var in graph.inputs:
        shapes.declare(var, var.shape, letters.get(var.name, ()), known)
        order.append(var)
    names = {var.name for var in graph.inputs}
    _walk(graph, shapes, order, names)
    table = shapes.letters(order, names)
    return lambda atom: shapes.symbolic(atom, table)


def _walk(graph: Graph, shapes: Shapes, order: list[Any], names: set[str]) -> None:
    for eqn in graph.eqns:
        for atom in eqn.inputs:
            if is_literal(atom) and atom not in shapes.axes:
                # An array of constants has the lengths it has; what it meets has them too.
                shapes.declare(atom, atom.shape, atom.shape)
                order.append(atom)
        order.append(eqn.out)
        names.add(eqn.out.name)
        if not eqn.op.nested:
            shapes.apply(eqn, eqn.inputs, eqn.out)
            continue
        op: Any = eqn.op
        inner = op.graph
        for var, atom in zip(inner.inputs, eqn.inputs):
            before = shapes.axes.setdefault(var, shapes.axes[atom])
            for mine, other in zip(before, shapes.axes[atom]):
                if hasattr(mine, "unify"):
                    mine.unify(other)
        _walk(inner, shapes, order, names)
        outputs = [atom for atom in inner.outputs if isinstance(atom, Var) and is_float(atom.dtype)]
        for weight, atom in zip(eqn.inputs[len(inner.inputs) :], outputs):
            for mine, other in zip(shapes.axes[atom], shapes.axes[weight]):
                if hasattr(mine, "unify"):
                    mine.unify(other)
        shapes.axes[eqn.out] = shapes.axes[op.wrt[op.index]]
