"""Kinds of values: numbers and texts that hold nothing, classes of this package, what classes have from Python itself."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np

from ..dtype import DType
from .surroundings import installed

HOME = (__package__ or "").partition(".")[0] + "."
PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), range, slice)
NUMBERS = (np.generic, np.dtype, DType)


def homes(kind: type) -> tuple[type, ...]:
    """A class and its bases, but for `object`."""
    return kind.__mro__[:-1]


def known_here(home: type) -> bool:
    """True for a class of this package."""
    return home.__module__.startswith(HOME)


def shows_all(text: Any) -> bool:
    """True for what gives an object's text and is none of the user's: it shows the attributes."""
    return not isinstance(text, FunctionType) or installed(text.__code__)


def is_error(value: Any) -> bool:
    """True for a class of exceptions."""
    return isinstance(value, type) and issubclass(value, BaseException)


def plain_tuple(value: Any) -> bool:
    """True for a tuple of nothing but numbers and texts, all the way down."""
    return type(value) is tuple and all(type(one) in PLAIN or plain_tuple(one) for one in value)


__all__ = ["HOME", "NUMBERS", "PLAIN", "homes", "is_error", "known_here", "plain_tuple", "shows_all"]
