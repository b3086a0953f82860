"""Formulas for display: LaTeX outputs that every front end typesets.

A LaTeX formula goes out as an output of its own, since many front ends do not typeset TeX inside HTML. Only what
MathJax and KaTeX both know is used: ``aligned``, ``\\bar``, ``\\text``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .escape import escape
from .seen import FormulaSeen, LineSeen


def latex_outputs(formulas: Mapping[str, FormulaSeen]) -> list[str]:
    """One display per gradient, then the derivation as one aligned block; each is a whole ``text/latex`` output."""
    shown = [f"$${display(formula.rows)}$$" for formula in formulas.values()]
    derivation = [row for line in derivation_lines(formulas) for row in line.rows]
    return [*shown, f"$${aligned(derivation)}$$"] if derivation else shown


def latex_bundle(formulas: Mapping[str, FormulaSeen]) -> str:
    """All formulas as one aligned block, to paste into a paper."""
    found: list[LineSeen | FormulaSeen] = [*derivation_lines(formulas), *formulas.values()]
    return aligned([row for one in found for row in one.rows])


def derivation_mathml(formulas: Mapping[str, FormulaSeen]) -> str:
    """The lines of all derivations as one MathML table; empty when there are none."""
    lines = derivation_lines(formulas)
    text = escape("; ".join(line.text for line in lines))
    rows = "".join(line.mathml for line in lines)
    return f"<math display='block' alttext='{text}'><mtable>{rows}</mtable></math>" if lines else ""


def derivation_lines(formulas: Mapping[str, FormulaSeen]) -> list[LineSeen]:
    """The lines of all derivations, each once: forward lines as they run, then backward lines."""
    found = [line for formula in formulas.values() for line in formula.lines]
    once: dict[str, LineSeen] = {}
    for kind in ("forward", "backward"):
        for line in found:
            if line.kind == kind:
                once.setdefault(line.text, line)
    return list(once.values())


def aligned(rows: Sequence[str]) -> str:
    """Rows below each other, aligned at their ampersands."""
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def display(rows: Sequence[str]) -> str:
    """Rows as one block; a single row needs none."""
    return aligned(rows) if len(rows) > 1 else rows[0].replace(" &= ", " = ", 1)
