"""Gradient functions, and the traces that they keep: each call that is traced is an attempt, the second in a row succeeds.

Comes in: what a call was given and what its trace made. Goes out: a function that answers later calls, if all that the
trace rests on is known and was the same both times.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..ir import Atom, Graph, Var
from ..numeric.plan import Plan
from ..observing import handed, observer, value_plan
from ..registry import recorder
from ..reversing.recorded import Record
from ..reversing.reverse import expand, reverse_pass
from ..tensor import Epoch, Parameter, Tensor
from ..tensor.parameter import lent
from ..tracing.trace import Program
from ..voice import foreign
from .dispatch import Answer, Answered, Form, Slot, tensors_answer
from .kept import Seen, forms_of, home_of, own_voices, same, same_forms, seen
from .places import Place, unchanged
from .standing import standing
from .surroundings import mark, ours
from .twins import twin_of


class Asked(Protocol):
    """A gradient that was asked for and taken: see `gradients.grad_operation.Request`."""

    program: Program
    wrt: list[Var]

    def plan_for(self, wrt: Sequence[Var], weights: Sequence[np.ndarray] | None) -> Plan: ...
    def record_for(self, wrt: Sequence[Var], weights: Sequence[np.ndarray] | None) -> Record: ...


class Taking(Protocol):
    """What a gradient function was asked for, once and for all."""

    @property
    def fn(self) -> Callable[..., Any]: ...
    @property
    def weights(self) -> Any: ...
    def taken(self, args: tuple[Any, ...], kwargs: dict[str, Any], trying: Attempt | None) -> Any:
        """The result of a call: the function is traced."""


class GradientFunction(Answered):
    """A function that gives gradients; it keeps its traces.

    Threads may share it: what they read is replaced as a whole, never changed.
    """

    def __init__(self, taking: Taking, key: Any) -> None:
        self.fn = taking.fn
        self._taking = taking
        self._key = key
        self._seen: tuple[Seen, ...] = ()
        self._calls = 0
        self._kept: tuple[tuple[int, Callable[..., Any]], ...] = ()
        named(self, taking.fn)

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":
            return inspect.signature(getattr(self._taking.fn, "construct", self._taking.fn))
        raise AttributeError(f"A gradient function has no attribute {name!r}.")

    def __repr__(self) -> str:
        return f"<gradient function of {self.__name__}>"  # type: ignore[attr-defined]

    def _checked(self, *args: Any, **kwargs: Any) -> Any:
        taking = self._taking
        if all(one() is None for one in BUSY):
            twin = twin_of(self, taking.fn, self._key)
            if twin is not None:
                return twin(*args, **kwargs)
        return handed(lambda: taking.taken(args, kwargs, _attempt(self, taking, args, kwargs)))

    def rests_on(self) -> tuple[Any, ...]:
        """What there is behind it."""
        return self._taking.fn, self._taking.weights

    def due(self) -> bool:
        """Whether this call is worth an attempt: each at first, then those whose number is a power of two."""
        self._calls += 1
        return self._calls <= _ATTEMPTS or self._calls & (self._calls - 1) == 0

    def note(self, found: Seen | None) -> None:
        """Remember a trace until the next one of its form; those of some other forms stay remembered."""
        if found is not None:
            self._seen = (found, *(one for one in self._seen if not same_forms(one, found)))[:_ATTEMPTS]

    def add(self, epoch: int, answer: Callable[..., Any]) -> None:
        """Keep one more trace; those of other epochs have no answer any more."""
        self._kept = ((epoch, answer), *(one for one in self._kept if one[0] == Epoch.count))[:_KEPT]
        self._answer_by([one for _, one in self._kept])
        self._calls = 0


# So many traces a function keeps at most; so many attempts in vain are made before the next ones become rare.
_KEPT, _ATTEMPTS = 8, 4


@dataclass(frozen=True, eq=False)
class Attempt:
    """A call whose trace may come to be kept: what was known before it was made."""

    function: GradientFunction
    forms: tuple[Form, ...]
    epoch: int
    places: list[Place] | None
    keywords: tuple[str, ...] = ()

    def keep(
        self,
        request: Asked,
        weights: Sequence[Tensor] | None,
        build: Callable[[Sequence[Any], Callable[[Parameter], Any]], Any],
        wanted: tuple[Any, ...],
        outputs: Sequence[Atom] = (),
        whole: Program | None = None,
    ) -> None:
        """Keep the trace that ``request`` made, if it is as the one before; otherwise remember it for the next time.

        ``outputs`` are values that are returned before the gradients; ``whole`` has all that the function returned.
        ``build`` makes what is returned of the results, and of what it is told to put where there is no gradient.
        """
        floats = request.wrt and all(var.dtype.kind == "f" for var in request.wrt)
        if not floats or not self._weights_fit(request, weights) or not own_voices(request.program.graph, foreign):
            return
        order = [request.program.graph.inputs.index(var) for var in request.wrt]
        wanted = (order, self.keywords, *wanted)
        found = seen(whole or request.program, self.forms, wanted)
        again = found is not None and any(same(one, found) for one in self.function._seen)
        self.function.note(found)
        if not again or self.places is None or self.epoch != Epoch.count or not unchanged(self.places)():
            return
        given = None if weights is None else tuple(one._array() for one in weights)
        plan = _plan_of(request, given, order, whole if outputs else None)
        tensors = sum(form.shape is not None for form in self.forms) - len(weights or ())
        rests = (self.epoch, self.places, BUSY, self.keywords)
        answer = Answer(self.forms, request.program.captured, tensors, plan, *rests)
        slots = [Slot(number) for number in range(len(outputs) + len(request.wrt))]
        structure = build(slots, lambda one: Slot(-1, (one.shape, one.numpy_dtype)))
        self.function.add(self.epoch, tensors_answer(answer, mark, len(slots), structure))

    def _weights_fit(self, request: Asked, weights: Sequence[Tensor] | None) -> bool:
        """Whether the weights are the last argument just as it came."""
        if weights is None or self.keywords:
            return weights is None
        shape = self.forms[-1].shape if self.forms else None
        return len(request.program.graph.outputs) == len(weights) == 1 and shape == weights[0].shape


BUSY = (recorder.get, observer.get, lambda: lent() or None)


def _attempt(
    function: GradientFunction, taking: Taking, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Attempt | None:
    """The `Attempt` to keep the trace of a call that is about to be made; None where that is out of the question."""
    if any(one() is not None for one in BUSY) or not function.due() or _lists_its_own(taking.fn):
        return None
    forms = forms_of((*args, *kwargs.values()))
    if forms is None:
        return None
    epoch = Epoch.count
    return Attempt(function, forms, epoch, standing(taking.fn) if function._seen else None, tuple(kwargs))


def _plan_of(request: Asked, given: Any, order: Sequence[int], whole: Program | None) -> Plan:
    """The plan of what was asked for; with ``whole`` of all that the function returns, before it."""
    if whole is None:
        return request.plan_for(request.wrt, given)
    if not any(eqn.op.nested for eqn in whole.graph.eqns):
        return value_plan(request.record_for(request.wrt, given), whole.graph.outputs, given is not None)
    full = expand(whole.graph)
    first = Graph(full.inputs, full.eqns, full.outputs[: len(request.program.graph.outputs)], full.guards)
    record = reverse_pass(first, [first.inputs[at] for at in order], given is not None, (*whole.values, *(given or ())))
    return value_plan(record, full.outputs, given is not None)


def _lists_its_own(fn: Any) -> bool:
    """True for a network that says in code of its own what its parameters are."""
    found = [
        getattr(getattr(type(fn), name, None), "__code__", None) for name in ("trainable_params", "named_parameters")
    ]
    return any(code is not None and not ours(code) for code in found)


def gradient_function(fn: Any, way: Any, weights: Any, make: Callable[[Any], Taking | Answered]) -> Callable[..., Any]:
    """The gradient function of ``fn`` that is taken in one ``way`` by ``weights``: always the same one, where ``fn`` lasts.

    ``make`` is called with the weights as they are now, where there was none.
    """
    key = way
    if isinstance(weights, (list, tuple)):
        weights = tuple(weights)
        key = (way, *map(id, weights))
    elif weights is not None:
        key = (way, id(weights), None)
    home = home_of(fn)
    found = None if home is None else home.functions.get(key)
    if found is None:
        made = make(weights)
        found = made if isinstance(made, Answered) else GradientFunction(made, key)
        if home is not None:
            home.remember(key, found)
    return found  # type: ignore[no-any-return]


def like(wrapper: Any, function: Callable[..., Any]) -> Any:
    """``wrapper`` with the name, the signature and the parameters of ``function``."""
    with suppress(TypeError, ValueError):
        wrapper.__signature__ = inspect.signature(getattr(function, "construct", function))
    return named(wrapper, function)


def named(wrapper: Any, function: Callable[..., Any]) -> Any:
    """``wrapper`` with the name and the parameters of ``function``."""
    wrapper.__name__ = getattr(function, "__name__", type(function).__name__)
    wrapper.named_parameters = getattr(function, "named_parameters", dict)
    return wrapper


__all__ = ["BUSY", "Attempt", "GradientFunction", "Taking", "gradient_function", "like"]
