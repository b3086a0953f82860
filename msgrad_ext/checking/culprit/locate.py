"""Who is wrong: each op of the network put to the test by itself, with the forward slopes as the judge between the roads.

An equation is cut out with the values it had. Its ``numpy`` voice is compared with its meaning, its rule with the
derivative of its meaning, both in fifty digits or float64, and where they differ, slopes of the ``numpy`` voice decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import MsgradError, VoiceError
from ...ir import Atom, Eqn, Graph, Lit, Var
from ...numeric.interpreter import exact, interpret, interpret_exact
from ...reversing.reverse import reverse
from ..effort.progress import tell
from ..effort.work import scalars
from ..result import Fault
from ..witnesses import noise, witness
from ..witnesses.digits import floats, largest, number, numbers
from ..witnesses.reference import local_adjoint, local_value
from .forward import forward_evidence

EXACT_LIMIT = 5_000
_RELATIVE = {True: 1e-25, False: 1e-11}


@dataclass(frozen=True, eq=False)
class Piece:
    """One equation as a graph of its own: its distinct variables are the inputs, with the values they had."""

    eqn: Eqn
    graph: Graph
    arrays: tuple[np.ndarray, ...]
    ran: dict[Var, np.ndarray] | None

    @property
    def exact(self) -> bool:
        """True when it is tested in fifty digits: it is small, and ``ran`` holds the values of a first run."""
        return self.ran is not None

    @property
    def live(self) -> list[int]:
        """Positions of the operands that may have a gradient."""
        names = self.eqn.op.operands if len(self.eqn.op.operands) == len(self.eqn.inputs) else ()
        return [
            position
            for position, atom in enumerate(self.eqn.inputs)
            if isinstance(atom, Var)
            and atom.dtype.kind == "f"
            and not (names and names[position] in self.eqn.op.constants)
        ]

    def operands(self) -> list[np.ndarray]:
        """The operands' values, in the arithmetic of the test."""
        known = dict(zip(self.graph.inputs, self.arrays))
        return [self._literal(atom) if isinstance(atom, Lit) else known[atom] for atom in self.graph.eqns[0].inputs]

    def _literal(self, lit: Lit) -> np.ndarray:
        return exact(lit, number) if self.exact else lit.value


def piece(eqn: Eqn, values: Mapping[Var, np.ndarray]) -> Piece:
    """Cut ``eqn`` out of its graph; an operand that stands twice becomes two inputs, so that each is tested alone."""
    inputs: list[Var] = []
    atoms: list[Atom] = []
    arrays: list[np.ndarray] = []
    for position, atom in enumerate(eqn.inputs):
        if isinstance(atom, Lit):
            atoms.append(atom)
            continue
        var = Var(f"operand{position}", atom.shape, atom.dtype)
        inputs.append(var)
        atoms.append(var)
        arrays.append(values[atom])
    out = Var("out", eqn.out.shape, eqn.out.dtype)
    graph = Graph(tuple(inputs), (Eqn(eqn.op, tuple(atoms), out, eqn.location),), (out,))
    kept = [_plain(array, var) for array, var in zip(arrays, inputs)]
    ran = witness.exact_run(graph, kept) if scalars(graph) <= EXACT_LIMIT else None
    if ran is not None:
        kept = [numbers(array) if array.dtype.kind == "f" else array for array in kept]
    return Piece(eqn, graph, tuple(kept), ran)


def _plain(array: np.ndarray, var: Var) -> np.ndarray:
    return floats(array) if var.dtype.kind == "f" else np.asarray(array)


def faults(graph: Graph, values: Mapping[Var, np.ndarray], seed: int) -> Iterator[Fault]:
    """The faults of the equations of ``graph``, in order of execution.

    Parameters
    ----------
    graph : Graph
        A forward program in float64, nested gradients expanded.
    values : mapping of Var to ndarray
        The value of every variable.
    seed : int
        For the random cotangents.
    """
    generator = np.random.default_rng(seed)
    for place, eqn in enumerate(graph.eqns):
        tell("ops one by one", place, len(graph.eqns))
        yield from equation_faults(piece(eqn, values), generator)


def forward_faults(graph: Graph, values: Mapping[Var, np.ndarray]) -> Iterator[Fault]:
    """The ops of ``graph`` whose ``numpy`` voice is not what they mean, in order of execution."""
    for eqn in graph.eqns:
        fault = _forward_fault(piece(eqn, values))
        if fault is not None:
            yield fault


def float_faults(graph: Graph, arrays: Sequence[np.ndarray], seed: int) -> Iterator[Fault]:
    """Ops whose ``numpy`` voice is off in the program's own dtype by more than rounding explains."""
    generator = np.random.default_rng(seed)
    values = interpret(graph, arrays)
    for eqn in graph.eqns:
        inputs = tuple(dict.fromkeys(atom for atom in eqn.inputs if isinstance(atom, Var)))
        alone = Graph(inputs, (eqn,), (eqn.out,))
        operands = [atom.value if isinstance(atom, Lit) else values[atom] for atom in eqn.inputs]
        meant, got = local_value(eqn, operands), values[eqn.out]
        if got.dtype.kind != "f":
            continue
        deviation = noise.spread(alone, [values[var] for var in inputs], generator)[0]
        with np.errstate(all="ignore"):
            wrong = np.abs(got.astype(np.float64) - meant) > noise.tolerance(deviation, meant, got.dtype)
        if wrong.any():
            index = tuple(int(one) for one in np.argwhere(wrong)[0])
            told = f"in {got.dtype} {differ('the numpy voice', got, meant, index)}"
            yield Fault(type(eqn.op).__name__, None, "forward", index, eqn.location, told)


def overflow(graph: Graph, arrays: Sequence[np.ndarray]) -> Fault:
    """The first op that makes NaN or infinity of finite numbers, where the formula stays finite."""
    values = interpret(graph, arrays)
    for eqn in graph.eqns:
        bad = ~np.isfinite(values[eqn.out].astype(np.float64))
        if bad.any():
            index = tuple(int(one) for one in np.argwhere(bad)[0])
            name, kind = type(eqn.op).__name__, eqn.out.dtype
            told = f"not finite in {kind}, though the derivative is; use a stable form of the function"
            return Fault(name, None, "numeric", index, eqn.location, told)
    return Fault("plan", None, "result", None, None, "not finite, though every equation of it is")


def equation_faults(cut: Piece, generator: np.random.Generator) -> Iterator[Fault]:
    """What is wrong with one op at these values."""
    eqn = cut.eqn
    fault = _forward_fault(cut)
    if fault is not None or eqn.out.dtype.kind != "f":
        yield from [] if fault is None else [fault]
        return
    weight = generator.standard_normal(eqn.out.shape)
    for position in cut.live:
        fault = _operand_fault(cut, position, weight, generator)
        if fault is not None:
            yield fault


def _forward_fault(cut: Piece) -> Fault | None:
    """How the ``numpy`` voice of one op contradicts its meaning at these values."""
    eqn = cut.eqn
    ran = interpret(cut.graph, cut.arrays) if cut.ran is None else cut.ran
    got = ran[cut.graph.outputs[0]]  # type: ignore[index]
    meant = local_value(eqn, cut.operands())
    index = first_difference(got, meant, cut.exact, largest(cut.arrays))
    if index is None:
        return None
    told = differ("the numpy voice", got, meant, index)
    return Fault(
        type(eqn.op).__name__, None, forward_evidence(eqn, cut.operands(), got, meant).side, index, eqn.location, told
    )


def both_cotangents(cut: Piece, position: int, weight: np.ndarray) -> tuple[Any, Any]:
    """The cotangent of one operand by the rule and by the formula."""
    var = cut.graph.eqns[0].inputs[position]
    ct = numbers(weight) if cut.exact else weight
    backward = reverse(cut.graph, [var], sens=True)  # type: ignore[list-item]
    result = backward.outputs[-1]
    ruled = np.zeros(var.shape) if isinstance(result, Lit) else run_piece(cut, backward, (*cut.arrays, ct))[result]
    return ruled, local_adjoint(cut.eqn, position, cut.operands(), ct)


def _operand_fault(cut: Piece, position: int, weight: np.ndarray, generator: np.random.Generator) -> Fault | None:
    eqn = cut.eqn
    name = type(eqn.op).__name__
    operand = eqn.operand(position)
    try:
        ruled, derived = both_cotangents(cut, position, weight)
    except VoiceError as error:
        return Fault(name, operand, "numeric", None, eqn.location, error.message)
    except (MsgradError, ArithmeticError, TypeError, ValueError, IndexError) as error:
        return Fault(name, operand, "numeric", None, eqn.location, f"the rule raised {type(error).__name__}: {error}")
    index = first_difference(ruled, where_finite(derived, ruled), cut.exact, largest([*cut.arrays, weight]))
    if index is None:
        return None
    var: Var = cut.graph.eqns[0].inputs[position]  # type: ignore[assignment]
    right = against_slope(cut, var, weight, (ruled, derived), generator)
    side = "numeric" if right is None or not right[0] else "symbolic"
    side = "both" if right == (False, False) else side
    return Fault(name, operand, side, index, eqn.location, differ("the rule", ruled, derived, index))


def against_slope(
    cut: Piece, var: Var, weight: np.ndarray, cotangents: tuple[Any, Any], generator: np.random.Generator
) -> tuple[bool, bool] | None:
    """Whether each of two cotangents of ``var`` predicts the slope of the ``numpy`` voice; None where there is no slope."""
    direction = generator.standard_normal(var.shape)
    plain = [floats(array) if array.dtype == object else array for array in cut.arrays]
    slope = witness.slope(cut.graph, plain, {var: direction}, [weight])
    if slope is None or slope.kink or not np.isfinite(float(slope.value)):
        return None
    if any(np.shape(one) != var.shape for one in cotangents):
        return np.shape(cotangents[0]) == var.shape, np.shape(cotangents[1]) == var.shape
    # Cotangents in float64 are not judged by fifty digits: both would be wrong.
    digits = cut.exact and all(np.asarray(one).dtype == object for one in cotangents)
    along = numbers(direction) if cut.exact else direction
    scale = sum(float(np.sum(np.abs(floats(one) * direction))) for one in cotangents)
    limit = (1e-24 if digits else 1e-12) * scale + 10 * slope.error
    gaps = [abs(float(np.sum(one * along) - slope.value)) for one in cotangents]
    if max(gaps) <= limit:
        return gaps[0] < gaps[1], gaps[1] <= gaps[0]
    return gaps[0] <= limit, gaps[1] <= limit


def run_piece(cut: Piece, graph: Graph, arrays: Any) -> dict[Var, np.ndarray]:
    """The values of ``graph`` in the arithmetic of the test."""
    return interpret_exact(graph, arrays, number) if cut.exact else interpret(graph, arrays)


def where_finite(derived: Any, ruled: Any) -> Any:
    """``derived`` with the rule's own answer where the formula is not finite: outside the domain no rule is wrong."""
    derived = np.asarray(derived)
    return np.where(np.isfinite(floats(derived)), derived, ruled) if derived.shape == np.shape(ruled) else derived


def first_difference(first: Any, second: Any, exact_numbers: bool, scale: float) -> tuple[int, ...] | None:
    """The first index at which two arrays differ by more than their arithmetic explains, or None.

    A shape that differs is a difference at the first index. Entries that are not finite in both are left to the domain
    test. ``scale`` is the size of the numbers that went into the arrays: cancellation leaves rounding of that size.
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape:
        return (0,) * max(first.ndim, second.ndim)
    if first.dtype.kind == "b":
        wrong = first != (floats(second) != 0)
    else:
        with np.errstate(invalid="ignore"):
            gap = np.abs(floats(first - second))
        size = np.maximum(np.abs(floats(first)), np.abs(floats(second)))
        finite = np.isfinite(size)
        common = float(np.max(size, where=finite, initial=0.0))
        limit = _RELATIVE[exact_numbers] * np.maximum(size, 1e-3 * common if not exact_numbers else 0)
        floor = (1e-42 if exact_numbers else 1e-17) * max(scale, common)
        wrong = ~(gap <= limit + floor) & (finite | (np.isfinite(floats(first)) != np.isfinite(floats(second))))
    found = np.argwhere(wrong)
    return tuple(int(one) for one in found[0]) if len(found) else None


def differ(what: str, first: Any, second: Any, index: tuple[int, ...], other: str = "the formula") -> str:
    """How two results differ at ``index``, in words."""
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape:
        return f"{what} gives shape {first.shape}, {other} {second.shape}"
    told, wanted = (f"{float(one[index]):.10g}" for one in (first, second))
    if told == wanted:
        # Fifty digits may differ where ten are alike.
        difference = float(abs(first[index] - second[index]))
        return f"{what} gives {told}, which {other} is not by {difference:.1e}"
    return f"{what} gives {told}, {other} {wanted}"
