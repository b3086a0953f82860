"""The trial that every form must pass before it is shown: it gives what the derivation gives, at several samples.

First modulo a prime (see `residue`), where equal is proof up to a chance that is stated. Where that tells nothing or
something else, in 50-digit numbers; where those take too long, in floats. Trees without a derivation can be compared too
(`same`): each name is a matrix of its own then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sympy import Expr, Integer, Symbol

from ..checking.witnesses.digits import context, numbers
from ..symbolic import functions as fs
from ..symbolic.facts import NOTHING, Facts
from ..symbolic.lines import Derivation
from ..symbolic.nodes import Largest, Tied
from ..symbolic.notation import Node
from ..symbolic.template import Template, out_indices
from .each_value import each_value
from .evidence import Evidence
from .indexed_value import Place, evaluate
from .notation_value import node_value
from .residue import residues
from .sampling import PATTERNS, UNDEFINED, Ranges, Sample, Sampler, domain, uniform
from .scalar_value import finite

# Of 50 digits, what an honest form may lose; floats keep few.
_DIGITS, _FLOATS, _SMALL = 1e-35, 1e-9, 1e-5
_SIGNS = (fs.Positive, fs.Sign, fs.Half, fs.Absolute, fs.Relu, fs.Maximum, fs.Minimum, fs.Compare, Largest, Tied)
# A wrong sign of one number passes every second time: samples are drawn until that chance is small, up to so many.
_LUCK, _MORE = 1e-6, 40
# Sizes at which two trees are compared.
_ENOUGH = 2
_RATIONAL = {"name", "number", "ones", "eye", "T", "row", "prod", "had", "scale", "add", "pow", "of"}
_RATIONAL |= {"diag", "diagof", "inner", "trace"}
# A derivation with more lines is tried at fewer sizes.
_LONG = 60


class Trial:
    """Compares forms with one derivation; the samples are made when they are first needed."""

    def __init__(
        self,
        derivation: Derivation,
        facts: Facts = NOTHING,
    ) -> None:
        self.derivation = derivation
        self.sampler = Sampler(derivation, facts)
        self.found: dict[str, Evidence] = {}

    @cached_property
    def residues(self) -> list[Sample]:
        """The samples in residues: more of them where signs decide over few numbers."""
        found = self.sampler.residues(3 if len(self.derivation.lines) <= _LONG else 2)
        if not found or self.luck([sample.sizes for sample in found]) < _LUCK:
            return found
        rates = [(self.luck([sample.sizes]), self.sampler.work(sample.sizes)) for sample in found]
        sizes = found[rates.index(min(rates))].sizes
        for number in range(len(PATTERNS), len(PATTERNS) + _MORE):
            sample = self.sampler.drawn(sizes, number)
            found += [] if sample is None else [sample]
            if self.luck([one.sizes for one in found]) < _LUCK:
                break
        return found

    def luck(self, sizes: Sequence[Mapping[Symbol, int]]) -> float:
        """The chance that no element has the signs that show a mistake, where a line looks at signs; else 0."""
        length, found = self.sampler.length, 0.0
        for line in self.derivation.lines:
            count = _signs(line.template)
            if count:
                shape = self.derivation.shapes[line.key]
                seen = sum(math.prod(length(n, at) for n in shape) for at in sizes)
                found = max(found, (1 - 2.0 ** -min(count, 6)) ** seen)
        return found

    def agrees(self, node: Node, key: str) -> bool:
        """True if a matrix form gives what the lines give."""
        shape = self.derivation.shapes[key]
        if node.kind == "each":
            return self._passes(
                key, lambda one: each_value(node, one.arrays, one.sizes, shape, one.one), "form with letters"
            )
        return self._passes(key, lambda sample: _matrix(node, sample, shape), "matrix form")

    def holds(self, expr: Expr, key: str) -> bool:
        """True if an indexed form, over the places `out_indices` of its shape, gives what the lines give."""
        shape = self.derivation.shapes[key]
        indices = out_indices(shape)

        def at(sample: Sample) -> np.ndarray:
            lengths = [self.sampler.length(n, sample.sizes) for n in shape]
            arrays = {Symbol(name): array for name, array in sample.arrays.items()}
            return evaluate(expr, indices, lengths, Place(arrays, sample.sizes, {}, sample.one is not None))

        return self._passes(key, at, "indexed form")

    def same(self, first: Node, second: Node) -> bool:
        """True if two trees give the same at all samples, where a named value is what the derivation says it is."""
        if first == second:
            return True
        if first.shape != second.shape:
            return False
        return self._compared(lambda sample: _value(first, sample), lambda sample: _value(second, sample)) is not None

    def defined(self, key: str) -> None:
        """Keep that what is shown of ``key`` is its definition, which needs no comparison."""
        self.found[key] = Evidence("definition", "definition", ())

    def _passes(self, key: str, form: Callable[[Sample], np.ndarray], what: str) -> bool:
        reached = self._compared(lambda sample: sample.arrays[key], form)
        if reached is not None:
            arithmetic, sizes = reached
            luck = self.luck(sizes) if arithmetic == "residues" else 0.0
            self.found[key] = Evidence(what, arithmetic, sizes, luck)
        return reached is not None

    def _compared(self, wanted: Callable[[Sample], Any], form: Callable[[Sample], Any]) -> tuple[str, list] | None:
        """The arithmetic in which two forms agree and the sizes at which they were compared; None if they differ."""
        for kind, samples in (("residues", lambda: self.residues), ("reals", lambda: self.sampler.reals)):
            given = samples()
            if given and all(_equal(wanted, form, sample) for sample in given):
                one = given[0].one
                arithmetic = kind if kind == "residues" else "floats" if one is None else "digits"
                return arithmetic, [sample.sizes for sample in given]
        return None

    def samples(self) -> dict[str, np.ndarray]:
        """All values and cotangents at small random inputs, in float64."""
        return self.sampler.floats


@lru_cache(maxsize=4096)
def _signs(template: Template) -> int:
    """How many different signs a template looks at."""
    return len(template.expr.atoms(*_SIGNS))


def _value(node: Node, sample: Sample) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(node_value(node, sample.arrays, sample.sizes, sample.one))


def _matrix(node: Node, sample: Sample, shape: tuple[Expr, ...]) -> np.ndarray:
    """The value of a tree, laid out in ``shape``: a matrix must be one of these rows and columns, a vector a column."""
    found = _value(node, sample)
    table = {letter: Integer(size) for letter, size in sample.sizes.items()}
    sizes = [int(n.xreplace(table)) for n in shape]
    if node.kind == "number" and node.data == 0:
        return np.broadcast_to(found.ravel(), sizes)
    moving = [size for size, n in zip(sizes, shape) if n != 1]
    if len(moving) <= 2 and found.ndim == 2 and found.shape != tuple([*moving, 1, 1][:2]):
        raise ValueError("The form has another shape.")
    return found.reshape(sizes)


def _equal(wanted: Callable[[Sample], Any], form: Callable[[Sample], Any], sample: Sample) -> bool:
    try:
        first, second = np.asarray(wanted(sample)), np.asarray(form(sample))
        return first.shape == second.shape and close(first, second, sample.one)
    except UNDEFINED:
        return False


def close(first: np.ndarray, second: np.ndarray, one: Any) -> bool:
    """True if two arrays are equal: exactly in residues, up to rounding in others."""
    if one is not None and not hasattr(one, "ae"):
        return bool(np.all(first == second))
    with np.errstate(all="ignore"):
        scale = max(np.max(np.abs(first), initial=0), _SMALL)
        difference = np.max(np.abs(first - second), initial=0)
    return bool(difference <= (_FLOATS if one is None else _DIGITS) * scale)


# Trees alone ---------------------------------------------------------------------------------------------------------


def same(first: Node, second: Node) -> bool:
    """True if two trees give the same for whatever their names stand for, at all sizes at which they are defined.

    Names are independent random matrices modulo a prime; the answer True is wrong with a chance below 1e-15. Trees that
    are equal only by a law of logarithms or the like are compared in 50-digit numbers, where the first is defined.
    """
    if first == second:
        return True
    if first.shape != second.shape:
        return False
    names: dict[str, tuple[Expr, ...]] = {}
    letters: set[Symbol] = set()
    for node in (first, second):
        _collect(node, names, letters)
    ordered = tuple(sorted(letters, key=str))
    shapes = tuple(sorted(names.items()))
    told = (_same_at(first, second, shapes, ordered, number) for number in range(len(PATTERNS)))
    if _all_true(told):
        return True
    if _rational(first) and _rational(second):
        return False
    return _all_true(_same_in_digits(first, second, shapes, ordered, number) for number in (0, 1))


def _all_true(told: Iterable[bool | None]) -> bool:
    """True if the first few answers that are known are all True."""
    known: list[bool] = []
    for one in told:
        if one is False:
            return False
        known += [one] if one else []
        if len(known) == _ENOUGH:
            break
    return bool(known)


def _rational(node: Node) -> bool:
    """True for a tree of sums, products, quotients, inverses and determinants, which residues tell apart for sure."""
    stack = [node]
    while stack:
        part = stack.pop()
        stack += part.args
        if part.kind not in _RATIONAL or part.data in ("LogDeterminant", "Lower"):
            return False
        if part.kind == "pow" and not part.data.is_Integer:
            return False
    return True


def _same_at(first: Node, second: Node, *where: Any) -> bool | None:
    """Whether two trees agree at a sample; None where the first is not defined."""
    wanted, found = _tree_value(first, *where), _tree_value(second, *where)
    return (
        None if wanted is None else found is not None and found.shape == wanted.shape and bool(np.all(found == wanted))
    )


@lru_cache(maxsize=512)
def _tree_value(node: Node, shapes: Any, letters: tuple[Symbol, ...], number: int) -> np.ndarray | None:
    """The value of a tree at a sample, kept since a rewritten tree is the next one to be rewritten; None if undefined."""
    try:
        found = _value(node, _independent(shapes, letters, number))
    except UNDEFINED:
        return None
    return found if finite(found) else None


def _collect(node: Node, names: dict[str, tuple[Expr, ...]], letters: set[Symbol]) -> None:
    stack = [node]
    while stack:
        part = stack.pop()
        stack += part.args
        letters.update(*(n.free_symbols for n in part.shape))
        if part.kind == "name":
            names[part.data] = part.shape
        elif part.kind == "number":
            letters |= part.data.free_symbols


@lru_cache(maxsize=512)
def _independent(shapes: Any, letters: tuple[Symbol, ...], number: int) -> Sample:
    sizes, full = _sized(shapes, letters, number)
    arrays = {key: residues(f"{key} {number // 2}", shape, number % 2 == 1) for key, shape in full.items()}
    return Sample(arrays, sizes, residues("one", (1,))[0])


def _same_in_digits(first: Node, second: Node, shapes: Any, letters: tuple[Symbol, ...], number: int) -> bool | None:
    """Whether two trees agree where the first is defined; None where that is not found."""
    sizes, full = _sized(shapes, letters, number)

    def fits(ranges: Ranges) -> tuple[np.ndarray, Sample] | None:
        arrays = {key: numbers(uniform(key, number, shape, ranges[key])) for key, shape in full.items()}
        sample = Sample(arrays, sizes, context().mpf(1))
        try:
            wanted = _value(first, sample)
        except UNDEFINED:
            return None
        return (wanted, sample) if finite(wanted) else None

    found = domain(list(full), fits)
    return None if found is None else _equal(lambda _: found[0], lambda sample: _value(second, sample), found[1])


def _sized(shapes: Any, letters: tuple[Symbol, ...], number: int) -> tuple[dict[Symbol, int], dict[str, tuple]]:
    pattern = PATTERNS[number]
    sizes = {n: pattern[at % len(pattern)] for at, n in enumerate(letters)}
    table = {letter: Integer(size) for letter, size in sizes.items()}
    return sizes, {key: tuple(int(n.xreplace(table)) for n in shape) for key, shape in shapes}


__all__ = ["Trial", "same"]
