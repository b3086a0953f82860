"""Floats that know which number they stand for, so that the check can have more digits of it and a formula its name."""

from __future__ import annotations

import math
from collections.abc import Callable
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
