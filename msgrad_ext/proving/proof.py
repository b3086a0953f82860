"""Proofs: a rule has the normal form of the adjoint that SymPy derives from the op's meaning, at all lengths of its axes.

An op is proved for its settings and for which of its axes are letters; an axis of length 1 is a case of its own, and so is
one that a setting fixes. What a rule asks of lengths on its way is among the conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sympy import Expr, Integer, S, Symbol

from ..errors import MsgradError
from ..ir import Atom, Eqn, Graph, Lit
from ..op import Op
from ..reversing.reverse import expand
from ..symbolic import template as tm
from ..symbolic.axes import Shapes
from ..symbolic.compose import size
from .equality import equal
from .kept import Kept
from .lengths import asking
from .rule import ALIKE, LARGE, SMALL, TINY, Reading, Unread, constant, recorded

# Parts of the two formulas that are compared by default: such a comparison takes some milliseconds.
BRIEF = 100
# Steps of a rule that is read by default.
SHORT = 16
# What may go wrong while a rule is read, none of which proves anything.
FAILURES = (
    Unread,
    MsgradError,
    ArithmeticError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    LookupError,
)


@dataclass(frozen=True)
class Proof:
    """What is known of one op's rule.

    Attributes
    ----------
    op : str
        The op with its settings.
    proved : bool
        Whether the rule of each operand equals the derived adjoint for all lengths.
    why : str
        Why not, if not.
    conditions : tuple of str
        What the rule asked of lengths, beyond whether they are 1.
    fixed : tuple of str
        Axes that stand for the length they have, since settings fix it.
    """

    op: str
    proved: bool
    why: str = ""
    conditions: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.proved:
            return f"{self.op}: not proved, {self.why}"
        where = f" where {', '.join(self.conditions)}" if self.conditions else ""
        fixed = f" with axes of length {', '.join(self.fixed)}" if self.fixed else ""
        return f"{self.op}: proved at all shapes{fixed}{where}"


def prove(eqn: Eqn, brief: bool = False) -> Proof:
    """Try to prove the rule of an equation's op, at all lengths of the operands' axes; ``brief`` where formulas are short."""
    shapes = tuple(tuple(map(int, atom.shape)) for atom in eqn.inputs)
    marks = tuple((atom.dtype, _mark(atom)) for atom in eqn.inputs)
    op = eqn.op
    key = (op.key, type(op).meaning, type(op).vjp, type(op).numpy, shapes, marks, brief)
    return _KEPT.get(key, lambda: _proved(_Held(op, tuple(eqn.inputs), eqn, brief)))


def _mark(atom: Atom) -> Any:
    return str(constant(atom)) if isinstance(atom, Lit) and not atom.shape else None


@dataclass(frozen=True, eq=False)
class _Held:
    """An equation to be proved."""

    op: Op
    atoms: tuple[Atom, ...]
    eqn: Eqn
    brief: bool


_KEPT: Kept[Proof] = Kept(2048)


def _proved(held: _Held) -> tuple[Proof, tuple[Eqn, ...]]:
    """The proof, and the equations of the rule as it was read."""
    shapes = letters_of(held.eqn)
    proof = _tried(held, shapes)
    eqns: tuple[Eqn, ...] = (held.eqn,)
    with suppress(*FAILURES):
        eqns = _steps(held.eqn)
    if proof.proved or held.brief or not any(n.free_symbols for shape in shapes for n in shape):
        return proof, eqns
    atoms = (*held.atoms, held.eqn.out)
    here = _tried(held, tuple(tuple(Integer(int(n)) for n in atom.shape) for atom in atoms))
    return (here if here.proved else proof), eqns


def _tried(held: _Held, shapes: Sequence[tm.Lengths]) -> Proof:
    op, label = held.op, held.op.label
    fixed = tuple(sorted({str(n) for shape in shapes for n in shape if n.is_Integer and n > 1}))
    try:
        longest = BRIEF if held.brief else None
        if held.brief:
            _refuse_long(held.eqn)
        asked = [attempt(op, held.atoms, shapes, SMALL, longest)]
        for lengths in (ALIKE, LARGE):
            # Where a rule goes another way for other lengths, that way is to be proved too.
            if not asked[0][0] and conditions([one for _, one in asked]):
                asked.append(attempt(op, held.atoms, shapes, lengths, longest))
        if not any(why for why, _ in asked) and conditions([one for _, one in asked]):
            with suppress(Unread):
                asked.append(attempt(op, held.atoms, shapes, TINY, longest))
    except FAILURES as error:
        return Proof(label, False, str(error).split("\n")[0] or type(error).__name__, fixed=fixed)
    for why, _ in asked:
        if why:
            return Proof(label, False, why, fixed=fixed)
    return Proof(label, True, "", conditions([one for _, one in asked]), fixed)


def _refuse_long(eqn: Eqn) -> None:
    """Refuse a rule that has many steps, or constants that grow with its axes, at the lengths that it has here.

    Raises
    ------
    Unread
        If it is so: reading it at long axes may take seconds.
    """
    steps = _steps(eqn)
    if len(steps) > SHORT or any(isinstance(one, Lit) and one.value.size > 1 for step in steps for one in step.inputs):
        raise Unread("its rule is longer than is read without being asked")


def _steps(eqn: Eqn) -> tuple[Eqn, ...]:
    """The op and its rule as they are recorded at the lengths that the operands have here."""
    here = tuple(tuple(Integer(int(n)) for n in atom.shape) for atom in eqn.inputs)
    return recorded(eqn.op, eqn.inputs, here, {})[0].eqns


def letters_of(eqn: Eqn) -> tuple[tuple[Expr, ...], ...]:
    """The operands' and the result's shapes in canonical letters."""
    table = Shapes()
    count = len(eqn.inputs)
    for place, atom in enumerate(eqn.inputs):
        table.declare(place, atom.shape)
    table.apply(SimpleNamespace(op=eqn.op, out=SimpleNamespace(shape=eqn.out.shape)), range(count), "out")  # type: ignore[arg-type]
    letters = table.letters([*range(count), "out"], ())
    return tm.canonical_lengths([table.symbolic(place, letters) for place in (*range(count), "out")])[0]


def attempt(
    op: Op,
    atoms: Sequence[Atom],
    shapes: Sequence[tm.Lengths],
    lengths: Sequence[int],
    longest: int | None = None,
) -> tuple[str, list[str]]:
    """Why the rule is not proved, or nothing; and what it asked of lengths.

    Formulas of more than ``longest`` parts are not compared.
    """
    letters: list[Symbol] = sorted({s for shape in shapes for n in shape for s in n.free_symbols}, key=str)
    sizes = dict(zip(letters, lengths))
    with asking() as asked:
        graph, known = recorded(op, atoms, shapes[:-1], sizes)
    reading = Reading(graph, min(lengths))
    operands, wrt = known[: len(atoms)], known[len(atoms) :]
    if not wrt:
        return "no operand has a cotangent", asked
    numbers = [constant(atom) if isinstance(atom, Lit) else None for atom in operands]
    forward = tm.forward(op, tuple(shapes[:-1]), numbers, tuple(shapes[-1]))
    heads = [Symbol(getattr(atom, "name", "~none")) for atom in operands]
    weight = Symbol(graph.inputs[-1].name)
    for var, found in zip(wrt, graph.outputs[-len(wrt) :]):
        place = operands.index(var)
        derived = tm.adjoint(forward, place)
        rule, shape = reading.element(found)
        if tuple(shape) != tuple(shapes[place]):
            return f"the cotangent of operand {place + 1} has shape {shape}", asked
        indices = tm.out_indices(shape)
        wanted = S.Zero if derived is None else tm.instantiate(derived, indices, [*heads, weight], ())
        ranges = {i: n for i, n in zip(indices, shape) if i != 0}
        if longest is not None and rule != wanted and size(rule) + size(wanted) > longest:
            raise Unread("its formulas are longer than are compared without being asked")
        if not equal(rule, wanted, ranges):
            return f"operand {place + 1}: no identity was found between the rule and the derived adjoint", asked
    return "", asked


def conditions(readings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What holds of the lengths for which a rule was read, where the readings did not go both ways."""
    asked = dict.fromkeys(one for reading in readings for one in reading)
    found = []
    for one in asked:
        question, answer = one.split(": ")
        other = f"{question}: {'False' if answer == 'True' else 'True'}"
        # An axis of length 1 is a case of its own, and none is shorter. A float of a length is a constant, which must fit.
        if question.split()[-1] not in ("1", "0", "-1", "float") and other not in asked:
            found.append(question if answer == "True" else f"not {question}")
    return tuple(found)


@dataclass(frozen=True)
class NetworkProof:
    """What is known of all rules that a network uses."""

    proofs: tuple[Proof, ...]

    @property
    def proved(self) -> bool:
        """Whether every rule is proved."""
        return bool(self.proofs) and all(proof.proved for proof in self.proofs)

    def __str__(self) -> str:
        done = sum(proof.proved for proof in self.proofs)
        fixed = any(proof.fixed for proof in self.proofs)
        told = "proved with some axes at their lengths" if fixed else "proved at all shapes"
        head = told if self.proved else "not all proved"
        lines = [f"{head}: {done} of {len(self.proofs)} rules have the derived adjoint's normal form"]
        return "\n".join([*lines, *(f"  {proof}" for proof in self.proofs)])


def prove_graph(graph: Graph) -> NetworkProof:
    """Proofs of the rules of all ops of a forward graph, each once."""
    found: dict[str, Proof] = {}
    for eqn in expand(graph).eqns:
        if eqn.out.dtype.kind == "f" and any(atom.dtype.kind == "f" for atom in eqn.inputs):
            proof = prove(eqn)
            found[str(proof)] = proof
    return NetworkProof(tuple(found.values()))


__all__ = ["NetworkProof", "Proof", "prove", "prove_graph"]
