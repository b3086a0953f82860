"""Passes over the graph of a gradient that make the work itself smaller; `optimise` runs them in order.

A graph comes in, a graph with the same inputs, outputs and guards goes out. Nothing here knows of numpy source.

What they assume: sums may be taken in another order, and a factor may be taken out of a sum. Finite results then
differ by rounding alone, and what is not finite stays not finite; only whether it is NaN or an infinity may change,
where an operand of the rewritten sum is infinite, or where a sum overflows on its way. Elementwise ops and moves give
the same bits. Where a voice was put in the place of one of ours, nothing is rewritten that would go round it.
"""

from .order import optimise

__all__ = ["optimise"]
