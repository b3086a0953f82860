"""A network at symbolic shape: traced at several lengths of its axes until what it does is said in letters.

Where the network runs only if letters are equal, a letter has the length that a parameter has, or a length is divisible,
that is found by trying, taken over, and said in a note.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from sympy import Integer

from ..errors import ArgumentValueError, DtypeError, MsgradError, NotSupportedError, VoiceError
from ..primitives.indexing import OVER
from ..reversing.reverse import plain
from ..symbolic.conditions import Condition, meeting
from ..symbolic.facts import NOTHING, Facts
from ..symbolic.known import Known
from ..symbolic.lengths import Runs
from ..symbolic.nodes import length
from ..tensor import Tensor
from ..tracing.marking import argument_names
from ..tracing.trace import Program, trace
from .alike import DiffersError, Reading, UnexplainedError
from .declared import sample

Shapes = Mapping[str, tuple[str | int, ...]]

# Lengths that stand for letters at each run: different ones in a run, so that no two axes are taken for one by chance.
_RUNS: tuple[tuple[int, ...], ...] = (
    (5, 7, 11, 13, 17, 19, 23, 29),
    (6, 10, 9, 8, 7, 14, 15, 11),
    (9, 5, 6, 7, 11, 8, 13, 10),
    (7, 8, 5, 11, 6, 10, 9, 13),
    (8, 6, 7, 5, 10, 9, 11, 14),
    (11, 9, 8, 6, 5, 7, 10, 12),
    (10, 11, 13, 9, 8, 6, 5, 7),
    (13, 12, 10, 14, 9, 5, 6, 8),
)
# Short axes and long ones, at which the network must do the same.
_TABLE = (
    *_RUNS,
    (2, 3, 4, 2, 3, 4, 2, 3),
    (3, 4, 2, 4, 2, 3, 4, 2),
    (4, 2, 3, 3, 4, 2, 3, 4),
    (31, 37, 29, 23, 19, 17, 13, 11),
)
MANY, _LONG = len(_TABLE) - 4, len(_TABLE) - 1
_SHORT = range(MANY, _LONG)
FEW = 3
TRIES = 160
# The most elements that an array over all letters may have.
LARGEST = 10**6
_DIVISORS = (2, 4, 3, 6, 8, 12, 16, 24, 32)
# What a network, or the user's code in it, may raise at lengths that do not fit.
_MISFITS = (MsgradError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError)


class _OverError(NotSupportedError):
    """A slice reaches over the end of its axis."""

    def __init__(self, lengths: Sequence[tuple[int, int]], sizes: Mapping[str, int]) -> None:
        super().__init__("a slice reaches over the end of its axis")
        self.lengths, self.sizes = lengths, sizes


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
        """What the first plan that works tells.

        Raises
        ------
        MsgradError
            That of the lengths as they are, if no plan works.
        """
        try:
            return self.patient(Plan())[1]
        except _MISFITS as error:
            first = error
        for plan in self.candidates(first):
            if self.tries > TRIES:
                break
            try:
                if self.runs(plan):
                    return self.fewest(*self.patient(plan))
            except _MISFITS:
                continue
        if isinstance(first, (_OverError, DiffersError, UnexplainedError)):
            raise self.refused(first)
        raise first

    def patient(self, plan: Plan) -> tuple[Plan, Generic]:
        """What ``plan`` tells, with axes as long as slices ask for."""
        for _ in range(3):
            try:
                return plan, self.attempt(plan)
            except _OverError as error:
                plan = self.longer(plan, error)
        return plan, self.attempt(plan)

    # One plan ----------------------------------------------------------------------------------------------------

    def attempt(self, plan: Plan) -> Generic:
        """The network known under ``plan``; more runs are made only if few do not tell enough."""
        few = 1 if not [one for one in self.letters if one not in plan.same] else FEW
        programs = [self.traced(plan, run) for run in range(few)]
        try:
            known, solved = self.known(programs, plan, plainly=few > 1), False
        except UnexplainedError:
            programs += [self.traced(plan, run) for run in range(few, MANY)]
            known, solved = self.known(programs, plan, plainly=False), True
        known = self.probed(programs, plan, known)
        shapes = {
            name: tuple(plan.root(n) if isinstance(n, str) else n for n in self.shapes[name]) for name in self.names
        }
        return Generic(programs[0], known, shapes, programs[-1], solved or bool(plan.same))

    def probed(self, programs: Sequence[Program], plan: Plan, known: Known) -> Known:
        """``known``, if short and long axes do not tell otherwise; with least lengths if short ones do.

        Raises
        ------
        DiffersError
            If the network does something else at long axes.
        """
        letters = [one for one in self.letters if one not in plan.same]
        short = next((one for one in map(partial(self.probe, plan, known), _SHORT) if one is not None), None)
        long = self.probe(plan, known, _LONG) if len(letters) <= 3 else None
        rows = [plan.sizes(self.letters, run) for run in range(len(programs))]
        if long is not None and not _alike([*programs, long[1]], [*rows, long[0]]):
            raise DiffersError("what it does at long axes is not what it does at short ones")
        if short is not None and not _alike([*programs, short[1]], [*rows, short[0]]):
            least = [Condition(length(n) - min(row[n] for row in rows)) for n in letters]
            return known.under(least, "since with shorter axes the network does otherwise")
        return known

    def probe(self, plan: Plan, known: Known, run: int) -> tuple[dict[str, int], Program] | None:
        """The network at one more run, if it runs there, the conditions hold, and no axis is empty."""
        sizes = plan.sizes(self.letters, run)
        if not sizes or not all(one.holds({length(n): size for n, size in sizes.items()}) for one in known.conditions):
            return None
        try:
            program = self.at(plan, sizes, run)
        except _MISFITS:
            return None
        return None if any(0 in eqn.out.shape for eqn in program.graph.eqns) else (sizes, program)

    def known(self, programs: Sequence[Program], plan: Plan, plainly: bool) -> Known:
        """What the traces tell; ``plainly`` of constants and letters alone."""
        runs = Runs([plan.sizes(self.letters, run) for run in range(len(programs))])
        runs.only_plain = plainly
        notes = [f"{letter} = {plan.root(letter)}, since the network needs it" for letter in plan.same]
        return Reading([program.graph for program in programs], runs).known(notes)

    def traced(self, plan: Plan, run: int) -> Program:
        """The network traced at the lengths of one run, by its number in the table."""
        return self.at(plan, plan.sizes(self.letters, run), run)

    def at(self, plan: Plan, sizes: Mapping[str, int], run: int) -> Program:
        """The network traced at ``sizes``."""
        self.tries += 1
        generator = np.random.default_rng(run)
        samples = []
        for name in self.names:
            roots = (plan.root(n) if isinstance(n, str) else n for n in self.shapes[name])
            shape = tuple(sizes[n] if isinstance(n, str) else n for n in roots)
            # An array may have few of many letters: it is the elements of one that count.
            if math.prod(shape) > LARGEST:
                raise NotSupportedError("the lengths that would have to be tried are too large")
            # Lengths are tried as they come; a matrix with more columns than rows can not be what was declared.
            tall = len(shape) < 2 or shape[-2] >= shape[-1] or not self.facts.holds(name, "orthogonal")
            array = sample(generator.uniform(0.25, 0.75, shape), self.facts if tall else NOTHING, name)
            samples.append(Tensor(array.astype(np.float32)))
        token = OVER.set([])
        try:
            program = trace(self.net, samples)
            failed = None
        except _MISFITS as error:
            failed = error
        finally:
            over = [one for one in OVER.get() or () if one[1] < 10**6]
            OVER.reset(token)
        if over:
            raise _OverError(over, sizes)
        if failed is not None:
            raise failed
        return replace(program, graph=plain(program.graph))

    # Other plans -------------------------------------------------------------------------------------------------

    def runs(self, plan: Plan) -> bool:
        """True if the network runs under ``plan`` at a few runs; a slice that is cut short counts."""
        try:
            for run in range(FEW):
                self.traced(plan, run)
        except _OverError:
            return True
        except _MISFITS:
            return False
        return True

    def candidates(self, error: Exception) -> Iterator[Plan]:
        """Plans to try after ``error``, those that ask least of the lengths first."""
        if isinstance(error, (DtypeError, VoiceError)) or (isinstance(error, NotSupportedError) and not _known(error)):
            # No other lengths help.
            return
        multiples = [Plan(times=dict.fromkeys(self.letters, times)) for times in _DIVISORS]
        if isinstance(error, DiffersError):
            yield from multiples[:2]
            return
        yield from multiples[:4]
        if isinstance(error, (UnexplainedError, _OverError)):
            yield from multiples[4:]
            return
        pins = [(letter, n) for letter in self.letters for n in self.parameter_lengths()]
        pairs = [(b, a) for a, b in itertools.combinations(self.letters, 2)]
        single: list[tuple[str, str | int]] = [*pairs, *pins]
        for count in (1, 2, 3):
            for pick in itertools.combinations(single, count):
                if len({letter for letter, _ in pick}) == count:
                    yield Plan(same=dict(pick))
        yield from multiples[4:]

    def parameter_lengths(self) -> list[int]:
        """The lengths that the network's parameters have."""
        own: dict[str, Any] = getattr(self.net, "named_parameters", dict)()
        return sorted({n for one in own.values() for n in one.shape if n > 1})

    def longer(self, plan: Plan, error: _OverError) -> Plan:
        """``plan`` with lengths that the slices do not reach over."""
        least = dict(plan.least)
        own = [letter for letter in self.letters if letter not in plan.same]
        for n, reach in error.lengths:
            mine = [letter for letter in own if error.sizes[letter] == n] or own
            for letter in mine:
                least[letter] = max(least.get(letter, 0), reach)
        return replace(plan, least=least)

    def fewest(self, plan: Plan, found: Generic) -> Generic:
        """The same with the least multiples that the network needs, and these among its conditions."""
        for letter, most in list(plan.times.items()):
            for times in (1, *(d for d in _DIVISORS if d < most and most % d == 0)):
                tried = replace(plan, times={**plan.times, letter: times})
                try:
                    plan, found = self.patient(tried)
                    break
                except _MISFITS:
                    continue
        multiples = [Condition(length(n), Integer(times)) for n, times in plan.times.items() if times > 1]
        if multiples and not self.confirmed(plan, found.known.conditions):
            known = found.known
            found = replace(found, known=known.under(multiples))
        return found

    def confirmed(self, plan: Plan, conditions: Sequence[Condition]) -> bool:
        """True if lengths that meet ``conditions`` alone, and are no such multiples, show nothing else."""
        letters = [length(n) for n in self.letters if n not in plan.same]
        plain = replace(plan, times={})
        wanted = [{length(n): size for n, size in plain.sizes(self.letters, run).items()} for run in range(FEW)]
        exact = [{str(n): size for n, size in meeting(letters, conditions, one).items()} for one in wanted]
        rows = [plan.sizes(self.letters, run) for run in range(MANY)]
        try:
            programs = [*(self.at(plan, row, 0) for row in rows), *(self.at(plan, row, 0) for row in exact)]
            Reading([one.graph for one in programs], Runs([*rows, *exact])).known()
        except _MISFITS:
            return False
        return True

    def refused(self, error: Exception) -> NotSupportedError:
        """The error that tells what depends on the lengths."""
        reason = getattr(error, "message", str(error))
        location = getattr(error, "location", None)
        return NotSupportedError(
            f"For 'derive', the network must do the same at every length, but {reason}; give the lengths as ints.",
            location,
        )


def _alike(programs: Sequence[Program], rows: Sequence[Mapping[str, int]]) -> bool:
    """True if all programs are one, with what differs said in letters."""
    try:
        Reading([one.graph for one in programs], Runs(rows)).known()
    except (DiffersError, UnexplainedError):
        return False
    return True


def _known(error: Exception) -> bool:
    """True for what other lengths may mend."""
    return isinstance(error, (_OverError, DiffersError, UnexplainedError))


__all__ = ["Generic", "generic"]
