"""Printers of the notation tree: LaTeX, text for a terminal in three alphabets, and MathML.

What a node is in mathematics (which sign, which precedence) is said once, in `base` and `indexed`; how a power or a
fraction looks is said by each kind of text. A new kind of node is one method of `base.Printer`.
"""

from .latex import Latex
from .mathml import MathML
from .plain import Ascii, Plain, Unicode

__all__ = ["Ascii", "Latex", "MathML", "Plain", "Unicode"]
