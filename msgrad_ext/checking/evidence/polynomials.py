"""Polynomials as dictionaries: a monomial (generators with exponents) to its coefficient, both exact.

Exponents may be negative and fractions, so that a quotient by a monomial, and an exponential, is a monomial again.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import gcd
from typing import Any

Number = int | Fraction
Monomial = tuple[tuple[int, Any], ...]
Polynomial = dict[Monomial, Number]

ONE: Polynomial = {(): 1}


def plain(number: Number) -> Number:
    """A fraction that is whole as an int: ints are many times faster."""
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def times(first: Monomial, second: Monomial) -> Monomial:
    """The product of two monomials."""
    if not first or not second:
        return first or second
    found = dict(first)
    for generator, exponent in second:
        found[generator] = found.get(generator, 0) + exponent
    return tuple(sorted((generator, plain(exponent)) for generator, exponent in found.items() if exponent))


def power(monomial: Monomial, exponent: Number) -> Monomial:
    """A power of a monomial."""
    return tuple((generator, plain(one * exponent)) for generator, one in monomial if exponent)


def added(first: Polynomial, second: Polynomial) -> Polynomial:
    """The sum of two polynomials."""
    found = dict(first)
    for monomial, number in second.items():
        total = found.get(monomial, 0) + number
        if total:
            found[monomial] = total
        else:
            found.pop(monomial, None)
    return found


def product(first: Polynomial, second: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    if len(first) == 1:
        ((monomial, number),) = first.items()
        return {times(monomial, one): plain(number * other) for one, other in second.items()}
    if len(second) == 1:
        return product(second, first)
    found: Polynomial = {}
    for one, number in first.items():
        for two, other in second.items():
            monomial = times(one, two)
            found[monomial] = found.get(monomial, 0) + number * other
    return {monomial: plain(number) for monomial, number in found.items() if number}


def scaled(polynomial: Polynomial, number: Number) -> Polynomial:
    """A polynomial times a number that is not 0."""
    return {monomial: plain(one * number) for monomial, one in polynomial.items()}


def primitive(polynomial: Polynomial) -> tuple[Number, Monomial, Polynomial]:
    """``number * monomial * rest``, the rest with whole coefficients without a common factor and least exponents 0."""
    numbers = list(polynomial.values())
    below = reduce(lambda a, b: a * b // gcd(a, b), (one.denominator for one in numbers))
    content: Number = Fraction(reduce(gcd, (int(one * below) for one in numbers)), below)
    if polynomial[min(polynomial)] < 0:
        content = -content
    least = _least(polynomial)
    turned = power(least, -1)
    rest = {times(monomial, turned): plain(Fraction(number) / content) for monomial, number in polynomial.items()}
    return plain(content), least, rest


def _least(polynomial: Polynomial) -> Monomial:
    """The monomial of the least exponent of each generator."""
    tables = [dict(monomial) for monomial in polynomial]
    generators = sorted({generator for table in tables for generator in table})
    found = ((generator, min(table.get(generator, 0) for table in tables)) for generator in generators)
    return tuple((generator, exponent) for generator, exponent in found if exponent)
