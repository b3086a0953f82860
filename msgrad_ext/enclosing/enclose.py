"""An application's gradients, enclosed: formulas in balls, more bits until they are narrow, results measured against them.

The balls come from the derivation's lines, which know nothing of the numeric rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..checking.case import Case
from ..checking.effort.budget import Budget
from ..checking.result import CheckResult, Fault, Gradient
from ..checking.witnesses import noise
from ..errors import ArgumentValueError, Location, MsgradError, user_location
from ..formulas.product_value import FormulaTooLargeError
from ..gradients.grad_operation import Application
from ..ir import Var
from . import balls
from .lines import enclose_lines
from .measure import Measured, measure
from .place import TooMuchWorkError, Work
from .result import EnclosedGradient, Enclosure, figure

SECONDS = 30.0
_LEAST, _MOST = 64, 4096
_TIMES = 4

_ENCLOSED = "enclosed: "
MISSING = f"not enclosed: python-flint is not installed ({balls.INSTALL})"


def enclose_application(
    application: Application | None, title: str, bits: int = 128, seed: int = 0, seconds: float | None = None
) -> Enclosure:
    """Enclose every gradient of one application.

    Parameters
    ----------
    application : Application or None
        What was computed, if anything was.
    title : str
        The network's name.
    bits : int
        Precision to begin with; it is doubled, up to four times, while that makes more balls narrow.
    seed : int
        For the roundings of the tolerance.
    seconds : float, optional
        About how long it may take, by a count of operations.

    Raises
    ------
    ArgumentValueError
        If ``bits`` is not a whole number from 64 to 4096, or ``seconds`` is not positive.
    """
    if isinstance(bits, bool) or not isinstance(bits, (int, np.integer)) or not _LEAST <= bits <= _MOST:
        raise ArgumentValueError(
            f"The bits of an enclosure must be a whole number from {_LEAST} to {_MOST}, but got {bits!r}.",
            user_location(),
        )
    if seconds is not None and not 0 < seconds < np.inf:
        raise ArgumentValueError(f"The seconds must be a positive number, but got {seconds!r}.", user_location())
    if application is None:
        return Enclosure(title, (), "not enclosed: nothing was computed")
    if not balls.available():
        return Enclosure(title, (), MISSING)
    case = Case(application, seed, Budget())
    refused = _refusal(case)
    if refused:
        return Enclosure(title, (), f"not enclosed: {refused}")
    try:
        with np.errstate(all="ignore"):
            return Enclosure(title, _Encloser(case, SECONDS if seconds is None else seconds).run(int(bits)))
    except (FormulaTooLargeError, TooMuchWorkError, NotImplementedError, MsgradError) as error:
        return Enclosure(title, (), f"not enclosed: {error}")


def _refusal(case: Case) -> str:
    """Why there is nothing to enclose; empty if there is."""
    if not any(isinstance(atom, Var) for atom in case.outputs):
        return "the output is a constant or not float"
    if any(var.dtype.kind != "f" for var in case.application.wrt):
        return "a gradient by an integer input is truncated to integers"
    return ""


class _Encloser:
    """The enclosure of one case."""

    def __init__(self, case: Case, seconds: float) -> None:
        self.case = case
        self.work = Work(seconds)
        self.derivation = case.reference.derivation
        self.values = {var.name: one for var, one in zip(case.program.inputs, case.application.program.values)}
        names = (self.derivation.inputs[key] for key in self.derivation.weights)
        self.weights = dict(zip(names, case.weights))
        self.wanted = [self.derivation.gradients[var] for var in case.application.wrt]
        self.scale = max((float(np.max(np.abs(one), initial=0.0)) for one in case.weights), default=0.0)

    def run(self, bits: int) -> tuple[EnclosedGradient, ...]:
        """Balls with more and more bits, as long as that makes more of them narrow and may be afforded."""
        found = self.measured(bits)
        while (open_before := _open(found)) and bits < _LEAST * 8 * _TIMES:
            before = self.work.done
            if before * 3 > self.work.most:
                break
            better = self.measured(2 * bits)
            if _open(better) == open_before:
                break
            found, bits = better, 2 * bits
        spread = noise.spread(self.graph, self.inputs, np.random.default_rng(self.case.seed + 1))
        application = self.case.application
        given = zip(application.names, found, spread)
        return tuple(_told(name, one, deviation, bits) for name, one, deviation in given)

    @property
    def graph(self) -> Any:
        """The program that computed the gradients."""
        return self.case.application.plan.graph

    @property
    def inputs(self) -> list[np.ndarray]:
        """Its inputs."""
        application = self.case.application
        return [*map(np.asarray, application.program.values), *(application.sens or ())]

    def measured(self, bits: int) -> list[Measured]:
        """The gradients against balls of ``bits`` bits."""
        with balls.precision(bits):
            found = enclose_lines(self.derivation, {**self.values, **self.weights}, self.wanted, self.work)
            pairs = zip(self.case.application.gradients, self.wanted)
            return [measure(np.asarray(value), found[key], self.scale) for value, key in pairs]


def _open(found: Sequence[Measured]) -> int:
    """How many entries are not enclosed."""
    return sum(int(np.sum(~one.narrow)) for one in found)


def _told(name: str, one: Measured, deviation: np.ndarray, bits: int) -> EnclosedGradient:
    """The figures of one gradient."""
    enclosed, total = int(one.narrow.sum()), one.value.size
    allowed = noise.tolerance(deviation, one.middle, one.value.dtype)
    outside = one.outside(allowed)
    error = float(np.max(one.error, where=one.narrow, initial=0.0)) if enclosed else np.nan
    size = one.size
    ulps = one.ulps
    median, high = (float(np.percentile(ulps, q, method="higher")) if enclosed else np.nan for q in (50, 99))
    index, note = None, ""
    if outside.any():
        gap = np.where(outside, one.error / allowed, -np.inf)
        index = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
        note = (
            f"at {list(index)} the result is {one.value[index]!s}, but the derivative is {one.middle[index]:.17g}, "
            f"proven; rounding explains {figure(float(allowed[index]))}"
        )
    elif enclosed < total:
        entries = "1 entry" if total - enclosed == 1 else f"{total - enclosed:,} entries"
        note = f"nothing is known of {entries}: a kink, a jump or a pole, or outside of the domain"
    return EnclosedGradient(
        name=name,
        dtype=str(one.value.dtype),
        status="disagree" if index is not None else "agree" if enclosed else "unchecked",
        bits=bits,
        enclosed=enclosed,
        undetermined=total - enclosed,
        total=total,
        error=error,
        eps=(error / (one.eps * size) if size else np.inf if error else 0.0) if enclosed else np.nan,
        size=size,
        ulp_median=median,
        ulp_99=high,
        ulp_max=float(ulps.max()) if enclosed else np.nan,
        radius=float(np.max(one.radius, where=one.narrow, initial=0.0)) if enclosed else np.nan,
        note=note,
        index=index,
    )


def entered(result: CheckResult, enclosure: Enclosure) -> CheckResult:
    """``result`` with an enclosure: in the evidence of its gradients, and in the status of those that it disproves."""
    by_name = {one.name: one for one in enclosure.gradients}
    gradients = (_entered(one, by_name.get(one.name), result.location) for one in result.gradients)
    return replace(result, gradients=tuple(gradients), enclosure=enclosure)


def _entered(gradient: Gradient, found: EnclosedGradient | None, location: Location | None) -> Gradient:
    first, _, rest = gradient.evidence.partition("; ")
    before = rest if first.startswith(_ENCLOSED) else gradient.evidence
    if found is None or not found.enclosed or gradient.status == "disagree":
        return replace(gradient, evidence=before)
    if found.status == "disagree":
        fault = Fault("plan", None, "result", found.index, location, found.note)
        return replace(gradient, status="disagree", evidence="the result lies outside of its ball", fault=fault)
    parts = [_ENCLOSED + found.told, *([before] if before not in ("", "none") else [])]
    return replace(gradient, evidence="; ".join(parts))


__all__ = ["MISSING", "enclose_application", "entered"]
