"""Where a derivative has no meaning whoever computes it: inputs that are not finite, and Python branches that flip.

Comes in: a case. Goes out: words for a note, or nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import Eqn, Var
from ...numeric.interpreter import interpret_exact
from ..case import Case
from ..culprit.locate import piece
from ..result import Fault
from .digits import floats, number, numbers
from .reference import local_adjoint, local_value

_STEP = 1e-20


def not_finite_input(case: Case) -> str:
    """Which input is NaN or infinite, and where; empty if none is."""
    for var, array in zip(case.forward.inputs, case.arrays):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            index = tuple(int(one) for one in np.argwhere(~np.isfinite(array))[0])
            place = f" at {list(index)}" if index else ""
            return f"the input {var.name} is {array[index]}{place}"
    return ""


def flipping_branch(case: Case, exact: bool) -> str:
    """The Python branch that goes another way right beside this point; empty if none does.

    The graph holds for the branches that were taken. Where a condition changes within 1e-20 of the data, the function
    that the network computes is another one on the other side, whatever the derivative of this one is.
    """
    guards = [
        one for one in case.forward.guards if isinstance(one.var, Var) and isinstance(one.value, (bool, np.bool_))
    ]
    if not guards or not exact:
        return ""
    generator = np.random.default_rng(case.seed)
    start = [numbers(array) if array.dtype.kind == "f" else array for array in case.arrays]
    moves = [
        numbers(generator.standard_normal(var.shape)) * number(_STEP) if var in case.wrt else None
        for var in case.forward.inputs
    ]
    for sign in (1, -1):
        arrays = [
            array if move is None else np.asarray(array + sign * move, object) for array, move in zip(start, moves)
        ]
        values: dict[Any, Any] = interpret_exact(case.forward, arrays, number)
        for guard in guards:
            if bool(np.asarray(values[guard.var]).astype(bool).all()) is not bool(guard.value):
                place = f" ({guard.location})" if guard.location else ""
                return f"Python takes another branch right beside this point{place}"
    return ""


def broken_meaning(case: Case) -> Fault | None:
    """The first op whose meaning can not be evaluated or differentiated, and how it fails."""
    generator = np.random.default_rng(case.seed)
    for eqn in case.forward.eqns:
        error = _failure(eqn, case, generator)
        if error is not None:
            told = f"the meaning gives no formula: {type(error).__name__}: {error}"
            return Fault(type(eqn.op).__name__, None, "symbolic", None, eqn.location, told)
    return None


def _failure(eqn: Eqn, case: Case, generator: np.random.Generator) -> Exception | None:
    cut = piece(eqn, case.values)
    try:
        floats(local_value(eqn, cut.operands()))
        for position in cut.live:
            local_adjoint(eqn, position, cut.operands(), generator.standard_normal(eqn.out.shape))
    except Exception as error:  # noqa: BLE001 - whatever a meaning raises is told as its fault
        return error
    return None
