"""Steps of recurrent networks and their unrolling over time: composed of ops, not offered in ``ops`` by name.

Gates stand in one weight matrix, one block of ``hidden`` rows after the other: i, f, g, o in an LSTM, r, z, n in a GRU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..registry import fn
from ..tensor import Tensor

State = Any
Step = Callable[[Tensor, Any, Tensor, Tensor, Any, Any], Any]


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    product = fn.matmul(x, fn.swapaxes(weight, 0, 1))
    return product if bias is None else product + bias


def _blocks(gates: Tensor, count: int) -> list[Tensor]:
    """The columns of ``gates`` in ``count`` equal parts."""
    width = gates.shape[1] // count
    return [gates[:, part * width : (part + 1) * width] for part in range(count)]


def tanh_step(x: Tensor, hidden: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any, b_hh: Any) -> Tensor:
    """``tanh(x W_ih^T + b_ih + h W_hh^T + b_hh)``."""
    return fn.tanh(_linear(x, w_ih, b_ih) + _linear(hidden, w_hh, b_hh))


def relu_step(x: Tensor, hidden: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any, b_hh: Any) -> Tensor:
    """``relu(x W_ih^T + b_ih + h W_hh^T + b_hh)``."""
    return fn.relu(_linear(x, w_ih, b_ih) + _linear(hidden, w_hh, b_hh))


def lstm_step(
    x: Tensor, state: tuple[Tensor, Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Any, b_hh: Any
) -> tuple[Tensor, Tensor]:
    """``c' = f c + i g`` and ``h' = o tanh(c')`` with the gates ``i, f, o`` by sigmoid and ``g`` by tanh."""
    hidden, memory = state
    gates = _linear(x, w_ih, b_ih) + _linear(hidden, w_hh, b_hh)
    enter, forget, cell, leave = _blocks(gates, 4)
    memory = fn.sigmoid(forget) * memory + fn.sigmoid(enter) * fn.tanh(cell)
    return fn.sigmoid(leave) * fn.tanh(memory), memory


def gru_step(x: Tensor, hidden: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Any, b_hh: Any) -> Tensor:
    """``h' = n + z (h - n)`` with the gates ``r, z`` by sigmoid and ``n = tanh(x_n + r h_n)``."""
    x_reset, x_update, x_new = _blocks(_linear(x, w_ih, b_ih), 3)
    h_reset, h_update, h_new = _blocks(_linear(hidden, w_hh, b_hh), 3)
    new = fn.tanh(x_new + fn.sigmoid(x_reset + h_reset) * h_new)
    return new + fn.sigmoid(x_update + h_update) * (hidden - new)


STEPS: dict[str, tuple[Step, int]] = {
    "RNN_TANH": (tanh_step, 1),
    "RNN_RELU": (relu_step, 1),
    "LSTM": (lstm_step, 4),
    "GRU": (gru_step, 3),
}


def _held(running: Tensor, fresh: State, before: State) -> State:
    """``fresh`` where ``running`` holds, otherwise ``before``; members of a state one by one."""
    if isinstance(fresh, tuple):
        return tuple(fn.select(running, mine, other) for mine, other in zip(fresh, before))
    return fn.select(running, fresh, before)


def unrolled(
    step: Step, x: Tensor, state: State, weights: Sequence[Any], lengths: Tensor | None, backward: bool
) -> tuple[Tensor, State]:
    """One layer over time.

    Parameters
    ----------
    step : callable
        One of `STEPS`.
    x : Tensor, shape (time, batch, features)
    state : Tensor or tuple of two, shape (batch, hidden)
        The first state.
    weights : sequence
        ``w_ih, w_hh, b_ih, b_hh``.
    lengths : Tensor of ints, shape (batch,), optional
        How many steps of each row count; later outputs are 0 and leave the state as it was.
    backward : bool
        From the last step to the first.

    Returns
    -------
    tuple
        The outputs, (time, batch, hidden), and the last state.
    """
    cast: list[Any] = [one if one is None else fn.cast(one, x.numpy_dtype) for one in weights]
    count = x.shape[0]
    outputs: list[Any] = [None] * count
    for time in reversed(range(count)) if backward else range(count):
        fresh = step(x[time], state, *cast)
        output = fresh[0] if isinstance(fresh, tuple) else fresh
        if lengths is not None:
            running = fn.broadcast_to(fn.expand_dims(lengths > time, 1), output.shape)
            fresh = _held(running, fresh, state)
            output = fn.select(running, output, fn.zeros_like(output))
        state, outputs[time] = fresh, output
    return fn.stack(outputs, 0), state


def zero_state(shape: tuple[int, ...], like: Tensor, pair: bool) -> State:
    """A state of zeros, or a pair of them."""
    zeros = Tensor._wrap(np.zeros(shape, like.numpy_dtype))
    return (zeros, zeros) if pair else zeros
