"""Line templates: what one op means, and how a cotangent comes back through it, made by `sympy.diff` of that meaning.

A template is a definition ``out[i..] = expr`` over slots ``@0, @1, ...`` with canonical lengths ``n0, n1, ...``; it
knows no variable, so it is derived once for a process. An adjoint is a template again, hence differentiable again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import Add, Expr, Integer, S, Symbol, diff

from ..op import Op
from .effort import limited
from .language import Accessor
from .nodes import Entry, Total, fresh_index, index, length
from .normal import Ranges, normal

Lengths = tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Template:
    """``out[indices] = expr``.

    Attributes
    ----------
    expr : Expr
        The element; free indices are ``indices``, arrays are the heads ``slot(0), slot(1), ...``.
    shape : tuple of Expr
        Lengths of the output's axes.
    slots : tuple of tuple of Expr
        Shapes of the operands.
    constants : frozenset of int
        Slots that get no gradient by convention.
    simplex : frozenset of int
        Slots whose rows are taken to sum to one in simplified forms.
    """

    expr: Expr
    shape: Lengths
    slots: tuple[Lengths, ...]
    constants: frozenset[int] = frozenset()
    simplex: frozenset[int] = frozenset()

    @property
    def indices(self) -> tuple[Expr, ...]:
        """Index of each axis of the output; 0 on an axis of length 1."""
        return out_indices(self.shape)

    @property
    def ranges(self) -> Ranges:
        """Lengths of the free indices."""
        return {i: n for i, n in zip(self.indices, self.shape) if i != 0}


def slot(number: int) -> Symbol:
    """The head of operand ``number`` of a template."""
    return Symbol(f"@{number}")


def out_indices(shape: Sequence[Expr]) -> tuple[Expr, ...]:
    """The index of each axis of ``shape``."""
    return tuple(S.Zero if n == 1 else index(f"i{axis}") for axis, n in enumerate(shape))


def canonical_lengths(shapes: Sequence[Lengths]) -> tuple[tuple[Lengths, ...], tuple[tuple[Symbol, Expr], ...]]:
    """``shapes`` in letters ``n0, n1, ...``, and what each of these letters stands for."""
    new: dict[Symbol, Symbol] = {}
    for shape in shapes:
        for n in shape:
            for symbol in sorted(n.free_symbols, key=str):
                new.setdefault(symbol, length(f"n{len(new)}"))
    renamed = tuple(tuple(n.xreplace(new) for n in shape) for shape in shapes)
    return renamed, tuple((after, before) for before, after in new.items())


_FORWARD: dict[Any, Template] = {}
_MERGED: dict[Any, Template] = {}


def forward(op: Op, shapes: Sequence[Lengths], numbers: Sequence[Any], shape: Lengths) -> Template:
    """The template of ``op`` on operands of ``shapes``; an operand that is a plain number is built in."""
    # The meaning belongs to the key: another one may have been put in its place meanwhile.
    key = (op.key, type(op).meaning, tuple(shapes), tuple(numbers), shape)
    if key not in _FORWARD:
        _FORWARD[key] = _forward(op, shapes, numbers, shape)
    return _FORWARD[key]


def _forward(op: Op, shapes: Sequence[Lengths], numbers: Sequence[Any], shape: Lengths) -> Template:
    operands = [Accessor(slot(n), lengths, number) for n, (lengths, number) in enumerate(zip(shapes, numbers))]
    names = op.operands if len(op.operands) == len(shapes) else ()
    constants = frozenset(n for n, name in enumerate(names) if name in op.constants)
    simplex = frozenset(n for n, name in enumerate(names) if op.assumes.get(name) == "simplex")
    ranges = {i: n for i, n in zip(out_indices(shape), shape) if i != 0}
    with limited(None):
        expr = normal(op.meaning(*operands)(*out_indices(shape)), ranges)
    return Template(expr, shape, tuple(shapes), constants, simplex)


@lru_cache(maxsize=4096)
def adjoint(template: Template, number: int) -> Template | None:
    """The cotangent of operand ``number``, given the output's as a last operand; None if it is 0 everywhere."""
    if number in template.constants:
        return None
    shape = template.slots[number]
    fresh = tuple(S.Zero if n == 1 else fresh_index() for n in shape)
    slope = diff(template.expr, Entry(slot(number), *fresh))
    if slope == 0:
        return None
    cotangent = Entry(slot(len(template.slots)), *template.indices)
    limits = tuple((i, n) for i, n in zip(template.indices, template.shape) if i != 0)
    ranges = {p: n for p, n in zip(fresh, shape) if p != 0}
    with limited(None):
        expr = normal(Total(cotangent * slope, limits), ranges)
        expr = normal(expr.xreplace({p: index(f"i{axis}") for axis, p in enumerate(fresh) if p != 0}), {})
    if expr == 0:
        return None
    return Template(expr, shape, (*template.slots, template.shape), template.constants, template.simplex)


def constant(number: int, shape: Lengths) -> Template:
    """The template of an array whose elements all are ``number``."""
    key = ("constant", number, shape)
    if key not in _FORWARD:
        _FORWARD[key] = Template(Integer(number), shape, ())
    return _FORWARD[key]


def copy(shape: Lengths) -> Template:
    """The template of an array that equals its operand."""
    key = ("copy", shape)
    if key not in _FORWARD:
        _FORWARD[key] = Template(Entry(slot(0), *out_indices(shape)), shape, (shape,))
    return _FORWARD[key]


def merged(
    parts: Sequence[tuple[Template, tuple[int, ...], tuple[tuple[Symbol, Expr], ...]]], slots: tuple
) -> Template:
    """The sum of templates whose slots become the slots of one; each part has its slots' new numbers and lengths."""
    # A template is equal to itself alone, so the key keeps the parts alive with the sum.
    key = (tuple(parts), slots)
    if key not in _MERGED:
        terms, constants, simplex = [], set(), set()
        for template, numbers, lengths in parts:
            new = {slot(old): slot(now) for old, now in enumerate(numbers)}
            terms.append(template.expr.xreplace({**new, **dict(lengths)}))
            constants |= {numbers[n] for n in template.constants}
            simplex |= {numbers[n] for n in template.simplex}
        shape = tuple(n.xreplace(dict(parts[0][2])) for n in parts[0][0].shape)
        _MERGED[key] = Template(Add(*terms), shape, slots, frozenset(constants), frozenset(simplex))
    return _MERGED[key]


def instantiate(template: Template, indices: Sequence[Expr], heads: Sequence[Symbol], lengths: Any) -> Expr:
    """The element of a template at ``indices``, over other heads and lengths; bound indices are made fresh."""
    from .normal import freshen

    new: dict[Any, Any] = {i: k for i, k in zip(template.indices, indices) if i != 0}
    new.update({slot(n): head for n, head in enumerate(heads)})
    new.update(dict(lengths))
    return freshen(template.expr).xreplace(new)


__all__ = ["Template", "adjoint", "canonical_lengths", "constant", "forward", "instantiate", "merged", "slot"]
