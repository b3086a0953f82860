"""How a lie is told and judged: voices put in the place of an op's own, the targets of a network, the verdict's score."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.checking.effort.budget import budget_of
from msgrad_ext.errors import MsgradError
from msgrad_ext.gradients.grad_operation import observed
from msgrad_ext.ir import Var
from msgrad_ext.keeping.again import forget
from msgrad_ext.ops import GradOperation
from msgrad_ext.pipeline import report_on, title_of
from msgrad_ext.reversing.reverse import expand, plain
from msgrad_ext.tensor import Tensor

from .nets import NETS

REGISTRY = mg.registered_ops()
T = TypeVar("T")

# (rule of the op, the op, cotangent, result, operands, position of the operand to lie about) -> cotangents
RuleLie = Callable[[Any, Any, Any, Any, tuple[Any, ...], int], Any]


@dataclass(frozen=True)
class Target:
    """One operand of one op in one network."""

    net: str
    op: str
    position: int

    @property
    def operand(self) -> str:
        """The operand's name, as a fault tells it."""
        names = REGISTRY[self.op].operands
        return names[self.position] if self.position < len(names) else f"operand {self.position}"

    def __str__(self) -> str:
        return f"{self.net}.{self.op}.{self.operand}"


@cache
def targets(net: str) -> tuple[Target, ...]:
    """The operands in ``net`` that a gradient flows to, one for each op and position."""
    make, inputs = NETS[net]
    program = mg.check(make(), *inputs, budget=0.001).application.program
    graph = expand(plain(program.graph))
    active: set[Any] = {var for var in graph.inputs if var.dtype.kind == "f"}
    found: dict[Target, None] = {}
    for eqn in graph.eqns:
        name = type(eqn.op).__name__
        if name not in REGISTRY or eqn.out.dtype.kind != "f":
            continue
        names = eqn.op.operands
        for position, atom in enumerate(eqn.inputs):
            constant = len(names) == len(eqn.inputs) and names[position] in eqn.op.constants
            if isinstance(atom, Var) and atom in active and not constant:
                found[Target(net, name, position)] = None
                active.add(eqn.out)
    return tuple(found)


def plant(patch: pytest.MonkeyPatch, target: Target, lie: RuleLie) -> None:
    """Put a lying rule into the registered op."""
    cls = REGISTRY[target.op]
    rule = cls.vjp

    def vjp(self: Any, ct: Any, out: Any, *operands: Any) -> Any:
        return lie(rule, self, ct, out, operands, target.position)

    patch.setattr(cls, "vjp", vjp)


def told(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...]) -> list[Any]:
    """What an honest rule returns, as a list."""
    result = rule(op, ct, out, *operands)
    return list(result) if isinstance(result, tuple) else [result]


def changed(change: Callable[[Any, Any, Any, Any], Any]) -> RuleLie:
    """A lie that changes the cotangent of the operand: ``change(cotangent, ct, out, operand)``."""

    def lie(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
        parts = told(rule, op, ct, out, operands)
        spot = position if position < len(parts) else 0
        if parts[spot] is not None:
            parts[spot] = change(parts[spot], ct, out, operands[spot])
        return tuple(parts)

    return lie


def by_check(net: str, seed: int = 0) -> Any:
    """The report of `mg.check`."""
    make, inputs = NETS[net]
    return mg.check(make(), *(np.array(one) for one in inputs), seed=seed)


def by_observation(net: str, seed: int = 0) -> Any:
    """The report on a `GradOperation` that someone observes, by all inputs and all parameters."""
    make, inputs = NETS[net]
    network = make()
    own = bool(getattr(network, "trainable_params", list)())
    with observed() as found:
        GradOperation(get_all=True, get_by_list=own)(network)(*map(Tensor, inputs))
    return report_on(found[0], title_of(network), seed, budget_of(None))


def fault_of(report: Any) -> Any:
    """The fault of the first gradient that disagrees, or None."""
    return next((one.fault for one in report.result.gradients if one.status == "disagree"), None)


def seen(report: Any) -> tuple[Any, ...]:
    """Verdict, op, operand and side: what a lie is scored by."""
    fault = fault_of(report)
    return (report.verdict, *((fault.op, fault.operand, fault.side) if fault else (None, None, None)))


def gradients(net: str) -> list[np.ndarray] | None:
    """What `GradOperation` gives at random weights; None if it raises."""
    make, inputs = NETS[net]
    network = make()
    given = list(map(Tensor, inputs))
    own = bool(getattr(network, "trainable_params", list)())
    try:
        outputs = network(*given)
        sens = np.random.default_rng(3).normal(size=outputs.shape).astype(outputs.numpy_dtype)
        found = GradOperation(get_all=True, get_by_list=own, sens_param=True)(network)(*given, Tensor(sens))
    except (MsgradError, ArithmeticError, TypeError, ValueError, IndexError, AttributeError):
        return None
    parts = (*found[0], *found[1]) if own else found
    return [np.asarray(one.asnumpy(), np.float64) for one in parts]


HONEST: dict[str, Any] = {}


def matters(tell: Callable[[pytest.MonkeyPatch], None], net: str) -> bool:
    """True when a lie changes what `GradOperation` gives at random weights: one that changes nothing is none."""
    if net not in HONEST:
        HONEST[net] = gradients(net)
    with pytest.MonkeyPatch.context() as patch:
        tell(patch)
        forget()
        lied = gradients(net)
    forget()
    if lied is None:
        return True
    return any(not np.allclose(a, b, rtol=1e-13, atol=0, equal_nan=True) for a, b in zip(HONEST[net], lied))


def sampled(name: str, candidates: Sequence[T], count: int, wanted: Callable[[T], bool] = lambda one: True) -> list[T]:
    """``count`` of the candidates at which the lie ``name`` is told, always the same ones; all of them if asked for.

    The environment variable MSGRAD_EXT_ALL_LIES asks for all.
    """
    mixed = sorted(candidates, key=lambda one: sha256(f"{name} {one}".encode()).digest())
    if os.environ.get("MSGRAD_EXT_ALL_LIES"):
        count = len(mixed)
    found: list[T] = []
    for one in mixed:
        if len(found) == count:
            break
        if wanted(one):
            found.append(one)
    return found
