"""One equation in every form that it is shown in: LaTeX, three kinds of text, MathML; on one line or on several.

The printers are made when a form is first asked for. An equation may come with the definitions of names on its right
side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from ..errors import ArgumentValueError, user_location
from ..symbolic.notation import Node
from ..symbolic.printing import Ascii, Latex, MathML, Plain, Unicode
from ..symbolic.printing.breaking import rows

FORMS = {"latex": Latex, "text": Plain, "unicode": Unicode, "ascii": Ascii, "mathml": MathML}
TEXTS = ("text", "unicode", "ascii")
WIDTH = 90
# The second is the name of the same in browsers that align elements and no text by it.
RIGHT = "text-align:right;text-align:-webkit-right"


class Printers:
    """The printers of one derivation, one for each form."""

    def __init__(
        self, names: Mapping[str, Any], cotangents: Mapping[str, str], same: Mapping[str, str], decimals: bool
    ) -> None:
        self._given = (names, cotangents, same, decimals)
        self._made: dict[str, Any] = {}

    def __getitem__(self, form: str) -> Any:
        if form not in self._made:
            self._made[form] = FORMS[form](*self._given)
        return self._made[form]


@dataclass(frozen=True, eq=False)
class Equation:
    """``left = right``, the equations that define names of the right side, and what it rests on."""

    printers: Printers
    left: Node
    right: Node
    where: tuple[Equation, ...] = ()
    under: str = ""

    def side(self, node: Node, form: str) -> str:
        """One side on one line."""
        return self.printers[form].show(node)

    def one(self, form: str) -> str:
        """The equation alone, on one line."""
        return f"{self.side(self.left, form)} = {self.side(self.right, form)}"

    def line(self, form: str) -> str:
        """The equation and its definitions on one line."""
        found = [one.one(form) for one in self.where]
        behind = self.behind(form)
        if not found:
            return self.one(form) + behind
        if form == "latex":
            return self.one(form) + r" \quad\text{where}\quad " + r",\quad ".join(found) + behind
        return self.one(form) + " where " + ", ".join(found) + behind

    def behind(self, form: str) -> str:
        """What the equation rests on, as it stands behind it."""
        if not self.under:
            return ""
        return f"\\quad\\text{{{latex_words(self.under)}}}" if form == "latex" else f"  ({self.under})"

    def latex_rows(self, width: float = WIDTH) -> tuple[str, ...]:
        """Rows for ``aligned``, each at most about ``width`` glyphs wide."""
        printer = self.printers["latex"]
        left = printer.piece(self.left)
        found: list[str] = []
        for row in rows(printer.piece(self.right).parts, width, left.width + 2.0):
            sign = f"{{}}{row.sign} " if row.sign and row.sign != "\\," else ""
            quads = "\\quad" * min(row.depth + 1, 4)
            found.append(f"&{quads} {sign}{row.text}" if found else f"{left.text} &= {row.text}")
        for place, one in enumerate(self.where):
            inner = list(one.latex_rows(width - 6.0))
            word = "\\text{where}" if place == 0 else "\\phantom{\\text{where}}"
            start, _, rest = inner[0].partition(" &= ")
            found += [f"&{word}\\quad {start} = {rest}", *(f"&\\quad{row[1:]}" for row in inner[1:])]
        found[-1] += self.behind("latex")
        return tuple(found)

    def wrapped(self, width: int, form: str = "text") -> str:
        """Text in lines of at most ``width`` columns where that can be; a sign stands below the sign of equality."""
        if form not in TEXTS:
            raise ArgumentValueError(
                f"For 'wrapped', the form must be one of {', '.join(TEXTS)}, but got {form!r}.", user_location()
            )
        printer = self.printers[form]
        left = printer.piece(self.left)
        # The sign of a line stands below the sign of equality, unless that is far to the right.
        column = min(len(left.text) + 1, 16)
        found: list[str] = []
        for row in rows(printer.piece(self.right).parts, width, len(left.text) + 3.0, column):
            if not found:
                found.append(f"{left.text} = {row.text}")
                continue
            indent = " " * (column + 2 * row.depth)
            found.append(f"{indent}{row.sign} {row.text}" if row.sign else f"{indent}  {row.text}")
        for place, one in enumerate(self.where):
            word = "where " if place == 0 else "      "
            inner = one.wrapped(max(width - 6, 20), form).split("\n")
            found += [(word if not count else "      ") + line for count, line in enumerate(inner)]
        return "\n".join([*found, *([f"      ({self.under})"] if self.under else [])])

    def mathml(self) -> str:
        """One ``math`` element; what cannot show it has the text."""
        left, right = (self.side(node, "mathml") for node in (self.left, self.right))
        alone = f"<mrow>{left}</mrow><mo>=</mo><mrow>{right}</mrow>"
        inside = f"<mtable>{self.mathml_rows()}</mtable>" if self.where else alone
        inside += f"<mspace width='1em'/><mtext>{escape(self.under)}</mtext>" if self.under else ""
        return f"<math display='block' alttext='{escape(self.line('text'))}'>{inside}</math>"

    def mathml_rows(self) -> str:
        """The equation and its definitions as rows of a table, aligned at the signs of equality."""
        found = []
        for place, one in enumerate((self, *self.where)):
            word = "<mtext>where\u2003</mtext>" if place == 1 else ""
            left, right = (one.side(node, "mathml") for node in (one.left, one.right))
            found.append(
                f"<mtr><mtd style='{RIGHT}'>{word}<mrow>{left}</mrow></mtd>"
                f"<mtd style='text-align:left'><mo>=</mo><mrow>{right}</mrow></mtd></mtr>"
            )
        return "".join(found)


def latex_words(text: str) -> str:
    """Plain words within ``\\text``; names may hold underscores."""
    return text.replace("_", "\\_")


def aligned(found: tuple[str, ...]) -> str:
    """Rows below each other; a single row needs no block."""
    if len(found) == 1:
        return found[0].replace(" &= ", " = ", 1)
    return "\\begin{aligned}\n" + " \\\\\n".join(found) + "\n\\end{aligned}"


__all__ = ["FORMS", "WIDTH", "Equation", "Printers", "aligned"]
