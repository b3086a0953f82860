"""LaTeX of our own formulas -> MathML, for pages that open without MathJax.

This is no LaTeX reader: it knows the commands that formulas of gradients use and refuses everything else, so that a
formula is either shown right or, by the caller, as text. Every character of the formula is escaped.
"""

from __future__ import annotations

import re
import unicodedata

from .escape import escape

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_ACCENTS = {"bar": "\u00af", "hat": "^", "tilde": "~", "dot": "\u02d9", "overline": "\u00af"}
_WORDS = set("exp log ln sin cos tan arcsin arccos arctan tanh sinh cosh max min det lim dim arg".split())
_TEXT = set("text mathrm operatorname mathtt mathsf mathit textrm".split())
_BIG = {"sum": "\u2211", "prod": "\u220f", "int": "\u222b"}
_SIGNS = {
    "odot": "\u2299", "cdot": "\u22c5", "times": "\u00d7", "otimes": "\u2297", "oslash": "\u2298", "circ": "\u2218",
    "top": "\u22a4", "partial": "\u2202", "infty": "\u221e", "le": "\u2264", "leq": "\u2264", "ge": "\u2265",
    "geq": "\u2265", "ne": "\u2260", "neq": "\u2260", "in": "\u2208", "langle": "\u27e8", "rangle": "\u27e9",
    "ldots": "\u2026", "dots": "\u2026", "cdots": "\u22ef", "pm": "\u00b1", "to": "\u2192", "mapsto": "\u21a6",
    "colon": ":", "lbrace": "{", "rbrace": "}", "vert": "|", "lvert": "|", "rvert": "|", "Vert": "\u2016",
    "lVert": "\u2016", "rVert": "\u2016", "mid": "|", "lfloor": "\u230a", "rfloor": "\u230b", "equiv": "\u2261",
    "approx": "\u2248", "prime": "\u2032", "forall": "\u2200", "land": "\u2227", "lor": "\u2228", "neg": "\u00ac",
    "varnothing": "\u2205", "nabla": "\u2207", "ell": "\u2113",
}  # fmt: skip
_ESCAPED = {"\\|": "\u2016", "\\{": "{", "\\}": "}", "\\_": "_", "\\%": "%", "\\#": "#", "\\&": "&", "\\$": "$"}
_SPACES = {"\\,": "0.17em", "\\:": "0.22em", "\\;": "0.28em", "\\!": "0em", "\\ ": "0.3em", "\\quad": "1em",
           "\\qquad": "2em"}  # fmt: skip
_FENCES = {"pmatrix": "()", "bmatrix": "[]", "vmatrix": "||", "matrix": "", "cases": "{", "aligned": ""}
_SIZES = set("big Big bigl bigr Bigl Bigr bigg biggl biggr displaystyle textstyle limits nolimits".split())


class _UnknownError(Exception):
    """The formula has something that this reader does not know."""


def mathml(latex: str) -> str | None:
    """``latex`` as one ``<math>`` element, or None when it is empty or has a command that is not known here."""
    reader = _Reader(_tokens(latex))
    if not reader.tokens:
        return None
    try:
        inside = reader.row(())
    except _UnknownError:
        return None
    return f"<math display='block'>{inside}</math>"


def _tokens(latex: str) -> list[str]:
    """The tokens without the blanks, which mean nothing in mathematics but do in words: those keep one each."""
    tokens: list[str] = []
    words = 0
    for token in _TOKEN.findall(latex):
        if words and token == "}":
            words -= 1
        elif token == "{" and (words or (tokens and tokens[-1][1:] in _TEXT)):
            words += 1
        if not token.isspace():
            tokens.append(token)
        elif words:
            tokens.append(" ")
    return tokens


def _greek(name: str) -> str | None:
    """The Greek letter of a command, by its Unicode name."""
    name = {"lambda": "lamda", "Lambda": "Lamda"}.get(name.removeprefix("var"), name.removeprefix("var"))
    size = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}")
    except KeyError:
        return None


class _Reader:
    """A recursive-descent reader over tokens; each method gives MathML text."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise _UnknownError
        self.place += 1
        return token

    def row(self, ends: tuple[str, ...]) -> str:
        """Everything up to one of ``ends``, which is not taken."""
        found = []
        while self.peek() not in ends:
            if not self.peek():
                if not ends:
                    break
                raise _UnknownError
            found.append(self.scripted())
        return f"<mrow>{''.join(found)}</mrow>"

    def scripted(self) -> str:
        """An atom with its subscript and superscript, in either order."""
        big = self.peek()[1:] in _BIG
        atom = self.atom()
        scripts: dict[str, str] = {}
        while self.peek() in ("^", "_", "'"):
            kind = self.take()
            place = "^" if kind == "'" else kind
            if place in scripts:
                raise _UnknownError
            scripts[place] = "<mo>\u2032</mo>" if kind == "'" else self.atom()
        if not scripts:
            return atom
        names = ("munder", "mover", "munderover") if big else ("msub", "msup", "msubsup")
        tag = names[2 if len(scripts) == 2 else "_^".index(next(iter(scripts)))]
        inside = "".join(scripts[place] for place in "_^" if place in scripts)
        return f"<{tag}>{atom}{inside}</{tag}>"

    def atom(self) -> str:
        token = self.take()
        if token == "{":
            inside = self.row(("}",))
            self.take("}")
            return inside
        if token in ("}", "^", "_", "&", "\\\\", "$", "\\right", "\\end", "#", "%", "~"):
            raise _UnknownError
        if token in _SPACES:
            return f"<mspace width='{_SPACES[token]}'/>"
        if token in _ESCAPED:
            return f"<mo>{escape(_ESCAPED[token])}</mo>"
        if token[0] == "\\":
            return self.command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{escape(token)}</mi>"
        return f"<mo>{escape({'-': chr(0x2212), '*': chr(0x2217)}.get(token, token))}</mo>"

    def command(self, name: str) -> str:
        if name in _SIZES:
            return "<mrow></mrow>"
        if name in _BIG or name in _SIGNS:
            return f"<mo>{escape(_BIG.get(name) or _SIGNS[name])}</mo>"
        if name in _WORDS:
            return f"<mrow><mi>{name}</mi><mspace width='0.17em'/></mrow>"
        if name in _TEXT:
            return f"<mtext>{escape(self.text())}</mtext>"
        if name in _ACCENTS:
            return f"<mover accent='true'>{self.atom()}<mo stretchy='false'>{_ACCENTS[name]}</mo></mover>"
        if name in ("mathbf", "boldsymbol", "mathbb", "mathcal"):
            return f"<mrow style='font-weight:bold'>{self.atom()}</mrow>"
        if name in ("frac", "tfrac", "dfrac"):
            return f"<mfrac>{self.atom()}{self.atom()}</mfrac>"
        if name == "sqrt" and self.peek() != "[":
            return f"<msqrt>{self.atom()}</msqrt>"
        if name == "left":
            return self.fenced()
        if name == "begin":
            return self.block()
        letter = _greek(name)
        if letter is None:
            raise _UnknownError
        return f"<mi>{letter}</mi>"

    def text(self) -> str:
        """The words of a text command: no command inside but escaped signs."""
        self.take("{")
        words = []
        while self.peek() != "}":
            token = self.take()
            if token == "{" or (token[0] == "\\" and token not in _ESCAPED and token not in _SPACES):
                raise _UnknownError
            words.append(" " if token in _SPACES else _ESCAPED.get(token, token))
        self.take("}")
        return "".join(words)

    def fenced(self) -> str:
        left = self.fence()
        inside = self.row(("\\right",))
        self.take("\\right")
        return f"<mrow>{left}{inside}{self.fence()}</mrow>"

    def fence(self) -> str:
        token = self.take()
        sign = "" if token == "." else _ESCAPED.get(token) or _SIGNS.get(token[1:]) or token
        if len(sign) > 1:
            raise _UnknownError
        return f"<mo fence='true' stretchy='true'>{escape(sign)}</mo>"

    def block(self) -> str:
        """A matrix, cases, or aligned equations."""
        kind = self.text()
        if kind not in _FENCES:
            raise _UnknownError
        rows: list[list[str]] = [[]]
        while self.peek() != "\\end":
            rows[-1].append(self.row(("&", "\\\\", "\\end")))
            if self.peek() == "\\\\":
                rows.append([])
            if self.peek() != "\\end":
                self.take()
        self.take("\\end")
        if self.text() != kind:
            raise _UnknownError
        sides = [["right", "left"][k % 2] if kind == "aligned" else "center" for k in range(max(map(len, rows)))]
        cells = [[f"<mtd style='text-align:{sides[k]}'>{cell}</mtd>" for k, cell in enumerate(row)] for row in rows]
        body = "".join(f"<mtr>{''.join(row)}</mtr>" for row in cells)
        fences = [f"<mo fence='true' stretchy='true'>{sign}</mo>" for sign in _FENCES[kind]]
        return f"<mrow>{''.join(fences[:1])}<mtable>{body}</mtable>{''.join(fences[1:])}</mrow>"
