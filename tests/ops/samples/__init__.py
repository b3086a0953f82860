"""For each op and composite of the registry: small networks that use it, and inputs inside its domain, in float64.

Shapes differ in every axis, hold an axis of length 1, a scalar, and broadcasting where the op allows it. Values stay
away from kinks, which have tests of their own. A module of this folder is a family: its function ``samples`` gives the
list, and nothing else need be told of it.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from .base import Sample, spaced

_FAMILIES = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base")
SAMPLES: list[Sample] = [sample for name in _FAMILIES for sample in import_module(f"{__name__}.{name}").samples()]

__all__ = ["SAMPLES", "Sample", "spaced"]
