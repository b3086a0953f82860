"""Bitwise ops on integers and bools. They have no gradient; on bools they are the logical ones, which formulas can say."""

from __future__ import annotations

from operator import and_, or_, xor

import numpy as np

from ..errors import DtypeError, NotSupportedError
from ..op import Composite, Elementwise
from ..tensor import Tensor


class _Bits(Elementwise, abstract=True):
    """One bitwise op; ``symbol`` is Python's operator."""

    smooth = False

    def __init__(self, symbol):
        self.symbol = symbol

    def working_dtype(self, common: np.dtype) -> np.dtype:
        if common.kind not in "iub":
            raise DtypeError(f"For 'Bitwise', the operands must be integers or bools, but got {common}.")
        return common

    def numpy(self, a, b):
        return {"&": and_, "|": or_, "^": xor}[self.symbol](a, b)

    def vjp(self, ct, out, a, b):
        return None, None

    def meaning(self, a, b):
        if a.dtype.kind != "b":
            raise NotSupportedError("For 'Bitwise', a formula can not say what happens to the bits of integers.")
        both = {"&": (0, 1), "|": (1, -1), "^": (1, -2)}[self.symbol]
        return lambda *i: both[0] * (a[i] + b[i]) + both[1] * a[i] * b[i]


class BitwiseAnd(Composite, functions="bitwise_and", methods="bitwise_and"):
    """The bits that both operands have, ``x & y``."""

    def compute(self, x: Tensor, y: Tensor) -> Tensor:
        return _Bits("&")(x, y)


class BitwiseOr(Composite, functions="bitwise_or", methods="bitwise_or"):
    """The bits that one of the operands has, ``x | y``."""

    def compute(self, x: Tensor, y: Tensor) -> Tensor:
        return _Bits("|")(x, y)


class BitwiseXor(Composite, functions="bitwise_xor", methods="bitwise_xor"):
    """The bits that just one of the operands has, ``x ^ y``."""

    def compute(self, x: Tensor, y: Tensor) -> Tensor:
        return _Bits("^")(x, y)
