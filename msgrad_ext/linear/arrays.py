"""Arrays over symbols, recorded as equations: products, sums, parts and views of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..ir import Atom, Eqn, Lit, Shape, Var, literal, unique
from ..op import Op
from ..registry import OPS
from .contract import contract
from .spread import Spread, strides
from .term import Over, Place, Symbol, Term, layout


class Arrays:
    """Equations in the making."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.eqns: list[Eqn] = []
        self.taken = set(taken)
        self.made: dict[Any, Var] = {}
        self.by: dict[Atom, Eqn] = {}
        self.dtype = np.dtype(np.float64)
        self.location: Any = None

    def emit(self, step: Op, *atoms: Atom) -> Var:
        """The result of ``step``; equal equations are made once."""
        key = (step.key, *(id(atom) if isinstance(atom, Var) or atom.shape else _scalar(atom) for atom in atoms))
        if key not in self.made:
            shape, kind = step.infer(*atoms)
            self.made[key] = var = Var(unique(f"h{len(self.made)}", self.taken), shape, kind)
            self.eqns.append(Eqn(step, atoms, var, self.location))
            self.by[var] = self.eqns[-1]
        return self.made[key]

    def number(self, value: float) -> Lit:
        """A constant of the dtype at hand."""
        return literal(float(value), self.dtype)

    # Forms of one array ------------------------------------------------------------------------------------------

    def reshape(self, atom: Atom, shape: Shape) -> Atom:
        """``atom`` under another shape."""
        made = self.by.get(atom)
        if made is not None and type(made.op).__name__ == "Reshape":
            (atom,) = made.inputs
        return atom if atom.shape == tuple(shape) else self.emit(op("Reshape", shape=tuple(shape)), atom)

    def transpose(self, atom: Atom, perm: Sequence[int]) -> Atom:
        """``atom`` with its axes in another order."""
        long = [axis for axis in perm if atom.shape[axis] != 1]
        if long == sorted(long):
            return self.reshape(atom, tuple(atom.shape[axis] for axis in perm))
        return self.emit(op("Transpose", perm=tuple(perm)), atom)

    def broadcast(self, atom: Atom, shape: Shape) -> Atom:
        """``atom`` repeated to ``shape``."""
        return atom if atom.shape == tuple(shape) else self.emit(OPS["BroadcastTo"](tuple(shape)), atom)

    def part(self, atom: Atom, begin: Sequence[int], step: Sequence[int], size: Sequence[int]) -> Atom:
        """A strided slice of ``atom``."""
        if tuple(size) == atom.shape and all(one == 1 for one in step):
            return atom
        return self.emit(op("StridedSlice", begin=tuple(begin), step=tuple(step), size=tuple(size)), atom)

    def ordered(self, over: Over, wanted: Sequence[Symbol]) -> Atom:
        """An array over symbols with an axis for each of ``wanted``; of length 1 for one that it does not have."""
        atom, axes = over
        present = [symbol for symbol in wanted if symbol in axes]
        atom = self.transpose(atom, [axes.index(symbol) for symbol in present])
        return self.reshape(atom, tuple(symbol.length if symbol in axes else 1 for symbol in wanted))

    def scaled(self, atom: Atom, scale: float) -> Atom:
        """``scale * atom``."""
        if scale == 1:
            return atom
        return self.emit(OPS["Neg"](), atom) if scale == -1 else self.emit(OPS["Mul"](), atom, self.number(scale))

    def reciprocal(self, atom: Atom) -> Atom:
        """``1 / atom``."""
        return self.emit(OPS["Div"](), self.number(1.0), atom)

    def indexed(self, atom: Atom, places: Sequence[Place]) -> Over:
        """``atom`` read at ``places``, which are those of the shape that it is broadcast to."""
        places = list(places)[len(places) - len(atom.shape) :]
        used = [place for place, length in zip(places, atom.shape) if length != 1]
        symbols = [symbol for place in used for symbol in place.symbols]
        grid = all(_mixed(place) for place in used)
        if len(set(symbols)) != len(symbols) or not grid:
            return self._picked(atom, places, list(dict.fromkeys(symbols)))
        begin, step, size = [], [], []
        for place, length in zip(places, atom.shape):
            once = length == 1
            begin.append(0 if once else place.start)
            step.append(1 if once or not place.steps else place.steps[-1][1])
            size.append(1 if once else math.prod(symbol.length for symbol in place.symbols))
        found = self.part(atom, begin, step, size)
        return self.reshape(found, tuple(symbol.length for symbol in symbols)), tuple(symbols)

    def _picked(self, atom: Atom, places: Sequence[Place], symbols: list[Symbol]) -> Over:
        at = np.zeros(tuple(symbol.length for symbol in symbols), np.int64)
        for place, length, weight in zip(places, atom.shape, strides(atom.shape)):
            if length == 1:
                continue
            at += place.start * weight
            for symbol, step in place.steps:
                shape = [-1 if one is symbol else 1 for one in symbols]
                at += np.arange(symbol.length).reshape(shape) * step * weight
        size = math.prod(atom.shape)
        flat = self.reshape(atom, (size,))
        return self.emit(OPS["TakeAt"]((0,), (size,)), flat, literal(at)), tuple(symbols)

    # Products and sums ---------------------------------------------------------------------------------------------

    def product(self, first: Over, second: Over, summed: set[Symbol]) -> Over:
        """The product of two arrays, summed over ``summed``."""
        first, second = self.total(first, summed - set(second[1])), self.total(second, summed - set(first[1]))
        if _name(second[0]) < _name(first[0]) and not summed:
            first, second = second, first  # in one order, so that equal products are found
        contracted = [symbol for symbol in first[1] if symbol in summed]
        both = [symbol for symbol in first[1] if symbol in second[1] and symbol not in summed]
        left = [symbol for symbol in first[1] if symbol not in second[1]]
        right = [symbol for symbol in second[1] if symbol not in first[1]]
        if not contracted or (both and not left and not right):
            wanted = (*first[1], *right)
            product = self.emit(OPS["Mul"](), self.ordered(first, wanted), self.ordered(second, wanted))
            return self.total((product, wanted), summed)
        lengths = [tuple(symbol.length for symbol in group) for group in (both, left, contracted, right)]
        batch, rows, inner, columns = map(math.prod, lengths)
        lead = (batch,) if both else ()
        a = self.reshape(self.ordered(first, [*both, *left, *contracted]), (*lead, rows, inner))
        b = self.reshape(self.ordered(second, [*both, *contracted, *right]), (*lead, inner, columns))
        found = self.emit(op("BatchMatMul" if both else "MatMul"), a, b)
        return self.reshape(found, (*lengths[0], *lengths[1], *lengths[3])), (*both, *left, *right)

    def total(self, over: Over, summed: set[Symbol]) -> Over:
        """An array summed over symbols."""
        atom, axes = over
        gone = tuple(number for number, symbol in enumerate(axes) if symbol in summed)
        if not gone:
            return over
        found = self.emit(op("ReduceSum", keep_dims=False, axis=gone), atom)
        return found, tuple(symbol for symbol in axes if symbol not in summed)

    def times(self, factors: Sequence[Over], other: Over) -> tuple[Over, ...]:
        """``factors`` with one more; multiplied at once with one that has all its axes, or whose axes it has all."""
        if not other[1] and len(factors):
            factors, other = factors[1:], self.product(factors[0], other, set())
        for number, one in enumerate(factors):
            if set(other[1]) <= set(one[1]) or set(one[1]) <= set(other[1]):
                pair = (one, other) if len(one[1]) >= len(other[1]) else (other, one)
                return (*factors[:number], self.product(*pair, set()), *factors[number + 1 :])
        return (*factors, other)

    def multiplied(self, factors: Sequence[Over]) -> Over:
        """The product of ``factors``."""
        return contract(self, factors, set()) if factors else (self.number(1.0), ())

    def settled(self, term: Term) -> Term:
        """``term`` with its sums carried out."""
        if not term.summed:
            return term
        inside = [one for one in term.factors if term.summed.intersection(one[1])]
        rest = tuple(one for one in term.factors if not term.summed.intersection(one[1]))
        times = math.prod(symbol.length for symbol in term.summed.difference(*(axes for _, axes in inside)))
        if inside:
            rest = self.times(rest, contract(self, inside, set(term.summed)))
        return Term(term.scale * times, rest, term.out, term.along)

    def array(self, term: Term, scale: float, wanted: Sequence[Symbol]) -> Atom:
        """``scale`` times the array of a term, with axes in the order of ``wanted``."""
        if not term.factors:
            return self.number(scale)
        atom, axes = self.multiplied(term.factors)
        return self.ordered((self.scaled(atom, scale), axes), wanted)

    def added(self, terms: Sequence[Term]) -> Term:
        """The sum of terms with the same places."""
        if len(terms) == 1:
            return terms[0]
        terms = [self.settled(term) for term in terms]
        symbols = layout(terms[0])[1]
        moved = [_renamed(term, dict(zip(layout(term)[1], symbols))) for term in terms]
        union = [s for s in symbols if any(s in axes for term in moved for _, axes in term.factors)]
        # Numbers last: what they are added to has the shape by then.
        moved.sort(key=lambda term: (not term.factors, term.scale < 0))
        one = abs(moved[0].scale) if all(abs(t.scale) == abs(moved[0].scale) for t in moved if t.factors) else 1.0
        total: Atom | None = None
        for term in moved:
            minus = total is not None and term.factors and term.scale == -one
            part = self.array(term, 1.0 if minus else term.scale / one, union if term.factors else ())
            name = "Sub" if minus else "Add"
            total = part if total is None else self.emit(OPS[name](), total, part)
        assert total is not None
        return Term(one, ((self.reshape(total, tuple(s.length for s in union)), tuple(union)),), *moved[0].put({}))

    def assembled(self, pieces: Sequence[Term], out: Shape, along: Shape) -> Atom:
        """The sum of terms as an array of shape ``(*out, *along)``."""
        shape = (*out, *along)
        if len(pieces) == 1 and pieces[0].dense(out, along):
            term = self.settled(pieces[0])
            symbols = [symbol for place in (*term.out, *term.along) for symbol in place.symbols]
            found = self.array(term, term.scale, symbols)
            return self.broadcast(self.reshape(self.broadcast(found, tuple(s.length for s in symbols)), shape), shape)
        return self.spread(shape, [(term, 0, strides(shape), False) for term in pieces])

    def spread(self, shape: Shape, pieces: Sequence[Put], base: Atom | None = None) -> Atom:
        """Terms put into zeros of ``shape``, or added to ``base``: each as its `Put` says."""
        made = [] if base is None else [(0, tuple(shape), strides(shape))]
        arrays = [] if base is None else [base]
        for term, offset, weights, turned in pieces:
            by_symbol: dict[Symbol, int] = {}
            places = (*term.along, *term.out) if turned else (*term.out, *term.along)
            for place, weight in zip(places, weights):
                offset += place.start * weight
                for symbol, step in place.steps:
                    by_symbol[symbol] = by_symbol.get(symbol, 0) + step * weight
            symbols = sorted(by_symbol, key=lambda symbol: -abs(by_symbol[symbol]))
            made.append((offset, tuple(s.length for s in symbols), tuple(by_symbol[s] for s in symbols)))
            ready = self.settled(term)
            arrays.append(self.array(ready, ready.scale, symbols))
        if not made:
            return self.broadcast(self.number(0.0), shape)
        return self.emit(Spread(shape, made, _fresh(shape, made), self.dtype), *arrays)


# A term, the offset of its first element, the elements between neighbours along the axes of value and direction, and
# whether it is put in as its mirror image: the axes of the direction first.
Put = tuple[Term, int, Sequence[int], bool]


def _renamed(term: Term, new: dict[Symbol, Symbol]) -> Term:
    places = {old: Place(0, ((symbol, 1),)) for old, symbol in new.items()}
    factors = tuple((atom, tuple(new[symbol] for symbol in axes)) for atom, axes in term.factors)
    return Term(term.scale, factors, *term.put(places))


def _mixed(place: Place) -> bool:
    """True if the positions are evenly spaced, in order."""
    return all(slow == step * symbol.length for (_, slow), (symbol, step) in zip(place.steps, place.steps[1:]))


def _name(atom: Atom) -> tuple[int, str]:
    return (len(atom.name), atom.name) if isinstance(atom, Var) else (0, "")


def _scalar(lit: Lit) -> Any:
    return (lit.dtype.str, lit.value.tobytes(), lit.exact)


# Which pieces meet is looked at in arrays of at most so many elements.
_LOOKED_AT = 10_000_000


def _fresh(shape: Shape, pieces: Sequence[tuple[int, Shape, Shape]]) -> list[bool]:
    """For each piece whether it meets only elements that no piece before it has met."""
    if math.prod(shape) > _LOOKED_AT:
        return [False] * len(pieces)
    met = np.zeros(math.prod(shape), bool)
    found = []
    for offset, lengths, steps in pieces:
        at = np.full(lengths, offset, np.int64)
        for axis, (length, step) in enumerate(zip(lengths, steps)):
            at += (np.arange(length) * step).reshape([-1 if one == axis else 1 for one in range(len(lengths))])
        found.append(not met[at].any())
        met[at] = True
    return found


def op(name: str, **settings: Any) -> Op:
    """The op called ``name`` with its settings as they are, however it would be called."""
    made = object.__new__(OPS[name])
    made.__dict__.update(settings)
    return made
