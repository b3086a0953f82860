"""What can be seen of a backward from outside before any slope is known: does it keep its hands off, and off the past?

A `Bench` runs the user's functions on fresh copies and compares before with after. What it finds are `Finding`s; they
come before any number is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError, MsgradError
from ..tensor import Tensor
from .layout import Layout, plain
from .styles import Ran, Subject


@dataclass(frozen=True)
class Finding:
    """Something that is wrong whatever the slopes are.

    ``operand`` is the input's name, or None; ``position`` the number among the gradients that it spoils, or None for
    all; ``raised`` the line of the user's code where an exception came from.
    """

    operand: str | None
    position: int | None
    side: str
    index: tuple[int, ...] | None
    detail: str
    status: str = "disagree"
    raised: BaseException | None = None


class Bench:
    """Runs one subject.

    Parameters
    ----------
    subject : Subject
        The functions.
    layout : Layout
        Their arguments.
    """

    def __init__(self, subject: Subject, layout: Layout) -> None:
        self.subject = subject
        self.layout = layout

    def forward(self, arrays: Sequence[np.ndarray]) -> Ran:
        """Run the forward function on copies of ``arrays``."""
        return self.subject.run(self.layout.filled([np.array(array) for array in arrays]))

    def outputs(self, ran: Ran) -> list[np.ndarray]:
        """The float outputs as arrays.

        Raises
        ------
        ArgumentError
            If there is none, or one is complex.
        """
        found = [plain(one) for one in ran.outputs if not isinstance(one, (str, bytes, type(None)))]
        if any(one.dtype.kind == "c" for one in found):
            raise ArgumentError(f"For '{self.subject.name}', an output is complex, which can not be checked.")
        if not found or any(one.dtype.kind != "f" for one in found):
            kinds = ", ".join(str(one.dtype) for one in found) or "nothing"
            raise ArgumentError(f"For '{self.subject.name}', the outputs must be floats, but got {kinds}.")
        return found

    def cotangents(self, ran: Ran, weights: Sequence[np.ndarray]) -> list[Any]:
        """Weights as the backward takes them: in the outputs' dtypes, as numpy scalars where the output is one."""
        made: list[Any] = []
        for output, weight in zip(ran.outputs, weights):
            array = np.array(weight, plain(output).dtype)
            made.append(Tensor(array) if isinstance(output, Tensor) else array[()] if np.ndim(output) == 0 else array)
        return made

    def gradients(self, arrays: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> list[Any] | str:
        """A fresh run there and back: one gradient for each input asked for, or what is wrong with their form."""
        ran = self.forward(arrays)
        return self.layout.gradients(ran.pull(self.cotangents(ran, weights)))

    def as_arrays(self, arrays: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The same as arrays; a gradient that is not given counts as zeros.

        Raises
        ------
        ValueError
            If their form is wrong; `form` says how.
        """
        found = self.gradients(arrays, weights)
        if isinstance(found, str):
            raise ValueError(found)
        return [
            np.zeros_like(arrays[number]) if one is None else np.array(plain(one))
            for number, one in zip(self.layout.wrt, found)
        ]

    # What is looked at -------------------------------------------------------------------------------------------

    def untouched(self, weights: Sequence[np.ndarray]) -> Iterator[Finding]:
        """Whether inputs, outputs and cotangents are the same after the run as before."""
        given = self.layout.filled([np.array(one) for one in self.layout.arrays])
        inputs = [_reach(given, slot.path) for slot in self.layout.slots]
        before = [np.array(plain(one)) for one in inputs]
        ran = self.subject.run(given)
        names = [slot.name for slot in self.layout.slots]
        yield from _changes(names, before, inputs, self.subject.name, "forward")
        outputs = [np.array(plain(one)) for one in ran.outputs]
        cotangents = self.cotangents(ran, weights)
        sent = [np.array(plain(one)) for one in cotangents]
        before = [np.array(plain(one)) for one in inputs]
        ran.pull(cotangents)
        told = self.subject.backward_name
        yield from _changes(_numbered("dy", len(sent)), sent, cotangents, told, "numeric")
        yield from _changes(names, before, inputs, told, "numeric")
        yield from _changes(_numbered("y", len(outputs)), outputs, ran.outputs, told, "numeric")

    def form(self, weights: Sequence[np.ndarray]) -> Iterator[Finding]:
        """Whether the gradients are as many as there are inputs, and have their shapes and dtypes."""
        arrays = self.layout.arrays
        found = self.gradients(arrays, weights)
        if isinstance(found, str):
            yield Finding(None, None, "numeric", None, found)
            return
        for position, (number, gradient) in enumerate(zip(self.layout.wrt, found)):
            slot, array = self.layout.slots[number], arrays[number]
            wrong = _misfit(gradient, array)
            if wrong:
                yield Finding(slot.name, position, "numeric", None, wrong)

    def repeated(self, weights: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> Iterator[Finding]:
        """Whether the same arguments give the same gradients: anew, from the same saved values, and after another run."""
        arrays = self.layout.arrays
        first, again = (self.as_arrays(arrays, weights) for _ in range(2))
        spot = _first_change(first, again)
        if spot is not None:
            yield self._unsteady(
                spot, "run again with the same arguments, it returns another gradient", "nondeterministic"
            )
            return
        yield from self._used_twice(arrays, weights, first)
        yield from self._after_another(arrays, weights, others, first)

    def _used_twice(self, arrays: Any, weights: Any, first: Any) -> Iterator[Finding]:
        ran = self.forward(arrays)
        cotangents = self.cotangents(ran, weights)
        ran.pull(cotangents)
        try:
            again = self.layout.gradients(ran.pull(self.cotangents(ran, weights)))
        except (IndexError, KeyError, AttributeError, TypeError, ValueError, RuntimeError, MsgradError):
            # Saved values may be used up by the first call: that is an error whoever calls twice sees.
            return
        spot = _first_change(first, again)
        if spot is not None:
            told = "called twice after one forward run, it returns another gradient: a saved value is changed in place"
            yield self._unsteady(spot, told)

    def _after_another(self, arrays: Any, weights: Any, others: Any, first: Any) -> Iterator[Finding]:
        ran = self.forward(arrays)
        try:
            between = self.forward(others)
            if not self.subject.single_use:
                between.pull(self.cotangents(between, weights))
        except (ArithmeticError, ValueError, IndexError, MsgradError):
            return
        spot = _first_change(first, self.layout.gradients(ran.pull(self.cotangents(ran, weights))))
        if spot is None:
            spot = _first_change(first, self.as_arrays(arrays, weights))
        if spot is not None:
            told = (
                "a run with other arguments in between changes what it returns: it keeps state outside of its arguments"
            )
            yield self._unsteady(spot, told)

    def _unsteady(self, spot: tuple[int, tuple[int, ...]], told: str, status: str = "disagree") -> Finding:
        position, index = spot
        return Finding(self.layout.wrt_names[position], None, "numeric", index, told, status)


def guarded(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """The findings of ``look``; an exception of the user's code is one too."""
    found: list[Finding] = []
    try:
        found += look()
    except MsgradError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the user's function raises is told as its fault
        found.append(Finding(None, None, "numeric", None, f"it raised {type(error).__name__}: {error}", raised=error))
    return found


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}_{number}" for number in range(count)]


def _reach(value: Any, path: Sequence[Any]) -> Any:
    for key in path:
        value = value[key]
    return value


def _changes(names: Sequence[str], before: Any, after: Any, who: str, side: str) -> Iterator[Finding]:
    for name, old, new in zip(names, before, after):
        index = _difference(old, plain(new))
        if index is not None:
            yield Finding(name, None, side, index, f"{who} changes {name} in place")


def _difference(old: np.ndarray, new: Any) -> tuple[int, ...] | None:
    """The first index at which two arrays are not the same bit for bit, NaN being NaN."""
    new = np.asarray(new)
    if old.shape != new.shape:
        return ()
    wrong = ~((old == new) | ((old != old) & (new != new)))
    found = np.argwhere(wrong)
    return tuple(int(one) for one in found[0]) if len(found) else None


def _first_change(first: Sequence[Any], second: Any) -> tuple[int, tuple[int, ...]] | None:
    for position, (old, new) in enumerate(zip(first, second)):
        index = _difference(old, np.zeros_like(old) if new is None else plain(new))
        if index is not None:
            return position, index
    return None


def _misfit(gradient: Any, array: np.ndarray) -> str:
    """What is wrong with a gradient's kind, shape or dtype; empty if nothing is."""
    if gradient is None:
        return ""
    if isinstance(gradient, (int, float)) and not isinstance(gradient, (bool, np.floating)) and array.shape == ():
        return ""
    if not isinstance(gradient, (np.ndarray, np.generic, Tensor)):
        return f"the gradient must be an array, but is {type(gradient).__name__}"
    found = plain(gradient)
    if found.shape != array.shape:
        return (
            f"the gradient must have shape {array.shape}, but has {found.shape}{_shape_hint(found.shape, array.shape)}"
        )
    if found.dtype != array.dtype:
        return f"the gradient must be {array.dtype} like its input, but is {found.dtype}"
    return ""


def _shape_hint(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """The most likely reason for a wrong shape."""
    lead = len(found) - len(wanted)
    if len(wanted) > 1 and found == wanted[::-1]:
        return "; a transposition is missing"
    if np.prod(found, dtype=int) == np.prod(wanted, dtype=int):
        return "; a reshape is missing"
    if lead >= 0:
        axes = [*range(lead)] + [lead + n for n, (a, b) in enumerate(zip(found[lead:], wanted)) if a != b and b == 1]
        if all(a == b or b == 1 for a, b in zip(found[lead:], wanted)):
            return f"; the sum over {'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))}, where it was broadcast, is missing"
    return "; a sum goes over too many axes" if lead < 0 else ""


__all__ = ["Bench", "Finding", "guarded"]
