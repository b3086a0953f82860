"""`Blame`: who made a gradient wrong. Asked only of what the witnesses contradict each other in; each search is made once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from ..ir import Atom, Var
from ..reversing.reverse import lower
from ..voice import foreign
from .case import DOUBLE
from .culprit.custom import custom_faults
from .culprit.inside import first_of, inner_faults, made_faults
from .culprit.locate import faults, first_difference, float_faults, forward_faults
from .culprit.state import unsteady_rule, unsteady_trace, unsteady_voice
from .culprit.steps import pass_faults
from .hearing import Hearing, Trial
from .result import Fault
from .witnesses import noise
from .witnesses.compare import Comparison
from .witnesses.constants import explained
from .witnesses.digits import floats
from .witnesses.kinks import conventions
from .witnesses.linear import rounding_fault


class Blame:
    """The faults of one case."""

    def __init__(self, heard: Hearing) -> None:
        self.heard = heard
        self.case = heard.case

    @cached_property
    def found(self) -> Fault | None:
        """Who is wrong: voices, the recorded pass, what was made of it, passes inside, what the user wrote."""
        return first_of(self._suspects())

    def _suspects(self) -> Iterator[Iterable[Fault]]:
        case = self.case
        yield forward_faults(case.forward, case.values)
        for trial in self.heard.trials:
            yield pass_faults(trial.played, case.seed)
        yield inner_faults(case, case.seed)
        if case.has_custom:
            yield custom_faults(case.application, case.seed)
        yield faults(case.forward, case.values, case.seed)

    def fault(self, position: int) -> Fault | None:
        """Who made gradient ``position`` wrong, or None if it is right."""
        for trial in self.heard.trials:
            ruled, evaluated = trial.played.outputs, trial.evaluated
            index = first_difference(ruled[position], evaluated.gradients[position], self.heard.exact, self.heard.scale)
            if index is not None and not self._rounding(position, trial):
                if self.found is not None:
                    return self.found
                pair = (np.asarray(evaluated.gradients[position]), np.asarray(ruled[position]))
                if not all(one.ndim == len(index) and np.isfinite(float(one[index])) for one in pair):
                    continue
                detail = (
                    "every op agrees with its meaning by itself, but the whole does not: cotangents were added wrongly"
                )
                return Fault("reverse pass", None, "engine", index, self.case.application.location, detail)
        unseen = self._unseen(position)
        if unseen is not None:
            return unseen
        if self._wrong_output is not None and self.found is not None:
            return self.found
        slope, predicted = self.heard.slopes[position]
        if (
            slope is not None
            and not slope.kink
            and self.heard.contradicts(slope, predicted, self.heard.moved(position))
        ):
            if self.found is not None:
                return self.found
            # At kinks of single ops the conventions need not add up to the slope of the whole, though every rule is right.
            if self.kinks:
                return None
            detail = f"rules and formulas agree, but the forward program's slope is {float(slope.value):.10g}, not {predicted:.10g}"
            return Fault("network", None, "both", None, self.case.application.location, detail)
        return None

    @cached_property
    def kinks(self) -> list[str]:
        """The conventions of the ops that are not differentiable at their operands' values."""
        return conventions(self.case.forward, self.case.values, self.case.seed)

    @cached_property
    def _inside(self) -> set[Var]:
        """Variables whose cotangent is not the formula's, though the gradients may be."""
        wrong: set[Var] = set()
        for trial in self.heard.trials if self.heard.exact else []:
            for var, held in trial.played.record.cotangents.items():
                meant = trial.evaluated.cotangents.get(var)
                if meant is None or not np.isfinite(floats(meant)).all():
                    continue
                value = trial.played.value(held)
                if trial.played.differ(value, meant) is not None and not self._constants(trial, held, value, meant):
                    wrong.add(var)
        return wrong

    def _constants(self, trial: Trial, atom: Atom, value: Any, meant: Any) -> bool:
        """True when constants that a rule had to round explain how the value of ``atom`` differs from the formula's."""
        record, judged = self.case.record, self.case.judged
        place = len(record.graph.outputs) + [id(one) for one in record.atoms].index(id(atom))
        return explained(judged, len(judged.eqns) - len(record.eqns), trial.played.arrays, value, meant, place)

    def _unseen(self, position: int) -> Fault | None:
        """A fault on the way of a gradient that it need not show itself: rounding, or lies that cancel each other."""
        record = self.case.record
        reached = record.reached(record.wrt[position])
        rounds = rounding_fault(record, reached)
        if rounds is not None:
            return rounds
        return self.found if reached & self._inside else None

    @cached_property
    def _wrong_output(self) -> tuple[int, ...] | None:
        """Where an output of the network is not what it means, in the arithmetic of the trials."""
        played = self.heard.given.played
        outputs = [atom for atom in self.case.record.forward.outputs if atom.dtype.kind == "f"]
        for atom, meant in zip(outputs, self.heard.evaluated.outputs):
            if not isinstance(atom, Var):
                continue
            index = played.differ(played.value(atom), meant)
            if index is not None and (self.heard.exact or not self._near(atom, meant)):
                return index
        return None

    def _near(self, atom: Var, meant: Any) -> bool:
        """True when rounding in float64 explains how an output differs from what it means."""
        place = self.case.record.forward.outputs.index(atom)
        deviation = noise.spread(self.case.forward, self.case.arrays, self.heard.generator)[place]
        value = self.heard.given.played.value(atom)
        return bool(np.all(np.abs(value - meant) <= noise.tolerance(deviation, floats(meant), DOUBLE)))

    def _rounding(self, position: int, trial: Trial) -> bool:
        """True when rounding explains the difference: of float64, or in fifty digits of a rule's constants."""
        if self.heard.exact:
            pair = (trial.played.outputs[position], trial.evaluated.gradients[position])
            return self._constants(trial, self.case.record.gradients[position], *pair)
        inputs = [*self.case.arrays, *trial.weights]
        place = len(self.case.forward.outputs) + position
        deviation = noise.spread(self.case.backward, inputs, self.heard.generator, self.heard.effort.noise)[place]
        reference = trial.evaluated.gradients[position]
        gap = np.abs(trial.played.outputs[position] - reference)
        return bool(np.all(gap <= noise.tolerance(deviation, reference, DOUBLE)))

    @cached_property
    def stranger(self) -> Fault | None:
        """A ``numpy`` voice from elsewhere that is wrong in the program's own dtype, where the gradient need not show it."""
        graph = lower(self.case.application.program.graph)
        if not any(foreign(type(eqn.op).numpy) for eqn in graph.eqns):
            return None
        return next(float_faults(graph, [*map(np.asarray, self.case.application.program.values)], self.case.seed), None)

    @cached_property
    def restless(self) -> Fault | None:
        """A voice or a rule that answers otherwise when it is asked again."""
        found = unsteady_rule(self.case.application) or unsteady_trace(self.case.application)
        return found or unsteady_voice(self.heard.plan_graph, self.heard.plan_inputs, self.heard.generator)

    def left_to_numpy(self) -> str:
        """What to know of backward functions that compute with numpy, though their results are right; empty if none does."""
        names = [name for name, custom in self.case.customs.items() if custom.left]
        if not names:
            return ""
        return (
            f"the backward function of {', '.join(names)} computes with numpy or Python numbers: it is right at these values, "
            "and has no derivative of its own"
        )

    def beyond_formulas(self, fault: Fault, comparison: Comparison) -> str:
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

    def wrong_result(self, comparison: Comparison) -> Fault:
        """Rules and formulas agree, but the floats do not: an op that is wrong in this dtype alone, or the plan."""
        found = next(float_faults(self.heard.plan_graph, self.heard.plan_inputs, self.case.seed), None)
        found = found or next(made_faults(self.case, self.heard.given.played), None)
        if found is not None:
            return found
        detail = f"the result is off by {comparison.max_abs:.3g} at {list(comparison.index)}, tolerance {comparison.tolerance:.3g}"
        return Fault("plan", None, "result", comparison.index, self.case.application.location, detail)
