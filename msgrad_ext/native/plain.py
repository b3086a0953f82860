"""The C text of a program for machines without Python's headers: a function of array objects, called through ctypes.

An array's elements are found where every build of CPython and numpy has their address, behind the object's head; that
is tried when the function is loaded. What fits is checked in Python, so a call takes some microseconds more.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import products
from .blas import Blas
from .forms import SUMS, prelude
from .module import LONG, MEMORY, STACK, Module, ProgramWriter, room
from .program import Call, NoNative, Program, Value

_HEAD = """\
struct object { ptrdiff_t count; void *kind; char *data; };
void *data_of(struct object *o) { return o->data; }
"""


def write_plain(program: Program, blas: Blas | None) -> Module:
    """The module of ``program`` without Python's headers.

    Raises
    ------
    NoNative
        If voices have to be called.
    """
    if sys.implementation.name != "cpython" or hasattr(sys, "getobjects"):
        raise NoNative("Python.h is not installed")
    if any(isinstance(step, Call) for step in program.steps):
        raise NoNative("Python.h is not installed, and some operations have no form in C")
    return _PlainWriter(program, blas).write()


class _PlainWriter(ProgramWriter):
    """Takes arrays as they are given; they fit, and results are arrays already."""

    def input(self, value: Value, source: str, checked: bool) -> list[str]:
        """The line that takes an input or a constant."""
        place = self.program.inputs.index(value) if checked else len(self.program.inputs) + self.constant(value)
        return [f"const {value.ctype} *{self.name(value)} = (const {value.ctype} *)a{place}->data;"]

    def output(self, value: Value) -> list[str]:
        """The line that takes an array for a result."""
        place = len(self.program.inputs) + len(self.program.constants) + self.program.outputs.index(value)
        return [f"{value.ctype} *{self.name(value)} = ({value.ctype} *)a{place}->data;"]

    def constant(self, value: Value) -> int:
        """Which of the constants it is."""
        return next(number for number, (one, _) in enumerate(self.program.constants) if one is value)

    def text(self, declared: list[str], enter: list[str], body: list[str]) -> str:
        """The parts put together."""
        functions, apart = self.written(enter, body)
        size, program = self.arena.size, self.program
        count = len(program.inputs) + len(program.constants) + len(program.outputs)
        arguments = ", ".join(f"struct object *a{number}" for number in range(count))
        back = ["if (w) give_back(w);"] if size > STACK else []
        return "\n".join([
            prelude(), SUMS, MEMORY, _HEAD, products.declarations(self.letters, self.blas is not None and self.blas.wide),
            *functions,
            *(f"void set_{name}(void *place) {{ BLAS_{name} = place; }}" for name in products.names(self.letters)),
            *apart, f"int plan({arguments}) {{", "int result = 0;", *(["char *w = NULL;"] if back else []),
            *room(size, "result = 2; goto end;"), "{", "int wrong = 0; (void)wrong;", *enter, *body, "goto end;",
            "other_branch: __attribute__((unused));", "result = 1; goto end;",
            "misplaced: __attribute__((unused));", "result = 3;", "}",
            "end: __attribute__((unused));", *back, "return result;", "}\n",
        ])  # fmt: skip


def load(path: Path, program: Program, blas: Blas | None, bound: tuple[Any, ...]) -> Callable[..., Any]:
    """The function of a compiled text, from arrays to a tuple of fresh arrays.

    Parameters
    ----------
    bound : tuple
        What answers arrays that do not fit, the exception of another branch, the constants.
    """
    work = sum(step.out.size for step in program.steps)
    library = (ctypes.CDLL if work > LONG else ctypes.PyDLL)(str(path))
    probe = np.zeros(1)
    library.data_of.argtypes, library.data_of.restype = [ctypes.py_object], ctypes.c_void_p
    if library.data_of(probe) != probe.ctypes.data:
        raise NoNative("Python.h is not installed, and arrays lie otherwise in memory")
    for name, place in (blas.addresses if blas else {}).items():
        setter = getattr(library, f"set_{name}", None)
        if setter is not None:
            setter(ctypes.c_void_p(place))
    function = library.plan
    function.argtypes = [ctypes.py_object] * (len(program.inputs) + len(bound) - 2 + len(program.outputs))
    return _called(function, program, *bound)


def _called(function: Any, program: Program, fallback: Callable[..., Any], branch: type[Exception],
            *constants: np.ndarray) -> Callable[..., Any]:  # fmt: skip
    wanted = [(value.shape, value.dtype) for value in program.inputs]
    made = [(value.shape, value.dtype) for value in program.outputs]
    plain, empty = np.ndarray, np.empty

    def run(*arrays: Any) -> Any:
        if len(arrays) != len(wanted):
            return fallback(*arrays)
        given = []
        for array, (shape, dtype) in zip(arrays, wanted):
            if type(array) is not plain:
                if not isinstance(array, np.generic):
                    return fallback(*arrays)
                array = np.asarray(array)
            if array.shape != shape or (array.dtype is not dtype and array.dtype != dtype):
                return fallback(*arrays)
            given.append(array if array.flags.carray else np.array(array, order="C"))
        results = [empty(shape, dtype) for shape, dtype in made]
        told = function(*given, *constants, *results)
        if told == 3:
            return fallback(*arrays)
        if told:
            raise branch() if told == 1 else MemoryError
        return tuple(results)

    return run
