"""Running the ``numpy`` voice of an op: as numpy reports nothing, and as a voice from elsewhere can do no harm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ForwardVoiceError

if TYPE_CHECKING:
    from .op import Op

_HOME = __name__.rpartition(".")[0] + "."


def foreign(voice: Any) -> bool:
    """True for a voice that is not of this package: one that a user wrote, or put in the place of ours."""
    return not home_of(voice).startswith(_HOME)


def home_of(voice: Any) -> str:
    """The module that a voice's code is from; a wrapper's own, whatever name it copied."""
    return str(getattr(voice, "__globals__", {}).get("__name__", type(voice).__module__))


def evaluate(op: Op, arrays: Sequence[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Run the ``numpy`` voice as numpy reports nothing (MindSpore prints no warnings), with the contract's dtype."""
    with np.errstate(all="ignore"):
        result = guarded(op, *arrays) if foreign(type(op).numpy) else np.asarray(op.numpy(*arrays))
    if result.dtype != dtype and result.dtype != object:
        name = type(op).__name__
        raise ForwardVoiceError(
            f"For '{name}', the result must be {dtype}, but the numpy voice gave {result.dtype}.", name
        )
    return result


def guarded(op: Op, *arrays: Any) -> np.ndarray:
    """Run a voice from elsewhere so that what it is handed stays as it was.

    Raises
    ------
    ForwardVoiceError
        If it writes into an operand.
    """
    given = [np.asarray(array) for array in arrays]
    handed, before = [array.view() for array in given], [array.copy() for array in given]
    for array in handed:
        array.flags.writeable = False
    name = type(op).__name__
    try:
        result = np.asarray(op.numpy(*handed))
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ForwardVoiceError(
            f"For '{name}', the numpy voice writes into its operand; it must make a new array.", name
        )
    for array, copy in zip(given, before):
        if not (array.dtype == object or array.tobytes() == copy.tobytes()):
            array[...] = copy
            raise ForwardVoiceError(
                f"For '{name}', the numpy voice writes into its operand; it must make a new array.", name
            )
    return result if result.flags.writeable else np.array(result)
