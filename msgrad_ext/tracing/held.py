"""Values of the example, computed when somebody asks for them: Python may branch on any, but mostly looks at none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import ForwardVoiceError
from ..ir import Atom, Shape
from ..op import Op
from ..voice import evaluate, foreign


class Held:
    """A value, what it is to be computed of, or nothing where values are not known.

    Parameters
    ----------
    array : ndarray, optional
        The value, where it is known.
    shape, dtype
        What it is, otherwise.
    op : Op, optional
        What gives it.
    operands : sequence of Held
        What ``op`` is applied to.
    """

    __slots__ = ("array", "dtype", "op", "operands", "shape")

    def __init__(
        self,
        array: np.ndarray | None,
        shape: Shape = (),
        dtype: np.dtype | None = None,
        op: Op | None = None,
        operands: Sequence[Held] = (),
    ) -> None:
        self.array, self.op, self.operands = array, op, operands
        self.shape: Shape = shape
        self.dtype: np.dtype = dtype  # type: ignore[assignment]

    @property
    def known(self) -> bool:
        """True if there is a value, or will be."""
        return self.array is not None or self.op is not None

    def value(self) -> np.ndarray | None:
        """The value; all that it takes is computed once."""
        pending = [self] if self.op is not None else []
        while pending:
            one = pending[-1]
            waiting = [operand for operand in one.operands if operand.op is not None]
            if waiting:
                pending += waiting
                continue
            pending.pop()
            if one.op is not None:
                one.array = _computed(one.op, [operand.array for operand in one.operands], one.shape, one.dtype)
                one.op, one.operands = None, ()
        return self.array


# Where no values are known.
NOTHING = Held(None)


def later(op: Op, atoms: Sequence[Atom], operands: Sequence[Held]) -> Held | None:
    """The value of ``op``, to be computed when it is asked for; None if it must be now, since that may raise."""
    if not all(one.known for one in operands) or foreign(type(op).numpy):
        return None
    shape, dtype = op.infer(*atoms)
    plain = dtype.kind == "f" and all(atom.dtype.kind in "fiub" and 0 not in atom.shape for atom in atoms)
    return Held(None, shape, dtype, op, operands) if plain else None


def at_once(op: Op, atoms: Sequence[Atom], values: Sequence[np.ndarray | None]) -> Held:
    """The value of ``op``, computed now; nothing where an operand's is not known."""
    shape, dtype = op.infer(*atoms)
    known = not any(one is None for one in values)
    return Held(_computed(op, values, shape, dtype) if known else None, shape, dtype)


def _computed(op: Op, values: Sequence[np.ndarray | None], shape: Shape, dtype: np.dtype) -> np.ndarray:
    value = evaluate(op, values, dtype)  # type: ignore[arg-type]
    if value.shape != shape:
        name = type(op).__name__
        told = f"the result must have shape {shape}, but the numpy voice gave {value.shape}."
        raise ForwardVoiceError(f"For '{name}', {told}", name)
    return value


__all__ = ["NOTHING", "Held", "at_once", "later"]
