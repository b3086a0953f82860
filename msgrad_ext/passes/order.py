"""The order of the passes."""

from __future__ import annotations

from ..collecting import collecting_later
from ..ir import Graph, rename
from ..registry import OPS
from ..reversing.reverse import lower
from ..voice import foreign
from . import distribute, joins, products, spread, strength, sums
from .batches import batched
from .recompute import recomputed
from .rewriting import Rewriter
from .siblings import together
from .simplify import RULES as BASIC
from .simplify import Simplifier, move_only, remove_dead
from .stacks import stacked

STACKS = (move_only, *joins.RULES)
ALGEBRA = (*BASIC, *joins.RULES, *spread.RULES, *strength.RULES, *sums.RULES, *products.RULES)

# What rules make of other ops: if one of these has a voice from elsewhere, no op may be replaced by it, or it by others.
_NAMES = (
    "Add",
    "BatchMatMul",
    "BroadcastTo",
    "Concat",
    "Div",
    "ExpandDims",
    "MatMul",
    "Maximum",
    "Mul",
    "Neg",
    "Pow",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceSum",
    "Reshape",
    "Square",
    "Squeeze",
    "StridedSlice",
    "StridedSliceGrad",
    "Sub",
    "Transpose",
)


@collecting_later
def optimise(graph: Graph, recompute: bool = False, reassociate: bool = False) -> Graph:
    """``graph`` in plain ops with as little work as the passes know, its variables numbered anew.

    Parameters
    ----------
    graph : Graph
        Any; nested gradients are expanded.
    recompute : bool
        Compute values again where that saves memory, instead of doing alike work at once where that saves calls.
    reassociate : bool
        Multiply out squares of differences of all pairs, though digits cancel where the two are near.

    Returns
    -------
    Graph
        With the same inputs, outputs and guards, and values as the package's notes say.
    """
    graph = remove_dead(lower(graph))
    if any(foreign(OPS[name].numpy) for name in _NAMES):
        return rename(remove_dead(Simplifier().run(graph)))
    rules = (*distribute.RULES, *ALGEBRA) if reassociate else ALGEBRA
    graph = remove_dead(Rewriter(graph, rules).run(graph))
    if recompute:
        return rename(recomputed(stacked(graph, (move_only, joins.concatenations, joins.slices), slices_only=True)))
    graph = remove_dead(together(graph))
    graph, moved = batched(graph, (*STACKS, joins.offsets))
    if moved:
        graph, _ = batched(remove_dead(graph), STACKS)
    graph = stacked(remove_dead(graph), STACKS)
    return rename(graph)
