"""MindSpore's ``nn``: `Cell`, layers, losses and optimizers, by MindSpore's names, argument orders and defaults.

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
    "losses": (
        "BCELoss BCEWithLogitsLoss CrossEntropyLoss DiceLoss FocalLoss GaussianNLLLoss HuberLoss KLDivLoss L1Loss LossBase "
        "MAELoss MSELoss MultiClassDiceLoss NLLLoss PoissonNLLLoss RMSELoss SmoothL1Loss SoftmaxCrossEntropyWithLogits"
    ),
    "margin_losses": (
        "CosineEmbeddingLoss HingeEmbeddingLoss MarginRankingLoss MultiLabelSoftMarginLoss MultiMarginLoss "
        "MultilabelMarginLoss SoftMarginLoss TripletMarginLoss"
    ),
    "normalisation": (
        "BatchNorm1d BatchNorm2d BatchNorm3d GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LayerNorm "
        "SyncBatchNorm"
    ),
    "optimizer": "Optimizer",
    "optimizers": "SGD AdaMax Adadelta Adagrad Adam AdamWeightDecay Momentum RMSProp",
    "padding": (
        "ChannelShuffle ConstantPad1d ConstantPad2d ConstantPad3d Pad PixelShuffle PixelUnshuffle ReflectionPad1d "
        "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d Upsample ZeroPad2d"
    ),
    "pooling": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AvgPool1d AvgPool2d "
        "AvgPool3d LPPool1d LPPool2d MaxPool1d MaxPool2d MaxPool3d"
    ),
    "recurrent": "GRU GRUCell LSTM LSTMCell RNN RNNCell",
    "schedules": (
        "CosineDecayLR ExponentialDecayLR InverseDecayLR LearningRateSchedule NaturalExpDecayLR PolynomialDecayLR WarmUpLR "
        "cosine_decay_lr exponential_decay_lr inverse_decay_lr natural_exp_decay_lr piecewise_constant_lr "
        "polynomial_decay_lr warmup_lr"
    ),
    "wrap": "ForwardValueAndGrad TrainOneStepCell WithEvalCell WithGradCell WithLossCell",
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
