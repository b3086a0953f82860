"""A strict reader of the LaTeX that this package prints: what it takes, KaTeX in strict mode and MathJax take.

It knows the commands in use and nothing else. Two superscripts or two subscripts on one base, a script without a base,
a brace or a fence without its partner, and a character that is not ASCII are errors.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
).split()
_SIGNS = "odot oslash cdot top le ge ne mid bmod langle rangle lfloor rfloor lceil rceil lVert rVert infty quad".split()
_WORDS = "exp log sin cos tan arcsin arccos arctan sinh cosh tanh det max min sum prod".split()
_PLAIN = {f"\\{word}" for word in [*_GREEK, *_SIGNS, *_WORDS]} | {"\\,", "\\_"}
_ONE = {f"\\{word}" for word in "bar hat tilde check overline widehat widetilde mathbf sqrt phantom".split()}
_TEXT = {"\\mathrm", "\\operatorname", "\\text"}
_SIZES = {f"\\{size}{side}" for size in ("big", "Big") for side in "lr"}
_FENCES = set("()[]|") | {f"\\{word}" for word in "langle rangle lfloor rfloor lceil rceil lVert rVert".split()}


class LatexError(AssertionError):
    """The text is no LaTeX that every front end takes."""


def read(latex: str) -> None:
    """Read one formula.

    Raises
    ------
    LatexError
        If it is not as it should be.
    """
    reader = _Reader(latex)
    reader.row("")
    if reader.peek():
        raise LatexError(f"{reader.peek()} is not expected: {latex}")


class _Reader:
    def __init__(self, latex: str) -> None:
        if not latex.isascii():
            raise LatexError(f"not ASCII: {latex}")
        self.latex = latex
        self.tokens = [token for token in _TOKEN.findall(latex) if not token.isspace()]
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise LatexError(f"{token!r} where {expected or 'more'} is needed: {self.latex}")
        self.place += 1
        return token

    def row(self, *ends: str) -> None:
        while self.peek() and self.peek() not in ends:
            self.atom()
            found = ""
            while self.peek() in ("^", "_", "'"):
                script = self.take()
                # A prime is a superscript, with which more primes and one superscript may be joined.
                if script in found:
                    raise LatexError(f"two scripts {script}: {self.latex}")
                found += script if script != "'" else ""
                if script != "'":
                    self.script()

    def script(self) -> None:
        """A group, or one sign by itself; a command with arguments needs its braces."""
        token = self.peek()
        if re.fullmatch(r"[A-Za-z0-9]", token) or token == "\\top" or (token in _PLAIN and token[1:] in _GREEK):
            self.take()
        else:
            self.group()

    def group(self) -> None:
        self.take("{")
        self.row("}")
        self.take("}")

    def atom(self) -> None:
        token = self.take()
        if token == "{":
            self.row("}")
            self.take("}")
        elif token in _ONE:
            self.group()
        elif token in ("\\frac", "\\overset"):
            self.group()
            self.group()
        elif token in _TEXT:
            self.words()
        elif token == "\\left":
            self.fence()
            self.row("\\right")
            self.take("\\right")
            self.fence()
        elif token in _SIZES:
            self.fence()
        elif token == "\\begin":
            self.block()
        elif token not in _PLAIN and not re.fullmatch(r"[A-Za-z0-9.,()\[\]|/+=<>-]", token):
            raise LatexError(f"{token} is not known: {self.latex}")

    def fence(self) -> None:
        if self.take() not in _FENCES:
            raise LatexError(f"no fence: {self.latex}")

    def words(self) -> str:
        self.take("{")
        found = ""
        while self.peek() != "}":
            token = self.take()
            if token != "\\_" and not re.fullmatch(r"[A-Za-z0-9.\[\]]", token):
                raise LatexError(f"{token} in a word: {self.latex}")
            found += token
        self.take("}")
        return found

    def block(self) -> None:
        if self.words() != "aligned":
            raise LatexError(f"unknown block: {self.latex}")
        while self.peek() != "\\end":
            self.row("&", "\\\\", "\\end")
            if self.peek() != "\\end":
                self.take()
        self.take("\\end")
        self.words()


__all__ = ["LatexError", "read"]
