"""MindSpore's decorators that ask for compilation: here every gradient is traced and compiled, so they change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import ArgumentError, user_location


def jit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """``function`` itself; ``@jit`` and ``@jit(...)`` with MindSpore's options are both accepted."""
    return _same("jit", function)


def ms_function(fn: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`jit` under the name that it had until r1.10."""
    return _same("ms_function", fn)


def constexpr(fn: Callable[..., Any] | None = None, **options: Any) -> Any:
    """``fn`` itself; what it computes of values that are no tensors is constant anyway."""
    return _same("constexpr", fn)


def lazy_inline(fn: Callable[..., Any] | None = None, **options: Any) -> Any:
    """``fn`` itself: there is nothing to inline later."""
    return _same("lazy_inline", fn)


def jit_class(cls: type) -> type:
    """``cls`` itself."""
    return cls


def _same(name: str, function: Any) -> Any:
    if function is None:
        return lambda inner: _same(name, inner)
    if not callable(function):
        raise ArgumentError(f"For '{name}', the function must be callable, but got {function!r}.", user_location())
    return function


__all__ = ["constexpr", "jit", "jit_class", "lazy_inline", "ms_function"]
