"""Layers as MindSpore's users make them: how each is made, the shapes that it is given, and what it refuses.

The functions take ``nn`` and ``Tensor`` as arguments, so that the same lines make a layer of MindSpore's and one of ours;
`recorded_layers.json` holds what MindSpore 2.10.0 (PyNative, CPU) gave for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A layer, the shapes of its inputs, and whether it is in training."""

    make: Callable[[Any], Any]
    shapes: tuple[tuple[int, ...], ...]
    train: bool = False
    ids: tuple[Any, ...] = field(default=())


def wave(shape: tuple[int, ...], start: float) -> np.ndarray:
    """Different values between -1 and 1 that both sides can make, in float32."""
    count = int(np.prod(shape, dtype=int))
    return np.sin(0.9 * np.arange(count) + start).reshape(shape).astype(np.float32)


def weights(name: str, shape: tuple[int, ...], place: int) -> np.ndarray:
    """The values that the parameter at ``place`` is given; variances are positive."""
    values = 0.4 * wave(shape, place + 1.3)
    return (values + 1.5 if "variance" in name else values).astype(np.float32)


def inputs(one: Case) -> list[np.ndarray]:
    """The inputs of a case."""
    if one.ids:
        return [np.array(one.ids, np.int32)]
    return [wave(shape, 0.4 + place) for place, shape in enumerate(one.shapes)]


def like(out: Any, tensor: Callable[[np.ndarray], Any], count: list[int] | None = None) -> Any:
    """Weights for the output ``out``, in its structure."""
    count = [0] if count is None else count
    if isinstance(out, (tuple, list)):
        return tuple(like(part, tensor, count) for part in out)
    count[0] += 1
    return tensor(wave(out.shape, 1.1 + count[0]))


def case(make: Callable[[Any], Any], *shapes: tuple[int, ...], train: bool = False) -> Case:
    """A layer that takes floats."""
    return Case(make, shapes, train)


def by_index(make: Callable[[Any], Any], ids: Any) -> Case:
    """A layer that takes integers, which are no subject of derivatives."""
    return Case(make, (), False, tuple(ids))


M, ROWS, ROW3, IMAGE = (3, 4), (2, 3), (2, 3, 4), (1, 2, 4, 5)

ACTIVATIONS: dict[str, Case] = {
    "ReLU": case(lambda nn: nn.ReLU(), M),
    "ReLU6": case(lambda nn: nn.ReLU6(), M),
    "LeakyReLU": case(lambda nn: nn.LeakyReLU(), M),
    "LeakyReLU, alpha": case(lambda nn: nn.LeakyReLU(0.05), M),
    "ELU": case(lambda nn: nn.ELU(), M),
    "SeLU": case(lambda nn: nn.SeLU(), M),
    "CELU": case(lambda nn: nn.CELU(0.7), M),
    "GELU": case(lambda nn: nn.GELU(), M),
    "GELU, exact": case(lambda nn: nn.GELU(approximate=False), M),
    "FastGelu": case(lambda nn: nn.FastGelu(), M),
    "SiLU": case(lambda nn: nn.SiLU(), M),
    "Mish": case(lambda nn: nn.Mish(), M),
    "Sigmoid": case(lambda nn: nn.Sigmoid(), M),
    "LogSigmoid": case(lambda nn: nn.LogSigmoid(), M),
    "Softsign": case(lambda nn: nn.Softsign(), M),
    "Softmin": case(lambda nn: nn.Softmin(), M),
    "Softmax": case(lambda nn: nn.Softmax(), M),
    "Softmax, axis 0": case(lambda nn: nn.Softmax(axis=0), M),
    "Softmax2d": case(lambda nn: nn.Softmax2d(), (1, 3, 2, 2)),
    "LogSoftmax": case(lambda nn: nn.LogSoftmax(), M),
    "Tanh": case(lambda nn: nn.Tanh(), M),
    "Tanhshrink": case(lambda nn: nn.Tanhshrink(), M),
    "HShrink": case(lambda nn: nn.HShrink(), M),
    "SoftShrink": case(lambda nn: nn.SoftShrink(0.3), M),
    "Hardtanh": case(lambda nn: nn.Hardtanh(-0.5, 0.6), M),
    "HSwish": case(lambda nn: nn.HSwish(), M),
    "HSigmoid": case(lambda nn: nn.HSigmoid(), M),
    "PReLU": case(lambda nn: nn.PReLU(), (2, 1, 4)),
    "PReLU, channels": case(lambda nn: nn.PReLU(3, 0.1), (2, 3, 4)),
    "Threshold": case(lambda nn: nn.Threshold(0.1, 20), M),
    "GLU": case(lambda nn: nn.GLU(), M),
    "get_activation": case(lambda nn: nn.get_activation("leakyrelu"), M),
}

PLAIN: dict[str, Case] = {
    "Dense": case(lambda nn: nn.Dense(3, 4), ROWS),
    "Dense, no bias": case(lambda nn: nn.Dense(3, 4, has_bias=False), ROWS),
    "Dense, activation": case(lambda nn: nn.Dense(3, 4, activation="tanh"), ROWS),
    "Dense, Cell": case(lambda nn: nn.Dense(3, 4, activation=nn.Sigmoid()), (2, 2, 3)),
    "Dense, vector": case(lambda nn: nn.Dense(3, 4), (3,)),
    "BiDense": case(lambda nn: nn.BiDense(3, 4, 2), (2, 3), (2, 4)),
    "Flatten": case(lambda nn: nn.Flatten(), ROW3),
    "Flatten, dims": case(lambda nn: nn.Flatten(0, 1), ROW3),
    "Unflatten": case(lambda nn: nn.Unflatten(1, (2, 2)), (3, 4)),
    "Identity": case(lambda nn: nn.Identity(), M),
    "Dropout": case(lambda nn: nn.Dropout(), M),
    "Dropout, p": case(lambda nn: nn.Dropout(p=0.2), M),
    "Dropout, keep_prob": case(lambda nn: nn.Dropout(keep_prob=0.8), M),
    "Dropout1d": case(lambda nn: nn.Dropout1d(p=0.25), (2, 3, 4)),
    "Dropout2d": case(lambda nn: nn.Dropout2d(p=0.25), IMAGE),
    "Dropout3d": case(lambda nn: nn.Dropout3d(p=0.25), (1, 2, 2, 2, 2)),
    "Embedding": by_index(lambda nn: nn.Embedding(5, 3), (1, 4, 1)),
    "Embedding, one hot": by_index(lambda nn: nn.Embedding(5, 3, True), (1, 4, 1)),
    "Embedding, padding": by_index(lambda nn: nn.Embedding(5, 3, padding_idx=1), (1, 4, 1)),
    "EmbeddingLookup": by_index(lambda nn: nn.EmbeddingLookup(5, 3), (1, 4, 1)),
    "Norm": case(lambda nn: nn.Norm(1), M),
    "Norm, kept": case(lambda nn: nn.Norm(axis=(0, 1), keep_dims=True), M),
    "OneHot": by_index(lambda nn: nn.OneHot(depth=4), (0, 3)),
    "Tril": case(lambda nn: nn.Tril(), M),
    "Triu": case(lambda nn: nn.Triu(), M),
    "L1Regularizer": case(lambda nn: nn.L1Regularizer(0.5), M),
    "ReduceLogSumExp": case(lambda nn: nn.ReduceLogSumExp(1), M),
    "Moments": case(lambda nn: nn.Moments(axis=0), M),
    "Moments, kept": case(lambda nn: nn.Moments(axis=1, keep_dims=True), M),
    "MatMul": case(lambda nn: nn.MatMul(), (2, 3), (3, 2)),
    "MatMul, transposed": case(lambda nn: nn.MatMul(transpose_x2=True), (2, 3), (4, 3)),
}

NORMALISATION: dict[str, Case] = {
    "LayerNorm": case(lambda nn: nn.LayerNorm((4,)), ROW3),
    "LayerNorm, two axes": case(lambda nn: nn.LayerNorm((3, 4), 1, 1, epsilon=1e-5), ROW3),
    "BatchNorm1d": case(lambda nn: nn.BatchNorm1d(3), (4, 3)),
    "BatchNorm1d, training": case(lambda nn: nn.BatchNorm1d(3), (4, 3), train=True),
    "BatchNorm1d, rank 3": case(lambda nn: nn.BatchNorm1d(3), (2, 3, 4)),
    "BatchNorm2d": case(lambda nn: nn.BatchNorm2d(2), IMAGE),
    "BatchNorm2d, training": case(lambda nn: nn.BatchNorm2d(2, momentum=0.8), IMAGE, train=True),
    "BatchNorm2d, not affine": case(lambda nn: nn.BatchNorm2d(2, affine=False), IMAGE, train=True),
    "BatchNorm2d, batch statistics": case(lambda nn: nn.BatchNorm2d(2, use_batch_statistics=True), IMAGE),
    "BatchNorm2d, moving statistics": case(lambda nn: nn.BatchNorm2d(2, use_batch_statistics=False), IMAGE, train=True),
    "BatchNorm3d": case(lambda nn: nn.BatchNorm3d(2), (1, 2, 2, 2, 3), train=True),
    "GroupNorm": case(lambda nn: nn.GroupNorm(2, 4), (2, 4, 2, 2)),
    "LRN": case(lambda nn: nn.LRN(depth_radius=2, bias=1.5, alpha=0.7), (1, 4, 2, 2)),
}

WINDOWS: dict[str, Case] = {
    "Conv1d": case(lambda nn: nn.Conv1d(2, 3, 3), (1, 2, 6)),
    "Conv1d, valid": case(lambda nn: nn.Conv1d(2, 3, 2, stride=2, pad_mode="valid", has_bias=True), (1, 2, 6)),
    "Conv1d, pad": case(lambda nn: nn.Conv1d(2, 3, 3, pad_mode="pad", padding=2), (1, 2, 6)),
    "Conv2d": case(lambda nn: nn.Conv2d(2, 3, 3), IMAGE),
    "Conv2d, bias": case(lambda nn: nn.Conv2d(2, 3, (2, 3), has_bias=True, pad_mode="valid"), IMAGE),
    "Conv2d, same": case(lambda nn: nn.Conv2d(2, 3, 3, stride=2), IMAGE),
    "Conv2d, pad": case(lambda nn: nn.Conv2d(2, 2, 3, stride=2, pad_mode="pad", padding=(1, 1, 0, 2)), IMAGE),
    "Conv2d, group": case(lambda nn: nn.Conv2d(2, 4, 3, group=2, pad_mode="pad", padding=1), IMAGE),
    "Conv2d, dilation": case(lambda nn: nn.Conv2d(2, 2, 2, dilation=2, pad_mode="valid"), IMAGE),
    "Conv3d": case(lambda nn: nn.Conv3d(2, 2, 2, pad_mode="valid", has_bias=True), (1, 2, 2, 3, 3)),
    "Conv1dTranspose": case(lambda nn: nn.Conv1dTranspose(2, 3, 3, pad_mode="pad"), (1, 2, 4)),
    "Conv2dTranspose": case(lambda nn: nn.Conv2dTranspose(2, 3, 3, stride=2), (1, 2, 3, 3)),
    "Conv2dTranspose, pad": case(
        lambda nn: nn.Conv2dTranspose(2, 3, 3, stride=2, pad_mode="pad", padding=1, has_bias=True), (1, 2, 3, 3)
    ),
    "Conv2dTranspose, valid": case(lambda nn: nn.Conv2dTranspose(2, 3, 2, pad_mode="valid"), (1, 2, 3, 3)),
    "MaxPool1d": case(lambda nn: nn.MaxPool1d(3, 2), (1, 2, 7)),
    "MaxPool2d": case(lambda nn: nn.MaxPool2d(2, 2), IMAGE),
    "MaxPool2d, same": case(lambda nn: nn.MaxPool2d(kernel_size=3, stride=2, pad_mode="same"), IMAGE),
    "MaxPool2d, pad": case(lambda nn: nn.MaxPool2d(3, 2, "pad", 1), IMAGE),
    "MaxPool2d, rank 3": case(lambda nn: nn.MaxPool2d(2), (2, 4, 5)),
    "AvgPool1d": case(lambda nn: nn.AvgPool1d(3, 2), (1, 2, 7)),
    "AvgPool2d": case(lambda nn: nn.AvgPool2d(2, 2), IMAGE),
    "AvgPool2d, same": case(lambda nn: nn.AvgPool2d(3, 2, "same"), IMAGE),
    "AvgPool2d, pad": case(lambda nn: nn.AvgPool2d(3, 2, "pad", 1), IMAGE),
    "AvgPool2d, not counted": case(lambda nn: nn.AvgPool2d(3, 2, "pad", 1, count_include_pad=False), IMAGE),
    "AdaptiveAvgPool1d": case(lambda nn: nn.AdaptiveAvgPool1d(3), (1, 2, 6)),
    "AdaptiveAvgPool2d": case(lambda nn: nn.AdaptiveAvgPool2d((2, 3)), IMAGE),
    "AdaptiveMaxPool1d": case(lambda nn: nn.AdaptiveMaxPool1d(3), (1, 2, 6)),
    "AdaptiveMaxPool2d": case(lambda nn: nn.AdaptiveMaxPool2d(2), (1, 2, 4, 4)),
}

PADDING: dict[str, Case] = {
    "Pad": case(lambda nn: nn.Pad(((1, 2), (0, 1))), M),
    "Pad, reflect": case(lambda nn: nn.Pad(((1, 1), (2, 1)), mode="REFLECT"), M),
    "Pad, symmetric": case(lambda nn: nn.Pad(((1, 1), (2, 1)), mode="SYMMETRIC"), M),
    "ZeroPad2d": case(lambda nn: nn.ZeroPad2d((1, 0, 2, 1)), IMAGE),
    "ConstantPad1d": case(lambda nn: nn.ConstantPad1d(2, 0.5), (1, 2, 3)),
    "ConstantPad2d": case(lambda nn: nn.ConstantPad2d((1, 1, 0, 1), 0.5), IMAGE),
    "ReflectionPad1d": case(lambda nn: nn.ReflectionPad1d((1, 2)), (1, 2, 4)),
    "ReflectionPad2d": case(lambda nn: nn.ReflectionPad2d(1), (1, 1, 3, 3)),
    "ReplicationPad1d": case(lambda nn: nn.ReplicationPad1d((1, 2)), (1, 2, 4)),
    "ReplicationPad2d": case(lambda nn: nn.ReplicationPad2d(1), (1, 1, 3, 3)),
    "PixelShuffle": case(lambda nn: nn.PixelShuffle(2), (1, 4, 2, 2)),
    "PixelUnshuffle": case(lambda nn: nn.PixelUnshuffle(2), (1, 1, 4, 4)),
    "ChannelShuffle": case(lambda nn: nn.ChannelShuffle(2), (1, 4, 2, 2)),
    "Upsample": case(lambda nn: nn.Upsample(size=(4, 6), mode="nearest"), (1, 1, 2, 3)),
}

RECURRENT: dict[str, Case] = {
    "RNNCell": case(lambda nn: nn.RNNCell(3, 2), (2, 3), (2, 2)),
    "RNNCell, relu": case(lambda nn: nn.RNNCell(3, 2, False, "relu"), (2, 3), (2, 2)),
    "GRUCell": case(lambda nn: nn.GRUCell(3, 2), (2, 3), (2, 2)),
    "RNN": case(lambda nn: nn.RNN(3, 2), (3, 1, 3), (1, 1, 2)),
    "RNN, relu": case(lambda nn: nn.RNN(3, 2, nonlinearity="relu", has_bias=False), (3, 1, 3), (1, 1, 2)),
    "GRU": case(lambda nn: nn.GRU(3, 2, batch_first=True), (1, 2, 3), (1, 1, 2)),
    "LSTM": case(lambda nn: nn.LSTM(3, 2), (3, 1, 3)),
    "LSTM, two layers": case(lambda nn: nn.LSTM(3, 2, num_layers=2, bidirectional=True), (2, 1, 3)),
    "MultiheadAttention": case(lambda nn: nn.MultiheadAttention(4, 2), (2, 1, 4), (3, 1, 4), (3, 1, 4)),
    "MultiheadAttention, batch first": case(
        lambda nn: nn.MultiheadAttention(4, 2, batch_first=True, has_bias=False), (1, 2, 4), (1, 3, 4), (1, 3, 4)
    ),
    "TransformerEncoderLayer": case(lambda nn: nn.TransformerEncoderLayer(4, 2, 3), (2, 1, 4)),
}

CASES: dict[str, Case] = {
    **ACTIVATIONS, **PLAIN, **NORMALISATION, **WINDOWS, **PADDING, **RECURRENT,
}  # fmt: skip

REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "Dense(0, 3)": lambda nn, Tensor: nn.Dense(0, 3),
    "Dense(2.0, 3)": lambda nn, Tensor: nn.Dense(2.0, 3),
    "Dense(True, 3)": lambda nn, Tensor: nn.Dense(True, 3),
    "Dense has_bias": lambda nn, Tensor: nn.Dense(2, 3, has_bias=1),
    "Dense weight shape": lambda nn, Tensor: nn.Dense(2, 3, weight_init=Tensor(wave((2, 3), 1))),
    "Dense bias shape": lambda nn, Tensor: nn.Dense(2, 3, bias_init=Tensor(wave((2,), 1))),
    "Dense weight name": lambda nn, Tensor: nn.Dense(2, 3, weight_init="foo"),
    "Dense activation name": lambda nn, Tensor: nn.Dense(2, 3, activation="foo"),
    "Dense activation kind": lambda nn, Tensor: nn.Dense(2, 3, activation=3),
    "Dense input": lambda nn, Tensor: nn.Dense(2, 3)(Tensor(wave((2, 3), 1))),
    "Dropout(p=1)": lambda nn, Tensor: nn.Dropout(p=1.0),
    "Dropout(p=-0.1)": lambda nn, Tensor: nn.Dropout(p=-0.1),
    "Dropout(p='a')": lambda nn, Tensor: nn.Dropout(p="a"),
    "Dropout(keep_prob=0)": lambda nn, Tensor: nn.Dropout(keep_prob=0.0),
    "Dropout(keep_prob=1)": lambda nn, Tensor: nn.Dropout(keep_prob=1),
    "Dropout2d(p=2.)": lambda nn, Tensor: nn.Dropout2d(p=2.0),
    "LayerNorm(3)": lambda nn, Tensor: nn.LayerNorm(3),
    "LayerNorm(())": lambda nn, Tensor: nn.LayerNorm(()),
    "BatchNorm2d(0)": lambda nn, Tensor: nn.BatchNorm2d(0),
    "BatchNorm2d('a')": lambda nn, Tensor: nn.BatchNorm2d("a"),
    "BatchNorm2d momentum": lambda nn, Tensor: nn.BatchNorm2d(2, momentum=1.1),
    "BatchNorm2d statistics": lambda nn, Tensor: nn.BatchNorm2d(2, use_batch_statistics=1),
    "BatchNorm2d input": lambda nn, Tensor: nn.BatchNorm2d(2)(Tensor(wave((2, 2), 1))),
    "BatchNorm1d input": lambda nn, Tensor: nn.BatchNorm1d(2)(Tensor(wave((1, 2, 2, 2), 1))),
    "GroupNorm(2, 3)": lambda nn, Tensor: nn.GroupNorm(2, 3),
    "GroupNorm eps": lambda nn, Tensor: nn.GroupNorm(2, 4, eps=1),
    "Conv2d(0, 3, 3)": lambda nn, Tensor: nn.Conv2d(0, 3, 3),
    "Conv2d(2, 3, 0)": lambda nn, Tensor: nn.Conv2d(2, 3, 0),
    "Conv2d pad_mode": lambda nn, Tensor: nn.Conv2d(2, 3, 3, pad_mode="foo"),
    "Conv2d padding": lambda nn, Tensor: nn.Conv2d(2, 3, 3, padding=1),
    "Conv2d padding kind": lambda nn, Tensor: nn.Conv2d(2, 3, 3, pad_mode="pad", padding="1"),
    "Conv2d padding sign": lambda nn, Tensor: nn.Conv2d(2, 3, 3, pad_mode="pad", padding=-1),
    "Conv2d group": lambda nn, Tensor: nn.Conv2d(2, 3, 3, group=2),
    "Conv2d stride": lambda nn, Tensor: nn.Conv2d(2, 3, 3, stride=0),
    "MaxPool2d(0)": lambda nn, Tensor: nn.MaxPool2d(0),
    "MaxPool2d pad_mode": lambda nn, Tensor: nn.MaxPool2d(2, pad_mode="foo"),
    "MaxPool2d padding": lambda nn, Tensor: nn.MaxPool2d(2, padding=1),
    "MaxPool2d('a')": lambda nn, Tensor: nn.MaxPool2d("a"),
    "AvgPool2d(0)": lambda nn, Tensor: nn.AvgPool2d(0),
    "AvgPool2d divisor": lambda nn, Tensor: nn.AvgPool2d(2, divisor_override=0),
    "Pad list": lambda nn, Tensor: nn.Pad([(1, 1)]),
    "Pad mode": lambda nn, Tensor: nn.Pad(((1, 1),), mode="foo"),
    "Pad pairs": lambda nn, Tensor: nn.Pad(((1, 1, 1),)),
    "ConstantPad2d kind": lambda nn, Tensor: nn.ConstantPad2d("a", 1.0),
    "ConstantPad2d odd": lambda nn, Tensor: nn.ConstantPad2d((1, 2, 3), 1.0),
    "ReflectionPad1d sign": lambda nn, Tensor: nn.ReflectionPad1d((-1, 2)),
    "PReLU(0)": lambda nn, Tensor: nn.PReLU(0),
    "PReLU w kind": lambda nn, Tensor: nn.PReLU(1, 1),
    "PReLU w length": lambda nn, Tensor: nn.PReLU(2, [0.1]),
    "GELU kind": lambda nn, Tensor: nn.GELU("tanh"),
    "Hardtanh range": lambda nn, Tensor: nn.Hardtanh(1.0, -1.0),
    "RReLU range": lambda nn, Tensor: nn.RReLU(0.5, 0.1),
    "Softmax2d rank": lambda nn, Tensor: nn.Softmax2d()(Tensor(wave((2, 3), 1))),
    "Embedding vocab": lambda nn, Tensor: nn.Embedding("a", 3),
    "Embedding padding": lambda nn, Tensor: nn.Embedding(3, 3, padding_idx=5),
    "Embedding one hot": lambda nn, Tensor: nn.Embedding(3, 3, use_one_hot=1),
    "get_activation('foo')": lambda nn, Tensor: nn.get_activation("foo"),
    "LSTM(0, 2)": lambda nn, Tensor: nn.LSTM(0, 2),
    "LSTM dropout": lambda nn, Tensor: nn.LSTM(2, 2, dropout=1.5),
    "RNN nonlinearity": lambda nn, Tensor: nn.RNN(2, 2, nonlinearity="foo"),
    "RNNCell nonlinearity": lambda nn, Tensor: nn.RNNCell(2, 2, nonlinearity="foo"),
    "MultiheadAttention heads": lambda nn, Tensor: nn.MultiheadAttention(5, 2),
    "L1Regularizer(0)": lambda nn, Tensor: nn.L1Regularizer(0),
    "Unflatten kind": lambda nn, Tensor: nn.Unflatten("a", (1, 2)),
    "Flatten dim": lambda nn, Tensor: nn.Flatten(5)(Tensor(wave((2, 3), 1))),
}
