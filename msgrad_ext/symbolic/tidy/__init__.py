"""Notation trees made short, as a person writes them: equal trees in, the cheaper one out, by a count of what is read.

`tidy` is the only name that others need. Each rule is an identity of matrices for whatever the names stand for; what it
needs beyond that (an inverse that exists) the tree itself says already.
"""

from .driver import tidy

__all__ = ["tidy"]
