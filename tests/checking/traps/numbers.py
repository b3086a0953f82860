"""Traps 41 to 66: guards, overflow, cancellation, precision, products with zeros, reductions."""

from __future__ import annotations

import numpy as np

from msgrad_ext import ops

from .trap import AGREE, FINE, INF, KINK, NAN, OUTSIDE, Trap, f32, f64

BROKEN = ("disagree", "outside-domain")

TRAPS = (
    Trap(41, "where guards sqrt", lambda x: ops.where(x > 0, ops.sqrt(x), ops.zeros_like(x)), (f64(-1, 4),), AGREE, [0, 0.25]),
    Trap(41, "where guards sqrt at 0", lambda x: ops.where(x > 0, ops.sqrt(x), ops.zeros_like(x)), (f64(0),), ("kink", "outside-domain"), [0]),
    Trap(42, "where over an overflow", lambda x: ops.where(x > 0, x, ops.exp(x)), (f64(-1, 1000),), AGREE, [np.exp(-1), 1]),
    Trap(42, "where over an overflow, inside", lambda x: ops.where(x > 0, x, ops.exp(x * x)), (f64(40, -1),), AGREE, [1, -2 * np.e]),
    Trap(43, "a masked NaN", lambda x: ops.where(ops.isnan(x), ops.zeros_like(x), x * 2), (f64(NAN, 1),), ("agree", "outside-domain"), [0, 2]),
    Trap(43, "masked_fill of a NaN", lambda x: ops.masked_fill(x * x, ops.isnan(x), 0.0), (f64(NAN, 2),), ("agree", "outside-domain"), [0, 4]),
    Trap(44, "mask times infinity", lambda x: x * f64(0, 1).tolist()[0], (f64(INF),), OUTSIDE),
    Trap(45, "both branches are computed", lambda x: ops.where(x > 0, ops.log(x), ops.sqrt(-x)), (f64(-4, 2),), AGREE, [-0.25, 0.5]),
    Trap(46, "log(1 + exp(x)) far out", lambda x: ops.log(1.0 + ops.exp(x)), (f64(800),), BROKEN),
    Trap(46, "log(1 + exp(x)) far out in float32", lambda x: ops.log(1.0 + ops.exp(x)), (f32(100),), ("disagree",)),
    Trap(46, "softplus at 0", ops.softplus, (f64(0, 100),), AGREE, [0.5, 1]),
    Trap(47, "1 / (1 + exp(-x)) at -100 in float32", lambda x: 1.0 / (1.0 + ops.exp(-x)), (f32(-100),), ("disagree", "agree", "outside-domain")),
    Trap(47, "sigmoid at -100 in float32", ops.sigmoid, (f32(-100, 0),), FINE),
    Trap(48, "log_sigmoid at -200", ops.logsigmoid, (f64(-200, 0),), AGREE, [1, 0.5]),
    Trap(48, "log(sigmoid) at -800", lambda x: ops.log(ops.sigmoid(x)), (f64(-800),), BROKEN),
    Trap(49, "softmax of -inf alone", ops.softmax, (f64(-INF, -INF),), OUTSIDE),
    Trap(49, "logsumexp of -inf alone", lambda x: ops.logsumexp(x, 0), (f64(-INF, -INF),), OUTSIDE),
    Trap(49, "softmax with +inf", ops.softmax, (f64(INF, 0),), OUTSIDE),
    Trap(51, "log(softmax) far out", lambda x: ops.log(ops.softmax(x))[1], (f64(800, 0),), BROKEN),
    Trap(51, "log_softmax far out", lambda x: ops.log_softmax(x)[1], (f64(800, 0),), AGREE, [-1, 1]),
    Trap(52, "tanh at 12 and 20", ops.tanh, (f64(12, 20),), AGREE, [1 / np.cosh(12.0) ** 2, 1 / np.cosh(20.0) ** 2]),
    Trap(52, "tanh at 5 in float32", ops.tanh, (f32(5),), FINE, [1 / np.cosh(5.0) ** 2]),
    Trap(52, "1 - y y at 12", lambda x: x * (1.0 - ops.square(ops.tanh(x))), (f64(12),), ("ill-conditioned",)),
    Trap(53, "log(exp(x) - 1) near 0", lambda x: ops.log(ops.exp(x) - 1.0), (f64(1e-10),), ("ill-conditioned",)),
    Trap(53, "log(expm1(x)) near 0", lambda x: ops.log(ops.expm1(x)), (f64(1e-10),), AGREE, [1e10 + 0.5]),
    Trap(54, "mean of 80000 in float16", lambda x: x.mean(), (np.ones(80000, np.float16),), FINE, np.full(80000, np.float16(1 / 80000))),
    Trap(55, "a long sum in float32", lambda x: ops.square((x * x).sum()), (np.linspace(-1, 1, 999, dtype=np.float32),), FINE),
    Trap(55, "a long sum in float16", lambda x: ops.square((x * x).sum()), (np.linspace(-1, 1, 99, dtype=np.float16),), FINE),
    Trap(56, "far below an absolute tolerance", lambda x: x / 1e6, (f64(2),), AGREE, [1e-6]),
    Trap(56, "1e-200", lambda x: x * 1e-200, (f64(2, 3),), AGREE, [1e-200, 1e-200]),
    Trap(57, "sin(1e6 x)", lambda x: ops.sin(x * 1e6), (f64(0.3, 1.7),), FINE),
    Trap(57, "sqrt at 1e-7", ops.sqrt, (f64(1e-7),), AGREE, [0.5 / np.sqrt(1e-7)]),
    Trap(57, "relu at 1e-7", ops.relu, (f64(1e-7, -1e-15),), AGREE, [1, 0]),
    Trap(57, "exp at 9 in float32", ops.exp, (f32(9),), FINE, [np.exp(9.0)]),
    Trap(58, "prod with one zero", lambda x: ops.prod(x), (f64(2, 0, 3),), AGREE, [0, 6, 0]),
    Trap(58, "prod with two zeros", lambda x: ops.prod(x), (f64(0, 0, 3),), AGREE, [0, 0, 0]),
    Trap(59, "second derivative of prod with two zeros", lambda x: ops.prod(x), (f64(0, 0, 3),), AGREE, [3, 3, 0], 2),
    Trap(60, "ReduceProd over all axes", lambda x: ops.ReduceProd()(x), (f64(2, 3, 4),), AGREE, [12, 8, 6]),
    Trap(61, "cumprod with a zero", lambda x: ops.cumprod(x, 0), (f64(2, 0, 4),), AGREE, [1, 10, 0]),
    Trap(62, "sum of nothing", lambda x: x.sum(), (np.zeros((0, 3)),), ("unchecked",)),
    Trap(62, "mean of nothing", lambda x: x.mean(), (np.zeros((0, 3)),), ("unchecked",)),
    Trap(62, "prod of nothing", lambda x: ops.prod(x), (np.zeros(0),), ("unchecked",)),
    Trap(63, "var's default", lambda x: ops.var(x), (f64(1, 2, 4),), AGREE, [-8 / 9, -2 / 9, 10 / 9]),
    Trap(64, "axis=() means all", lambda x: ops.ReduceSum()(x * 2.0, ()), (np.ones((2, 2)),), AGREE, [[2, 2], [2, 2]]),
    Trap(65, "keepdims, negative axis", lambda x: x.mean(-1, True) * x, (np.arange(6.0).reshape(2, 3),), FINE),
    Trap(65, "two negative axes", lambda x: ops.square(x.sum((-1, -3))), (np.arange(8.0).reshape(2, 2, 2),), AGREE),
    Trap(66, "NaN in a maximum", lambda x: ops.reduce_max(x), (f64(NAN, 1),), OUTSIDE),
    Trap(66, "NaN beside a maximum", lambda x: ops.maximum(x, 0.5), (f64(NAN, 1),), OUTSIDE),
)  # fmt: skip

assert KINK
