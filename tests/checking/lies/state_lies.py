"""Voices with a memory, voices that write into what they are given, and rules that are right at the first order alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from msgrad_ext import ops

from .planting import RuleLie, told

Voice = Callable[..., Any]


def counted(wrong: Callable[[int], bool], factor: float = 1.01) -> Callable[[], RuleLie]:
    """A rule that is wrong at those calls whose number (from 0) is chosen."""

    def fresh() -> RuleLie:
        calls = [0]

        def lie(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
            parts = told(rule, op, ct, out, operands)
            if wrong(calls[0]):
                parts[position] = parts[position] * factor
            calls[0] += 1
            return tuple(parts)

        return lie

    return fresh


# Rules whose answer depends on how often they were asked.
RULES: dict[str, Callable[[], RuleLie]] = {
    "wrong at the first call": counted(lambda n: n == 0),
    "wrong from the second call on": counted(lambda n: n > 0),
    "wrong from the third call on": counted(lambda n: n > 1),
    "wrong at every other call": counted(lambda n: n % 2 == 1),
    "wrong at even calls": counted(lambda n: n % 2 == 0),
    "wrong at every third call": counted(lambda n: n % 3 == 2),
    "wrong by a little more each time": counted(lambda n: True, 1 + 1e-9),
}


def remembering(honest: Voice) -> Voice:
    """Gives its first float result of a shape again, whatever it is asked."""
    kept: dict[Any, np.ndarray] = {}

    def numpy(self: Any, *operands: Any) -> Any:
        result = np.asarray(honest(self, *operands))
        if result.dtype.kind != "f":
            return result
        return kept.setdefault((self.key, result.shape, result.dtype), result.copy()).copy()

    return numpy


def remembering_last(honest: Voice) -> Voice:
    """Mixes a trace of its last result into the next one of that shape."""
    kept: dict[Any, np.ndarray] = {}

    def numpy(self: Any, *operands: Any) -> Any:
        result = np.asarray(honest(self, *operands))
        if result.dtype.kind != "f":
            return result
        before = kept.get((result.shape, result.dtype))
        kept[result.shape, result.dtype] = result.copy()
        return result if before is None else (result + (before - result) * 1e-3).astype(result.dtype)

    return numpy


def calls(wrong: Callable[[int], bool]) -> Callable[[Voice], Voice]:
    """A numpy voice that is wrong at those calls with floats whose number is chosen."""

    def lying(honest: Voice) -> Voice:
        count = [0]

        def numpy(self: Any, *operands: Any) -> Any:
            result = np.asarray(honest(self, *operands))
            if result.dtype.kind != "f":
                return result
            count[0] += 1
            return (result * 1.01).astype(result.dtype) if wrong(count[0] - 1) else result

        return numpy

    return lying


def drifting(honest: Voice) -> Voice:
    """Another rounding at each call: the tenth digit of the result depends on how often it was asked."""
    count = [0]

    def numpy(self: Any, *operands: Any) -> Any:
        result = np.asarray(honest(self, *operands))
        if result.dtype.kind != "f":
            return result
        count[0] += 1
        return (result * (1 + (1e-10 if result.dtype == np.float64 else 1e-4) * count[0])).astype(result.dtype)

    return numpy


FORWARD: dict[str, Callable[[Voice], Voice]] = {
    "gives its first result again": remembering,
    "mixes in its last result": remembering_last,
    "wrong at the first call": calls(lambda n: n == 0),
    "wrong from the second call on": calls(lambda n: n > 0),
    "wrong from the fourth call on": calls(lambda n: n > 3),
    "wrong at every other call": calls(lambda n: n % 2 == 1),
    "wrong at even calls": calls(lambda n: n % 2 == 0),
    "drifts": drifting,
}


def writing(change: Callable[[np.ndarray], Any], place: int = 0, before: bool = False) -> Callable[[Voice], Voice]:
    """A numpy voice that writes into an operand, after (or before) it has computed its result."""

    def lying(honest: Voice) -> Voice:
        def numpy(self: Any, *operands: Any) -> Any:
            result = None if before else np.array(honest(self, *operands))
            array = operands[min(place, len(operands) - 1)]
            if isinstance(array, np.ndarray) and array.dtype.kind in "fO" and array.size:
                if not array.flags.writeable:
                    with suppress(ValueError):
                        array.setflags(write=True)
                if array.flags.writeable:
                    change(array)
            return np.array(honest(self, *operands)) if before else result

        return numpy

    return lying


def _add(array: np.ndarray) -> None:
    array += array.dtype.type(0.5) if array.dtype != object else 0.5


def _first(array: np.ndarray) -> None:
    array.flat[0] = array.flat[0] * 2


def _zero(array: np.ndarray) -> None:
    array[...] = array * 0


def _sort(array: np.ndarray) -> None:
    if array.ndim and array.dtype != object:
        array[...] = np.sort(array, 0)[::-1]


def _tiny(array: np.ndarray) -> None:
    array *= 1 + 1e-6 if array.dtype == object else array.dtype.type(1 + 1e-6)


IN_PLACE: dict[str, Callable[[Voice], Voice]] = {
    "adds to its operand": writing(_add),
    "doubles the first entry of its operand": writing(_first),
    "clears its operand": writing(_zero),
    "sorts its operand": writing(_sort),
    "scales its operand a little": writing(_tiny),
    "adds to its last operand": writing(_add, place=9),
    "adds to its operand and computes then": writing(_add, before=True),
    "scales its operand a little and computes then": writing(_tiny, before=True),
}


def detached(which: str) -> RuleLie:
    """A rule that takes a saved value for a constant: right at the first order, wrong at the second."""

    def lie(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
        parts = told(rule, op, ct, out, operands)
        held = tuple(map(ops.stop_gradient, operands)) if which in ("operands", "all") else operands
        lied = told(
            rule,
            op,
            ops.stop_gradient(ct) if which == "ct" else ct,
            ops.stop_gradient(out) if which in ("out", "all") else out,
            held,
        )
        parts[position] = lied[position]
        return tuple(parts)

    return lie


def _whole(rule: Any, op: Any, ct: Any, out: Any, operands: tuple[Any, ...], position: int) -> Any:
    parts = told(rule, op, ct, out, operands)
    parts[position] = ops.stop_gradient(parts[position])
    return tuple(parts)


SECOND: dict[str, RuleLie] = {
    "operands detached": detached("operands"),
    "result detached": detached("out"),
    "operands and result detached": detached("all"),
    "cotangent detached": detached("ct"),
    "all detached": _whole,
}
