"""Layers and forms that MindSpore's CPU has no figures for, by their definitions; masks, lengths, and rows of padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import nn, ops
from msgrad_ext.tensor import Tensor

from .layer_cases import wave


def tensor(*shape: int, start: float = 0.4) -> Tensor:
    """Different values, in float64."""
    return Tensor(wave(shape, start).astype(np.float64))


def filled(net: nn.Cell) -> nn.Cell:
    """The network with weights in float64 that are no accident."""
    for place, one in enumerate(net.get_parameters()):
        one._value = 0.5 * wave(one.shape, place + 1.3).astype(np.float64)
    return net


def normal(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    """``x`` normalised over ``axes``."""
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


# Normalisation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.InstanceNorm1d(3), (2, 3, 4)),
        (nn.InstanceNorm2d(3), (2, 3, 2, 2)),
        (nn.InstanceNorm3d(2), (1, 2, 2, 1, 3)),
    ],
)
def test_instance_norm_normalises_each_channel_of_each_member(layer: nn.Cell, shape: tuple[int, ...]) -> None:
    """Over all axes behind the channels; the check agrees."""
    x = tensor(*shape)
    expected = normal(x.asnumpy(), tuple(range(2, len(shape))), 1e-5)
    np.testing.assert_allclose(layer(x).asnumpy(), expected, rtol=1e-12)
    assert mg.check(layer, x).verdict == "agree"


def test_layer_norm_as_a_function_is_the_layer() -> None:
    """Over the last axes, with and without scale and shift."""
    x, scale, shift = tensor(2, 3, 4), tensor(3, 4, start=1.0), tensor(3, 4, start=2.0)
    expected = normal(x.asnumpy(), (1, 2), 1e-5)
    np.testing.assert_allclose(ops.layer_norm(x, (3, 4)).asnumpy(), expected, rtol=1e-12)
    scaled = expected * scale.asnumpy() + shift.asnumpy()
    np.testing.assert_allclose(ops.layer_norm(x, (3, 4), scale, shift).asnumpy(), scaled, rtol=1e-12)


def test_rms_norm_divides_by_the_root_of_the_mean_square() -> None:
    """And gives the reciprocal root."""
    x, scale = tensor(2, 4), tensor(4, start=1.0)
    root = np.sqrt((x.asnumpy() ** 2).mean(1, keepdims=True) + 1e-6)
    result, reciprocal = ops.rms_norm(x, scale)
    np.testing.assert_allclose(result.asnumpy(), x.asnumpy() / root * scale.asnumpy(), rtol=1e-12)
    np.testing.assert_allclose(reciprocal.asnumpy(), 1 / root, rtol=1e-12)


def test_the_mean_and_variance_of_layer_norm_pass_no_gradient() -> None:
    """MindSpore's convention."""
    one, zero = Tensor(np.ones(3)), Tensor(np.zeros(3))
    for place in (1, 2):
        gradient = mg.grad(lambda x, place=place: ops.LayerNorm(-1, -1)(x, one, zero)[place])(tensor(2, 3))
        assert gradient.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_half_precision_is_normalised_in_float32() -> None:
    """The mean of large halves does not overflow; the result and the gradient are halves again."""
    x = Tensor(np.array([[60000.0, 60000.0, 60000.0, 59000.0]], np.float16))
    layer = nn.LayerNorm((4,))
    found, gradient = layer(x), ops.GradOperation()(layer)(x)
    assert (found.dtype, gradient.dtype) == (mg.float16, mg.float16)
    np.testing.assert_allclose(found.asnumpy(), normal(x.asnumpy().astype(float), (1,), 1e-7), rtol=1e-3)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4), (2, 3, 2, 2)])
def test_batch_norm_as_a_function_takes_any_rank(shape: tuple[int, ...]) -> None:
    """Channels stand on axis 1."""
    x, three = tensor(*shape), [tensor(3, start=place) for place in range(3)]
    variance = Tensor(np.array([0.5, 1.0, 2.0]))
    by_channel = [one.asnumpy().reshape(3, *(1 for _ in shape[2:])) for one in (*three, variance)]
    mean, scale, shift, spread = by_channel
    expected = (x.asnumpy() - mean) / np.sqrt(spread + 1e-5) * scale + shift
    np.testing.assert_allclose(ops.batch_norm(x, three[0], variance, *three[1:]).asnumpy(), expected, rtol=1e-12)


# Recurrence --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "cell"),
    [
        (nn.LSTM(3, 2), nn.LSTMCell(3, 2)),
        (nn.GRU(3, 2), nn.GRUCell(3, 2)),
        (nn.RNN(3, 2), nn.RNNCell(3, 2)),
        (nn.RNN(3, 2, nonlinearity="relu"), nn.RNNCell(3, 2, nonlinearity="relu")),
    ],
)
def test_a_layer_of_one_step_is_its_cell(layer: nn.Cell, cell: nn.Cell) -> None:
    """The same weights give the same state."""
    filled(layer), filled(cell)
    x, hidden, memory = tensor(1, 2, 3), tensor(1, 2, 2, start=1.0), tensor(1, 2, 2, start=2.0)
    pair = isinstance(layer, nn.LSTM)
    output, last = layer(x, (hidden, memory) if pair else hidden)
    stepped = cell(x[0], (hidden[0], memory[0]) if pair else hidden[0])
    for mine, other in zip(
        (*last, output) if pair else (last, output), (*stepped, stepped[0]) if pair else [stepped] * 2
    ):
        np.testing.assert_allclose(mine[0].asnumpy(), other.asnumpy(), rtol=1e-12)


@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_steps_behind_a_rows_length_do_not_count(make: Any, bidirectional: bool) -> None:
    """Outputs there are 0, and outputs and states are those of the row cut off there."""
    layer = filled(make(3, 2, bidirectional=bidirectional))
    x = tensor(4, 2, 3)
    output, last = layer(x, None, Tensor(np.array([4, 2], np.int32)))
    short, short_last = layer(x[:2, 1:])
    assert not output[2:, 1].asnumpy().any()
    np.testing.assert_allclose(output[:2, 1:].asnumpy(), short.asnumpy(), rtol=1e-12)
    for mine, other in zip(last if make is nn.LSTM else [last], short_last if make is nn.LSTM else [short_last]):
        np.testing.assert_allclose(mine[:, 1:].asnumpy(), other.asnumpy(), rtol=1e-12)


def test_the_state_of_an_lstm_is_a_pair() -> None:
    """Anything else is a TypeError, as in MindSpore."""
    with pytest.raises(TypeError, match="hx"):
        nn.LSTMCell(3, 2)(tensor(2, 3), tensor(2, 2))


# Attention ---------------------------------------------------------------------------------------------------------

QUERY, KEY = tensor(2, 2, 4), tensor(3, 2, 4, start=1.0)
BARRED = np.array([[False, True, False], [False, False, True]])


def test_a_bool_mask_bars_what_minus_infinity_does() -> None:
    """Weights are 0 there, and the rest is as if added."""
    layer = filled(nn.MultiheadAttention(4, 2))
    added = np.where(BARRED, -np.inf, 0.0)
    result, weights = layer(QUERY, KEY, KEY, attn_mask=Tensor(BARRED))
    other, other_weights = layer(QUERY, KEY, KEY, attn_mask=Tensor(added))
    assert not weights.asnumpy()[:, BARRED].any()
    np.testing.assert_array_equal(result.asnumpy(), other.asnumpy())
    np.testing.assert_array_equal(weights.asnumpy(), other_weights.asnumpy())


def test_padded_keys_are_left_out() -> None:
    """As if they were not there."""
    layer = filled(nn.MultiheadAttention(4, 2))
    padded = Tensor(np.array([[False, False, True]] * 2))
    found = layer(QUERY, KEY, KEY, key_padding_mask=padded, need_weights=False)
    assert len(found) == 1
    np.testing.assert_allclose(found[0].asnumpy(), layer(QUERY, KEY[:2], KEY[:2])[0].asnumpy(), rtol=1e-12)


def test_attention_without_a_batch_is_that_of_one() -> None:
    """With other widths of keys and values, added rows, and the weights of each head."""
    layer = filled(nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, kdim=3, vdim=5))
    query, key, value = tensor(2, 4), tensor(3, 3), tensor(3, 5)
    alone = layer(query, key, value, average_attn_weights=False)
    batch = layer(*(ops.expand_dims(one, 1) for one in (query, key, value)), average_attn_weights=False)
    assert alone[1].shape == (2, 2, 5)
    np.testing.assert_array_equal(alone[0].asnumpy(), batch[0].asnumpy()[:, 0])
    np.testing.assert_array_equal(alone[1].asnumpy(), batch[1].asnumpy()[0])


@pytest.mark.parametrize("shape", [(3, 2), (2, 2, 3)])
def test_a_mask_of_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    """ValueError, as in MindSpore."""
    with pytest.raises(ValueError, match="attn_mask"):
        nn.MultiheadAttention(4, 2)(
            Tensor(wave((2, 2, 4), 1)), Tensor(wave((3, 2, 4), 1)), Tensor(wave((3, 2, 4), 1)),
            attn_mask=Tensor(np.zeros(shape, bool)),
        )  # fmt: skip


@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layers_check_agrees(norm_first: bool) -> None:
    """With gelu and normalisation on either side."""
    layer = filled(nn.TransformerEncoderLayer(4, 2, 3, 0.0, "gelu", norm_first=norm_first))
    assert mg.check(layer, tensor(2, 1, 4), wrt=["src", "dense1.weight", "norm1.gamma"]).verdict == "agree"


# Others ------------------------------------------------------------------------------------------------------------


def test_clip_by_norm() -> None:
    """MindSpore 2.10.0's figures for the norm of all; by axis its own are wrong, and the definition counts."""
    x, bound = Tensor(wave((2, 3, 4), 0.4)), Tensor(1.0)
    whole = nn.ClipByNorm()(x, bound).asnumpy().ravel()
    np.testing.assert_allclose(whole[:4], [0.1114236, 0.2757011, 0.2313336, 0.0118974], rtol=1e-5)
    norm = np.sqrt((x.asnumpy() ** 2).sum(0, keepdims=True))
    columns = nn.ClipByNorm(axis=0)(x, bound).asnumpy()
    np.testing.assert_allclose(columns, x.asnumpy() / np.maximum(norm, 1), rtol=1e-6)


def test_range_gives_numbers() -> None:
    """As MindSpore: Int32 for ints, and from 0 for one argument."""
    found = nn.Range(1, 8, 2)()
    assert (found.tolist(), found.dtype, nn.Range(3)().tolist()) == ([1, 3, 5, 7], mg.int32, [0, 1, 2])


def test_roll_shifts_round() -> None:
    """Along each axis that is named."""
    x = tensor(3, 4)
    np.testing.assert_array_equal(nn.Roll(2, 1)(x).asnumpy(), np.roll(x.asnumpy(), 2, 1))


def test_the_row_of_padding_gets_no_gradient() -> None:
    """In ``ops.embedding``; the others get one for each time they are read."""
    ids = Tensor(np.array([0, 2, 2]))
    gradient = mg.grad(lambda table: ops.embedding(ids, table, padding_idx=0))(tensor(3, 2))
    assert gradient.tolist() == [[0, 0], [0, 0], [2, 2]]


def test_bidense_is_bilinear() -> None:
    """``x1^T W_k x2 + b_k``, for any leading axes."""
    first, second, weight, bias = tensor(2, 2, 3), tensor(2, 2, 4), tensor(5, 3, 4), tensor(5)
    expected = np.einsum("abi,kij,abj->abk", *(one.asnumpy() for one in (first, weight, second))) + bias.asnumpy()
    np.testing.assert_allclose(ops.bidense(first, second, weight, bias).asnumpy(), expected, rtol=1e-12)


def test_float64_weights_stay_float64() -> None:
    """A layer made in float64 computes in it."""
    layer = nn.Dense(3, 2, dtype=mg.float64)
    assert (layer.weight.dtype, layer(tensor(2, 3)).dtype) == (mg.float64, mg.float64)


def test_a_dense_layer_of_another_dtype_is_refused() -> None:
    """TypeError, as in MindSpore: its product does not convert."""
    with pytest.raises(TypeError, match="dtype"):
        nn.Dense(3, 2)(tensor(2, 3))


# Interpolation: MindSpore 2.10.0's figures ---------------------------------------------------------------------------

ROW, PICTURE = Tensor(wave((1, 2, 3), 0.4)), Tensor(wave((1, 1, 2, 3), 0.4))
RESIZED: dict[str, tuple[Tensor, dict[str, Any], tuple[int, ...], list[float]]] = {
    "nearest": (PICTURE, {"size": (3, 5)}, (1, 1, 3, 5), [0.3894183, 0.3894183, 0.9635582, 0.9635582, 0.8084964]),
    "nearest, scale": (
        ROW, {"scale_factor": 2.5, "recompute_scale_factor": True}, (1, 2, 7),
        [0.3894183, 0.3894183, 0.3894183, 0.9635582, 0.9635582, 0.8084964, 0.8084964, 0.04158066],
    ),
    "linear": (ROW, {"size": 5, "mode": "linear"}, (1, 2, 5), [0.3894183, 0.6190743, 0.9635582, 0.8705211, 0.8084964]),
    "linear, aligned": (
        ROW, {"size": (5,), "mode": "linear", "align_corners": True}, (1, 2, 5), [0.3894183, 0.6764883, 0.9635582],
    ),
    "bilinear": (
        PICTURE, {"size": (3, 5), "mode": "bilinear"}, (1, 1, 3, 5),
        [0.3894183, 0.6190743, 0.9635582, 0.8705211, 0.8084964, 0.2154995, 0.1706508, 0.1033778],
    ),
    "bilinear, aligned": (
        PICTURE, {"size": (3, 5), "mode": "bilinear", "align_corners": True}, (1, 1, 3, 5),
        [0.3894183, 0.6764883, 0.9635582, 0.8860273, 0.8084964, 0.2154995, 0.1594387, 0.1033778],
    ),
    "area": (PICTURE, {"size": (1, 2), "mode": "area"}, (1, 1, 1, 2), [0.1594387, 0.008199871]),
}  # fmt: skip


@pytest.mark.parametrize("name", RESIZED)
def test_interpolation(name: str) -> None:
    """Shape and first figures; the check agrees."""
    x, settings, shape, values = RESIZED[name]
    found = ops.interpolate(x, **settings)
    assert found.shape == shape
    np.testing.assert_allclose(found.asnumpy().ravel()[: len(values)], values, rtol=1e-5)
    assert mg.check(lambda x: ops.interpolate(x, **settings) ** 2, x.asnumpy().astype(np.float64)).verdict == "agree"


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"size": (3, 5), "scale_factor": 2.0}, {"size": (3,)}, {"size": (3, 0)}, {"size": (3, 5), "mode": "foo"},
        {"size": (3, 5), "mode": "linear"}, {"size": (3, 5), "align_corners": True},
    ],
)  # fmt: skip
def test_interpolation_refuses(settings: Any) -> None:
    """ValueError, as in MindSpore."""
    with pytest.raises(ValueError, match="For 'interpolate'"):
        ops.interpolate(PICTURE, **settings)
