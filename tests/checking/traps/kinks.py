"""Traps 1 to 40: kinks, ties, steps, poles, edges of domains."""

from __future__ import annotations

import numpy as np

from msgrad_ext import ops

from .trap import AGREE, FINE, KINK, NAN, OUTSIDE, Trap, f64

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
DEFINITE = np.array([[4.0, 1.0], [1.0, 3.0]])
POINTS = np.array([[0.0, 0.0], [1.0, 2.0]])
NOT_SMOOTH = ("kink", "outside-domain")

TRAPS = (
    Trap(1, "relu at 0", ops.relu, (f64(-1, 0, 2),), KINK, [0, 0, 1]),
    Trap(2, "maximum with 0 at 0", lambda x: ops.maximum(x, 0.0), (f64(-1, 0, 2),), KINK, [0, 0.5, 1]),
    Trap(3, "maximum tie", ops.maximum, (f64(2, 1), f64(2, 3)), KINK, [0.5, 0]),
    Trap(3, "minimum tie", ops.minimum, (f64(2, 1), f64(2, 3)), KINK, [0.5, 1]),
    Trap(4, "reduce_max tie", ops.reduce_max, (f64(1, 3, 3, 0),), KINK, [0, 0.5, 0.5, 0]),
    Trap(4, "amin tie", ops.amin, (f64(1, 1, 3),), KINK, [0.5, 0.5, 0]),
    Trap(
        5, "max along an axis, with its place, tie", lambda x: ops.max(x, 0)[0], (f64(1, 3, 3, 0),), KINK, [0, 1, 0, 0]
    ),
    Trap(6, "abs at 0", ops.abs, (f64(-2, 0, 3),), KINK, [-1, 0, 1]),
    Trap(7, "leaky relu at 0", lambda x: ops.leaky_relu(x, 0.2), (f64(-1, 0, 1),), KINK, [0.2, 0.6, 1]),
    Trap(8, "relu6 at 0 and 6", ops.relu6, (f64(0, 3, 6),), KINK, [0, 1, 1]),
    Trap(8, "hardtanh at -1 and 1", ops.hardtanh, (f64(-1, 0.5, 1),), KINK, [0.5, 1, 0.5]),
    Trap(8, "hardswish at -3 and 3", ops.hardswish, (f64(-3, 0, 3),), KINK, [-0.5, 0.5, 1.5]),
    Trap(8, "hardsigmoid at -3 and 3", ops.hardsigmoid, (f64(-3, 0, 3),), KINK, [0, 1 / 6, 0]),
    Trap(9, "clamp at its bounds", lambda x: ops.clamp(x, 0.0, 1.0), (f64(-1, 0, 1, 2),), KINK, [0, 1, 1, 0]),
    Trap(9, "clip_by_value at its bounds", lambda x: ops.clip_by_value(x, 0.0, 1.0), (f64(0, 0.5, 1),), KINK),
    Trap(10, "clamp with min over max", lambda x: ops.clamp(x, 1.0, 0.0) + 0 * x, (f64(0.3, 2),), AGREE, [0, 0]),
    Trap(10, "clamp of NaN", lambda x: ops.clamp(x, 0.0, 1.0), (f64(NAN, 0.5),), OUTSIDE),
    Trap(11, "sign at 0", ops.sign, (f64(-1, 0, 2),), KINK, [0, 0, 0]),
    Trap(11, "round at a half", lambda x: ops.round(x) + x, (f64(0.5),), KINK, [1]),
    Trap(11, "floor at a whole number", lambda x: ops.floor(x) + x, (f64(1, 1.5),), KINK, [1, 1]),
    Trap(11, "floor between whole numbers", lambda x: ops.floor(x) * x, (f64(1.5, -0.5),), AGREE, [1, -1]),
    Trap(12, "floor_div", lambda x: ops.floor_div(x, 3.0) * x, (f64(-5.5),), AGREE, [-2]),
    Trap(12, "floor_mod by its divisor", lambda y: ops.floor_mod(ops.ones_like(y) * -5.5, y), (f64(3),), AGREE, [2]),
    Trap(
        12, "truncate_mod by its divisor", lambda y: ops.truncate_mod(ops.ones_like(y) * -5.5, y), (f64(3),), AGREE, [1]
    ),
    Trap(13, "heaviside at 0", lambda x: ops.heaviside(x, ops.ones_like(x)) + x, (f64(0, 1),), NOT_SMOOTH, [1, 1]),
    Trap(13, "heaviside beside 0", lambda x: ops.heaviside(x, ops.ones_like(x)) * x, (f64(-2, 1),), AGREE, [0, 1]),
    Trap(14, "sort, tie", lambda x: ops.sort(x)[0] * f64_(1, 10, 100), (f64(2, 1, 2),), KINK),
    Trap(14, "topk, tie", lambda x: ops.topk(x, 2)[0] * f64_(1, 10), (f64(2, 1, 2),), KINK),
    Trap(15, "median of an even count", lambda x: ops.median(x, 0)[0], (f64(1, 2, 5, 4),), AGREE, [0, 1, 0, 0]),
    Trap(16, "max pool, tie", lambda x: ops.max_pool2d(x, 2, 2), (np.ones((1, 1, 2, 2)),), KINK, [[[[1, 0], [0, 0]]]]),
    Trap(17, "max(x, x)", lambda x: ops.maximum(x, x), (f64(1, -2),), AGREE, [1, 1]),
    Trap(18, "l1 at 0", lambda x, y: ops.abs(x - y).sum(), (f64(1, 2), f64(1, 0)), KINK, [0, 1]),
    Trap(
        18,
        "smooth l1 at its joint",
        lambda x: ops.smooth_l1_loss(x, ops.zeros_like(x), reduction="none"),
        (f64(1, -1),),
        FINE,
        [1, -1],
    ),
    Trap(19, "relu(x) - relu(-x) at 0", lambda x: ops.relu(x) - ops.relu(-x), (f64(0),), KINK, [0]),
    Trap(20, "relu(-t) + t - relu(t) at 0", lambda t: ops.relu(-t) + t - ops.relu(t), (f64(0),), KINK, [1]),
    Trap(21, "identity by where", lambda x: ops.where(x == 1.0, ops.ones_like(x), x), (f64(1),), KINK, [0]),
    Trap(21, "identity by a Python branch", lambda x: x * 0.0 + 1.0 if x == 1.0 else x, (np.array(1.0),), KINK),
    Trap(22, "sqrt at 0", ops.sqrt, (f64(0, 4),), OUTSIDE),
    Trap(22, "0 sqrt(x) at 0", lambda x: ops.sqrt(x) * 0.0, (f64(0),), OUTSIDE),
    Trap(23, "norm at 0", lambda x: ops.norm(x), (f64(0, 0),), NOT_SMOOTH),
    Trap(24, "norm squared at 0", lambda x: ops.sqrt((x * x).sum()) ** 2.0, (f64(0, 0),), OUTSIDE),
    Trap(25, "standard deviation of equal numbers", lambda x: ops.std(x), (f64(2, 2, 2),), NOT_SMOOTH),
    Trap(25, "variance of one number", lambda x: ops.var(x, ddof=1), (f64(2),), OUTSIDE),
    Trap(26, "cdist of equal points", lambda x: ops.cdist(x, x), (POINTS,), NOT_SMOOTH),
    Trap(
        27,
        "cosine similarity with 0",
        lambda x, y: ops.cosine_similarity(x, y, 0),
        (f64(0, 0), f64(1, 2)),
        ("agree", "kink", "outside-domain"),
    ),
    Trap(28, "x log x at 0", lambda x: x * ops.log(x), (f64(0),), OUTSIDE),
    Trap(
        28,
        "xlogy by y at 0, 0",
        lambda y: ops.xlogy(ops.zeros_like(y), y),
        (f64(0.0),),
        ("outside-domain", "kink", "agree"),
    ),
    Trap(29, "atan2 at 0, 0", lambda x: ops.atan2(x, ops.zeros_like(x)), (f64(0),), NOT_SMOOTH),
    Trap(29, "hypot at 0, 0", lambda x: ops.hypot(x, ops.zeros_like(x)), (f64(0),), NOT_SMOOTH),
    Trap(30, "sinc at 0", ops.sinc, (f64(0, 0.5),), FINE),
    Trap(
        30,
        "sin(x) / x, guarded",
        lambda x: ops.where(x == 0, ops.ones_like(x), ops.sin(x) / x),
        (f64(0),),
        ("agree", "kink"),
        [0],
    ),
    Trap(31, "asin at 1", ops.asin, (f64(1),), OUTSIDE),
    Trap(31, "acos at -1", ops.acos, (f64(-1),), OUTSIDE),
    Trap(31, "atanh at 1", ops.atanh, (f64(1),), OUTSIDE),
    Trap(31, "acosh at 1", ops.acosh, (f64(1),), OUTSIDE),
    Trap(32, "1 / x at 0", lambda x: 1.0 / x, (f64(0),), OUTSIDE),
    Trap(32, "0 / 0", lambda x, y: x / y, (f64(0), f64(0)), OUTSIDE),
    Trap(33, "x ** 0 at 0", lambda x: x**0.0, (f64(0, 2),), AGREE, [0, 0]),
    Trap(33, "x ** 0 as a tensor at 0", lambda x: ops.pow(x, ops.zeros_like(x)), (f64(0, 2),), AGREE, [0, 0]),
    Trap(34, "0 ** y by y", lambda y: ops.pow(ops.zeros_like(y), y), (f64(2, 0.5),), AGREE, [0, 0]),
    Trap(35, "negative base, by the base", lambda x: ops.pow(x, ops.ones_like(x) * 3.0), (f64(-2),), AGREE, [12]),
    Trap(35, "negative base, by the exponent", lambda y: ops.pow(ops.ones_like(y) * -2.0, y), (f64(3),), OUTSIDE),
    Trap(36, "log of -1", ops.log, (f64(-1, 2),), OUTSIDE),
    Trap(37, "lgamma at 0", ops.lgamma, (f64(0),), OUTSIDE),
    Trap(37, "lgamma at -1", ops.lgamma, (f64(-1),), OUTSIDE),
    Trap(39, "determinant of a singular matrix", ops.det, (SINGULAR,), FINE, [[4, -2], [-2, 1]]),
    Trap(40, "cholesky", ops.cholesky, (DEFINITE,), FINE),
)


def f64_(*values: float):
    """Constant weights, as a tensor."""
    from msgrad_ext.tensor import Tensor

    return Tensor(f64(*values))
