"""What the views see of a report: protocols only, so that views depend on no engine and know no network.

A report that has these attributes can be shown; nothing else of it is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from ..checking.result import CheckResult
    from ..errors import Location

Values = Mapping[str, np.ndarray]


class LineSeen(Protocol):
    """One line of a derivation; ``kind`` is ``"forward"`` or ``"backward"``.

    ``rows`` are rows of an ``aligned`` block in LaTeX, and ``mathml`` rows of a table in MathML.
    """

    @property
    def text(self) -> str: ...
    @property
    def rows(self) -> Sequence[str]: ...
    @property
    def mathml(self) -> str: ...
    def wrapped(self, width: int, /) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def location(self) -> Location | None: ...


class EvidenceSeen(Protocol):
    """What a formula was compared with before it was shown."""

    @property
    def short(self) -> str: ...


class FormulaSeen(Protocol):
    """One gradient as a formula, in LaTeX, terminal text and MathML, and the backprop lines that lead to it.

    ``rows`` are rows of an ``aligned`` block in LaTeX, ``mathml`` is a ``math`` element.
    """

    @property
    def text(self) -> str: ...
    @property
    def rows(self) -> Sequence[str]: ...
    @property
    def mathml(self) -> str: ...
    def wrapped(self, width: int, /) -> str: ...
    @property
    def lines(self) -> Sequence[LineSeen]: ...
    @property
    def shape(self) -> tuple[object, ...]: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def evidence(self) -> EvidenceSeen | None: ...


class ReportSeen(Protocol):
    """A report, as far as the views look at it.

    ``inputs`` are the inputs and parameters that the live panel may vary; ``evaluate`` takes such a mapping and gives
    the output and the gradients by name, from the compiled plan.
    """

    @property
    def result(self) -> CheckResult: ...
    @property
    def formulas(self) -> Mapping[str, FormulaSeen]: ...
    @property
    def source(self) -> str: ...
    @property
    def memory(self) -> tuple[int, int]: ...
    @property
    def cell_source(self) -> str: ...
    @property
    def inputs(self) -> Values: ...
    def evaluate(self, values: Values, /) -> tuple[np.ndarray, Values]: ...
