"""The corpus that formulas are tried on, each derived once: the textbook's functions and samples of ops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.formulas.formula import Formula
from msgrad_ext.formulas.kept import forget
from msgrad_ext.formulas.trial import Trial

from ..ops.samples import SAMPLES, Sample
from ..textbook.base import Case
from ..textbook.cases import CASES

# Of each op's samples a part, those with few numbers.
SOME_OPS = [sample for sample in SAMPLES if all(np.size(one) <= 24 for one in sample.inputs)][::11]
# Every form that was accepted: the trial, the tree or expression, and the gradient's key.
SHOWN: list[tuple[Trial, Any, str]] = []


_MADE: dict[int, Any] = {}


def textbook(case: Case) -> Mapping[str, Formula]:
    """The formulas of a textbook function."""
    if id(case) not in _MADE:
        with recording():
            _MADE[id(case)] = mg.derive(case.function, case.shapes, list(case.by) or None, "G" if case.sens else None)
    return _MADE[id(case)]


def checked(sample: Sample) -> Any:
    """The report on a sample of an op, its formulas written."""
    if id(sample) not in _MADE:
        with recording():
            report = mg.check(sample.network, *sample.inputs)
            assert all(formula.text for formula in report.formulas.values())
        _MADE[id(sample)] = report
    return _MADE[id(sample)]


@contextmanager
def recording() -> Iterator[None]:
    """Keep what `Trial` accepts meanwhile in `SHOWN`."""
    forget()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("agrees", "holds"):
            patch.setattr(Trial, name, recorded(getattr(Trial, name)))
        yield


def recorded(method: Any) -> Any:
    """A method of `Trial` that keeps what it accepts."""

    def record(self: Trial, form: Any, key: str) -> bool:
        accepted = method(self, form, key)
        if accepted:
            SHOWN.append((self, form, key))
        return accepted

    return record


@cache
def shown() -> list[tuple[Trial, Any, str]]:
    """Every form that was accepted for the closed forms of the whole corpus, whichever test came first."""
    for case in CASES:
        textbook(case)
    for sample in SOME_OPS:
        checked(sample)
    return list(SHOWN)


__all__ = ["CASES", "SOME_OPS", "checked", "shown", "textbook"]
