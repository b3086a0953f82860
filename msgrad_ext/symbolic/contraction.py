"""Sums of products as contractions: what ``einsum`` computes, with the letters of its subscripts.

Comes in: an indexed expression. Goes out: its terms, each a number times operands with an index for each of their axes;
or nothing, where a term is no product of arrays at their own indices.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_letters

from sympy import Add, Expr, Function, Mul, Pow, S, Symbol

from .indexed import batch_index
from .nodes import Binder, Delta, Entry, Total
from .normal import Ranges, Term, expand, freshen

MOST = 8
_FREE, _BOUND = "ijmnpqrstuvw", "klxyz"
Shapes = Mapping[str, Sequence[Expr]]


@dataclass(frozen=True)
class Operand:
    """A factor over its indices: an element of an array, a function of such elements, a delta, or a one."""

    expr: Expr
    indices: tuple[Expr, ...]
    lengths: tuple[Expr, ...]


@dataclass(frozen=True)
class Contraction:
    """``number * sum of the product of operands``; ``subscripts`` as ``einsum`` reads them."""

    number: Expr
    operands: tuple[Operand, ...]
    subscripts: str


def contractions(
    expr: Expr, places: Sequence[Expr], shape: Sequence[Expr], ranges: Ranges, shapes: Shapes
) -> tuple[Contraction, ...] | None:
    """The terms of ``expr``, the element at ``places`` of an array of ``shape``; None if it is no sum of products."""
    batch = batch_index(expr)
    terms = _multiplied(expr)
    if terms is None or expr == 0:
        return None
    found = [_contraction(term, places, shape, ranges, shapes, batch) for term in terms]
    return None if None in found else tuple(found)  # type: ignore[arg-type]


def _multiplied(expr: Expr) -> list[Term] | None:
    """Terms whose factors hold no sums of terms; None if there are too many."""
    result: list[Term] = []
    pending = expand(freshen(expr))
    while pending:
        term = pending.pop(0)
        at = next((n for n, factor in enumerate(term.factors) if _sum(factor)), None)
        if at is None:
            result.append(term)
        else:
            rest = term.factors[:at] + term.factors[at + 1 :]
            for part in expand(freshen(_base(term.factors[at]))):
                other = Pow(_base(term.factors[at]), term.factors[at].as_base_exp()[1] - 1)
                factors = (*part.factors, *rest, *([other] if other is not S.One else []))
                pending.append(Term((*term.bound, *part.bound), tuple(itertools.chain(*map(Mul.make_args, factors)))))
        if len(result) + len(pending) > MOST:
            return None
    return result


def _base(factor: Expr) -> Expr:
    return factor.as_base_exp()[0]


def _sum(factor: Expr) -> bool:
    base, exponent = factor.as_base_exp()
    return isinstance(base, (Add, Total)) and exponent.is_Integer and exponent > 0 and base.has(Entry)


def _contraction(
    term: Term, places: Sequence[Expr], shape: Sequence[Expr], ranges: Ranges, shapes: Shapes, batch: Symbol | None
) -> Contraction | None:
    scope = {**ranges, **dict(term.bound)}
    number, operands = S.One, []
    for factor in term.factors:
        base, exponent = factor.as_base_exp()
        if not factor.has(Entry) and not factor.free_symbols & set(scope):
            number *= factor
        elif isinstance(base, Entry) and exponent.is_Integer and 0 < exponent <= 4:
            operand = _operand(base, scope, shapes)
            if operand is None:
                return None
            operands += [operand] * int(exponent)
        else:
            operand = _operand(factor, scope, shapes)
            if operand is None:
                return None
            operands.append(operand)
    for place, i in enumerate(places):
        if i == 0 or not any(i in operand.indices for operand in operands):
            operands.append(Operand(S.One, (i if i != 0 else Symbol(f"~unit{place}"),), (shape[place],)))
    if any(not any(k in operand.indices for operand in operands) for k, _ in term.bound):
        return None
    return Contraction(number, tuple(operands), _subscripts(operands, places, batch))


def _operand(factor: Expr, scope: Ranges, shapes: Shapes) -> Operand | None:
    if isinstance(factor, Delta):
        first, second = factor.args
        fits = first in scope and second in scope and scope[first] == scope[second]
        return Operand(factor, factor.args, (scope[first], scope[second])) if fits else None
    entries = sorted(factor.atoms(Entry), key=str)
    if not entries or factor.has(Binder, Delta) or not elementwise(factor):
        return None
    places = {entry.indices for entry in entries}
    lengths = {tuple(shapes[entry.head.name]) for entry in entries}
    if len(places) != 1 or len(lengths) != 1:
        return None
    (indices,), (shape,) = places, lengths
    if any((i != 0 if n == 1 else scope.get(i) != n) for i, n in zip(indices, shape)):
        return None
    named = tuple(
        i if n != 1 else Symbol(f"~unit{at} of {entries[0].head}") for at, (i, n) in enumerate(zip(indices, shape))
    )
    return Operand(factor, named, shape)


def elementwise(expr: Expr) -> bool:
    """True for numbers and functions of array elements, as numpy applies them to whole arrays."""
    if isinstance(expr, Entry) or expr.is_Rational:
        return True
    if isinstance(expr, Pow):
        return elementwise(expr.base) and expr.exp.is_Rational
    if isinstance(expr, (Add, Mul)):
        return all(map(elementwise, expr.args))
    return isinstance(expr, Function) and type(expr).__name__ in NUMPY and all(map(elementwise, expr.args))


# How numpy writes functions of whole arrays.
NUMPY = {
    "Exp": "np.exp({})",
    "Log": "np.log({})",
    "Tanh": "np.tanh({})",
    "Sigmoid": "1 / (1 + np.exp(-{}))",
    "Relu": "np.maximum({}, 0)",
    "Positive": "({} > 0)",
    "Absolute": "np.abs({})",
    "Sign": "np.sign({})",
    "Sin": "np.sin({})",
    "Cos": "np.cos({})",
}


def numpy_text(expr: Expr, names: Mapping[str, str]) -> str:
    """An elementwise operand as numpy writes it."""
    if isinstance(expr, Entry):
        return names[expr.head.name]
    if isinstance(expr, Function):
        return NUMPY[type(expr).__name__].format(_fenced(expr.args[0], names))
    if isinstance(expr, Pow):
        return f"{_fenced(expr.base, names)}**{expr.exp if expr.exp.is_Integer and expr.exp > 0 else f'({expr.exp})'}"
    if isinstance(expr, Mul):
        return " * ".join(_fenced(arg, names) for arg in expr.args)
    if isinstance(expr, Add):
        return " + ".join(numpy_text(arg, names) for arg in expr.args).replace("+ -1 * ", "- ")
    return str(expr)


def _fenced(expr: Expr, names: Mapping[str, str]) -> str:
    text = numpy_text(expr, names)
    return f"({text})" if isinstance(expr, (Add, Mul, Pow)) else text


def _subscripts(operands: Sequence[Operand], places: Sequence[Expr], batch: Symbol | None) -> str:
    letters: dict[Expr, str] = {}

    def give(index: Expr, wanted: str) -> None:
        if index not in letters:
            letters[index] = next(x for x in wanted + ascii_letters if x not in letters.values())

    out = [i if i != 0 else Symbol(f"~unit{place}") for place, i in enumerate(places)]
    for i in out:
        give(i, "b" + _FREE if i == batch else _FREE)
    for operand in operands:
        for k in operand.indices:
            give(k, "b" + _BOUND if k == batch else _BOUND)
    left = ",".join("".join(letters[k] for k in operand.indices) for operand in operands)
    return f"{left}->{''.join(letters[i] for i in out)}"


def heads(terms: Collection[Contraction]) -> list[str]:
    """The keys of the arrays in ``terms``, in order."""
    found = [
        e.head.name for term in terms for operand in term.operands for e in sorted(operand.expr.atoms(Entry), key=str)
    ]
    return list(dict.fromkeys(found))


__all__ = ["Contraction", "Operand", "contractions", "heads", "numpy_text"]
