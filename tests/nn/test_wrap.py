"""Cells around a network: with its loss, its gradient, a step of training; and clipping."""

from __future__ import annotations

import numpy as np
import pytest

from msgrad_ext import ParameterTuple, Tensor, nn, ops
from msgrad_ext.gradients.grad_operation import GradOperation

X, Y = Tensor(np.array([[1.0, 2.0], [3.0, -1.0]])), Tensor(np.array([[1.0], [2.0]]))


def network() -> nn.Cell:
    """A layer with weights that are known."""
    return nn.Dense(2, 1, weight_init=Tensor(np.array([[0.5, -0.25]])), bias_init=Tensor(np.array([0.1])))


def by_hand() -> tuple[float, np.ndarray, np.ndarray]:
    """Loss and gradients of the mean squared error."""
    rest = X.asnumpy() @ np.array([[0.5], [-0.25]]) + 0.1 - Y.asnumpy()
    return float(np.mean(rest**2)), (2 * rest.T @ X.asnumpy()) / 2, (2 * rest.sum(0)) / 2


def test_a_step_gives_the_loss_before_it_and_changes_the_parameters() -> None:
    """The parameters go by the learning rate times the gradient."""
    net = network()
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.1))
    loss, by_weight, by_bias = by_hand()
    assert float(step(X, Y)) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(net.weight.asnumpy(), [[0.5, -0.25]] - 0.1 * by_weight, rtol=1e-7)
    np.testing.assert_allclose(net.bias.asnumpy(), [0.1] - 0.1 * by_bias, rtol=1e-7)


def test_sens_weights_the_gradient() -> None:
    """A weight of 2 doubles the step; 0 is refused."""
    net = network()
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), optimizer, sens=2.0)(X, Y)
    np.testing.assert_allclose(net.weight.asnumpy(), [[0.5, -0.25]] - 0.2 * by_hand()[1], rtol=1e-7)
    with pytest.raises(ValueError, match="can not be 0"):
        nn.TrainOneStepCell(net, optimizer, 0)


def test_a_step_gives_the_gradients_if_wished() -> None:
    """By the parameters' names."""
    net = network()
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    _, gradients = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), optimizer, return_grad=True)(X, Y)
    assert list(gradients) == ["weight", "bias"]
    np.testing.assert_allclose(gradients["weight"].asnumpy(), by_hand()[1], rtol=1e-12)


def test_forward_value_and_grad_gives_both() -> None:
    """In the structure of `GradOperation` with the same flags."""
    net = network()
    whole = nn.WithLossCell(net, nn.MSELoss())
    weights = ParameterTuple(net.trainable_params())
    loss, by_weight, by_bias = by_hand()
    value, gradients = nn.ForwardValueAndGrad(whole, weights, get_by_list=True)(X, Y)
    assert float(value) == pytest.approx(loss)
    np.testing.assert_allclose(gradients[0].asnumpy(), by_weight, rtol=1e-12)
    np.testing.assert_allclose(gradients[1].asnumpy(), by_bias, rtol=1e-12)
    _, by_input = nn.ForwardValueAndGrad(whole, get_all=True, sens_param=True)(X, Y, Tensor(np.float64(2.0)))
    assert [one.shape for one in by_input] == [X.shape, Y.shape]


def test_with_grad_cell_gives_the_gradients_by_the_parameters() -> None:
    """Those of the loss."""
    gradients = nn.WithGradCell(network(), nn.MSELoss())(X, Y)
    np.testing.assert_allclose(gradients[0].asnumpy(), by_hand()[1], rtol=1e-12)


def test_with_eval_cell_gives_loss_outputs_and_labels() -> None:
    """In this order."""
    loss, outputs, labels = nn.WithEvalCell(network(), nn.MSELoss())(X, Y)
    assert float(loss) == pytest.approx(by_hand()[0])
    assert outputs.shape == (2, 1)
    assert labels is Y


def test_the_cells_print_as_mindspores() -> None:
    """Members by name, each on its line."""
    net = network()
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.1))
    assert repr(step) == (
        "TrainOneStepCell(\n  (network): WithLossCell(\n"
        "    (_backbone): Dense(input_channels=2, output_channels=1, has_bias=True)\n    (_loss_fn): MSELoss()\n  )\n"
        "  (optimizer): SGD()\n  (grad_reducer): Identity()\n)"
    )


def test_a_loss_trains_through_second_order() -> None:
    """A gradient penalty inside of the trained cell: the step is that of the whole loss."""

    class Penalised(nn.Cell):
        def __init__(self, net: nn.Cell) -> None:
            super().__init__(auto_prefix=False)
            self.net = net

        def construct(self, x: Tensor) -> Tensor:
            return ops.square(GradOperation()(lambda x: ops.tanh(self.net(x)).sum())(x)).sum()

    net = network()
    before = net.weight.asnumpy()
    loss = Penalised(net)
    report_by = GradOperation(get_by_list=True)(loss, net.trainable_params())(X)[0].asnumpy()
    nn.TrainOneStepCell(loss, nn.SGD(net.trainable_params(), 0.5))(X)
    np.testing.assert_allclose(net.weight.asnumpy(), before - 0.5 * report_by, rtol=1e-12)


def test_clipping_by_the_global_norm() -> None:
    """MindSpore 2.10's figures; shorter gradients stay as they are, whole lists become tuples."""
    clipped = ops.clip_by_global_norm((Tensor([3.0, 4.0]), Tensor([12.0])), 5)
    assert [one.asnumpy().tolist() for one in clipped] == [
        pytest.approx([1.1538461, 1.5384616]),
        pytest.approx([4.6153846]),
    ]
    (kept,) = ops.clip_by_global_norm([Tensor([3.0, 4.0])], 50.0)
    assert kept.asnumpy().tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="clip_norm"):
        ops.clip_by_global_norm((Tensor([1.0]),), -1.0)


@pytest.mark.parametrize(
    ("order", "expected"),
    [(2.0, [0.59999988, 0.79999984]), (float("inf"), [0.74999982, 0.99999976]), (1.0, [0.42857134, 0.57142848])],
)
def test_clipping_by_norm(order: float, expected: list[float]) -> None:
    """MindSpore 2.10's figures, for the largest element, the sum of sizes, and the root of squares."""
    assert ops.clip_by_norm(Tensor([3.0, 4.0]), 1.0, order).asnumpy() == pytest.approx(expected, rel=1e-6)
