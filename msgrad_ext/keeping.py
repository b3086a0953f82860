"""The attempts to keep a trace: each call of a gradient function that is traced is one, and the second in a row succeeds.

Comes in: what a call was given and what its trace made. Goes out: an answer in `kept`, if all that the trace rests on is
known and was the same both times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .ir import Atom, Var
from .kept import Home, Kept, forms_of, own_voices, same, seen
from .numeric.dispatch import Answer, Form, tensors_answer
from .observing import Compiled, observer, value_plan
from .op import foreign
from .registry import recorder
from .standing import standing
from .surroundings import mark, ours
from .tensor import Epoch, Parameter, Tensor
from .tensor.parameter import lent
from .trace import Program


class Asked(Protocol):
    """A gradient that was asked for and taken: see `grad_operation.Request`."""

    program: Program
    wrt: list[Var]

    def compiled_for(self, wrt: Sequence[Var], weights: Sequence[np.ndarray] | None) -> Compiled: ...


@dataclass(frozen=True, eq=False)
class Attempt:
    """A call whose trace may come to be kept: what was known before it was made."""

    kept: Kept
    forms: tuple[Form, ...]
    epoch: int
    same: Callable[[], bool] | None

    def keep(
        self,
        request: Asked,
        weights: Sequence[Tensor] | None,
        build: Callable[[Sequence[Tensor]], Any] | str,
        wanted: tuple[Any, ...],
        outputs: Sequence[Atom] = (),
        whole: Program | None = None,
    ) -> None:
        """Keep the trace that ``request`` made, if it is as the one before; otherwise remember it for the next time.

        ``outputs`` are values that are returned before the gradients; ``whole`` has all that the function returned.
        """
        before, self.kept.seen = self.kept.seen, None
        floats = request.wrt and all(var.dtype.kind == "f" for var in request.wrt)
        if not floats or not self._weights_fit(request, weights) or not own_voices(request.program.graph, foreign):
            return
        order = [request.program.graph.inputs.index(var) for var in request.wrt]
        self.kept.seen = found = seen(whole or request.program, self.forms, (order, *wanted))
        if self.same is None or self.epoch != Epoch.count or not same(before, found) or not self.same():
            return
        given = None if weights is None else tuple(one._array() for one in weights)
        made = request.compiled_for(request.wrt, given)
        plan = made.plan if not outputs else value_plan(made, outputs, given is not None)
        tensors = sum(form.shape is not None for form in self.forms) - len(weights or ())
        answer = Answer(self.forms, request.program.captured, tensors, plan, self.epoch, self.same, _BUSY)
        self.kept.add(tensors_answer(answer, mark, len(outputs) + len(request.wrt), build))

    def _weights_fit(self, request: Asked, weights: Sequence[Tensor] | None) -> bool:
        """Whether the weights are the last argument just as it came."""
        if weights is None:
            return True
        shape = self.forms[-1].shape if self.forms else None
        return len(request.program.graph.outputs) == len(weights) == 1 and shape == weights[0].shape


_BUSY = (recorder.get, observer.get)


def attempt(
    kept: Kept, fn: Callable[..., Any], weights: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Attempt | None:
    """The `Attempt` to keep the trace of a call that is about to be made; None where that is out of the question."""
    if kwargs or lent() or any(one() is not None for one in _BUSY) or not kept.due():
        return None
    if not isinstance(weights, (type(None), Parameter, tuple)) or _lists_its_own(fn):
        return None
    forms = forms_of(args)
    if forms is None:
        return None
    epoch = Epoch.count
    return Attempt(kept, forms, epoch, None if kept.seen is None else standing(fn))


def _lists_its_own(fn: Any) -> bool:
    """True for a network that says in code of its own what its parameters are."""
    found = [
        getattr(getattr(type(fn), name, None), "__code__", None) for name in ("trainable_params", "named_parameters")
    ]
    return any(code is not None and not ours(code) for code in found)


def kept_of(home: Home | None, key: tuple[Any, ...], weights: Any) -> Kept:
    """The kept traces of a function for one way of taking its gradient."""
    return Kept() if home is None else home.kept_for((*key, id(weights)), weights)


__all__ = ["Attempt", "attempt", "kept_of"]
