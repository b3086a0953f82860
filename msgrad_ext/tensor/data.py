"""What a tensor can be made of: numbers, sequences, arrays and tensors come in, an array of the right dtype goes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtype import DType, to_numpy
from ..errors import ArgumentError, ArgumentValueError


def is_number(value: object) -> bool:
    """True for what counts as a Python number: an int, float or bool, and numpy's float64, which is a float."""
    return isinstance(value, (bool, int, float))


def plain(value: Any) -> Any:
    """``value`` with tensors replaced by their arrays; used for indices and assigned elements."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return value._array() if hasattr(value, "numpy_dtype") else value


def only(array: np.ndarray, how: str) -> Any:
    """The only element as a Python number, for ``float()`` and its like."""
    if array.size != 1:
        raise ArgumentValueError(f"For '{how}', the tensor must have one element, but its shape is {array.shape}.")
    return array.item()


def made_of(source: Any, dtype: DType | None) -> np.ndarray:
    """A fresh array of what the constructor of a tensor was given.

    Raises
    ------
    ArgumentError
        For text, ragged data, and anything else that is no number.
    """
    kind = None if dtype is None else to_numpy(dtype)
    if hasattr(source, "numpy_dtype"):
        return np.array(source._leave("Tensor()"), dtype=kind)
    if isinstance(source, (set, range, dict, bytes)):
        raise ArgumentError(
            f"For 'Tensor', the input data must be a number, a list, a tuple or an array, but got {type(source).__name__}."
        )
    if isinstance(source, (list, tuple)):
        source = _members(source)
    try:
        array = np.array(source)
    except ValueError as error:
        raise ArgumentError(f"For 'Tensor', the input data must be a number or a regular array: {error}") from None
    if array.dtype.kind not in "biufc" or (array.dtype.kind == "f" and array.itemsize > 8):
        raise ArgumentError(f"For 'Tensor', the input data must be numbers, but got {type(source).__name__} data.")
    if kind is None and not isinstance(source, (np.ndarray, np.generic)):
        kind = np.dtype(np.float32) if array.dtype == np.float64 else None
    with np.errstate(all="ignore"):
        return np.array(array, dtype=array.dtype.newbyteorder("=") if kind is None else kind)


def _members(source: Any) -> list[Any]:
    """The members of a sequence, tensors as arrays."""
    return [
        _members(one)
        if isinstance(one, (list, tuple))
        else one._leave("Tensor()")
        if hasattr(one, "numpy_dtype")
        else one
        for one in source
    ]
