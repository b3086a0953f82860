"""Einstein sums: products of tensors over named axes, summed over the axes that the result does not have.

An equation is brought into a plain form before anything is recorded: axes of length 1 that broadcast are dropped,
diagonals are taken, axes that only one operand has are summed, and three operands or more are contracted pair by pair.
The op itself is what is left, the product of two tensors, and its derivatives are such products again.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..contract import unify
from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..lazy import sym
from ..op import Op, apply
from ..registry import composite, fn
from ..tensor import Tensor

LETTERS = string.ascii_letters


class Einsum(Op):
    """The product of tensors over named axes, summed over the axes that the result does not name.

    Parameters
    ----------
    equation : str
        Such as ``"ij,jk->ik"``. A letter that occurs twice in an operand takes its diagonal; ``...`` stands for axes
        that broadcast; without ``->`` the result has the letters that occur once, in alphabetical order.
    """

    def __init__(self, equation):
        if not isinstance(equation, str):
            raise ArgumentError(f"For 'Einsum', the 'equation' must be a str, but got {type(equation).__name__}.")
        self.equation = equation

    @property
    def terms(self) -> tuple[str, str, str]:
        """The letters of both operands and of the result, once an equation is plain."""
        left, out = self.equation.split("->")
        return (*left.split(","), out)

    def bind(self, *operands):
        given = operands[0] if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else operands
        for operand in given:
            if not hasattr(operand, "ndim"):
                raise ArgumentError(f"For 'Einsum', the operands must be tensors, but got {type(operand).__name__}.")
        terms, out = parsed(self.equation, given)
        pairs = [summed(*diagonal(*one), out + "".join(terms[:n] + terms[n + 1 :])) for n, one in plain(given, terms)]
        while len(pairs) > 2:
            later = out + "".join(term for _, term in pairs[2:])
            kept = "".join(dict.fromkeys(x for _, term in pairs[:2] for x in term if x in later))
            first = product(pairs[0], pairs[1], kept)
            pairs = [summed(first, kept, later), *pairs[2:]]
        if len(pairs) == 1:
            ((result, term),) = pairs
            return result if term == out else fn.transpose(result, tuple(term.index(x) for x in out))
        return Einsum(f"{pairs[0][1]},{pairs[1][1]}->{out}"), (pairs[0][0], pairs[1][0])

    def numpy(self, a, b):
        return np.einsum(self.equation, a, b, optimize=("einsum_path", (0, 1)))

    def vjp(self, ct, out, a, b):
        left, right, result = self.terms
        return (
            apply(Einsum(f"{result},{right}->{left}"), (ct, b)),
            apply(Einsum(f"{left},{result}->{right}"), (a, ct)),
        )

    def out_shape(self, *shapes):
        *terms, out = self.terms
        sizes: dict[str, Any] = {}
        for term, shape in zip(terms, shapes):
            for x, n in zip(term, shape):
                sizes[x] = unify(sizes[x], n) if x in sizes else n
                if sizes[x] is None or len(term) != len(shape):
                    given = " and ".join(str(tuple(one)) for one in shapes)
                    raise ShapeError(f"For 'Einsum', the shapes must fit '{self.equation}', but got {given}.")
        return tuple(sizes[x] for x in out)

    def meaning(self, a, b):
        pair, out = self.equation.split("->")
        left, right = pair.split(",")
        lengths = {**dict(zip(left, a.shape)), **dict(zip(right, b.shape))}
        inner = [x for x in lengths if x not in out]

        def element(*i):
            def body(*ks):
                at = dict(zip([*out, *inner], [*i, *ks]))
                return a[tuple(at[x] for x in left)] * b[tuple(at[x] for x in right)]

            return sym.totals([lengths[x] for x in inner], body)

        return element


def parsed(equation: str, operands: Sequence[Tensor]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with letters for what ``...`` stands for."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    allowed = all(x in LETTERS for term in [*terms, right] for x in term.replace("...", "", 1))
    if not text or not allowed or len(terms) != len(operands):
        raise ArgumentValueError(
            f"For 'Einsum', the 'equation' must name the axes of {len(operands)} operands by letters, but got {equation!r}."
        )
    free = [x for x in reversed(LETTERS) if x not in text]
    spans = [operand.ndim - len(term.replace("...", "")) for operand, term in zip(operands, terms)]
    for operand, term, span in zip(operands, terms, spans):
        if span < 0 or (span and "..." not in term):
            raise ArgumentValueError(
                f"For 'Einsum', '{term}' must name each axis of its operand once, but got shape {operand.shape}."
            )
    more = "".join(reversed(free[: max(spans)]))
    if len(more) < max(spans):
        raise ArgumentValueError(f"For 'Einsum', there are not enough letters for {equation!r}.")
    full = [term.replace("...", more[len(more) - span :]) for term, span in zip(terms, spans)]
    joined = "".join(term.replace("...", "") for term in terms)
    implied = more + "".join(x for x in sorted(set(joined)) if joined.count(x) == 1)
    out = right.replace("...", more) if arrow else implied
    if len(set(out)) < len(out) or any(x not in "".join(full) for x in out):
        raise ArgumentValueError(
            f"For 'Einsum', the result must name axes of the operands, each once, but got {equation!r}."
        )
    return full, out


def plain(operands: Sequence[Tensor], terms: list[str]) -> list[tuple[int, tuple[Tensor, str]]]:
    """Each operand with its letters, numbered; without the axes of length 1 that broadcast."""
    sizes: dict[str, int] = {}
    for operand, term in zip(operands, terms):
        for x, n in zip(term, operand.shape):
            if sizes.setdefault(x, n) == 1:
                sizes[x] = n
            elif n not in (1, sizes[x]):
                raise ShapeError(
                    f"For 'Einsum', the axes named '{x}' must have one length, but got {sizes[x]} and {n}."
                )
    result = []
    for position, (operand, term) in enumerate(zip(operands, terms)):
        gone = [axis for axis, x in enumerate(term) if operand.shape[axis] == 1 != sizes[x]]
        for axis in gone:
            terms[position] = term = term[:axis] + " " + term[axis + 1 :]
        terms[position] = term = term.replace(" ", "")
        result.append((position, (fn.squeeze(operand, tuple(gone)) if gone else operand, term)))
    return result


def diagonal(operand: Tensor, term: str) -> tuple[Tensor, str]:
    """An operand whose letters occur once: diagonals are taken, which puts their axis last."""
    for x in term:
        if term.count(x) > 1:
            first, second = term.index(x), term.index(x, term.index(x) + 1)
            rest = term[:first] + term[first + 1 : second] + term[second + 1 :]
            return diagonal(fn.diagonal(operand, 0, first, second), rest + x)
    return operand, term


def summed(operand: Tensor, term: str, wanted: str) -> tuple[Tensor, str]:
    """An operand summed over the axes that nothing else names."""
    axes = tuple(axis for axis, x in enumerate(term) if x not in wanted)
    return (fn.reduce_sum(operand, axes), "".join(x for x in term if x in wanted)) if axes else (operand, term)


def product(first: tuple[Tensor, str], second: tuple[Tensor, str], out: str) -> Tensor:
    """The product of two operands with the axes ``out``."""
    return apply(Einsum(f"{first[1]},{second[1]}->{out}"), (first[0], second[0]))


@composite(functions="einsum")
def einsum(equation: str, *operands: Any) -> Tensor:
    """The product of tensors over named axes, such as ``einsum("ij,jk->ik", a, b)``."""
    return Einsum(equation)(*operands)


__all__ = ["Einsum", "einsum"]
