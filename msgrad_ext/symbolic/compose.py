"""Closed forms: a gradient's line with the lines it rests on put in, within a budget.

Also the use of a value's own name where a formula holds its definition (``1 - H * H`` for the slope of a tanh): the
definition is matched as it stands, so the step is an identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sympy import Add, Expr, S, Symbol

from .functions import Exp, Real
from .lines import Derivation, Line
from .matrix import recognise
from .nodes import Binder, Entry, Share, Total
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


def on_simplex(expr: Expr, keys: set[str]) -> Expr:
    """``expr`` with sums over a row of an array of ``keys`` put to one."""
    if not keys or not expr.args or isinstance(expr, Entry):
        return expr
    expr = rebuild(expr, (on_simplex(arg, keys) for arg in expr.args))
    return sum((_drop_rows(term, keys) for term in expand(expr)), S.Zero) if isinstance(expr, Total) else expr


def _drop_rows(term: Term, keys: set[str]) -> Expr:
    bound, factors = dict(term.bound), list(term.factors)
    for k in list(bound):
        mine = [f for f in factors if k in f.free_symbols]
        if len(mine) == 1 and isinstance(mine[0], Entry) and mine[0].head.name in keys and mine[0].indices[-1] == k:
            factors.remove(mine[0])
            del bound[k]
    return Term(tuple(bound.items()), tuple(factors)).expr()


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


def use_all_names(expr: Expr, derivation: Derivation) -> Expr:
    """A formula over inputs alone with values' own names where it holds their definitions, the largest first."""
    forward = {line.key: line for line in derivation.lines if line.kind == "forward"}
    expr = softmaxes(expr)
    known = {entry.head.name for entry in entries(expr)}
    for line in reversed(forward.values()):
        meaning = own_form(line.template)
        if not (isinstance(meaning, (Real, Share)) or meaning.is_Function):
            continue
        if expr.has(type(meaning)) and not known.isdisjoint(_sources(line, forward)):
            rest = {key: other for key, other in forward.items() if key != line.key}
            expr = _named(expr, line, meaning, derivation, rest)
    return expr


def _sources(line: Line, forward: Mapping[str, Line]) -> set[str]:
    """The inputs that a value is made from."""
    found: set[str] = set()
    stack = [*line.operands]
    while stack:
        key = stack.pop()
        if key not in found:
            found.add(key)
            stack += forward[key].operands if key in forward else ()
    return found


@lru_cache(maxsize=4096)
def own_form(template: Template) -> Expr:
    """A template's definition with softmax recognised, once for a process."""
    return softmaxes(template.expr)


def _named(expr: Expr, line: Line, meaning: Expr, derivation: Derivation, hidden: Mapping[str, Line]) -> Expr:
    whole = Template(meaning, line.template.shape, line.template.slots)
    places = out_indices(derivation.shapes[line.key])
    pattern = instantiate(whole, places, [Symbol(key) for key in line.operands], line.lengths)
    pattern = resolved(pattern, hidden)
    if len(hidden) > len(aliases(derivation)):
        pattern = normal(pattern, {i: n for i, n in zip(places, derivation.shapes[line.key]) if i != 0})

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
    if not expr.has(Exp):
        return expr
    parts = []
    for term in expand(freshen(expr)):
        factors = recognise([softmaxes(one) if isinstance(one, Add) else one for one in term.factors])
        parts.append(canonical(Term(term.bound, tuple(factors)), 0))
    return sum(parts[1:], parts[0]) if parts else expr


__all__ = [
    "aliases",
    "closed",
    "definition",
    "entries",
    "line_expr",
    "on_simplex",
    "resolved",
    "use_all_names",
    "use_names",
]
