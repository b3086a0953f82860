"""`Hearing`: what the witnesses of one case say, each asked once: the recorded pass, the formulas, the slopes, the plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..ir import Graph
from ..numeric.interpreter import run, widen
from ..reversing.reverse import lower
from .case import Case
from .culprit.state import unsteady_plan
from .culprit.steps import Played
from .effort.progress import tell
from .effort.work import EFFORTS, held, scalars
from .witnesses import noise, witness
from .witnesses.digits import floats, numbers
from .witnesses.linear import is_linear
from .witnesses.reference import Evaluated


@dataclass(frozen=True, eq=False)
class Trial:
    """Both roads with the same weights: the pass that ran, played, and the formulas."""

    weights: list[np.ndarray]
    played: Played
    evaluated: Evaluated


class Hearing:
    """The witnesses of one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        application = case.application
        self.effort = case.effort or EFFORTS[-1]
        small = scalars(case.backward) <= case.budget.exact and held(case.backward, True) <= case.budget.memory
        # What the user wrote may use ops that the network itself does not.
        asked = case.backward if case.has_custom else case.forward
        self.exact = small and witness.runs_exactly(asked, [*case.arrays, *case.weights][: len(asked.inputs)])
        self.generator = np.random.default_rng(case.seed + 1)
        self.spread = noise.spread(self.plan_graph, self.plan_inputs, self.generator, self.effort.noise)
        if any(not np.any(one) for one in self.spread) and len(case.record.eqns) > len(self.plan_graph.eqns):
            # What was folded into a constant has been rounded too.
            whole = lower(case.record.graph if application.sens is not None else case.record.with_ones())
            unfolded = noise.spread(whole, self.plan_inputs, self.generator, self.effort.noise)[
                len(case.record.forward.outputs) :
            ]
            self.spread = tuple(map(np.maximum, self.spread, unfolded))
        self.unsteady = unsteady_plan(application.plan, self.plan_inputs, application.gradients, self.generator)
        self.scale = 0.0
        # The weights of the first trial are those of the slopes, the last are the user's.
        self.weightings = [case.random_weights, case.weights][-self.effort.weightings :]
        self.trials = [self._trial(weights) for weights in self.weightings]
        self.given = self.trials[-1]
        self.evaluated = self.given.evaluated
        if not is_linear(case.record):
            # What is linear in the weights is known by two weightings; else signs and sizes may matter.
            self.trials += [self._trial([factor * weight for weight in case.random_weights]) for factor in (-1e3, 1e-3)]

    @cached_property
    def plan_inputs(self) -> list[np.ndarray]:
        """What the plan was run on: inputs, then weights."""
        application = self.case.application
        return [*(np.asarray(value) for value in application.program.values), *(application.sens or ())]

    @property
    def plan_graph(self) -> Graph:
        """The simplified program that the plan was made of."""
        return self.case.application.plan.graph

    def _trial(self, weights: list[np.ndarray]) -> Trial:
        """Gradients by the rules that ran and by the formulas with these weights, in fifty digits or float64."""
        case = self.case
        tell("rules and formulas")
        inputs: list[Any] = case.arrays
        given = weights
        if self.exact:
            inputs = [numbers(array) if array.dtype.kind == "f" else array for array in inputs]
            given = [numbers(weight) for weight in weights]
        played = Played(case.record, [*inputs, *given], self.exact, case.judged)
        self.scale = max(self.scale, played.scale)
        return Trial(weights, played, case.reference.evaluate(inputs, given))

    @cached_property
    def interpreted(self) -> tuple[np.ndarray, ...]:
        """The gradients as the plan's graph gives them, equation by equation."""
        return run(self.plan_graph, self.plan_inputs)

    @cached_property
    def better(self) -> list[np.ndarray]:
        """The gradients by the rules that ran: in extended precision where that is affordable, else in float64."""
        if scalars(self.case.backward) > 40 * self.case.budget.extended:
            return [np.asarray(one) for one in self.given.played.outputs]
        wide = np.dtype(np.longdouble)
        graph = widen(self.case.backward, wide)
        given = [*self.case.arrays, *self.case.weights]
        arrays = [array.astype(wide) if array.dtype.kind == "f" else array for array in given]
        return list(run(graph, arrays)[len(self.case.forward.outputs) :])

    @cached_property
    def directions(self) -> list[np.ndarray]:
        """A random direction for each input that a gradient is taken by."""
        return [self.generator.standard_normal(var.shape) for var in self.case.wrt]

    def _slope_along(self, positions: list[int]) -> tuple[witness.Slope | None, float]:
        """The forward program's slope when these inputs move, and what the formula says it is."""
        case, evaluated = self.case, self.trials[0].evaluated
        moves = {case.wrt[position]: self.directions[position] for position in positions}
        slope = witness.slope(case.forward, case.arrays, moves, self.weightings[0], case.budget)
        terms = [np.sum(floats(evaluated.gradients[position]) * self.directions[position]) for position in positions]
        return slope, float(sum(terms))

    @cached_property
    def slopes(self) -> list[tuple[witness.Slope | None, float]]:
        """For each gradient a slope and what the formula says; all inputs move at once, unless that tells of trouble."""
        everything = list(range(len(self.case.wrt)))
        slope, predicted = self._slope_along(everything)
        if slope is None or len(everything) == 1 or not self._suspicious(slope, predicted, everything):
            return [(slope, predicted)] * len(everything)
        found = []
        for position in everything:
            tell("slopes", position, len(everything))
            found.append(self._slope_along([position]))
        return found

    def _suspicious(self, slope: witness.Slope, predicted: float, positions: list[int]) -> bool:
        finite = np.isfinite(float(slope.value)) and np.isfinite(predicted)
        return slope.kink or not finite or self.contradicts(slope, predicted, positions)

    def moved(self, position: int) -> list[int]:
        """The inputs that moved for the slope of gradient ``position``."""
        return [position] if self.slopes.count(self.slopes[0]) == 1 else list(range(len(self.case.wrt)))

    def contradicts(self, slope: witness.Slope, predicted: float, positions: list[int]) -> bool:
        """True when the slope and the formula's prediction differ by more than both arithmetics explain."""
        value = float(slope.value)
        if not (np.isfinite(value) and np.isfinite(predicted)):
            return False
        sizes = [np.sum(np.abs(floats(self.trials[0].evaluated.gradients[position]))) for position in positions]
        scale = float(sum(sizes)) + abs(value)
        return abs(value - predicted) > 100 * slope.error + 1e-12 * scale
