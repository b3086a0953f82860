"""Closed forms: a gradient's line with the lines it rests on put in, within a budget.

Also the use of a value's own name where a formula holds its definition (``1 - H * H`` for the slope of a tanh): the
definition is matched as it stands, so the step is an identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sympy import Expr, Symbol

from .functions import Real
from .lines import Derivation, Line
from .matrix import recognise
from .nodes import Binder, Entry, Share
from .normal import Ranges, Term, canonical, expand, freshen, normal
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


def closed(derivation: Derivation, key: str, forward: bool) -> Expr | None:
    """The element of ``key`` with cotangents (and, with ``forward``, values too) put in; None over budget."""
    order = {line.key: place for place, line in enumerate(derivation.lines)}
    shape = derivation.shapes[key]
    indices = out_indices(shape)
    ranges = {i: n for i, n in zip(indices, shape) if i != 0}
    expr = definition(derivation.definition(key), indices)
    while True:
        open_keys = {e.head.name for e in entries(expr)} & set(order)
        if not forward:
            open_keys = {k for k in open_keys if k in derivation.cotangents or alias(derivation.definition(k))}
        if not open_keys:
            return normal(expr, ranges)
        latest = max(open_keys, key=order.__getitem__)
        line = derivation.definition(latest)
        found = {e: definition(line, e.indices) for e in entries(expr) if e.head.name == latest}
        if size(expr) + sum(size(part) for part in found.values()) > BUDGET:
            return None
        expr = substitute(expr, latest, line)


def simplex_keys(derivation: Derivation) -> set[str]:
    """Inputs whose rows some op expects to sum to one."""
    found = {line.operands[n] for line in derivation.lines for n in line.template.simplex}
    return found & set(derivation.inputs)


def alias(line: Line) -> bool:
    """True for a line that only renames or moves elements, or scales them by a number."""
    return isinstance(line.template.expr.as_coeff_Mul()[1], Entry)


def aliases(derivation: Derivation) -> dict[str, Line]:
    """The lines that only rename or move elements, by key."""
    return {line.key: line for line in derivation.lines if alias(line)}


def resolved(expr: Expr, hidden: Mapping[str, Line]) -> Expr:
    """``expr`` with the definitions of ``hidden`` put in."""
    while True:
        keys = sorted({entry.head.name for entry in entries(expr)} & hidden.keys())
        if not keys:
            return expr
        for key in keys:
            expr = substitute(expr, key, hidden[key])


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


def use_names(expr: Expr, derivation: Derivation, hidden: Mapping[str, Line]) -> Expr:
    """``expr`` with values' own names where it holds their definitions, in which those of ``hidden`` are put in."""
    expr = softmaxes(expr)
    heads = {entry.head.name for entry in entries(expr)}
    for line in derivation.lines:
        if line.kind != "forward" or line.key in hidden:
            continue
        if heads.isdisjoint(line.operands) and hidden.keys().isdisjoint(line.operands):
            continue
        meaning = own_form(line.template)
        if isinstance(meaning, (Real, Share)) or meaning.is_Function or (meaning.is_Pow and meaning.exp.is_Rational):
            expr = _named(expr, line, meaning, derivation, hidden)
    return expr


@lru_cache(maxsize=4096)
def own_form(template: Template) -> Expr:
    """A template's definition with softmax recognised, once for a process."""
    return softmaxes(template.expr)


def _named(expr: Expr, line: Line, meaning: Expr, derivation: Derivation, hidden: Mapping[str, Line]) -> Expr:
    whole = Template(meaning, line.template.shape, line.template.slots)
    places = out_indices(derivation.shapes[line.key])
    pattern = instantiate(whole, places, [Symbol(key) for key in line.operands], line.lengths)
    pattern = resolved(pattern, hidden)

    def visit(part: Expr) -> Expr:
        found = _match(pattern, part, {i for i in places if i != 0}, {})
        if found is not None:
            return Entry(Symbol(line.key), *(found.get(i, i) for i in places))
        if pattern.is_Pow and part.is_Pow and (part.exp / pattern.exp).is_Integer:
            found = _match(pattern.base, part.base, {i for i in places if i != 0}, {})
            if found is not None:
                return Entry(Symbol(line.key), *(found.get(i, i) for i in places)) ** (part.exp / pattern.exp)
        if not part.args or isinstance(part, Entry):
            return part
        args = [visit(arg) for arg in part.args]
        return part if tuple(args) == part.args else part.func(*args)

    return visit(expr)


def _match(pattern: Expr, expr: Expr, holes: set, found: dict) -> dict | None:
    """Indices that make ``pattern`` the same as ``expr``; bound indices may have other names."""
    if pattern in holes:
        return found if found.setdefault(pattern, expr) == expr else None
    if not pattern.args or not expr.args:
        return found if found.get(pattern, pattern) == expr else None
    if pattern.func != expr.func or len(pattern.args) != len(expr.args):
        return None
    if isinstance(pattern, Binder):
        if len(pattern.limits) != len(expr.limits):
            return None
        found.update(zip(pattern.bound, expr.bound))
    for mine, other in zip(pattern.args, expr.args):
        if _match(mine, other, holes, found) is None:
            return None
    return found


def softmaxes(expr: Expr) -> Expr:
    """``expr`` with exponentials over their sum written as softmax."""
    parts = []
    for term in expand(freshen(expr)):
        factors = recognise(list(term.factors))
        parts.append(canonical(Term(term.bound, tuple(factors)), 0))
    return sum(parts[1:], parts[0]) if parts else expr


__all__ = ["aliases", "closed", "definition", "entries", "line_expr", "resolved", "use_names"]
