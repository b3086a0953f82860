"""`Tensor`, `Parameter` and `ParameterTuple`: data with MindSpore's names, conversions and printing.

A tensor's operators and methods are the ops of the registry; no arithmetic is done here. A tensor that stands in for a
value while a network is traced is a subclass, in `trace`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from . import dtype as mstype
from .dtype import DType, from_numpy, to_numpy
from .errors import ArgumentError, ArgumentValueError, DtypeError, UnknownNameError, choices
from .registry import METHODS, OPS

_FORMS = {"f": "% .8e", "e": "% .4e"}


class Epoch:
    """Counts changes of anything that a compiled plan took for constant: a cell's attribute, a tensor written in place."""

    count = 0

    @classmethod
    def advance(cls) -> None:
        """Note a change; plans made before it are traced again when next called."""
        cls.count += 1


def is_number(value: object) -> bool:
    """True for a Python int, float or bool."""
    return isinstance(value, (bool, int, float)) and not isinstance(value, np.generic)


def _operator(op: str, swapped: bool = False) -> Callable[..., Any]:
    """The dunder method that applies the op called ``op``."""

    def method(self: Tensor, *others: Any) -> Any:
        operands = (*others, self) if swapped else (self, *others)
        return OPS[op]()(*operands)

    return method


class Tensor:
    """An array with MindSpore's interface.

    Parameters
    ----------
    input_data : number, sequence, ndarray or Tensor
        The values. They are copied. Python floats become Float32, Python ints Int64; numpy data keeps its dtype.
    dtype : DType, optional
        The dtype to convert to.
    """

    def __init__(self, input_data: Any, dtype: DType | None = None) -> None:
        self._value = _data(input_data, dtype)

    @classmethod
    def _wrap(cls, array: np.ndarray) -> Tensor:
        """A tensor on ``array`` itself, without a copy."""
        result = object.__new__(cls)
        object.__setattr__(result, "_value", array)
        return result

    @classmethod
    def from_numpy(cls, array: np.ndarray) -> Tensor:
        """A tensor of the values of ``array`` (MindSpore shares the memory; here they are copied)."""
        return cls(array)

    # What it is -------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self._value.shape

    @property
    def numpy_dtype(self) -> np.dtype:
        """The dtype as numpy's."""
        return self._value.dtype

    @property
    def dtype(self) -> DType:
        """The dtype as MindSpore's."""
        return from_numpy(self.numpy_dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.numpy_dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize

    @property
    def T(self) -> Any:  # noqa: N802 - MindSpore's name
        """The transpose: all axes reversed."""
        return METHODS["transpose"](self)

    def dim(self) -> int:
        """Number of axes."""
        return self.ndim

    # Leaving the world of tensors: only for values that are known ---------------------------------------------------

    def _array(self) -> np.ndarray:
        return self._value

    def asnumpy(self) -> np.ndarray:
        """The values as a fresh ndarray."""
        return self._leave("asnumpy()").copy()

    def item(self, *index: int) -> Any:
        """One element as a Python number."""
        return self._leave("item()").item(*index)

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self._leave("tolist()").tolist()

    def _leave(self, how: str) -> np.ndarray:
        """The values, on the way out of the network by ``how``; a traced tensor refuses."""
        return self._array()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._leave("numpy.asarray()"), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        operator = _UFUNCS.get(ufunc.__name__)
        if method == "__call__" and operator and not keywords:
            return OPS[operator]()(*inputs)
        arrays = [one._leave(f"numpy.{ufunc.__name__}()") if isinstance(one, Tensor) else one for one in inputs]
        return getattr(ufunc, method)(*arrays, **keywords)

    def __float__(self) -> float:
        return float(self._leave("float()").item())

    def __int__(self) -> int:
        return int(self._leave("int()").item())

    def __index__(self) -> int:
        array = self._leave("int()")
        if array.dtype.kind not in "iu":
            raise ArgumentError(f"Only an integer tensor can be an index, but got {self.dtype}.")
        return int(array.item())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ArgumentValueError(
                f"The truth value of a tensor of shape {self.shape} is not defined; reduce it to one element first."
            )
        return bool(self._array().item())

    def __len__(self) -> int:
        if not self.shape:
            raise ArgumentError("len() of a tensor of shape () is not defined.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    # Operators: the ops of the registry --------------------------------------------------------------------------

    __add__, __radd__ = _operator("Add"), _operator("Add", swapped=True)
    __sub__, __rsub__ = _operator("Sub"), _operator("Sub", swapped=True)
    __mul__, __rmul__ = _operator("Mul"), _operator("Mul", swapped=True)
    __truediv__, __rtruediv__ = _operator("Div"), _operator("Div", swapped=True)
    __pow__, __rpow__ = _operator("Pow"), _operator("Pow", swapped=True)
    __neg__, __abs__ = _operator("Neg"), _operator("Abs")
    __gt__, __ge__ = _operator("Greater"), _operator("GreaterEqual")
    __lt__, __le__ = _operator("Less"), _operator("LessEqual")
    __eq__, __ne__ = _operator("Equal"), _operator("NotEqual")  # type: ignore[assignment]
    __and__, __rand__ = _operator("LogicalAnd"), _operator("LogicalAnd", swapped=True)
    __or__, __ror__ = _operator("LogicalOr"), _operator("LogicalOr", swapped=True)
    __invert__ = _operator("LogicalNot")
    __hash__ = object.__hash__

    def __pos__(self) -> Any:
        return self

    def __matmul__(self, other: Any) -> Any:
        return METHODS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return METHODS["matmul"](as_tensor(other), self)

    def __getitem__(self, index: Any) -> Any:
        return METHODS["__getitem__"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        METHODS["__setitem__"](self, index, value)

    def __contains__(self, value: Any) -> bool:
        return bool(METHODS["__contains__"](self, value))

    def __getattr__(self, name: str) -> Any:
        if name in METHODS and not name.startswith("_"):
            return METHODS[name].__get__(self, type(self))
        if name.startswith("_"):
            raise AttributeError(name)
        kind = "Parameter" if isinstance(self, Parameter) else "Tensor"
        raise UnknownNameError(f"'{kind}' has no attribute '{name}'. {choices(name, dir(self))}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in METHODS if not name.startswith("_"))})

    # Printing, as MindSpore's ------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return str(self._array())

    def __repr__(self) -> str:
        return f"Tensor(shape={list(self.shape)}, dtype={self.dtype}, value={_values(self._array())})"


_UFUNCS = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "true_divide": "Div", "power": "Pow",
    "greater": "Greater", "greater_equal": "GreaterEqual", "less": "Less", "less_equal": "LessEqual",
    "equal": "Equal", "not_equal": "NotEqual", "matmul": "MatMul",
}  # fmt: skip


def _values(array: np.ndarray) -> str:
    """The values as MindSpore's repr shows them."""
    if array.ndim == 0:
        return f" {array.item():.6g}" if array.dtype.kind == "f" else f" {array.item()}"
    form = _FORMS["e" if array.dtype.itemsize == 2 else "f"] if array.dtype.kind == "f" else None
    formatter = {"float_kind": lambda number: form % number} if form else None
    text = np.array2string(array, separator=", ", formatter=formatter)  # type: ignore[arg-type]
    return ("\n" if array.ndim > 1 else " ") + text


def _data(source: Any, dtype: DType | None) -> np.ndarray:
    kind = None if dtype is None else to_numpy(dtype)
    if isinstance(source, Tensor):
        return np.array(source._leave("Tensor()"), dtype=kind)
    if isinstance(source, (list, tuple)):
        source = [one._leave("Tensor()") if isinstance(one, Tensor) else one for one in source]
    try:
        array = np.array(source)
    except ValueError as error:
        raise ArgumentError(f"For 'Tensor', the input data must be a number or a regular array: {error}") from None
    if array.dtype.kind not in "biufc":
        raise ArgumentError(f"For 'Tensor', the input data must be numbers, but got {type(source).__name__} data.")
    if kind is None and not isinstance(source, (np.ndarray, np.generic)) and array.dtype == np.float64:
        kind = np.dtype(np.float32)
    return np.array(array, dtype=array.dtype.newbyteorder("=") if kind is None else kind)


def as_tensor(value: Any) -> Tensor:
    """``value`` itself if it is a tensor, otherwise a tensor of it."""
    return value if isinstance(value, Tensor) else Tensor(value)


class Parameter(Tensor):
    """A tensor that a cell owns and training changes.

    Parameters
    ----------
    default_input : Tensor, ndarray, number or sequence
        Its first value.
    name : str, optional
        Its name; by default that of the attribute which holds it.
    requires_grad : bool
        Whether ``trainable_params`` lists it.
    """

    _FIELDS = frozenset({"_value", "name", "requires_grad", "_named"})

    def __init__(self, default_input: Any, name: str | None = None, requires_grad: bool = True, **unknown: Any) -> None:
        for keyword in unknown:
            raise ArgumentError(
                f"Parameter() got an unexpected keyword argument '{keyword}'. {choices(keyword, ['name', 'requires_grad'])}"
            )
        if name is not None and not isinstance(name, str):
            raise ArgumentError(f"For 'Parameter', the name must be a str, but got {type(name).__name__}.")
        value = _data(default_input, None)
        if value.dtype.kind == "b":
            raise ArgumentValueError("For 'Parameter', a bool can not be a parameter.")
        if is_number(default_input) and isinstance(default_input, int):
            value = value.astype(np.int32)
        self._value = value
        self._named = name is not None
        self.name = "Parameter" if name is None else name
        self.requires_grad = requires_grad

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._FIELDS:
            raise UnknownNameError(
                f"'Parameter' has no attribute '{name}'. {choices(name, ['name', 'requires_grad', 'set_data'])}"
            )
        if name == "requires_grad" and not isinstance(value, bool):
            raise ArgumentError(f"For 'Parameter', requires_grad must be bool, but got {type(value).__name__}.")
        if name == "requires_grad" and self.__dict__.get(name, value) != value:
            Epoch.advance()
        object.__setattr__(self, name, value)

    @property
    def data(self) -> Parameter:
        """The parameter itself (MindSpore's spelling)."""
        return self

    def value(self) -> Tensor:
        """A tensor of the current values."""
        return Tensor(self._array())

    def set_data(self, data: Any, slice_shape: bool = False) -> Parameter:
        """Replace the values; the dtype stays, and so does the shape unless ``slice_shape``."""
        fresh = as_tensor(data)._leave("set_data()")
        if fresh.shape != self.shape and not slice_shape:
            raise ArgumentValueError(
                f"For 'Parameter.set_data', the shape of {self.name} is {self.shape}, but got {fresh.shape}."
            )
        if fresh.dtype.kind == "f" and self.numpy_dtype.kind in "iu":
            raise DtypeError(
                f"For 'Parameter.set_data', {self.name} is {self.dtype}, but got {from_numpy(fresh.dtype)}."
            )
        self._value = fresh.astype(self.numpy_dtype)
        return self

    def __str__(self) -> str:
        return (
            f"Parameter (name={self.name}, shape={self.shape}, dtype={self.dtype}, requires_grad={self.requires_grad})"
        )

    __repr__ = __str__


class ParameterTuple(tuple[Parameter, ...]):
    """A tuple of parameters with different names."""

    def __new__(cls, iterable: Iterable[Parameter]) -> ParameterTuple:
        members = tuple(iterable)
        names = set()
        for member in members:
            if not isinstance(member, Parameter):
                raise ArgumentError(
                    f"For 'ParameterTuple', each member must be a Parameter, but got {type(member).__name__}."
                )
            if member.name in names:
                raise ArgumentValueError(
                    f"For 'ParameterTuple', its name '{member.name}' already exists; give each parameter its own name."
                )
            names.add(member.name)
        return super().__new__(cls, members)


__all__ = ["Epoch", "Parameter", "ParameterTuple", "Tensor", "as_tensor", "is_number", "mstype"]
