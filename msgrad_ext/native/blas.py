"""The functions of the BLAS that numpy itself was built with, found through numpy's own library."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from .products import NAMES

_SPELLINGS = (("scipy_cblas_{}64_", True), ("cblas_{}64_", True), ("scipy_cblas_{}", False), ("cblas_{}", False))


@dataclass(frozen=True)
class Blas:
    """Addresses of functions by name, and the width of their integers."""

    addresses: dict[str, int]
    wide: bool


@cache
def find() -> Blas | None:
    """numpy's BLAS, or None where its functions are not to be seen."""
    try:
        library = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__)
    except (ImportError, OSError):
        return None
    for spelling, wide in _SPELLINGS:
        try:
            found = {name: getattr(library, spelling.format(name)) for name in NAMES}
        except AttributeError:
            continue
        return Blas({name: ctypes.cast(one, ctypes.c_void_p).value or 0 for name, one in found.items()}, wide)
    return None
