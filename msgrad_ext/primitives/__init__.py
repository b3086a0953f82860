"""The op classes, a file a family; importing this package registers them all."""

from ..op import Op
from ..registry import OPS
from . import activation, arithmetic, array, indexing, linalg, logic, loss, reduction
from . import assign as _assign  # noqa: F401 - they enter themselves into the registry
from . import bitwise as _bitwise  # noqa: F401

__all__ = ["activation", "arithmetic", "array", "indexing", "linalg", "logic", "loss", "reduction", "registered_ops"]


def registered_ops() -> dict[str, type[Op]]:
    """All op classes by name."""
    return dict(OPS)
