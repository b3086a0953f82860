"""Formulas for display: LaTeX outputs that every front end typesets, and equations in terminal text.

A LaTeX formula goes out as an output of its own, since many front ends do not typeset TeX inside HTML. Only what
MathJax and KaTeX both know is used: ``aligned``, ``\\bar``, ``\\text``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .escape import plain
from .seen import FormulaSeen, LineSeen

_GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega".split()
)
# Lines of a derivation that a notebook or a page displays: a browser is slow to typeset more.
SHOWN = 400
_OPEN, _CLOSE = "{([", "})]"


def latex_outputs(formulas: Mapping[str, FormulaSeen]) -> list[str]:
    """One display per gradient, then the derivation as one aligned block; each is a whole ``text/latex`` output."""
    shown = [f"$${equation_latex(name, formula)}$$" for name, formula in formulas.items()]
    derivation = derivation_latex(formulas)
    return [*shown, f"$${derivation}$$"] if derivation else shown


def derivation_latex(formulas: Mapping[str, FormulaSeen]) -> str:
    """The lines of all derivations as one aligned block, up to `SHOWN`; empty when there are none."""
    lines = [line.latex for line in _derivation(formulas)]
    left_out = _left_out(len(lines))
    return aligned([*lines[:SHOWN], *([f"& \\text{{{left_out}}}"] if left_out else [])]) if lines else ""


def derivation_text(formulas: Mapping[str, FormulaSeen]) -> str:
    """The lines of all derivations in terminal text, up to `SHOWN`."""
    lines = [line.text for line in _derivation(formulas)]
    left_out = _left_out(len(lines))
    return "\n".join([*lines[:SHOWN], *([left_out] if left_out else [])])


def _left_out(count: int) -> str:
    """What is said of lines that are not displayed."""
    return f"... and {count - SHOWN} more lines, which Formula.lines has" if count > SHOWN else ""


def latex_bundle(formulas: Mapping[str, FormulaSeen]) -> str:
    """All formulas as one aligned block, to paste into a paper."""
    return aligned([*(line.latex for line in _derivation(formulas)), *(equation_latex(name, formula) for name, formula in formulas.items())])


def aligned(equations: list[str]) -> str:
    """``equations`` below each other, aligned at their first equals sign."""
    rows = []
    for equation in equations:
        place = top_level_equals(equation)
        rows.append(equation if place is None else f"{equation[:place].rstrip()} &={equation[place + 1 :]}")
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _derivation(formulas: Mapping[str, FormulaSeen]) -> list[LineSeen]:
    """The lines of all derivations in order of execution, each once."""
    found: dict[str, LineSeen] = {}
    # Formulas of one network have one derivation.
    for lines in {id(formula.lines): formula.lines for formula in formulas.values()}.values():
        for line in lines:
            found.setdefault(line.latex, line)
    return list(found.values())


def equation_latex(name: str, formula: FormulaSeen) -> str:
    """``\\bar{x} = ...``: the formula with its left side, which is added if the formula has none."""
    if top_level_equals(formula.latex) is not None:
        return formula.latex
    return f"\\bar{{{latex_name(name)}}} = {formula.latex}"


def equation_text(name: str, formula: FormulaSeen) -> str:
    """``x_bar = ...`` in terminal text."""
    if top_level_equals(formula.text) is not None:
        return formula.text
    return f"{plain(name)}_bar = {formula.text}"


def top_level_equals(text: str) -> int | None:
    """Place of the first equals sign outside all brackets, or None; the bounds of a sum are inside braces."""
    depth = 0
    for match in re.finditer(r"[<>!=]?=|[{}()\[\]]", text):
        sign = match.group()
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if sign == "=" and not depth:
            return match.start()
    return None


def latex_name(name: str) -> str:
    """A user's name as LaTeX; whatever could be a command is spelled out, so that no input becomes markup."""
    if name in _GREEK:
        return f"\\{name}"
    if re.fullmatch("[A-Za-z]", name):
        return name
    kept = re.sub("[^A-Za-z0-9_.]", lambda match: f"U{ord(match.group()):04X}", name)
    return f"\\mathrm{{{kept.replace('_', chr(92) + '_')}}}"
