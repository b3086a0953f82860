"""Bitwise ops on integers and bools. They have no gradient; on bools they are the logical ones, which formulas can say."""

from __future__ import annotations

import numpy as np

from ..errors import DtypeError, NotSupportedError
from ..op import Composite, Elementwise
from ..registry import OPS
from ..tensor import Tensor
from .arguments import tensor


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
        if self.symbol == "&":
            return np.bitwise_and(a, b)
        return np.bitwise_or(a, b) if self.symbol == "|" else np.bitwise_xor(a, b)

    def vjp(self, ct, out, a, b):
        return None, None

    def meaning(self, a, b):
        raise NotSupportedError("For 'Bitwise', a formula can not say what happens to the bits of integers.")


def _applied(symbol: str, of_bools: str, x: Tensor, y: Tensor) -> Tensor:
    """``x symbol y``: the logical op for bools, which formulas can say."""
    bools = all(isinstance(one, bool) or getattr(one, "numpy_dtype", None) == np.dtype(bool) for one in (x, y))
    result: Tensor = OPS[of_bools]()(x, y) if bools else _Bits(symbol)(x, y)
    return result


class BitwiseAnd(Composite, functions="bitwise_and", methods="bitwise_and"):
    """The bits that both operands have, ``x & y``."""

    def compute(self, x: Tensor, y: Tensor) -> Tensor:
        return _applied("&", "LogicalAnd", x, y)


class BitwiseOr(Composite, functions="bitwise_or", methods="bitwise_or"):
    """The bits that one of the operands has, ``x | y``."""

    def compute(self, x: Tensor, y: Tensor) -> Tensor:
        return _applied("|", "LogicalOr", x, y)


class BitwiseXor(Composite, functions="bitwise_xor", methods="bitwise_xor"):
    """The bits that just one of the operands has, ``x ^ y``."""

    def compute(self, x: Tensor, y: Tensor) -> Tensor:
        return _applied("^", "NotEqual", x, y)


class Invert(Composite, functions="invert", methods="invert"):
    """The bits that the operand does not have; ``-x - 1`` for an integer with a sign."""

    def compute(self, x: Tensor) -> Tensor:
        kind = tensor("Invert", "x", x).numpy_dtype
        if kind.kind not in "iu":
            raise DtypeError(f"For 'Invert', the operand must be an integer tensor, but got {kind}.")
        every = -1 if kind.kind == "i" else np.iinfo(kind).max
        result: Tensor = _Bits("^")(x, Tensor(np.asarray(every, kind)))
        return result
