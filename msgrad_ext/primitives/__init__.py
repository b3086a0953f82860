"""The op classes, a file a family; importing this package registers them all."""

from ..op import Op
from ..registry import OPS
from . import activation, arithmetic, array, einsum, indexing, linalg, logic, loss, reduction

__all__ = ["activation", "arithmetic", "array", "einsum", "indexing", "linalg", "logic", "loss", "reduction", "registered_ops"]


def registered_ops() -> dict[str, type[Op]]:
    """All op classes by name."""
    return dict(OPS)
