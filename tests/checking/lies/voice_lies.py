"""Lies of the two forward voices: what an op computes (``numpy``), and what it is said to mean (``meaning``).

Each makes a lying voice of an honest one and works on any op with float results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Rational

from msgrad_ext.lazy import sym

Voice = Callable[..., Any]


def after(change: Callable[..., Any]) -> Callable[[Voice], Voice]:
    """A numpy voice whose result is changed: ``change(result, operands)``; results that are not floats stay."""

    def lying(honest: Voice) -> Voice:
        def numpy(self: Any, *operands: Any) -> Any:
            result = np.asarray(honest(self, *operands))
            if result.dtype.kind not in "fO":
                return result
            lied = np.asarray(change(result, operands))
            return lied if lied.dtype in (result.dtype, np.dtype(object)) else lied.astype(result.dtype)

        return numpy

    return lying


def only(kind: Any, factor: float) -> Callable[[Voice], Voice]:
    """A numpy voice that is wrong for arrays of one dtype."""
    return after(lambda r, operands: r * factor if r.dtype == kind else r)


def _last(result: np.ndarray, operands: Any) -> np.ndarray:
    changed = np.array(result)
    if changed.size:
        changed.flat[-1] = changed.flat[-1] * (1 + 1e-3)
    return changed


NUMPY: dict[str, Callable[[Voice], Voice]] = {
    "twice": after(lambda r, operands: r * 2),
    "one in 1e3": after(lambda r, operands: r * (1 + 1e-3)),
    "one in 1e9, float64 and digits": after(lambda r, operands: r * (1 + 1e-9) if r.dtype != np.float32 else r * np.float32(1.001)),
    "offset": after(lambda r, operands: r + 1e-3),
    "negative": after(lambda r, operands: -r),
    "one entry": after(_last),
    "flipped": after(lambda r, operands: np.flip(r) if r.ndim else r * 2),
    "only float64": only(np.float64, 1 + 1e-6),
    "only float64, coarse": only(np.float64, 1.5),
    "only float32": only(np.float32, 1.01),
    "only digits": only(object, 1.01),
    "only large values": after(lambda r, operands: np.where(np.abs(r) > 0.4, r * 1.001, r)),
    "only negative values": after(lambda r, operands: np.where(r < 0, r * 1.001, r)),
    "rounded to three digits": after(lambda r, operands: r if r.dtype == object else np.round(r, 3)),
    "rounded to float16": after(lambda r, operands: r if r.dtype == object else r.astype(np.float16)),
    "rounded to float32": after(
        lambda r, operands: r if r.dtype == object else r.astype(np.float32 if r.dtype == np.float64 else np.float16)
    ),
}  # fmt: skip


def meant(change: Callable[..., Any]) -> Callable[[Voice], Voice]:
    """A meaning whose element is changed: ``change(element, indices, operands)``."""

    def lying(honest: Voice) -> Voice:
        def meaning(self: Any, *operands: Any) -> Any:
            element = honest(self, *operands)
            return lambda *i: change(element, i, operands)

        return meaning

    return lying


def swapped_operands(honest: Voice) -> Voice:
    """The meaning of the op with its first two operands exchanged."""

    def meaning(self: Any, *operands: Any) -> Any:
        return honest(self, *operands[1::-1], *operands[2:])

    return meaning


MEANING: dict[str, Callable[[Voice], Voice]] = {
    "twice": meant(lambda e, i, operands: 2 * e(*i)),
    "one in 1e3": meant(lambda e, i, operands: e(*i) * Rational(1001, 1000)),
    "one in 1e9": meant(lambda e, i, operands: e(*i) * (1 + Rational(1, 10**9))),
    "one in 1e15": meant(lambda e, i, operands: e(*i) * (1 + Rational(1, 10**15))),
    "offset": meant(lambda e, i, operands: e(*i) + Rational(1, 1000)),
    "offset 1e-12": meant(lambda e, i, operands: e(*i) + Rational(1, 10**12)),
    "negative": meant(lambda e, i, operands: -e(*i)),
    "squared": meant(lambda e, i, operands: e(*i) ** 2),
    "sine of it": meant(lambda e, i, operands: sym.sin(e(*i))),
    "by its index": meant(lambda e, i, operands: e(*i) * (1 + sum(i, start=0) * Rational(1, 1000))),
    "a float": meant(lambda e, i, operands: e(*i) * 1.001),
}  # fmt: skip
