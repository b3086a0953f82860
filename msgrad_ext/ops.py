"""MindSpore's ``ops``: the op classes, their functional forms and `GradOperation`.

Everything here comes from the registry; no arithmetic is done in this file.
"""

from __future__ import annotations

from typing import Any

from . import primitives as _primitives  # noqa: F401 - as does this
from .decorators import constexpr
from .errors import UnknownNameError, choices
from .gradients.batching import vmap
from .gradients.functional import get_grad, grad, value_and_grad, vjp
from .gradients.grad_operation import GradOperation
from .gradients.jacobian import derivative, jacfwd, jacrev, jet, jvp
from .registry import ALIASES, COMPOSITES, FUNCTIONS, OPS, op_class
from .tracing import hooks as _hooks  # noqa: F401 - importing it fills the registry

__all__ = [
    "GradOperation",
    "constexpr",
    "derivative",
    "get_grad",
    "grad",
    "jacfwd",
    "jacrev",
    "jet",
    "jvp",
    "value_and_grad",
    "vjp",
    "vmap",
]


def __getattr__(name: str) -> Any:
    found = op_class(name) or FUNCTIONS.get(name)
    if found is not None and not name.startswith("_"):
        return found
    if name.startswith("__"):
        raise AttributeError(name)
    raise UnknownNameError(f"'mindspore.ops' has no '{name}' here. {choices(name, __dir__())}")


def __dir__() -> list[str]:
    return sorted({*__all__, *OPS, *COMPOSITES, *ALIASES, *(name for name in FUNCTIONS if name != "sum_to_shape")})
