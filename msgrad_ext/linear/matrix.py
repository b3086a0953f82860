"""The matrix of a graph that is linear in some of its inputs, as a graph: all rows at once.

Comes in: a graph, and the inputs that are directions. Goes out: the graph of the blocks of its matrix. What is zero by
structure is not computed: a direction is an identity, and diagonals stay diagonals (`term`) until the blocks are put
together. The closed forms that one would write by hand come out of it: ``A + A^T`` for ``x^T A x``,
``X^T diag(s) X`` for logistic regression, ``V^T V`` on a diagonal for a factorisation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..dtype import is_float
from ..errors import NotSupportedError
from ..ir import Atom, Eqn, Graph, Guard, Lit, Var, substitute
from ..passes.simplify import simplify
from ..voice import foreign
from .arrays import Arrays, op
from .rules import CHEAP, RULES, Terms, summed
from .spread import Rows
from .term import Place, Symbol, Term, identity, layout

# A value with more terms than this is written out as one array: each op costs a pass for every term.
_MOST = 32


class Matrix:
    """One run through a graph: the terms of each value by each direction."""

    def __init__(self, graph: Graph, directions: Sequence[Var]) -> None:
        names = [var.name for var in graph.inputs] + [eqn.out.name for eqn in graph.eqns]
        self.graph = graph
        self.directions = tuple(directions)
        self.arrays = Arrays(names)
        self.terms: dict[Atom, list[Terms]] = {}
        self.now: dict[Var, Atom] = {}
        for number, var in enumerate(directions):
            self.terms[var] = [[identity(var.shape)] if at == number else [] for at in range(len(directions))]

    def run(self) -> None:
        """Pass all equations."""
        for eqn in self.graph.eqns:
            self.arrays.location = eqn.location
            self.arrays.dtype = eqn.out.dtype
            inputs = substitute(eqn.inputs, self.now)
            if any(atom in self.terms for atom in inputs):
                here = Eqn(eqn.op, inputs, eqn.out, eqn.location)
                self.terms[eqn.out] = [self._step(here, number) for number in range(len(self.directions))]
            else:
                self.now[eqn.out] = self._constant(eqn, inputs)
        if any(guard.var in self.terms for guard in self.graph.guards):
            raise NotSupportedError("A branch of the derivative depends on the direction.")

    def _constant(self, eqn: Eqn, inputs: Sequence[Atom]) -> Atom:
        """What does not depend on the direction, with one form for what can be said in several."""
        name = type(eqn.op).__name__
        if foreign(type(eqn.op).numpy):
            return self.arrays.emit(eqn.op, *inputs)
        if name in ("Reshape", "ExpandDims", "Squeeze"):
            return self.arrays.reshape(inputs[0], eqn.out.shape)
        if name == "Transpose":
            return self.arrays.transpose(inputs[0], eqn.op.perm)  # type: ignore[attr-defined]
        if name == "Pow" and isinstance(inputs[1], Lit) and not inputs[1].shape and inputs[1].value == 2:
            return self.arrays.emit(op("Mul"), inputs[0], inputs[0])
        return self.arrays.emit(eqn.op, *inputs)

    def _step(self, eqn: Eqn, number: int) -> Terms:
        name = type(eqn.op).__name__
        rule = RULES.get(name)
        given = [self.given(atom, number, name in CHEAP) if atom in self.terms else None for atom in eqn.inputs]
        own = rule is not None and not foreign(type(eqn.op).numpy)
        if own and is_float(eqn.out.dtype):
            found = rule(self.arrays, eqn, given)  # type: ignore[misc]
            if found is not None:
                found = collected(found) if name in CHEAP and len(found) <= _MOST else self.merged(found)
                return found if len(found) <= _MOST else [self.written(found, eqn.out.shape, number)]
        return [self._by_rows(eqn, number)]

    def _by_rows(self, eqn: Eqn, number: int) -> Term:
        """An equation without a rule: its operands are written out, and it is applied row by row."""
        if any(not is_float(atom.dtype) for atom in (*eqn.inputs, eqn.out) if atom in self.terms or atom is eqn.out):
            raise NotSupportedError(f"{eqn.op.label} makes other numbers than floats of a direction.")
        along = self.directions[number].shape
        count = math.prod(along)
        operands = []
        for atom in eqn.inputs:
            if atom in self.terms:
                self.arrays.dtype = atom.dtype
                whole = self.written(self.terms[atom][number], atom.shape, number)
                array = self.arrays.assembled([turned_term(whole)], along, atom.shape)
                operands.append(self.arrays.reshape(array, (count, *atom.shape)))
            else:
                operands.append(atom)
        stacked = [atom in self.terms for atom in eqn.inputs]
        self.arrays.dtype = eqn.out.dtype
        rows = self.arrays.emit(Rows(eqn.op, stacked, eqn.out.shape, eqn.out.dtype), *operands)
        return self._whole(self.arrays.reshape(rows, (*along, *eqn.out.shape)), along, eqn.out.shape)

    def _whole(self, atom: Atom, along: tuple[int, ...], out: tuple[int, ...]) -> Term:
        term_along = tuple(Place(0, ((Symbol(n), 1),)) if n != 1 else Place() for n in along)
        term_out = tuple(Place(0, ((Symbol(n), 1),)) if n != 1 else Place() for n in out)
        axes = tuple(symbol for place in (*term_along, *term_out) for symbol in place.symbols)
        return Term(1.0, ((self.arrays.reshape(atom, tuple(s.length for s in axes)), axes),), term_out, term_along)

    def written(self, terms: Terms, shape: tuple[int, ...], number: int) -> Term:
        """All of ``terms`` as one array."""
        along = self.directions[number].shape
        array = self.arrays.assembled([turned_term(term) for term in self.merged(terms)], along, shape)
        return self._whole(array, along, shape)

    def given(self, atom: Atom, number: int, as_it_is: bool) -> Terms:
        """The terms of an operand; those at the same places are added up before work is done on each."""
        if not as_it_is:
            self.arrays.dtype, kept = atom.dtype, self.arrays.dtype
            self.terms[atom][number] = [self.arrays.settled(one) for one in self.merged(self.terms[atom][number])]
            self.arrays.dtype = kept
        return self.terms[atom][number]

    def merged(self, terms: Terms) -> Terms:
        """``terms`` with those at the same places added up."""
        groups: dict[object, Terms] = {}
        for term in collected(terms):
            groups.setdefault(layout(term)[0], []).append(term)
        return [self.arrays.added(group) for group in groups.values()]

    def block(self, atom: Atom, number: int) -> Atom:
        """The block of output ``atom`` by direction ``number``: the axes of the output, then those of the direction."""
        along = self.directions[number].shape
        self.arrays.dtype = atom.dtype
        terms = self.given(atom, number, False) if atom in self.terms else []
        return self.arrays.assembled(terms, atom.shape, along)

    def graph_of(self, outputs: tuple[Atom, ...], keep: bool = False) -> Graph:
        """The recorded equations as a graph; ``keep`` leaves the directions among its inputs."""
        inputs = tuple(var for var in self.graph.inputs if keep or var not in set(self.directions))
        guards = tuple(Guard(substitute([g.var], self.now)[0], g.value, g.location) for g in self.graph.guards)
        return simplify(Graph(inputs, tuple(self.arrays.eqns), substitute(outputs, self.now), guards))


def collected(terms: Terms) -> Terms:
    """``terms`` with multiples of the same array at the same places as one."""
    kept: dict[object, Term] = {}
    for term in terms:
        places, symbols = layout(term)
        numbers = {symbol: number for number, symbol in enumerate(symbols)}
        for symbol in (one for _, axes in term.factors for one in axes):
            numbers.setdefault(symbol, len(numbers))
        sums = frozenset((numbers.setdefault(symbol, len(numbers)), symbol.length) for symbol in term.summed)
        key = (places, sums, tuple(sorted((id(atom), *(numbers[one] for one in axes)) for atom, axes in term.factors)))
        known = kept.get(key)
        kept[key] = replace(term, scale=term.scale + known.scale) if known else term
    return [term for term in kept.values() if term.scale != 0]


def turned_term(term: Term) -> Term:
    """``term`` with the axes of value and direction exchanged."""
    return Term(term.scale, term.factors, term.along, term.out, term.summed)


def blocks(graph: Graph, directions: Sequence[Var], symmetric: bool = False) -> Graph:
    """The blocks of the matrix of ``graph``, which is linear in ``directions``, as a graph without them.

    Parameters
    ----------
    graph : Graph
    directions : sequence of Var
        Inputs of ``graph``.
    symmetric : bool
        The matrix is square and symmetric: of two blocks that mirror each other one is computed.

    Returns
    -------
    Graph
        Its outputs are the blocks, output by output, and for each the directions in order. A block has the axes of the
        output, then those of the direction.
    """
    found = Matrix(graph, directions)
    found.run()
    made: dict[tuple[int, int], Atom] = {}
    for row, atom in enumerate(graph.outputs):
        for column in range(len(directions)):
            if symmetric and (column, row) in made:
                first, second = len(graph.outputs[column].shape), len(atom.shape)
                perm = (*range(first, first + second), *range(first))
                made[row, column] = found.arrays.transpose(made[column, row], perm)
            else:
                made[row, column] = found.block(atom, column)
    return found.graph_of(tuple(made.values()))


def product(graph: Graph, directions: Sequence[Var]) -> Graph:
    """``graph`` with its matrix kept as terms and multiplied with the directions: the same values, computed another way."""
    found = Matrix(graph, directions)
    found.run()
    outputs: list[Atom] = []
    for atom in graph.outputs:
        found.arrays.dtype = atom.dtype
        terms: Terms = []
        for number, var in enumerate(directions):
            for term in found.given(atom, number, False) if atom in found.terms else []:
                gone = {symbol for place in term.along for symbol in place.symbols}
                read = found.arrays.indexed(var, term.along)
                if term.factors:
                    (array, axes), *rest = term.factors
                    term = replace(term, scale=1.0, factors=((found.arrays.scaled(array, term.scale), axes), *rest))
                terms.append(summed(found.arrays, replace(term, along=()), read, gone))
        outputs.append(found.arrays.assembled(found.merged(terms), atom.shape, ()))
    return found.graph_of(tuple(outputs), keep=True)
