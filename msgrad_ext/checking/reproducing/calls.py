"""The ways in which a person may call an op so that just this op, with just these settings, is applied."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import MsgradError
from ...ir import Atom, Eqn, Lit, Var
from ...op import Op
from ...registry import OPS
from ...tensor import Tensor
from ...tracing.trace import trace

# What an op may raise that is given shapes or settings that do not fit it.
MISFITS = (MsgradError, TypeError, ValueError, IndexError, KeyError, ArithmeticError, AttributeError)


@dataclass(frozen=True)
class Form:
    """One way to call an op.

    ``made`` and ``called`` are the settings for its constructor and for the call. Of its operands, those that are numbers
    may be left out (``arrays_only``), and the rest be given one by one, as one ``"tuple"``, or by ``"name"``.
    """

    made: dict[str, Any]
    called: dict[str, Any]
    style: str = "each"
    arrays_only: bool = False


def forms(op: Op) -> Iterator[Form]:
    """Calls that may give ``op``, those with the least to write first."""
    params = op.params
    known: Any = {} if type(op).__init__ is object.__init__ else inspect.signature(type(op).__init__).parameters
    own = {key: params[key] for key in known if key in params}
    changed = {key: value for key, value in own.items() if not _is_default(known[key].default, value)}
    taken = inspect.signature(op.bind).parameters
    called = {key: params[key] for key in taken if key in params}
    unpacked = {key: value[0] if isinstance(value, tuple) and len(value) == 1 else value for key, value in own.items()}
    made = [one for n, one in enumerate((changed, own, unpacked)) if one not in (changed, own, unpacked)[:n]]
    for one in made:
        yield Form(one, called)
        yield Form(one, {key: value for key, value in called.items() if key not in own}, arrays_only=True)
        yield Form(one, called, "tuple")
        if set(op.operands) <= set(taken):
            yield Form(one, called, "name")


def _is_default(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)


def given(op: Op, form: Form, atoms: Sequence[Atom], operands: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The call's own arguments, by position and by name, of all ``operands`` of ``op``."""
    chosen = [one for one, atom in zip(operands, atoms) if not (form.arrays_only and _is_number(atom))]
    if form.style == "name":
        return [], {**dict(zip(op.operands, chosen)), **form.called}
    return ([tuple(chosen)] if form.style == "tuple" else chosen), form.called


def bound(op: Op, form: Form, atoms: Sequence[Atom]) -> Op | None:
    """The op that the call applies to operands of these shapes; None where it is refused, or applies others too."""
    arrays = [atom for atom in atoms if not _is_number(atom)]
    if not arrays:
        return None

    def call(*tensors: Any) -> Any:
        waiting = iter(tensors)
        operands = [_number(atom) if _is_number(atom) else next(waiting) for atom in atoms]  # type: ignore[arg-type]
        positional, named = given(op, form, atoms, operands)
        return type(op)(**form.made)(*positional, **named)

    try:
        graph = trace(call, [_stand_in(atom) for atom in arrays]).graph
    except MISFITS:
        return None
    fits = len(graph.eqns) == 1 and type(graph.eqns[0].op) is type(op) and graph.outputs == (graph.eqns[0].out,)
    return graph.eqns[0].op if fits and _same_operands(graph.eqns[0], graph.inputs, atoms) else None


def _same_operands(eqn: Eqn, inputs: tuple[Var, ...], atoms: Sequence[Atom]) -> bool:
    if len(eqn.inputs) != len(atoms) or [atom for atom in eqn.inputs if isinstance(atom, Var)] != list(inputs):
        return False
    return all(
        not _is_number(wanted) or (isinstance(atom, Lit) and _number(atom) == _number(wanted))  # type: ignore[arg-type]
        for atom, wanted in zip(eqn.inputs, atoms)
    )


def rebound(eqn: Eqn, op: Op, atoms: Sequence[Atom]) -> Op | None:
    """``op`` for operands of other shapes: the call that gives that of ``eqn`` says what settings it then has.

    A ``numpy`` voice may trust that its settings fit its operands, even with memory that it does not own, so a call is
    asked where there is one; None where it refuses.
    """
    if type(op).bind is Op.bind or OPS.get(type(op).__name__) is not type(op):
        return op
    callable_so = [bound(eqn.op, form, eqn.inputs) is not None for form in forms(eqn.op)]
    if not any(callable_so):
        return op
    found = (bound(op, form, atoms) for form in forms(op))
    return next((one for one in found if one is not None), None)


def _is_number(atom: Atom) -> bool:
    return isinstance(atom, Lit) and not atom.shape and atom.exact is not None


def _number(lit: Lit) -> Any:
    value = lit.value.item() if lit.exact is None else lit.exact
    return float(value) if lit.dtype.kind == "f" else value


def _stand_in(atom: Atom) -> Tensor:
    """Ones, and matrices that can be inverted and factorised."""
    value = np.ones(atom.shape)
    if value.ndim > 1 and value.shape[-1] == value.shape[-2]:
        value = value + 2 * np.eye(value.shape[-1])
    return Tensor((value if atom.dtype.kind == "f" else np.zeros(atom.shape)).astype(atom.dtype))
