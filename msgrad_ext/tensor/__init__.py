"""`Tensor`, `Parameter` and `ParameterTuple`: data with MindSpore's names, conversions and printing."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ..now import Epoch
from .array import Tensor, as_tensor, from_numpy, is_tensor, tensor
from .data import is_number
from .parameter import Parameter, ParameterTuple


class _Callable(ModuleType):
    """MindSpore has a function `tensor` where this package has a module of that name, so the module can be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        return tensor(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable

__all__ = ["Epoch", "Parameter", "ParameterTuple", "Tensor", "as_tensor", "from_numpy", "is_number", "is_tensor"]
