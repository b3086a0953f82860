"""A network's gradients as a plan and by the plain interpreter, and what must hold of any plan's results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from msgrad_ext.ir import Graph, Lit
from msgrad_ext.numeric.interpreter import run
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.passes.simplify import simplify
from msgrad_ext.reversing.reverse import reverse
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Trial:
    """Values and gradients of a network as the reverse pass leaves them, and the arrays that it takes.

    ``exact`` is how far a plan may be from the interpreter, over the largest element: the order of sums is its own.
    """

    plain: Graph
    arrays: Arrays

    @property
    def exact(self) -> float:
        """Of the narrowest float among inputs and outputs."""
        kinds = [one.dtype for one in (*self.arrays, *self.plain.outputs) if one.dtype.kind == "f"]
        return {2: 2e-2, 4: 2e-4, 8: 1e-10}[min((kind.itemsize for kind in kinds), default=8)]

    @property
    def lean(self) -> Graph:
        """As it is compiled."""
        return simplify(self.plain)

    def wanted(self, arrays: Sequence[np.ndarray] | None = None) -> Arrays:
        """By the interpreter, from the graph before any pass."""
        return run(self.plain, self.arrays if arrays is None else arrays)


def trial(
    net: Callable[..., Any], arrays: Sequence[np.ndarray], seed: int | None = None, gradients_only: bool = False
) -> Trial:
    """Values and gradients by all float inputs, and by the parameters.

    Parameters
    ----------
    net : Cell or callable
        The network.
    arrays : sequence of ndarray
        Its inputs.
    seed : int, optional
        Draws weights of the outputs; without it they are ones.
    gradients_only : bool
        Leave the values out, as `GradOperation` does.
    """
    program = trace(net, [Tensor(array) for array in arrays])
    graph = program.graph
    wrt = [var for var in graph.inputs if var.dtype.kind == "f"]
    given = [np.asarray(value) for value in program.values if value is not None]
    weights = []
    if seed is not None:
        draw = np.random.default_rng(seed)
        floats = [one for one in graph.outputs if one.dtype.kind == "f"]
        weights = [np.asarray(draw.normal(size=one.shape), one.dtype) for one in floats]
    whole = reverse(graph, wrt, seed is not None, [*given, *weights])
    if gradients_only:
        whole = Graph(whole.inputs, whole.eqns, whole.outputs[len(graph.outputs) :], whole.guards)
    return Trial(whole, (*given, *weights))


def close(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray], exact: float) -> None:
    """The same shapes, dtypes, NaN and infinities, and numbers that differ by rounding only."""
    assert len(found) == len(wanted)
    for place, (one, other) in enumerate(zip(found, wanted)):
        assert type(one) is np.ndarray
        assert (one.shape, one.dtype) == (other.shape, other.dtype), place
        if other.dtype.kind != "f":
            np.testing.assert_array_equal(one, other)
            continue
        finite = np.isfinite(other)
        np.testing.assert_array_equal(one[~finite], other[~finite])
        # Sums in another order: an element may be far smaller than what was summed up to it.
        size = np.max(np.abs(other[finite]), initial=1e-3)
        np.testing.assert_allclose(one[finite], other[finite], rtol=exact, atol=exact * float(size))


def alone(results: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> None:
    """No result shares memory with another one or with ``others``, and each can be written."""
    for place, result in enumerate(results):
        assert result.flags.writeable, place
        for other in (*others, *results[:place]):
            assert not np.may_share_memory(result, other) or not np.shares_memory(result, other), place


def safe(one: Trial) -> None:
    """The plan gives the interpreter's numbers, again and again, in arrays that are the caller's own."""
    graph, wanted = one.lean, one.wanted()
    constants = [atom.value for eqn in graph.eqns for atom in eqn.inputs if isinstance(atom, Lit)]
    close(run(graph, one.arrays), wanted, one.exact)
    close(Plan(graph, poison=True)(*one.arrays), wanted, one.exact)
    plan, before = Plan(graph), [array.copy() for array in one.arrays]
    first = plan(*one.arrays)
    close(first, wanted, one.exact)
    kept = [array.copy() for array in first]
    second = plan(*one.arrays)
    alone(first, (*second, *one.arrays, *constants))
    for place, (mine, again) in enumerate(zip(kept, second)):
        np.testing.assert_array_equal(again, mine, err_msg=f"output {place} is another one the second time")
        np.testing.assert_array_equal(first[place], mine, err_msg=f"output {place} is changed by the second call")
    for array in (*first, *second):
        array.fill(3)
    for mine, again in zip(kept, plan(*one.arrays)):
        np.testing.assert_array_equal(again, mine, err_msg="writing into results changes what is computed later")
    for array, old in zip(one.arrays, before):
        np.testing.assert_array_equal(array, old, err_msg="an input was written to")
