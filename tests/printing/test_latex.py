"""LaTeX that every front end takes, for every tree and every name.

The reader here was itself held against KaTeX in strict mode and MathJax, which need what this project does not.
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Rational

from msgrad_ext.formulas.equation import aligned
from msgrad_ext.formulas.writer import derive_formulas
from msgrad_ext.reversing.reverse import plain
from msgrad_ext.symbolic.names import ACCENTS, Name, Names, Numeral, input_names, literal
from msgrad_ext.symbolic.notation import Node
from msgrad_ext.symbolic.printing import Ascii, Latex, Plain, Unicode
from msgrad_ext.symbolic.printing.breaking import rows
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace
from tests.ops.samples import SAMPLES
from tests.textbook.cases import CASES

from .latex_reader import LatexError, read
from .test_precedence import SHAPES
from .trees import Trees, key

SCALAR, VECTOR, MATRIX = (), ("n",), ("n", "n")
KEYS = [key(shape) for shape in SHAPES]
ODD = ["x_1_2", "lambda_", "weird$name", "π", "fc1.weight", "frac", "a^b", "0.weight", "\\input{a}", "x'", "变量", "_"]


@pytest.mark.parametrize("latex", ["x^{a}^{b}", "x_{a}_{b}", "{a", "a}", "\\left( a", "\\frac{a}", "\\input{a}", "a & b",
                                   "x^\\bar{a}", "$a$", "\\mathrm{a$}", "π", "a^{b", "\\left( a "])  # fmt: skip
def test_the_reader_refuses(latex: str) -> None:
    """The reader can fail."""
    with pytest.raises(LatexError):
        read(latex)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(ODD), st.text(min_size=1, max_size=10)), min_size=7, max_size=7, unique=True),
       st.integers(0, 10**6))  # fmt: skip
def test_any_tree_with_any_names_is_latex(names: list[str], seed: int) -> None:
    """Whatever the names and the tree, on one line and broken, the LaTeX can be read and the ASCII form is ASCII."""
    given_names = Names(())
    input_names(given_names, dict(zip(KEYS, names)), {key(shape): len(shape) for shape in SHAPES})
    tree = Trees(seed).tree(SHAPES[seed % len(SHAPES)], 3)
    printer = Latex(given_names.found, {}, {})
    read(printer.show(tree))
    broken = [f"&{{}}{row.sign} {row.text}" for row in rows(printer.piece(tree).parts, 20, 4)]
    read("\\begin{aligned}" + "\\\\".join(broken) + "\\end{aligned}")
    assert Ascii(given_names.found, {}, {}).show(tree).isascii()
    for name in given_names.found.values():
        for marks in ([accent] for accent in ACCENTS):
            read(name.latex(marks))


@pytest.mark.parametrize("case", CASES[::4], ids=lambda case: case.name)
def test_textbook_formulas_are_latex(case) -> None:
    """Closed forms and lines of textbook functions can be read, and so can their broken forms."""
    import msgrad_ext as mg

    for formula in mg.derive(case.function, shapes=case.shapes, sens="G" if case.sens else None).values():
        for latex in (formula.latex, formula.display(25), formula.lhs, formula.rhs):
            read(latex)
        for line in formula.lines:
            read(line.latex)


INDEXED = ["Conv2D", "MaxPool", "GatherD", "Cholesky", "ReduceProd", "Sort", "LayerNorm", "CumSum", "MatrixDeterminant"]


@pytest.mark.parametrize("op", INDEXED)
def test_formulas_in_indices_are_latex(op: str) -> None:
    """Sums over indices, conditions, positions and functions of matrices can be read too."""
    sample = next(sample for sample in SAMPLES if sample.op == op)
    graph = plain(trace(sample.network, [Tensor(array) for array in sample.inputs]).graph)
    wrt = [var for var in graph.inputs if var.dtype.kind == "f"]
    for formula in derive_formulas(graph, {var: var.name for var in wrt}, wrt).values():
        read(formula.latex)
        read(formula.display(25))
        ElementTree.fromstring(formula.mathml)
        for line in formula.lines:
            read(aligned(line.rows))


NAMES = [
    ("x", "x", "x", "x̄"),
    ("x2", "x_2", "x₂", "x̄₂"),
    ("x_1_2", "x_{1,2}", "x_{1,2}", "x̄_{1,2}"),
    ("gamma", r"\gamma", "γ", "γ̄"),
    ("Lambda", r"\Lambda", "Λ", "Λ̄"),
    ("lambda_", r"\lambda", "λ", "λ̄"),
    ("π", r"\pi", "π", "π̄"),
    ("W_hidden", r"W_{\mathrm{hidden}}", "W_hidden", "W̄_hidden"),
    ("x_alpha", r"x_\alpha", "x_α", "x̄_α"),
    ("frac", r"\mathrm{frac}", "frac", "frac_bar"),
    ("a_long_name", r"a_{\mathrm{long},\mathrm{name}}", "a_{long,name}", "ā_{long,name}"),
    ("learning_rate", r"\mathrm{learning\_rate}", "learning_rate", "learning_rate_bar"),
    ("weird$name", r"\mathrm{weird[24]name}", "weird[24]name", "weird[24]name_bar"),
]


@pytest.mark.parametrize(("name", "latex", "unicode", "bar"), NAMES)
def test_names(name: str, latex: str, unicode: str, bar: str) -> None:
    """Greek for Greek, subscripts for numbers and for words behind a letter, and words upright."""
    found = literal(name)
    marked = unicodedata.normalize("NFC", bar)
    assert (found.latex(), found.unicode(), found.unicode(["bar"])) == (latex, unicode, marked)


NUMERALS = [("1e-05", "10^{-5}"), ("2.5e+20", r"2.5 \cdot 10^{20}"), ("-0.3", "-0.3"), ("inf", r"\infty")]


@pytest.mark.parametrize(("value", "latex"), NUMERALS)
def test_numerals(value: str, latex: str) -> None:
    """Powers of ten are written as such."""
    assert Numeral(value).latex() == latex


def node(kind: str, *args: Node, shape: tuple = VECTOR, data: object = None) -> Node:
    return Node(kind, args, shape, data)


A, B, X, S = (
    Node("name", (), shape, key) for key, shape in (("a", VECTOR), ("b", VECTOR), ("X", MATRIX), ("s", SCALAR))
)
INVERSE = node("of", X, shape=MATRIX, data="InverseMatrix")
TURNED = node("T", X, shape=MATRIX)
GIVEN = {key: Name(key, "", key) for key in "abXs"}
SHOWN = [
    (node("had", A, node("pow", B, data=Integer(2))), r"a \odot b^{\odot 2}", "a ⊙ b^⊙2"),
    (node("had", A, node("pow", B, data=Integer(-2))), r"a \oslash b^{\odot 2}", "a ⊘ b^⊙2"),
    (node("had", A, node("prod", X, B)), r"a \odot X b", "a ⊙ X b"),
    (node("pow", A, data=Integer(-1)), r"1 \oslash a", "1 ⊘ a"),
    (node("pow", A, data=Rational(-1, 2)), r"1 \oslash \sqrt{a}", "1 ⊘ sqrt(a)"),
    (node("pow", S, shape=SCALAR, data=Rational(-2, 3)), "s^{-2/3}", "s^(-2/3)"),
    (node("pow", S, shape=SCALAR, data=Rational(-3, 2)), r"\frac{1}{s^{3/2}}", "1/s^(3/2)"),
    (node("scale", node("had", A, B), data=Integer(2)), r"2 a \odot b", "2 a ⊙ b"),
    (node("scale", node("had", A, node("pow", B, data=Integer(-1))), data=Integer(-1)), r"-a \oslash b", "-a ⊘ b"),
    (
        node("had", A, node("pow", node("had", B, A), data=Integer(-1))),
        r"a \oslash (b \odot a)",
        "a ⊘ (b ⊙ a)",
    ),
    (node("T", INVERSE, shape=MATRIX), r"X^{-\top}", "X^-T"),
    (node("pow", TURNED, shape=MATRIX, data=Integer(2)), r"(X^\top)^{\odot 2}", "(X^T)^⊙2"),
    (node("softmax", X, shape=MATRIX, data=0), r"\operatorname{softmax}(X^\top)^\top", "softmax(X^T)^T"),
    (node("norm", X, shape=SCALAR), r"\lVert X\rVert_F", "||X||_F"),
    (node("fn", A, data=("Absolute",)), r"|a|", "abs(a)"),
    (node("fn", A, B, data=("Compare", ">=")), r"\mathbf{1}[a \ge b]", "1[a >= b]"),
    (node("scale", node("floor", S, S, shape=SCALAR), shape=SCALAR, data=Integer(2)), r"2 \lfloor s/s\rfloor", "2 (s // s)"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "latex", "text"), SHOWN, ids=[text for _, _, text in SHOWN])
def test_notation(tree: Node, latex: str, text: str) -> None:
    """Each kind as a paper prints it."""
    assert Latex(GIVEN, {}, {}).show(tree) == latex
    assert Plain(GIVEN, {}, {}).show(tree) == text


def test_unicode() -> None:
    """Raised and lowered digits, bars and Greek where the terminal has them."""
    printer = Unicode(GIVEN, {}, {})
    tree = node(
        "scale",
        node("pow", node("norm", A, shape=SCALAR), shape=SCALAR, data=Integer(2)),
        TURNED,
        shape=MATRIX,
        data=Integer(1),
    )
    assert printer.show(tree) == "‖a‖² Xᵀ"
    assert printer.show(node("fn", A, data=("Sigmoid",))) == "σ(a)"
    assert Unicode({**GIVEN, "a": literal("sigma")}, {}, {}).show(node("fn", B, data=("Sigmoid",))) == "sigmoid(b)"


def test_decimals_are_written_as_the_program_writes_them() -> None:
    """One tenth is a fraction, or 0.1 where the program has decimals; a third stays a fraction."""
    tenth, third = (Node("number", (), (), Rational(1, n)) for n in (10, 3))
    for decimals, expected in ((False, r"\frac{1}{10}"), (True, "0.1")):
        assert Latex(GIVEN, {}, {}, decimals).show(tenth) == expected
        assert Latex(GIVEN, {}, {}, decimals).show(third) == r"\frac{1}{3}"
