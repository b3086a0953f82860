"""Lies of the engine: how contributions are added, how the output is weighted, what the plan computes and hands back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from msgrad_ext import observing, ops, registry
from msgrad_ext.gradients import grad_operation
from msgrad_ext.gradients.grad_operation import Operation, Request
from msgrad_ext.ir import Graph, Lit, Var
from msgrad_ext.numeric import plan as plans
from msgrad_ext.numeric.plan import Plan
from msgrad_ext.reversing.backward import Backward
from msgrad_ext.tensor import Tensor

Plant = Callable[[pytest.MonkeyPatch], None]


def adding(change: Callable[..., Any]) -> Plant:
    """Contributions are put together by ``change(before, contribution, number of contributions before)``."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = Backward.add
        counts: dict[Any, int] = {}

        def add(self: Any, var: Any, cotangent: Any, mask: Any = None) -> None:
            before, count = self.cotangents.get(var), counts.get((id(self), var), 0)
            counts[id(self), var] = count + 1
            honest(self, var, cotangent, mask)
            if before is not None:
                self.cotangents[var] = change(before, cotangent, count)

        patch.setattr(Backward, "add", add)

    return plant


def summing(change: Callable[[Any, tuple[int, ...], Any], Any]) -> Plant:
    """The sum over broadcast axes is replaced by ``change(cotangent, shape, honest sum)``."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = registry.FUNCTIONS["sum_to_shape"]

        def sum_to_shape(cotangent: Any, shape: Any) -> Any:
            if tuple(cotangent.shape) == tuple(shape):
                return cotangent
            return change(cotangent, tuple(shape), honest(cotangent, shape))

        patch.setitem(registry.FUNCTIONS, "sum_to_shape", sum_to_shape)

    return plant


def _skipping(patch: pytest.MonkeyPatch) -> None:
    honest, count = Backward.step, [0]

    def step(self: Any, eqn: Any) -> None:
        count[0] += 1
        if type(eqn.op).__name__ != "Add" or len(eqn.inputs) < 2:
            honest(self, eqn)
            return
        before = dict(self.cotangents)
        honest(self, eqn)
        last = eqn.inputs[1]
        if isinstance(last, Var) and last in before:
            self.cotangents[last] = before[last]

    patch.setattr(Backward, "step", step)


ADDING: dict[str, Plant] = {
    "overwritten": adding(lambda before, new, count: new),
    "first one kept": adding(lambda before, new, count: before),
    "added twice": adding(lambda before, new, count: before + new + new),
    "subtracted": adding(lambda before, new, count: before - new),
    "averaged": adding(lambda before, new, count: (before + new) * 0.5),
    "off by one in 1e9": adding(lambda before, new, count: before + new * (1 + 1e-9)),
    "off by one in 1e12": adding(lambda before, new, count: before + new * (1 + 1e-12)),
    "multiplied": adding(lambda before, new, count: before * new),
    "the larger": adding(lambda before, new, count: ops.maximum(before, new)),
    "third one dropped": adding(lambda before, new, count: before if count == 2 else before + new),
    "flipped": adding(lambda before, new, count: before + (new[::-1] if new.shape else new * 2.0)),
    "dropped at an addition": _skipping,
}

SUMMING: dict[str, Plant] = {
    "mean for sum": summing(lambda ct, shape, honest: honest * (np.prod(shape, dtype=float) / np.prod(ct.shape))),
    "first row": summing(lambda ct, shape, honest: ct[0] if ct[0].shape == shape else honest * 0.5),
    "sum off by one in 1e9": summing(lambda ct, shape, honest: honest * (1 + 1e-9)),
    "sum negative": summing(lambda ct, shape, honest: -honest),
}


def seeding(change: Callable[[Any], Any]) -> Plant:
    """The first cotangent of each output is changed."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest_seed, honest_add = Backward.seed, Backward.add

        def seed(self: Any, sens: bool) -> Any:
            def add(one: Any, var: Any, cotangent: Any, mask: Any = None) -> None:
                honest_add(one, var, change(cotangent), mask)

            with pytest.MonkeyPatch.context() as inner:
                inner.setattr(Backward, "add", add)
                return honest_seed(self, sens)

        patch.setattr(Backward, "seed", seed)

    return plant


def _one_hot(weight: Any) -> Any:
    mask = np.zeros(weight.shape)
    mask.flat[:1] = 1
    return weight * Tensor(mask.astype(weight.numpy_dtype)) if mask.size > 1 else weight * 2.0


def _moved(weight: Any) -> Any:
    return ops.reshape(ops.transpose(weight, tuple(range(len(weight.shape)))[::-1]), weight.shape)


def _places(weight: Any) -> Tensor:
    """Factors that grow from element to element."""
    count = int(np.prod(weight.shape))
    return Tensor((1.5 + np.arange(count).reshape(weight.shape) / 6).astype(weight.numpy_dtype))


SEEDING: dict[str, Plant] = {
    "twos": seeding(lambda w: w * 2.0),
    "mean": seeding(lambda w: w / float(np.prod(w.shape) + 1)),
    "one-hot": seeding(_one_hot),
    "zeros": seeding(lambda w: w * 0.0),
    "negative": seeding(lambda w: -w),
    "off by one in 1e9": seeding(lambda w: w * (1 + 1e-9)),
    "offset": seeding(lambda w: w + 1e-6),
    "by place": seeding(lambda w: w * _places(w)),
}  # fmt: skip

# Lies that show with weights alone.
WEIGHING: dict[str, Plant] = {
    "weights ignored": seeding(lambda w: ops.ones_like(w)),
    "weights absolute": seeding(lambda w: ops.abs(w)),
    "weights transposed": seeding(_moved),
    "weights squared": seeding(lambda w: w * w),
    "weights averaged": seeding(lambda w: ops.zeros_like(w) + w.mean()),
}


def resulting(change: Callable[[list[np.ndarray], tuple[np.ndarray, ...]], list[np.ndarray]]) -> Plant:
    """What a plan gives is changed: ``change(results, inputs)``."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = Plan.__call__

        def call(self: Any, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
            return tuple(change([np.array(one) for one in honest(self, *arrays)], arrays))

        patch.setattr(Plan, "__call__", call)

    return plant


def _exchanged(results: list[np.ndarray], inputs: Any) -> list[np.ndarray]:
    for first in range(len(results)):
        for second in range(first + 1, len(results)):
            if results[first].shape == results[second].shape:
                results[first], results[second] = results[second], results[first]
                return results
    return [one * 2 for one in results]


def _turned(results: list[np.ndarray], inputs: Any) -> list[np.ndarray]:
    return [
        np.ascontiguousarray(one.T) if one.ndim == 2 and one.shape[0] == one.shape[1] else one[::-1] for one in results
    ]


def _one(results: list[np.ndarray], inputs: Any) -> list[np.ndarray]:
    results[-1].flat[-1] += results[-1].dtype.type(1e-3)
    return results


def _stale() -> Callable[..., Any]:
    kept: list[list[np.ndarray]] = []

    def change(results: list[np.ndarray], inputs: Any) -> list[np.ndarray]:
        kept.append([one.copy() for one in results])
        return [one * 1.5 for one in kept[0]] if len(kept) == 1 else kept[-2]

    return change


def _aliased(results: list[np.ndarray], inputs: Any) -> list[np.ndarray]:
    for one in inputs:
        if one.shape == results[0].shape and one.dtype == results[0].dtype:
            results[0] = one
    return results


RESULTS: dict[str, Plant] = {
    "scaled": resulting(lambda results, inputs: [one * one.dtype.type(1.5) for one in results]),
    "off by one in 1e6": resulting(lambda results, inputs: [one * one.dtype.type(1 + 1e-6) for one in results]),
    "exchanged": resulting(_exchanged),
    "transposed": resulting(_turned),
    "one entry": resulting(_one),
    "zeros": resulting(lambda results, inputs: [one * 0 for one in results]),
    "the input": resulting(_aliased),
    "negative": resulting(lambda results, inputs: [-one for one in results]),
    "rounded": resulting(lambda results, inputs: [np.round(one, 4) for one in results]),
    "stale": lambda patch: resulting(_stale())(patch),
}


def simplifying(change: Callable[[Graph], Graph]) -> Plant:
    """The simplified graph is changed before it is compiled."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = observing.optimise
        patch.setattr(observing, "optimise", lambda graph: change(honest(graph)))

    return plant


def _without(name: str) -> Callable[[Graph], Graph]:
    """The last equation of one op whose result has its operand's shape is left out."""

    def change(graph: Graph) -> Graph:
        from msgrad_ext.ir import Eqn, substitute

        for eqn in reversed(graph.eqns):
            if (
                type(eqn.op).__name__ == name
                and eqn.inputs[0].shape == eqn.out.shape
                and isinstance(eqn.inputs[0], Var)
            ):
                new = {eqn.out: eqn.inputs[0]}
                eqns = tuple(
                    Eqn(one.op, substitute(one.inputs, new), one.out, one.location)
                    for one in graph.eqns
                    if one is not eqn
                )
                return Graph(graph.inputs, eqns, substitute(graph.outputs, new), graph.guards)
        return graph

    return change


def _constants(graph: Graph) -> Graph:
    from msgrad_ext.ir import Eqn, literal

    def touched(atom: Any) -> Any:
        same = isinstance(atom, Lit) and atom.dtype.kind == "f"
        return literal((atom.value * 1.01 + 0.01).astype(atom.dtype)) if same else atom

    eqns = tuple(Eqn(one.op, tuple(map(touched, one.inputs)), one.out, one.location) for one in graph.eqns)
    return Graph(graph.inputs, eqns, tuple(map(touched, graph.outputs)), graph.guards)


def _outputs_exchanged(graph: Graph) -> Graph:
    outputs = list(graph.outputs)
    for first in range(len(outputs)):
        for second in range(first + 1, len(outputs)):
            if outputs[first].shape == outputs[second].shape:
                outputs[first], outputs[second] = outputs[second], outputs[first]
                return Graph(graph.inputs, graph.eqns, tuple(outputs), graph.guards)
    return graph


SIMPLIFYING: dict[str, Plant] = {
    "a product left out": simplifying(_without("Mul")),
    "a sum left out": simplifying(_without("Add")),
    "a sign left out": simplifying(_without("Neg")),
    "constants changed": simplifying(_constants),
    "outputs exchanged": simplifying(_outputs_exchanged),
}


def writing(old: str, new: str) -> Plant:
    """The plan's source has other text."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        from dataclasses import replace

        honest = plans.write_fast

        def write_fast(*arguments: Any) -> Any:
            source = honest(*arguments)
            return replace(source, text=source.text.replace(old, new))

        patch.setattr(plans, "write_fast", write_fast)
        patch.setattr(plans, "_CACHE", type(plans._CACHE)())

    return plant


SOURCES: dict[str, Plant] = {
    "minus for plus": writing(" = add(", " = np.subtract("),
    "times for divide": writing(" = divide(", " = np.multiply("),
    "cos for sin": writing(" = sin(", " = np.cos("),
    "exp for expm1": writing(" = exp(", " = np.expm1("),
    "sine for hyperbolic tangent": writing(" = tanh(", " = np.sin("),
}


def returning(change: Callable[[list[Any]], list[Any]]) -> Plant:
    """What the cell gets differs from what the plan gave."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = Request.run

        def run(self: Any, sens: Any = None) -> list[Any]:
            found = honest(self, sens)
            return change(found) if grad_operation.recorder.get() is None else found

        patch.setattr(Request, "run", run)

    return plant


def _structured(patch: pytest.MonkeyPatch) -> None:
    honest = Operation._structure

    def structure(self: Any, by_input: Any, by_weight: Any, weights: Any) -> Any:
        return honest(self, [one * 1.25 for one in by_input], tuple(one * 1.25 for one in by_weight), weights)

    patch.setattr(Operation, "_structure", structure)


RETURNING: dict[str, Plant] = {
    "scaled": returning(lambda found: [one * 2.0 for one in found]),
    "exchanged": returning(lambda found: found[::-1] if found[0].shape == found[-1].shape else [-one for one in found]),
    "one entry": returning(lambda found: [Tensor(_one([one.asnumpy()], ())[0]) for one in found]),
    "scaled in the structure": _structured,
}
