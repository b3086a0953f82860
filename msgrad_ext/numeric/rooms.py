"""Arrays that are joined, written where they will stand: a step's result becomes a part of the joined array at once.

::

    a = tanh(x, b1)                       room = b3
    b = tanh(y, b2)                 ->    a = tanh(x, b3[0:16])
    c = concatenate((a, b), 0, b3)        b = tanh(y, b3[16:32])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from ..ir import Shape
from .lowering import Steps
from .steps import Step, Value

_MAKERS = frozenset({"ufunc", "bits", "cast"})
_PRODUCTS = frozenset({"dot", "matmul"})
_FEWEST = 2


def with_rooms(lowered: Steps, steps: Sequence[Step]) -> list[Step]:
    """The steps, with parts of joined arrays made in their places."""
    joins = [step for step in steps if step.settings[:1] == ("join",)]
    if not joins:
        return list(steps)
    makers = {step.out: step for step in steps if step.kind in _MAKERS | _PRODUCTS}
    kept = {value.root for value in lowered.outputs}
    seen = {value.base for step in steps for value in (step.out, *step.operands)}
    before: dict[Step, list[Step]] = {}
    instead: dict[Step, list[Step]] = {}
    order = {step: place for place, step in enumerate(steps)}
    for join in joins:
        times = Counter(one.root for one in join.operands)
        axis = join.settings[1]
        own = {
            one.root
            for one in join.operands
            if one.root in makers
            and one.root.kind == "made"
            and times[one.root] == 1
            and one.root not in kept
            # Columns do not lie in one piece: no product is written to them, and no view shows them otherwise.
            and (_in_order(one) if axis == 0 else one is one.root and makers[one].kind in _MAKERS and one not in seen)
        }
        if len(own) < _FEWEST:
            continue
        first = min((makers[one] for one in own), key=order.__getitem__)
        before.setdefault(first, []).append(Step("room", "", (), join.out, (), join.eqn))
        instead[join] = _placed(join, own, axis)
    placed = [other for step in steps for other in (*before.get(step, ()), *instead.get(step, (step,)))]
    return _needed(placed, lowered.outputs)


def _needed(steps: Sequence[Step], outputs: Sequence[Value]) -> list[Step]:
    """The steps without the views that nobody reads: a part that is made in its place needs no other shape."""
    read = set(outputs)
    kept = []
    for step in reversed(steps):
        if step.kind != "view" or step.out in read:
            kept.append(step)
            read.update(step.operands)
    return kept[::-1]


def _in_order(value: Value) -> bool:
    """True if all elements of the root are those of ``value``, one after another."""
    return value.compact and value.size == value.root.size


def _placed(join: Step, own: set[Value], axis: int) -> list[Step]:
    """Turn the parts ``own`` into views of what is joined; the others are copied to their places."""
    copies, start = [], 0
    for part in join.operands:
        stop = start + part.shape[axis]
        root, place = part.root, f"[{':, ' * axis}{start}:{stop}]"
        if root in own:
            same = root.shape == part.shape
            root.kind, root.base, root.compact = "view", join.out, axis == 0
            root.form = f"{{}}{place}" if same else f"{{}}{place}.reshape({root.shape})"
            root.make = partial(_part, axis=axis, start=start, stop=stop, shape=root.shape)
        else:
            settings = ("part", axis, start, stop)
            copies.append(Step("fill", f"{{out}}{place} = {{0}}", (part,), join.out, settings, join.eqn))
        start = stop
    return copies


def _part(array: np.ndarray, axis: int, start: int, stop: int, shape: Shape) -> np.ndarray:
    return array[(*(slice(None),) * axis, slice(start, stop))].reshape(shape)
