"""Basic simplification: a graph comes in, a graph with the same outputs and fewer equations goes out.

Equal equations become one, constants are computed, identities that hold for every float (NaN and infinities included)
are used, broadcasts that an elementwise op would make anyway are dropped, and what no output needs is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from ..contract import broadcast
from ..errors import Location
from ..ir import Atom, Eqn, Graph, Guard, Lit, Var, literal, rename
from ..op import Elementwise, Op
from ..registry import OPS
from ..reversing.reverse import lower
from ..voice import evaluate

Rule = Callable[[Any, Op, tuple[Atom, ...], Var], Any]


def on(*names: str, sees: str = "") -> Callable[[Rule], Rule]:
    """Mark a rule as one for the ops of these names alone; ``Elementwise`` stands for all of them, no name for any op.

    A rule that ``sees`` some names, separated by spaces, does nothing unless an operand comes from an op of such a name,
    or is a constant (``Lit``).
    """

    def mark(rule: Rule) -> Rule:
        rule.names, rule.sees = frozenset(names), frozenset(sees.split())  # type: ignore[attr-defined]
        return rule

    return mark


@lru_cache(maxsize=4096)
def rules_for(kind: Any, rules: tuple[Rule, ...], makers: tuple[Any, ...] | None = None) -> tuple[Rule, ...]:
    """Those of ``rules`` that are for ops of class ``kind``, and may do something to operands from these ``makers``."""
    names = {kind.__name__, *(["Elementwise"] if issubclass(kind, Elementwise) else [])}
    found = [rule for rule in rules if names & (getattr(rule, "names", None) or names)]
    if not makers:
        return tuple(found)
    seen = {maker.__name__ for maker in makers}
    return tuple(rule for rule in found if seen & (getattr(rule, "sees", None) or seen))


def draft(inputs: tuple[Var, ...], eqns: Sequence[Eqn], outputs: tuple[Atom, ...], guards: tuple[Guard, ...]) -> Graph:
    """A graph between two passes, which is not validated yet: `rename` makes the one that is."""
    graph = object.__new__(Graph)
    for name, value in (("inputs", inputs), ("eqns", tuple(eqns)), ("outputs", outputs), ("guards", guards)):
        object.__setattr__(graph, name, value)
    return graph


def simplify(graph: Graph) -> Graph:
    """``graph`` lowered to plain ops, equal, constant and needless equations removed, and its variables numbered anew."""
    return rename(remove_dead(Simplifier().run(lower(graph))))


def remove_dead(graph: Graph) -> Graph:
    """``graph`` without the equations that no output and no guard needs."""
    needed: set[Atom] = {*graph.outputs, *(guard.var for guard in graph.guards)}
    kept = []
    for eqn in reversed(graph.eqns):
        if eqn.out in needed:
            kept.append(eqn)
            needed.update(eqn.inputs)
    return draft(graph.inputs, kept[::-1], graph.outputs, graph.guards)


class Simplifier:
    """One run over a graph: what each variable has become, and which equations there are already."""

    def __init__(self, rules: Sequence[Rule] | None = None) -> None:
        self.rules = RULES if rules is None else tuple(rules)
        self.location: Location | None = None
        self.new: dict[Var, Atom] = {}
        self.made: dict[Var, Eqn] = {}
        self.seen: dict[Any, Var] = {}
        self.eqns: list[Eqn] = []
        self._chosen: dict[Any, tuple[Rule, ...]] = {}

    def run(self, graph: Graph) -> Graph:
        """The simplified graph."""
        for eqn in graph.eqns:
            self.take(eqn)
        guards = tuple(Guard(self.now(guard.var), guard.value, guard.location) for guard in graph.guards)
        return draft(graph.inputs, self.eqns, tuple(map(self.now, graph.outputs)), guards)

    def take(self, eqn: Eqn) -> None:
        """Add what ``eqn`` comes down to."""
        found = self.simplified(eqn)
        if found is not eqn.out:
            self.new[eqn.out] = found

    def now(self, atom: Atom) -> Atom:
        """What ``atom`` has become."""
        return self.new.get(atom, atom)  # type: ignore[arg-type]

    def simplified(self, eqn: Eqn) -> Atom:
        """The atom that ``eqn`` comes down to; its equation is added if there is none like it yet."""
        self.location = eqn.location
        eqn = eqn.put(self.new)
        return self.reduced(eqn.op, eqn.inputs, eqn.out, eqn)

    def reduced(self, op: Op, inputs: tuple[Atom, ...], out: Var, eqn: Eqn | None = None) -> Atom:
        """What ``op`` on ``inputs`` comes down to by the rules; ``out`` is bound if that takes an equation.

        ``eqn`` is the equation that says so already, if there is one.
        """
        again = True
        while again:
            again = False
            for rule in self.chosen(op, inputs):
                result = rule(self, op, inputs, out)
                if isinstance(result, (Var, Lit)):
                    return result
                if result is not None:
                    (op, inputs), again, eqn = result, True, None
                    break
        return self.placed(op, inputs, out, eqn)

    def chosen(self, op: Op, inputs: tuple[Atom, ...]) -> tuple[Rule, ...]:
        """The rules that may do something to ``op`` on ``inputs``."""
        made = self.made
        # Whether it is an operand's op or `Lit` that is put here, a rule knows it by its name.
        makers = tuple([type(made[atom].op) if atom in made else type(atom) for atom in inputs])
        key = (type(op), makers)
        found = self._chosen.get(key)
        if found is None:
            found = self._chosen[key] = rules_for(*key[:1], self.rules, makers)  # type: ignore[arg-type]
        return found

    def placed(self, op: Op, inputs: tuple[Atom, ...], out: Var, eqn: Eqn | None = None) -> Var:
        """``out``, bound to ``op`` on ``inputs``, or the variable that is bound to the same already."""
        found = self.seen.setdefault(self.identity(op, inputs), out)
        if found is out:
            self.made[out] = eqn = eqn or Eqn(op, inputs, out, self.location)
            self.eqns.append(eqn)
        return found

    def identity(self, op: Op, inputs: Sequence[Atom]) -> Any:
        """A key that is equal for equations with one value."""
        return (op.key, *[_identity(atom) if isinstance(atom, Lit) else atom for atom in inputs])

    def source(self, atom: Atom, name: str) -> Eqn | None:
        """The equation that made ``atom``, if its op is called ``name``."""
        made = self.made.get(atom)  # type: ignore[arg-type]
        return made if made is not None and type(made.op).__name__ == name else None

    def uniform(self, atom: Atom) -> Lit | None:
        """The scalar that every element of ``atom`` equals, if that is known."""
        made = self.source(atom, "BroadcastTo")
        scalar = made.inputs[0] if made else atom
        return scalar if isinstance(scalar, Lit) and not scalar.shape else None


def _identity(lit: Lit) -> Any:
    return lit if lit.shape else (lit.dtype.str, lit.value.tobytes(), lit.exact)


@on(sees="Lit")
def fold_scalars(state: Simplifier, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """An op on scalar constants is computed now."""
    if out.shape or op.nested or not all(isinstance(atom, Lit) and not atom.shape for atom in inputs):
        return None
    value = evaluate(op, [atom.value for atom in inputs], out.dtype)  # type: ignore[union-attr]
    exact = inputs[0].exact if type(op).__name__ == "Cast" and out.dtype.kind == "f" else None  # type: ignore[union-attr]
    return Lit(literal(value).value, exact)


_MOVES = frozenset({"Reshape", "Transpose", "ExpandDims", "Squeeze", "BroadcastTo", "StridedSlice"})


@on("Elementwise", *_MOVES, sees="Lit BroadcastTo")
def fold_uniform(state: Simplifier, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """An elementwise op on constants that are broadcast works on the scalars, and its result is broadcast."""
    if type(op).__name__ in _MOVES and not _broadcasts_scalar(op, inputs):
        scalar = state.uniform(inputs[0])
        return scalar and (OPS["BroadcastTo"](out.shape), (scalar,)) if out.shape else scalar
    if not out.shape or not isinstance(op, Elementwise):
        return None
    scalars = [state.uniform(atom) for atom in inputs]
    if any(scalar is None for scalar in scalars):
        return None
    value = evaluate(op, [scalar.value for scalar in scalars], out.dtype)  # type: ignore[union-attr]
    return OPS["BroadcastTo"](out.shape), (literal(value),)


def _broadcasts_scalar(op: Op, inputs: tuple[Atom, ...]) -> bool:
    return type(op).__name__ == "BroadcastTo" and not inputs[0].shape


@on("Elementwise", "Select", sees="BroadcastTo")
def drop_broadcasts(state: Simplifier, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """An elementwise op broadcasts by itself: an operand needs no broadcast if another has the full shape."""
    if not isinstance(op, Elementwise) and type(op).__name__ != "Select":
        return None
    for position, atom in enumerate(inputs):
        made = state.source(atom, "BroadcastTo")
        if made is None:
            continue
        bare = (*inputs[:position], made.inputs[0], *inputs[position + 1 :])
        if broadcast(*(one.shape for one in bare)) == out.shape and any(isinstance(one, Var) for one in bare):
            return op, bare
    return None


@on("Mul", "Div", "RealDiv", "Pow", sees="Lit BroadcastTo")
def neutral(state: Simplifier, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """``1 * x``, ``x / 1``, ``x ** 1``."""
    name = type(op).__name__
    if name not in ("Mul", "Div", "RealDiv", "Pow"):
        return None
    for one, other in ((inputs[1], inputs[0]), (inputs[0], inputs[1])):
        scalar = state.uniform(one)
        if scalar is not None and scalar.value == 1 and other.shape == out.shape:
            return other
        if name != "Mul":
            break
    return None


@on("Reshape", "BroadcastTo", "Cast", "ZerosLike", "OnesLike", "StopGradient", "Transpose", "Neg")
def move_only(state: Simplifier, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """Moves that change nothing, and moves of moves."""
    if not inputs:
        return None
    name, first = type(op).__name__, inputs[0]
    if name in ("Reshape", "BroadcastTo", "Cast") and (first.shape, first.dtype) == (out.shape, out.dtype):
        return first
    if name in ("ZerosLike", "OnesLike"):
        return OPS["BroadcastTo"](out.shape), (literal(int(name == "OnesLike"), out.dtype),)
    if name == "StopGradient":
        return first
    if name == "Transpose" and op.perm == tuple(range(len(op.perm))):  # type: ignore[attr-defined]
        return first
    made = state.source(first, name) if name in ("Reshape", "Transpose", "Neg") else None
    if made is None:
        return None
    if name == "Neg":
        return made.inputs[0]
    if name == "Transpose":
        inner = made.op.perm  # type: ignore[attr-defined]
        return op.set(perm=tuple(inner[axis] for axis in op.perm)), made.inputs  # type: ignore[attr-defined]
    return op, made.inputs


@on("Select", sees="Lit BroadcastTo")
def choose(state: Simplifier, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A selection by a constant condition."""
    if type(op).__name__ != "Select":
        return None
    condition = state.uniform(inputs[0])
    if condition is not None:
        chosen = inputs[1] if condition.value else inputs[2]
        return chosen if chosen.shape == out.shape else (OPS["BroadcastTo"](out.shape), (chosen,))
    return None


RULES: tuple[Rule, ...] = (fold_scalars, move_only, choose, neutral, fold_uniform, drop_broadcasts)
