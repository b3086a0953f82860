"""The text form of formulas read as mathematics, apart from the package: a parser, and values at numpy arrays.

What stands side by side is multiplied, as on paper; vectors are columns. A formula whose left side has indices is an
equation of numbers, evaluated at each place. How far a summed index runs is told by the axes that it is an index of.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .printed_functions import COMPARE, CONSTANTS, FUNCTIONS, MATRIX_FUNCTIONS

Tree = tuple[Any, ...]
RELATIONS = ("<=", ">=", "==", "!=", "=", "<", ">", "|")
STOP = {"+", "-", "⊙", "⊘", "%", ")", "]", "}", ",", *RELATIONS, None}


class UntoldRange(Exception):
    """The text does not tell how far an index runs, or reads rows of an array, which is not known here."""


class Parser:
    """Reads one right side; ``names`` are the arrays that it may name."""

    def __init__(self, text: str, names: Iterable[str]) -> None:
        known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self.pattern = re.compile(
            rf"\s*(?:(?P<name>(?:{known})(?![A-Za-z0-9_.]))|(?P<holds>1\[)|(?P<ones>1_\w+)|(?P<eye>I_\w+)"
            r"|(?P<number>\d+\.?\d*(?:e[+-]?\d+)?)|(?P<binder>(?:sum|max|min|prod|softmax|inv|cof|det|logdet|chol)_\{)"
            r"|(?P<logdet>log\|det\()|(?P<norm>\|\|)|(?P<sign>\^-T|\^-1|\^T|\^⊙|_F|//|<=|>=|==|!=|[-+*⊙⊘%()\[\]{},<>=|/^])"
            r"|(?P<call>[A-Za-z]\w*(?=\())|(?P<word>[A-Za-z]\w*))"
        )
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            found = self.pattern.match(text, at)
            if not found:
                raise SyntaxError(f"{text[at : at + 20]!r} in {text!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()
        self.at = 0
        self.text = text

    @property
    def next(self) -> str | None:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of ``wanted`` if there are any."""
        found = self.next
        if found is None or (wanted and found not in wanted):
            raise SyntaxError(f"{wanted} wanted, but {found!r} in {self.text!r}")
        self.at += 1
        return found

    def whole(self) -> Tree:
        tree = self.sum()
        if self.next is not None:
            raise SyntaxError(f"{self.next!r} is left of {self.text!r}")
        return tree

    def sum(self) -> Tree:
        tree: Tree = ("minus", self.elementwise()) if self.next == "-" and self.take() else self.elementwise()
        while self.next in ("+", "-"):
            tree = ("add" if self.take() == "+" else "sub", tree, self.elementwise())
        return tree

    def elementwise(self) -> Tree:
        tree = self.product()
        while self.next in ("⊙", "⊘", "%"):
            tree = (self.take(), tree, self.product())
        return tree

    def product(self) -> Tree:
        parts = [self.quotient()]
        while self.next not in STOP and not self._closes():
            if self.next == "*":
                self.take()
            parts.append(self.quotient())
        return ("product", *parts) if len(parts) > 1 else parts[0]

    def _closes(self) -> bool:
        return self.next == "||" and self.norms > 0

    norms = 0

    def quotient(self) -> Tree:
        tree = self.power()
        while self.next in ("/", "//"):
            tree = (self.take(), tree, self.power())
        return tree

    def power(self) -> Tree:
        tree = self.atom()
        while self.next in ("^T", "^-1", "^-T", "^⊙", "^", "["):
            mark = self.take()
            if mark in ("^⊙", "^"):
                negative = self.next == "-" and self.take() == "-"
                exponent = self.atom()
                tree = ("elements" if mark == "^⊙" else "power", tree, ("minus", exponent) if negative else exponent)
            elif mark == "[":
                tree = ("at", tree, *self.several("]"))
            else:
                tree = (mark, tree)
        return tree

    def several(self, close: str) -> list[Tree]:
        """What stands between commas, up to ``close``."""
        found: list[Tree] = []
        while self.next != close:
            found.append(self.relation())
            if self.next == ",":
                self.take()
        self.take(close)
        return found

    def relation(self) -> Tree:
        parts: list[Any] = [self.sum()]
        while self.next in RELATIONS:
            parts += [self.take(), self.sum()]
        return ("relation", *parts) if len(parts) > 1 else parts[0]

    def atom(self) -> Tree:
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return ("number", float(text))
        if kind in ("name", "ones", "eye"):
            return (kind, text if kind == "name" else text[2:])
        if kind == "holds":
            return ("holds", *self.several("]"))
        if kind == "binder":
            return self.binder(text[:-2])
        if kind == "logdet":
            inner = self.sum()
            self.take(")")
            self.take("|")
            return ("call", "logabsdet", inner)
        if kind == "norm":
            return self.norm()
        if kind == "call":
            return ("call", text, *self.arguments())
        if kind == "word":
            return (kind, text)
        if text == "<":
            first = self.sum()
            self.take(",")
            second = self.sum()
            self.take(">")
            return ("inner", first, second)
        if text != "(":
            raise SyntaxError(f"{text!r} in {self.text!r}")
        inner = self.relation()
        if self.next == ",":
            self.take()
            return ("tuple", inner, *self.several(")"))
        self.take(")")
        return inner

    def norm(self) -> Tree:
        """What stands between double bars."""
        self.norms += 1
        inner = self.sum()
        self.take("||")
        self.norms -= 1
        if self.next == "_F":
            self.take()
        return ("call", "norm", inner)

    def arguments(self) -> list[Tree]:
        self.take("(")
        return self.several(")")

    def binder(self, kind: str) -> Tree:
        """A sum, maximum, product or matrix function over the letters in braces."""
        under = self.several("}")
        letters, apart = [], []
        for one in under:
            if one[0] == "relation":
                apart.append(one)
                one = one[1]
            letters += [part[1] for part in (one[1:] if one[0] == "tuple" else (one,))]
        letters = list(dict.fromkeys(letters))
        if kind in ("sum", "max", "min", "prod"):
            return ("binder", kind, tuple(letters), self.product(), tuple(apart))
        (body,) = self.arguments()
        return ("binder", kind, tuple(letters), body, ())


class Values:
    """The value of a tree: matrices without indices, numbers where letters have values."""

    def __init__(self, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> None:
        self.arrays = arrays
        self.sizes = sizes

    def of(self, tree: Tree, letters: Mapping[str, int]) -> Any:
        """The value of ``tree``: a number, or a matrix."""
        kind, *rest = tree
        known = getattr(self, f"_{kind}", None)
        if known is not None:
            return known(rest, letters)
        values = [self.of(one, letters) for one in rest]
        return plain(SIGNS[kind](*values))

    def _number(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        return rest[0]

    def _word(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        if rest[0] in letters:
            return letters[rest[0]]
        return CONSTANTS.get(rest[0]) or self.sizes[rest[0]]

    def _name(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        array = self.arrays[rest[0]]
        moving = [n for n in array.shape if n != 1]
        return plain(array.reshape(moving if len(moving) > 1 else (-1, 1)))

    def _ones(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        return np.ones((self.length(rest[0]), 1))

    def _eye(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        return np.eye(self.length(rest[0]))

    def length(self, text: str) -> int:
        return int(text) if text.isdigit() else self.sizes[text]

    def _relation(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        values = [self.of(one, letters) for one in rest[::2]]
        result: Any = True
        for sign, a, b in zip(rest[1::2], values, values[1:]):
            result = np.logical_and(result, COMPARE[sign](a, b))
        return result * 1.0

    def _holds(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        return np.prod([self.of(one, letters) for one in rest], axis=0) * 1.0

    def _call(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        function, *args = rest
        values = [self.of(one, letters) for one in args]
        with np.errstate(all="ignore"):
            return plain((FUNCTIONS | MATRIX_FUNCTIONS)[function](*values))

    def _at(self, rest: list[Any], letters: Mapping[str, int]) -> float:
        head, *places = rest
        at = [self.of(one, letters) for one in places]
        array = self.arrays[head[1]] if head[0] == "name" else self.of(head, letters)
        if len(at) != array.ndim:
            # A gradient may be printed without the axes of length 1 that its value has, or with them.
            array, at = (
                array.reshape([n for n in array.shape if n != 1]),
                [i for i, one in zip(at, places) if moves(one)],
            )
        if len(at) != array.ndim:
            raise UntoldRange(f"{head}")
        whole = all(i == int(i) and 0 <= i < n for i, n in zip(at, array.shape, strict=True))
        return float(array[tuple(int(i) for i in at)]) if whole else 0.0

    def _binder(self, rest: list[Any], letters: Mapping[str, int]) -> Any:
        kind, bound, body, apart = rest
        ranges = [range(self.range(k, body)) for k in bound]
        found = []
        for at in itertools.product(*ranges):
            inner = {**letters, **dict(zip(bound, at))}
            if all(self.differs(one, inner) for one in apart):
                found.append(self.of(body, inner))
        if kind in ("sum", "max", "min", "prod"):
            return getattr(np, kind)(np.array(found))
        table = np.array(found).reshape([len(one) for one in ranges])
        if kind == "softmax":
            return np.exp(table) / np.sum(np.exp(table))
        return MATRIX_FUNCTIONS[kind](table)

    def differs(self, relation: Tree, letters: Mapping[str, int]) -> bool:
        """Whether a place is another than the one left out."""
        here, there = (part[1:] if part[0] == "tuple" else (part,) for part in (relation[1], relation[3]))
        return any(self.of(a, letters) != self.of(b, letters) for a, b in zip(here, there))

    def range(self, letter: str, body: Tree) -> int:
        """The length of an axis that ``letter`` runs through: of an array that it is an index of."""
        lengths = set(self.axes(letter, body)) or set(self.positions(letter, body))
        if not lengths:
            raise UntoldRange(letter)
        return min(lengths)

    def positions(self, letter: str, tree: Any) -> Iterable[int]:
        """The numbers of elements of arrays that ``letter`` is a position in, counted row by row."""
        if not isinstance(tree, tuple):
            return
        if tree and tree[0] == "at" and tree[1][0] == "name":
            if any("'%'" in str(index) and f"('word', '{letter}')" in str(index) for index in tree[2:]):
                yield self.arrays[tree[1][1]].size
        for part in tree:
            yield from self.positions(letter, part)

    def axes(self, letter: str, tree: Any) -> Iterable[int]:
        if not isinstance(tree, tuple):
            return
        if tree and tree[0] == "at" and tree[1][0] == "name":
            for place, index in enumerate(tree[2:]):
                if index == ("word", letter):
                    yield self.arrays[tree[1][1]].shape[place]
        for part in tree:
            yield from self.axes(letter, part)


def moves(place: Tree) -> bool:
    """False for the index 0 of an axis of length 1."""
    return place != ("number", 0.0)


def plain(value: Any) -> Any:
    """A matrix of one element as a number."""
    return float(value.item()) if isinstance(value, np.ndarray) and value.size == 1 else value


def _multiplied(*parts: Any) -> Any:
    result = parts[0]
    for part in parts[1:]:
        both = isinstance(result, np.ndarray) and isinstance(part, np.ndarray)
        result = plain(result @ part if both else result * part)
    return result


def _alike(a: Any, b: Any) -> None:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape}")


def _elementwise(function: Any) -> Any:
    def apply(a: Any, b: Any) -> Any:
        _alike(a, b)
        with np.errstate(all="ignore"):
            return function(a, b)

    return apply


def _matrix_power(a: Any, n: float) -> Any:
    with np.errstate(all="ignore"):
        return np.linalg.matrix_power(a, int(n)) if isinstance(a, np.ndarray) else np.float64(a) ** n


def _over(a: Any, b: Any) -> Any:
    if isinstance(b, np.ndarray):
        raise ValueError("division by a matrix")
    with np.errstate(all="ignore"):
        return a / np.float64(b)


SIGNS: dict[str, Any] = {
    "minus": lambda a: -a,
    "add": _elementwise(np.add),
    "sub": _elementwise(np.subtract),
    "⊙": _elementwise(np.multiply),
    "⊘": _elementwise(np.divide),
    "%": np.mod,
    "//": np.floor_divide,
    "/": _over,
    "product": _multiplied,
    "power": _matrix_power,
    "elements": lambda a, n: np.asarray(a, float) ** n,
    "^T": lambda a: a.T if isinstance(a, np.ndarray) else a,
    "^-1": lambda a: np.linalg.inv(a) if isinstance(a, np.ndarray) else 1 / a,
    "^-T": lambda a: np.linalg.inv(a).T if isinstance(a, np.ndarray) else 1 / a,
    "inner": lambda a, b: np.sum(a * b),
}


def read(text: str, shape: tuple[int, ...], arrays: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> np.ndarray:
    """The array of ``shape`` that the right side of an equation says."""
    left, right = text.split(" = ", 1)
    tree = Parser(right, arrays).whole()
    values = Values(arrays, sizes)
    places = re.search(r"\[([^\[\]]*)\]$", left)
    if places is None or not re.fullmatch(r"[a-z0-9, ]+", places[1]) or "[" not in left:
        found = values.of(tree, {})
        moving = [n for n in shape if n != 1]
        wanted = (*moving, 1, 1)[:2] if len(moving) < 3 else tuple(moving)
        if isinstance(found, np.ndarray) and found.shape != wanted:
            raise ValueError(f"shape {found.shape} in place of {wanted}: {text}")
        if not isinstance(found, np.ndarray) and len(moving) in (1, 2) and found != 0:
            raise ValueError(f"a number in place of shape {shape}: {text}")
        return np.broadcast_to(np.asarray(found), wanted).reshape(shape)
    letters = [k for k in places[1].split(", ") if not k.isdigit()]
    moving = tuple(n for n in shape if n != 1)
    if len(letters) != len(moving):
        raise UntoldRange(left)
    result = np.empty(moving)
    for at in itertools.product(*map(range, moving)):
        result[at] = values.of(tree, dict(zip(letters, at, strict=True)))
    return result.reshape(shape)
