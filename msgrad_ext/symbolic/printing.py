"""Two printers of one notation tree: LaTeX (what KaTeX and MathJax both take) and plain text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Integer, NumberSymbol, Rational

from .names import Name, Numeral, accent, literal
from .notation import ONE, Node, number
from .scalar import SCALARS

ADD, HAD, MUL, ATOM = 1, 2, 3, 4
_FUNCTIONS = {
    "Exp": "exp",
    "Log": "log",
    "Absolute": "abs",
    "Relu": "relu",
    "Positive": "step",
    "Half": "step_half",
    "Choice": "where",
    # What a power's derivative has is a power and a logarithm, but for a convention at 0.
    "SlopePower": "power",
    "LogOfBase": "log",
}
_COMMANDS = {word: f"\\{word}" for word in ("exp", "log", "det", "tanh", "max", "min")}
_COMMANDS |= {kind.word: kind.command for kind in SCALARS.values() if kind.command}


class Printer:
    """Base: precedence and structure; the two kinds of text differ in `write` methods only."""

    latex = False

    def __init__(
        self, names: Mapping[str, Name | Numeral], cotangents: Mapping[str, str], same: Mapping[str, str]
    ) -> None:
        self.names = names
        self.same = same
        self.cotangents = cotangents
        self.last = max((pass_number(key) for key in cotangents), default=0)

    def name(self, key: str) -> str:
        """The printed name of a key; a cotangent has the mark of its pass over the name of its value."""
        accents: list[str] = []
        while key in self.cotangents or key in self.same:
            if key in self.same:
                key = self.same[key]
                continue
            accents.insert(0, accent(pass_number(key), self.last))
            key = self.cotangents[key]
        name = self.names[key]
        return name.latex(accents) if self.latex else name.text(accents)

    def show(self, node: Node, level: int = 0) -> str:
        """``node`` as text, in parentheses if it binds less than ``level``."""
        text, strength = getattr(self, f"_{node.kind}")(node)
        return self.wrap(text) if strength < level else text

    def under(self, condition: str) -> str:
        """What a formula holds for, behind it; ``condition`` is plain text."""
        if not condition:
            return ""
        words = condition.replace("_", "\\_") if self.latex else condition
        return f"\\quad \\text{{{words}}}" if self.latex else f"  ({words})"

    def wrap(self, text: str) -> str:
        """Parentheses."""
        return f"\\left({text}\\right)" if self.latex else f"({text})"

    def number(self, value: Expr) -> tuple[str, int]:
        """A rational number or a length."""
        if isinstance(value, Rational) and not isinstance(value, Integer):
            text = f"\\frac{{{abs(value.p)}}}{{{value.q}}}" if self.latex else f"{abs(value.p)}/{value.q}"
            return ("-" if value < 0 else "") + text, ADD if value < 0 else (ATOM if self.latex else MUL)
        if isinstance(value, Integer):
            return str(int(value)), ADD if value < 0 else ATOM
        if isinstance(value, NumberSymbol):
            return (f"\\{value}" if self.latex else str(value)), ATOM
        above, below = value.as_numer_denom()
        if below != 1:
            over, under = self.number(above)[0], self.number(below)
            return self.fraction(over, under[0], under[1] == ATOM), ATOM if self.latex else MUL
        if value.is_Add:
            texts = [self.number(arg)[0] for arg in value.as_ordered_terms()]
            return " + ".join(texts).replace("+ -", "- "), ADD
        if value.is_Pow:
            return self.number(value.base)[0] + (f"^{{{value.exp}}}" if self.latex else f"^{value.exp}"), ATOM
        if value.is_Symbol:
            return literal(str(value)).latex() if self.latex else str(value), ATOM
        factors = [self.number(arg) for arg in value.as_ordered_factors()]
        texts = [self.wrap(text) if strength == ADD and text != "-1" else text for text, strength in factors]
        return ("\\," if self.latex else " ").join(texts).replace("-1\\," if self.latex else "-1 ", "-"), MUL

    def _number(self, node: Node) -> tuple[str, int]:
        return self.number(node.data)

    def _name(self, node: Node) -> tuple[str, int]:
        return self.name(node.data), ATOM

    def _ones(self, node: Node) -> tuple[str, int]:
        n = self.number(node.data)[0]
        return (f"\\mathbf{{1}}_{{{n}}}" if self.latex else f"1_{n}"), ATOM

    def _eye(self, node: Node) -> tuple[str, int]:
        n = self.number(node.data)[0]
        return (f"I_{{{n}}}" if self.latex else f"I_{n}"), ATOM

    def _T(self, node: Node) -> tuple[str, int]:  # noqa: N802 (the kind of the node)
        if node.args[0].kind == "of" and node.args[0].data == "InverseMatrix":
            return self.show(node.args[0].args[0], ATOM) + ("^{-\\top}" if self.latex else "^-T"), MUL
        return self.show(node.args[0], ATOM) + ("^{\\top}" if self.latex else "^T"), ATOM

    _row = _T

    def _prod(self, node: Node) -> tuple[str, int]:
        return ("\\," if self.latex else " ").join(self.show(part, MUL) for part in node.args), MUL

    def _had(self, node: Node) -> tuple[str, int]:
        below = [p for p in node.args if p.kind == "pow" and p.data == -1]
        above = [p for p in node.args if p not in below] or below
        text = (" \\odot " if self.latex else " ⊙ ").join(self.show(part, ATOM) for part in above)
        for part in below if above is not below else []:
            text += (" \\oslash " if self.latex else " ⊘ ") + self.show(part.args[0], ATOM)
        return text, HAD

    def _scale(self, node: Node) -> tuple[str, int]:
        sign, value = ("-" if node.data < 0 else ""), abs(node.data)
        above = [] if value.p == 1 else [str(value.p)]
        below = [] if value.q == 1 else [str(value.q)]
        # Numbers come before letters: 0.1 m.
        numerals = [s for s in node.args[:-1] if s.kind == "name" and isinstance(self.names.get(s.data), Numeral)]
        for scalar in [*numerals, *(s for s in node.args[:-1] if s not in numerals)]:
            over, under = _split(scalar)
            above += [self.show(over, ATOM if len(over.shape) else MUL)] if over != ONE else []
            below += [self.show(under, MUL)] if under != ONE else []
        main = node.args[-1]
        last = "" if main.kind == "number" and main.data == 1 else self.show(main, MUL)
        space = "\\," if self.latex else " "
        top = space.join(above)
        if below:
            top = self.fraction(top or "1", space.join(below), len(below) == 1 and " " not in below[0])
        text = space.join(part for part in (top, last) if part) or "1"
        return sign + text, ADD if sign else MUL

    def fraction(self, above: str, below: str, simple: bool) -> str:
        """A fraction of two texts."""
        return f"\\frac{{{above}}}{{{below}}}" if self.latex else f"{above}/{below if simple else self.wrap(below)}"

    def _add(self, node: Node) -> tuple[str, int]:
        text = ""
        ordered = sorted(node.args, key=lambda part: self.show(part).startswith("-"))
        for part in ordered:
            shown = self.show(part, ADD)
            if not text:
                text = shown
            else:
                text += f" - {shown[1:]}" if shown.startswith("-") else f" + {shown}"
        return text, ADD

    def _pow(self, node: Node) -> tuple[str, int]:
        base, exponent = node.args[0], node.data
        if exponent == Rational(1, 2):
            return self.call("sqrt", self.show(base)), ATOM
        inner, strength = self.number(exponent)
        if not node.shape and exponent < 0:
            under = self.show(_split(node)[1], 0 if self.latex else ATOM)
            return self.fraction("1", under, True), ATOM if self.latex else MUL
        if node.shape:
            return self.show(base, ATOM) + (
                f"^{{\\odot {inner}}}" if self.latex else f"^⊙{self.paren(inner, strength)}"
            ), MUL
        return self.show(base, ATOM) + (f"^{{{inner}}}" if self.latex else f"^{self.paren(inner, strength)}"), MUL

    def paren(self, text: str, strength: int) -> str:
        """Parentheses around what is not one word."""
        return text if strength >= ATOM else f"({text})"

    def call(self, function: str, *args: str) -> str:
        """A function of something."""
        if self.latex:
            if function == "sqrt":
                return f"\\sqrt{{{args[0]}}}"
            if function == "step_half":
                return f"\\operatorname{{step}}_{{1/2}}\\left({args[0]}\\right)"
            head = _COMMANDS.get(function) or f"\\operatorname{{{function.replace('_', ' ')}}}"
            return f"{head}\\left({', '.join(args)}\\right)"
        return f"{function}({', '.join(args)})"

    def _fn(self, node: Node) -> tuple[str, int]:
        function, *tags = node.data
        args = [self.show(arg) for arg in node.args[: 2 if function == "SlopePower" else None]]
        if tags:
            relation = {">=": "\\ge ", "!=": "\\ne ", "==": "=", ">": ">"}[tags[0]] if self.latex else tags[0]
            args = [f"{args[0]} {relation} {args[1]}"]
            function = "indicator"
        return self.call(_FUNCTIONS.get(function, function.lower()), *args), ATOM

    def _of(self, node: Node) -> tuple[str, int]:
        if node.data == "InverseMatrix":
            return self.show(node.args[0], ATOM) + ("^{-1}" if self.latex else "^-1"), MUL
        inner = self.show(node.args[0])
        if node.data == "LogDeterminant":
            return (f"\\log\\left|\\det {self.wrap(inner)}\\right|" if self.latex else f"log|det({inner})|"), ATOM
        return self.call({"Determinant": "det", "Minor": "cof", "Lower": "chol"}[node.data], inner), ATOM

    def _imatrix(self, node: Node) -> tuple[str, int]:
        kind, *letters = node.data
        words = {"InverseMatrix": "inv", "LogDeterminant": "logdet", "Lower": "chol"}
        function = words.get(kind) or ("det", "cof")[min(len(node.args) - 1, 1)]
        body, *places = (self.show(arg) for arg in node.args)
        under = ", ".join(letters)
        if not self.latex:
            return f"{function}_{{{under}}}({body})" + (f"[{', '.join(places)}]" if places else ""), ATOM
        text = f"\\operatorname{{{function}}}_{{{under}}}\\left({body}\\right)"
        return (f"\\left[{text}\\right]_{{{', '.join(places)}}}" if places else text), ATOM

    def _softmax(self, node: Node) -> tuple[str, int]:
        name = "softmax" if node.data in (None, 1) else "softmax_of_columns"
        return self.call(name, self.show(node.args[0])), ATOM

    def _diag(self, node: Node) -> tuple[str, int]:
        return self.call("diag", self.show(node.args[0])), ATOM

    _diagof = _diag

    def _inner(self, node: Node) -> tuple[str, int]:
        a, b = (self.show(arg) for arg in node.args)
        return (f"\\left\\langle {a},\\, {b}\\right\\rangle" if self.latex else f"<{a}, {b}>"), ATOM

    # Indexed sums ----------------------------------------------------------------------------------------------

    def _entry(self, node: Node) -> tuple[str, int]:
        at = [self.show(i) for i in node.args]
        head = self.name(node.data)
        if self.latex:
            base = f"\\left({head}\\right)" if "_" in head or ("\\bar" in head and "_" in head) else head
            return f"{base}_{{{', '.join(at)}}}" if at else head, ATOM
        return f"{head}[{', '.join(at)}]" if at else head, ATOM

    def _index(self, node: Node) -> tuple[str, int]:
        return node.data, ATOM

    def _isum(self, node: Node) -> tuple[str, int]:
        under = ", ".join(node.data)
        if self.latex:
            return f"\\sum_{{{under}}} {self.show(node.args[0], MUL)}", HAD
        return f"sum_{{{under}}} {self.show(node.args[0], MUL)}", HAD

    def _imax(self, node: Node) -> tuple[str, int]:
        under = ", ".join(node.data)
        head = ("\\" if self.latex else "") + node.kind[1:]
        return f"{head}_{{{under}}} {self.show(node.args[0], MUL)}", HAD

    _imin = _imax

    def _iprod(self, node: Node) -> tuple[str, int]:
        body, *left_out = (self.show(arg, MUL if place == 0 else 0) for place, arg in enumerate(node.args))
        count, differ = len(node.data), " \\ne " if self.latex else " != "
        places = [left_out[at : at + count] for at in range(0, len(left_out), count)]
        several = ("({})" if count > 1 else "{}").format
        here = several(", ".join(node.data))
        under = ", ".join(here + differ + several(", ".join(place)) for place in places) or ", ".join(node.data)
        head = "\\prod" if self.latex else "prod"
        return f"{head}_{{{under}}} {body}", HAD

    def _ishare(self, node: Node) -> tuple[str, int]:
        body, at = self.show(node.args[0]), self.show(node.args[1])
        under = ", ".join(node.data)
        if self.latex:
            return f"\\left[\\operatorname{{softmax}}_{{{under}}}\\left({body}\\right)\\right]_{{{at}}}", ATOM
        return f"softmax_{{{under}}}({body})[{at}]", ATOM

    def _holds(self, node: Node) -> tuple[str, int]:
        conditions = ", ".join(self.show(condition) for condition in node.args)
        return (f"\\mathbf{{1}}\\left[{conditions}\\right]" if self.latex else f"1[{conditions}]"), ATOM

    def _relation(self, node: Node) -> tuple[str, int]:
        sign = "\\mid" if self.latex and node.data == "|" else node.data
        return f" {sign} ".join(self.show(arg, ADD) for arg in node.args), ADD

    def _between(self, node: Node) -> tuple[str, int]:
        *low, moving, high = (self.show(arg, ADD) for arg in node.args)
        start = [low[0], "\\le" if self.latex else "<="] if low else []
        return " ".join([*start, moving, "<", high]), ADD

    def _over(self, node: Node) -> tuple[str, int]:
        return "/".join(self.show(arg, ATOM) for arg in node.args), MUL

    def _floor(self, node: Node) -> tuple[str, int]:
        above, below = (self.show(arg, ATOM) for arg in node.args)
        return (f"\\lfloor {above}/{below} \\rfloor", ATOM) if self.latex else (f"{above} // {below}", MUL)

    def _mod(self, node: Node) -> tuple[str, int]:
        return (" \\bmod " if self.latex else " % ").join(self.show(arg, MUL) for arg in node.args), HAD


class Latex(Printer):
    """LaTeX."""

    latex = True


class Plain(Printer):
    """Text for a terminal."""


def pass_number(key: str) -> int:
    """The number of the pass that a cotangent's key is of."""
    return int(key[1 : key.index(":")])


def _split(node: Node) -> tuple[Node, Node]:
    """What of a scalar stands over a fraction's bar, and what under it."""
    if node.kind == "pow" and not node.shape and node.data < 0:
        under = node.args[0] if node.data == -1 else Node("pow", node.args, (), -node.data)
        return ONE, under
    if node.kind == "number":
        above, below = node.data.as_numer_denom()
        return number(above), number(below)
    return node, ONE
