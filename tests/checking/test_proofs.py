"""Proofs of rules at all shapes: right rules have them, planted wrong ones never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.proving.equality import equal
from msgrad_ext.proving.lengths import Length, asking
from msgrad_ext.proving.proof import NetworkProof, conditions
from msgrad_ext.registry import OPS, fn
from msgrad_ext.symbolic.nodes import length


def network(x: Any, w: Any, b: Any) -> Any:
    """A layer and a loss."""
    h = ops.tanh(x @ w + b)
    return (ops.softmax(h, -1) * h).mean()


def arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Random arrays with axes of different lengths."""
    return [np.random.default_rng(3).uniform(0.2, 0.9, shape) for shape in shapes]


def proof(function: Callable[..., Any], *shapes: tuple[int, ...]) -> NetworkProof:
    """What is proved of the rules that a function uses."""
    return mg.check(function, *arrays(*shapes)).prove()


def test_a_network_of_proved_ops_is_proved() -> None:
    """Product, broadcast sum, tanh, softmax and mean: each rule is the derived adjoint at all lengths of its axes."""
    found = proof(network, (4, 3), (3, 5), (5,))
    assert found.proved, str(found)
    assert str(found).startswith("proved at all shapes: 6 of 6 rules")
    assert not any(one.fixed or one.conditions for one in found.proofs)


PROVED = [
    ("MatMul", lambda x, y: (x @ y).sum(), (2, 3), (3, 4)),
    ("BatchMatMul", lambda x, y: ops.matmul(x, y).sum(), (2, 3, 4), (2, 4, 5)),
    ("Softmax", lambda x: (ops.softmax(x, 0) ** 2).sum(), (2, 3)),
    ("LogSoftmax", lambda x: (ops.log_softmax(x, -1) ** 2).sum(), (2, 3)),
    ("Maximum", lambda x, y: ops.maximum(x, y).sum(), (2, 3), (3,)),
    ("ReduceMax", lambda x: ops.ReduceMax()(x, 1).sum(), (2, 3)),
    ("MatrixInverse", lambda x: ops.MatrixInverse()(x).sum(), (3, 3)),
    ("ReLU", lambda x: ops.relu(x).sum(), (2, 3)),
    ("GeLU", lambda x: ops.gelu(x).sum(), (2, 3)),
]


@pytest.mark.parametrize("case", PROVED, ids=lambda case: case[0])
def test_a_rule_is_proved(case: Any) -> None:
    """Contractions, reductions, exponentials over their sum, choices at kinks: the rule is the derived adjoint."""
    _, function, *shapes = case
    found = proof(function, *shapes)
    assert found.proved, str(found)


def scaled(rule: Any, factor: float) -> Any:
    """A rule whose first cotangent is multiplied."""

    def wrong(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
        found = rule(self, ct, out, *operands)
        return (found[0] * factor, *found[1:]) if isinstance(found, tuple) else found * factor

    return wrong


LIES = {
    "sign": lambda rule: scaled(rule, -1.0),
    "a factor of 1 + 1e-9": lambda rule: scaled(rule, 1 + 1e-9),
    "half": lambda rule: scaled(rule, 0.5),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("case", [case for case in PROVED if case[0] in OPS], ids=lambda case: case[0])
def test_a_wrong_rule_is_never_proved(case: Any, lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign, a factor of 1e-9 and a half are seen, though the op was proved before."""
    name, function, *shapes = case
    kind = OPS[name]
    monkeypatch.setattr(kind, "vjp", LIES[lie](kind.vjp))
    found = proof(function, *shapes)
    assert not found.proved
    assert name in str([one for one in found.proofs if not one.proved])


def test_a_rule_with_a_wrong_axis_is_never_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A softmax whose rule sums over the other axis is not proved."""

    def wrong(self: Any, ct: Any, out: Any, a: Any) -> Any:
        return out * (ct - fn.reduce_sum(ct * out, (1 - self.axis[0],), True))

    monkeypatch.setattr(OPS["Softmax"], "vjp", wrong)
    assert not proof(lambda x: (ops.softmax(x, 0) ** 2).sum(), (2, 3)).proved


def test_a_rule_that_is_wrong_at_one_length_is_not_proved_without_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that asks whether an axis has length 7 is right elsewhere: the condition is told."""
    right = OPS["Exp"].vjp

    def wrong(self: Any, ct: Any, out: Any, a: Any) -> Any:
        return ct if a.shape[0] == 7 else right(self, ct, out, a)

    monkeypatch.setattr(OPS["Exp"], "vjp", wrong)
    (found,) = [one for one in proof(lambda x: ops.exp(x).sum(), (2,)).proofs if one.op == "Exp"]
    assert found.conditions == ("not n0 == 7",)
    assert "where not n0 == 7" in str(found)


def test_lengths_know_what_they_stand_for() -> None:
    """Sums and products of lengths keep their letters; comparisons are kept, but not of a length with itself."""
    m, n = length("m"), length("n")
    a, b = Length(11, m), Length(13, n)
    with asking() as asked:
        assert (2 * a + b - 1).expr == 2 * m + n - 1
        assert a != b and a + b == b + a and not a > 20
    assert asked == ["m != n: True", "m > 20: False"]
    assert conditions([asked]) == ("m != n", "not m > 20")


def test_different_formulas_are_not_equal() -> None:
    """The comparison of formulas needs an identity."""
    m, n = length("m"), length("n")
    assert equal(m * (m + n), m**2 + m * n, {})
    assert not equal(m * (m + n), m**2 + n, {})
