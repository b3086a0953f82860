"""Attention with several heads, and the encoder layer of a Transformer."""

from __future__ import annotations

from typing import Any

from ..initializer import XavierNormal, XavierUniform, initializer
from ..primitives.attention import Heads, attend, parts
from ..primitives.sizes import divides, times
from ..registry import fn
from ..tensor import Parameter, Tensor
from . import checks
from .activations import GELU, ReLU
from .cell import Cell
from .dropout import Dropout
from .layers import Dense
from .normalisation import LayerNorm


class MultiheadAttention(Cell):
    """Attention of several heads, ``softmax(q k^T / sqrt(width)) v`` for each, joined and projected.

    Parameters
    ----------
    embed_dim, num_heads : int
        Width of the queries, and into how many heads it is cut.
    dropout : float
        Probability of dropping attention weights, in training.
    has_bias : bool
        Whether the projections have biases.
    add_bias_kv : bool
        Add a learned row to keys and values.
    add_zero_attn : bool
        Add a row of zeros to keys and values.
    kdim, vdim : int, optional
        Widths of keys and values, if they differ.
    batch_first : bool
        Inputs and outputs are (batch, length, width) instead of (length, batch, width).
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        has_bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.embed_dim = checks.whole(self, "embed_dim", embed_dim)
        self.num_heads = checks.whole(self, "num_heads", num_heads)
        if not divides(num_heads, embed_dim):
            checks.refuse_value(self, "embed_dim", f"a multiple of num_heads, {num_heads}", embed_dim)
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self.in_proj_weight = self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = _first("in_proj_weight", (times(3, embed_dim), embed_dim), dtype)
        else:
            self.q_proj_weight = _first("q_proj_weight", (embed_dim, embed_dim), dtype)
            self.k_proj_weight = _first("k_proj_weight", (embed_dim, self.kdim), dtype)
            self.v_proj_weight = _first("v_proj_weight", (embed_dim, self.vdim), dtype)
        zeros = initializer("zeros", times(3, embed_dim), dtype)
        self.in_proj_bias = Parameter(zeros, name="in_proj_bias") if has_bias else None
        self.out_proj = Dense(embed_dim, embed_dim, has_bias=has_bias, dtype=dtype)
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            self.bias_k = Parameter(initializer(XavierNormal(), (1, 1, embed_dim), dtype), name="bias_k")
            self.bias_v = Parameter(initializer(XavierNormal(), (1, 1, embed_dim), dtype), name="bias_v")

    def _projected(self, given: tuple[Tensor, ...]) -> list[Tensor]:
        """Queries, keys and values by their weights."""
        separate = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        weights = separate if self.in_proj_weight is None else parts(self.in_proj_weight, 3)
        return [fn.dense(*one) for one in zip(given, weights, parts(self.in_proj_bias, 3))]

    def construct(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
    ) -> tuple[Tensor, ...]:
        """The result, and the attention weights (their mean over the heads by default) if they are needed."""
        checks.rank(self, query, 2, 3)
        alone, turned = query.ndim == 2, self.batch_first and query.ndim == 3
        given = (query, key, value)
        if alone:
            given = tuple(fn.expand_dims(one, 1) for one in given)
            key_padding_mask = None if key_padding_mask is None else fn.expand_dims(key_padding_mask, 0)
        given = tuple(fn.swapaxes(one, 0, 1) for one in given) if turned else given
        dropout = self.dropout if self.training else 0.0
        heads = Heads(self.num_heads, self.bias_k, self.bias_v, self.add_zero_attn, dropout)
        out = (self.out_proj.weight, self.out_proj.bias)
        result, weights = attend(self._projected(given), heads, out, attn_mask, key_padding_mask)
        result = fn.swapaxes(result, 0, 1) if turned else result
        result = fn.squeeze(result, 1) if alone else result
        if not need_weights:
            return (result,)
        weights = fn.reduce_mean(weights, 1) if average_attn_weights else weights
        return result, fn.squeeze(weights, 0) if alone else weights


def _first(name: str, shape: tuple[int, int], dtype: Any) -> Parameter:
    return Parameter(initializer(XavierUniform(), shape, dtype), name=name)


class TransformerEncoderLayer(Cell):
    """Self-attention and two dense layers, each with a way round it and a normalisation.

    Parameters
    ----------
    d_model, nhead : int
        Width, and number of heads.
    dim_feedforward : int
        Width between the dense layers.
    dropout : float
        Probability of dropping elements, in training.
    activation : str, Cell or function
        'relu' or 'gelu', or one of theirs, between the dense layers.
    layer_norm_eps : float
        Added to the variance.
    batch_first : bool
        Inputs and outputs are (batch, length, width).
    norm_first : bool
        Normalise before attention and dense layers, not after.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=batch_first, dtype=dtype)
        self.dense1 = Dense(d_model, dim_feedforward, dtype=dtype)
        self.dropout = Dropout(p=dropout)
        self.dense2 = Dense(dim_feedforward, d_model, dtype=dtype)
        self.norm1 = LayerNorm((d_model,), epsilon=layer_norm_eps, dtype=dtype)
        self.norm2 = LayerNorm((d_model,), epsilon=layer_norm_eps, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(p=dropout), Dropout(p=dropout)
        self.norm_first = norm_first
        if isinstance(activation, Cell) and not isinstance(activation, (ReLU, GELU)):
            checks.refuse_value(self, "activation", "relu or gelu", activation)
        if isinstance(activation, str):
            checks.one_of(self, "activation", activation, ["relu", "gelu"])
            activation = fn.relu if activation == "relu" else fn.gelu
        if not callable(activation):
            checks.refuse_value(self, "activation", "a str, a Cell or a function", activation)
        self.activation = activation

    def _attended(self, x: Tensor, mask: Any, padding: Any) -> Tensor:
        return self.dropout1(self.self_attn(x, x, x, padding, False, mask)[0])

    def _widened(self, x: Tensor) -> Tensor:
        return self.dropout2(self.dense2(self.dropout(self.activation(self.dense1(x)))))

    def construct(self, src: Tensor, src_mask: Any = None, src_key_padding_mask: Any = None) -> Tensor:
        """The encoded sequence."""
        if self.norm_first:
            src = fn.add(src, self._attended(self.norm1(src), src_mask, src_key_padding_mask))
            return fn.add(src, self._widened(self.norm2(src)))
        src = self.norm1(fn.add(src, self._attended(src, src_mask, src_key_padding_mask)))
        return self.norm2(fn.add(src, self._widened(src)))


__all__ = ["MultiheadAttention", "TransformerEncoderLayer"]
