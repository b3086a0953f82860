"""The op classes, a file a family; importing this package registers them all."""

import pkgutil
from importlib import import_module

from ..op import Op
from ..registry import OPS

# A new family is a new file here, and nothing else need be told of it.
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

__all__ = ["registered_ops"]


def registered_ops() -> dict[str, type[Op]]:
    """All op classes by name."""
    return dict(OPS)
