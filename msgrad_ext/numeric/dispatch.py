"""Small functions, each written for one case, that decide in a few tenths of a microsecond whether a plan may answer.

Comes in: what a plan rests on, as places and forms of arguments. Goes out: functions without a loop over them. All
names in the generated text are made here; keys, values and names of users reach it as data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from ..errors import MsgradError
from ..tensor import Epoch, Tensor
from ..tensor.parameter import _lent

# How a place is looked at; ``h`` is the holder, ``k`` the key, ``v`` what it held.
_FORMS = {
    "entry": "h{0}[k{0}] is v{0}",
    "missing": "k{0} not in h{0}",
    "cell": "h{0}.cell_contents is v{0}",
    "code": "h{0}.__code__ is v{0}",
    "defaults": "h{0}.__defaults__ is v{0}",
    "length": "len(h{0}) == v{0}",
    "equal": "h{0} == v{0}",
    "content": "k{0}(h{0}) == v{0}",
}
# So many places are looked at in one expression.
_CHUNK = 200


@dataclass(frozen=True)
class Place:
    """One thing that a trace rests on: where it stands, how it is looked at (a key of ``_FORMS``), and what was there."""

    form: str
    holder: Any
    key: Any
    value: Any


@lru_cache(maxsize=512)
def _code(text: str) -> CodeType:
    return compile(text, "<msgrad_ext dispatch>", "exec")


def _made(text: str, name: str, known: dict[str, Any]) -> Callable[..., Any]:
    exec(_code(text), known)
    return known[name]


def unchanged(places: Sequence[Place]) -> Callable[[], bool]:
    """A function that tells whether every place holds what it held."""
    if not places:
        return lambda: True
    parts = [_chunk(places[start : start + _CHUNK]) for start in range(0, len(places), _CHUNK)]
    if len(parts) == 1:
        return parts[0]
    return lambda: all(part() for part in parts)


def _chunk(places: Sequence[Place]) -> Callable[[], bool]:
    known: dict[str, Any] = {}
    for number, place in enumerate(places):
        known.update({f"h{number}": place.holder, f"k{number}": place.key, f"v{number}": place.value})
    tests = " and ".join(_FORMS[place.form].format(number) for number, place in enumerate(places))
    lines = ["def same():", "    try:", f"        return {tests}", "    except (KeyError, ValueError):"]
    return _made("\n".join([*lines, "        return False", ""]), "same", known)


@dataclass(frozen=True)
class Form:
    """What one argument must be: a tensor of a shape and a dtype, or a plain value that has a mark."""

    shape: tuple[int, ...] | None = None
    dtype: np.dtype | None = None
    value: Any = None


@dataclass(frozen=True, eq=False)
class Answer:
    """How a call is answered.

    Attributes
    ----------
    forms : tuple of Form
        What the arguments must be.
    parameters : tuple of Tensor
        What the plan takes after the first ``leading`` tensors; their shapes and dtypes are those of now.
    leading : int
        How many of the tensor arguments come before the parameters.
    plan : callable
        Of arrays, to a tuple of arrays.
    epoch : int
        The count of `Epoch` at which all this holds.
    same : callable
        Tells whether the surroundings are as they were.
    busy : tuple of callables
        Each must give None or nothing: otherwise someone watches or records, and a call is not answered here.
    """

    forms: tuple[Form, ...]
    parameters: tuple[Tensor, ...]
    leading: int
    plan: Callable[..., Sequence[np.ndarray]]
    epoch: int
    same: Callable[[], bool]
    busy: tuple[Callable[[], Any], ...] = ()


class _Writer:
    """Writes the function of one `Answer`: the tests, the call of the plan, and what is returned."""

    def __init__(self, answer: Answer, mark: Callable[[Any], Any], arrays: bool) -> None:
        self.answer = answer
        self.arrays = arrays
        # Which function runs a plan may change: compiled C takes over when it is ready.
        self.call = "plan.run" if hasattr(answer.plan, "run") else "plan"
        self.known: dict[str, Any] = {
            "Tensor": Tensor, "ndarray": np.ndarray, "new": Tensor.__new__, "Epoch": Epoch, "epoch": answer.epoch,
            "plan": answer.plan, "same": answer.same, "lent": _lent.get, "mark": mark,
            "MsgradError": MsgradError,
        }  # fmt: skip
        busy = ["lent()"]
        for number, one in enumerate(answer.busy):
            self.known[f"busy{number}"] = one
            busy.append(f"busy{number}() is not None")
        count = len(answer.forms)
        self.lines = [
            "def answer(args):",
            f"    if Epoch.count != epoch or len(args) != {count} or {' or '.join(busy)}:",
        ]
        self.lines.append("        return None")
        if count:
            self.lines.append(f"    {', '.join(f'a{number}' for number in range(count))}, = args")

    def arguments(self) -> list[str]:
        """Write the tests of the arguments; returns the names of the arrays."""
        names, tests = [], []
        for number, form in enumerate(self.answer.forms):
            if form.shape is None:
                self.known[f"m{number}"] = mark = form.value
                self.known[f"w{number}"] = mark
                tests.append(f"mark(a{number}) != m{number}")
                continue
            self._array(number)
            tests.append(self._unlike(f"x{number}", f"s{number}", form.shape, form.dtype))
            names.append(f"x{number}")
        self._refuse(tests)
        return names

    def _array(self, number: int) -> None:
        given, array = f"a{number}", f"x{number}"
        if self.arrays:
            self.lines += [f"    {array} = {given}", f"    if type({given}) is not ndarray:"]
            self.lines += [f"        if type({given}) is not Tensor:", "            return None"]
            self.lines += [f"        {array} = {given}._value"]
            return
        self.lines += [f"    if type({given}) is not Tensor or '_hooks' in {given}.__dict__:", "        return None"]
        self.lines += [f"    {array} = {given}._value"]

    def _unlike(self, array: str, name: str, shape: Any, dtype: Any) -> str:
        self.known[name], self.known[f"{name}d"] = shape, dtype
        return f"{array}.dtype is not {name}d or {array}.shape != {name}"

    def _refuse(self, tests: Iterable[str]) -> None:
        joined = " or ".join(tests)
        self.lines += [f"    if {joined}:", "        return None"] if joined else []

    def parameters(self) -> list[str]:
        """Write how the parameters are read, and the tests of them; returns the names of the arrays."""
        tests = []
        for number, one in enumerate(self.answer.parameters):
            self.known[f"q{number}"] = one.__dict__
            self.lines.append(f"    p{number} = q{number}['_value']")
            array = one.__dict__["_value"]
            tests.append(self._unlike(f"p{number}", f"r{number}", array.shape, array.dtype))
        self._refuse(tests)
        return [f"p{number}" for number in range(len(tests))]

    def run(self) -> None:
        """Write all tests, and the call of the plan."""
        tensors, parameters = self.arguments(), self.parameters()
        leading = self.answer.leading
        given = ", ".join([*tensors[:leading], *parameters, *tensors[leading:]])
        self.lines += ["    if not same():", "        return None", "    try:", f"        r = {self.call}({given})"]
        self.lines += ["    except MsgradError:", "        return None"]

    def finished(self, result: str) -> Callable[[tuple[Any, ...]], Any]:
        """The function, which returns ``result``."""
        return _made("\n".join([*self.lines, f"    return {result}", ""]), "answer", self.known)


def tensors_answer(
    answer: Answer, mark: Callable[[Any], Any], count: int, build: Callable[[Sequence[Tensor]], Any] | str
) -> Callable[[tuple[Any, ...]], Any]:
    """The function from the arguments of a call to what it returns, made of ``count`` tensors; None if it can not tell.

    ``build`` is ``"one"``, ``"all"``, or makes the result of the sequence of tensors.
    """
    writer = _Writer(answer, mark, arrays=False)
    writer.run()
    for number in range(count):
        writer.lines += [f"    t{number} = new(Tensor)", f"    t{number}._value = r[{number}]"]
    whole = "(" + "".join(f"t{number}, " for number in range(count)) + ")"
    if isinstance(build, str):
        return writer.finished("t0" if build == "one" else whole)
    writer.known["build"] = build
    return writer.finished(f"build({whole})")


def arrays_answer(
    answer: Answer, mark: Callable[[Any], Any], names: Sequence[str], fill: Callable[[Any], Any] | None, count: int
) -> Callable[[tuple[Any, ...]], Any]:
    """The same for ``(value, gradients)``: ``fill`` makes the value of the plan's first ``count`` results; None: the first."""
    writer = _Writer(answer, mark, arrays=True)
    writer.run()
    writer.known.update({f"n{number}": name for number, name in enumerate(names)}, fill=fill)
    gradients = ", ".join(f"n{number}: r[{count + number}]" for number in range(len(names)))
    value = "r[0]" if fill is None else f"fill(r[:{count}])"
    return writer.finished(f"({value}, {{{gradients}}})")


__all__ = ["Answer", "Form", "Place", "arrays_answer", "tensors_answer", "unchanged"]
