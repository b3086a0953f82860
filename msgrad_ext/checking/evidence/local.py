"""One op put to the exact tests: its unmodified rule and its meaning's derivative, on polynomials and at random rationals.

Each op is tested once for its settings, voices, shapes and constants. What was found is kept with the voices of the ops
that the rule uses, and is found anew when one of them was exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...errors import MsgradError, VoiceError
from ...ir import Atom, Eqn, Graph, Lit, Var
from ...numeric.interpreter import exact, interpret_exact
from ...proving.kept import Kept
from ...reversing.reverse import reverse
from ..effort.work import scalars
from ..witnesses.digits import number as digits
from ..witnesses.reference import local_adjoint, local_value
from .element import new_world
from .kernels import PointNeeded, Unreached, World
from .points import BITS, Asked, Point, degree, drawn, point
from .quotient import Quotient, generator, lifted, vanishes
from .rungs import CONTRADICTED, EXACT, POINTS, THIS_SHAPE, OpRung

# What may go wrong on the way to a rung, none of which proves anything.
FAILURES = (
    Unreached,
    MsgradError,
    ArithmeticError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Limits:
    """How much work a rung may take: generators and products of terms, scalar operations at each point, and points."""

    generators: int = 160
    products: int = 10_000
    operations: int = 4_000
    points: int = POINTS


DEFAULT = Limits()
STRONG = Limits(generators=320, products=60_000, operations=20_000)


class Different(Exception):
    """The rule is not what the meaning's derivative is; the text says where."""


@dataclass(frozen=True, eq=False)
class Alone:
    """An equation as a graph of its own, with its backward pass; an operand that stands twice is two inputs.

    ``fixed`` are the values of the operands that are no floats, ``floats`` those of the others.
    """

    eqn: Eqn
    graph: Graph
    backward: Graph
    live: tuple[int, ...]
    fixed: Mapping[Var, np.ndarray]
    floats: Mapping[Var, np.ndarray]

    def compare(self, given: Mapping[Var, Any], weight: Any, number: Callable[[Any], Any], same: Any) -> None:
        """Put the op's value and its cotangents by the rule beside those by the meaning.

        Raises
        ------
        Different
            Where one is another.
        """
        eqn = self.graph.eqns[0]
        arrays = [given[var] if var in given else self.fixed[var] for var in self.graph.inputs]
        values = interpret_exact(self.backward, [*arrays, weight], number)
        operands = [exact(atom, number) if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
        self._same(values[eqn.out], local_value(eqn, operands), "the value", same)
        for position, atom in zip(self.live, self.backward.outputs[1:]):
            ruled = values[atom] if isinstance(atom, Var) else exact(atom, number)
            derived = local_adjoint(eqn, position, operands, weight)
            names = eqn.op.operands
            name = names[position] if len(names) == len(eqn.inputs) else str(position + 1)
            self._same(ruled, derived, f"the cotangent of operand {name}", same)

    @staticmethod
    def _same(first: Any, second: Any, what: str, same: Any) -> None:
        first, second = np.asarray(first), np.asarray(second)
        if first.shape != second.shape:
            if first.shape or not isinstance(first[()], (int, float, Quotient, Point)):
                raise Different(f"{what} has another shape")
            first = np.broadcast_to(first, second.shape)
        for index in np.ndindex(first.shape):
            if not same(first[index], second[index]):
                raise Different(f"{what} is another at {list(index)}" if index else f"{what} is another")


def alone(eqn: Eqn, values: Mapping[Var, np.ndarray]) -> Alone:
    """Cut ``eqn`` out of its graph, with the values it had, and record its rule."""
    atoms: list[Atom] = []
    known: dict[Var, np.ndarray] = {}
    for place, atom in enumerate(eqn.inputs):
        if isinstance(atom, Var):
            var = Var(f"operand{place}", atom.shape, atom.dtype)
            known[var] = values[atom]
            atom = var
        atoms.append(atom)
    out = Var("out", eqn.out.shape, eqn.out.dtype)
    inputs = tuple(atom for atom in atoms if isinstance(atom, Var))
    graph = Graph(inputs, (Eqn(eqn.op, tuple(atoms), out, eqn.location),), (out,))
    live = tuple(flowing(eqn))
    backward = reverse(graph, [atoms[place] for place in live], sens=True)  # type: ignore[misc]
    fixed = {var: array for var, array in known.items() if var.dtype.kind != "f"}
    floats = {var: array for var, array in known.items() if var.dtype.kind == "f"}
    return Alone(eqn, graph, backward, live, fixed, floats)


def flowing(eqn: Eqn) -> list[int]:
    """Positions of the operands that a gradient may flow to."""
    names = eqn.op.operands if len(eqn.op.operands) == len(eqn.inputs) else ()
    return [
        place
        for place, atom in enumerate(eqn.inputs)
        if isinstance(atom, Var) and atom.dtype.kind == "f" and not (names and names[place] in eqn.op.constants)
    ]


# On polynomials ------------------------------------------------------------------------------------------------------


def polynomials(cut: Alone, limits: Limits, pointed: bool) -> str:
    """Prove the rule at its shapes; returns a condition of the proof, or nothing.

    Raises
    ------
    PointNeeded
        If a comparison is asked for and ``pointed`` is false.
    Unreached, Different
        If there is no proof.
    """
    count = sum(var.dtype.kind == "f" and int(np.prod(var.shape)) for var in (*cut.graph.inputs, cut.eqn.out))
    if count > limits.generators:
        raise Unreached(f"{count} elements are over the budget of {limits.generators} for polynomials")
    world = new_world(limits.products, pointed)
    given = {var: _generators(world, var, array if pointed else None) for var, array in cut.floats.items()}
    for place, (atom, name) in enumerate(zip(cut.graph.eqns[0].inputs, _names(cut.eqn))):
        if cut.eqn.op.assumes.get(name) == "simplex" and atom in given:
            given[atom] = _simplex(given[atom], place)  # type: ignore[index]
    weight = _generators(world, Var("weight", cut.eqn.out.shape, cut.eqn.out.dtype), None)
    try:
        cut.compare(given, weight, partial(lifted, world=world), lambda a, b: vanishes(_element(a) - b))
    except Different as error:
        if not pointed and any(one.name in ("root", "log") for one in world.generators):
            # Laws of roots and logarithms need to know what is positive.
            raise PointNeeded("a sign") from None
        if all(one.name == "" for one in world.generators) and not cut.eqn.op.assumes:
            raise
        raise Unreached(f"no identity was found: {error}") from None
    return "where comparisons go as at these values" if world.compared else ""


def _names(eqn: Eqn) -> Sequence[str]:
    return eqn.op.operands if len(eqn.op.operands) == len(eqn.inputs) else [""] * len(eqn.inputs)


def _element(value: Any) -> Quotient:
    return lifted(value, None)


def _generators(world: World, var: Var, values: np.ndarray | None) -> np.ndarray:
    """An array of generators, one for each element."""
    found = np.empty(var.shape, dtype=object)
    for index in np.ndindex(var.shape):
        value = None if values is None else partial(digits, float(values[index]))
        found[index] = generator(world, (var.name, index), value)
    return found


def _simplex(array: np.ndarray, place: int) -> np.ndarray:
    """Rows that sum to one, as the op takes for granted."""
    found = array.copy()
    found[..., -1] = 1 - np.sum(array[..., :-1], axis=-1)
    return found


# At random rationals --------------------------------------------------------------------------------------------------


def rationals(cut: Alone, limits: Limits, seed: int) -> str:
    """Compare the rule with the derived adjoint at random rationals; returns how, and the chance of a wrong pass.

    Raises
    ------
    Unreached
        If the op or its rule leaves the rational numbers.
    Different
        At a point where they differ.
    """
    amount = scalars(cut.backward)
    if amount > limits.operations:
        raise Unreached(f"{amount} operations are over the budget of {limits.operations} for exact points")
    if cut.eqn.op.assumes:
        raise Unreached("the op takes for granted what random points do not hold")
    generator = np.random.default_rng(seed)
    asked = Asked()
    bound = 0

    def same(first: Any, second: Any) -> bool:
        nonlocal bound
        bound = max(bound, degree(first, second))
        return point(first).value == point(second).value

    for _ in range(limits.points):
        given = {var: drawn(generator, var.shape, asked) for var in cut.floats}
        cut.compare(given, drawn(generator, cut.eqn.out.shape, asked), point, same)
    told = f"each coordinate of 2^{BITS} values"
    if asked.compared:
        return f"{told}, each side of a comparison where a point falls on it"
    chance = limits.points * (BITS - max(bound, 1).bit_length())
    return f"{told}; a wrong rule passes with a chance below 2^-{chance}"


# The ladder of one op --------------------------------------------------------------------------------------------------


_KEPT: Kept[OpRung | None] = Kept(2048)


def climb(eqn: Eqn, values: Mapping[Var, np.ndarray], limits: Limits, seed: int, fallback: str) -> OpRung:
    """The strongest of the exact rungs that an op's rule reaches; ``fallback`` where it reaches none."""
    found = _KEPT.get(_key(eqn, values, limits, seed), lambda: _climbed(eqn, values, limits, seed, False))
    if found is None:
        # Answers of comparisons depend on the values, so the values are part of what is kept.
        marks = tuple(_bytes(values[atom]) for atom in eqn.inputs if isinstance(atom, Var))
        key = (*_key(eqn, values, limits, seed), marks)
        found = _KEPT.get(key, lambda: _climbed(eqn, values, limits, seed, True))
    assert found is not None
    return found if found.rung else OpRung(found.op, fallback, found.detail, found.why)


def _climbed(
    eqn: Eqn, values: Mapping[Var, np.ndarray], limits: Limits, seed: int, pointed: bool
) -> tuple[OpRung | None, tuple[Eqn, ...]]:
    """The rung, None if comparisons need a point; and the equations of the recorded rule."""
    label = eqn.op.label
    steps: tuple[Eqn, ...] = (eqn,)
    try:
        cut = alone(eqn, values)
        steps = cut.backward.eqns
    except FAILURES as error:
        return OpRung(label, "", "", (f"the rule could not be recorded: {_first_line(error)}",)), steps
    why = []
    with np.errstate(all="ignore"):
        try:
            condition = polynomials(cut, limits, pointed)
            return OpRung(label, THIS_SHAPE, condition), steps
        except PointNeeded:
            if not pointed:
                return None, steps
            why.append("not on polynomials: a comparison needs a value that is not known")
        except Different as error:
            return OpRung(label, CONTRADICTED, f"on polynomials {error}"), steps
        except FAILURES as error:
            why.append(f"not on polynomials: {_first_line(error)}")
        try:
            return OpRung(label, EXACT, rationals(cut, limits, seed), tuple(why)), steps
        except Different as error:
            return OpRung(label, CONTRADICTED, f"at exact rationals {error}", tuple(why)), steps
        except FAILURES as error:
            why.append(f"not at exact points: {_first_line(error)}")
    return OpRung(label, "", "", tuple(why)), steps


def _first_line(error: Exception) -> str:
    text = error.message if isinstance(error, VoiceError) else str(error)
    return text.split("\n")[0] or type(error).__name__


def _bytes(array: np.ndarray) -> tuple[Any, ...]:
    array = np.asarray(array)
    return array.shape, array.dtype.str, array.tobytes()


def _key(eqn: Eqn, values: Mapping[Var, np.ndarray], limits: Limits, seed: int) -> tuple[Any, ...]:
    """What the exact tests of an equation depend on, but for the voices of the ops that the rule uses."""

    def mark(atom: Atom) -> Any:
        if isinstance(atom, Lit):
            return _bytes(atom.value), repr(atom.exact)
        return (atom.shape, atom.dtype.str) if atom.dtype.kind == "f" else _bytes(values[atom])

    kind = type(eqn.op)
    return eqn.op.key, kind.meaning, kind.numpy, kind.vjp, tuple(map(mark, eqn.inputs)), limits, seed
