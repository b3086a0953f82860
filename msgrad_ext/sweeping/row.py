"""What one check of a sweep was, and what it found: plain frozen data, which travels between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..checking.result import CheckResult, Fault

# A check that ends so has found something wrong: a sweep may stop at it.
FAILED = ("disagree", "nondeterministic")


@dataclass(frozen=True)
class Setting:
    """Where one check takes place; with the network, it determines all values.

    Attributes
    ----------
    seed : int
        Of the values, and of what the check draws itself.
    shapes : mapping of str to tuple of int
        Of the inputs whose shapes are not those that they had.
    dtype : str
        Of all floats; empty where each keeps its own.
    points : str
        What kind of values; see `points.KINDS`.
    """

    seed: int
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dtype: str = ""
    points: str = "range"


@dataclass(frozen=True)
class Row:
    """One check of a sweep.

    Attributes
    ----------
    seed : int
        With `Sweep.repeat` it gives the check again.
    shapes, dtype, points
        Where it took place, as in `Setting`.
    status : str
        The worst status of its gradients.
    worst_ulp : float or None
        The largest difference in units of the last place; None where nothing was compared.
    compared : int
        Entries of gradients that were compared.
    evidence, note : str
        What the verdict rests on, and what else must be known, of the gradient with the worst status.
    fault : Fault or None
        Who is wrong.
    """

    seed: int
    shapes: Mapping[str, tuple[int, ...]]
    dtype: str
    points: str
    status: str
    worst_ulp: float | None
    compared: int
    evidence: str
    note: str = ""
    fault: Fault | None = None

    @property
    def failed(self) -> bool:
        """True where something is wrong; a point outside of the domain, or at a kink, is none."""
        return self.status in FAILED


def row_of(setting: Setting, result: CheckResult) -> Row:
    """A check's result as a row."""
    verdict = result.verdict
    worst = next((one for one in result.gradients if one.status == verdict), None)
    measured = [float(one.max_ulp) for one in result.gradients if one.compared and one.max_ulp == one.max_ulp]
    return Row(
        **vars(setting),
        status=verdict,
        worst_ulp=max(measured, default=None),
        compared=sum(one.compared for one in result.gradients),
        evidence=worst.evidence if worst else "none",
        note=worst.note if worst else "no gradient was taken",
        fault=worst.fault if worst else None,
    )


def refused_row(setting: Setting, error: BaseException) -> Row:
    """The row of a point at which the network does not run."""
    told = getattr(error, "message", str(error))
    note = f"the network does not run here: {type(error).__name__}: {told}"
    return Row(**vars(setting), status="refused", worst_ulp=None, compared=0, evidence="none", note=note)
