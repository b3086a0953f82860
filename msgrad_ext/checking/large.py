"""The check of a program that is too large for all of it: which part is compared at full size, which on a sample.

Nothing passes silently. An entry that was compared with its formula is counted; a gradient of which none was compared is
unchecked, with the reason; and the note says how many of how many, and how they were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..gradients.grad_operation import Application
from .case import Case
from .effort import work
from .effort.progress import tell
from .effort.sampling import Sample, samples
from .result import CheckResult, Fault, Gradient
from .witnesses import noise
from .witnesses.compare import compare_floats
from .witnesses.digits import floats

Judged = Callable[[Case, str], CheckResult]

_SLOPELESS = "the forward program is too large for a slope within the budget"


def checked(case: Case, title: str, judged: Judged) -> CheckResult:
    """The check of a case at full size where the budget allows it, else on samples.

    Parameters
    ----------
    case : Case
        What to check.
    title : str
        The network's name.
    judged : callable
        The check of a case at full size.
    """
    if case.effort is None:
        return _sampled(case, title, judged)
    result = judged(case, title)
    if any(_SLOPELESS in gradient.evidence for gradient in result.gradients):
        return _with_slopes(case, title, judged, result)
    return result


def _cases(case: Case) -> list[tuple[Sample, Case]]:
    """The samples that the budget allows, each as a case of its own."""
    found = samples(case.application, case.seed)
    pairs = [(one, Case(one.application, case.seed, case.budget)) for one in found]
    return [(one, small) for one, small in pairs if small.effort is not None]


def _with_slopes(case: Case, title: str, judged: Judged, result: CheckResult) -> CheckResult:
    """``result`` with what the slopes on a sample add: the third witness sees what both roads have in common."""
    gradients = list(result.gradients)
    for sample, small in _cases(case)[:1]:
        tell("slopes on a sample")
        found = judged(small, title)
        faults = [one.fault for one in found.gradients if one.status == "disagree"]
        sound = all(_SLOPELESS not in one.evidence for one in found.gradients)
        told = f"on a sample ({_cut(sample)}) {found.witnesses[-1]} agrees" if found.witnesses else _SLOPELESS
        for place, gradient in enumerate(gradients):
            if faults and gradient.status in ("agree", "ill-conditioned"):
                note = f"seen on a sample: {_cut(sample)}"
                gradients[place] = replace(
                    gradient,
                    status="disagree",
                    fault=faults[0],
                    note=note,
                    evidence="the witnesses contradict each other",
                )
            elif sound:
                gradients[place] = replace(gradient, evidence=gradient.evidence.replace(_SLOPELESS, told))
    return replace(result, gradients=tuple(gradients))


def _sampled(case: Case, title: str, judged: Judged) -> CheckResult:
    """A check of samples alone."""
    application = case.application
    gradients: dict[int, Gradient] = {}
    results: list[tuple[Sample, CheckResult]] = []
    for number, (sample, small) in enumerate(pairs := _cases(case)):
        tell("samples", number, len(pairs))
        result = judged(small, title)
        results.append((sample, result))
        for at, position in enumerate(sample.positions):
            gradients[position] = _compared(case, sample, small, at, result.gradients[at])
    for position in range(len(application.names)):
        if position not in gradients:
            gradients[position] = _left(case, position, results)
    first = results[0][1] if results else None
    return CheckResult(
        title=title,
        gradients=tuple(gradients[position] for position in range(len(application.names))),
        flow=first.flow if first else (),
        output=np.array(application.program.result[0]) if application.program.result else None,
        sens="ones" if application.sens is None else "given",
        seed=case.seed,
        witnesses=first.witnesses if first else (),
        notes=case.reference.notes,
        location=application.location,
    )


def _compared(case: Case, sample: Sample, small: Case, at: int, judged: Gradient) -> Gradient:
    """The verdict on one gradient of the whole: that of the sample, and what was recorded there against the formula."""
    application, position = case.application, sample.positions[at]
    value = application.gradients[position]
    whole = replace(judged, value=value, reference=None, name=application.names[position])
    if judged.status == "disagree":
        return replace(whole, note=_joined(judged.note, f"seen on a sample: {_cut(sample)}"))
    recorded = np.asarray(sample.recorded(application, at))
    if judged.reference is None or recorded.size == 0:
        return whole
    graph = small.application.plan.graph
    inputs = [*map(np.asarray, small.application.program.values), *(small.application.sens or ())]
    deviation = noise.spread(graph, inputs, np.random.default_rng(case.seed + 1))[at] * sample.factor
    unit = noise.coarsest(graph, graph.outputs[at], value.dtype)
    reference = floats(judged.reference) * sample.factor
    zero = judged.status == "agree" and not reference.any()
    found = compare_floats(recorded, reference, deviation, unit, zero)
    whole = replace(
        whole,
        max_abs=found.max_abs,
        max_rel=found.max_rel,
        max_ulp=found.max_ulp,
        compared=found.compared,
        tolerance=found.tolerance,
        note=_joined(judged.note, _how_many(found.compared, value.size, sample, case.seed)),
    )
    same = np.array_equal(np.isfinite(recorded), np.isfinite(reference))
    if judged.status in ("agree", "ill-conditioned", "kink") and not (found.within and same):
        return replace(
            whole,
            status="disagree",
            fault=_wrong_at(application, sample, at, recorded, reference, found),
            evidence="the witnesses contradict each other",
        )
    return whole


def _wrong_at(
    application: Application, sample: Sample, at: int, recorded: np.ndarray, reference: np.ndarray, found: Any
) -> Fault:
    """The fault of a result that is wrong though the same program on the sample is right."""
    odd = np.argwhere(np.isfinite(recorded) != np.isfinite(reference))
    spot = tuple(int(one) for one in odd[0]) if len(odd) else found.index
    index = sample.index(at, spot)
    told = (
        f"the result is {float(recorded[spot]):.10g} at {list(index)}, the formula {float(reference[spot]):.10g}; "
        "the same program on a sample of the data is right"
    )
    return Fault("plan", None, "result", index, application.location, told)


def _left(case: Case, position: int, results: Sequence[tuple[Sample, CheckResult]]) -> Gradient:
    """A gradient of which no entry could be compared; wrong, if an op of the network was found to be."""
    application = case.application
    faults = [one.fault for _, result in results for one in result.gradients if one.fault is not None]
    told = [f"no entry of it was compared: {too_much(case)}"]
    if results and not faults:
        cuts = "; ".join(_cut(sample) for sample, _ in results)
        told.append(f"the network itself was checked on a sample ({cuts})")
    asked = (application.names[position], application.kinds[position], application.gradients[position])
    if not faults:
        return Gradient.unseen(*asked, "unchecked", "; ".join(told), None)
    seen = f"seen on a sample: {_cut(results[0][0])}"
    return Gradient.unseen(*asked, "disagree", seen, faults[0], "the witnesses contradict each other")


def too_much(case: Case) -> str:
    """Why a check at full size is over the budget."""
    least, budget = work.EFFORTS[-1], case.budget
    operations = work.cost(case.backward, case.gathered, least)
    if operations > budget.floats:
        return (
            f"that takes about {operations:.1e} operations, over the budget of {budget.floats:.1e}; "
            "a larger budget allows it"
        )
    return f"that takes about {work.memory(case.backward, least):.1e} bytes, over the budget of {budget.memory:.1e}"


def _how_many(compared: int, total: int, sample: Sample, seed: int) -> str:
    if compared == total:
        return ""
    return f"{compared:,} of {total:,} entries were compared, chosen at random, seed {seed} ({_cut(sample)})"


def _cut(sample: Sample) -> str:
    """What a sample keeps of the axes of its first gradient."""
    kept = sample.places[0]
    whole = sample.whole[0]
    parts = [
        f"{len(some):,} of {n:,} along axis {axis}" for axis, (some, n) in enumerate(zip(kept, whole)) if len(some) < n
    ]
    return f"{' and '.join(parts)} of {sample.application.names[0]}" if parts else "all of it"


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


__all__ = ["checked", "too_much"]
