"""Every op of the registry is lied about, and none is blamed when it is honest.

A few samples and lies for each op, always the same ones; with MSGRAD_EXT_ALL_LIES set, all samples and all lies.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pytest
from sympy import Rational

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.errors import VoiceError
from msgrad_ext.reversing.reverse import expand, plain

from ...ops.samples import SAMPLES, Sample
from .planting import REGISTRY, RuleLie, changed, sampled, seen
from .rule_lies import one_entry

ALL = bool(os.environ.get("MSGRAD_EXT_ALL_LIES"))
RULE_LIES: dict[str, RuleLie] = {
    "1e-9": changed(lambda c, ct, out, a: c * (1 + 1e-9)),
    "sign": changed(lambda c, ct, out, a: -c),
    "zero": changed(lambda c, ct, out, a: ops.zeros_like(c)),
    "twice": changed(lambda c, ct, out, a: c + c),
    "offset": changed(lambda c, ct, out, a: c + 1e-10),
    "one entry": changed(one_entry),
}
KINDS = ("float64", "float32", "float16")
# Reasons for which an honest sample has another status than agreement in a coarse dtype.
FINE = ("agree", "ill-conditioned", "outside-domain", "kink")
BY_OP: dict[str, list[Sample]] = {}
for one in SAMPLES:
    BY_OP.setdefault(one.op, []).append(one)
OPS = sorted(name for name in REGISTRY if name in BY_OP)


@cache
def live(sample: Sample) -> tuple[int, ...]:
    """The operands of the sample's op that its rule returns a cotangent for and a gradient flows to."""
    cls, found = REGISTRY[sample.op], set()
    honest = cls.vjp

    def spy(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
        result = honest(self, ct, out, *operands)
        parts = result if isinstance(result, tuple) else (result,)
        found.update(place for place, part in enumerate(parts) if part is not None)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cls, "vjp", spy)
        report = mg.check(sample.network, *sample.inputs)
    graph = expand(plain(report.application.program.graph))
    active = {var for var in graph.inputs if var.dtype.kind == "f"}
    reached = set()
    for eqn in graph.eqns:
        fed = {place for place, atom in enumerate(eqn.inputs) if atom in active}
        if fed and eqn.out.dtype.kind == "f":
            active.add(eqn.out)
        if type(eqn.op) is cls:
            reached |= fed
    return tuple(sorted(found & reached))


def gradients(sample: Sample) -> list[np.ndarray] | None:
    """The sample's gradients at random weights."""
    with np.errstate(all="ignore"), suppress(VoiceError):
        plan = mg.compile(sample.network, *sample.inputs)
        shape = plan(*sample.inputs)[0]
        if not isinstance(shape, np.ndarray):
            return None
        sens = np.random.default_rng(1).normal(size=shape.shape)
        return list(mg.compile(sample.network, *sample.inputs, sens=sens)(*sample.inputs)[1].values())
    return None


def told(sample: Sample, position: int, lie: RuleLie) -> Any:
    """What is said of the sample under the lie; None where the lie changes nothing."""
    cls = REGISTRY[sample.op]
    honest, before = cls.vjp, gradients(sample)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cls, "vjp", lambda self, ct, out, *operands: lie(honest, self, ct, out, operands, position))
        after = gradients(sample)
        if before is not None and after is not None:
            if all(np.allclose(a, b, rtol=1e-13, atol=0, equal_nan=True) for a, b in zip(before, after)):
                return None
        return seen(mg.check(sample.network, *sample.inputs))


def operand(sample: Sample, position: int) -> str:
    """The operand's name."""
    names = REGISTRY[sample.op].operands
    return names[position] if position < len(names) else f"operand {position}"


@pytest.mark.parametrize("name", OPS[:: 1 if ALL else 4])
def test_a_lying_rule_of_any_op_is_named(name: str) -> None:
    """At one operand of one sample a lie is told, and told of."""
    wrong = []
    for sample in sampled(name, BY_OP[name], 1):
        cases = [(position, kind) for position in live(sample) for kind in RULE_LIES]
        for position, kind in sampled(name, cases, 2):
            got = told(sample, position, RULE_LIES[kind])
            if got not in (None, ("disagree", name, operand(sample, position), "numeric")):
                wrong.append((sample.name, kind, got))
    assert wrong == []


def lying_meaning(honest: Any) -> Any:
    """Too large by one part in 1e9."""
    return lambda self, *operands: lambda *i: honest(self, *operands)(*i) * (1 + Rational(1, 10**9))


@pytest.mark.parametrize("name", OPS[1 :: 1 if ALL else 8])
def test_a_lying_meaning_of_any_op_is_named(name: str) -> None:
    """A factor in what the op is said to mean."""
    wrong = []
    for sample in sampled(name, BY_OP[name], 1):
        if not live(sample):
            continue
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(REGISTRY[name], "meaning", lying_meaning(REGISTRY[name].meaning))
            got = seen(mg.check(sample.network, *sample.inputs))
        if (got[0], got[1], got[3]) != ("disagree", name, "symbolic"):
            wrong.append((sample.name, got))
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", range(4))
def test_honest_ops_are_not_blamed(kind: str, part: int) -> None:
    """No op is wrong in any float dtype; in a coarse one some samples leave a domain or come to a kink."""
    wrong = []
    for sample in SAMPLES[part :: 4 if ALL else 80]:
        if sample.op == "Cast":
            continue
        report = mg.check(
            sample.network, *(one.astype(kind) if one.dtype.kind == "f" else one for one in sample.inputs)
        )
        statuses = {one.status for one in report.result.gradients}
        if not statuses <= (set(FINE) if kind == "float16" else {"agree", "ill-conditioned"}):
            wrong.append((sample.op, sample.name, report.verdict, str(report.result.gradients[0].fault)[:150]))
    assert wrong == []
