"""Tables whose rows are looked up by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtype import DType, from_numpy
from ..errors import NotSupportedError, user_location
from ..initializer import initializer
from ..registry import fn
from ..tensor import Parameter, Tensor
from . import checks
from .cell import Cell


class Embedding(Cell):
    """Rows of a learned table.

    Parameters
    ----------
    vocab_size, embedding_size : int
        Rows and columns of ``embedding_table``.
    use_one_hot : bool
        Look up by a product with one-hot rows.
    embedding_table : Tensor, str, Initializer or number
        Its first values.
    dtype : DType
        Of the one-hot rows; float32 by default.
    padding_idx : int, optional
        A row that starts as zeros.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int,
        use_one_hot: bool = False,
        embedding_table: Any = "normal",
        dtype: Any = None,
        padding_idx: int | None = None,
    ) -> None:
        super().__init__()
        self.vocab_size = checks.whole(self, "vocab_size", vocab_size)
        self.embedding_size = checks.whole(self, "embedding_size", embedding_size)
        self.use_one_hot = checks.boolean(self, "use_one_hot", use_one_hot)
        self.dtype: DType = from_numpy(np.dtype(np.float32)) if dtype is None else dtype
        self.padding_idx = padding_idx
        # Float32 whatever the dtype, as MindSpore's table is.
        first = initializer(embedding_table, (vocab_size, embedding_size))
        if padding_idx is not None:
            if checks.whole(self, "padding_idx", padding_idx, 0) >= vocab_size:
                checks.refuse_value(self, "padding_idx", f"less than vocab_size, {vocab_size}", padding_idx)
            values = first.asnumpy()
            values[padding_idx] = 0
            first = Tensor(values)
        self.embedding_table = Parameter(first, name="embedding_table")

    def construct(self, ids: Tensor) -> Tensor:
        """The rows numbered ``ids``, in its shape with one more axis."""
        if self.use_one_hot:
            rows = fn.cast(fn.one_hot(fn.reshape(ids, (-1,)), self.vocab_size), self.embedding_table.numpy_dtype)
            found = fn.matmul(rows, self.embedding_table)
        else:
            found = fn.gather(self.embedding_table, fn.reshape(ids, (-1,)), 0)
        return fn.reshape(found, (*ids.shape, self.embedding_size))

    def extend_repr(self) -> str:
        return (
            f"vocab_size={self.vocab_size}, embedding_size={self.embedding_size}, use_one_hot={self.use_one_hot}, "
            f"embedding_table={self.embedding_table}, dtype={self.dtype}, padding_idx={self.padding_idx}"
        )


class EmbeddingLookup(Cell):
    """Rows of a learned table; the settings on where and how the table is kept change nothing here."""

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int,
        param_init: Any = "normal",
        target: str = "CPU",
        slice_mode: str = "batch_slice",
        manual_shapes: Any = None,
        max_norm: float | None = None,
        sparse: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.vocab_size = checks.whole(self, "vocab_size", vocab_size)
        self.embedding_size = checks.whole(self, "embedding_size", embedding_size)
        self.target = checks.one_of(self, "target", target, ["CPU", "DEVICE"])
        if not checks.boolean(self, "sparse", sparse) and target == "CPU":
            checks.refuse_value(self, "sparse", "True when the target is 'CPU'", sparse)
        if max_norm is not None:
            raise NotSupportedError(
                "For 'EmbeddingLookup', max_norm is not supported; clip the rows with ops.clip_by_norm.",
                user_location(),
            )
        self.embedding_table = Parameter(
            initializer(param_init, (vocab_size, embedding_size), dtype), name="embedding_table"
        )

    def construct(self, indices: Tensor) -> Tensor:
        """The rows numbered ``indices``, in its shape with one more axis."""
        return fn.gather(self.embedding_table, indices, 0)
