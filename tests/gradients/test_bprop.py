"""Custom backward functions: values, structure and errors are those of MindSpore 2.10 (recorded), or better ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

X = Tensor(np.array([1.0, 2.0, 3.0], np.float32))
Y = Tensor(np.array([3.0, 5.0, 7.0], np.float32))


def values(result: Any) -> Any:
    """The numbers of a result."""
    return type(result)(map(values, result)) if isinstance(result, (tuple, list)) else result.asnumpy().tolist()


class Product(nn.Cell):
    """``x y`` under a backward function that is given."""

    def __init__(self, back: Callable[..., Any]) -> None:
        super().__init__()
        self.back = back

    def construct(self, x: Tensor, y: Tensor) -> Tensor:
        return x * y

    def bprop(self, x: Tensor, y: Tensor, out: Tensor, dout: Tensor) -> Any:
        return self.back(x, y, out, dout)


def gradients(back: Callable[..., Any]) -> Any:
    """Gradients of `Product` by both inputs."""
    return values(mg.grad(Product(back), (0, 1))(X, Y))


def test_bprop_replaces_the_rule() -> None:
    """A tuple or a list with a gradient for each input."""
    assert gradients(lambda x, y, out, dout: (dout * y * 2, dout * x)) == ([6, 10, 14], [1, 2, 3])
    assert gradients(lambda x, y, out, dout: [dout * y * 2, dout * x]) == ([6, 10, 14], [1, 2, 3])


def test_none_is_zeros() -> None:
    """In the input's shape and dtype."""
    assert gradients(lambda x, y, out, dout: (dout * y, None)) == ([3, 5, 7], [0, 0, 0])


@pytest.mark.parametrize(
    "back",
    [
        lambda x, y, out, dout: dout * y,
        lambda x, y, out, dout: (dout * y,),
        lambda x, y, out, dout: (dout * y, dout, dout),
        lambda x, y, out, dout: None,
        lambda x, y, out, dout: (2, 2),
        lambda x, y, out, dout: ("a", dout),
        lambda x, y, out, dout: (np.ones(3), dout),
        lambda x, y, out, dout: ((dout * y).astype(mg.float64), dout * x),
    ],
)
def test_a_wrong_number_or_kind_of_gradients_is_a_type_error(back: Any) -> None:
    """And a RuntimeError, as in PyNative mode; it names the line."""
    for kind in (TypeError, RuntimeError):
        with pytest.raises(kind, match="In bprop, line"):
            gradients(back)


@pytest.mark.parametrize(
    "back",
    [lambda x, y, out, dout: ((dout * y).sum(), dout), lambda x, y, out, dout: (dout, ops.stack([dout, dout]))],
)
def test_a_wrong_shape_is_a_value_error(back: Any) -> None:
    """And a RuntimeError, as in PyNative mode."""
    for kind in (ValueError, RuntimeError):
        with pytest.raises(kind, match="must have shape"):
            gradients(back)


def test_a_signature_without_out_and_dout_is_a_type_error() -> None:
    """Python's own."""

    class Net(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return x * x

        def bprop(self, x: Tensor, dout: Tensor) -> Any:
            return (dout,)

    with pytest.raises(TypeError, match="positional arguments"):
        mg.grad(Net())(X)


def test_an_error_in_bprop_leaves_the_next_call_alone() -> None:
    """The next gradient is right."""
    with pytest.raises(ZeroDivisionError):
        gradients(lambda x, y, out, dout: 1 // 0)
    assert gradients(lambda x, y, out, dout: (dout * y, dout * x)) == ([3, 5, 7], [1, 2, 3])


class Several(nn.Cell):
    def construct(self, x: Tensor) -> Any:
        return [x * x, x + 1]

    def bprop(self, x: Tensor, out: Any, dout: Any) -> Any:
        assert isinstance(out, tuple)
        assert isinstance(dout, tuple)
        return (dout[0] * x + dout[1],)


def test_several_outputs_give_tuples() -> None:
    """Zeros for an output that is not used."""
    assert values(mg.grad(Several())(X)) == [2, 3, 4]
    assert values(mg.grad(lambda x: Several()(x)[0])(X)) == [1, 2, 3]


class Arguments(nn.Cell):
    """All arguments come, defaults too, in the order of ``construct``."""

    def construct(self, x: Tensor, k: int, flag: bool = True) -> Tensor:
        return x * k

    def bprop(self, x: Tensor, k: int, flag: bool, out: Tensor, dout: Tensor) -> Any:
        assert (k, flag) == (3, True)
        return dout * k, 0, None


def test_arguments_that_are_no_tensors_come_too() -> None:
    """By position or keyword."""
    assert values(mg.grad(Arguments())(X, 3)) == [3, 3, 3]
    assert values(mg.grad(lambda x: Arguments()(x, k=3))(X)) == [3, 3, 3]


def test_a_tuple_input_has_a_tuple_of_gradients() -> None:
    """As deep as it is."""

    class Net(nn.Cell):
        def construct(self, pair: Any) -> Tensor:
            return pair[0] * pair[1]

        def bprop(self, pair: Any, out: Tensor, dout: Tensor) -> Any:
            return ((dout * pair[1] * 7, dout * pair[0]),)

    assert values(mg.grad(lambda x, y: Net()((x, y)), (0, 1))(X, Y)) == ([21, 35, 49], [1, 2, 3])


def test_star_arguments() -> None:
    """``construct(*inputs)`` and ``bprop(*all)``."""

    class Net(nn.Cell):
        def construct(self, *inputs: Tensor) -> Tensor:
            return inputs[0] * inputs[1]

        def bprop(self, *given: Tensor) -> Any:
            return given[3] * given[1], given[3] * given[0] * 5

    assert values(mg.grad(Net(), (0, 1))(X, Y)) == ([3, 5, 7], [5, 10, 15])


class Scale(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(Tensor([2.0, 2.0, 2.0]), name="w")

    def construct(self, x: Tensor) -> Tensor:
        return x * self.w

    def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
        return (dout * self.w * 3,)


def test_parameters_get_zero_and_may_be_read() -> None:
    """MindSpore's convention; the values are those of the moment."""
    net = Scale()
    assert values(mg.grad(net, 0, net.trainable_params())(X)) == ([6, 6, 6], ([0, 0, 0],))
    plan = mg.compile(net, X, wrt=["x"])
    net.w.set_data(Tensor([1.0, 2.0, 3.0]))
    assert plan(X)[1]["x"].tolist() == [3, 6, 9]


def test_the_second_order_differentiates_the_body() -> None:
    """Of bprop, not of construct."""

    class Net(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return x * x

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return (x * x * x * dout,)

    assert values(mg.grad(mg.grad(Net()))(X)) == [3, 12, 27]


def test_out_is_differentiated_by_bprop_again() -> None:
    """``d/dx (3 out)`` is 9 exp(x) where ``bprop`` says 3 exp(x); recorded: 24.46, 66.50, 180.77."""

    class Net(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return ops.exp(x)

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return (dout * out * 3,)

    np.testing.assert_allclose(mg.grad(mg.grad(Net()))(X).asnumpy(), 9 * np.exp([1, 2, 3]), rtol=1e-6)


def test_a_value_kept_from_construct() -> None:
    """``self.kept`` holds it; at second order it is differentiated as what it is."""

    class Net(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            self.kept = x * 2
            return x * x

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return (dout * self.kept * 5,)

    assert values(mg.grad(Net())(X)) == [10, 20, 30]
    assert values(mg.grad(mg.grad(Net()))(X)) == [10, 10, 10]


def test_values_may_be_looked_at() -> None:
    """Printed, compared, turned to numbers and arrays; compiled gradients see other values anew."""

    class Net(nn.Cell):
        def construct(self, x: Tensor) -> Tensor:
            return x * 2

        def bprop(self, x: Tensor, out: Tensor, dout: Tensor) -> Any:
            return (dout * (5 if x.sum() > 0 else 9) * float(dout.asnumpy().max()),)

    plan = mg.compile(Net(), X)
    assert [plan(x)[1]["x"].tolist() for x in (X, -X, X)] == [[5, 5, 5], [9, 9, 9], [5, 5, 5]]


def test_a_tensor_of_the_network_around_can_not_be_read() -> None:
    """It is no input: its gradient would be lost without a word."""

    def network(x: Tensor, y: Tensor) -> Tensor:
        class Net(nn.Cell):
            def construct(self, a: Tensor) -> Tensor:
                return a * a

            def bprop(self, a: Tensor, out: Tensor, dout: Tensor) -> Any:
                return (dout * y,)

        return Net()(x)

    with pytest.raises(NotImplementedError, match="make it an input"):
        mg.grad(network)(X, Y)


def test_without_a_gradient_construct_runs() -> None:
    """And ``bprop`` does not."""
    assert values(Product(lambda *given: 1 // 0)(X, Y)) == [3, 10, 21]
