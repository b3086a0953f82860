"""Formulas for display: LaTeX outputs that every front end typesets.

A LaTeX formula goes out as an output of its own, since many front ends do not typeset TeX inside HTML. Only what
MathJax and KaTeX both know is used: ``aligned``, ``\\bar``, ``\\text``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .escape import escape
from .seen import FormulaSeen, LineSeen

# Lines of a derivation that a notebook or a page displays: a browser is slow to typeset more.
SHOWN = 400


def latex_outputs(formulas: Mapping[str, FormulaSeen]) -> list[str]:
    """One display per gradient, then the derivation as one aligned block; each is a whole ``text/latex`` output."""
    shown = [f"$${display(formula.rows)}$$" for formula in formulas.values()]
    lines = derivation_lines(formulas)
    derivation = [row for line in lines[:SHOWN] for row in line.rows]
    derivation += [f"& \\text{{{more}}}" for more in left_out(len(lines))]
    return [*shown, f"$${aligned(derivation)}$$"] if derivation else shown


def left_out(count: int) -> list[str]:
    """What is said of lines that are not displayed, of ``count``."""
    return [f"... and {count - SHOWN} more lines, which Formula.lines has"] if count > SHOWN else []


def derivation_text(formulas: Mapping[str, FormulaSeen], width: int) -> str:
    """The lines of all derivations in terminal text."""
    lines = derivation_lines(formulas)
    return "\n".join([*(line.wrapped(width) for line in lines[:SHOWN]), *left_out(len(lines))])


def latex_bundle(formulas: Mapping[str, FormulaSeen]) -> str:
    """All formulas as one aligned block, to paste into a paper."""
    found: list[LineSeen | FormulaSeen] = [*derivation_lines(formulas), *formulas.values()]
    return aligned([row for one in found for row in one.rows])


def derivation_mathml(formulas: Mapping[str, FormulaSeen]) -> str:
    """The lines of all derivations as one MathML table; empty when there are none."""
    lines = derivation_lines(formulas)
    text = escape("; ".join([*(line.text for line in lines[:SHOWN]), *left_out(len(lines))]))
    rows = "".join(line.mathml for line in lines[:SHOWN])
    rows += "".join(f"<mtr><mtd></mtd><mtd><mtext>{more}</mtext></mtd></mtr>" for more in left_out(len(lines)))
    return f"<math display='block' alttext='{text}'><mtable>{rows}</mtable></math>" if lines else ""


def derivation_lines(formulas: Mapping[str, FormulaSeen]) -> list[LineSeen]:
    """The lines of all derivations in order of execution, each once."""
    found: dict[str, LineSeen] = {}
    # Formulas of one network have one derivation.
    for lines in {id(formula.lines): formula.lines for formula in formulas.values()}.values():
        for line in lines:
            found.setdefault(line.text, line)
    return list(found.values())


def aligned(rows: Sequence[str]) -> str:
    """Rows below each other, aligned at their ampersands."""
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def display(rows: Sequence[str]) -> str:
    """Rows as one block; a single row needs none."""
    return aligned(rows) if len(rows) > 1 else rows[0].replace(" &= ", " = ", 1)
