"""`nn`: names of parameters, order, prefixes, refusals, and each layer against numpy written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, ParameterTuple, nn
from msgrad_ext.tensor import Tensor


class Leaf(nn.Cell):
    """A cell with one parameter."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__()
        self.v = Parameter(np.array([1.0, 2.0]), name=name)

    def construct(self, x: Tensor) -> Tensor:
        return x * self.v


class Tree(nn.Cell):
    """Own parameters, and cells."""

    def __init__(self) -> None:
        super().__init__()
        self.a1 = Leaf("vv")
        self.w = Parameter(np.array([3.0, 4.0]), name="given")
        self.row = nn.CellList([Leaf(), Leaf()])
        self.u = Parameter(np.array([5.0, 6.0]))

    def construct(self, x: Tensor) -> Tensor:
        return self.row[1](self.row[0](self.a1(x))) * self.w + self.u


def names(cell: nn.Cell) -> list[str]:
    """The names that the parameters bear."""
    return [parameter.name for parameter in cell.get_parameters()]


def test_own_parameters_come_first_then_cells_in_order() -> None:
    """In the order of assignment; inner ones bear the path, and lose a given name."""
    assert names(Tree()) == ["given", "u", "a1.v", "row.0.v", "row.1.v"]


def test_a_parameter_without_a_name_takes_its_attributes() -> None:
    """A given name is kept at the top."""
    assert names(Leaf()) == ["v"] and names(Leaf("own")) == ["own"]


def test_wrapping_a_network_renames_its_parameters() -> None:
    """On the original object too; the last wrapping wins."""

    class Wrap(nn.Cell):
        def __init__(self, net: nn.Cell) -> None:
            super().__init__()
            self.net = net

    leaf = Leaf("z")
    Wrap(leaf)
    Wrap(leaf)
    assert names(leaf) == ["net.v"]


def test_the_names_of_a_sequential_cell() -> None:
    """Numbers and attributes."""
    net = nn.SequentialCell(nn.Dense(2, 3), nn.ReLU(), nn.Dense(3, 1))
    assert names(net) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_a_shared_parameter_is_listed_once() -> None:
    """Under its first attribute."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.a = Parameter(1.0)
            self.b = self.a

    assert len(list(Net().get_parameters())) == 1


def test_a_parameter_tuple_registers_its_members() -> None:
    """With their own names."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.both = ParameterTuple([Parameter(1.0, name="a"), Parameter(2.0, name="b")])

    assert names(Net()) == ["a", "b"]


def test_trainable_params_is_a_list_get_parameters_a_generator() -> None:
    """And frozen ones are left out of the first."""
    tree = Tree()
    tree.w.requires_grad = False
    assert [one.name for one in tree.trainable_params()] == ["u", "a1.v", "row.0.v", "row.1.v"]
    assert iter(tree.get_parameters()) is not tree.get_parameters and not isinstance(tree.get_parameters(), list)


def test_assigning_a_tensor_to_a_parameter_replaces_its_data() -> None:
    """The Parameter stays."""
    leaf = Leaf()
    before = leaf.v
    leaf.v = Tensor(np.array([7.0, 8.0]))
    assert (leaf.v is before, leaf.v.tolist()) == (True, [7.0, 8.0])


def test_assigning_a_number_to_a_parameter_is_refused() -> None:
    """TypeError, as in MindSpore."""
    with pytest.raises(TypeError, match="Parameter"):
        Leaf().v = 3.0  # type: ignore[assignment]


def test_a_forgotten_super_init_is_named() -> None:
    """AttributeError, as in MindSpore."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            self.w = Parameter(1.0)

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Net()


def test_a_missing_construct_is_named() -> None:
    """AttributeError, as in MindSpore."""
    with pytest.raises(AttributeError, match="construct"):
        nn.Cell()(Tensor(1.0))


def test_an_unknown_layer_is_refused_with_the_near_one() -> None:
    """A name of nn that is not offered."""
    with pytest.raises(AttributeError, match="Did you mean 'Dense'"):
        nn.Dens


def test_a_cell_prints_its_cells() -> None:
    """As MindSpore does."""
    assert repr(nn.SequentialCell(nn.Dense(2, 3), nn.ReLU())) == (
        "SequentialCell(\n  (0): Dense(input_channels=2, output_channels=3, has_bias=True)\n  (1): ReLU()\n)"
    )


# Layers ------------------------------------------------------------------------------------------------------------

X = np.array([[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]])
LABELS = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])


def soft(x: np.ndarray) -> np.ndarray:
    """Softmax by its definition."""
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


LAYERS: dict[str, tuple[Any, tuple[np.ndarray, ...], Any]] = {
    "ReLU": (nn.ReLU(), (X,), np.where(X > 0, X, 0)),
    "Sigmoid": (nn.Sigmoid(), (X,), 1 / (1 + np.exp(-X))),
    "Tanh": (nn.Tanh(), (X,), np.tanh(X)),
    "Softmax": (nn.Softmax(), (X,), soft(X)),
    "Softmax, axis 0": (nn.Softmax(0), (X,), soft(X.T).T),
    "LogSoftmax": (nn.LogSoftmax(), (X,), np.log(soft(X))),
    "Flatten": (nn.Flatten(), (X.reshape(2, 3, 1),), X),
    "Identity": (nn.Identity(), (X,), X),
    "MSELoss": (nn.MSELoss(), (X, LABELS), np.mean((X - LABELS) ** 2)),
    "MSELoss, sum": (nn.MSELoss("sum"), (X, LABELS), np.sum((X - LABELS) ** 2)),
    "MSELoss, none": (nn.MSELoss("none"), (X, LABELS), (X - LABELS) ** 2),
    "L1Loss": (nn.L1Loss(), (X, LABELS), np.mean(np.abs(X - LABELS))),
    "CrossEntropy": (nn.SoftmaxCrossEntropyWithLogits(), (X, LABELS), -(LABELS * np.log(soft(X))).sum(1)),
    "CrossEntropy, mean": (
        nn.SoftmaxCrossEntropyWithLogits(reduction="mean"),
        (X, LABELS),
        -(LABELS * np.log(soft(X))).sum(1).mean(),
    ),
    "CrossEntropy, sparse": (
        nn.SoftmaxCrossEntropyWithLogits(sparse=True),
        (X, np.array([2, 0])),
        -np.log(soft(X))[[0, 1], [2, 0]],
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_computes_its_definition(name: str) -> None:
    """Its output against numpy written by hand."""
    layer, inputs, expected = LAYERS[name]
    np.testing.assert_allclose(layer(*map(Tensor, inputs)).asnumpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layers_gradient_agrees(name: str) -> None:
    """By both roads."""
    layer, inputs, _ = LAYERS[name]
    assert mg.check(layer, *inputs).verdict == "agree"


@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 2, 3)])
def test_dense_computes_its_definition(shape: tuple[int, ...]) -> None:
    """``x W^T + b`` for any number of leading axes."""
    weight, bias = np.arange(6.0).reshape(2, 3), np.array([0.5, -0.5])
    x = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    layer = nn.Dense(3, 2, Tensor(weight), Tensor(bias))
    np.testing.assert_allclose(layer(Tensor(x)).asnumpy(), x @ weight.T + bias, rtol=1e-12, atol=1e-15)


def test_the_gradients_of_dense_are_the_textbooks() -> None:
    """``ct^T x``, the column sums of ``ct``, and ``ct W``."""
    weight, ct = np.arange(6.0).reshape(2, 3), np.array([[1.0, -2.0], [0.5, 3.0]])
    layer = nn.Dense(3, 2, Tensor(weight), Tensor(np.zeros(2)))
    gradients = mg.compile(layer, X, sens=ct)(X)[1]
    for name, expected in {"x": ct @ weight, "weight": ct.T @ X, "bias": ct.sum(0)}.items():
        np.testing.assert_allclose(gradients[name], expected, rtol=1e-14)


def test_dense_with_an_activation_by_name() -> None:
    """'relu' is `ReLU`."""
    layer = nn.Dense(3, 2, "ones", "zeros", activation="relu", dtype=mg.float64)
    np.testing.assert_allclose(layer(Tensor(X)).asnumpy(), np.maximum(X @ np.ones((3, 2)), 0))


@pytest.mark.parametrize(("given", "kind"), [((0, 2), ValueError), ((2, -1), ValueError), ((2.0, 2), TypeError)])
def test_dense_refuses_impossible_sizes(given: Any, kind: type) -> None:
    """Not positive, or no int."""
    with pytest.raises(kind, match="channels"):
        nn.Dense(*given)


def test_first_values_do_not_touch_numpys_state() -> None:
    """And ``set_seed`` makes them come again."""
    state = str(np.random.get_state())
    mg.set_seed(3)
    first = nn.Dense(4, 4).weight.asnumpy()
    mg.set_seed(3)
    assert (nn.Dense(4, 4).weight.tolist(), str(np.random.get_state())) == (first.tolist(), state)
