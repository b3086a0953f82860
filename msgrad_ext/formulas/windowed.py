"""Sums over an index that only a short window lets through, such as the transpose of a sliding window.

``sum_k a[p - k, k] [0 <= p - k < 5]`` has five terms for each ``p``, whatever the range of ``k``: it is
``sum_w a[w, p - w]`` with ``w = p - k``, where an element outside of its array is 0. That is how it is evaluated.
"""

from __future__ import annotations

from functools import lru_cache

from sympy import Add, Expr, Mul, Symbol

from ..symbolic.nodes import Entry, Total, Within, fresh_index

Shapes = tuple[tuple[Symbol, tuple[int, ...]], ...]


@lru_cache(maxsize=1024)
def windowed(total: Total, shapes: Shapes) -> Total:
    """``total`` with each index that a window bounds replaced by the place in the window, where that is shorter.

    ``shapes`` are those of the arrays, by head.
    """
    for k, n in total.limits:
        for factor in Mul.make_args(total.body):
            found = _window(factor, k, n, total.body, shapes)
            if found is not None:
                centre, width = found
                w = fresh_index()
                factors = [one for one in Mul.make_args(total.body) if one is not factor]
                body = Mul(*(one.xreplace({k: Add(centre, -w)}) for one in factors))
                # What is bound twice would be bound by both: the window's place takes the index's turn.
                limits = [(w, width) if one == k else (one, length) for one, length in total.limits]
                return windowed(Total(body, limits), shapes)
    return total


def _window(factor: Expr, k: Symbol, n: Expr, body: Expr, shapes: Shapes) -> tuple[Expr, Expr] | None:
    """``(c, width)`` if ``factor`` says that ``c - k`` lies in a window of ``width`` that is shorter than ``n``."""
    if not isinstance(factor, Within) or factor.args[1] != 1:
        return None
    width, centre = factor.args[2], factor.args[0] + k
    shorter = n.is_Integer and width.is_Integer and width < n
    # An element of an array with k for an index is 0 where k is out of range; without one, nothing would say so.
    sizes = dict(shapes)
    bounded = any(
        (k, n) in zip(one.indices, sizes.get(one.head, ())) for one in Mul.make_args(body) if isinstance(one, Entry)
    )
    return (centre, width) if shorter and bounded and k not in centre.free_symbols else None


__all__ = ["windowed"]
