"""The op classes, a file a family; importing this package registers them all."""

from ..op import Op
from ..registry import OPS
from . import (
    activation,
    arithmetic,
    array,
    assign,
    bilinear,
    bitwise,
    classify,
    dropping,
    elementary,
    gates,
    indexing,
    linalg,
    logic,
    loss,
    normalisation,
    pairs,
    rectifiers,
    reduction,
    resampling,
    rounding,
    special,
)

__all__ = [
    "activation",
    "arithmetic",
    "array",
    "assign",
    "bilinear",
    "bitwise",
    "classify",
    "dropping",
    "elementary",
    "gates",
    "indexing",
    "linalg",
    "logic",
    "loss",
    "normalisation",
    "pairs",
    "rectifiers",
    "reduction",
    "registered_ops",
    "resampling",
    "rounding",
    "special",
]


def registered_ops() -> dict[str, type[Op]]:
    """All op classes by name."""
    return dict(OPS)
