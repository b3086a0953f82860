"""The shapes of a sweep: letters for axes come in, lengths for each seed go out.

Letters that must be equal, or have the length of a parameter's axis, are found by trying, as formulas at symbolic shape
find them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, choices

Axes = Mapping[str, tuple[str | int, ...]]
Sizes = Mapping[str, tuple[int, ...]]
# Different lengths, so that no two axes are taken for one by chance; the later rows divide by 2, 4 and 12.
_ROWS = ((5, 7, 11, 13, 9), (6, 8, 4, 12, 10), (8, 12, 4, 16, 20), (12, 24, 36, 48, 60))
_LONGEST = 8
_TRIES = 160


def read_shapes(said: Any, known: Mapping[str, tuple[int, ...]]) -> tuple[Axes, ...]:
    """What a user gave as ``shapes``: one mapping or several that are taken in turn; none at all for None.

    Raises
    ------
    ArgumentError, ArgumentValueError
        If it has another form, or names no input.
    """
    if said is None:
        return ({},)
    given = [said] if isinstance(said, Mapping) else said
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(isinstance(one, Mapping) for one in given):
        raise ArgumentError(
            f'For \'sweep\', shapes must map inputs to axes, such as {{"x": ("n", 3)}}, or be a list of such, not {said!r}.'
        )
    if not given:
        raise ArgumentValueError("For 'sweep', the list of shapes must not be empty.")
    return tuple({name: _axes(name, axes, known) for name, axes in one.items()} for one in given)


def _axes(name: str, said: Any, known: Mapping[str, tuple[int, ...]]) -> tuple[str | int, ...]:
    if name not in known:
        raise ArgumentValueError(f"For 'sweep', there is no input '{name}'. {choices(str(name), list(known))}")
    axes = (said,) if isinstance(said, (str, int)) else tuple(said)
    for axis in axes:
        letter = isinstance(axis, str) and axis.isidentifier()
        number = isinstance(axis, (int, np.integer)) and not isinstance(axis, bool) and axis >= 0
        if not letter and not number:
            raise ArgumentValueError(f"For 'sweep', an axis of {name} must be a letter or a length, but got {axis!r}.")
    return tuple(axis if isinstance(axis, str) else int(axis) for axis in axes)


def letters_of(axes: Axes) -> list[str]:
    """The letters among the axes, in order."""
    return list(dict.fromkeys(one for shape in axes.values() for one in shape if isinstance(one, str)))


def drawn_sizes(axes: Axes, same: Mapping[str, str | int], seed: int, attempt: int) -> Sizes:
    """Lengths for one seed: each letter from 1 to 8; a further ``attempt`` gives others."""
    generator = np.random.default_rng([seed, attempt, 1])
    own = [letter for letter in letters_of(axes) if letter not in same]
    return _sized(axes, same, dict(zip(own, map(int, generator.integers(1, _LONGEST + 1, len(own))))))


def _sized(axes: Axes, same: Mapping[str, str | int], lengths: Mapping[str, int]) -> Sizes:
    def length(axis: str | int) -> int:
        while isinstance(axis, str) and axis in same:
            axis = same[axis]
        return lengths[axis] if isinstance(axis, str) else axis

    return {name: tuple(map(length, shape)) for name, shape in axes.items()}


def unified(
    axes: Axes, pins: Sequence[int], misfit: Callable[[Sizes], Exception | None]
) -> tuple[dict[str, str | int], Exception | None]:
    """The letters that must be another letter or a number for the network to run.

    Parameters
    ----------
    axes : mapping
        The shapes in letters.
    pins : sequence of int
        Lengths that parameters have.
    misfit : callable
        What the network raises at shapes; None if it runs.

    Returns
    -------
    tuple
        Letter -> what it stands for; and the error at the letters as they are, if nothing helps.
    """
    first: Exception | None = None
    for tried, same in enumerate(_candidates(letters_of(axes), pins)):
        if tried > _TRIES:
            break
        own = [letter for letter in letters_of(axes) if letter not in same]
        for row in _ROWS:
            error = misfit(_sized(axes, same, {one: row[n % 5] + 60 * (n // 5) for n, one in enumerate(own)}))
            if error is None:
                return same, None
            first = first or error
            if not own:
                break
    return {}, first


def _candidates(letters: Sequence[str], pins: Sequence[int]) -> Iterator[dict[str, str | int]]:
    """Ways to put letters in place of others, those that ask least first."""
    yield {}
    pairs: list[tuple[str, str | int]] = [(second, first) for first, second in itertools.combinations(letters, 2)]
    single = [*pairs, *((letter, n) for letter in letters for n in pins)]
    for count in (1, 2, 3):
        for pick in itertools.combinations(single, count):
            if len({letter for letter, _ in pick}) == count:
                yield dict(pick)


__all__ = ["drawn_sizes", "letters_of", "read_shapes", "unified"]
