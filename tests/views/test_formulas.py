"""Formulas as outputs of their own."""

import pytest

from msgrad_ext.views import latex_outputs
from msgrad_ext.views.formulas import aligned, equation_latex, latex_bundle, latex_name, top_level_equals

from . import reports


def test_one_display_per_gradient_then_the_derivation():
    """Each gradient is one display; the lines of all derivations follow, each once, forward before backward."""
    shown = latex_outputs(reports.tutorial())
    assert shown[0] == r"$$\bar X = z\,\mathbf 1_{m \times n}\,Y^\top$$"
    assert len(shown) == 4
    assert shown[3] == (
        "$$\\begin{aligned}\nA &= z\\,X \\\\\nF &= A\\,Y \\\\\n\\bar A &= \\mathbf 1_{m \\times n}\\,Y^\\top \\\\\n"
        "\\bar X &= z\\,\\bar A \\\\\n\\bar Y &= A^\\top \\mathbf 1_{m \\times n}\n\\end{aligned}$$"
    )


def test_left_side_is_added_once():
    """A formula without a left side gets one; the bounds of a sum are no left side."""
    assert equation_latex("z", reports.FORMULAS["z"]).startswith(r"\bar{z} = \sum_{i=1}^{m}")
    assert equation_latex("x", reports.FORMULAS["x"]) == reports.FORMULAS["x"].latex


@pytest.mark.parametrize(
    ("text", "place"),
    [("a = b", 2), ("=b", 0), ("a", None), ("{a=b}", None), ("f(a=b) = c", 7), ("a <= b", None), ("a == b", None),
     ("[x = 0] b", None), ("a != b = c", 7)],
)  # fmt: skip
def test_top_level_equals(text, place):
    """Only an equals sign outside all brackets counts, and no comparison does."""
    assert top_level_equals(text) == place


@pytest.mark.parametrize(
    ("name", "latex"),
    [("x", "x"), ("gamma", r"\gamma"), ("w_1", r"\mathrm{w\_1}"), (r"\input{a}", r"\mathrm{U005CinputU007BaU007D}"),
     ("a$b", r"\mathrm{aU0024b}"), ("0.weight", r"\mathrm{0.weight}")],
)  # fmt: skip
def test_names_are_no_markup(name, latex):
    """No character of a name acts as LaTeX."""
    assert latex_name(name) == latex


def test_bundle_for_a_paper():
    """The bundle has the derivation and the results, one line each."""
    text = latex_bundle(reports.FORMULAS)
    assert text.count("&=") == 8 and text.startswith("\\begin{aligned}")
    assert aligned(["a"]) == "\\begin{aligned}\na\n\\end{aligned}"


def test_no_formulas():
    """A report without formulas has no LaTeX outputs."""
    assert latex_outputs(reports.large()) == []
