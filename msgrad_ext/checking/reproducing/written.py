"""A specimen as Python that a person can paste into a cell.

Only names of this package's own ops, numbers and fixed names are written: what a user called something is never put into
code, unless it is checked to be a plain identifier. Nothing is ever run from the text.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...ir import Atom, Lit, Var
from ...op import Op, apply
from ...registry import OPS
from .calls import bound, forms, given
from .specimen import Specimen

HEAD = ("import numpy as np", "import msgrad_ext as mg", "from msgrad_ext import ops")
_TAKEN = {"np", "mg", "ops", "net", "cell", "Tensor", "applied"}


class UnwritableError(ValueError):
    """What has no text of its own."""


def applied(name: str, *operands: Any, **settings: Any) -> Any:
    """Apply the op ``name`` of the registry with all its settings given, as a graph has them.

    Most ops are called as ``ops.Name(...)(x)``. This reaches those that only rules use, and settings that a call computes.

    Parameters
    ----------
    name : str
        A name of `msgrad_ext.registered_ops`.
    *operands
        Tensors.
    **settings
        What the op's label shows.
    """
    op = object.__new__(OPS[name]).set(**settings)
    return apply(op, op.convert(operands))


def program_text(specimen: Specimen, order: int = 1) -> str:
    """The specimen as a function, and the check of it at its values, differentiated ``order`` times.

    Raises
    ------
    UnwritableError
        If an op's settings or a constant can not be written in a line.
    """
    names = dict(zip(specimen.graph.inputs, identifiers([var.name for var in specimen.graph.inputs])))
    lines, uses = _body(specimen, names)
    outputs = [_operand(atom, names) for atom in specimen.graph.outputs]
    head = [*HEAD, *_imports(uses)]
    shown = ", ".join(names[var] for var in specimen.graph.inputs)
    if len(lines) == 1 and outputs == [lines[0][0]]:
        body = [f"    return {lines[0][1]}"]
    else:
        body = [*(f"    {name} = {text}" for name, text in lines), f"    return {', '.join(outputs)}"]
    calls = ", ".join(array_text(array) for array in specimen.arrays) + (f", order={order}" if order > 1 else "")
    return "\n".join([*head, "", f"def net({shown}):", *body, "", f"mg.check(net, {calls})"])


def _body(specimen: Specimen, names: dict[Var, str]) -> tuple[list[tuple[str, str]], str]:
    """Name and text of each equation, and all the text."""
    taken = {*names.values()}
    lines = []
    for eqn in specimen.graph.eqns:
        name = next(one for one in (f"v{count}" for count in range(1, 10**6)) if one not in taken)
        taken.add(name)
        lines.append((name, call_text(eqn.op, eqn.inputs, [_operand(atom, names) for atom in eqn.inputs])))
        names[eqn.out] = name
    return lines, "\n".join(text for _, text in lines)


def _imports(text: str) -> Iterator[str]:
    if "applied(" in text:
        yield "from msgrad_ext.checking.reproducing.written import applied"
    if "Tensor(" in text:
        yield "from msgrad_ext import Tensor"


def identifiers(names: Sequence[str]) -> list[str]:
    """``names``, with ``x1``, ``x2`` for those that can not stand in code."""
    result: list[str] = []
    for position, name in enumerate(names, 1):
        plain = name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
        result.append(name if plain and name not in _TAKEN and name not in result else f"x{position}")
    return result


def _operand(atom: Atom, names: dict[Var, str]) -> str:
    if isinstance(atom, Var):
        return names[atom]
    return _literal(atom)


def _literal(lit: Lit) -> str:
    if not lit.shape and lit.exact is not None:
        return _number(float(lit.exact) if lit.dtype.kind == "f" else lit.exact)
    return f"Tensor({array_text(lit.value)})"


def call_text(op: Op, atoms: Sequence[Atom], operands: Sequence[str]) -> str:
    """The call of ``op`` as a person writes it, if some such call gives just this op."""
    name = type(op).__name__
    for form in forms(op):
        other = bound(op, form, atoms) if OPS.get(name) is type(op) else None
        if other is not None and other.key == op.key:
            positional, named = given(op, form, atoms, operands)
            shown = [f"({', '.join(one)},)" if isinstance(one, tuple) else one for one in positional]
            shown += [f"{key}={value if key in op.operands else setting_text(value)}" for key, value in named.items()]
            return f"ops.{name}({_keywords(form.made)})({', '.join(shown)})"
    return (
        f"applied({name!r}, {', '.join(operands)}{''.join(f', {k}={setting_text(v)}' for k, v in op.params.items())})"
    )


def _keywords(settings: dict[str, Any]) -> str:
    return ", ".join(f"{key}={setting_text(value)}" for key, value in settings.items())


def setting_text(value: Any) -> str:
    """A setting of an op as Python writes it."""
    if isinstance(value, np.dtype):
        return f"np.dtype({value.name!r})"
    if isinstance(value, type) and issubclass(value, np.generic):
        return f"np.{value.__name__}"
    if value is None or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, (float, np.number)):
        return _number(value.item() if isinstance(value, np.number) else value)
    if isinstance(value, (tuple, list)):
        inside = ", ".join(map(setting_text, value))
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"({inside}{comma})" if isinstance(value, tuple) else f"[{inside}]"
    raise UnwritableError(f"a setting of type {type(value).__name__} has no text of its own")


def array_text(array: np.ndarray) -> str:
    """``np.array(...)`` that gives just this array."""
    kind = "" if array.dtype in (np.dtype(float), np.dtype(np.int64), np.dtype(bool)) else f", dtype=np.{array.dtype}"
    if not array.size:
        return f"np.empty({array.shape}, dtype=np.{array.dtype})"
    return f"np.array({_nested(np.asarray(array).tolist())}{kind})"


def _nested(value: Any) -> str:
    return f"[{', '.join(map(_nested, value))}]" if isinstance(value, list) else _number(value)


def _number(value: Any) -> str:
    if isinstance(value, float) and not np.isfinite(value):
        return "np.nan" if np.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    return repr(float(value)) if isinstance(value, float) else repr(value)
