"""MindSpore's ``common``: tensors, parameters, dtypes and initializers under the names of its module."""

from __future__ import annotations

from . import dtype, initializer
from .initializer import get_seed, set_seed
from .tensor import Parameter, ParameterTuple, Tensor

__all__ = ["Parameter", "ParameterTuple", "Tensor", "dtype", "get_seed", "initializer", "set_seed"]
