"""Samples of losses; labels that are no inputs are constants of the network."""

from __future__ import annotations

from typing import Any

import numpy as np

from msgrad_ext import Tensor, nn, ops

from .base import Sample, spaced

_CLASSES = np.array([2, 0, 1], np.int32)
_SIGNS = np.array([[1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]])
_ROWS = np.array([1, -1, 1], np.int32)
_WEIGHTS = np.array([0.5, 1.0, 2.0, 0.3])


def _like(a: Any, values: np.ndarray) -> Any:
    """``values`` as a tensor of the dtype of ``a``."""
    return Tensor(values).astype(a.dtype)


def _two() -> list[Sample]:
    """Losses of two float tensors, both of which are inputs."""
    a, b = spaced(3, 4, low=-1.7, high=1.9), spaced(3, 4, low=-1.5, high=1.6, seed=1)
    p, q = spaced(3, 4, low=0.1, high=0.9), spaced(3, 4, low=0.15, high=0.95, seed=1)
    counts = spaced(3, 4, low=0.3, high=2.7, seed=2)
    pairs: list[tuple[str, Any, tuple[np.ndarray, ...]]] = [
        ("mse_loss", nn.MSELoss(), (a, b)),
        ("RMSELoss", nn.RMSELoss(), (a, b)),
        ("l1_loss", ops.l1_loss, (a * a, b * b)),
        ("SmoothL1Loss", ops.SmoothL1Loss(0.7, "mean"), (a, b)),
        ("SmoothL1Loss", nn.SmoothL1Loss(), (a[0], b[0])),
        ("huber_loss", nn.HuberLoss("sum", 0.8), (a, b)),
        ("BinaryCrossEntropy", ops.BinaryCrossEntropy("mean"), (p, q, counts)),
        ("BinaryCrossEntropy", nn.BCELoss(reduction="none"), (p, q)),
        ("BCEWithLogitsLoss", ops.BCEWithLogitsLoss("mean"), (a, q, counts, p)),
        ("BCEWithLogitsLoss", nn.BCEWithLogitsLoss("none"), (a, q)),
        ("SigmoidCrossEntropyWithLogits", ops.SigmoidCrossEntropyWithLogits(), (a, q)),
        ("SigmoidCrossEntropyWithLogits", ops.SigmoidCrossEntropyWithLogits(), (a[0, 0], q[0, 0])),
        ("SoftmaxCrossEntropyWithLogits", lambda a, q: ops.SoftmaxCrossEntropyWithLogits()(a, q)[0], (a, q)),
        ("KLDivLoss", ops.KLDivLoss("batchmean"), (a * a, q)),
        ("cross_entropy", nn.CrossEntropyLoss(label_smoothing=0.1), (a, q)),
        ("gaussian_nll_loss", nn.GaussianNLLLoss(full=True), (a, b, p)),
        ("PoissonNLLLoss", nn.PoissonNLLLoss(), (a, counts)),
        ("PoissonNLLLoss", nn.PoissonNLLLoss(False, True), (p, counts)),
        ("DiceLoss", nn.DiceLoss(), (p, q)),
        ("MultiClassDiceLoss", nn.MultiClassDiceLoss(), (p, q)),
        ("FocalLoss", nn.FocalLoss(), (a, q)),
    ]
    seen: dict[str, int] = {}
    found = []
    for name, network, inputs in pairs:
        seen[name] = seen.get(name, 0) + 1
        found.append(Sample(name, network, inputs, f"two {seen[name]}"))
    return found


def _classes() -> list[Sample]:
    """Losses of class numbers."""
    a, deep = spaced(3, 4, low=-1.7, high=1.9), spaced(2, 3, 2, low=-1.7, high=1.9)
    labels = Tensor(_CLASSES)
    ignored = Tensor(np.array([2, -100, 1], np.int32))
    pixels = Tensor(np.array([[1, 0], [2, -100]], np.int32))
    several = Tensor(np.array([[1, 0, -1, 2], [3, -1, 0, 1], [0, 1, 2, 3]], np.int32))
    return [
        Sample("SparseSoftmaxCrossEntropyWithLogits", lambda a: ops.SparseSoftmaxCrossEntropyWithLogits()(a, labels), (a,), "rows"),
        Sample("softmax cross entropy", lambda a: nn.SoftmaxCrossEntropyWithLogits(True, "mean")(a, labels), (a,), "sparse"),
        Sample("cross_entropy", lambda a: ops.cross_entropy(a, labels), (a,), "classes"),
        Sample("cross_entropy", lambda a: ops.cross_entropy(a, ignored, _like(a, _WEIGHTS), label_smoothing=0.1), (a,), "weighted"),
        Sample("cross_entropy", lambda a: ops.cross_entropy(a, pixels, reduction="none"), (deep,), "deep"),
        Sample("NLLLoss", lambda a, w: ops.NLLLoss()(a * a, labels, w)[0], (a, _WEIGHTS), "weighted"),
        Sample("FocalLoss", lambda a: nn.FocalLoss()(a, Tensor(_CLASSES[:, None])), (a,), "classes"),
        Sample("MultiMarginLoss", lambda a: ops.MultiMarginLoss(2, 0.5)(a, labels), (a,), "squares"),
        Sample("MultiMarginLoss", lambda a: ops.MultiMarginLoss()(a * a, labels), (a,), "plain"),
        Sample("MultilabelMarginLoss", lambda a: ops.MultilabelMarginLoss()(a * a, several)[0], (a,), "lists"),
    ]  # fmt: skip


def _margins() -> list[Sample]:
    """Losses with a margin."""
    a, b, c = (spaced(3, 4, low=-1.7, high=1.9, seed=seed) for seed in range(3))
    rows = Tensor(_ROWS)
    return [
        Sample("SoftMarginLoss", lambda a: ops.SoftMarginLoss()(a, _like(a, _SIGNS)), (a,), "signs"),
        Sample("margin_ranking_loss", lambda a, b: ops.margin_ranking_loss(a * a, b * b, _like(a, _SIGNS), 0.3), (a, b), "signs"),
        Sample("hinge_embedding_loss", lambda a: ops.hinge_embedding_loss(a * a, _like(a, _SIGNS)), (a,), "signs"),
        Sample("cosine_embedding_loss", lambda a, b: ops.cosine_embedding_loss(a, b, rows, -0.9), (a, b), "rows"),
        Sample("TripletMarginLoss", lambda a, b, c: ops.TripletMarginLoss()(a, b, c, 3.0), (a, b, c), "norm 2"),
        Sample("TripletMarginLoss", lambda a, b, c: ops.triplet_margin_loss(a, b, c, 3.0, 3, swap=True), (a, b, c), "swap"),
        Sample("MultiLabelSoftMarginLoss", lambda a: nn.MultiLabelSoftMarginLoss()(a, _like(a, _SIGNS > 0)), (a,), "signs"),
    ]  # fmt: skip


def samples() -> list[Sample]:
    return _two() + _classes() + _margins()
