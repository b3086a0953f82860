"""Functions that answer a call in a few tenths of a microsecond: each is written for one plan, its arguments and its result.

Comes in: what a plan rests on, as places and forms of arguments, and what is to be returned. Goes out: a function that
looks at all this in one expression and runs the plan. All names in the generated text are made here; keys, values and
names of users reach it as data. `Answered` is an object that is called through such functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import MsgradError
from ..now import NOW, Epoch
from ..tensor import Tensor
from .places import GONE, Place, made, tests

# What stands for an argument that was not given, and what no array is like.
_NONE = object()
_NOTHING = np.empty(0, "V1")
_RAISED = (MsgradError, *GONE)


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
        What the plan takes after the first ``leading`` tensors. A change of their shapes and dtypes is counted by `Epoch`.
    leading : int
        How many of the tensor arguments come before the parameters.
    plan : Plan
        Its ``run`` takes arrays and gives a tuple of arrays.
    epoch : int
        The count of `Epoch` at which all this holds.
    places : sequence of Place
        What else must be as it was.
    busy : tuple of callables
        Each must give None here and now: otherwise someone watches or records, and a call is not answered.
    keywords : tuple of str
        The names of the last arguments, which are given by keyword, in this order.
    """

    forms: tuple[Form, ...]
    parameters: tuple[Tensor, ...]
    leading: int
    plan: Any
    epoch: int
    places: Sequence[Place]
    busy: tuple[Callable[[], Any], ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slot:
    """Stands in a structure of results for one of the plan's results, or with ``zeros`` for fresh zeros of that form."""

    number: int
    zeros: tuple[tuple[int, ...], np.dtype] | None = None


class Answered:
    """An object that is called through generated functions, each of which asks the next one where it has no answer.

    They are put in place as methods of a class of its own; the last one asks ``_checked``, which must always answer.
    """

    _answers: tuple[Callable[..., Any], ...] = ()

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._checked(*args, **named)

    def _checked(self, *args: Any, **named: Any) -> Any:
        raise NotImplementedError

    def rests_on(self) -> tuple[Any, ...]:
        """What there is behind it: functions, networks, parameters."""
        raise NotImplementedError

    def _answer_by(self, answers: Sequence[Callable[..., Any]]) -> None:
        """Let calls be answered by the first of ``answers`` that can."""
        kind: type[Answered] = next(one for one in type(self).__mro__ if "_own" not in vars(one))
        for one, following in zip(answers, [*answers[1:], kind._checked]):
            one.__globals__["other"] = following
        self._answers = tuple(answers)
        space = {"__call__": answers[0] if answers else kind.__call__, "_own": True, "__module__": kind.__module__}
        self.__class__ = type(kind.__name__, (kind,), space)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self


def _array(given: Any) -> np.ndarray:
    """The array of an argument that is none itself; one that fits nothing if it is no tensor and no number of numpy's."""
    if type(given) is Tensor:
        return given._value
    return np.asarray(given) if isinstance(given, np.generic) else _NOTHING


def _given(args: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(one for one in args if one is not _NONE)


class _Writer:
    """Writes the function of one `Answer`: the tests, the call of the plan, and what is returned."""

    def __init__(self, answer: Answer, mark: Callable[[Any], Any], arrays: bool) -> None:
        self.answer = answer
        self.arrays = arrays

        def calm(*given: Any) -> bool:
            """The closer look: it may be another thread that is busy, or another tensor that has hooks."""
            free = answer.epoch == Epoch.count and all(one() is None for one in answer.busy)
            return free and not any("_hooks" in getattr(one, "__dict__", ()) for one in given)

        self.known: dict[str, Any] = {
            "Tensor": Tensor, "ndarray": np.ndarray, "new": Tensor.__new__, "zeros": np.zeros, "now": NOW,
            "epoch": answer.epoch, "plan": answer.plan, "mark": mark, "calm": calm, "none": _NONE, "array": _array,
            "given": _given, "raised": _RAISED,
        }  # fmt: skip

    def written(self, result: str, results: int = 0) -> Callable[..., Any]:
        """The function; ``result`` is the expression that is returned, of the tensors ``t0`` and on, or of ``r``."""
        names = [f"a{number}" for number in range(len(self.answer.forms) - len(self.answer.keywords))]
        first, arrays, second = self._arguments()
        leading = self.answer.leading
        parameters = [f"p{number}" for number in range(len(self.answer.parameters))]
        run = ", ".join([*arrays[:leading], *parameters, *arrays[leading:]])
        given = "".join(f"{name}, " for name in names)
        free = f"(now[0] is epoch or calm({given}*named.values()))"
        lines = [
            f"def answer(self, {''.join(f'{name}=none, ' for name in names)}/, *more, **named):",
            "    try:",
            f"        if {free} and not more and {self._named()}{''.join(first)}:",
            *(f"            {line}" for line in self._taken()),
            f"            if {' and '.join([*second, *tests(self.answer.places, self.known)]) or 'True'}:",
            # Which function runs a plan may change: compiled C takes over when it is ready.
            f"                r = plan.run({run})",
        ]
        for number in range(results):
            lines += [f"                t{number} = new(Tensor)", f"                t{number}._value = r[{number}]"]
        lines += [f"                return {result}", "    except raised:", "        pass"]
        lines += [f"    return other(self, *given(({given})), *more, **named)", ""]
        return made("\n".join(lines), "answer", self.known)

    def _named(self) -> str:
        """The test of what is given by keyword; it gives the last arguments their names."""
        keywords = self.answer.keywords
        self.known["keywords"] = keywords
        count = len(self.answer.forms)
        taken = "".join(
            f" and ((a{count - len(keywords) + at} := named[keywords[{at}]]),)" for at in range(len(keywords))
        )
        return f"tuple(named) == keywords{taken}" if keywords else "not named"

    def _arguments(self) -> tuple[list[str], list[str], list[str]]:
        """The tests of what the arguments are; the names of the arrays; the tests of these."""
        first, names, second = [], [], []
        for number, form in enumerate(self.answer.forms):
            if form.shape is None:
                self.known[f"m{number}"] = form.value
                first.append(f" and mark(a{number}) == m{number}")
                continue
            if not self.arrays:
                first.append(f" and type(a{number}) is Tensor")
            self.known[f"s{number}"], self.known[f"d{number}"] = form.shape, form.dtype
            names.append(f"x{number}")
            second.append(f"x{number}.dtype is d{number} and x{number}.shape == s{number}")
        return first, names, second

    def _taken(self) -> list[str]:
        """The lines that take the arrays of tensors and parameters."""
        lines = []
        for number, form in enumerate(self.answer.forms):
            if form.shape is not None and self.arrays:
                lines.append(f"x{number} = a{number} if type(a{number}) is ndarray else array(a{number})")
            elif form.shape is not None:
                lines.append(f"x{number} = a{number}._value")
        for number, one in enumerate(self.answer.parameters):
            self.known[f"q{number}"] = one.__dict__
            lines.append(f"p{number} = q{number}['_value']")
        return lines

    def expression(self, structure: Any, result: str) -> str:
        """The expression of a structure with a `Slot` for each result; ``result`` says how one is written."""
        if isinstance(structure, Slot):
            if structure.zeros is None:
                return result.format(structure.number)
            name = self._constant(structure.zeros)
            return f"Tensor._wrap(zeros(*{name}))"
        if type(structure) is dict:
            members = [f"{self._constant(key)}: {self.expression(one, result)}" for key, one in structure.items()]
            return "{" + ", ".join(members) + "}"
        if type(structure) in (tuple, list):
            inner = "".join(f"{self.expression(one, result)}, " for one in structure)
            return f"({inner})" if type(structure) is tuple else f"[{inner}]"
        return self._constant(structure)

    def _constant(self, value: Any) -> str:
        name = f"c{len(self.known)}"
        self.known[name] = value
        return name


def tensors_answer(answer: Answer, mark: Callable[[Any], Any], count: int, structure: Any) -> Callable[..., Any]:
    """The function that answers calls with tensors: ``structure`` has a `Slot` for each of the plan's ``count`` results."""
    writer = _Writer(answer, mark, arrays=False)
    return writer.written(writer.expression(structure, "t{0}"), count)


def arrays_answer(answer: Answer, mark: Callable[[Any], Any], structure: Any) -> Callable[..., Any]:
    """The same of arrays or tensors, in arrays."""
    writer = _Writer(answer, mark, arrays=True)
    return writer.written(writer.expression(structure, "r[{0}]"))


__all__ = ["Answer", "Answered", "Form", "Slot", "arrays_answer", "tensors_answer"]
