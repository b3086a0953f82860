"""Recurrent layers, unrolled over time, and their single steps."""

from __future__ import annotations

from typing import Any

from ..initializer import initializer
from ..primitives.recurrence import STEPS, unrolled, zero_state
from ..primitives.sizes import direction, even_within_root, times
from ..registry import fn
from ..tensor import Parameter, ParameterTuple, Tensor
from . import checks
from .cell import Cell
from .dropout import Dropout


def _tensor(layer: Cell, name: str, value: Any) -> Any:
    if not isinstance(value, Tensor):
        checks.refuse_kind(layer, name, "a Tensor", value)
    return value


def _pair(layer: Cell, name: str, value: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(value, tuple) or len(value) != 2:
        checks.refuse_kind(layer, name, "a tuple of two Tensors", value)
    return _tensor(layer, f"{name}[0]", value[0]), _tensor(layer, f"{name}[1]", value[1])


class _Step(Cell):
    """Base of single steps: ``weight_ih``, ``weight_hh``, ``bias_ih`` and ``bias_hh``, by gates."""

    mode = "RNN_TANH"

    def __init__(self, input_size: int, hidden_size: int, has_bias: bool = True, dtype: Any = None) -> None:
        super().__init__()
        self.has_bias = checks.boolean(self, "has_bias", has_bias)
        self.hidden_size = checks.whole(self, "hidden_size", hidden_size)
        self.input_size = checks.whole(self, "input_size", input_size)
        rows, first = times(STEPS[self.mode][1], hidden_size), even_within_root(hidden_size)
        self.weight_ih = Parameter(initializer(first, (rows, input_size), dtype))
        self.weight_hh = Parameter(initializer(first, (rows, hidden_size), dtype))
        self.bias_ih = Parameter(initializer(first, rows, dtype)) if has_bias else None
        self.bias_hh = Parameter(initializer(first, rows, dtype)) if has_bias else None

    def _state(self, hx: Any) -> Any:
        return _tensor(self, "hx", hx)

    def construct(self, x: Tensor, hx: Any) -> Any:
        """The next state, from the input (batch, input_size) and the state (batch, hidden_size)."""
        step = STEPS[self.mode][0]
        weights = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return step(_tensor(self, "x", x), self._state(hx), *weights)


class RNNCell(_Step):
    """``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``, or with relu."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        has_bias: bool = True,
        nonlinearity: str = "tanh",
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, has_bias, dtype)
        self.nonlinearity = checks.one_of(self, "nonlinearity", nonlinearity, ["tanh", "relu"])
        self.mode = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}[nonlinearity]


class GRUCell(_Step):
    """``h' = n + z (h - n)`` with reset gate r, update gate z and new state n; the rows stand in this order."""

    mode = "GRU"


class LSTMCell(_Step):
    """``c' = f c + i g``, ``h' = o tanh(c')``; the rows stand in the order i, f, g, o; the state is ``(h, c)``."""

    mode = "LSTM"

    def _state(self, hx: Any) -> Any:
        return _pair(self, "hx", hx)


class _Dynamic(Cell):
    """One layer in one direction: it holds nothing, and prints as MindSpore's does."""

    mode = "RNN_TANH"

    def construct(self, x: Tensor, state: Any, seq_length: Any, weights: Any, backward: bool = False) -> Any:
        """The outputs at all steps, and the last state."""
        return unrolled(STEPS[self.mode][0], x, state, weights, seq_length, backward)


class _DynamicRNNTanh(_Dynamic):
    pass


class _DynamicRNNRelu(_Dynamic):
    mode = "RNN_RELU"


class _DynamicLSTMCPUGPU(_Dynamic):
    mode = "LSTM"


class _DynamicGRUCPUGPU(_Dynamic):
    mode = "GRU"


_DYNAMIC = {one.mode: one for one in (_DynamicRNNTanh, _DynamicRNNRelu, _DynamicLSTMCPUGPU, _DynamicGRUCPUGPU)}


class _Recurrent(Cell):
    """Base of recurrent layers.

    Parameters
    ----------
    input_size, hidden_size, num_layers : int
    has_bias : bool
    batch_first : bool
        Inputs and outputs are (batch, time, features) instead of (time, batch, features).
    dropout : float
        Probability of dropping elements between layers, in training.
    bidirectional : bool
        A second pass runs from the last step to the first; outputs are joined.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        has_bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.hidden_size = checks.whole(self, "hidden_size", hidden_size)
        self.input_size = checks.whole(self, "input_size", input_size)
        self.num_layers = checks.whole(self, "num_layers", num_layers)
        if not 0 <= checks.real(self, "dropout", dropout) < 1:
            checks.refuse_value(self, "dropout", "in [0, 1)", dropout)
        self.has_bias = checks.boolean(self, "has_bias", has_bias)
        self.batch_first = checks.boolean(self, "batch_first", batch_first)
        self.bidirectional = checks.boolean(self, "bidirectional", bidirectional)
        self.dropout, self.is_lstm = dropout, mode == "LSTM"
        self.rnn = _DYNAMIC[mode]()
        self.dropout_op = Dropout(p=dropout)
        self._make(times(STEPS[mode][1], hidden_size), dtype)

    def _make(self, rows: int, dtype: Any) -> None:
        """The parameters, named by layer and direction."""
        ways = ("", "_reverse") if self.bidirectional else ("",)
        first = even_within_root(self.hidden_size)
        found: dict[str, list[Parameter]] = {"weight_ih": [], "weight_hh": [], "bias_ih": [], "bias_hh": []}
        for layer in range(self.num_layers):
            width = times(self.hidden_size, len(ways)) if layer else self.input_size
            shapes = {"weight_ih": (rows, width), "weight_hh": (rows, self.hidden_size)}
            if self.has_bias:
                shapes = {**shapes, "bias_ih": (rows,), "bias_hh": (rows,)}  # type: ignore[dict-item]
            for way in ways:
                for kind, shape in shapes.items():
                    found[kind].append(Parameter(initializer(first, shape, dtype), name=f"{kind}_l{layer}{way}"))
        self.w_ih_list, self.w_hh_list, self.b_ih_list, self.b_hh_list = map(ParameterTuple, found.values())

    def _first_state(self, x: Tensor, hx: Any) -> Any:
        """The given state, or zeros, as one or two tensors (layers * directions, batch, hidden)."""
        if hx is not None:
            return _pair(self, "hx", hx) if self.is_lstm else _tensor(self, "hx", hx)
        count = times(self.num_layers, 2 if self.bidirectional else 1)
        return zero_state((count, x.shape[1], self.hidden_size), x, self.is_lstm)

    def _run(self, x: Tensor, state: Any, seq_length: Any, place: int, backward: bool) -> Any:
        bias = (self.b_ih_list[place], self.b_hh_list[place]) if self.has_bias else (None, None)
        own = (state[0][place], state[1][place]) if self.is_lstm else state[place]
        return self.rnn(x, own, seq_length, (self.w_ih_list[place], self.w_hh_list[place], *bias), backward)

    def construct(self, x: Tensor, hx: Any = None, seq_length: Any = None) -> tuple[Tensor, Any]:
        """The last layer's outputs at all steps, and the last states of all layers and directions."""
        x = _tensor(self, "x", x)
        checks.rank(self, x, 3)
        x = fn.swapaxes(x, 0, 1) if self.batch_first else x
        first = self._first_state(x, hx)
        last: list[Any] = []
        for layer in range(self.num_layers):
            outputs = []
            for backward in (False, True) if self.bidirectional else (False,):
                place = direction(layer, backward, self.bidirectional)
                output, state = self._run(x, first, seq_length, place, backward)
                outputs.append(output)
                last.append(state)
            x = fn.concat(outputs, 2) if self.bidirectional else outputs[0]
            if self.dropout and layer != max(range(self.num_layers)):
                x = self.dropout_op(x)
        x = fn.swapaxes(x, 0, 1) if self.batch_first else x
        if self.is_lstm:
            return x, (fn.stack([one[0] for one in last], 0), fn.stack([one[1] for one in last], 0))
        return x, fn.stack(last, 0)


class RNN(_Recurrent):
    """Recurrent layer by tanh, or by relu with ``nonlinearity="relu"``; see `_Recurrent` for the settings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        nonlinearity = kwargs.pop("nonlinearity", "tanh")
        checks.one_of("RNN", "nonlinearity", nonlinearity, ["tanh", "relu"])
        super().__init__({"tanh": "RNN_TANH", "relu": "RNN_RELU"}[nonlinearity], *args, **kwargs)


class LSTM(_Recurrent):
    """Long short-term memory; the state is ``(h, c)``, the rows of the weights stand in the order i, f, g, o."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(_Recurrent):
    """Gated recurrent units; the rows of the weights stand in the order r, z, n."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("GRU", *args, **kwargs)


__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]
