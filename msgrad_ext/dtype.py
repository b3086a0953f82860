"""MindSpore's dtypes: names, printing, conversion to numpy, and the promotion of two tensors' dtypes.

Comes in: dtypes as users write them. Goes out: `DType` objects (``mstype.float32``) or `numpy.dtype`.
"""

from __future__ import annotations

import numpy as np

from .errors import DtypeError, NotSupportedError, UnknownNameError, choices


class DType:
    """One MindSpore dtype, such as ``mstype.float32``; it prints as ``Float32``, and in a list as ``mindspore.float32``."""

    __slots__ = ("_label", "name", "numpy")

    def __init__(self, name: str, numpy_name: str | None = None) -> None:
        self.name = name
        self.numpy = np.dtype(numpy_name or name)
        self._label = {
            "bool_": "Bool",
            "uint8": "UInt8",
            "uint16": "UInt16",
            "uint32": "UInt32",
            "uint64": "UInt64",
        }.get(name, name.capitalize())

    def __str__(self) -> str:
        return self._label

    def __repr__(self) -> str:
        return f"mindspore.{self.name.rstrip('_')}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DType) and self.numpy == other.numpy

    def __hash__(self) -> int:
        return hash(self.numpy)


bool_ = DType("bool_", "bool")
int8, int16, int32, int64 = (DType(f"int{bits}") for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (DType(f"uint{bits}") for bits in (8, 16, 32, 64))
float16, float32, float64 = (DType(f"float{bits}") for bits in (16, 32, 64))
complex64, complex128 = (DType(f"complex{bits}") for bits in (64, 128))
half, single, double = float16, float32, float64
byte, short, intc, long, intp, uintc = int8, int16, int32, int64, int64, uint32
# MindSpore's names for kinds of numbers; where a dtype is asked for, the widest one.
int_, uint, float_ = int64, uint64, float64
int_type = (int8, int16, int32, int64)
uint_type = (uint8, uint16, uint32, uint64)
float_type = (float16, float32, float64)
signed_type = (*int_type, *float_type)
complex_type = (complex64, complex128)
bool_type = (bool_,)
number = number_type = (*int_type, *uint_type, *float_type)
all_types = (bool_, *number_type, *complex_type)

_BY_NUMPY = {kind.numpy: kind for kind in all_types}
_BY_PYTHON: dict[object, DType] = {bool: bool_, int: int64, float: float64, complex: complex128}
_ORDER = [np.dtype(name) for name in "bool uint8 int8 int16 int32 int64 float16 float32 float64".split()]


def to_numpy(kind: object) -> np.dtype:
    """The numpy dtype of ``kind``: a `DType` or a numpy dtype or scalar type.

    Raises
    ------
    DtypeError
        For a string or anything else (MindSpore refuses strings too).
    """
    if isinstance(kind, DType):
        return kind.numpy
    if isinstance(kind, np.dtype) or (isinstance(kind, type) and issubclass(kind, np.generic)):
        return np.dtype(kind)
    raise DtypeError(f"A dtype must be one of mindspore.dtype, such as mstype.float32, but got {kind!r}.")


def named(kind: object) -> np.dtype:
    """The numpy dtype of ``kind``, which may also be a name such as ``"float32"`` or a Python type, as in ``astype``."""
    if isinstance(kind, type) and kind in _BY_PYTHON:
        return _BY_PYTHON[kind].numpy
    if isinstance(kind, str):
        found = {one.name.rstrip("_"): one for one in all_types}.get(kind.lower().rstrip("_"))
        if found is None:
            raise DtypeError(f"There is no dtype '{kind}'.")
        return found.numpy
    return to_numpy(kind)


def dtype_to_nptype(type_: DType) -> type[np.generic]:
    """The numpy scalar type of a dtype, as `mindspore.dtype_to_nptype`."""
    return to_numpy(type_).type


def dtype_to_pytype(type_: DType) -> type:
    """The Python type of a dtype's numbers, as `mindspore.dtype_to_pytype`."""
    return {"b": bool, "f": float, "c": complex}.get(to_numpy(type_).kind, int)


def pytype_to_dtype(obj: type) -> DType:
    """The dtype of a Python type of numbers, as `mindspore.pytype_to_dtype`."""
    if obj not in _BY_PYTHON:
        raise NotSupportedError(f"For 'pytype_to_dtype', the Python type {obj!r} has no dtype here.")
    return _BY_PYTHON[obj]


def issubclass_(type_: object, dtype: object) -> bool:
    """True when a dtype is ``dtype``, or one of the kinds of numbers that ``dtype`` lists."""
    return type_ in dtype if isinstance(dtype, tuple) else type_ == dtype


def from_numpy(kind: np.dtype) -> DType:
    """The MindSpore dtype of a numpy dtype."""
    try:
        return _BY_NUMPY[kind]
    except KeyError:
        raise DtypeError(f"A tensor's dtype must be a number or bool, but got {kind}.") from None


def promote(first: np.dtype, second: np.dtype) -> np.dtype:
    """The dtype of ``Tensor op Tensor``: the later of the two in bool, uint8, int8 .. int64, float16 .. float64.

    Differs from numpy as MindSpore does: an integer beside a float takes the float's dtype, whatever its width.
    """
    if first == second:
        return first
    if {first, second} == {np.dtype("int8"), np.dtype("uint8")}:
        return np.dtype("int16")
    if first in _ORDER and second in _ORDER:
        return max(first, second, key=_ORDER.index)
    if first.kind in "biuf" and second.kind in "biuf" and np.dtype(bool) not in (first, second):
        raise DtypeError(f"There is no common dtype of {first} and {second}; cast one of them.")
    return np.promote_types(first, second)


def is_float(kind: np.dtype) -> bool:
    """True for float16, float32 and float64 (and for exact numbers in object arrays, used by the check)."""
    return kind.kind in "fO"


def brief(kind: np.dtype) -> str:
    """A short name for printed graphs: ``f32``, ``i64``, ``bool``."""
    return {"f": "f", "i": "i", "u": "u", "c": "c"}.get(kind.kind, "") + (
        str(kind.itemsize * 8) if kind.kind in "fiuc" else kind.name
    )


def __getattr__(name: str) -> object:
    # MindSpore has bool, int and float among its dtypes; here they would hide Python's within this module.
    found = {"bool": bool_, "int": int32, "float": float32}.get(name)
    if found is not None or name.startswith("_"):
        if found is None:
            raise AttributeError(name)
        return found
    known = [one for one, value in globals().items() if isinstance(value, DType)]
    raise UnknownNameError(f"'mindspore.dtype' has no '{name}' here. {choices(name, known)}")
