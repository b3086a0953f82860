"""Closed forms: a gradient's line with the lines it rests on put in, within a budget."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sympy import Add, Expr, Mul, Symbol

from .effort import limited, spend
from .functions import Exp
from .lines import Derivation, Line
from .matrix import recognise
from .nodes import Binder, Entry, Total
from .normal import Ranges, Term, canonical, expand, freshen, normal, rebuild
from .template import Template, instantiate, out_indices

BUDGET = 400


def definition(line: Line, indices: tuple[Expr, ...]) -> Expr:
    """What a line says of its element at ``indices``, over the keys of its operands."""
    return instantiate(line.template, indices, [Symbol(key) for key in line.operands], line.lengths)


def line_expr(derivation: Derivation, line: Line) -> tuple[Expr, tuple[Expr, ...], Ranges]:
    """A line over keys, with its indices and their lengths."""
    shape = derivation.shapes[line.key]
    indices = out_indices(shape)
    return definition(line, indices), indices, {i: n for i, n in zip(indices, shape) if i != 0}


def closed(derivation: Derivation, key: str, forward: bool, budget: int = BUDGET) -> Expr | None:
    """The element of ``key`` with cotangents (and, with ``forward``, values too) put in; None over budget."""
    order = derivation.places
    shape = derivation.shapes[key]
    indices = out_indices(shape)
    ranges = {i: n for i, n in zip(indices, shape) if i != 0}
    expr = definition(derivation.definition(key), indices)
    while True:
        open_keys = {e.head.name for e in entries(expr)} & order.keys()
        if not forward:
            open_keys = {k for k in open_keys if k in derivation.cotangents or alias(derivation.definition(k))}
        if not open_keys:
            return normal(expr, ranges)
        spend(size(expr))
        latest = max(open_keys, key=order.__getitem__)
        line = derivation.definition(latest)
        found = {e: definition(line, e.indices) for e in entries(expr) if e.head.name == latest}
        if size(expr) + sum(size(part) for part in found.values()) > budget:
            return None
        expr = substitute(expr, latest, line)


def simplex_keys(derivation: Derivation) -> set[str]:
    """Inputs whose rows some op expects to sum to one."""
    found = {line.operands[n] for line in derivation.lines for n in line.template.simplex}
    return found & set(derivation.inputs)


def alias(line: Line) -> bool:
    """True for a line that only renames or moves elements, or scales them by a number."""
    return isinstance(line.template.expr.as_coeff_Mul()[1], Entry)


def aliases(derivation: Derivation) -> Hidden:
    """The lines that only rename or move elements, by key; made once for a derivation."""
    found: Hidden | None = derivation.__dict__.get("_aliases")
    if found is None:
        found = Hidden({line.key: line for line in derivation.lines if alias(line)})
        object.__setattr__(derivation, "_aliases", found)
    return found


class Hidden(dict[str, Line]):
    """Lines that are put in where they are used, in order of execution, each with its definition over the others."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        super().__init__(lines)
        self.definitions: dict[str, Expr] = {}


def definition_of(hidden: Mapping[str, Line], key: str) -> Expr:
    """The definition of one of ``hidden`` at its own indices, in which no other of them is left."""
    known = hidden.definitions if isinstance(hidden, Hidden) else {}
    stack = [key]
    while stack:
        line = hidden[stack[-1]]
        waiting = [other for other in line.operands if other in hidden and other not in known]
        if waiting:
            stack += waiting
            continue
        known[stack.pop()] = _put_in(definition(line, line.template.indices), hidden, known)
    return known[key]


def resolved(expr: Expr, hidden: Mapping[str, Line]) -> Expr:
    """``expr`` with the definitions of ``hidden`` put in."""
    keys = sorted({entry.head.name for entry in entries(expr)} & hidden.keys())
    return _put_in(expr, hidden, {key: definition_of(hidden, key) for key in keys}) if keys else expr


def _put_in(expr: Expr, hidden: Mapping[str, Line], known: Mapping[str, Expr]) -> Expr:
    """``expr`` with entries of ``hidden`` replaced by what they are ``known`` to be, bound indices fresh at each place."""
    if not expr.args:
        return expr
    args = tuple(_put_in(arg, hidden, known) for arg in expr.args)
    if isinstance(expr, Entry) and expr.head.name in hidden:
        places = hidden[expr.head.name].template.indices
        return freshen(known[expr.head.name]).xreplace({i: k for i, k in zip(places, args[1:]) if i != 0})
    return rebuild(expr, args)


def substitute(expr: Expr, key: str, line: Line) -> Expr:
    """``expr`` with every entry of ``key`` replaced by its definition, bound indices fresh at each place."""
    if not expr.args or not expr.has(Symbol(key)):
        return expr
    if isinstance(expr, Entry) and expr.head.name == key:
        return definition(line, tuple(substitute(i, key, line) for i in expr.indices))
    args = [substitute(arg, key, line) for arg in expr.args]
    return type(expr)(*args) if isinstance(expr, Binder) else expr.func(*args)


def entries(expr: Expr) -> set[Entry]:
    """The entries in an expression."""
    return expr.atoms(Entry)


def size(expr: Expr) -> int:
    """The number of nodes, up to somewhat over the budget."""
    count, stack = 0, [expr]
    while stack and count <= 2 * BUDGET:
        node = stack.pop()
        count += 1
        stack += node.args if not isinstance(node, Entry) else ()
    return count


@lru_cache(maxsize=4096)
def own_form(template: Template) -> Expr:
    """A template's definition with softmax recognised, once for a process."""
    with limited(None):
        return softmaxes(template.expr)


def softmaxes(expr: Expr) -> Expr:
    """``expr`` with exponentials over their sum written as softmax, inside of its factors too."""
    return _softmaxes(freshen(expr), 0) if expr.has(Exp) else expr


def _softmaxes(expr: Expr, level: int) -> Expr:
    parts = []
    for term in expand(expr):
        inner = level + len(term.bound)
        factors = [_within(factor, inner) for factor in recognise(list(term.factors))]
        parts.append(canonical(Term(term.bound, tuple(factors)), level))
    return Add(*parts) if parts else expr


def _within(factor: Expr, level: int) -> Expr:
    """A factor with softmax recognised in the sums that it holds."""
    if isinstance(factor, Entry) or not (factor.has(Total) and factor.has(Exp)):
        return factor
    if isinstance(factor, (Add, Total, Mul)):
        return _softmaxes(factor, level)
    return factor if isinstance(factor, Binder) else rebuild(factor, (_within(arg, level) for arg in factor.args))


__all__ = [
    "Hidden",
    "aliases",
    "closed",
    "definition",
    "definition_of",
    "entries",
    "line_expr",
    "own_form",
    "resolved",
    "softmaxes",
]
