"""Values by their own names: ``1 - H * H`` for the slope of a tanh, where a line has already computed ``H``.

Comes in: an expression over keys. Goes out: the same one with an entry of a value wherever the value's definition stood.
A definition is matched as it stands, so the step is an identity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sympy import Expr, Symbol

from .compose import definition_of, own_form, resolved, softmaxes
from .functions import Real
from .lines import Derivation, Line
from .nodes import Binder, Entry, Share
from .normal import normal
from .template import Template, instantiate

Print = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Pattern:
    """A value's definition, to be found in expressions; ``holes`` are the indices that may stand for any."""

    key: str
    place: int
    expr: Expr
    places: tuple[Expr, ...]
    holes: frozenset[Expr]

    @property
    def print(self) -> tuple[Print, bool]:
        """What an expression must have in common with it, and whether it is the base of a power."""
        return (fingerprint(self.expr.base), True) if self.expr.is_Pow else (fingerprint(self.expr), False)

    def found(self, expr: Expr) -> Expr | None:
        """The value's element that ``expr`` is, or a power of which it is; None if it is neither."""
        if self.expr.is_Pow:
            base, power = expr.as_base_exp()
            times = power / self.expr.exp
            at = _match(self.expr.base, base, self.holes, {}) if times.is_Integer else None
        else:
            times, at = 1, _match(self.expr, expr, self.holes, {})
        return None if at is None else Entry(Symbol(self.key), *(at.get(i, i) for i in self.places)) ** times


class OwnNames:
    """The values of a derivation that can stand for their definitions, by what these are made of."""

    def __init__(self, derivation: Derivation, hidden: Mapping[str, Line]) -> None:
        self.hidden = hidden
        self.shapes = derivation.shapes
        self.of_head: dict[str, list[tuple[int, Line, frozenset[str]]]] = {}
        self.patterns: dict[str, Pattern] = {}
        # Only what bears on an output: other values have no line for the reader.
        bearing = set(derivation.cotangents.values())
        for place, line in enumerate(derivation.lines):
            own = line.key in bearing and line.key not in hidden
            if line.kind == "forward" and own and line.operands and nameable(line.template):
                heads = frozenset(head for key in line.operands for head in leaves(key, hidden))
                if heads:
                    self.of_head.setdefault(min(heads), []).append((place, line, heads))

    def candidates(self, heads: set[str], until: int | None) -> list[Line]:
        """The lines whose definitions are over ``heads``, one of several that say the same, in order of execution."""
        found = [
            (place, line)
            for head in heads
            for place, line, needed in self.of_head.get(head, ())
            if needed <= heads and (until is None or place < until)
        ]
        alike: dict[object, tuple[int, Line]] = {}
        for place, line in sorted(found, key=lambda one: one[0]):
            alike.setdefault((line.template, line.operands, line.lengths), (place, line))
        return [line for _, line in alike.values()]

    def pattern(self, line: Line) -> Pattern:
        """What to look for, to find the value of ``line``."""
        if line.key not in self.patterns:
            whole = Template(own_form(line.template), line.template.shape, line.template.slots)
            places = line.template.indices
            expr = instantiate(whole, places, [Symbol(key) for key in line.operands], line.lengths)
            holes = frozenset(i for i in places if i != 0)
            self.patterns[line.key] = Pattern(line.key, 0, resolved(expr, self.hidden), places, holes)
        return self.patterns[line.key]

    def put(self, expr: Expr, until: int | None = None) -> Expr:
        """``expr`` with values' names for their definitions; only those of lines before ``until``."""
        expr = softmaxes(expr)
        heads = {entry.head.name for entry in expr.atoms(Entry)}
        table: dict[tuple[Print, bool], list[Pattern]] = {}
        for line in self.candidates(heads, until):
            pattern = self.pattern(line)
            table.setdefault(pattern.print, []).append(pattern)
        return _put(expr, table) if table else expr


def nameable(template: Template) -> bool:
    """True for a definition that is a function, a softmax or a power: what an expression shows again in its slope."""
    meaning = own_form(template)
    return isinstance(meaning, (Real, Share)) or meaning.is_Function or (meaning.is_Pow and meaning.exp.is_Rational)


def leaves(key: str, hidden: Mapping[str, Line]) -> set[str]:
    """``key``, or the values with lines in the definition of one that is put in where it is used."""
    if key not in hidden:
        return {key}
    return {entry.head.name for entry in definition_of(hidden, key).atoms(Entry)}


def _put(expr: Expr, table: dict[tuple[Print, bool], list[Pattern]]) -> Expr:
    found = _lookup(expr, table)
    if found is not None or not expr.args or isinstance(expr, Entry):
        return expr if found is None else found
    args = tuple(_put(arg, table) for arg in expr.args)
    if args == expr.args:
        return expr
    changed = expr.func(*args)
    found = _lookup(changed, table)
    return changed if found is None else found


def _lookup(expr: Expr, table: dict[tuple[Print, bool], list[Pattern]]) -> Expr | None:
    for pattern in _alike(expr, table):
        found = pattern.found(expr)
        if found is not None:
            return found
    return None


def _alike(expr: Expr, table: dict[tuple[Print, bool], list[Pattern]]) -> Iterator[Pattern]:
    if isinstance(expr, (Real, Share)) or expr.is_Function:
        yield from table.get((fingerprint(expr), False), ())
    if expr.is_Pow:
        yield from table.get((fingerprint(expr.base), True), ())


def fingerprint(expr: Expr) -> Print:
    """What an expression is made of, whatever its indices are called."""
    found, stack = [], [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Entry):
            found.append(node.head.name)
        elif node.is_Number:
            found.append(str(node))
        else:
            found.append(type(node).__name__)
            stack += node.args[:1] if isinstance(node, Binder) else node.args
    return tuple(sorted(found))


def _match(pattern: Expr, expr: Expr, holes: frozenset[Expr], found: dict) -> dict | None:
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


def use_all_names(expr: Expr, derivation: Derivation) -> Expr:
    """A formula over inputs alone with values' own names where it holds their definitions, the largest first."""
    forward = {line.key: line for line in derivation.lines if line.kind == "forward"}
    expr = softmaxes(expr)
    for line in reversed(forward.values()):
        meaning = own_form(line.template)
        if isinstance(meaning, (Real, Share)) and expr.has(type(meaning)):
            rest = {key: other for key, other in forward.items() if key != line.key}
            pattern = OwnNames(derivation, rest).pattern(line)
            ranges = {i: n for i, n in zip(pattern.places, derivation.shapes[line.key]) if i != 0}
            whole = Pattern(line.key, 0, normal(pattern.expr, ranges), pattern.places, pattern.holes)
            expr = _put(expr, {whole.print: [whole]})
    return expr


_KEPT: WeakKeyDictionary[Derivation, list[OwnNames]] = WeakKeyDictionary()


def own_names(derivation: Derivation, hidden: Mapping[str, Line]) -> OwnNames:
    """The names of one derivation when ``hidden`` is put in, made once."""
    kept = _KEPT.setdefault(derivation, [])
    found = next((one for one in kept if one.hidden is hidden), None)
    if found is None:
        found = OwnNames(derivation, hidden)
        kept.append(found)
    return found


def use_names(expr: Expr, derivation: Derivation, hidden: Mapping[str, Line], until: int | None = None) -> Expr:
    """``expr`` with values' own names where it holds their definitions, in which those of ``hidden`` are put in."""
    return own_names(derivation, hidden).put(expr, until)


__all__ = ["OwnNames", "leaves", "own_names", "use_all_names", "use_names"]
