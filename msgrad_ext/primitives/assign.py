"""Assignments to parameters: an effect on what is read later, in the same call and after it.

Outside a network the values are replaced at once. Inside one, the trace keeps them and stores them when the outermost
call has ended; see `tracing.trace.Trace.assign` for what their gradients are.
"""

from __future__ import annotations

from typing import Any

from ..dtype import from_numpy, promote
from ..errors import ArgumentError, DtypeError, NotSupportedError, ShapeError
from ..op import Composite
from ..registry import recorder
from ..tensor import Parameter, Tensor, is_number


def _checked(name: str, variable: Any, value: Any) -> Tensor:
    """``value`` as a tensor that may be assigned to ``variable``: of its shape, and of a dtype that widens to its own."""
    if not isinstance(variable, Tensor):
        raise ArgumentError(f"For '{name}', the variable must be a Parameter, but got {type(variable).__name__}.")
    if not isinstance(variable, Parameter) and recorder.get() is not None:
        raise NotSupportedError(f"For '{name}', only a Parameter can be assigned to inside a network.")
    if not isinstance(value, Tensor) and not is_number(value):
        raise ArgumentError(f"For '{name}', the value must be a Tensor or a number, but got {type(value).__name__}.")
    given = Tensor(value) if is_number(value) else value
    if given.shape != variable.shape:
        raise ShapeError(f"For '{name}', the value must have the shape {variable.shape}, but got {given.shape}.")
    if not is_number(value) and promote(variable.numpy_dtype, given.numpy_dtype) != variable.numpy_dtype:
        raise DtypeError(
            f"For '{name}', the variable is {variable.dtype}, but got {from_numpy(given.numpy_dtype)}: its dtype can not "
            "be converted; cast the value."
        )
    return given


def _stored(variable: Any, value: Tensor) -> Tensor:
    """Let later reads of ``variable`` see ``value``; returns what they see."""
    running = recorder.get()
    if running is not None:
        read: Tensor = running.assign(variable, value)
        return read
    array = value._array().astype(variable.numpy_dtype)
    variable.assign_value(Tensor._wrap(array))
    return Tensor._wrap(array.copy())


class Assign(Composite, functions="assign"):
    """The variable takes the value; gives the variable."""

    def compute(self, variable: Any, value: Any) -> Tensor:
        return _stored(variable, _checked("Assign", variable, value))


class AssignAdd(Composite, functions="assign_add"):
    """The variable grows by the value; gives the sum."""

    def compute(self, variable: Any, value: Any) -> Tensor:
        total = variable + _checked("AssignAdd", variable, value)
        _stored(variable, total)
        return total


class AssignSub(Composite, functions="assign_sub"):
    """The variable shrinks by the value; gives the difference."""

    def compute(self, variable: Any, value: Any) -> Tensor:
        total = variable - _checked("AssignSub", variable, value)
        _stored(variable, total)
        return total
