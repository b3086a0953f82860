"""What an enclosure found: plain frozen data with a readable text, read by reports and views."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

WHAT = "the largest size of the gradient's entries"


@dataclass(frozen=True, eq=False)
class EnclosedGradient:
    """One gradient and the balls around its true derivative.

    Every figure is an upper bound that is proven, for the entries that are enclosed; NaN where there are none.

    Attributes
    ----------
    name, dtype : str
        The gradient's name and its dtype.
    status : str
        ``"agree"``; ``"disagree"`` where the result lies further from its ball than rounding explains; ``"unchecked"``
        where no entry is enclosed.
    bits : int
        Precision at which the balls were computed.
    enclosed, undetermined, total : int
        Entries with a narrow ball, entries whose ball tells nothing (at a kink, a jump or a pole, or outside of the
        domain), and all entries.
    error : float
        The largest distance of the result from the true derivative.
    eps : float
        The same in units of the dtype's ``eps`` times ``size``.
    size : float
        The largest size of the true derivative's entries, 0 where it is zero.
    ulp_median, ulp_99, ulp_max : float
        The distances in units of the last place of each entry: median, 99th percentile, largest.
    radius : float
        The largest radius of a ball.
    note : str
        What else a reader must know.
    index : tuple of int or None
        The worst entry of what disagrees.
    """

    name: str
    dtype: str
    status: str
    bits: int
    enclosed: int
    undetermined: int
    total: int
    error: float
    eps: float
    size: float
    ulp_median: float
    ulp_99: float
    ulp_max: float
    radius: float
    note: str = ""
    index: tuple[int, ...] | None = None

    @property
    def complete(self) -> bool:
        """Whether every entry is enclosed, and there is one."""
        return 0 < self.total == self.enclosed

    @property
    def told(self) -> str:
        """What is known, in a sentence."""
        if not self.enclosed:
            return f"none of {self.total:,} entries enclosed"
        which = f"every entry ({self.total:,})" if self.complete else f"{self.enclosed:,} of {self.total:,} entries"
        open_ones = "" if self.complete else f", {self.undetermined:,} undetermined"
        if self.size == 0:
            return f"{which} within {figure(self.error)} of the true derivative, which is 0{open_ones}, proven"
        return f"{which} within {figure(self.eps)} eps of max|g| ({figure(self.ulp_max)} ulp){open_ones}, proven"


@dataclass(frozen=True, eq=False)
class Enclosure:
    """The balls around all gradients of one application.

    Attributes
    ----------
    title : str
        The network's name.
    gradients : tuple of EnclosedGradient
        In the report's order; empty when nothing was enclosed at all.
    note : str
        Why nothing was enclosed.
    """

    title: str
    gradients: tuple[EnclosedGradient, ...]
    note: str = ""

    @property
    def verdict(self) -> str:
        """``"disagree"`` if any gradient does; ``"agree"`` if entries were enclosed; else ``"unchecked"``."""
        found = {gradient.status for gradient in self.gradients}
        return "disagree" if "disagree" in found else "agree" if "agree" in found else "unchecked"

    @property
    def bits(self) -> int:
        """The largest precision that was used."""
        return max((gradient.bits for gradient in self.gradients), default=0)

    @property
    def enclosed(self) -> int:
        """Entries with a narrow ball."""
        return sum(gradient.enclosed for gradient in self.gradients)

    @property
    def undetermined(self) -> int:
        """Entries whose ball tells nothing."""
        return sum(gradient.undetermined for gradient in self.gradients)

    @property
    def total(self) -> int:
        """All entries."""
        return sum(gradient.total for gradient in self.gradients)

    @property
    def eps(self) -> float:
        """The largest distance of an enclosed entry, in eps times the largest size of its gradient."""
        return _worst([one.eps for one in self.gradients if one.enclosed and one.size])

    @property
    def ulp_max(self) -> float:
        """The largest distance of an enclosed entry, in units of its last place."""
        return _worst([one.ulp_max for one in self.gradients if one.enclosed and one.size])

    @property
    def told(self) -> str:
        """The whole in a sentence."""
        if not self.gradients or not self.enclosed:
            return self.note or "no entry is enclosed"
        which = (
            f"every one of {self.total:,} entries"
            if self.enclosed == self.total
            else f"{self.enclosed:,} of {self.total:,} entries"
        )
        rest = f", {self.undetermined:,} undetermined" if self.undetermined else ""
        if self.verdict == "disagree":
            wrong = ", ".join(one.name for one in self.gradients if one.status == "disagree")
            return f"{which} enclosed in balls of {self.bits} bits{rest}; outside of its ball: {wrong}"
        within = f" within {figure(self.eps)} eps of max|g|" if self.eps == self.eps else ""
        return f"{which}{within} of the true derivative{rest}, proven in balls of {self.bits} bits"

    def rows(self) -> list[tuple[str, ...]]:
        """A line of figures for each gradient, below `HEAD`."""
        return [
            (
                *(one.name, one.dtype, one.status, f"{one.enclosed:,}", f"{one.undetermined:,}", f"{one.total:,}"),
                *((figure(f) for f in (one.eps, one.ulp_median, one.ulp_99, one.ulp_max)) if one.size else "----"),
                *(figure(one.error), figure(one.radius)),
            )
            for one in self.gradients
        ]

    def __getitem__(self, name: str) -> EnclosedGradient:
        for one in self.gradients:
            if one.name == name:
                return one
        raise KeyError(name)

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.verdict}; {self.told}."]
        table = [HEAD, *self.rows()] if self.gradients else []
        widths = [max(map(len, column)) for column in zip(*table)]
        for row in table:
            cells = (f"{cell:<{n}}" if at < 3 else f"{cell:>{n}}" for at, (cell, n) in enumerate(zip(row, widths)))
            lines.append("  ".join(cells).rstrip())
        return "\n".join([*lines, *(f"{one.name}: {one.note}" for one in self.gradients if one.note)])

    __repr__ = __str__


HEAD = (
    *("gradient", "dtype", "status", "enclosed", "undetermined", "entries"),
    *("eps max|g|", "ulp median", "99 %", "max", "max error", "radius"),
)


def figure(value: float) -> str:
    """Three figures, rounded up: what is printed is a bound too."""
    if not math.isfinite(value) or value == 0:
        return "-" if math.isnan(value) else f"{value:.3g}"
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    above = float(np.ceil(value / unit * (1 - 1e-12))) * unit if unit > 0 else value
    return f"{above:.3g}"


def _worst(figures: list[float]) -> float:
    return max(figures, default=math.nan)


__all__ = ["HEAD", "EnclosedGradient", "Enclosure", "figure"]
