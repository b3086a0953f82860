"""What a check found: plain frozen data, read by reports, views and exporters.

Statuses are strings; `STATUSES` lists them from best to worst, and a verdict is the worst of its gradients.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..enclosing.result import Enclosure
from ..errors import Location
from .evidence.rungs import Ladder

STATUSES = (
    "agree",
    "ill-conditioned",
    "kink",
    "outside-domain",
    "refused",
    "unchecked",
    "nondeterministic",
    "disagree",
)
SIDES = ("numeric", "symbolic", "engine", "seed", "result", "forward", "both")


def worst(statuses: Iterable[str]) -> str:
    """The worst of ``statuses``; with none at all nothing was checked."""
    return max(statuses, key=STATUSES.index, default="unchecked")


@dataclass(frozen=True)
class Voice:
    """What one witness says of one number: ``text`` has enough digits to tell it from the others."""

    who: str
    value: float
    text: str


@dataclass(frozen=True)
class Testimony:
    """The witnesses heard at one place.

    Attributes
    ----------
    what : str
        Which number they were asked for.
    voices : tuple of Voice
        What each says.
    conclusion : str
        Who agrees with whom, and who is wrong by that.
    alone : bool
        True when the witnesses were asked about the op by itself, and not about the whole network.
    """

    what: str
    voices: tuple[Voice, ...]
    conclusion: str
    alone: bool = True


@dataclass(frozen=True)
class Reproducer:
    """The least code that shows a fault again.

    Attributes
    ----------
    code : str
        To be pasted into a cell; empty when there is none.
    elements : int
        Numbers that the largest of its inputs has.
    note : str
        That it was run, or why there is none, or why it is not smaller.
    """

    code: str
    elements: int
    note: str


@dataclass(frozen=True)
class Fault:
    """Who is wrong: the op, its operand, the side (one of `SIDES`), the first offending index and the user's line.

    ``line`` is the line number in the user's cell or file, or None; ``location`` has its text. ``testimony`` has what each
    witness says at the offending place, ``reproduction`` the least code that shows the fault again.
    """

    op: str
    operand: str | None
    side: str
    index: tuple[int, ...] | None
    location: Location | None
    detail: str
    testimony: Testimony | None = None
    reproduction: Reproducer | None = None

    @property
    def reproducer(self) -> str:
        """Code to paste into a cell that shows this fault again; empty when there is none."""
        return self.reproduction.code if self.reproduction else ""

    @property
    def line(self) -> int | None:
        """The line of the user's cell."""
        return self.location.line if self.location else None

    def __str__(self) -> str:
        what = self.op if self.operand is None else f"{self.op}, operand {self.operand}"
        where = f", at {list(self.index)}" if self.index else ""
        line = f" ({self.location})" if self.location else ""
        return f"{what}, {self.side} side{where}: {self.detail}{line}"


@dataclass(frozen=True)
class Accuracy:
    """How good a float gradient is, whatever its rule.

    Attributes
    ----------
    digits, of : int
        Decimal digits of the largest entry that are right, and how many the coarsest dtype on the way has.
    condition : float
        How many times larger than one rounding, relative to the largest entry, its effect on the gradient is; NaN for a
        gradient of zeros that roundings move.
    index : tuple of int
        The entry that comes nearest to its tolerance.
    """

    digits: int
    of: int
    condition: float
    index: tuple[int, ...]

    @property
    def lost(self) -> int:
        """Decimal digits that are gone."""
        return self.of - self.digits


@dataclass(frozen=True, eq=False)
class Gradient:
    """One checked gradient.

    Attributes
    ----------
    name, kind : str
        The input's or parameter's name; ``"input"`` or ``"parameter"``.
    value : ndarray
        The gradient that the numeric road gave (or the cell returned).
    reference : ndarray or None
        The same from the formula, float64.
    status, evidence, note : str
        One of `STATUSES`; the strongest evidence reached; what else a reader must know.
    max_abs, max_rel, max_ulp : float
        Largest differences to ``reference``: absolute, relative to its entry, in units of the last place of ``dtype``.
    compared : int
        Number of entries compared; never 0 in a gradient that agrees.
    tolerance : float
        The largest absolute difference that would still have passed, at the entry that came nearest to failing.
    origin : str
        Where the tolerance comes from.
    fault : Fault or None
        Who is wrong, when the status is ``"disagree"``.
    ladder : Ladder or None
        How strong the evidence for each op's rule is, where the gradient agrees.
    accuracy : Accuracy or None
        How good the float result is, where something was compared.
    """

    name: str
    kind: str
    value: np.ndarray
    reference: np.ndarray | None
    status: str
    evidence: str
    max_abs: float
    max_rel: float
    max_ulp: float
    compared: int
    tolerance: float
    origin: str
    note: str = ""
    fault: Fault | None = None
    ladder: Ladder | None = None
    accuracy: Accuracy | None = None

    @classmethod
    def unseen(
        cls,
        name: str,
        kind: str,
        value: np.ndarray,
        status: str,
        note: str,
        fault: Fault | None,
        evidence: str = "none",
    ) -> Gradient:
        """A gradient of which no entry was compared."""
        nan, why = float("nan"), "nothing was compared"
        return cls(name, kind, value, None, status, evidence, nan, nan, nan, 0, 0.0, why, note, fault)

    @property
    def rule_answer(self) -> str:
        """Whether the rule is right, and by what arithmetic that was found."""
        told = self.evidence if self.evidence not in ("", "none") else ""
        if self.status == "disagree":
            alone = self.fault is not None and self.fault.side == "result"
            return (
                "Yes, but the result that came back is not what it gives."
                if alone
                else f"No: {told or 'the fault is told above'}."
            )
        if self.status in ("agree", "ill-conditioned", "kink"):
            choice = ", with the convention that is named" if self.status == "kink" else ""
            return f"Yes{choice}: {told or 'not stated'}."
        reasons = {
            "outside-domain": "there is no derivative here",
            "nondeterministic": "the result is not the same in two runs",
            "refused": "the check was refused",
        }
        return f"Not known: {reasons.get(self.status, 'see the note')}."

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the gradient: that of its input or parameter."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        """Dtype of the gradient: that of its input or parameter."""
        return self.value.dtype


@dataclass(frozen=True)
class Flow:
    """One array of the network, for the picture of the gradient flow.

    ``op`` is None for an input or parameter; ``operands`` are names of other nodes; ``norm`` is the root mean square
    of the values and ``gradient_norm`` that of the cotangent (None where none flows).
    """

    name: str
    kind: str
    op: str | None
    operands: tuple[str, ...]
    shape: tuple[int, ...]
    norm: float
    gradient_norm: float | None
    location: Location | None = None


@dataclass(frozen=True, eq=False)
class CheckResult:
    """All that a check found out about one application of a gradient; ``enclosure`` only if it was asked for."""

    title: str
    gradients: tuple[Gradient, ...]
    flow: tuple[Flow, ...]
    output: np.ndarray | None
    sens: str
    seed: int
    witnesses: tuple[str, ...]
    notes: tuple[str, ...] = ()
    location: Location | None = None
    enclosure: Enclosure | None = None
    between: str = "the compiled and the symbolic gradient"

    @property
    def verdict(self) -> str:
        """The worst status of the gradients."""
        return worst(gradient.status for gradient in self.gradients)
