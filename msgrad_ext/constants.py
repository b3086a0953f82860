"""Floats that know which number they stand for, so that the check can have more digits of it and a formula its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any


class Irrational(float):
    """The float nearest to a number such as ``2 / sqrt(pi)``.

    Parameters
    ----------
    recipe : callable
        Gives the number from anything that has ``pi``, ``sqrt`` and ``log``: Python's ``math``, numbers of many digits,
        symbols.
    """

    recipe: Callable[[Any], Any]

    def __new__(cls, recipe: Callable[[Any], Any]) -> Irrational:
        result = super().__new__(cls, recipe(math))
        result.recipe = recipe
        return result


def known(value: float) -> float:
    """``value``, as one that knows its digits where it is the float nearest to a ratio of small integers.

    What ends after a few decimals, or in binary, is as it is written. That a float is another number by chance than the
    ratio that it equals needs about 1 in 10**11 of them.
    """
    if isinstance(value, Irrational) or not 1e-3 < abs(value) < 1e3:
        return value
    ratio = _ratio(float(value))
    return value if ratio is None else ratio


@lru_cache(maxsize=4096)
def _ratio(value: float) -> Irrational | None:
    ratio = Fraction(value).limit_denominator(64)
    top, bottom = ratio.numerator, ratio.denominator
    ends = bottom
    for factor in (2, 5):
        while ends % factor == 0:
            ends //= factor
    return None if ends == 1 or top / bottom != value else Irrational(lambda m: m.sqrt(1) * top / bottom)


TWO_BY_ROOT_PI = Irrational(lambda m: 2 / m.sqrt(m.pi))
HALF_ROOT_PI = Irrational(lambda m: m.sqrt(m.pi) / 2)
ROOT_HALF = Irrational(lambda m: 1 / m.sqrt(2))
ROOT_8_BY_PI = Irrational(lambda m: m.sqrt(8 / m.pi))
PI = Irrational(lambda m: 1 * m.pi)
DEGREE = Irrational(lambda m: m.pi / 180)
RADIAN = Irrational(lambda m: 180 / m.pi)
LOG_2 = Irrational(lambda m: m.log(2))
LOG_10 = Irrational(lambda m: m.log(10))
LOG_PI = Irrational(lambda m: m.log(m.pi))
