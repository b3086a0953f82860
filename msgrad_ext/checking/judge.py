"""`Judge`: compares what the witnesses of one case say and gives each gradient its status, evidence and fault."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .blame import Blame
from .case import Case
from .culprit.locate import first_difference, overflow
from .culprit.results import result_fault
from .culprit.state import unsteady_voice
from .culprit.statuses import another_result, digits_told, not_finite_derivative, not_finite_value, sides
from .evidence.ladder import ladders
from .evidence.rungs import Ladder
from .hearing import Hearing
from .result import Fault, Gradient
from .witnesses import noise
from .witnesses.accuracy import accuracy_of
from .witnesses.compare import Comparison, compare_floats
from .witnesses.digits import DIGITS, floats, largest
from .witnesses.domain import flipping_branch, not_finite_input
from .witnesses.witness import Slope

Verdict = tuple[str, str, Fault | None]


class Judge:
    """The verdicts on one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.heard = Hearing(case)
        self.blame = Blame(self.heard)

    def gradient(self, position: int) -> Gradient:
        """The verdict on gradient ``position``."""
        application = self.case.application
        value = application.gradients[position]
        reference = floats(self.heard.evaluated.gradients[position])
        unit = noise.coarsest(self.heard.plan_graph, self.heard.plan_graph.outputs[position], value.dtype)
        zero = self._is_zero(position)
        if zero and not value.any() and np.isfinite(reference).all():
            # What fifty digits leave of an exact zero is their rounding, not a reference.
            reference = np.zeros_like(reference)
        comparison = compare_floats(value, reference, self.heard.spread[position], unit, zero)
        if not comparison.within and self._formula_is_coarse(position):
            # In float64 the formula may round where the rule does not: what ran, in better arithmetic, is the measure then.
            reference = np.asarray(self.heard.better[position], np.float64)
            comparison = compare_floats(value, reference, self.heard.spread[position], unit, zero)
        accuracy = accuracy_of(value, reference, self.heard.spread[position], unit, comparison)
        status, note, fault = self._verdict(position, comparison)
        return Gradient(
            name=application.names[position],
            kind=application.kinds[position],
            value=value,
            reference=reference,
            status=status,
            evidence=self._evidence(position, status),
            **comparison.figures,
            origin=noise.origin(self.heard.effort.noise),
            note=note,
            fault=fault,
            ladder=self.ladders[position] if status in ("agree", "ill-conditioned") else None,
            accuracy=accuracy,
        )

    @cached_property
    def ladders(self) -> list[Ladder]:
        """How strong the evidence for each gradient's rules is."""
        return ladders(self.case, self.heard.exact)

    def _formula_is_coarse(self, position: int) -> bool:
        """True when rule and formula agree as well as float64 tells, and nothing better than float64 can be had of the formula."""
        if self.heard.exact or any(eqn.op.in_float64 for eqn in self.case.backward.eqns):
            return False
        pairs = ((one.played.outputs[position], one.evaluated.gradients[position]) for one in self.heard.trials)
        return all(first_difference(*pair, False, self.heard.scale) is None for pair in pairs)

    def _is_zero(self, position: int) -> bool:
        """True when the formula gives zero everywhere, up to the rounding of fifty digits."""
        reference = self.heard.evaluated.gradients[position]
        return self.heard.exact and largest([reference]) <= 1e-40 * self.heard.scale

    def _verdict(self, position: int, comparison: Comparison) -> Verdict:
        if self.heard.unsteady[position]:
            return self._unsteady(comparison)
        application = self.case.application
        if comparison.total == 0:
            return "unchecked", "the gradient has no entries", None
        lost = self._lost
        if lost and (comparison.compared < comparison.total or not comparison.within or self.blame.fault(position)):
            return "outside-domain", lost, None
        fault = self.blame.fault(position)
        if fault is not None:
            told = self.blame.beyond_formulas(fault, comparison)
            return ("unchecked", told, None) if told else ("disagree", "", fault)
        slope = self.heard.slopes[position][0]
        if comparison.compared < comparison.total or (slope is not None and not np.isfinite(float(slope.value))):
            return self._not_finite(position)
        heard = self.heard
        changed = result_fault(
            application, position, heard.interpreted[position], heard.spread[position], not heard.exact
        )
        if not comparison.within or changed is not None:
            return self._wrong_result(comparison, changed)
        kink = self._kink(position, slope)
        if kink:
            return "kink", kink, None
        if self.blame.stranger is not None:
            return "disagree", "", self.blame.stranger
        if self.blame.restless is not None:
            return "nondeterministic", str(self.blame.restless), self.blame.restless
        if comparison.digits_lost:
            return "ill-conditioned", digits_told(comparison.digits_lost, comparison.unit), None
        return "agree", self.blame.left_to_numpy(), None

    def _wrong_result(self, comparison: Comparison, changed: Fault | None) -> Verdict:
        """The verdict where rules and formulas agree, and what came back does not: a voice may answer as it likes."""
        fault = changed if changed is not None and comparison.within else self.blame.wrong_result(comparison)
        restless = self.blame.stranger or self.blame.restless if fault.op == "plan" else None
        if restless is not None and restless is not self.blame.stranger:
            return "nondeterministic", str(restless), restless
        return "disagree", "", restless or fault

    def _kink(self, position: int, slope: Slope | None) -> str:
        """Why the network is not differentiable here, with the slopes and the convention; empty if it is."""
        told = "; ".join(self.blame.kinks) if slope is not None and (slope.kink or self._conventional(position)) else ""
        if slope is not None and slope.kink:
            return f"not differentiable here: along a random direction the slope is {sides(slope)}. {told}"
        if slope is not None and self._conventional(position):
            predicted = self.heard.slopes[position][1]
            along = (
                f"the slope along a random direction is {float(slope.value):.6g}, the conventions give {predicted:.6g}"
            )
            return f"ops inside are not differentiable here, though the whole may be ({along}). {told}"
        branch = self._branch
        return f"{branch}; the gradient is that of the branch taken" if branch else ""

    @cached_property
    def _branch(self) -> str:
        """The Python branch that flips beside this point; empty if none does."""
        return flipping_branch(self.case, self.heard.exact)

    @cached_property
    def _lost(self) -> str:
        """The input that is not finite; empty if all are."""
        return not_finite_input(self.case)

    def _conventional(self, position: int) -> bool:
        """True when the gradient is made of conventions that do not add up to the slope of the whole."""
        slope, predicted = self.heard.slopes[position]
        return slope is not None and self.heard.contradicts(slope, predicted, self.heard.moved(position))

    def _unsteady(self, comparison: Comparison) -> Verdict:
        """The verdict where the plan gives another result when it is run again."""
        fault = unsteady_voice(self.heard.plan_graph, self.heard.plan_inputs, self.heard.generator)
        if fault is None and not comparison.within:
            return "disagree", "", self.blame.wrong_result(comparison)
        again = self.case.application.plan(*self.heard.plan_inputs)
        note = another_result(self.case.application.gradients, again)
        return "nondeterministic", note if fault is None else f"{note}: {fault}", fault

    def _not_finite(self, position: int) -> Verdict:
        """The verdict where a value is NaN or infinite."""
        told = not_finite_value(self.case.forward, self.case.values)
        if told:
            return "outside-domain", told, None
        reference, slope = floats(self.heard.evaluated.gradients[position]), self.heard.slopes[position][0]
        if np.all(np.isfinite(reference)) and slope is not None and np.isfinite(float(slope.value)):
            return "disagree", "", overflow(self.heard.plan_graph, self.heard.plan_inputs)
        told = not_finite_derivative(self.case.forward, self.case.values)
        return "outside-domain", told or "the derivative is not finite here, though every value of the network is", None

    def _evidence(self, position: int, status: str) -> str:
        if status in ("unchecked", "nondeterministic"):
            return "none"
        if status == "disagree":
            return "the witnesses contradict each other"
        arithmetic = f"{DIGITS}-digit arithmetic" if self.heard.exact else "float64"
        count = len(self.heard.trials)
        told = [self.ladders[position].told] if status in ("agree", "ill-conditioned") else []
        parts = [*told, f"rule and formula agree in {arithmetic} with {count} weighting{'s' if count > 1 else ''}"]
        slope = self.heard.slopes[position][0]
        if slope is None:
            parts.append("the forward program is too large for a slope within the budget")
        elif status != "kink" and not slope.kink and np.isfinite(float(slope.value)):
            parts.append(f"the forward program's slope agrees ({slope.how})")
        parts.append("the result agrees in floats")
        return "; ".join(parts)

    def witnesses(self) -> tuple[str, ...]:
        """What was compared."""
        how = next((slope.how for slope, _ in self.heard.slopes if slope is not None), "none within the budget")
        return ("plan (generated numpy)", "formula (SymPy)", f"slope of the forward program ({how})")
