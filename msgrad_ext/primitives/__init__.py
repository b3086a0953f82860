"""The op classes, a file a family; importing this package registers them all."""

from ..op import Op
from ..registry import OPS
from . import (
    activation,
    along_axis,
    arithmetic,
    array,
    distance,
    indexing,
    linalg,
    logic,
    loss,
    ordering,
    reduction,
    reduction_methods,
    scan,
    sorting,
    statistics,
)

__all__ = [
    "activation",
    "along_axis",
    "arithmetic",
    "array",
    "distance",
    "indexing",
    "linalg",
    "logic",
    "loss",
    "ordering",
    "reduction",
    "reduction_methods",
    "registered_ops",
    "scan",
    "sorting",
    "statistics",
]


def registered_ops() -> dict[str, type[Op]]:
    """All op classes by name."""
    return dict(OPS)
