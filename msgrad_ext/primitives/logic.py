"""Comparisons, logic and selection. Their results are piecewise constant: no cotangent passes through a condition."""

from __future__ import annotations

import numpy as np

from ..dtype import promote
from ..errors import DtypeError
from ..lazy import sym
from ..op import Elementwise, Op, cast
from ..registry import fn


class _Comparison(Elementwise, abstract=True):
    """Base of comparisons: the result is bool, without a gradient."""

    smooth = False

    def out_dtype(self, *dtypes):
        super().out_dtype(*dtypes)
        return np.dtype(bool)

    def vjp(self, ct, out, a, b):
        return None, None


class Greater(_Comparison, functions="greater gt tensor_gt", methods="greater gt"):
    """``a > b``."""

    def numpy(self, a, b):
        return a > b

    def meaning(self, a, b):
        return lambda *i: sym.compare(a[i], ">", b[i])


class GreaterEqual(_Comparison, functions="greater_equal ge tensor_ge", methods="greater_equal ge"):
    """``a >= b``."""

    def numpy(self, a, b):
        return a >= b

    def meaning(self, a, b):
        return lambda *i: sym.compare(a[i], ">=", b[i])


class Less(_Comparison, functions="less lt tensor_lt", methods="less lt"):
    """``a < b``."""

    def numpy(self, a, b):
        return a < b

    def meaning(self, a, b):
        return lambda *i: sym.compare(a[i], "<", b[i])


class LessEqual(_Comparison, functions="less_equal le tensor_le", methods="less_equal le"):
    """``a <= b``."""

    def numpy(self, a, b):
        return a <= b

    def meaning(self, a, b):
        return lambda *i: sym.compare(a[i], "<=", b[i])


class Equal(_Comparison, functions="equal eq", methods="equal eq"):
    """``a == b``."""

    def numpy(self, a, b):
        return a == b

    def meaning(self, a, b):
        return lambda *i: sym.compare(a[i], "==", b[i])


class NotEqual(_Comparison, functions="not_equal ne", methods="not_equal ne"):
    """``a != b``."""

    def numpy(self, a, b):
        return a != b

    def meaning(self, a, b):
        return lambda *i: sym.compare(a[i], "!=", b[i])


class _Logical(_Comparison, abstract=True):
    """Base of logical ops: bools out; numbers count as true where they are not zero."""

    def working_dtype(self, common):
        return np.dtype(bool)


class LogicalAnd(_Logical, functions="logical_and", methods="logical_and"):
    """``a and b``."""

    def numpy(self, a, b):
        return a & b

    def meaning(self, a, b):
        return lambda *i: a[i] * b[i]


class LogicalOr(_Logical, functions="logical_or", methods="logical_or"):
    """``a or b``."""

    def numpy(self, a, b):
        return a | b

    def meaning(self, a, b):
        return lambda *i: a[i] + b[i] - a[i] * b[i]


class LogicalNot(_Logical, functions="logical_not", methods="logical_not"):
    """``not a``."""

    def numpy(self, a):
        return ~a

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: 1 - a[i]


class Select(Op, shapes="..., ..., ... -> ...", functions="select where"):
    """``a`` where the condition holds, ``b`` elsewhere.

    Notes
    -----
    Only the chosen branch gets the cotangent. Where a branch was not chosen, elementwise ops before it get none either,
    so that an infinite or NaN derivative there does not spoil the gradient; MindSpore gives NaN.
    """

    certain = True

    smooth = False

    def numpy(self, condition, a, b):
        return np.where(condition, a, b)

    def vjp(self, ct, out, condition, a, b):
        none = fn.zeros_like(ct)
        return None, Select()(condition, ct, none), Select()(condition, none, ct)

    def out_dtype(self, condition, a, b):
        if condition.kind not in "bO":
            raise DtypeError(f"For 'Select', the condition must be bool, but got {condition}.")
        return super().out_dtype(a, b)

    def convert(self, operands):
        """The two branches cast to their common dtype."""
        condition, a, b = super().convert(operands)
        kinds = [getattr(branch, "numpy_dtype", branch.dtype) for branch in (a, b)]
        common = promote(*kinds)
        return [condition, cast(a, common), cast(b, common)]

    def meaning(self, condition, a, b):
        return lambda *i: sym.where(condition[i], a[i], b[i])
