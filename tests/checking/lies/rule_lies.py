"""Lies about the values of a rule, about the values that it saved, and about the form of what it returns.

Each works on any operand of any op; `planting.effective` says where it changes something.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.tensor import Tensor

from .planting import RuleLie, changed, told


def pattern(shape: tuple[int, ...], seed: int = 9) -> np.ndarray:
    """Normal numbers that depend on the shape alone."""
    return np.random.default_rng((seed, *shape)).normal(size=shape)


def constant(array: np.ndarray, like: Any) -> Tensor:
    """``array`` in the dtype of ``like``."""
    return Tensor(array.astype(like.numpy_dtype))


def one_entry(c: Any, ct: Any, out: Any, a: Any) -> Any:
    """The last entry off by one in 1e9."""
    factors = np.ones(c.shape)
    factors.flat[-1] += 1e-9
    return c * constant(factors, ct) if ct.numpy_dtype == np.float64 else c * constant(1 + (factors - 1) * 1e7, ct)


def zero_rows(c: Any, ct: Any, out: Any, a: Any) -> Any:
    """Something is added whose sum over every axis is zero."""
    noise = pattern(c.shape)
    for axis in range(noise.ndim):
        noise = noise - noise.mean(axis, keepdims=True)
    return c + constant(1e-6 * noise, ct)


def through_float32(c: Any) -> Any:
    """Rounded to float32, and back."""
    return ops.cast(ops.cast(c, mg.float32 if c.numpy_dtype == np.float64 else mg.float16), c.dtype)


def flipped(c: Any) -> Any:
    """Reversed along every axis of more than one entry."""
    return c[tuple(slice(None, None, -1) for _ in c.shape)] if c.shape else c


def rolled(c: Any) -> Any:
    """Moved on by one along the first axis."""
    return ops.concat([c[1:], c[:1]], 0) if c.shape and c.shape[0] > 1 else c


def square(c: Any) -> bool:
    """True for square matrices."""
    return len(c.shape) > 1 and c.shape[-1] == c.shape[-2]


def turned(c: Any) -> Any:
    """The last two axes exchanged, where they are equally long."""
    order = (*range(len(c.shape) - 2), len(c.shape) - 1, len(c.shape) - 2)
    return ops.transpose(c, order) if square(c) else c


VALUES: dict[str, RuleLie] = {
    "sign": changed(lambda c, ct, out, a: -c),
    "twice": changed(lambda c, ct, out, a: c * 2.0),
    "half": changed(lambda c, ct, out, a: c / 2.0),
    "one in 1e6": changed(lambda c, ct, out, a: c * (1 + 1e-6)),
    "one in 1e9": changed(lambda c, ct, out, a: c * (1 + 1e-9)),
    "one in 1e12": changed(lambda c, ct, out, a: c * (1 + 1e-12)),
    "one in 1e14": changed(lambda c, ct, out, a: c * (1 + 1e-14)),
    "zero": changed(lambda c, ct, out, a: ops.zeros_like(c)),
    "one": changed(lambda c, ct, out, a: ops.ones_like(c)),
    "offset 1e-10": changed(lambda c, ct, out, a: c + 1e-10),
    "offset 1e-14": changed(lambda c, ct, out, a: c + 1e-14),
    "offset 1": changed(lambda c, ct, out, a: c + 1.0),
    "one entry": changed(one_entry),
    "sums to zero": changed(zero_rows),
    "noise": changed(lambda c, ct, out, a: c * constant(1 + 1e-6 * pattern(c.shape), ct)),
    "absolute": changed(lambda c, ct, out, a: ops.abs(c)),
    "squared": changed(lambda c, ct, out, a: c * c),
    "transposed": changed(lambda c, ct, out, a: turned(c)),
    "flipped": changed(lambda c, ct, out, a: flipped(c)),
    "rolled": changed(lambda c, ct, out, a: rolled(c)),
    "mean instead": changed(lambda c, ct, out, a: ops.zeros_like(c) + c.mean()),
    "clipped": changed(lambda c, ct, out, a: ops.minimum(c, ops.ones_like(c) * 0.1)),
    "rounded to float32": changed(lambda c, ct, out, a: through_float32(c)),
    "wrong for negative": changed(lambda c, ct, out, a: ops.where(c < 0, c * 1.001, c)),
    "wrong for large": changed(lambda c, ct, out, a: ops.where(ops.abs(c) > 0.3, c * (1 + 1e-7), c)),
    "wrong for small": changed(lambda c, ct, out, a: ops.where(ops.abs(c) < 0.3, c * (1 + 1e-7), c)),
    "wrong for negative operands": changed(lambda c, ct, out, a: ops.where(a < 0, c * 1.001, c) if a.shape == c.shape else c),
    "wrong for large operands": changed(
        lambda c, ct, out, a: ops.where(ops.abs(a) > 1.2, c * 1.001, c) if a.shape == c.shape else c
    ),
    "wrong unless ct is constant": changed(lambda c, ct, out, a: c + (ct * ct).mean() - ops.square(ct.mean())),
    "wrong unless ct is ones": changed(lambda c, ct, out, a: c * (1.0 + 1e-3 * ops.square(ct - 1.0).sum())),
    "wrong for negative ct": changed(lambda c, ct, out, a: c + 0.01 * (ops.abs(ct) - ct).sum()),
    "not linear in ct": changed(lambda c, ct, out, a: c * (1.0 + 1e-6 * ct.sum())),
    "only for float32": changed(lambda c, ct, out, a: c * 1.01 if ct.numpy_dtype == np.float32 else c),
    "only for float64": changed(lambda c, ct, out, a: c * 1.01 if ct.numpy_dtype == np.float64 else c),
    "only for non-square": changed(lambda c, ct, out, a: c if square(c) else c * (1 + 1e-8)),
    "only for square": changed(lambda c, ct, out, a: c * (1 + 1e-8) if square(c) else c),
    "only for vectors": changed(lambda c, ct, out, a: c * (1 + 1e-8) if len(c.shape) == 1 else c),
    "only at axes of length 1": changed(lambda c, ct, out, a: c * (1 + 1e-8) if 1 in c.shape else c),
    "only at long axes": changed(lambda c, ct, out, a: c * (1 + 1e-8) if 3 in c.shape else c),
    "only where broadcast": changed(lambda c, ct, out, a: c * (1 + 1e-8) if a.shape != out.shape else c),
}  # fmt: skip


def with_ct(change: Any) -> RuleLie:
    """The rule is run with another cotangent."""

    def lie(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
        parts, lied = told(rule, op, ct, out, operands), told(rule, op, change(ct), out, operands)
        parts[position] = lied[position]
        return tuple(parts)

    return lie


def with_operands(change: Any) -> RuleLie:
    """The rule is run with other saved operands: ``change(operands, out)``."""

    def lie(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
        parts = told(rule, op, ct, out, operands)
        lied = told(rule, op, ct, out, tuple(change(operands, out)))
        parts[position] = lied[position]
        return tuple(parts)

    return lie


def with_out(change: Any) -> RuleLie:
    """The rule is run with another saved result."""

    def lie(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
        parts, lied = told(rule, op, ct, out, operands), told(rule, op, ct, change(out, operands), operands)
        parts[position] = lied[position]
        return tuple(parts)

    return lie


def _same_shape(operands: tuple[Any, ...], out: Any) -> Any:
    return [out if one.shape == out.shape else one for one in operands]


def _swapped(operands: tuple[Any, ...], out: Any) -> Any:
    return operands[::-1] if len(operands) == 2 and operands[0].shape == operands[1].shape else operands


SAVED: dict[str, RuleLie] = {
    "ct forgotten": with_ct(lambda ct: ops.ones_like(ct)),
    "ct absolute": with_ct(lambda ct: ops.abs(ct)),
    "ct flipped": with_ct(flipped),
    "ct transposed": with_ct(turned),
    "ct averaged": with_ct(lambda ct: ops.zeros_like(ct) + ct.mean()),
    "ct in float32": with_ct(through_float32),
    "ct squared": with_ct(lambda ct: ct * ct),
    "ct of one entry": with_ct(lambda ct: ct * constant(np.eye(1, int(np.prod(ct.shape)) or 1).reshape(ct.shape), ct)),
    "result for operand": with_operands(_same_shape),
    "operands swapped": with_operands(_swapped),
    "operands nudged": with_operands(lambda operands, out: [one + 1e-9 for one in operands]),
    "operands in float32": with_operands(lambda operands, out: [through_float32(one) for one in operands]),
    "operands absolute": with_operands(lambda operands, out: [ops.abs(one) for one in operands]),
    "operands transposed": with_operands(lambda operands, out: [turned(one) for one in operands]),
    "operand for result": with_out(lambda out, operands: operands[0] if operands[0].shape == out.shape else out),
    "result nudged": with_out(lambda out, operands: out + 1e-9),
    "result in float32": with_out(lambda out, operands: through_float32(out)),
    "result negative": with_out(lambda out, operands: -out),
}  # fmt: skip


def returned(change: Any) -> RuleLie:
    """All that the rule returns is changed: ``change(cotangents, operands, position)``."""

    def lie(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
        return change(told(rule, op, ct, out, operands), operands, position)

    return lie


def _replaced(parts: list[Any], position: int, value: Any) -> tuple[Any, ...]:
    return (*parts[:position], value, *parts[position + 1 :])


def formed(change: Any) -> RuleLie:
    """One cotangent takes another form."""
    return returned(lambda parts, operands, position: _replaced(parts, position, change(parts[position])))


FORMS: dict[str, RuleLie] = {
    "one axis more": formed(lambda c: ops.expand_dims(c, 0)),
    "one axis less": formed(lambda c: c.sum(0) if c.shape else ops.expand_dims(c, 0)),
    "summed": formed(lambda c: c.sum() if c.shape else ops.expand_dims(c, 0)),
    "kept axis": formed(lambda c: c.sum(-1, keepdims=True) if c.shape and c.shape[-1] > 1 else ops.expand_dims(c, 0)),
    "flat": formed(lambda c: c.reshape(-1) if len(c.shape) > 1 else ops.expand_dims(c, -1)),
    "axes exchanged": formed(lambda c: ops.expand_dims(ops.transpose(c, tuple(range(len(c.shape)))[::-1]), 0)),
    "doubled": formed(lambda c: ops.concat([c, c], 0) if c.shape else ops.expand_dims(c, 0)),
    "cut": formed(lambda c: c[:-1] if c.shape and c.shape[0] > 1 else ops.expand_dims(c, 0)),
    "float16": formed(lambda c: ops.cast(c, mg.float16)),
    "other float": formed(lambda c: ops.cast(c, mg.float64 if c.numpy_dtype == np.float32 else mg.float32)),
    "integers": formed(lambda c: ops.cast(c, mg.int64)),
    "truth values": formed(lambda c: c > 0),
    "a number": formed(lambda c: 1.0),
    "an array": formed(lambda c: np.ones(c.shape)),
    "text": formed(lambda c: "gradient"),
    "none": formed(lambda c: None),
    "one too many": returned(lambda parts, operands, position: (*parts, parts[0])),
    "one too few": returned(lambda parts, operands, position: tuple(parts[:-1])),
    "a list": returned(lambda parts, operands, position: [*parts, parts[0]]),
    "nothing": returned(lambda parts, operands, position: None),
}  # fmt: skip


def failing(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
    """A rule that raises."""
    raise ZeroDivisionError("a rule with a mistake in it")


def swapped(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
    """Cotangents of two operands of one shape, in the wrong order."""
    parts = told(rule, op, ct, out, operands)
    same = len(parts) == 2 and None not in parts and parts[0].shape == parts[1].shape
    return tuple(parts[::-1]) if same else tuple(parts)


def second_only(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
    """The rule of the other operand."""
    parts = told(rule, op, ct, out, operands)
    if len(parts) == 2 and None not in parts and parts[0].shape == parts[1].shape:
        parts[position] = parts[1 - position]
    return tuple(parts)


FORMS["an error"] = failing
VALUES["swapped"] = swapped
VALUES["that of the other operand"] = second_only
