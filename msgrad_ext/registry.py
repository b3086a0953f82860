"""Where ops are listed: classes by name, and what `ops` and `Tensor` offer as functions and methods.

Filled by `op.Op` as its subclasses are defined and by `composite`; read by the facades, so that a new op appears in all
of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import MsgradError, user_location

if TYPE_CHECKING:
    from .op import Op

F = TypeVar("F", bound=Callable[..., Any])

OPS: dict[str, Any] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}
METHODS: dict[str, Callable[..., Any]] = {}


def register(cls: type[Op], functions: str, methods: str) -> None:
    """List ``cls`` under its own name, and its plain call under the space-separated ``functions`` and ``methods``."""
    OPS[cls.__name__] = cls
    names = functions.split() + methods.split()
    if not names:
        return

    def call(*operands: Any) -> Any:
        return cls()(*operands)

    call.__name__ = call.__qualname__ = names[0]
    call.__doc__ = cls.__doc__
    composite(functions, methods)(call)


def composite(functions: str = "", methods: str = "") -> Callable[[F], F]:
    """Offer a function that is written with ops under these names, in ``ops`` and as methods of `Tensor`."""

    def listed(function: F) -> F:
        @wraps(function)
        def offered(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except MsgradError as error:
                raise error.at(user_location())

        FUNCTIONS.update(dict.fromkeys(functions.split(), offered))
        METHODS.update(dict.fromkeys(methods.split(), offered))
        return offered  # type: ignore[return-value]

    return listed


class Functions:
    """The functions of the registry as attributes: ``fn.exp(x)``. Rules are written with it, so that op files need not
    import each other."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return FUNCTIONS[name]


fn = Functions()
