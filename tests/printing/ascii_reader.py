"""The ASCII form, read back and computed by the stated precedence: what shows that no parenthesis is missing.

Powers bind tightest, then factors side by side and divisors, from left to right; then ``.*`` and ``./``, from left to
right; then plus and minus. Scalars are 1 by 1, vectors are columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

_TOKEN = re.compile(r"\s*(\|\||\.\*|\./|\.\^|\d+(?:\.\d+)?(?:e-?\d+)?(?!_)|[A-Za-z_]\w*|1_\w+|[-+*/^()<>,])")
_FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "sin": np.sin,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tr": lambda x: np.array([[np.trace(x)]]),
    "diag": lambda x: np.diag(x[:, 0]) if x.shape[1] == 1 else np.diag(x).reshape(-1, 1),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=0 if x.shape[1] == 1 else 1, keepdims=True),
}


class AsciiReader:
    """Reads one text over named arrays and lengths."""

    def __init__(self, text: str, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> None:
        self.tokens = [match.group(1) for match in _TOKEN.finditer(text)]
        assert "".join(self.tokens) == re.sub(r"\s", "", text), (text, self.tokens)
        self.arrays, self.sizes = arrays, sizes
        self.place = 0
        self.in_norm = False

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        assert token and (not wanted or token == wanted), (token, wanted, self.tokens)
        self.place += 1
        return token

    def whole(self) -> np.ndarray:
        result = self.sum()
        assert not self.peek()
        return result

    def sum(self) -> np.ndarray:
        result = -self.quotient() if self.peek() == "-" and self.take() else self.quotient()
        while self.peek() in ("+", "-"):
            result = result + self.quotient() if self.take() == "+" else result - self.quotient()
        return result

    def quotient(self) -> np.ndarray:
        result = self.product()
        while self.peek() in (".*", "./"):
            result = result * self.product() if self.take() == ".*" else result / self.product()
        return result

    def product(self) -> np.ndarray:
        result = self.power()
        # Norms are not within each other here, so that bars in one close it.
        ends = (".*", "./", "+", "-", ")", ",", ">", "") + ("||",) * self.in_norm
        while self.peek() not in ends:
            if self.peek() == "*":
                self.take()
            if self.peek() == "/":
                self.take()
                below = self.power()
                assert below.size == 1
                result = result / below
            else:
                factor = self.power()
                result = result * factor if 1 in (result.size, factor.size) else result @ factor
        return result

    def power(self) -> np.ndarray:
        result = self.atom()
        while self.peek() in ("^", ".^"):
            sign = self.take()
            if self.peek() == "T":
                self.take()
                result = result.T
            elif self.peek() == "-" and sign == "^":
                self.take()
                result = np.linalg.inv(result)
                result = result.T if self.take() == "T" else result
            else:
                exponent = self.atom()
                assert sign == ".^" or result.size == 1, "a power of an array must say that it is elementwise"
                result = result**exponent
        return result

    def atom(self) -> np.ndarray:
        token = self.take()
        if token == "(":
            result = self.sum()
            self.take(")")
            return result
        if token == "||":
            self.in_norm = True
            inner = self.sum()
            self.in_norm = False
            self.take("||")
            if self.peek() == "_F":
                self.take()
            return np.array([[np.sqrt((inner**2).sum())]])
        if token == "<":
            first = self.sum()
            self.take(",")
            second = self.sum()
            self.take(">")
            return np.array([[(first * second).sum()]])
        if token[0].isdigit() and "_" not in token:
            return np.array([[float(token)]])
        if token in _FUNCTIONS and self.peek() == "(":
            return _FUNCTIONS[token](self.atom())
        head, _, letter = token.partition("_")
        if head == "1" and letter:
            return np.ones((self.sizes[letter], 1))
        if head == "I" and letter:
            return np.eye(self.sizes[letter])
        return np.array([[float(self.sizes[token])]]) if token in self.sizes else self.arrays[token]
