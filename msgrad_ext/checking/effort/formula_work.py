"""What it costs to evaluate formulas beyond what the rules cost: elements that are read at computed places."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sympy import Expr, Symbol

from ...formulas.windowed import windowed
from ...symbolic.lines import Derivation
from ...symbolic.nodes import Binder, Delta, Entry, Total, Within
from ...symbolic.template import Template, slot
from .work import size

# Numpy gathers elements at computed places, and tests that they are inside, in about a dozen passes.
_GATHER = 12
_TEST = 2


def gathered(derivation: Derivation) -> int:
    """About how many operations the formulas take besides what the rules do: elements read at computed places."""
    return sum(_gathered(line.template, _lengths(line)) for line in derivation.lines)


def _lengths(line: Any) -> tuple[tuple[str, int], ...]:
    return tuple((str(letter), int(real)) for letter, real in line.lengths if real.is_Integer)


@lru_cache(maxsize=4096)
def _gathered(template: Template, lengths: tuple[tuple[str, int], ...]) -> int:
    known = dict(lengths)
    total = 0
    ranges: dict[Symbol, Expr] = dict(template.ranges)
    expr = template.expr
    if isinstance(expr, Total):
        expr = windowed(expr, tuple((slot(n), shape) for n, shape in enumerate(template.slots)))
    for binder in expr.atoms(Binder):
        ranges.update(binder.limits)
    for one in expr.atoms(Entry, Delta, Within):
        indices = one.indices if isinstance(one, Entry) else one.args
        moving = [i for i in indices if i != 0]
        if isinstance(one, Entry) and len(set(moving)) == len(moving) and all(i.is_Symbol for i in moving):
            continue
        free = {i for index in indices for i in index.free_symbols if i in ranges}
        total += (_GATHER if isinstance(one, Entry) else _TEST) * size(tuple(_number(ranges[i], known) for i in free))
    return total


def _number(n: Expr, known: Mapping[str, int]) -> int:
    return int(n) if n.is_Integer else known.get(str(n), 1)


__all__ = ["gathered"]
