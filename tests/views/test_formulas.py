"""Formulas as outputs of their own."""

import xml.etree.ElementTree as ElementTree

from msgrad_ext.views import latex_outputs, page
from msgrad_ext.views.formulas import aligned, display, latex_bundle

from . import reports


def test_one_display_per_gradient_then_the_derivation():
    """Each gradient is one display; the lines of all derivations follow, each once, forward before backward."""
    shown = latex_outputs(reports.tutorial())
    assert shown[0] == r"$$\bar X = z \mathbf 1_{m \times n} Y^\top$$"
    assert len(shown) == 4
    assert shown[3] == (
        "$$\\begin{aligned}\nA &= z X \\\\\nF &= A Y \\\\\n\\bar A &= \\mathbf 1_{m \\times n} Y^\\top \\\\\n"
        "\\bar X &= z \\bar A \\\\\n\\bar Y &= A^\\top \\mathbf 1_{m \\times n}\n\\end{aligned}$$"
    )


def test_a_single_row_needs_no_block():
    """Rows are aligned at their ampersands; one alone is shown as it is."""
    assert display(("a &= b",)) == "a = b"
    assert display(("a &= b", "&\\quad {}+ c")) == "\\begin{aligned}\na &= b \\\\\n&\\quad {}+ c\n\\end{aligned}"


def test_page_typesets_formulas():
    """The page shows formulas as MathML, each with its text beside it, and the derivation as a table of its lines."""
    text = page([("t", reports.tutorial())], "t")
    found = [f"<math{part.partition('</math>')[0]}</math>" for part in text.split("<math")[1:]]
    assert len(found) == 4 and found[-1].count("<mtr>") == 5
    for one in found:
        assert ElementTree.fromstring(one).get("alttext")


def test_bundle_for_a_paper():
    """The bundle has the derivation and the results, one line each."""
    text = latex_bundle(reports.FORMULAS)
    assert text.count("&=") == 8 and text.startswith("\\begin{aligned}")
    assert aligned(["a"]) == "\\begin{aligned}\na\n\\end{aligned}"


def test_no_formulas():
    """A report without formulas has no LaTeX outputs."""
    assert latex_outputs(reports.large()) == []
