"""Hooks on gradients: functions of the user's that see the cotangent of a value, and may give another one.

A hook changes nothing in the forward run. It stands in the graph as a part with a derivative of its own (`custom`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import finalize

from ..errors import ArgumentError, BackwardError, Location, user_location
from ..ir import Eqn, Guard, substitute
from ..op import Composite, recorder
from ..registry import composite
from ..tensor import Epoch, Tensor
from .custom import fitting, pass_through
from .trace import Traced

Hook = Callable[..., Any]


def check_hook(hook: Any) -> None:
    """Refuse what can not be called."""
    if not callable(hook):
        raise ArgumentError(f"A hook must be a callable, but got {type(hook).__name__}.", user_location())


class HookHandle:
    """What registering a hook returns; `remove` takes the hook back."""

    def __init__(self, drop: Callable[[], None]) -> None:
        self._drop = drop

    def remove(self) -> None:
        """Take the hook back; a second time does nothing."""
        self._drop()


class HookBackward(Composite):
    """The operands themselves; ``hook_fn`` is called with the tuple of their cotangents, and may return other ones."""

    def __init__(self, hook_fn: Hook, cell_id: str = "") -> None:
        check_hook(hook_fn)
        self.cell_id = cell_id
        self._hook = hook_fn

    def compute(self, *operands: Any) -> Any:
        for one in operands:
            if not isinstance(one, Tensor):
                raise ArgumentError(f"For 'HookBackward', an operand must be a Tensor, but got {type(one).__name__}.")
        found = _under("HookBackward", operands, self._replaced, user_location())
        return found[0] if len(found) == 1 else tuple(found)

    def _replaced(self, cotangents: Sequence[Tensor]) -> Sequence[Any]:
        result = self._hook(tuple(cotangents))
        if result is None:
            return cotangents
        found = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        if len(found) != len(cotangents):
            told = (
                f"For 'HookBackward', the hook must return {len(cotangents)} gradients or None, but got {len(found)}."
            )
            raise BackwardError(told, "HookBackward")
        return found

    def __repr__(self) -> str:
        return f"Prim[HookBackward]<cell_id={self.cell_id}>"


class InsertGradientOf(Composite):
    """The operand itself; its cotangent is what ``f`` makes of it."""

    def __init__(self, f: Hook) -> None:
        check_hook(f)
        self.f = f

    def compute(self, x: Any) -> Any:
        if not isinstance(x, Tensor):
            return x
        return _under("InsertGradientOf", [x], lambda sent: _one(self.f, sent), user_location())[0]


def _one(hook: Hook, cotangents: Sequence[Tensor]) -> list[Any]:
    """A hook's answer for a single cotangent; None leaves it as it is."""
    result = hook(cotangents[0])
    return [cotangents[0] if result is None else result]


def _under(
    name: str, given: Sequence[Tensor], answer: Callable[[Sequence[Tensor]], Sequence[Any]], location: Location | None
) -> list[Tensor]:
    """``given`` with ``answer`` between each cotangent that comes and the one that goes on."""
    outer = recorder.get()
    standing = list(given) if outer is None else [outer.stand_in(one) for one in given]  # type: ignore[attr-defined]
    # A constant beside the others has no cotangent to show.
    moving = [number for number, one in enumerate(standing) if isinstance(one, Traced)]
    if outer is None or not moving:
        return list(given)
    found = list(given)
    traced = [one for one in standing if isinstance(one, Traced)]
    under = pass_through(name, traced, _rule(name, answer, location), location)
    for number, one in zip(moving, under):
        found[number] = one
    return found


def _rule(name: str, answer: Callable[[Sequence[Tensor]], Sequence[Any]], location: Location | None) -> Any:
    def rule(operands: Sequence[Tensor], outputs: Sequence[Tensor], cotangents: Sequence[Tensor]) -> list[Any]:
        pairs = zip(answer(cotangents), cotangents)
        return [fitting(name, "x", gradient, sent, location) for gradient, sent in pairs]

    return rule


@composite(methods="register_hook")
def register_hook(x: Tensor, hook: Hook) -> HookHandle:
    """Call ``hook`` with the gradient by ``x`` in every reverse pass; it may return another gradient.

    Inside a network the hook belongs to this value, wherever it is used. Returns a handle with ``remove()``.
    """
    check_hook(hook)
    active = [True]
    location = user_location()

    def answer(cotangents: Sequence[Tensor]) -> Sequence[Any]:
        return _one(hook, cotangents) if active else cotangents

    def attach(standing: Traced) -> Traced:
        return pass_through("register_hook", [standing], _rule("register_hook", answer, location), location)[0]

    if isinstance(x, Traced):
        _attach_in_place(x, attach)
        return HookHandle(active.clear)
    hooks = x.__dict__.setdefault("_hooks", {})
    hooks[id(attach)] = attach
    Epoch.advance()
    # Arguments of later calls may be this tensor: they are looked at as long as it lives.
    Epoch.look_closer(1)
    ended = finalize(x, Epoch.look_closer, -1)

    def drop() -> None:
        if hooks.pop(id(attach), None) is not None:
            Epoch.advance()
            ended()

    return HookHandle(drop)


def _attach_in_place(x: Traced, attach: Callable[[Traced], Traced]) -> None:
    """Put a hook right behind the value of ``x``: all that uses the value uses it through the hook, also earlier uses."""
    trace: Any = x._trace
    base = x.__dict__.setdefault("_base", x._var)
    hooked = attach(Traced(trace, base, x._value))
    made = trace.eqns.pop()
    start = next((number + 1 for number, eqn in enumerate(trace.eqns) if eqn.out is base), 0)
    new = {base: hooked._var}
    later = [Eqn(eqn.op, substitute(eqn.inputs, new), eqn.out, eqn.location) for eqn in trace.eqns[start:]]
    trace.eqns[start:] = [made, *later]
    trace.guards[:] = [Guard(substitute([one.var], new)[0], one.value, one.location) for one in trace.guards]
    if x._var is base:
        x._var = hooked._var


__all__ = ["HookBackward", "HookHandle", "InsertGradientOf", "check_hook", "register_hook"]
