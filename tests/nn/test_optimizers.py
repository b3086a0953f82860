"""Optimizers: five steps give what MindSpore 2.10 gave, and their state, names and errors are MindSpore's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msgrad_ext import Parameter, Tensor, nn

GRADIENTS = [
    {"w": [[1.0, 0.5], [-0.2, 0.3]], "gamma": [0.7, -1.1]},
    {"w": [[0.4, -0.6], [0.9, 0.1]], "gamma": [0.2, 0.5]},
    {"w": [[-0.3, 0.8], [0.25, -1.5]], "gamma": [-0.9, 0.05]},
]

# MindSpore 2.10.0 on the CPU: the parameters after five steps from `fresh`.
RECORDED = {
    "nn.SGD(params)": [0.7499999, 1.9400001, -0.665, 3.0700002, 0.61, -1.3849999],
    "nn.SGD(params, 0.1, 0.9, 0.5)": [0.44736, 1.7725149, -0.632728, 3.0297022, 0.424403, -1.062789],
    "nn.SGD(params, 0.1, 0.9, nesterov=True)": [0.123807, 1.7148066, -0.9776222, 3.2340314, 0.3719167, -1.0034351],
    "nn.SGD(params, 0.1, 0.9, weight_decay=0.01, loss_scale=4.0)": [
        0.8134601,
        1.9113876,
        -0.580147,
        3.0062411,
        0.6338658,
        -1.3940097,
    ],
    "nn.Momentum(params, 0.1, 0.9, weight_decay=0.01)": [
        0.2931796,
        1.7242291,
        -0.8402574,
        3.142983,
        0.435463,
        -1.076039,
    ],
    "nn.Adam(params, 0.1)": [0.6207381, 1.8085663, -0.6139626, 2.9095228, 0.4712014, -1.2717155],
    "nn.Adam(params, 0.1, weight_decay=0.01)": [0.618519, 1.7972957, -0.6114414, 2.8969193, 0.4712014, -1.2717155],
    "nn.Adam(params, 0.1, use_nesterov=True)": [0.495329, 1.7394428, -0.6170246, 2.8428829, 0.385237, -1.204833],
    "nn.Adam(params, 0.1, use_amsgrad=True)": [0.6207381, 1.8085663, -0.6139626, 2.9095228, 0.4712014, -1.2717155],
    "nn.Adam(params, 0.1, 0.7, 0.8, 1e-3)": [0.6349535, 1.8208237, -0.6266153, 2.9218941, 0.4925234, -1.2970302],
    "nn.AdamWeightDecay(params, 0.1, weight_decay=0.01)": [
        -0.7310646,
        1.1741159,
        -1.2676992,
        2.8094902,
        -0.2300719,
        -0.522694,
    ],
    "nn.AdaMax(params, 0.1)": [0.6984937, 1.8306293, -0.5379215, 2.8876748, 0.506423, -1.3070817],
    "nn.RMSProp(params, 0.1)": [0.7373464, 1.9385905, -0.6830267, 3.0670702, 0.6032768, -1.3862903],
    "nn.RMSProp(params, 0.1, 0.8, 0.5, 1e-6)": [0.5635421, 1.8453921, -0.7746002, 3.1155512, 0.5427301, -1.2777001],
    "nn.RMSProp(params, 0.1, centered=True, momentum=0.3)": [
        0.6526986,
        1.8915875,
        -0.7195956,
        3.1004298,
        0.577847,
        -1.3260765,
    ],
    "nn.Adagrad(params, learning_rate=0.1)": [0.8043582, 1.9211671, -0.610183, 2.9795601, 0.5940337, -1.4106215],
    "nn.Adadelta(params, 0.5)": [0.9956937, 1.9983509, -0.5029938, 2.9990714, 0.6974983, -1.4987351],
    "nn.SGD(params, nn.ExponentialDecayLR(0.1, 0.5, 2))": [
        0.8413604,
        1.9497489,
        -0.5715685,
        3.0248225,
        0.6311091,
        -1.4014646,
    ],
    "nn.SGD(params, nn.CosineDecayLR(0.01, 0.1, 4))": [
        0.8545918,
        1.9525018,
        -0.5762518,
        3.0358641,
        0.6439099,
        -1.4156618,
    ],
    "nn.SGD([{'params': params[:1], 'lr': 0.2, 'weight_decay': 0.1}, {'params': params[1:]}], 0.1)": [
        0.4257757,
        1.6968839,
        -0.7733003,
        2.8469164,
        0.61,
        -1.3849999,
    ],
}

GROUPS = "[{'params': params[:1], 'lr': 0.2, 'weight_decay': 0.1}, {'params': params[1:]}]"


def fresh(dtype: Any = np.float32) -> list[Parameter]:
    """The parameters before the first step; norms' scale and shift (``gamma``) have no weight decay."""
    return [
        Parameter(Tensor(np.array([[1.0, 2.0], [-0.5, 3.0]], dtype)), name="w"),
        Parameter(Tensor(np.array([0.7, -1.5], dtype)), name="gamma"),
    ]


def made(code: str, params: list[Parameter]) -> Any:
    """The optimizer that ``code`` says."""
    return eval(code, {"nn": nn, "params": params, "Tensor": Tensor})


def stepped(optimizer: Any, steps: int = 5, dtype: Any = np.float32) -> None:
    """Take steps with the recorded gradients in turn."""
    for step in range(steps):
        given = GRADIENTS[step % 3]
        optimizer(tuple(Tensor(np.array(given[one.name], dtype)) for one in optimizer.parameters))


@pytest.mark.parametrize("code", RECORDED)
def test_five_steps_are_mindspores(code: str) -> None:
    """The parameters after five steps are MindSpore's, to the rounding of float32."""
    params = fresh()
    stepped(made(code, params))
    actual = [float(number) for one in params for number in one.asnumpy().ravel()]
    assert actual == pytest.approx(RECORDED[code], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("code", RECORDED)
def test_float64_parameters_stay_float64(code: str) -> None:
    """The same steps in float64 agree with those in float32 to the latter's rounding, and keep the dtype."""
    params = fresh(np.float64)
    stepped(made(code, params), dtype=np.float64)
    assert {one.numpy_dtype for one in params} == {np.dtype(np.float64)}
    actual = [float(number) for one in params for number in one.asnumpy().ravel()]
    assert actual == pytest.approx(RECORDED[code], rel=2e-6, abs=2e-6)


def test_nesterov_momentum_is_the_documented_one() -> None:
    """``p -= lr (g + momentum m)``; MindSpore's CPU kernel takes plain momentum's step instead."""
    weight = Parameter(Tensor([1.0]), name="w")
    optimizer = nn.Momentum([weight], 0.1, 0.9, use_nesterov=True)
    optimizer((Tensor([1.0]),))
    assert float(weight) == pytest.approx(1 - 0.1 * (1 + 0.9))
    optimizer((Tensor([1.0]),))
    assert float(weight) == pytest.approx(0.81 - 0.1 * (1 + 0.9 * 1.9))


def test_the_state_has_mindspores_names() -> None:
    """A prefix and the parameter's name; the learning rate and the step count are parameters as well."""
    optimizer = nn.Momentum(fresh(), 0.1, 0.9)
    names = "global_step learning_rate w gamma momentum moments.w moments.gamma".split()
    assert [one.name for one in optimizer.get_parameters()] == names
    assert [one.name for one in nn.Adam(fresh()).moment2] == ["moment2.w", "moment2.gamma"]


def test_a_step_returns_true_for_each_parameter_and_counts() -> None:
    """As in MindSpore; the count is an int32 of shape (1,)."""
    optimizer = nn.SGD(fresh())
    zeros = tuple(Tensor(np.zeros(one.shape, np.float32)) for one in optimizer.parameters)
    assert optimizer(zeros) == (True, True)
    assert optimizer.global_step.asnumpy().tolist() == [1]


def test_the_learning_rate_can_be_set_between_steps() -> None:
    """It is a parameter; the next step takes its new value."""
    weight = Parameter(Tensor([1.0]), name="w")
    optimizer = nn.SGD([weight], 0.1)
    optimizer.learning_rate.set_data(Tensor(0.5))
    optimizer((Tensor([1.0]),))
    assert float(weight) == 0.5


def test_groups_have_their_own_learning_rates() -> None:
    """``get_lr`` gives one for each parameter, named by its group."""
    optimizer = made(f"nn.SGD({GROUPS}, 0.1)", fresh())
    assert [one.name for one in optimizer.get_lr()] == ["learning_rate_group_0", "learning_rate"]
    assert optimizer.get_lr_parameter(optimizer.parameters[1]).name == "learning_rate"


def test_order_params_orders_the_parameters() -> None:
    """The gradients come in that order."""
    params = fresh()
    optimizer = nn.SGD([{"params": params[:1], "lr": 0.5}, {"params": params[1:]}, {"order_params": params[::-1]}], 0.1)
    assert [one.name for one in optimizer.parameters] == ["gamma", "w"]
    stepped(optimizer, 1)
    assert params[0].asnumpy()[0, 0] == pytest.approx(1.0 - 0.5 * 1.0)


def test_a_list_of_learning_rates_ends() -> None:
    """A step more than it has rates for is refused, as in MindSpore."""
    optimizer = nn.SGD(fresh(), [0.4, 0.2])
    with pytest.raises(RuntimeError, match="step 3 needs one more"):
        stepped(optimizer, 3)


def test_a_weight_decay_can_be_a_schedule() -> None:
    """A cell gives the decay of each step."""
    weight = Parameter(Tensor([1.0]), name="w")
    optimizer = nn.SGD([weight], 0.1, weight_decay=nn.ExponentialDecayLR(0.5, 0.5, 1))
    optimizer((Tensor([0.0]),))
    optimizer((Tensor([0.0]),))
    assert float(weight) == pytest.approx((1 - 0.05) * (1 - 0.025))


def test_a_gradient_in_use_can_not_train() -> None:
    """A stand-in of a running trace is refused: the step would hide in the gradient of the whole."""
    from msgrad_ext.gradients.grad_operation import GradOperation

    weight = Parameter(Tensor([1.0]), name="w")
    optimizer = nn.SGD([weight], 0.1)
    with pytest.raises(TypeError, match="can not leave"):
        GradOperation()(lambda x: x * (optimizer((x,)) == (True,)))(Tensor([1.0]))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("nn.SGD(None)", ValueError),
        ("nn.SGD([])", ValueError),
        ("nn.SGD([1])", TypeError),
        ("nn.SGD(params, -0.1)", ValueError),
        ("nn.SGD(params, 'a')", ValueError),
        ("nn.SGD(params, None)", TypeError),
        ("nn.SGD(params, Tensor([[0.1]]))", ValueError),
        ("nn.SGD(params, momentum=-1.0)", ValueError),
        ("nn.SGD(params, momentum='a')", TypeError),
        ("nn.SGD(params, nesterov=True)", ValueError),
        ("nn.SGD(params, weight_decay=-0.1)", ValueError),
        ("nn.SGD(params, loss_scale=0.0)", ValueError),
        ("nn.Momentum(params, 0.1)", TypeError),
        ("nn.Momentum(params, 0.1, 1)", TypeError),
        ("nn.Adam(params, beta1=1.0)", ValueError),
        ("nn.Adam(params, eps=0.0)", ValueError),
        ("nn.Adam(params, foo=1)", KeyError),
        ("nn.SGD([{'params': params}, {'params': params}])", RuntimeError),
        ("nn.SGD([{'params': params, 'foo': 1}])", KeyError),
        ("nn.SGD([{'params': []}])", ValueError),
        ("nn.ExponentialDecayLR(1, 0.5, 2)", TypeError),
        ("nn.ExponentialDecayLR(0.1, 0.5, -1)", ValueError),
        ("nn.CosineDecayLR(0.2, 0.1, 3)", ValueError),
        ("nn.piecewise_constant_lr([2, 1], [0.1, 0.2])", ValueError),
        ("nn.piecewise_constant_lr([2], [1])", TypeError),
    ],
)
def test_errors_are_of_mindspores_types(code: str, kind: type[Exception]) -> None:
    """What MindSpore refuses is refused with its type of error, or a subclass."""
    with pytest.raises(kind):
        made(code, fresh())


def test_a_gradient_of_another_shape_is_refused() -> None:
    """The message names the parameter."""
    with pytest.raises(ValueError, match="gradient of 'w' must have its shape"):
        nn.SGD(fresh())((Tensor([1.0]), Tensor([1.0, 2.0])))


# MindSpore 2.10.0: the rates of steps 0 to 5.
SCHEDULES = {
    "nn.CosineDecayLR(0.01, 0.1, 4)": [0.1, 0.0868198, 0.055, 0.0231802, 0.01, 0.01],
    "nn.PolynomialDecayLR(0.1, 0.01, 4, 0.5)": [0.1, 0.0879423, 0.0736396, 0.055, 0.01, 0.01],
    "nn.PolynomialDecayLR(0.1, 0.01, 4, 0.5, True)": [0.1, 0.0879423, 0.0736396, 0.055, 0.01, 0.0651135],
    "nn.WarmUpLR(0.1, 4)": [0.0, 0.025, 0.05, 0.075, 0.1, 0.1],
    "nn.ExponentialDecayLR(0.1, 0.9, 4)": [0.1, 0.0974004, 0.0948683, 0.0924021, 0.09, 0.0876603],
    "nn.ExponentialDecayLR(0.1, 0.9, 4, True)": [0.1, 0.1, 0.1, 0.1, 0.09, 0.09],
    "nn.NaturalExpDecayLR(0.1, 0.9, 4)": [0.1, 0.040657, 0.0165299, 0.00672055, 0.00273237, 0.0011109],
    "nn.NaturalExpDecayLR(0.1, 0.9, 4, True)": [0.1, 0.1, 0.1, 0.1, 0.00273237, 0.00273237],
    "nn.InverseDecayLR(0.1, 0.9, 4)": [0.1, 0.0816327, 0.0689655, 0.0597015, 0.0526316, 0.0470588],
    "nn.InverseDecayLR(0.1, 0.9, 4, True)": [0.1, 0.1, 0.1, 0.1, 0.0526316, 0.0526316],
}


@pytest.mark.parametrize("code", SCHEDULES)
def test_schedules_are_mindspores(code: str) -> None:
    """The rate at each of the first steps."""
    schedule = made(code, [])
    rates = [float(schedule(Tensor(np.int32(step)))) for step in range(6)]
    assert rates == pytest.approx(SCHEDULES[code], rel=3e-6)


# MindSpore 2.10.0.
LISTS = {
    "nn.piecewise_constant_lr([2, 3], [0.1, 0.05])": [0.1, 0.1, 0.05],
    "nn.warmup_lr(0.1, 6, 2, 2)": [0.0, 0.0, 0.05, 0.05, 0.1, 0.1],
    "nn.polynomial_decay_lr(0.1, 0.01, 6, 2, 2, 0.5)": [0.1, 0.1, 0.07363961030678928, 0.07363961030678928, 0.01, 0.01],
    "nn.polynomial_decay_lr(0.1, 0.01, 9, 2, 2, 0.5, True)": [
        0.1, 0.1, 0.07363961030678928, 0.07363961030678928, 0.01, 0.01, 0.05500000000000001, 0.05500000000000001, 0.01,
    ],
    "nn.natural_exp_decay_lr(0.1, 0.9, 6, 2, 2)": [
        0.1, 0.1, 0.04065696597405991, 0.04065696597405991, 0.016529888822158657, 0.016529888822158657,
    ],
    "nn.inverse_decay_lr(0.1, 0.5, 6, 2, 1, True)": [
        0.1, 0.1, 0.06666666666666667, 0.06666666666666667, 0.05, 0.05,
    ],
    "nn.exponential_decay_lr(0.1, 0.9, 6, 2, 2, True)": [0.1, 0.1, 0.1, 0.1, 0.09000000000000001, 0.09000000000000001],
}  # fmt: skip


@pytest.mark.parametrize("code", LISTS)
def test_lists_of_rates_are_mindspores(code: str) -> None:
    """The rates of all steps, digit by digit."""
    assert made(code, []) == LISTS[code]
