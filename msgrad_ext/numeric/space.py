"""What a plan keeps between calls: buffers, views of them, and long runs of steps that are a table instead of text.

`SpaceWriter` collects it while a plan is written, `workspace` makes one. A table is gone through by one line of the plan,
``for call, given in steps: call(*given)``, which takes no longer than the lines would, and needs not be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from ..collecting import collecting_later
from ..ir import unique
from .buffers import Layout
from .selections import bits_of
from .steps import Step, Value

# numpy wants these two to be told by name where their result goes.
BY_NAME = frozenset({"maximum", "minimum"})
# Kinds of steps that a table may hold.
_KINDS = frozenset({"ufunc", "bits", "matmul", "dot", "inner", "reduce", "cast", "fill"})
# So many steps in a row are a table; an input that steps read so many times over is copied to where it always lies.
_LONG, _RUN = 96, 16
_OFTEN = 24


@dataclass(frozen=True, eq=False)
class Space:
    """What a workspace is made of.

    Attributes
    ----------
    sizes : tuple of int
        Bytes of each slot.
    arrays : tuple of tuples
        ``("buffer", slot, shape, dtype)``, ``("view", place of its base, form, what makes it, or its name)`` or ``("constant", name)``.
    held : tuple of int
        The places of the arrays that the text names.
    tables : tuple of tuples
        Steps: kind, name, places of operands and result, settings.
    noisy : bool
        True if numpy must be told to report nothing.
    """

    sizes: tuple[int, ...] = ()
    arrays: tuple[tuple[Any, ...], ...] = ()
    held: tuple[int, ...] = ()
    tables: tuple[tuple[tuple[Any, ...], ...], ...] = ()
    noisy: bool = False


NO_SPACE = Space()


class SpaceWriter:
    """Collects the arrays of a plan, and names those that its text speaks of."""

    def __init__(self, layout: Layout, taken: set[str]) -> None:
        self.layout = layout
        self.taken = taken
        self.arrays: list[tuple[Any, ...]] = []
        self.places: dict[Any, int] = {}
        self.names: dict[int, str] = {}
        self.forms: dict[str, str] = {}
        self.tables: list[tuple[tuple[Any, ...], ...]] = []

    def space(self, noisy: bool) -> Space:
        """All of it."""
        return Space(tuple(self.layout.sizes), tuple(self.arrays), tuple(self.names), tuple(self.tables), noisy)

    def put(self, *spec: Any, make: Any = ()) -> int:
        """The place of an array."""
        if spec not in self.places:
            self.places[spec] = len(self.arrays)
            self.arrays.append((*spec, *make))
        return self.places[spec]

    def view(self, base: int, form: str, make: Callable[[np.ndarray], np.ndarray] | None = None) -> int:
        """The place of a view of the array at place ``base``."""
        if make is None and form not in self.forms:
            self.forms[form] = unique(f"view{len(self.forms) + 1}", self.taken)
        return self.put("view", base, form, make=(make or self.forms[form],))

    def functions(self) -> list[str]:
        """The functions of the text that take views, where none is at hand."""
        return [f"{name} = lambda array: {form.format('array')}" for form, name in self.forms.items()]

    def place(self, value: Value) -> int:
        """The place of a value that always lies in one place, or of a view of one."""
        views = []
        while value.kind == "view" and value.base is not None:
            views.append(value)
            value = value.base
        if value.kind == "constant":
            place = self.put("constant", value.name)
        else:
            place = self.put("buffer", self.layout.slots[value], value.shape, value.dtype)
        for view in reversed(views):
            place = self.view(place, view.form, view.make)
        return place

    def flat(self, value: Value) -> int:
        """The place of a value as a vector."""
        return self.place(value) if len(value.shape) == 1 else self.view(self.place(value), "{}.ravel()", np.ravel)

    def name(self, place: int) -> str:
        """What the text calls an array; it holds it from now on."""
        kind, first, *_ = self.arrays[place]
        if kind == "constant":
            return str(first)
        if place not in self.names:
            base = f"b{place + 1}" if kind == "buffer" else f"{self.root(first)}_view{place + 1}"
            self.names[place] = unique(base, self.taken)
        return self.names[place]

    def root(self, place: int) -> str:
        """What the text would call the array that a view is taken of."""
        kind, first, *_ = self.arrays[place]
        while kind == "view":
            place = first
            kind, first, *_ = self.arrays[place]
        return f"b{place + 1}" if kind == "buffer" else str(first)

    def table(self, steps: Sequence[Step]) -> int:
        """The number of a table of ``steps``."""
        self.tables.append(tuple(map(self.line, steps)))
        return len(self.tables) - 1

    def line(self, step: Step) -> tuple[Any, ...]:
        """A step as data."""
        place = self.flat if step.kind == "inner" else self.place
        operands, out = step.operands, step.out
        if step.kind == "bits":
            operands, out = tuple(map(bits_of, operands)), bits_of(out)
        return step.kind, step.name, tuple(map(place, operands)), self.place(out), step.settings


def in_tables(steps: Sequence[Step], layout: Layout) -> list[Step | list[Step]]:
    """The steps, those as lists that go into tables; inputs that they read often get a slot, to which they are copied."""
    if len(steps) < _LONG:
        return list(steps)
    read: dict[Value, int] = {}
    for step in steps:
        if step.kind in _KINDS and layout.static(step.out):
            for one in step.operands:
                if one.root.kind == "input":
                    read[one.root] = read.get(one.root, 0) + one.nbytes
    copied = [root for root, nbytes in read.items() if nbytes >= _OFTEN * root.nbytes]

    def fixed(value: Value) -> bool:
        return layout.static(value) or (value.root in copied and _is_views(value))

    def fits(step: Step) -> bool:
        if step.kind in ("view", "room"):
            return fixed(step.out)
        if step.kind == "inner" and not all(one.compact for one in step.operands):
            return False
        if step.kind == "fill" and not step.settings:
            return False
        return step.kind in _KINDS and layout.static(step.out) and all(map(fixed, step.operands))

    parts: list[Step | list[Step]] = []
    for fit, group in groupby(steps, fits):
        run = list(group)
        made = [one for one in run if one.kind not in ("view", "room")]
        if fit and len(made) >= _RUN:
            parts.append(made)
        else:
            parts += run
    needed = {one.root for part in parts if isinstance(part, list) for step in part for one in step.operands}
    for value in copied:
        if value in needed:
            layout.slots[value] = len(layout.sizes)
            layout.sizes.append(value.nbytes)
    return parts


def _is_views(value: Value) -> bool:
    while value.base is not None and value.kind == "view":
        value = value.base
    return value.base is None


@collecting_later
def workspace(
    space: Space, namespace: Mapping[str, Any], empty: Callable[..., np.ndarray], quiet: Callable[[], Any]
) -> tuple[Any, ...]:
    """What runs the body quietly, the arrays that the text names, and the tables."""
    memory = [empty(size, np.uint8) for size in space.sizes]
    arrays: list[Any] = []
    for kind, first, *more in space.arrays:
        if kind == "buffer":
            shape, dtype = more
            arrays.append(np.ndarray(shape, dtype, memory[first]))
        elif kind == "constant":
            arrays.append(namespace[first])
        else:
            make = namespace[more[1]] if isinstance(more[1], str) else more[1]
            arrays.append(make(arrays[first]))
    tables = [tuple([_called(namespace, arrays, *line) for line in table]) for table in space.tables]
    return (*([quiet()] if space.noisy else []), *[arrays[place] for place in space.held], *tables)


def _called(
    namespace: Mapping[str, Any],
    arrays: Sequence[Any],
    kind: str,
    name: str,
    places: tuple[int, ...],
    place: int,
    settings: Any,
) -> Any:
    """A step as what is called, and what it is given."""
    given, out = [arrays[one] for one in places], arrays[place]
    if kind in ("dot", "inner"):
        return given[0].dot, (given[1], out)
    if kind == "reduce":
        axes, keep = settings
        return getattr(np, name).reduce, (given[0], axes, None, out, keep)
    if kind == "cast":
        return out.__setitem__, (..., given[0])
    if kind == "fill":
        return _filled(namespace, given, out, *settings)
    if name in BY_NAME:
        return partial(getattr(np, name), out=out), tuple(given)
    return getattr(np, name), (*given, out)


def _filled(namespace: Mapping[str, Any], given: Sequence[Any], out: Any, how: str, *settings: Any) -> Any:
    """A step that fills an array, by a function, with parts one after another, or a part of it."""
    if how == "into":
        return namespace[settings[0]], (out, *given)
    if how == "join":
        return np.concatenate, (tuple(given), settings[0], out)
    axis, start, stop = settings
    return out.__setitem__, ((*(slice(None),) * axis, slice(start, stop)), given[0])


__all__ = ["BY_NAME", "NO_SPACE", "Space", "SpaceWriter", "in_tables", "workspace"]
