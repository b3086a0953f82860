"""Elementwise functions at kinks, at the edges of their domains and far out, with figures of MindSpore 2.10 on a CPU."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError

Function = Callable[..., Any]


def gradient(function: Function, *inputs: Any, dtype: Any = np.float32) -> list[np.ndarray]:
    """The gradients by all inputs."""
    tensors = [Tensor(np.array(one, dtype)) for one in inputs]
    return [one.asnumpy() for one in ops.GradOperation(get_all=True)(function)(*tensors)]


# What MindSpore 2.10 gives at each kink.
KINKS: list[tuple[str, Function, list[float], list[float]]] = [
    ("relu", ops.relu, [-1, 0, 1], [0, 0, 1]),
    ("relu6", ops.relu6, [-1, 0, 3, 6, 7], [0, 0, 1, 1, 0]),
    ("hardsigmoid", ops.hardsigmoid, [-4, -3, 0, 3, 4], [0, 0, 1 / 6, 0, 0]),
    ("hardswish", ops.hardswish, [-4, -3, 0, 3, 4], [0, -0.5, 0.5, 1.5, 1]),
    ("elu", ops.elu, [-1, 0, 1], [math.exp(-1), 1, 1]),
    ("celu", lambda x: ops.celu(x, 2.0), [-1, 0, 1], [math.exp(-0.5), 1, 1]),
    ("leaky_relu", ops.leaky_relu, [-1, 0, 1], [0.2, 0.6, 1]),
    ("leaky_relu steep", lambda x: ops.leaky_relu(x, 2.0), [-1, 0, 1], [2, 1.5, 1]),
    ("hardtanh", ops.hardtanh, [-2, -1, 0, 1, 2], [0, 0.5, 1, 0.5, 0]),
    ("hardshrink", ops.hardshrink, [-1, -0.5, 0, 0.5, 1], [1, 0, 0, 0, 1]),
    ("softshrink", ops.softshrink, [-1, -0.5, 0, 0.5, 1], [1, 0, 0, 0, 1]),
    ("threshold", lambda x: ops.threshold(x, 0.5, 9.0), [0, 0.5, 1], [0, 0, 1]),
    ("clip_by_value", lambda x: ops.clip_by_value(x, -1.0, 1.0), [-2, -1, 0, 1, 2], [0, 0.5, 1, 0.5, 0]),
    ("clamp", lambda x: ops.clamp(x, -1.0, 1.0), [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0]),
    ("clamp inverted", lambda x: ops.clamp(x, 3.0, 1.0), [0, 2, 5], [0, 0, 0]),
    ("softsign", ops.softsign, [-1, 0, 1], [0.25, 1, 0.25]),
    ("nan_to_num", lambda x: ops.nan_to_num(x, nan=7.0), [math.nan, math.inf, 1], [0, 0, 1]),
    ("rounding", lambda x: ops.floor(x) + ops.ceil(x) + ops.round(x) + ops.trunc(x), [0, 0.5, 1.5], [0, 0, 0]),
    ("x ** 0", lambda x: x**0, [0, 2], [0, 0]),
]


@pytest.mark.parametrize(("function", "at", "expected"), [pytest.param(*row[1:], id=row[0]) for row in KINKS])
def test_the_gradient_at_kinks_is_mindspores(function: Function, at: list[float], expected: list[float]) -> None:
    """At each kink the convention of MindSpore 2.10 holds."""
    np.testing.assert_allclose(gradient(function, at)[0], expected, rtol=1e-6, atol=1e-7)


PAIRS: list[tuple[str, Function, list[float], list[float], list[float], list[float]]] = [
    ("fmax", ops.fmax, [1, 2, 3, math.nan, 1], [1, 3, 2, 1, math.nan], [1, 0, 1, 0, 1], [0, 1, 0, 1, 0]),
    ("fmin", ops.fmin, [1, 2, 3, math.nan, 1], [1, 3, 2, 1, math.nan], [1, 1, 0, 0, 1], [0, 0, 1, 1, 0]),
    ("floor_mod", ops.floor_mod, [-5.5, 5.5], [3, -3], [1, 1], [2, 2]),
    ("fmod", ops.fmod, [-5.5, 5.5], [3, -3], [1, 1], [1, 1]),
    ("Mod", ops.Mod(), [-5.5, 5.5], [3, -3], [1, 1], [1, 1]),
    ("floor_div", ops.floor_div, [-5.5, 5.5], [3, -3], [0, 0], [0, 0]),
    ("div_no_nan", ops.DivNoNan(), [1, 0, 2], [0, 0, 4], [0, 0, 0.25], [0, 0, -0.125]),
    ("xlogy", ops.xlogy, [0, 0, 2], [0, 2, 3], [0, math.log(2), math.log(3)], [0, 0, 2 / 3]),
    ("0 ** y", ops.pow, [0, 0, 0], [0, 2, 0.5], [0, 0, math.inf], [0, 0, 0]),
    ("negative base", ops.pow, [-2, -2], [2, 3], [-4, 12], [math.nan, math.nan]),
    ("copysign", ops.copysign, [-1, 2, 3], [1, -1, 0], [-1, -1, 1], [0, 0, 0]),
    ("heaviside", ops.heaviside, [-1, 0, 1], [0.5, 0.5, 0.5], [0, 0, 0], [0, 1, 0]),
    ("hypot", ops.hypot, [3, 0], [4, 1], [0.6, 0], [0.8, 1]),
    ("ldexp", ops.ldexp, [1, 2], [2, 3], [4, 8], [2.7725887, 11.090355]),
    ("logaddexp", ops.logaddexp, [1, 2], [3, 2], [0.11920292, 0.5], [0.8807971, 0.5]),
    ("clamp by tensors", lambda x, low: ops.clamp(x, low, 1.0), [-2, -1, 0], [-1, -1, -1], [0, 1, 1], [1, 0, 0]),
]


@pytest.mark.parametrize(("function", "a", "b", "by_a", "by_b"), [pytest.param(*row[1:], id=row[0]) for row in PAIRS])
def test_the_gradients_of_two_operands(function: Function, a: Any, b: Any, by_a: Any, by_b: Any) -> None:
    """Ties, remainders and zeros of functions of two operands follow the stated conventions."""
    found = gradient(function, a, b)
    np.testing.assert_allclose(found[0], by_a, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found[1], by_b, rtol=1e-6, atol=1e-7)


FAR: list[tuple[str, Function, float, float, float]] = [
    ("sigmoid", ops.sigmoid, -100.0, math.exp(-100), math.exp(-100)),
    ("sigmoid at 40", ops.sigmoid, 40.0, 1.0, math.exp(-40)),
    ("logsigmoid", ops.logsigmoid, -200.0, -200.0, 1.0),
    ("tanh", ops.tanh, 12.0, math.tanh(12), 1 / math.cosh(12) ** 2),
    ("softplus", ops.softplus, 1000.0, 1000.0, 1.0),
    ("elu", ops.elu, 1000.0, 1000.0, 1.0),
    ("selu", ops.selu, -1.0, 1.7580993408473766 * math.expm1(-1), 1.7580993408473766 * math.exp(-1)),
    ("gelu", ops.gelu, -10.0, -5 * math.erfc(10 / math.sqrt(2)), -7.618400096464814e-22),
    ("mish", ops.mish, -50.0, -50 * math.exp(-50), -49 * math.exp(-50)),
    ("log1p", ops.log1p, 1e-10, math.log1p(1e-10), 1 / (1 + 1e-10)),
    ("expm1", ops.expm1, -40.0, -1.0, math.exp(-40)),
    ("asinh", ops.asinh, 1e200, math.asinh(1e200), 1e-200),
    ("erfc", ops.erfc, 10.0, math.erfc(10), -2 / math.sqrt(math.pi) * math.exp(-100)),
    ("erfinv", ops.erfinv, 0.999999, 3.4589107372795004, 139146.31032670863),
    ("lgamma", ops.lgamma, -3.3, math.lgamma(-3.3), 3.6203534605921258),
    ("digamma", ops.digamma, 0.5, -1.9635100260214235, math.pi**2 / 2),
    ("polygamma", lambda x: ops.polygamma(2, x), 1.0, -2 * 1.2020569031595942, math.pi**4 / 15),
    ("atanh", ops.atanh, 1 - 1e-12, math.atanh(1 - 1e-12), 1 / ((1 - (1 - 1e-12)) * (2 - 1e-12))),
]


@pytest.mark.parametrize(("function", "at", "value", "slope"), [pytest.param(*row[1:], id=row[0]) for row in FAR])
def test_far_out_no_digits_are_lost(function: Function, at: float, value: float, slope: float) -> None:
    """Value and gradient are right to ten digits in float64, far out and near the edges, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = Tensor(np.array([at]))
        np.testing.assert_allclose(function(x).asnumpy(), [value], rtol=2e-10)
        np.testing.assert_allclose(gradient(function, [at], dtype=np.float64)[0], [slope], rtol=2e-10)


VALUES: list[tuple[str, Function, list[float], list[float]]] = [
    ("gelu", ops.gelu, [-1, 0, 1], [-0.15865526, 0, 0.8413447]),
    ("gelu tanh", lambda x: ops.gelu(x, approximate="tanh"), [-1, 0, 1], [-0.158808, 0, 0.841192]),
    ("GeLU", ops.GeLU(), [-1, 0, 1], [-0.158808, 0, 0.841192]),
    ("fast_gelu", ops.fast_gelu, [-1, 0, 1], [-0.15420423, 0, 0.84579575]),
    ("mish", ops.mish, [-1, 0, 1], [-0.30340102, 0, 0.86509824]),
    ("softplus", lambda x: ops.softplus(x, 2, 3), [-1, 0, 1, 2], [0.06346397, 0.3465735, 1.063464, 2]),
    ("glu", ops.glu, [1, 2, 3, 4], [0.95257413, 1.9640275]),
    ("softmin", ops.softmin, [1, 2], [0.7310589, 0.26894107]),
    ("logit", lambda x: ops.logit(x, 1e-3), [0, 0.2, 0.9, 1], [-6.906755, -1.3862944, 2.1972244, 6.906755]),
    ("exp2", ops.exp2, [3, 0.5], [8, 1.4142135]),
    ("log2", ops.log2, [8, 0.5], [3, -1]),
    ("log10", ops.log10, [1000, 0.5], [3, -0.30103]),
    ("sinc", ops.sinc, [0, 0.5], [1, 0.63661975]),
    ("erfinv", ops.erfinv, [0, 0.5, -0.9], [0, 0.47693628, -1.1630871]),
    ("mvlgamma", lambda x: ops.mvlgamma(x, 2), [2, 3], [0.4515827, 1.550195]),
    ("round", lambda x: ops.round(x), [0.5, 1.5, -2.5], [0, 2, -2]),
    ("round to tenths", lambda x: ops.round(x, decimals=1), [0.54, 1.26], [0.5, 1.3]),
    ("operators", lambda x: x // 3 + x % 3, [-5.5, 5.5], [-1.5, 3.5]),
    ("div", lambda x: ops.div(x, 2.0, rounding_mode="trunc"), [-7, 7], [-3, 3]),
    ("subtract", lambda x: ops.subtract(x, x, alpha=3), [7], [-14]),
    ("keywords", lambda x: ops.pow(input=x, exponent=2), [3], [9]),
]


@pytest.mark.parametrize(("function", "at", "expected"), [pytest.param(*row[1:], id=row[0]) for row in VALUES])
def test_values_are_mindspores(function: Function, at: list[float], expected: list[float]) -> None:
    """Values recorded from MindSpore 2.10 come out, to the rounding of its float32."""
    result = function(Tensor(np.array(at, np.float32)))
    assert result.dtype == mg.dtype.float32
    np.testing.assert_allclose(result.asnumpy(), expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda x: ops.gelu(x, approximate="x"), ArgumentValueError),
        (lambda x: ops.celu(x, 0.0), ArgumentValueError),
        (lambda x: ops.celu(x, 1), ArgumentError),
        (lambda x: ops.hardshrink(x, "a"), ArgumentError),
        (lambda x: ops.softshrink(x, -1.0), ArgumentValueError),
        (lambda x: ops.leaky_relu(x, "a"), ArgumentError),
        (lambda x: ops.clamp(x), ArgumentValueError),
        (lambda x: ops.clip_by_value(x), ArgumentValueError),
        (lambda x: ops.glu(x), ArgumentValueError),
        (lambda x: ops.prelu(ops.ones_like(x) * Tensor([[1.0, 2.0, 3.0]]), Tensor([1.0, 2.0])), ShapeError),
        (lambda x: ops.threshold(x, "a", 1.0), ArgumentError),
        (lambda x: ops.rrelu(x, 0.5, 0.2), ArgumentValueError),
        (lambda x: ops.hardtanh(x, "a", 1.0), ArgumentError),
        (lambda x: ops.lerp(x, x, "a"), ArgumentError),
        (lambda x: ops.addcmul(x, x, x, "a"), ArgumentError),
        (lambda x: ops.div(x, x, rounding_mode="x"), ArgumentValueError),
        (lambda x: ops.nan_to_num(x, "a"), ArgumentError),
        (lambda x: ops.polygamma(-1, x), ArgumentValueError),
        (lambda x: ops.exp(inputs=x), ArgumentError),
        (lambda x: ops.sin(Tensor([1])), DtypeError),
    ],
)
def test_wrong_arguments_are_refused(function: Function, error: type[Exception]) -> None:
    """A wrong kind is a TypeError, a wrong value a ValueError."""
    with pytest.raises(error):
        function(Tensor([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("name", "sqrt reciprocal exp2 lgamma sinc".split())
def test_integers_become_float32(name: str) -> None:
    """Functions that MindSpore takes integers for give Float32."""
    assert getattr(ops, name)(Tensor([1, 2])).dtype == mg.dtype.float32


@pytest.mark.parametrize("name", "round trunc relu square abs sign floor_div floor_mod fmod".split())
def test_integers_stay_integers(name: str) -> None:
    """Whole results of whole numbers keep their dtype."""
    function = getattr(ops, name)
    operands = (Tensor([7, -7]), Tensor([2, 2]))
    result = function(*operands[: 2 if name in ("floor_div", "floor_mod", "fmod") else 1])
    assert result.dtype == mg.dtype.int64


def test_questions_about_numbers() -> None:
    """NaN, infinities and closeness are told apart."""
    x = Tensor(np.array([1.0, math.nan, math.inf, -math.inf]))
    assert ops.isnan(x).asnumpy().tolist() == [False, True, False, False]
    assert ops.isinf(x).asnumpy().tolist() == [False, False, True, True]
    assert ops.isfinite(x).asnumpy().tolist() == [True, False, False, False]
    assert ops.isneginf(x).asnumpy().tolist() == [False, False, False, True]
    assert ops.isclose(x, x).asnumpy().tolist() == [True, False, True, True]
    assert ops.isclose(x, x, equal_nan=True).asnumpy().all()


@pytest.mark.parametrize("function", [ops.gelu, ops.erf, ops.lgamma, ops.mish])
def test_a_large_network_of_special_functions_is_not_called_kinked(function: Function) -> None:
    """A voice in float64 alone does not look like a kink to a witness in extended precision."""
    x = np.random.default_rng(0).uniform(0.2, 2.0, (150, 200))
    assert mg.check(function, x).verdict == "agree"


@pytest.mark.parametrize(
    ("function", "at", "status"),
    [
        (ops.relu6, [0.0, 6.0], "kink"),
        (ops.clamp, [-1.0, 1.0], "kink"),
        (ops.floor, [1.0], "kink"),
        (ops.sign, [0.0], "kink"),
        (ops.asin, [1.0], "outside-domain"),
        (ops.lgamma, [0.0], "outside-domain"),
        (ops.selu, [-1.0, 2.0], "agree"),
    ],
)
def test_a_check_says_where_a_function_stands(function: Function, at: list[float], status: str) -> None:
    """Kinks and edges of domains have a status of their own, and a kink names its convention."""
    network = (lambda x: ops.clamp(x, -1.0, 1.0)) if function is ops.clamp else (lambda x: function(x) * x)
    report = mg.check(network, np.array(at))
    assert report.verdict == status
    if status == "kink":
        assert "convention" in report["x"].note or "derivative" in report["x"].note


def test_the_exports_of_special_functions_run() -> None:
    """The numpy export of functions that numpy lacks stands alone and checks itself, and so does the SymPy one."""
    report = mg.check(
        lambda x: ops.gelu(x) + ops.lgamma(x) + ops.digamma(x) + ops.erfinv(x) + ops.log2(x) + ops.deg2rad(x),
        np.array([0.3, 0.7]),
    )
    for target in ("numpy", "sympy"):
        source = report.export(target)
        exec(compile(source, target, "exec"), {"__name__": "__main__"})
