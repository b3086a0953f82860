"""All cases."""

from __future__ import annotations

from .layers import LAYERS
from .places import PLACED
from .products import PRODUCTS

CASES = [*PRODUCTS, *LAYERS, *PLACED]
