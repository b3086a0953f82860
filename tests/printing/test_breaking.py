"""Long formulas on several lines, MathML, and the sides of a formula."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.errors import ArgumentValueError
from msgrad_ext.symbolic.printing.breaking import Row, rows
from msgrad_ext.symbolic.printing.pieces import Cut, Fence, Text

SUM = (Text("aaaa"), Cut(" + ", 1), Text("bbbb"), Cut(" - ", 1), Text("cccc"))
OPEN, CLOSE = Fence("(", "\\bigl(", True, 1.0), Fence(")", "\\bigr)", False, 1.0)


@pytest.fixture(scope="module")
def attention() -> dict:
    """The gradients of an attention weighted by G, long enough to be broken."""
    shapes = {"Q": ("m", "d"), "K": ("n", "d"), "V": ("n", "k")}
    return mg.derive(lambda Q, K, V: ops.softmax(Q @ K.T) @ V, shapes=shapes, sens="G")


def test_what_fits_stays_on_one_line() -> None:
    """No line is broken without need."""
    assert rows(SUM, 40, 0) == [Row(0, "", "aaaa + bbbb - cccc")]


def test_lines_begin_with_signs() -> None:
    """A line that goes on begins with the sign of its term."""
    assert rows(SUM, 10, 0, 2) == [Row(0, "", "aaaa"), Row(0, "+", "bbbb"), Row(0, "-", "cccc")]
    assert [row.sign for row in rows(SUM, 17, 0)] == ["", "-"]


def test_the_outer_place_is_taken_first() -> None:
    """A sum within parentheses stays whole where a break outside of them is enough."""
    inner = (OPEN, Text("xx"), Cut(" + ", 1), Text("yy"), CLOSE)
    found = rows((Text("aaaaaaaa"), Cut(" \\odot ", 3), *inner), 22, 0)
    assert [row.text for row in found] == ["aaaaaaaa", "(xx + yy)"]


def test_parentheses_with_a_break_have_one_size() -> None:
    """LaTeX cannot grow parentheses over several lines, so that those are of a fixed size."""
    found = rows((OPEN, *SUM, CLOSE), 12, 0)
    assert found[0].text.startswith("\\bigl(") and found[-1].text.endswith("\\bigr)")
    assert [row.depth for row in found] == [0, 1, 1]


def test_a_comma_stays_at_the_end() -> None:
    """A list is broken behind its commas."""
    found = rows((Text("aaaaaa"), Cut(", ", 4), Text("bbbbbb")), 10, 0)
    assert found == [Row(0, "", "aaaaaa,"), Row(0, "", "bbbbbb")]


def test_nothing_is_lost(attention: dict) -> None:
    """The broken text has the same characters as the one line, at any width, and keeps to the width."""
    formula = attention["Q"]
    for form, whole in (("text", formula.text), ("unicode", formula.unicode), ("ascii", formula.ascii)):
        for width in (30, 45, 60, 200):
            broken = formula.wrapped(width, form)
            assert "".join(broken.split()) == "".join(whole.split())
            assert width < 45 or all(len(line) <= width for line in broken.split("\n"))


def test_a_short_formula_needs_no_block(attention: dict) -> None:
    """`display` is the LaTeX itself where that is short, else an aligned block."""
    assert attention["V"].display() == attention["V"].latex
    assert attention["Q"].display(30).startswith("\\begin{aligned}\n\\bar{Q} &= ")


def test_sides(attention: dict) -> None:
    """The right side alone, for those who have their own left side."""
    formula = attention["V"]
    assert (formula.lhs, formula.rhs) == ("\\bar{V}", formula.latex.removeprefix("\\bar{V} = "))


def test_mathml(attention: dict) -> None:
    """MathML is one well-formed element with the text beside it, and names its letters."""
    element = ElementTree.fromstring(attention["V"].mathml)
    assert element.tag == "math" and element.get("alttext") == attention["V"].text
    letters = [one.text for one in element.iter("mi")]
    assert letters == ["V", "softmax", "Q", "K", "⊤", "⊤", "G"]


def test_softmax_of_columns_is_a_transpose(attention: dict) -> None:
    """What sums to one by columns is the transpose of a softmax of rows, and a note says what softmax acts on."""
    assert attention["V"].text == "V_bar = softmax(Q K^T)^T G"
    assert "softmax acts on each row of a matrix" in attention["V"].notes


def test_an_unknown_form_is_refused(attention: dict) -> None:
    """Only texts can be wrapped."""
    with pytest.raises(ArgumentValueError, match="must be one of text, unicode, ascii"):
        attention["V"].wrapped(80, "latex")


def test_a_third_is_a_third() -> None:
    """A float that is the nearest to a ratio of small integers is that ratio; the check agrees in 50 digits."""
    formula = mg.derive(lambda x: ((x * x * x).sum()) ** (1 / 3), shapes={"x": ("n",)})["x"]
    assert formula.rhs == r"(\mathbf{1}_n^\top x^{\odot 3})^{-2/3} x^{\odot 2}"
    report = mg.check(lambda x: (x ** (1 / 3) * (2 / 7)).sum(), mg.Tensor([0.5, 1.5, 2.0], mg.dtype.float64))
    assert report.verdict == "agree" and "50-digit" in report["x"].evidence


def test_decimals_are_computed_with() -> None:
    """0.1 and 1.7 are what they are written as: 0.1 * 1.7 is 0.17, and 1.7 - 1 is 0.7."""
    formula = mg.derive(lambda x: (x**1.7 * 0.1).sum(), shapes={"x": ("n",)})["x"]
    assert formula.text == "x_bar = 0.17 x^⊙0.7"
