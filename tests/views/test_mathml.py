"""MathML of our formulas: right, or refused."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from msgrad_ext.views import page
from msgrad_ext.views.mathml import mathml

from . import reports


def inside(latex):
    found = mathml(latex)
    ElementTree.fromstring(found)
    return re.sub("</?math[^>]*>", "", found).replace("<mrow>", "").replace("</mrow>", "")


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("x_{ij}", "<msub><mi>x</mi><mi>i</mi><mi>j</mi></msub>"),
        ("Y^\\top_k", "<msubsup><mi>Y</mi><mi>k</mi><mo>\u22a4</mo></msubsup>"),
        ("\\bar X", "<mover accent='true'><mi>X</mi><mo stretchy='false'>\u00af</mo></mover>"),
        ("\\frac{a}{b}", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
        ("\\lambda - \\varphi", "<mi>\u03bb</mi><mo>\u2212</mo><mi>\u03c6</mi>"),
        ("\\sum_{i}^{m} x", "<munderover><mo>\u2211</mo><mi>i</mi><mi>m</mi></munderover><mi>x</mi>"),
        ("\\text{if } a", "<mtext>if </mtext><mi>a</mi>"),
        ("\\mathrm{w\\_1}", "<mtext>w_1</mtext>"),
        ("a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        ("12.5", "<mn>12.5</mn>"),
    ],
)
def test_known_forms(latex, expected):
    """Each form of our formulas has its MathML."""
    assert inside(latex) == expected


@pytest.mark.parametrize(
    "latex",
    ["\\input{a}", "\\href{javascript:alert(1)}{x}", "{a", "a}", "\\left( a", "x^2^3", "\\frac{a}", "a & b", "$a$",
     "\\begin{evil}a\\end{evil}", "\\begin{matrix}a\\end{cases}", "\\sqrt[3]{x}", "\\text{\\input{a}}", "x^", "\\"],
)  # fmt: skip
def test_unknown_is_refused(latex):
    """What is not known, or not complete, gives None."""
    assert mathml(latex) is None


def test_blocks():
    """Aligned equations and matrices become tables with all their cells."""
    found = mathml("\\begin{aligned} a &= b \\\\ c &= \\left(\\begin{matrix}1 & 2\\end{matrix}\\right) \\end{aligned}")
    assert found.count("<mtr>") == 3 and found.count("<mtd") == 6
    ElementTree.fromstring(found)


def test_foreign_signs_are_escaped():
    """No sign of a formula becomes markup."""
    assert "<script" not in mathml("<script>") and "\u202e" not in mathml("a\u202eb")


def test_page_typesets_formulas():
    """The page shows the tutorial's formulas as MathML, and one with an unknown command as text."""
    text = page([("t", reports.tutorial())], "t")
    assert text.count("<math") == 4 and text.count("<mtr>") == 5
    odd = reports.Report(reports.result(), {"x": reports.Formula("\\strange x", "strange x", (), ())})
    text = page([("t", odd)], "t")
    assert "<math" not in text and "<pre>x_bar = strange x</pre>" in text
