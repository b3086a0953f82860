"""What of a derivation is worth a line, and the user's own names for values.

A definition that only copies, casts or turns an array, or that holds no array at all, is put in where it is used. A
value has the user's name if the line of code that made it is a plain assignment and the value is what was assigned.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..errors import Location
from ..ir import Eqn, Graph, Var
from .compose import Hidden
from .lines import Derivation, Line
from .nodes import Entry


def trivial(line: Line) -> bool:
    """True for a definition that gives an array its elements as they are, with its axes in any order."""
    expr = line.template.expr
    if not isinstance(expr, Entry):
        return False
    moving = [i for i in expr.indices if i != 0]
    return len(set(moving)) == len(moving) and all(i in line.template.indices for i in moving)


def source(line: Line) -> str:
    """The key of the array whose elements a trivial line gives."""
    return line.operands[int(line.template.expr.head.name[1:])]


def hidden_lines(derivation: Derivation, kept: Collection[str]) -> tuple[Hidden, dict[str, str]]:
    """Definitions to put in where they are used, never those of ``kept``; and keys that go by another's name."""
    hidden: dict[str, Line] = {}
    plain: set[str] = set()
    same: dict[str, str] = {}
    for line in derivation.lines:
        if line.key in kept:
            continue
        heads = {line.operands[int(entry.head.name[1:])] for entry in line.template.expr.atoms(Entry)}
        # The weight of an output is where the gradient starts: an array of ones is worth a line, a single 1 is not.
        seed = line.kind == "backward" and not line.operands and any(n != 1 for n in line.template.shape)
        base = derivation.cotangents.get(line.key)
        if heads <= plain and not seed and line.kind == "backward":
            plain.add(line.key)
            hidden[line.key] = line
        elif line.op == "constant" or (
            trivial(line) and (base in hidden or not _computes(source(line), hidden, plain))
        ):
            hidden[line.key] = line
        elif base in hidden:
            other = _copied(derivation, line, hidden, kept)
            if other is None:
                hidden[line.key] = line
            else:
                same[line.key] = other
    return Hidden(hidden), same


def _computes(key: str, hidden: Mapping[str, Line], plain: Collection[str]) -> bool:
    """True for a definition that is put in where it is used, and computes something: put in at one place, not more."""
    return key in hidden and key not in plain and not trivial(hidden[key])


def _copied(derivation: Derivation, line: Line, hidden: Mapping[str, Line], kept: Collection[str]) -> str | None:
    """The cotangent that ``line`` is in truth, if the value it belongs to is a copy of one that is shown."""
    key, value = line.key, derivation.cotangents[line.key]
    while value in hidden:
        base = hidden[value]
        moving = [i for i in base.template.expr.indices if i != 0] if trivial(base) else None
        if moving is None or moving != [i for i in base.template.indices if i != 0]:
            return None
        given = source(base)
        above = key[: -len(value)] + given
        other = derivation.line(above)
        # The copy is all that the value is used for: its cotangent is this one and no sum.
        if other is None or above in kept or not trivial(other) or key not in other.operands:
            return None
        key, value = above, given
    return key


def source_names(graph: Graph, derivation: Derivation, hidden: Mapping[str, Line]) -> dict[str, str]:
    """Key -> the name that the user's code assigns the value to."""
    found: dict[str, str] = {}
    for group in _groups(graph.eqns):
        if group[-1].op.nested:
            nested: Any = group[-1].op
            found |= source_names(nested.graph, derivation, hidden)
            continue
        target = _assigned(group)
        key = derivation.keys.get(group[-1].out) if target else None
        while key is not None and key in hidden and hidden[key].operands:
            # The name goes to the value that has a line, if this one was made from it on the same line of code.
            key = hidden[key].operands[0]
            key = key if key in {derivation.keys.get(eqn.out) for eqn in group} else None
        if key is not None and target is not None and key not in derivation.cotangents:
            found.setdefault(key, target)
    return found


def _groups(eqns: Sequence[Eqn]) -> list[list[Eqn]]:
    """Runs of equations that one execution of one line of code made."""
    groups: list[list[Eqn]] = []
    for eqn in eqns:
        before = groups[-1][-1] if groups else None
        if before is not None and not (before.op.nested or eqn.op.nested) and _goes_on(before.location, eqn.location):
            groups[-1].append(eqn)
        else:
            groups.append([eqn])
    return groups


def _goes_on(before: Location | None, after: Location | None) -> bool:
    if before is None or after is None:
        return False
    same = (before.filename, before.line, before.function) == (after.filename, after.line, after.function)
    return same and after.instruction >= before.instruction


def _assigned(group: Sequence[Eqn]) -> str | None:
    """The name that a line of code assigns its last value to; None if that is not plain to see."""
    location = group[-1].location
    if location is None:
        return None
    made = [eqn for eqn in group if eqn.location is not None and eqn.location.instruction == location.instruction]
    used = {atom for eqn in made for atom in eqn.inputs if isinstance(atom, Var)}
    # What gives several values, as a tuple, leaves one that its own equations do not use.
    if any(eqn.out not in used for eqn in made[:-1]):
        return None
    target = _target(location.text)
    columns = location.columns
    if target is None or columns is None or columns[1] - columns[0] != target[1]:
        return None
    return target[0]


@lru_cache(maxsize=4096)
def _target(text: str) -> tuple[str, int] | None:
    """Name and width of the value of a line such as ``h = f(x)``; the line is parsed, never run.

    A loop on one line has its assignment in it: ``for w in ws: h = f(h, w)``.
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    while len(body) == 1 and isinstance(body[0], (ast.For, ast.While, ast.If, ast.With)) and text[-1:] != ":":
        body = body[0].body
    if len(body) != 1 or not isinstance(body[0], ast.Assign) or len(body[0].targets) != 1:
        return None
    target, value = body[0].targets[0], body[0].value
    if not isinstance(target, ast.Name) or value.end_col_offset is None:
        return None
    width = len(text.encode()[value.col_offset : value.end_col_offset].decode())
    return target.id, width


__all__ = ["hidden_lines", "source", "source_names", "trivial"]
