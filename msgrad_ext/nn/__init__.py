"""MindSpore's ``nn``: `Cell`, layers and losses, by MindSpore's names, argument orders and defaults.

A module of this folder is imported when one of its names is first used; to offer a new layer, add its name to its
module's line.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import UnknownNameError, choices
from .cell import Cell

MODULES: dict[str, str] = {
    "activations": (
        "CELU ELU FastGelu GELU GLU HShrink HSigmoid HSwish Hardtanh LRN LeakyReLU LogSigmoid LogSoftmax Mish PReLU "
        "RReLU ReLU ReLU6 SeLU SiLU Sigmoid SoftShrink Softmax Softmax2d Softmin Softsign Tanh Tanhshrink Threshold "
        "get_activation"
    ),
    "attention": "MultiheadAttention TransformerEncoderLayer",
    "cell": "Cell",
    "containers": "CellDict CellList SequentialCell",
    "convolution": "Conv1d Conv1dTranspose Conv2d Conv2dTranspose Conv3d",
    "dropout": "Dropout Dropout1d Dropout2d Dropout3d",
    "embedding": "Embedding EmbeddingLookup",
    "layers": (
        "BiDense ClipByNorm Dense Flatten Identity L1Regularizer MatMul Moments Norm OneHot Range ReduceLogSumExp Roll "
        "Tril Triu Unflatten"
    ),
    "losses": "L1Loss MSELoss SoftmaxCrossEntropyWithLogits",
    "normalisation": (
        "BatchNorm1d BatchNorm2d BatchNorm3d GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LayerNorm "
        "SyncBatchNorm"
    ),
    "padding": (
        "ChannelShuffle ConstantPad1d ConstantPad2d ConstantPad3d Pad PixelShuffle PixelUnshuffle ReflectionPad1d "
        "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d Upsample ZeroPad2d"
    ),
    "pooling": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AvgPool1d AvgPool2d "
        "AvgPool3d LPPool1d LPPool2d MaxPool1d MaxPool2d MaxPool3d"
    ),
    "recurrent": "GRU GRUCell LSTM LSTMCell RNN RNNCell",
}
_PLACES = {name: module for module, names in MODULES.items() for name in names.split()}

__all__ = ["Cell", *sorted(name for name in _PLACES if name != "Cell")]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name not in _PLACES:
        raise UnknownNameError(f"'mindspore.nn' has no '{name}' here. {choices(name, __all__)}")
    found = globals()[name] = getattr(import_module(f".{_PLACES[name]}", __name__), name)
    return found


def __dir__() -> list[str]:
    return __all__
