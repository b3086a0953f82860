"""Where ops are listed: classes by name, and what `ops` and `Tensor` offer as functions and methods.

Filled by `op.Op` and `op.Composite` as their subclasses are defined, and by `composite`; read by the facades, so that a
new op appears in all of them at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from .errors import ArgumentError, MsgradError, user_location
from .now import Epoch

F = TypeVar("F", bound=Callable[..., Any])

OPS: dict[str, Any] = {}
COMPOSITES: dict[str, Any] = {}
ALIASES: dict[str, str] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}
METHODS: dict[str, Callable[..., Any]] = {}

# The trace that is running, if one is; see `op.Recorder`.
recorder: ContextVar[Any] = ContextVar("recorder", default=None)


@contextmanager
def recording(trace: Any) -> Iterator[None]:
    """Let ``trace`` be the one that runs."""
    with Epoch.busy():
        Epoch.last_trace = object()
        token = recorder.set(trace)
        try:
            yield
        finally:
            recorder.reset(token)


def fleeting() -> None:
    """Say that what runs now does more than compute, so that no running trace may stand for a later call."""
    running = recorder.get()
    while running is not None:
        running.fleeting = True
        running = running.outer


def register(cls: type[Any], functions: str, methods: str, aliases: str, table: dict[str, Any]) -> None:
    """List ``cls`` in ``table`` under its own name, and its plain call under the space-separated names.

    ``aliases`` are further names of the class, such as those of earlier versions.
    """
    table[cls.__name__] = cls
    ALIASES.update(dict.fromkeys(aliases.split(), cls.__name__))
    names = functions.split() + methods.split()
    if not names:
        return

    def call(*operands: Any, **named: Any) -> Any:
        if named and set(named) <= set(inspect.signature(getattr(cls, "bind", None) or cls.compute).parameters):
            return cls()(*operands, **named)
        return cls()(*operands, *_in_order(names[0], len(operands), named))

    call.__name__ = call.__qualname__ = names[0]
    call.__doc__ = cls.__doc__
    operands = getattr(cls, "operands", ())
    if 0 < len(operands) <= len(_KEYWORDS):
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        known = [inspect.Parameter(names[0], kind) for names, _ in zip(_KEYWORDS, operands)]
        call.__signature__ = inspect.Signature(known)  # type: ignore[attr-defined]
    composite(functions, methods)(call)


# What MindSpore calls the operands of its functions, by position.
_KEYWORDS = (
    ("input", "x", "input_x", "x1", "dividend"),
    ("other", "y", "exponent", "x2", "values", "weight", "divisor", "value"),
)


def _in_order(function: str, count: int, named: dict[str, Any]) -> list[Any]:
    """Operands that are given by keyword, in the order of their positions after the first ``count``."""
    found = []
    for place in range(count, count + len(named)):
        allowed = _KEYWORDS[place] if place < len(_KEYWORDS) else ()
        key = next((key for key in allowed if key in named), None)
        if key is None:
            raise ArgumentError(f"For '{function}', there is no keyword argument {min(named)!r} here.")
        found.append(named.pop(key))
    return found


def composite(functions: str = "", methods: str = "") -> Callable[[F], F]:
    """Offer a function that is written with ops under these names, in ``ops`` and as methods of `Tensor`."""

    names = [*functions.split(), *methods.split()]

    def listed(function: F) -> F:
        @wraps(function)
        def offered(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except MsgradError as error:
                raise error.at(user_location())
            except AttributeError as error:
                if names:
                    refuse_no_tensor(names[0], error, (*args, *kwargs.values()))
                raise

        FUNCTIONS.update(dict.fromkeys(functions.split(), offered))
        METHODS.update(dict.fromkeys(methods.split(), offered))
        return offered  # type: ignore[return-value]

    return listed


def refuse_no_tensor(name: str, error: AttributeError, args: Iterable[Any]) -> None:
    """Raise what says so, if ``error`` came of asking one of ``args`` for what only tensors have."""
    if any(error.obj is one for one in args):
        told = f"For '{name}', the input must be a Tensor, but got {type(error.obj).__name__}."
        raise ArgumentError(told, user_location()) from None


def op_class(name: str) -> Any:
    """The class that ``ops`` offers under ``name``: an op, a composite, or an alias of one; None if there is none."""
    name = ALIASES.get(name, name)
    return OPS.get(name) or COMPOSITES.get(name)


class Functions:
    """The functions of the registry as attributes: ``fn.exp(x)``. Rules are written with it, so that op files need not
    import each other."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return FUNCTIONS[name]


fn = Functions()
