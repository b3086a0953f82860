"""The smallest specimen that still shows a fault: few elements, then few axes, then simple numbers.

Comes in: a `Specimen` and a question that it answers with yes. Goes out: a smaller one that still does. The order of the
attempts is fixed and they are counted, so that one fault always shrinks to one specimen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .specimen import Specimen, shortened, without_axis

SIMPLE = (1.0, 2.0, 0.5, 0.0, -1.0, 3.0)
PLACES = 3  # of a long axis these many elements are tried by themselves
LARGE = 256
SINGLE = 8  # arrays of up to so many elements are made simple one by one


class Tries:
    """How many questions may still be asked; it counts down."""

    def __init__(self, left: int) -> None:
        self.left = left


Question = Callable[[Specimen], bool]


def shrunk(specimen: Specimen, shows: Question, tries: Tries) -> Specimen:
    """The smallest specimen found that ``shows`` says yes to; ``specimen`` itself must be one.

    Parameters
    ----------
    specimen : Specimen
        Where to begin.
    shows : callable
        Whether a specimen shows the fault.
    tries : Tries
        How often it may be asked; what is used is taken off.
    """
    for smaller in (_shorter, _flatter, _simpler):
        specimen = _while(specimen, smaller, shows, tries)
    return specimen


def _while(
    specimen: Specimen, steps: Callable[[Specimen], Iterator[Specimen]], shows: Question, tries: Tries
) -> Specimen:
    """Take the first step that keeps the fault, and go on from there, until none does."""
    while True:
        for candidate in steps(specimen):
            if tries.left <= 0:
                return specimen
            tries.left -= 1
            if shows(candidate):
                specimen = candidate
                break
        else:
            return specimen


def _shorter(specimen: Specimen) -> Iterator[Specimen]:
    """Specimens with an axis cut: all axes of a length to 1, those of one input alone, or to 2."""
    lengths = specimen.lengths
    if len(lengths) > 1:
        whole = specimen
        for length in lengths:
            whole = shortened(whole, length, 0) or whole
        if not whole.lengths:
            yield from _with_indices(whole)
    arrays = list(enumerate(specimen.arrays))
    cuts: list[tuple[int, int, int, int | None, int | None]]
    cuts = [(length, place, 1, None, None) for length in lengths for place in _places(length)]
    deepest = max((array.ndim for _, array in arrays), default=0)
    cuts += [(length, 0, 1, None, axis) for axis in range(deepest) for length in lengths]
    cuts += [
        (length, place, 1, only, None) for only, _ in arrays for length in lengths for place in _places(length)[:2]
    ]
    cuts += [
        (length, 0, 1, only, axis) for only, array in arrays for axis, length in enumerate(array.shape) if length > 1
    ]
    cuts += [(length, place, 2, None, None) for length in lengths if length > 2 for place in (0, length - 2)]
    for cut in cuts:
        found = shortened(specimen, *cut)
        if found is not None and found.total < specimen.total:
            yield from _with_indices(found)


def _places(length: int) -> list[int]:
    return list(dict.fromkeys((0, length - 1, length // 2)))[:PLACES]


def _with_indices(specimen: Specimen) -> Iterator[Specimen]:
    """The specimen, and the same with its whole numbers set to 0, since an index may point beyond a shorter axis."""
    yield specimen
    if any(array.dtype.kind in "iu" and array.any() for array in specimen.arrays):
        yield specimen.at([np.zeros_like(array) if array.dtype.kind in "iu" else array for array in specimen.arrays])


def _flatter(specimen: Specimen) -> Iterator[Specimen]:
    found = without_axis(specimen)
    if found is not None:
        yield found


def _simpler(specimen: Specimen) -> Iterator[Specimen]:
    """Specimens with simpler numbers: one input made of one simple number, one element, fewer digits."""
    for position, array in enumerate(specimen.arrays):
        if array.dtype.kind != "f":
            if array.dtype.kind in "iu" and array.any():
                yield _with(specimen, position, np.zeros_like(array))
            continue
        now = _difficulty(array)
        for value in SIMPLE:
            if _difficulty(np.full_like(array, value)) < now:
                yield _with(specimen, position, np.full_like(array, value))
        if 1 < array.size <= SINGLE:
            for index in np.ndindex(array.shape):
                for value in SIMPLE:
                    if _cost(value) < _cost(float(array[index])):
                        changed = array.copy()
                        changed[index] = value
                        yield _with(specimen, position, changed)
        for digits in (0, 1, 2, 3):
            rounded = np.round(array, digits) + 0.0  # no -0.0
            if _difficulty(rounded) < now:
                yield _with(specimen, position, rounded)


def _with(specimen: Specimen, position: int, array: np.ndarray) -> Specimen:
    arrays = list(specimen.arrays)
    arrays[position] = array
    return specimen.at(arrays)


def _cost(value: float) -> int:
    """How much there is to read in a number; the simple ones cost least."""
    if value in SIMPLE:
        return SIMPLE.index(value)
    return len(SIMPLE) + len(repr(value)) if np.isfinite(value) else 10**4


def _difficulty(array: np.ndarray) -> int:
    """What all numbers cost; each different number of a large array is counted once."""
    values = array.ravel() if array.size <= LARGE else np.unique(array)[:LARGE]
    return sum(_cost(float(value)) for value in values)
