"""What a tensor tells of itself without its values: shape, dtype, sizes. A traced tensor tells the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtype import DType, from_numpy
from ..errors import ShapeError
from ..registry import METHODS


class Described:
    """Base of tensors: all that follows from shape and dtype."""

    _value: np.ndarray

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

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis."""
        return tuple(step * self.itemsize for step in self.stride())

    def stride(self) -> list[int]:
        """Elements from one element to the next along each axis."""
        return [int(np.prod(self.shape[axis + 1 :], dtype=np.int64)) for axis in range(self.ndim)]

    @property
    def data(self) -> Any:
        """The tensor itself."""
        return self

    @property
    def has_init(self) -> bool:
        """False: the values are always there."""
        return False

    @property
    def device(self) -> str:
        """Where the values lie."""
        return "CPU"

    def value(self) -> Any:
        """The tensor itself."""
        return self

    def init_data(self, *_: Any, **__: Any) -> Any:
        """The tensor itself; its values are there already."""
        return self

    def dim(self) -> int:
        """Number of axes."""
        return self.ndim

    ndimension = dim

    def numel(self) -> int:
        """Number of elements."""
        return self.size

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.itemsize

    def is_contiguous(self) -> bool:
        """True: elements lie in the order of their indices, as far as anyone can tell."""
        return True

    def contiguous(self) -> Any:
        """The tensor itself."""
        return self

    def is_floating_point(self) -> bool:
        """True for a float dtype."""
        return self.numpy_dtype.kind == "f"

    def is_complex(self) -> bool:
        """True for a complex dtype."""
        return self.numpy_dtype.kind == "c"

    def is_signed(self) -> bool:
        """True for a dtype that has negative numbers."""
        return self.numpy_dtype.kind in "ifc"

    def flush_from_cache(self) -> None:
        """Accepted for compatibility."""

    def set_const_arg(self, const_arg: bool = True) -> Any:
        """Accepted for compatibility."""
        return self

    @property
    def mT(self) -> Any:  # noqa: N802 - MindSpore's name
        """The transpose of the last two axes."""
        if self.ndim < 2:
            raise ShapeError(f"For 'mT', the tensor must have two axes at least, but its shape is {self.shape}.")
        return METHODS["transpose"](self, (*range(self.ndim - 2), self.ndim - 1, self.ndim - 2))

    @property
    def H(self) -> Any:  # noqa: N802 - MindSpore's name
        """The transpose of a matrix of real numbers."""
        if self.ndim != 2:
            raise ShapeError(f"For 'H', the tensor must have two axes, but its shape is {self.shape}.")
        return METHODS["transpose"](self)
