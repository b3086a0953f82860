"""One run of rules over a graph, first equation to last: the base of the passes that rewrite op by op.

A rule sees an op and what its operands have become, and gives another op with operands, an atom, or None. It may make
equations of its own on the way (`Rewriter.make`); those go through the rules too, but not deeper than a few levels, so
that no chain, however long, is followed by recursion.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

from ..ir import Atom, Eqn, Graph, Lit, Shape, Var, literal, substitute
from ..op import Op
from ..registry import OPS
from ..voice import foreign
from .simplify import Rule, Simplifier, rules_for

_DEEPEST = 12
_SHAPE_ONLY = frozenset({"ZerosLike", "OnesLike"})
_COMMUTATIVE = frozenset({"Add", "Mul", "LogicalAnd", "LogicalOr"})


class Rewriter(Simplifier):
    """One run over a graph by `rules`, which may make further equations."""

    def __init__(self, graph: Graph, rules: Sequence[Rule]) -> None:
        super().__init__(rules)
        self.depth = 0
        # Inputs keep the users' names, which never begin with a dot; earlier passes have counted too.
        self.count = max((int(eqn.out.name[1:]) for eqn in graph.eqns if eqn.out.name[0] == "."), default=0)
        self.visits = 0
        self.moved = 0
        self.uses: Counter[Any] = Counter()
        self._own: dict[type, bool] = {}
        self._handled: dict[type, bool] = {}
        shapes = {OPS[name] for name in _SHAPE_ONLY}
        self.uses.update(chain.from_iterable([eqn.inputs for eqn in graph.eqns if type(eqn.op) not in shapes]))
        self.uses.update((*graph.outputs, *(one.var for one in graph.guards)))

    def simplified(self, eqn: Eqn) -> Atom:
        """The atom that ``eqn`` comes down to."""
        self.location = eqn.location
        self.visits += 1
        kind: Any = type(eqn.op)
        handled = self._handled.get(kind)
        if handled is None:
            handled = self._handled[kind] = bool(rules_for(kind, self.rules))
        if not handled:
            return self.kept(eqn)
        if not self.own(eqn.op):
            return self.placed(eqn.op, tuple(map(self.now, eqn.inputs)), eqn.out)
        found = super().simplified(eqn)
        if found is not eqn.out:
            for atom in substitute(eqn.inputs, self.new):
                self.uses[atom] -= 1
            if isinstance(found, Var):
                self.uses[found] += self.uses[eqn.out]
        return found

    def kept(self, eqn: Eqn) -> Var:
        """The variable of an equation that no rule is for: equal ones were found by an earlier pass."""
        self.made[eqn.out] = eqn = eqn.put(self.new)
        self.eqns.append(eqn)
        return eqn.out

    def own(self, op: Op) -> bool:
        """True for an op with a voice of this package, whose meaning the rules know."""
        kind = type(op)
        found = self._own.get(kind)
        if found is None:
            found = self._own[kind] = OPS.get(kind.__name__) is kind and not foreign(kind.numpy) and not op.nested
        return found

    def make(self, op: Op, *inputs: Atom) -> Atom:
        """What ``op`` on ``inputs`` comes down to; a new equation if there is none like it."""
        shape, kind = op.infer(*inputs)
        self.count += 1
        self.visits += 1
        out = Var(f".{self.count}", shape, kind)
        eqn = Eqn(op, inputs, out, self.location, True)
        if self.depth >= _DEEPEST:
            found: Atom = self.placed(op, inputs, out, eqn)
        else:
            self.depth += 1
            found = self.reduced(op, inputs, out, eqn)
            self.depth -= 1
        if isinstance(found, Var):
            self.uses[found] += 1
        return found

    def known(self, op: Op, *inputs: Atom) -> bool:
        """True if there is an equation of ``op`` on ``inputs`` already."""
        return self.identity(op, inputs) in self.seen

    def identity(self, op: Op, inputs: Sequence[Atom]) -> Any:
        """A key that is equal for equations with one value; operands that may be exchanged are put in one order."""
        key = super().identity(op, inputs)
        if type(op).__name__ in _COMMUTATIVE and hash(key[1]) > hash(key[2]):
            return (key[0], key[2], key[1])
        return key

    # What rules ask for -----------------------------------------------------------------------------------------

    def once(self, atom: Atom) -> bool:
        """True when ``atom`` is used at one place only, so that it goes if that place does not need it."""
        return isinstance(atom, Var) and self.uses[atom] <= 1

    def core(self, atom: Atom) -> Atom:
        """The smaller atom that ``atom`` is broadcast from, or itself."""
        made = self.source(atom, "BroadcastTo")
        return made.inputs[0] if made else atom

    def spread(self, atom: Atom, shape: Shape) -> Atom:
        """``atom`` broadcast to ``shape``."""
        return atom if atom.shape == shape else self.make(OPS["BroadcastTo"](shape), atom)

    def reshaped(self, atom: Atom, shape: Shape) -> Atom:
        """``atom`` under another shape."""
        return atom if atom.shape == shape else self.make(OPS["Reshape"]().set(shape=tuple(shape)), atom)

    def padded(self, atom: Atom, rank: int) -> Atom:
        """``atom`` with axes of length 1 put before its own."""
        return self.reshaped(atom, pad(atom.shape, rank))

    def sums(self, atom: Atom, axes: Sequence[int], keep: bool = True) -> Atom:
        """The sum over ``axes``."""
        return self.make(reduction("ReduceSum", axes, keep), atom) if axes else atom

    def turned(self, atom: Atom) -> Atom:
        """``atom`` with its last two axes exchanged."""
        if len(atom.shape) >= 2 and 1 in atom.shape[-2:]:
            return self.reshaped(atom, (*atom.shape[:-2], atom.shape[-1], atom.shape[-2]))
        return self.make(turning(len(atom.shape)), atom)

    def call(self, name: str, *inputs: Atom) -> Atom:
        """What the op ``name``, which has no settings, gives."""
        return self.make(plain(name), *inputs)


def plain(name: str) -> Op:
    """The op ``name`` as it is bound when it has no settings."""
    op: Op = object.__new__(OPS[name])
    return op


def reduction(name: str, axes: Sequence[int], keep: bool) -> Op:
    """A reduction over ``axes``."""
    return plain(name).set(keep_dims=keep, axis=tuple(sorted(axes)))


def turning(rank: int) -> Op:
    """The transposition of the last two axes."""
    return plain("Transpose").set(perm=(*range(rank - 2), rank - 1, rank - 2))


def pad(shape: Shape, rank: int) -> Shape:
    """``shape`` with ones before it."""
    return (1,) * (rank - len(shape)) + tuple(shape)


def size(atom: Atom) -> int:
    """How many elements ``atom`` has."""
    return math.prod(atom.shape)


def number(value: Any, like: Atom) -> Lit:
    """A scalar constant of the dtype of ``like``."""
    return literal(value, like.dtype)


def is_float(atom: Atom) -> bool:
    """True for the dtypes in which sums may be taken in another order: float16 has no digits to spare."""
    return atom.dtype.char in "fd"
