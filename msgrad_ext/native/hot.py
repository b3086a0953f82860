"""When a plan changes over to compiled C: after so many calls it is asked for, and it takes over when it is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet, ref

from .setting import CALLS, native_on, on_change

Function = Callable[..., Any]


class Tier:
    """What answers the calls of one plan.

    Parameters
    ----------
    plan : object
        Its ``graph`` is what it computes; its attribute ``run`` is what callers call, and is set here.
    by_numpy : callable
        The plan in numpy.
    other_branch : exception class
        What is raised where a guard of the graph fails.
    """

    def __init__(self, plan: Any, by_numpy: Function, other_branch: type[Exception]) -> None:
        self.plan, self.by_numpy, self.other_branch = ref(plan), by_numpy, other_branch
        self.left = CALLS
        self.native: Any = None
        _TIERS.add(self)

    @property
    def status(self) -> str:
        """Which tier answers, and why, in words."""
        if not native_on():
            return "numpy: compiled C is switched off"
        if self.native is None:
            return f"numpy: fewer than {CALLS} calls so far"
        return str(self.native.status)

    def run(self, *arrays: Any) -> Any:
        """Answer, and count; what is called often is asked for in C."""
        self.left -= 1
        if self.left <= 0:
            self.ask()
        return self.by_numpy(*arrays)

    def ask(self) -> None:
        """Have the plan compiled in the background, once."""
        plan = self.plan()
        with _LOCK:
            if plan is None or not native_on() or self.native is not None:
                return
            from .tier import Native, request  # only who needs it pays for what starts processes

            self.native = Native(plan.graph, self.by_numpy, self.other_branch, ref(self))
        request(self.native)
        self.choose()

    def choose(self) -> None:
        """Set what callers call, by what there is and the setting."""
        plan = self.plan()
        if plan is None:
            return
        if self.native is None:
            plan.run = self.run if native_on() else self.by_numpy
        else:
            plan.run = (native_on() and self.native.function) or self.by_numpy


_TIERS: WeakSet[Tier] = WeakSet()
_LOCK = threading.Lock()


def _changed() -> None:
    for tier in list(_TIERS):
        tier.choose()


on_change(_changed)


def asked() -> list[Tier]:
    """The tiers of all plans that were asked for in C."""
    return [tier for tier in list(_TIERS) if tier.native is not None]


def tiered(plan: Any, by_numpy: Function, other_branch: type[Exception]) -> Tier:
    """The tiers of ``plan``, whose ``run`` is set."""
    tier = Tier(plan, by_numpy, other_branch)
    tier.choose()
    return tier
