"""`GradOperation`: MindSpore's structures of results, its rules for ``sens``, nesting, and which errors it raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import Parameter, ParameterTuple, nn, ops
from msgrad_ext import dtype as mstype
from msgrad_ext.ops import GradOperation
from msgrad_ext.tensor import Tensor

from .networks import Two


class Seed(nn.Cell):
    """The tutorial's network, ``(x z) @ y``."""

    def __init__(self) -> None:
        super().__init__()
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name="z")

    def construct(self, x: Tensor, y: Tensor) -> Tensor:
        x = x * self.z
        return self.matmul(x, y)


SX = np.array([[0.8, 0.6, 0.2], [1.8, 1.3, 1.1]], np.float32)
SY = np.array([[0.11, 3.3, 1.1], [1.1, 0.2, 1.4], [1.1, 2.2, 0.3]], np.float32)
SENS = np.array([[0.1, 0.6, 0.2], [0.8, 1.3, 1.1]], np.float32)
X = Tensor(np.array([1.0, 2.0]))


def form(result: Any) -> Any:
    """The structure of a result: a shape for each tensor, tuples as they are."""
    return tuple(map(form, result)) if isinstance(result, tuple) else list(result.shape)


def values(result: Any) -> Any:
    """The numbers of a result."""
    return tuple(map(values, result)) if isinstance(result, tuple) else result.asnumpy().tolist()


# The tutorial --------------------------------------------------------------------------------------------------------


def test_the_tutorials_first_figure_prints_as_in_mindspore() -> None:
    """The gradient by the first input, printed."""
    found = GradOperation()(Seed())(Tensor(SX), Tensor(SY))
    assert str(found) == "[[4.5099998 2.7       3.6000001]\n [4.5099998 2.7       3.6000001]]"


def test_the_tutorials_gradient_by_all_inputs() -> None:
    """``get_all``: a tuple, whose second member has equal rows."""
    _, dy = GradOperation(get_all=True)(Seed())(Tensor(SX), Tensor(SY))
    np.testing.assert_allclose(dy.asnumpy(), [[2.6] * 3, [1.9] * 3, [1.3] * 3], rtol=1e-6)


def test_the_tutorials_gradient_by_the_weight_prints_as_in_mindspore() -> None:
    """``get_by_list``: a tuple of one tensor, printed."""
    net = Seed()
    found = GradOperation(get_by_list=True)(net, ParameterTuple(net.trainable_params()))(Tensor(SX), Tensor(SY))
    assert str(found) == "(Tensor(shape=[1], dtype=Float32, value= [ 2.15359993e+01]),)"


def test_the_tutorials_gradient_with_weights_of_the_output() -> None:
    """``sens_param``: the product of the weights and the transposed second operand."""
    found = GradOperation(sens_param=True)(Seed())(Tensor(SX), Tensor(SY), Tensor(SENS))
    np.testing.assert_allclose(found.asnumpy(), SENS @ SY.T, rtol=1e-6)


# The table of structures ------------------------------------------------------------------------------------------

STRUCTURES = [
    (False, False, [2]),
    (True, False, ([2],)),
    (False, True, ([2], [2])),
    (True, True, (([2],), ([2], [2]))),
]


@pytest.mark.parametrize(("get_all", "get_by_list", "expected"), STRUCTURES)
def test_the_structure_of_the_result(get_all: bool, get_by_list: bool, expected: Any) -> None:
    """The table of MindSpore, without weights of the output."""
    net = Two()
    assert form(GradOperation(get_all, get_by_list)(net, [net.w, net.b])(X)) == expected


@pytest.mark.parametrize(("get_all", "get_by_list", "expected"), STRUCTURES)
def test_sens_does_not_change_the_structure(get_all: bool, get_by_list: bool, expected: Any) -> None:
    """``sens_param`` appends an argument and changes no structure."""
    net = Two()
    assert form(GradOperation(get_all, get_by_list, True)(net, [net.w, net.b])(X, X)) == expected


def test_get_all_gives_one_gradient_for_each_input() -> None:
    """Two inputs, two gradients."""
    assert form(GradOperation(get_all=True)(Seed())(Tensor(SX), Tensor(SY))) == ([2, 3], [3, 3])


def test_a_single_parameter_gives_a_bare_tensor() -> None:
    """A Parameter in place of a list: no tuple around its gradient."""
    net = Two()
    assert form(GradOperation(True, True)(net, net.w)(X)) == (([2],), [2])


@pytest.mark.parametrize("kind", [list, tuple, ParameterTuple])
def test_weights_may_be_any_sequence(kind: Any) -> None:
    """List, tuple and ParameterTuple alike, in the given order."""
    net = Two()
    assert values(GradOperation(get_by_list=True)(net, kind([net.b, net.w]))(X)) == ([1.0, 1.0], [4.0, 8.0])


def test_a_parameter_listed_twice_comes_twice_in_full() -> None:
    """Each time with the whole gradient."""
    net = Two()
    assert values(GradOperation(get_by_list=True)(net, [net.w, net.w])(X)) == ([4.0, 8.0], [4.0, 8.0])


def test_an_empty_list_gives_an_empty_tuple() -> None:
    """Nothing asked, nothing given."""
    assert GradOperation(get_by_list=True)(Two(), [])(X) == ()


def test_an_unused_parameter_gets_zeros_of_its_shape() -> None:
    """So does one of another network."""
    net = Two()
    assert values(GradOperation(get_by_list=True)(net, [net.unused, Two().w])(X)) == ([0.0] * 3, [0.0] * 2)


def test_missing_weights_mean_all_trainable_parameters() -> None:
    """Without a list: those that require a gradient, in order, unused ones with zeros."""
    assert form(GradOperation(get_by_list=True)(Two())(X)) == ([2], [2], [3])


def test_a_frozen_parameter_that_is_listed_gets_its_true_gradient() -> None:
    """The rule where MindSpore's modes differ."""
    net = Two()
    assert values(GradOperation(get_by_list=True)(net, net.frozen)(X)) == 8.0


def test_a_frozen_parameter_passes_the_gradient_on() -> None:
    """Inputs behind a frozen parameter have their gradient."""
    assert values(GradOperation()(Two())(X)) == [8.0, 12.0]


def test_weights_without_get_by_list_are_ignored() -> None:
    """As in MindSpore."""
    net = Two()
    assert form(GradOperation()(net, [net.w])(X)) == [2]


@pytest.mark.parametrize("weights", [{"w": 1}, "w", 3, [1], [None]])
def test_weights_that_are_no_parameters_are_refused(weights: Any) -> None:
    """TypeError, as in MindSpore."""
    with pytest.raises(TypeError, match="weights"):
        GradOperation(get_by_list=True)(Two(), weights)


# Inputs ------------------------------------------------------------------------------------------------------------


def test_get_all_skips_arguments_that_are_no_tensors() -> None:
    """Numbers, strings, None and tuples are passed on and get no gradient."""
    net = lambda a, x, b, c, d: x * a + b  # noqa: E731
    assert values(GradOperation(get_all=True)(net)(2, X, 1.0, None, (1, 2))) == ([2.0, 2.0],)


def test_a_first_argument_that_is_no_tensor_gives_nothing() -> None:
    """Without ``get_all`` it is the first argument that counts."""
    assert GradOperation()(lambda a, x: x * a)(2, X) == ()


def test_keyword_inputs_count_as_inputs() -> None:
    """A tensor given by keyword has its gradient, also as the only one."""
    assert values(GradOperation()(lambda x: x * x)(x=X)) == [2.0, 4.0]


def test_keyword_inputs_come_after_positional_ones() -> None:
    """``get_all`` lists them in the order of the call."""
    assert values(GradOperation(get_all=True)(lambda x, y: x * y)(X, y=X * 3.0)) == ([3.0, 6.0], [1.0, 2.0])


def test_starred_arguments_are_inputs() -> None:
    """``*xs`` has a gradient for each member."""
    assert values(GradOperation(get_all=True)(lambda *xs: xs[0] * xs[1])(X, X + 1.0)) == ([2.0, 3.0], [1.0, 2.0])


def test_one_tensor_at_two_places_is_two_inputs() -> None:
    """Gradients go by position, not by identity: d(xy)/dx at (a, a) is a."""
    assert values(GradOperation(get_all=True)(lambda x, y: x * y)(X, X)) == ([1.0, 2.0], [1.0, 2.0])


def test_an_inner_gradient_goes_by_position_too() -> None:
    """``x d/dy (x y^2)`` at ``y = x`` is ``2 x^3``, where MindSpore's default mode gives ``3 x^3``."""
    inner = GradOperation(get_all=True)(lambda x, y: x * y * y)
    assert values(inner(X, X)[1] * X) == [2.0, 16.0]


def test_an_unused_input_gets_zeros_of_its_own_dtype() -> None:
    """Of its shape, too."""
    found = GradOperation(get_all=True)(lambda x, y: x * 2.0)(X, Tensor(np.ones((3, 1), np.float16)))[1]
    assert (found.dtype, found.asnumpy().tolist()) == (mstype.float16, [[0.0]] * 3)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_a_gradient_has_its_inputs_dtype(kind: str) -> None:
    """Also beside an operand of another dtype."""
    x = Tensor(np.array([1.0, 2.0], kind))
    assert GradOperation()(lambda x: x * Tensor(np.array([3.0, 4.0])))(x).numpy_dtype == kind


def test_no_inputs_at_all() -> None:
    """``get_all`` with ``get_by_list`` and no inputs: an empty tuple and the weights."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = Parameter(np.array(3.0))

        def construct(self) -> Tensor:
            return self.w * self.w

    assert values(GradOperation(True, True)(Net())()) == ((), (6.0,))


# Outputs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "net",
    [
        lambda x: (x * 2.0, x * 3.0),
        lambda x: [x * 2.0, x * 3.0],
        lambda x: {"a": x * 2.0, "b": x * 3.0},
        lambda x: (x * 2.0, (x * 3.0, None, 7, "text")),
        lambda x: (x * 5.0, x > 0, ops.cast(x, mstype.int32)),
    ],
)
def test_the_outputs_contributions_add(net: Any) -> None:
    """Tuples, lists, dicts and nested outputs; what is not float adds nothing."""
    assert values(GradOperation()(net)(X)) == [5.0, 5.0]


@pytest.mark.parametrize("net", [lambda x: Tensor([1.0]), lambda x: None, lambda x: 3.0, lambda x: x > 0])
def test_a_constant_output_has_zero_gradient(net: Any) -> None:
    """Constant, None, a number, or a comparison: zeros, no error."""
    assert values(GradOperation()(net)(X)) == [0.0, 0.0]


def test_the_input_itself_as_output() -> None:
    """The identity has gradient one."""
    assert values(GradOperation()(lambda x: x)(X)) == [1.0, 1.0]


# sens --------------------------------------------------------------------------------------------------------------


def weighted(net: Any, *args: Any, **keywords: Any) -> Any:
    """The gradient by the first input, the last argument being the weights."""
    return GradOperation(sens_param=True)(net)(*args, **keywords)


def test_sens_may_be_a_keyword() -> None:
    """Called ``sens``."""
    assert values(weighted(lambda x: x * x, X, sens=Tensor(np.array([1.0, 10.0])))) == [2.0, 40.0]


@pytest.mark.parametrize("shape", [(1,), (3,), (1, 2), ()])
def test_sens_of_another_shape_is_a_value_error(shape: tuple[int, ...]) -> None:
    """Shapes must be equal; what would broadcast is refused as well."""
    with pytest.raises(ValueError, match="shape"):
        weighted(lambda x: x * x, X, Tensor(np.ones(shape)))


@pytest.mark.parametrize("kind", ["float16", "float32", "int64"])
def test_sens_of_another_dtype_is_a_type_error(kind: str) -> None:
    """Dtypes must be equal."""
    with pytest.raises(TypeError, match="dtype"):
        weighted(lambda x: x * x, X, Tensor(np.ones(2, kind)))


def test_missing_sens_is_a_type_error() -> None:
    """As when any argument is missing."""
    with pytest.raises(TypeError):
        weighted(lambda x: x * x, X)


def test_no_argument_at_all_is_a_type_error() -> None:
    """With the name of what is missing."""
    with pytest.raises(TypeError, match="sens_param"):
        weighted(lambda: Tensor(1.0))


def test_an_extra_argument_is_a_type_error() -> None:
    """Weights without ``sens_param`` are one argument too many for the network."""
    with pytest.raises(TypeError):
        GradOperation()(lambda x: x * x)(X, X)


def test_several_outputs_need_several_weights() -> None:
    """One tensor for two outputs is refused."""
    with pytest.raises(TypeError, match="2 outputs"):
        weighted(lambda x: (x, x * x), X, X)


def test_several_outputs_take_a_tuple_of_weights() -> None:
    """Nested as the outputs are."""
    assert values(weighted(lambda x: (x, (x * x,)), X, (X, (X,)))) == [3.0, 10.0]


@pytest.mark.parametrize("sens", [Tensor(2.0, mstype.float64), 2.0, Tensor(np.array([2.0]))])
def test_a_scalar_output_takes_a_scalar_weight(sens: Any) -> None:
    """A 0-d tensor, a number, or a tensor of shape (1,)."""
    assert values(weighted(lambda x: (x * x).sum(), X, sens)) == [4.0, 8.0]


# The constructor --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["get_all", "get_by_list", "sens_param"])
@pytest.mark.parametrize("value", [1, 0, "yes", None, np.bool_(True)])
def test_flags_must_be_bool(flag: str, value: Any) -> None:
    """With MindSpore's words."""
    with pytest.raises(TypeError, match=f"For 'GradOperation', the '{flag}' should be bool, but got"):
        GradOperation(**{flag: value})


def test_an_unknown_flag_is_a_type_error() -> None:
    """A misspelt flag is not taken for another."""
    with pytest.raises(TypeError):
        GradOperation(getall=True)


def test_what_is_not_callable_is_refused() -> None:
    """TypeError with the type's name."""
    with pytest.raises(TypeError, match="int"):
        GradOperation()(3)
