"""`Judge`: compares the witnesses of one case and gives each gradient its status, evidence and fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..ir import Graph, Var
from . import noise, witness
from .accuracy import accuracy_of
from .case import DOUBLE, Case
from .compare import Comparison, compare_floats
from .custom import custom_faults
from .digits import DIGITS, floats, largest, numbers
from .inside import first_of, inner_faults, made_faults
from .kinks import conventions
from .linear import is_linear, rounding_fault
from .locate import faults, first_difference, float_faults, forward_faults, overflow
from .reference import Evaluated
from .result import Fault, Flow, Gradient
from .results import result_fault
from .state import unsteady_plan, unsteady_rule, unsteady_voice
from .statuses import another_result, digits_told, not_finite_derivative, not_finite_value, sides
from .steps import Played, pass_faults


@dataclass(frozen=True, eq=False)
class Trial:
    """Both roads with the same weights: the pass that ran, played, and the formulas."""

    played: Played
    evaluated: Evaluated


class Judge:
    """Compares the witnesses of one case; each comparison is made once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        application = case.application
        small = witness.work(case.backward) <= case.budget.exact
        self.exact = small and witness.runs_exactly(case.forward, case.arrays)
        if case.has_custom:
            # What the user wrote may use ops that the network itself does not.
            self.exact = self.exact and witness.runs_exactly(case.backward, [*case.arrays, *case.weights])
        self.generator = np.random.default_rng(case.seed + 1)
        self.spread = noise.spread(self._plan_graph(), self._plan_inputs(), self.generator)
        self.unsteady = unsteady_plan(application.plan, self._plan_inputs(), application.gradients, self.generator)
        self.scale = 0.0
        self.trials = [self._trial(case.random_weights), self._trial(case.weights)]
        self.evaluated = self.trials[1].evaluated
        if not is_linear(case.record):
            # What is linear in the weights is known by two weightings; else signs and sizes may matter.
            self.trials += [self._trial([factor * weight for weight in case.random_weights]) for factor in (-1e3, 1e-3)]

    def _plan_inputs(self) -> list[np.ndarray]:
        application = self.case.application
        return [*(np.asarray(value) for value in application.program.values), *(application.sens or ())]

    def _plan_graph(self) -> Graph:
        return self.case.application.plan.graph

    def _trial(self, weights: list[np.ndarray]) -> Trial:
        """Gradients by the rules that ran and by the formulas with these weights, in fifty digits or float64."""
        case = self.case
        inputs: list[Any] = case.arrays
        if self.exact:
            inputs = [numbers(array) if array.dtype.kind == "f" else array for array in inputs]
            weights = [numbers(weight) for weight in weights]
        played = Played(case.record, [*inputs, *weights], self.exact, case.judged)
        self.scale = max(self.scale, played.scale)
        return Trial(played, case.reference.evaluate(inputs, weights))

    @cached_property
    def directions(self) -> list[np.ndarray]:
        """A random direction for each input that a gradient is taken by."""
        return [self.generator.standard_normal(var.shape) for var in self.case.wrt]

    def _slope_along(self, positions: list[int]) -> tuple[witness.Slope | None, float]:
        """The forward program's slope when these inputs move, and what the formula says it is."""
        case, evaluated = self.case, self.trials[0].evaluated
        moves = {case.wrt[position]: self.directions[position] for position in positions}
        slope = witness.slope(case.forward, case.arrays, moves, case.random_weights, case.budget)
        terms = [np.sum(floats(evaluated.gradients[position]) * self.directions[position]) for position in positions]
        return slope, float(sum(terms))

    @cached_property
    def slopes(self) -> list[tuple[witness.Slope | None, float]]:
        """For each gradient a slope and what the formula says; all inputs move at once, unless that tells of trouble."""
        everything = list(range(len(self.case.wrt)))
        slope, predicted = self._slope_along(everything)
        if slope is None or len(everything) == 1 or not self._suspicious(slope, predicted, everything):
            return [(slope, predicted)] * len(everything)
        return [self._slope_along([position]) for position in everything]

    def _suspicious(self, slope: witness.Slope, predicted: float, positions: list[int]) -> bool:
        finite = np.isfinite(float(slope.value)) and np.isfinite(predicted)
        return slope.kink or not finite or self._contradicts(slope, predicted, positions)

    @cached_property
    def found(self) -> list[Fault]:
        """Who is wrong: voices, the recorded pass, what was made of it, passes inside, what the user wrote."""
        return first_of(self._suspects())

    def _suspects(self) -> Iterator[Iterable[Fault]]:
        case = self.case
        yield forward_faults(case.forward, case.values)
        for trial in self.trials:
            yield pass_faults(trial.played, case.seed)
        yield inner_faults(case, case.seed)
        if case.has_custom:
            yield custom_faults(case.application, case.seed)
        yield faults(case.forward, case.values, case.seed)

    def fault(self, position: int) -> Fault | None:
        """Who made gradient ``position`` wrong, or None if it is right."""
        for trial in self.trials:
            ruled, evaluated = trial.played.outputs, trial.evaluated
            index = first_difference(ruled[position], evaluated.gradients[position], self.exact, self.scale)
            if index is not None and not self._rounding(position, ruled, evaluated):
                if self.found:
                    return self.found[0]
                detail = (
                    "every op agrees with its meaning by itself, but the whole does not: cotangents were added wrongly"
                )
                return Fault("reverse pass", None, "engine", index, self.case.application.location, detail)
        unseen = self._unseen(position)
        if unseen is not None:
            return unseen
        if self._wrong_output is not None and self.found:
            return self.found[0]
        slope, predicted = self.slopes[position]
        if slope is not None and not slope.kink and self._contradicts(slope, predicted, self._moved(position)):
            if self.found:
                return self.found[0]
            # At kinks of single ops the conventions need not add up to the slope of the whole, though every rule is right.
            if self.kinks:
                return None
            detail = f"rules and formulas agree, but the forward program's slope is {float(slope.value):.10g}, not {predicted:.10g}"
            return Fault("network", None, "both", None, self.case.application.location, detail)
        return None

    def _moved(self, position: int) -> list[int]:
        """The inputs that moved for the slope of gradient ``position``."""
        return [position] if self.slopes.count(self.slopes[0]) == 1 else list(range(len(self.case.wrt)))

    @cached_property
    def kinks(self) -> list[str]:
        """The conventions of the ops that are not differentiable at their operands' values."""
        return conventions(self.case.forward, self.case.values, self.case.seed)

    @cached_property
    def _inside(self) -> set[Var]:
        """Variables whose cotangent is not the formula's, though the gradients may be."""
        wrong: set[Var] = set()
        for trial in self.trials if self.exact else []:
            for var, held in trial.played.record.cotangents.items():
                meant = trial.evaluated.cotangents.get(var)
                if meant is not None and np.isfinite(floats(meant)).all():
                    wrong |= {var} if trial.played.differ(trial.played.value(held), meant) is not None else set()
        return wrong

    def _unseen(self, position: int) -> Fault | None:
        """A fault on the way of a gradient that it need not show itself: rounding, or lies that cancel each other."""
        record = self.case.record
        reached = record.reached(record.wrt[position])
        rounds = rounding_fault(record, reached)
        if rounds is not None:
            return rounds
        return self.found[0] if reached & self._inside and self.found else None

    @cached_property
    def _wrong_output(self) -> tuple[int, ...] | None:
        """Where an output of the network is not what it means, in the arithmetic of the trials."""
        played = self.trials[1].played
        outputs = [atom for atom in self.case.record.forward.outputs if atom.dtype.kind == "f"]
        for atom, meant in zip(outputs, self.evaluated.outputs):
            if not isinstance(atom, Var):
                continue
            index = played.differ(played.value(atom), meant)
            if index is not None and (self.exact or not self._near(atom, meant)):
                return index
        return None

    def _near(self, atom: Var, meant: Any) -> bool:
        """True when rounding in float64 explains how an output differs from what it means."""
        place = self.case.record.forward.outputs.index(atom)
        deviation = noise.spread(self.case.forward, self.case.arrays, self.generator)[place]
        value = self.trials[1].played.value(atom)
        return bool(np.all(np.abs(value - meant) <= noise.tolerance(deviation, floats(meant), DOUBLE)))

    def _rounding(self, position: int, ruled: list[Any], evaluated: Evaluated) -> bool:
        """True when float64 rounding explains the difference (in fifty digits nothing does)."""
        if self.exact:
            return False
        graph = self.case.backward
        inputs = [*self.case.arrays, *self.case.random_weights]
        deviation = noise.spread(graph, inputs, self.generator)[len(self.case.forward.outputs) + position]
        reference = evaluated.gradients[position]
        return bool(np.all(np.abs(ruled[position] - reference) <= noise.tolerance(deviation, reference, DOUBLE)))

    def _contradicts(self, slope: witness.Slope, predicted: float, positions: list[int]) -> bool:
        """True when the slope and the formula's prediction differ by more than both arithmetics explain."""
        value = float(slope.value)
        if not (np.isfinite(value) and np.isfinite(predicted)):
            return False
        sizes = [np.sum(np.abs(floats(self.trials[0].evaluated.gradients[position]))) for position in positions]
        scale = float(sum(sizes)) + abs(value)
        return abs(value - predicted) > 100 * slope.error + 1e-12 * scale

    def gradient(self, position: int) -> Gradient:
        """The verdict on gradient ``position``."""
        application = self.case.application
        value = application.gradients[position]
        reference = floats(self.evaluated.gradients[position])
        unit = noise.coarsest(self._plan_graph(), self._plan_graph().outputs[position], value.dtype)
        comparison = compare_floats(value, reference, self.spread[position], unit, self._is_zero(position))
        accuracy = accuracy_of(value, reference, self.spread[position], unit, comparison)
        status, note, fault = self._verdict(position, comparison)
        return Gradient(
            name=application.names[position],
            kind=application.kinds[position],
            value=value,
            reference=reference,
            status=status,
            evidence=self._evidence(position, status),
            max_abs=comparison.max_abs,
            max_rel=comparison.max_rel,
            max_ulp=comparison.max_ulp,
            compared=comparison.compared,
            tolerance=comparison.tolerance,
            origin=noise.ORIGIN,
            note=note,
            fault=fault,
            accuracy=accuracy,
        )

    def _is_zero(self, position: int) -> bool:
        """True when the formula gives zero everywhere, up to the rounding of fifty digits."""
        reference = self.evaluated.gradients[position]
        return self.exact and largest([reference]) <= 1e-40 * self.scale

    def _verdict(self, position: int, comparison: Comparison) -> tuple[str, str, Fault | None]:
        if self.unsteady[position]:
            return self._unsteady(comparison)
        application = self.case.application
        if comparison.total == 0:
            return "unchecked", "the gradient has no entries", None
        fault = self.fault(position)
        if fault is not None:
            told = self._beyond_formulas(fault, comparison)
            return ("unchecked", told, None) if told else ("disagree", "", fault)
        slope = self.slopes[position][0]
        if comparison.compared < comparison.total or (slope is not None and not np.isfinite(float(slope.value))):
            return self._not_finite(position)
        if not comparison.within:
            return "disagree", "", self._wrong_result(comparison)
        changed = result_fault(application, position, self.spread[position])
        if changed is not None:
            return "disagree", "", changed
        if slope is not None and slope.kink:
            told = "; ".join(self.kinks)
            return (
                "kink",
                f"not differentiable here: along a random direction the slope is {sides(slope)}. {told}",
                None,
            )
        if slope is not None and self._contradicts(slope, self.slopes[position][1], self._moved(position)):
            along = f"the slope along a random direction is {float(slope.value):.6g}, the conventions give {self.slopes[position][1]:.6g}"
            return (
                "kink",
                f"ops inside are not differentiable here, though the whole may be ({along}). {'; '.join(self.kinks)}",
                None,
            )
        if self._restless is not None:
            return "nondeterministic", str(self._restless), self._restless
        if comparison.digits_lost:
            return "ill-conditioned", digits_told(comparison.digits_lost, comparison.unit), None
        return "agree", "", None

    @cached_property
    def _restless(self) -> Fault | None:
        """A voice or a rule that answers otherwise when it is asked again."""
        found = unsteady_rule(self.case.application)
        return found or unsteady_voice(self._plan_graph(), self._plan_inputs(), self.generator)

    def _unsteady(self, comparison: Comparison) -> tuple[str, str, Fault | None]:
        """The verdict where the plan gives another result when it is run again."""
        fault = unsteady_voice(self._plan_graph(), self._plan_inputs(), self.generator)
        if fault is None and not comparison.within:
            return "disagree", "", self._wrong_result(comparison)
        note = another_result(self.case.application.gradients, self.case.application.plan(*self._plan_inputs()))
        return "nondeterministic", note if fault is None else f"{note}: {fault}", fault

    def _beyond_formulas(self, fault: Fault, comparison: Comparison) -> str:
        """Why nothing can be said of a gradient that differs from its formula; empty when it is wrong."""
        custom = self.case.customs.get(fault.op)
        if custom is not None and custom.left and comparison.within:
            return (
                f"right at these values; but the backward function of {fault.op} computes with numpy or Python numbers, "
                "so nothing can be said of other weights of the output"
            )
        if fault.side == "engine" and self.case.held_inside:
            names = ", ".join(self.case.held_inside)
            return (
                f"by MindSpore's convention the parameters of {names} are constants to its bprop, but the second "
                "derivative is that of bprop itself: no formula has both"
            )
        return ""

    def _wrong_result(self, comparison: Comparison) -> Fault:
        """Rules and formulas agree, but the floats do not: an op that is wrong in this dtype alone, or the plan."""
        found = next(float_faults(self._plan_graph(), self._plan_inputs(), self.case.seed), None)
        found = found or next(made_faults(self.case, self.trials[1].played), None)
        if found is not None:
            return found
        detail = f"the result is off by {comparison.max_abs:.3g} at {list(comparison.index)}, tolerance {comparison.tolerance:.3g}"
        return Fault("plan", None, "result", comparison.index, self.case.application.location, detail)

    def _not_finite(self, position: int) -> tuple[str, str, Fault | None]:
        """The verdict where a value is NaN or infinite."""
        told = not_finite_value(self.case.forward, self.case.values)
        if told:
            return "outside-domain", told, None
        reference, slope = floats(self.evaluated.gradients[position]), self.slopes[position][0]
        if np.all(np.isfinite(reference)) and slope is not None and np.isfinite(float(slope.value)):
            return "disagree", "", overflow(self._plan_graph(), self._plan_inputs())
        told = not_finite_derivative(self.case.forward, self.case.values)
        return "outside-domain", told or "the derivative is not finite here, though every value of the network is", None

    def _evidence(self, position: int, status: str) -> str:
        if status in ("unchecked", "nondeterministic"):
            return "none"
        if status == "disagree":
            return "the witnesses contradict each other"
        arithmetic = f"{DIGITS}-digit arithmetic" if self.exact else "float64"
        parts = [f"rule and formula agree in {arithmetic} with {len(self.trials)} weightings"]
        slope = self.slopes[position][0]
        if slope is None:
            parts.append("the forward program is too large for a slope within the budget")
        elif status != "kink" and not slope.kink and np.isfinite(float(slope.value)):
            parts.append(f"the forward program's slope agrees ({slope.how})")
        parts.append("the result agrees in floats")
        return "; ".join(parts)

    def witnesses(self) -> tuple[str, ...]:
        """What was compared."""
        how = next((slope.how for slope, _ in self.slopes if slope is not None), "none within the budget")
        return ("plan (generated numpy)", "formula (SymPy)", f"slope of the forward program ({how})")

    def flow(self) -> tuple[Flow, ...]:
        """Size of each value and of its cotangent, for the picture of the network."""
        graph = self.case.program
        nodes = []
        arguments = len(self.case.application.program.arguments)
        for position, var in enumerate(graph.inputs):
            nodes.append(self._node(var, "input" if position < arguments else "parameter", None, (), None))
        for eqn in graph.eqns:
            operands = tuple(atom.name for atom in eqn.inputs if isinstance(atom, Var))
            kind = "output" if any(eqn.out is atom for atom in graph.outputs) else "value"
            nodes.append(self._node(eqn.out, kind, eqn.op.label.split("[")[0], operands, eqn.location))
        return tuple(nodes)

    def _node(self, var: Var, kind: str, op: str | None, operands: tuple[str, ...], location: Any) -> Flow:
        value = self.evaluated.values.get(var)
        cotangent = self.evaluated.cotangents.get(var)
        norm = np.nan if value is None else _rms(value)
        return Flow(
            var.name, kind, op, operands, var.shape, norm, None if cotangent is None else _rms(cotangent), location
        )


def _rms(array: Any) -> float:
    values = floats(np.asarray(array))
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
