"""Layers that drop elements or channels at random while they are in training."""

from __future__ import annotations

from typing import Any

from ..primitives.sizes import complement
from ..registry import fn
from ..tensor import Tensor
from . import checks
from .cell import Cell


class Dropout(Cell):
    """Elements set to 0 with probability ``p`` (or ``1 - keep_prob``) in training, and the others scaled up.

    Parameters
    ----------
    keep_prob : float
        How likely an element is kept; counts if ``p`` is not given.
    p : float, optional
        How likely an element is dropped.
    dtype : DType
        Accepted for compatibility.

    Notes
    -----
    Forward and backward see the same elements dropped.
    """

    def __init__(self, keep_prob: float = 0.5, p: float | None = None, dtype: Any = None) -> None:
        super().__init__()
        if p is None:
            if not 0 < checks.real(self, "keep_prob", keep_prob) <= 1:
                checks.refuse_value(self, "keep_prob", "in (0, 1]", keep_prob)
        elif not 0 <= checks.number(self, "p", p) < 1:
            checks.refuse_value(self, "p", "in [0, 1)", p)
        self.p, self.keep_prob = p, keep_prob

    def construct(self, x: Tensor) -> Tensor:
        """``x``, in training with elements dropped."""
        if not self.training or self.p == 0 or (self.p is None and self.keep_prob == 1):
            return x
        return fn.dropout(x, complement(self.keep_prob) if self.p is None else float(self.p))

    def extend_repr(self) -> str:
        return f"keep_prob={self.keep_prob}" if self.p is None else f"p={self.p}"


class _Channels(Cell):
    """Base of dropout of whole channels."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.prob = checks.within(self, "p", checks.real(self, "p", p), 0, 1)


class Dropout1d(_Channels):
    """Rows of (batch, channel, length) set to 0 with probability ``p`` in training, and the others scaled up."""

    def construct(self, x: Tensor) -> Tensor:
        """``x``, in training with rows dropped."""
        return fn.dropout1d(x, self.prob) if self.training else x


class Dropout2d(_Channels):
    """Channels of images set to 0 with probability ``p`` in training, and the others scaled up."""

    def construct(self, x: Tensor) -> Tensor:
        """``x``, in training with channels dropped."""
        return fn.dropout2d(x, self.prob) if self.training else x

    def extend_repr(self) -> str:
        # MindSpore prints what is kept under the name of what is dropped.
        return f"p={complement(self.prob)}"


class Dropout3d(_Channels):
    """Channels of volumes set to 0 with probability ``p`` in training, and the others scaled up."""

    def construct(self, x: Tensor) -> Tensor:
        """``x``, in training with channels dropped."""
        return fn.dropout3d(x, self.prob) if self.training else x

    def extend_repr(self) -> str:
        return f"p={complement(self.prob)}"
