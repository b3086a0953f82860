"""Notation trees made short, as a person writes them: equal trees in, the cheaper one out, by a count of what is read.

Each rule is an identity of matrices for whatever the names stand for; what it
needs beyond that (an inverse that exists) the tree itself says already.
"""

from .cost import cost
from .driver import tidy
from .naming import Definitions, folded, names, price, settled

__all__ = ["Definitions", "cost", "folded", "names", "price", "settled", "tidy"]
