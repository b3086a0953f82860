"""`Tensor`: an array with MindSpore's names, conversions and operators.

A tensor's operators and methods are the ops of the registry; no arithmetic is done here. A tensor that stands in for a
value while a network is traced is a subclass, in `trace`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dtype import DType
from ..errors import ArgumentError, ArgumentValueError, AxisError, IndexKindError, UnknownNameError, choices
from ..now import Epoch
from ..registry import METHODS, OPS, composite, recorder
from .data import made_of, only, plain
from .described import Described
from .operators import UFUNCS, equality, in_place, operator
from .text import text, value_text


class Tensor(Described):
    """An array with MindSpore's interface.

    Parameters
    ----------
    input_data : number, sequence, ndarray or Tensor
        The values. They are copied. Python floats become Float32, Python ints Int64; numpy data keeps its dtype.
    dtype : DType, optional
        The dtype to convert to.
    shape : tuple of int or int, optional
        The shape, for ``init``.
    init : Initializer, str or number, optional
        Where the values come from if there is no ``input_data``; see `initializer`.
    const_arg, internal : bool
        Accepted for compatibility; they change nothing here.
    """

    def __init__(
        self,
        input_data: Any = None,
        dtype: DType | None = None,
        shape: Any = None,
        init: Any = None,
        const_arg: bool = False,
        internal: bool = False,
    ) -> None:
        if input_data is None and shape is not None:
            self._value = _first_values(shape, dtype, init)
            return
        if init is not None:
            raise ArgumentValueError("For 'Tensor', init needs a shape and a dtype, and no input_data.")
        self._value = made_of(input_data, dtype)

    @classmethod
    def _wrap(cls, array: np.ndarray) -> Tensor:
        """A tensor on ``array`` itself, without a copy."""
        result = object.__new__(cls)
        object.__setattr__(result, "_value", array)
        return result

    @classmethod
    def from_numpy(cls, array: np.ndarray) -> Tensor:
        """A tensor of the values of ``array`` (MindSpore shares the memory; here they are copied)."""
        if isinstance(array, Tensor):
            array = array._leave("Tensor()")
        if not isinstance(array, np.ndarray):
            raise ArgumentError(f"For 'from_numpy', the argument must be an ndarray, but got {type(array).__name__}.")
        return cls(array)

    # Leaving the world of tensors: only for values that are known ---------------------------------------------------

    def _array(self) -> np.ndarray:
        return self._value

    def _leave(self, how: str) -> np.ndarray:
        """The values, on the way out of the network by ``how``; a traced tensor refuses."""
        return self._array()

    def asnumpy(self) -> np.ndarray:
        """The values as a fresh ndarray."""
        return self._leave("asnumpy()").copy()

    def numpy(self) -> np.ndarray:
        """The values as a fresh ndarray."""
        return self._leave("numpy()").copy()

    def item(self) -> Any:
        """The only element as a Python number."""
        return only(self._leave("item()"), "item")

    def itemset(self, *args: Any) -> Tensor:
        """A new tensor in which the element at an index, the first argument, is the last one."""
        array = self._leave("itemset()").copy()
        if len(args) == 1 and array.size != 1:
            raise AxisError(f"For 'itemset', an index must be given, since the shape is {self.shape}.")
        if len(args) == 2:
            array[args[0] if isinstance(args[0], tuple) else np.unravel_index(args[0], array.shape)] = args[1]
        else:
            array[...] = args[-1]
        return Tensor._wrap(array)

    def get_bytes(self) -> bytes:
        """The values as bytes."""
        return self._leave("get_bytes()").tobytes()

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self._leave("tolist()").tolist()

    def assign_value(self, value: Any) -> Any:
        """Replace the values by those of another tensor."""
        self._value = as_tensor(value)._leave("assign_value()")
        Epoch.advance()
        return self

    def copy_(self, other: Any) -> Any:
        """Take the values of another tensor."""
        return self.assign_value(METHODS["astype"](as_tensor(other), self.dtype))

    def fill_(self, value: Any) -> Any:
        """Take one value for all elements."""
        return self.assign_value(Tensor(np.full(self.shape, plain(value), self.numpy_dtype)))

    def zero_(self) -> Any:
        """Take 0 for all elements."""
        return self.fill_(0)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._leave("numpy.asarray()"), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        # What is recorded stays right: an ndarray on the left of a traced tensor takes part as a constant.
        operator = UFUNCS.get(ufunc.__name__) if recorder.get() is not None else None
        if method == "__call__" and operator and not keywords:
            apply = METHODS["matmul"] if operator == "MatMul" else OPS[operator]()
            return apply(*(Tensor(one) if isinstance(one, np.ndarray) else one for one in inputs))
        arrays = [one._leave(f"numpy.{ufunc.__name__}()") if isinstance(one, Tensor) else one for one in inputs]
        return getattr(ufunc, method)(*(float(one) if type(one) is np.float64 else one for one in arrays), **keywords)

    def __float__(self) -> float:
        return float(only(self._leave("float()"), "float"))

    def __int__(self) -> int:
        return int(only(self._leave("int()"), "int"))

    def __complex__(self) -> complex:
        return complex(only(self._leave("complex()"), "complex"))

    def __index__(self) -> int:
        array = self._leave("int()")
        if array.dtype.kind not in "iu" or array.size != 1:
            raise IndexKindError(f"Only an integer tensor of one element can be an index, but got {self.dtype}.")
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
        if not self.shape:
            raise ArgumentError("A tensor of shape () has no rows to go through.")
        return (self[index] for index in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(METHODS["__contains__"](self, value))

    def copy(self) -> Any:
        """A tensor of the same values."""
        return Tensor._wrap(self._array().copy())

    def __copy__(self) -> Any:
        return self.copy()

    # Operators: the ops of the registry --------------------------------------------------------------------------

    __add__, __radd__ = operator("Add"), operator("Add", swapped=True)
    __sub__, __rsub__ = operator("Sub"), operator("Sub", swapped=True)
    __mul__, __rmul__ = operator("Mul"), operator("Mul", swapped=True)
    __truediv__, __rtruediv__ = operator("Div"), operator("Div", swapped=True)
    __floordiv__, __rfloordiv__ = operator("FloorDiv"), operator("FloorDiv", swapped=True)
    __mod__, __rmod__ = operator("FloorMod"), operator("FloorMod", swapped=True)
    __pow__, __rpow__ = operator("Pow"), operator("Pow", swapped=True)
    __neg__, __abs__ = operator("Neg"), operator("Abs")
    __gt__, __ge__ = operator("Greater"), operator("GreaterEqual")
    __lt__, __le__ = operator("Less"), operator("LessEqual")
    __eq__, __ne__ = equality("Equal", False), equality("NotEqual", True)  # type: ignore[assignment]
    __and__, __or__, __xor__ = operator("BitwiseAnd"), operator("BitwiseOr"), operator("BitwiseXor")
    __hash__ = object.__hash__

    @staticmethod
    def _of(value: Any) -> Tensor:
        return Tensor(value)

    add_, sub_, mul_, div_ = in_place("Add"), in_place("Sub"), in_place("Mul"), in_place("Div")

    def __pos__(self) -> Any:
        return self

    def __invert__(self) -> Any:
        # MindSpore's ~ is the logical one for every dtype.
        return METHODS["logical_not"](self if self.numpy_dtype.kind == "b" else self != 0)

    def __round__(self) -> Any:
        return self.round()

    def __matmul__(self, other: Any) -> Any:
        return METHODS["matmul"](self, self._factor(other))

    def __rmatmul__(self, other: Any) -> Any:
        return METHODS["matmul"](self._factor(other), self)

    @staticmethod
    def _factor(other: Any) -> Any:
        if not isinstance(other, Tensor):
            raise ArgumentError(f"For 'MatMul', an operand of @ must be a Tensor, but got {type(other).__name__}.")
        return other

    def __getitem__(self, index: Any) -> Any:
        return METHODS["__getitem__"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        METHODS["__setitem__"](self, index, value)

    def __getattr__(self, name: str) -> Any:
        if name in METHODS and not name.startswith("_"):
            return METHODS[name].__get__(self, type(self))
        if name.startswith("_"):
            raise AttributeError(name)
        kind = "Parameter" if hasattr(type(self), "requires_grad") else "Tensor"
        raise UnknownNameError(f"'{kind}' has no attribute '{name}'. {_near(self, name)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in METHODS if not name.startswith("_"))})

    # Printing, as MindSpore's ------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return text(self._array())

    def __repr__(self) -> str:
        return f"Tensor(shape={list(self.shape)}, dtype={self.dtype}, value={value_text(self._array())})"

    def __format__(self, form: str) -> str:
        if form:
            raise ArgumentError(
                f"For 'Tensor', a format such as '{form}' is for numbers: write {{x.item():{form}}} outside the network, "
                "or {x} for all values."
            )
        return str(self)


def _near(tensor: Tensor, name: str) -> str:
    return choices(name, [one for one in dir(tensor) if not one.startswith("_")])


def _first_values(shape: Any, dtype: DType | None, init: Any) -> np.ndarray:
    if isinstance(init, np.ndarray) or not isinstance(shape, (int, tuple, list)):
        raise ArgumentError(f"For 'Tensor', the shape must be an int, a tuple or a list, but got {shape!r}.")
    from ..initializer import initializer

    return initializer("zeros" if init is None else init, shape, dtype).asnumpy()


def as_tensor(value: Any) -> Tensor:
    """``value`` itself if it is a tensor, otherwise a tensor of it."""
    return value if isinstance(value, Tensor) else Tensor(value)


def tensor(input_data: Any = None, dtype: DType | None = None, **keywords: Any) -> Tensor:
    """A `Tensor`: MindSpore's function of that name."""
    return Tensor(input_data, dtype, **keywords)


def from_numpy(array: np.ndarray) -> Tensor:
    """A `Tensor` of the values of ``array``."""
    return Tensor.from_numpy(array)


@composite(functions="is_tensor")
def is_tensor(obj: Any) -> bool:
    """True for a `Tensor`."""
    return isinstance(obj, Tensor)
