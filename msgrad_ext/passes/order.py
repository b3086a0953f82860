"""The order of the passes."""

from __future__ import annotations

from ..collecting import collecting_later
from ..ir import Graph, rename
from ..op import foreign
from ..registry import OPS
from ..reverse import lower
from ..simplify import RULES as BASIC
from ..simplify import Simplifier, move_only, remove_dead
from . import joins, products, spread, strength, sums
from .batches import batched
from .rewriting import Rewriter
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
def optimise(graph: Graph) -> Graph:
    """``graph`` in plain ops with as little work as the passes know, its variables numbered anew.

    Parameters
    ----------
    graph : Graph
        Any; nested gradients are expanded.

    Returns
    -------
    Graph
        With the same inputs, outputs and guards, and values as the package's notes say.
    """
    graph = remove_dead(lower(graph))
    if any(foreign(OPS[name].numpy) for name in _NAMES):
        return rename(remove_dead(Simplifier().run(graph)))
    graph = remove_dead(Rewriter(graph, ALGEBRA).run(graph))
    graph, moved = batched(graph, (*STACKS, joins.offsets))
    if moved:
        graph, _ = batched(remove_dead(graph), STACKS)
    graph = stacked(remove_dead(graph), STACKS)
    return rename(graph)
