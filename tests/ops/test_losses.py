"""Losses at the edges that samples leave out: far logits, kinks, probabilities 0 and 1, ignored classes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, nn, ops
from msgrad_ext.gradients.grad_operation import GradOperation

FAR = np.array([[1000.0, -1000.0, 0.0, 500.0], [-1000.0, 0.0, 1.0, 2.0], [3.0, 1000.0, 1000.0, -5.0]])
MIXED = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
CLASSES = np.array([2, 0, 3], np.int32)


def gradient(loss: Any, *inputs: np.ndarray, position: int = 0) -> np.ndarray:
    """The gradient of the loss's sum by one input."""
    return mg.grad(loss, position)(*map(Tensor, inputs)).asnumpy()


def test_far_logits_do_not_overflow() -> None:
    """At logits of 1000 the losses are finite, and their gradients are differences of probabilities."""
    sigmoid = 1 / (1 + np.exp(-np.clip(FAR, -700, 700)))
    for loss in (nn.BCEWithLogitsLoss("sum"), lambda a, b: ops.SigmoidCrossEntropyWithLogits()(a, b).sum()):
        value = loss(Tensor(FAR), Tensor(MIXED)).asnumpy()
        assert value == pytest.approx(np.sum(np.maximum(FAR, 0) - FAR * MIXED + np.log1p(np.exp(-np.abs(FAR)))))
        np.testing.assert_allclose(gradient(loss, FAR, MIXED), sigmoid - MIXED, atol=1e-15)
    cross = nn.CrossEntropyLoss(reduction="none")
    assert cross(Tensor(FAR), Tensor(CLASSES)).asnumpy() == pytest.approx(
        [1000, 1002.4076059644444, 1005.6931471805599]
    )
    soft = ops.SoftMarginLoss("sum")(Tensor(FAR), Tensor(2 * MIXED - 1)).asnumpy()
    assert np.isfinite(soft)


def test_a_class_at_minus_infinity_that_is_not_the_target_does_no_harm() -> None:
    """A masked class has probability 0: loss and gradient stay finite."""
    logits = np.array([[0.5, -np.inf, 1.0]])
    loss = lambda a: ops.cross_entropy(a, Tensor(np.array([2], np.int32)))  # noqa: E731 - a function of one tensor
    assert float(loss(Tensor(logits))) == pytest.approx(np.log(1 + np.exp(-0.5)))
    share = np.exp(0.5) / (np.exp(0.5) + np.exp(1.0))
    np.testing.assert_allclose(gradient(loss, logits), [[share, 0.0, -share]], rtol=1e-12)


def test_kinks_follow_mindspore() -> None:
    """Recorded with MindSpore 2.10 at differences 0, 1, -1, 2, 1 and margins that are just reached."""
    tie, zero, one = np.array([0.0, 1.0, -1.0, 2.0, 1.0]), np.zeros(5), np.ones(5)
    assert gradient(nn.SmoothL1Loss(), tie, zero).tolist() == [0, 1, -1, 1, 1]
    assert gradient(nn.HuberLoss("sum"), tie, zero).tolist() == [0, 1, -1, 1, 1]
    assert gradient(nn.L1Loss("sum"), tie, zero).tolist() == [0, 1, -1, 1, 1]
    ranking = nn.MarginRankingLoss(1.0, "none")
    assert gradient(lambda a, b: ranking(a, b, Tensor(one)), tie, zero).tolist() == [-1, -1, -1, 0, -1]


def test_the_second_derivative_of_huber_where_both_are_equal_is_one() -> None:
    """The kink of the absolute value, which is 0 there by convention, does not show in the square."""
    second = GradOperation()(GradOperation()(lambda a: ops.huber_loss(a, Tensor(np.zeros(2)), "sum")))
    assert second(Tensor(np.zeros(2))).asnumpy().tolist() == [1.0, 1.0]


def test_probabilities_of_zero_and_one_are_clamped() -> None:
    """The loss is MindSpore's, ``-log(1e-12)``; its slope there is that of the logarithm at 1e-12."""
    p, y = np.array([0.0, 1.0, 0.0, 1.0, 0.5]), np.array([0.0, 1.0, 1.0, 0.0, 0.3])
    loss = nn.BCELoss(reduction="none")
    assert loss(Tensor(p), Tensor(y)).asnumpy() == pytest.approx([0, 0, 27.631021, 27.631021, 0.693147], abs=1e-5)
    assert gradient(loss, p, y) == pytest.approx([1, -1, -1e12, 1e12, 0.8])


def test_the_formula_of_bce_is_the_textbooks() -> None:
    """Inside of the domain the clamp leaves no trace in it."""
    p, y = np.array([0.2, 0.7, 0.4]), np.array([0.0, 1.0, 0.3])
    report = mg.check(nn.BCELoss(reduction="sum"), p, y)
    assert report.verdict == "agree"
    assert "choice" not in report.formula("logits").text


def test_labels_that_are_constants_get_zero_at_every_order() -> None:
    """MindSpore's convention for three losses; the derivative by the logits does not feel it."""
    logits, labels = np.array([[0.5, -1.0, 2.0]]), np.array([[0.2, 0.3, 0.5]])
    for loss in (
        nn.KLDivLoss("sum"),
        nn.SoftmaxCrossEntropyWithLogits(reduction="sum"),
        lambda a, b: ops.SigmoidCrossEntropyWithLogits()(a, b).sum(),
    ):
        assert not gradient(loss, logits, labels, position=1).any()
        first = GradOperation()(loss)
        assert not gradient(lambda a, b, first=first: first(a, b).sum(), logits, labels, position=1).any()


def test_a_divergence_with_a_label_of_zero_is_finite() -> None:
    """``0 log 0`` counts as 0."""
    loss = nn.KLDivLoss("sum")
    assert float(loss(Tensor([[-0.5, -1.0]]), Tensor([[1.0, 0.0]]))) == pytest.approx(0.5)
    assert gradient(loss, np.array([[-0.5, -1.0]]), np.array([[1.0, 0.0]])).tolist() == [[-1.0, 0.0]]


def test_ignored_targets_count_for_nothing() -> None:
    """Neither in the sum nor in the number that the mean divides by; with smoothing as well."""
    logits = np.arange(12.0).reshape(3, 4) ** 1.5 / 9
    some = Tensor(np.array([2, -100, 3], np.int32))
    for smoothing in (0.0, 0.2):
        kept = ops.cross_entropy(Tensor(logits[[0, 2]]), Tensor(np.array([2, 3], np.int32)), label_smoothing=smoothing)
        found = ops.cross_entropy(Tensor(logits), some, label_smoothing=smoothing)
        assert float(found) == pytest.approx(float(kept), rel=1e-14)
    assert not gradient(lambda a: ops.cross_entropy(a, some), logits)[1].any()


def test_class_numbers_may_be_inputs_of_the_network() -> None:
    """The compiled gradient is right for other labels than those that it was made with."""
    logits = np.arange(12.0).reshape(3, 4) / 7
    plan = mg.compile(nn.CrossEntropyLoss(), logits, CLASSES)
    _, first = plan(logits, CLASSES)
    _, other = plan(logits, np.array([0, 1, 1], np.int32))
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(first["logits"], (share - np.eye(4)[CLASSES]) / 3, atol=1e-15)
    np.testing.assert_allclose(other["logits"], (share - np.eye(4)[[0, 1, 1]]) / 3, atol=1e-15)


@pytest.mark.parametrize("wrong", [[0, 1, 4], [0, -1, 1]])
def test_a_class_that_does_not_exist_is_refused(wrong: list[int]) -> None:
    """Also by a compiled gradient that was made with good labels."""
    logits = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"must be in \[0, 4\)"):
        nn.CrossEntropyLoss()(Tensor(logits), Tensor(np.array(wrong, np.int32)))
    plan = mg.compile(nn.CrossEntropyLoss(), logits, CLASSES)
    with pytest.raises(RuntimeError, match=r"must be in \[0, 4\)"):
        plan(logits, np.array(wrong, np.int32))


def test_losses_agree_with_torch() -> None:
    """Those whose kernels MindSpore lacks on the CPU, with gradients."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    generator = np.random.default_rng(0)
    a, b, c = (generator.normal(size=(3, 4)) for _ in range(3))
    signs = np.sign(generator.normal(size=(3, 4)))
    lists = np.array([[1, 0, -1, 2], [3, -1, 0, 1], [0, 1, 2, 3]])
    pairs = [
        (
            lambda a: ops.soft_margin_loss(a, Tensor(signs)),
            lambda a: functional.soft_margin_loss(a, torch.tensor(signs)),
        ),
        (
            lambda a: ops.hinge_embedding_loss(a, Tensor(signs), 0.7),
            lambda a: functional.hinge_embedding_loss(a, torch.tensor(signs), 0.7),
        ),
        (
            lambda a: ops.triplet_margin_loss(a, Tensor(b), Tensor(c), 1.5, 2, 1e-6, True),
            lambda a: functional.triplet_margin_loss(a, torch.tensor(b), torch.tensor(c), 1.5, 2, 1e-6, True),
        ),
        (
            lambda a: ops.multilabel_margin_loss(a, Tensor(lists)),
            lambda a: functional.multilabel_margin_loss(a, torch.tensor(lists)),
        ),
        (
            lambda a: ops.multi_margin_loss(a, Tensor(CLASSES), 2),
            lambda a: functional.multi_margin_loss(a, torch.tensor(CLASSES, dtype=torch.int64), 2),
        ),
    ]
    for mine, theirs in pairs:
        leaf = torch.tensor(a, requires_grad=True)
        value = theirs(leaf)
        value.backward()
        assert float(mine(Tensor(a))) == pytest.approx(value.item(), rel=1e-12)
        np.testing.assert_allclose(gradient(mine, a), leaf.grad.numpy(), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("nn.MSELoss('avg')", ValueError),
        ("nn.SmoothL1Loss('a')", TypeError),
        ("ops.SmoothL1Loss(1.0, 3)", TypeError),
        ("nn.CrossEntropyLoss(label_smoothing=-0.1)", ValueError),
        ("nn.CrossEntropyLoss(weight=[1.0, 2])", TypeError),
        ("nn.CrossEntropyLoss(ignore_index=1.5)", TypeError),
        ("nn.CosineEmbeddingLoss(2.0)", ValueError),
        ("nn.CosineEmbeddingLoss(1)", TypeError),
        ("nn.FocalLoss(gamma=2)", TypeError),
        ("nn.DiceLoss(0.0)", ValueError),
        ("nn.MultiMarginLoss(3)", ValueError),
        ("nn.SoftmaxCrossEntropyWithLogits(sparse=1)", TypeError),
        ("nn.GaussianNLLLoss(eps=-1.0)", ValueError),
        ("ops.KLDivLoss('q')", ValueError),
        ("nn.MSELoss()(x, 1.0)", TypeError),
        ("nn.MSELoss()(x, x[:, :3])", ValueError),
        ("nn.BCELoss()(x, x[0])", ValueError),
        ("nn.KLDivLoss()(x, x[:2])", ValueError),
        ("nn.KLDivLoss()(x, x.astype(mg.float32))", TypeError),
        ("nn.CrossEntropyLoss()(x, x[:, :3])", ValueError),
        ("nn.SoftmaxCrossEntropyWithLogits()(x, Tensor([1, 0, 2]))", TypeError),
        ("nn.SoftmaxCrossEntropyWithLogits(True)(x, x[:, 0])", TypeError),
        ("nn.MarginRankingLoss()(x, x, Tensor([1, 0, 2]))", TypeError),
    ],
)
def test_errors_are_of_mindspores_types(code: str, kind: type[Exception]) -> None:
    """What MindSpore refuses is refused with its type of error, or a subclass."""
    with pytest.raises(kind):
        eval(code, {"nn": nn, "ops": ops, "Tensor": Tensor, "mg": mg, "x": Tensor(np.ones((3, 4)) / 2)})


def test_a_loss_of_ones_own_reduces_as_it_was_told() -> None:
    """A subclass of `LossBase` computes, and `get_loss` weights and reduces."""

    class Absolute(nn.LossBase):
        def __init__(self, reduction: str = "mean") -> None:
            super().__init__(reduction)
            self.abs = ops.Abs()

        def construct(self, base: Tensor, target: Tensor) -> Tensor:
            return self.get_loss(self.abs(base - target), 2.0)

    x, y = Tensor([1.0, 2.0, 4.0]), Tensor([1.0, 0.0, 0.0])
    assert [Absolute(how)(x, y).asnumpy().tolist() for how in ("mean", "sum", "none")] == [4.0, 12.0, [0.0, 4.0, 8.0]]
