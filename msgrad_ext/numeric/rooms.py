"""Arrays that are joined, written where they will stand: a step's result becomes a part of the joined array at once.

::

    a = tanh(x, b1)                       room = b3
    b = tanh(y, b2)                 ->    a = tanh(x, b3[0:16])
    c = concatenate((a, b), 0, b3)        b = tanh(y, b3[16:32])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .lowering import Steps
from .steps import Step, Value

_MAKERS = frozenset({"ufunc", "bits", "cast", "dot", "matmul"})
# A slice of a small array is copied in less time than it takes to think about it.
_FEWEST = 2


def with_rooms(lowered: Steps, steps: Sequence[Step]) -> list[Step]:
    """The steps, with parts of joined arrays made in their places."""
    joins = [step for step in steps if step.settings[:1] == ("join",) and step.settings[1] == 0]
    if not joins:
        return list(steps)
    makers = {step.out: step for step in steps if step.kind in _MAKERS}
    kept = {value.root for value in lowered.outputs}
    before: dict[Step, list[Step]] = {}
    instead: dict[Step, list[Step]] = {}
    order = {step: place for place, step in enumerate(steps)}
    for join in joins:
        times = Counter(one.root for one in join.operands)
        whole = [one.root for one in join.operands if one.compact and one.size == one.root.size]
        own = [one for one in whole if one in makers and one.kind == "made" and times[one] == 1 and one not in kept]
        if len(own) < _FEWEST:
            continue
        first = min((makers[one] for one in own), key=order.__getitem__)
        before.setdefault(first, []).append(Step("room", "", (), join.out, (), join.eqn))
        instead[join] = _placed(join, set(own), lowered.taken)
    return [other for step in steps for other in (*before.get(step, ()), *instead.get(step, (step,)))]


def _placed(join: Step, own: set[Value], taken: set[str]) -> list[Step]:
    """Turn the parts ``own`` into views of what is joined; the others are copied to their places."""
    copies, start = [], 0
    for part in join.operands:
        stop = start + part.shape[0]
        root, form = part.root, f"{{}}[{start}:{stop}]"
        if root in own:
            same = root.shape == part.shape
            root.kind, root.base, root.form = "view", join.out, form if same else f"{form}.reshape({root.shape})"
        else:
            copies.append(Step("fill", f"{{out}}[{start}:{stop}] = {{0}}", (part,), join.out, (), join.eqn))
        start = stop
    return copies
