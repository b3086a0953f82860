"""``sens``: the weights of a network's outputs. What the user gives comes in, a tensor for each float output goes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentValueError, DtypeError, SensError, SensShapeError, user_location
from ..ir import Atom
from ..tensor import Tensor, is_number
from ..tracing.trace import Program


def check_sens(sens: Any, program: Program) -> list[Tensor]:
    """The weights of the float outputs, after structure, shapes and dtypes have been found right.

    Raises
    ------
    SensError, SensShapeError, ArgumentValueError, DtypeError
        If they do not mirror the outputs.
    """
    outputs = program.graph.outputs
    given = _flat(sens)
    if len(outputs) == 1 and is_number(sens) and not outputs[0].shape:
        given = [Tensor(np.asarray(sens, outputs[0].dtype))]
    if len(given) != len(outputs):
        raise SensError(
            f"For 'GradOperation', sens must have a tensor for each of the {len(outputs)} outputs, but got {len(given)}.",
            user_location(),
        )
    pairs = zip(given, outputs)
    return [weight for one, atom in pairs for weight in [_weight(one, atom)] if atom.dtype.kind == "f"]


def _weight(one: Any, atom: Atom) -> Tensor:
    """``one`` as the weight of the output ``atom``."""
    if not isinstance(one, Tensor):
        raise SensError(f"For 'GradOperation', sens must be a Tensor, but got {type(one).__name__}.", user_location())
    if one.numpy_dtype != atom.dtype:
        raise DtypeError(
            f"For 'GradOperation', sens must have the output's dtype {atom.dtype}, but got {one.numpy_dtype}.",
            user_location(),
        )
    if one.shape == atom.shape:
        return one
    if not atom.shape and one.size == 1:
        return one.reshape(())
    error = ArgumentValueError if one.shape else SensShapeError
    raise error(
        f"For 'GradOperation', sens must have the output's shape {atom.shape}, but got {one.shape}.", user_location()
    )


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [leaf for one in value for leaf in _flat(one)]
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _flat(one)]
    return [value]
