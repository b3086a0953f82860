"""A network at symbolic shape: traced at several lengths of its axes until what it does is said in letters.

Where the network runs only if letters are equal, a letter has the length that a parameter has, or a length is divisible,
that is found by trying, taken over, and said in a note.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import ArgumentValueError, MsgradError, NotSupportedError
from ..primitives.indexing import OVER
from ..reverse import plain
from ..symbolic.facts import Facts
from ..symbolic.known import Known
from ..symbolic.lengths import Runs
from ..tensor import Tensor
from ..trace import Program, argument_names, trace
from .alike import DiffersError, Reading, UnexplainedError
from .declared import sample

Shapes = Mapping[str, tuple[str | int, ...]]

# Lengths that stand for letters at each run: different ones in a run, so that no two axes are taken for one by chance.
_TABLE = (
    (5, 7, 11, 13, 17, 19, 23, 29),
    (6, 10, 9, 8, 7, 14, 15, 11),
    (9, 5, 6, 7, 11, 8, 13, 10),
    (7, 8, 5, 11, 6, 10, 9, 13),
    (8, 6, 7, 5, 10, 9, 11, 14),
    (11, 9, 8, 6, 5, 7, 10, 12),
    (10, 11, 13, 9, 8, 6, 5, 7),
    (13, 12, 10, 14, 9, 5, 6, 8),
)
FEW = 3
TRIES = 160
_DIVISORS = (2, 3, 4, 6, 8, 12, 16, 24, 32)
# What a network, or the user's code in it, may raise at lengths that do not fit.
_MISFITS = (MsgradError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError)


class _OverError(NotSupportedError):
    """A slice reaches over the end of its axis."""

    def __init__(self, lengths: Sequence[tuple[int, int]]) -> None:
        super().__init__("a slice reaches over the end of its axis")
        self.lengths = lengths


@dataclass(frozen=True)
class Plan:
    """Which lengths to try: letters that are another letter or a number, multiples, and least lengths."""

    same: Mapping[str, str | int] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)

    def root(self, letter: str) -> str | int:
        """What ``letter`` stands for."""
        found: str | int = letter
        while isinstance(found, str) and found in self.same:
            found = self.same[found]
        return found

    def sizes(self, letters: Sequence[str], run: int) -> dict[str, int]:
        """The lengths of the letters that are left, at one run."""
        own = [letter for letter in letters if letter not in self.same]
        result = {}
        for place, letter in enumerate(own):
            row = _TABLE[run]
            base = row[place % len(row)] + 20 * (place // len(row)) + self.least.get(letter, 0)
            result[letter] = base * self.times.get(letter, 1)
        return result


@dataclass(frozen=True)
class Generic:
    """A network at symbolic shape: its trace at the first run, and what is known of it in letters."""

    program: Program
    known: Known
    shapes: Shapes
    last: Program
    solved: bool


def generic(net: Callable[..., Any], shapes: Shapes, facts: Facts) -> Generic:
    """Trace ``net`` until it is known in letters.

    Raises
    ------
    ArgumentValueError
        If the shapes do not name its inputs.
    NotSupportedError
        If what it computes depends on the lengths in a way that is not found.
    """
    return _Search(net, shapes, facts).found()


class _Search:
    """The search for lengths at which a network runs and is known."""

    def __init__(self, net: Callable[..., Any], shapes: Shapes, facts: Facts) -> None:
        self.net, self.shapes, self.facts = net, shapes, facts
        self.names = argument_names(net, [None] * len(shapes))
        if set(self.names) != set(shapes):
            raise ArgumentValueError(
                f"For 'derive', shapes must name the inputs {', '.join(self.names)}, but got {', '.join(shapes)}."
            )
        self.letters = list(dict.fromkeys(n for shape in shapes.values() for n in shape if isinstance(n, str)))
        self.tries = 0

    def found(self) -> Generic:
        """The first plan that works."""
        plan = Plan()
        try:
            return self.attempt(plan)
        except _MISFITS as error:
            first = error
        plan = self.running(plan, first)
        for _ in range(4):
            try:
                return self.attempt(plan)
            except _OverError as error:
                plan = self.longer(plan, error)
            except (DiffersError, UnexplainedError) as error:
                found = self.divisible(plan)
                if found is None:
                    raise self.refused(error) from None
                return found
        raise self.refused(first)

    # One plan ----------------------------------------------------------------------------------------------------

    def attempt(self, plan: Plan) -> Generic:
        """The network known under ``plan``; more runs are made only if few do not tell enough."""
        few = 1 if not [one for one in self.letters if one not in plan.same] else FEW
        programs = [self.traced(plan, run) for run in range(few)]
        try:
            known, solved = self.known(programs, plan, plainly=few > 1), False
        except UnexplainedError:
            programs += [self.traced(plan, run) for run in range(few, len(_TABLE))]
            known, solved = self.known(programs, plan, plainly=False), True
        shapes = {
            name: tuple(plan.root(n) if isinstance(n, str) else n for n in self.shapes[name]) for name in self.names
        }
        return Generic(programs[0], known, shapes, programs[-1], solved or bool(plan.same))

    def known(self, programs: Sequence[Program], plan: Plan, plainly: bool) -> Known:
        """What the traces tell; ``plainly`` of constants and letters alone."""
        runs = Runs([plan.sizes(self.letters, run) for run in range(len(programs))])
        runs.only_plain = plainly
        notes = [f"{letter} = {plan.root(letter)}, since the network needs it" for letter in plan.same]
        return Reading([program.graph for program in programs], runs).known(notes)

    def traced(self, plan: Plan, run: int) -> Program:
        """The network traced at the lengths of one run."""
        self.tries += 1
        sizes = plan.sizes(self.letters, run)
        generator = np.random.default_rng(run)
        samples = []
        for name in self.names:
            roots = (plan.root(n) if isinstance(n, str) else n for n in self.shapes[name])
            shape = tuple(sizes[n] if isinstance(n, str) else n for n in roots)
            array = sample(generator.uniform(0.25, 0.75, shape), self.facts, name, generator)
            samples.append(Tensor(array.astype(np.float32)))
        token = OVER.set([])
        try:
            program = trace(self.net, samples)
            over = [one for one in OVER.get() or () if one[1] < 10**6]
        finally:
            OVER.reset(token)
        if over:
            raise _OverError(over)
        return replace(program, graph=plain(program.graph))

    # Other plans -------------------------------------------------------------------------------------------------

    def running(self, plan: Plan, error: Exception) -> Plan:
        """A plan under which the network runs at all."""
        if isinstance(error, (_OverError, DiffersError, UnexplainedError)):
            return self.longer(plan, error) if isinstance(error, _OverError) else plan
        for candidate in self.candidates():
            if self.tries > TRIES:
                break
            if self.runs(candidate):
                return self.smallest(candidate)
        raise error

    def runs(self, plan: Plan) -> bool:
        """True if the network runs under ``plan``, at two runs; a slice that is cut short counts."""
        try:
            for run in (0, 1):
                self.traced(plan, run)
        except _OverError:
            return True
        except _MISFITS:
            return False
        return True

    def candidates(self) -> Iterator[Plan]:
        """Plans to try, those that ask least of the lengths first."""
        for times in _DIVISORS[:4]:
            yield Plan(times=dict.fromkeys(self.letters, times))
        lengths = self.parameter_lengths()
        pins = [(letter, n) for letter in self.letters for n in lengths]
        pairs = [(b, a) for a, b in itertools.combinations(self.letters, 2)]
        single: list[tuple[str, str | int]] = [*pairs, *pins]
        for count in (1, 2, 3):
            for pick in itertools.combinations(single, count):
                if len({letter for letter, _ in pick}) == count:
                    yield Plan(same=dict(pick))
        for times in _DIVISORS:
            yield Plan(times=dict.fromkeys(self.letters, times))

    def parameter_lengths(self) -> list[int]:
        """The lengths that the network's parameters have."""
        own: dict[str, Any] = getattr(self.net, "named_parameters", dict)()
        return sorted({n for one in own.values() for n in one.shape if n > 1})

    def smallest(self, plan: Plan) -> Plan:
        """``plan`` with the least multiples under which the network runs."""
        for letter in plan.times:
            for times in (1, *(d for d in _DIVISORS if d < plan.times[letter] and plan.times[letter] % d == 0)):
                tried = replace(plan, times={**plan.times, letter: times})
                if self.tries <= TRIES and self.runs(tried):
                    plan = tried
                    break
        return plan

    def longer(self, plan: Plan, error: _OverError) -> Plan:
        """``plan`` with lengths that the slices do not reach over."""
        least = dict(plan.least)
        own = [letter for letter in self.letters if letter not in plan.same]
        for n, reach in error.lengths:
            runs = [plan.sizes(self.letters, run) for run in range(len(_TABLE))]
            mine = [letter for letter in own if any(run[letter] == n for run in runs)] or own
            for letter in mine:
                least[letter] = max(least.get(letter, 0), reach)
        return replace(plan, least=least)

    def divisible(self, plan: Plan) -> Generic | None:
        """The network under ``plan`` with lengths that are multiples, which Python's division asks for."""
        for times in _DIVISORS[:6]:
            wide = replace(plan, times={letter: times for letter in self.letters if letter not in plan.same})
            try:
                found = self.attempt(wide)
            except _MISFITS:
                continue
            return self.fewest(wide, found)
        return None

    def fewest(self, plan: Plan, found: Generic) -> Generic:
        """The same with as few letters as multiples as the network needs."""
        for letter in list(plan.times):
            tried = replace(plan, times={**plan.times, letter: 1})
            try:
                found, plan = self.attempt(tried), tried
            except _MISFITS:
                continue
        return found

    def refused(self, error: Exception) -> NotSupportedError:
        """The error that tells what depends on the lengths."""
        reason = getattr(error, "message", str(error))
        location = getattr(error, "location", None)
        return NotSupportedError(
            f"For 'derive', the network must do the same at every length, but {reason}; give the lengths as ints.",
            location,
        )


def letters_of(shapes: Iterable[tuple[str | int, ...]]) -> list[str]:
    """The letters of shapes, in order."""
    return list(dict.fromkeys(n for shape in shapes for n in shape if isinstance(n, str)))


__all__ = ["Generic", "generic", "letters_of"]
