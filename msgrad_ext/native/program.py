"""What a graph becomes before it is C: values in memory, strided accesses to them, and steps over them.

Views of the graph (transposes, slices, broadcasts) are no steps: they are strides of an access.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

Shape = tuple[int, ...]

C_TYPES = {"float32": "float", "float64": "double", "bool": "unsigned char", "int32": "int", "int64": "long long"}


class NoNative(Exception):
    """A graph that has no native form; the text says why."""


@dataclass(frozen=True, eq=False)
class Value:
    """One array in C order."""

    shape: Shape
    dtype: np.dtype
    # The most that a C expression of the value needs to be known from outside: "input", "constant" or "made".
    role: str = "made"

    @property
    def size(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)

    @property
    def ctype(self) -> str:
        """The element's type in C."""
        return C_TYPES[self.dtype.name]


@dataclass(frozen=True)
class Access:
    """Elements of a value, or a number: ``value[offset + sum(strides * index)]``."""

    value: Value | None
    shape: Shape
    strides: Shape
    offset: int = 0
    number: str = ""
    kind: Any = None

    @property
    def dtype(self) -> np.dtype:
        """The dtype of an element."""
        return self.value.dtype if self.value is not None else self.kind

    @property
    def plain(self) -> bool:
        """True for a whole value, in its own order."""
        return self.value is not None and self.value.shape == self.shape and whole(self)


def whole(access: Access) -> bool:
    """True where the elements are those of the value, one after another."""
    return (
        access.value is not None
        and access.offset == 0
        and math.prod(access.shape) == access.value.size
        and core_strides(access.shape, access.strides) == contiguous(core(access.shape))
    )


@dataclass(frozen=True, eq=False)
class Map:
    """``out[i] = form(operands[i])`` for each element."""

    out: Value
    form: str
    operands: tuple[Access, ...]

    @property
    def domain(self) -> Shape:
        """The shape that is run through."""
        return self.out.shape


@dataclass(frozen=True, eq=False)
class Gather:
    """Each element of ``operand`` goes to ``target`` (an access of the operand's shape) by ``kind``: sum, max or min."""

    out: Value
    kind: str
    operands: tuple[Access, ...]
    target: Access

    @property
    def domain(self) -> Shape:
        """The shape that is run through."""
        return self.operands[0].shape


@dataclass(frozen=True, eq=False)
class Product:
    """A matrix product, or a stack of them."""

    out: Value
    operands: tuple[Access, ...]


@dataclass(frozen=True, eq=False)
class Call:
    """A voice of an op, called in Python with whole values."""

    out: Value
    voice: Any
    operands: tuple[Access, ...]


@dataclass(frozen=True, eq=False)
class Place:
    """Operands put side by side, or added, into zeros: each at its target, an access to ``out`` of the operand's shape.

    With ``whole`` there are no elements besides the first operand's.
    """

    out: Value
    operands: tuple[Access, ...]
    targets: tuple[Access, ...]
    added: tuple[bool, ...]
    whole: bool


@dataclass(frozen=True, eq=False)
class Routine:
    """A C function of its own; with ``checked`` it may find that an operand's numbers are for numpy's plan to refuse."""

    out: Value
    operands: tuple[Access, ...]
    text: str
    checked: bool


Step = Union[Map, Gather, Product, Call, Place, Routine]


@dataclass(frozen=True)
class Test:
    """The truth of a scalar that the program rests on."""

    access: Access
    truth: bool


@dataclass(frozen=True)
class Program:
    """Steps in order of execution."""

    inputs: tuple[Value, ...]
    constants: tuple[tuple[Value, np.ndarray], ...]
    steps: tuple[Step, ...]
    outputs: tuple[Value, ...]
    tests: tuple[Test, ...]


def contiguous(shape: Shape) -> Shape:
    """The strides of an array in C order, counted in elements."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return tuple(reversed(strides))


def core(shape: Shape) -> Shape:
    """``shape`` without the axes of length 1."""
    return tuple(length for length in shape if length != 1)


def core_strides(shape: Shape, strides: Shape) -> Shape:
    """``strides`` without those of axes of length 1."""
    return tuple(stride for length, stride in zip(shape, strides) if length != 1)


def merged(axes: Shape, strides: list[Shape], rows: int = -1) -> tuple[Shape, list[Shape], int]:
    """Neighbouring axes that every access runs through as one, made one; the first ``rows`` and the others stay apart."""
    groups: list[list[int]] = []
    for axis in range(len(axes)):
        joined = bool(groups) and axis != rows and all(one[axis - 1] == one[axis] * axes[axis] for one in strides)
        if joined:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    lengths = []
    for group in groups:
        length = 1
        for axis in group:
            length *= axes[axis]
        lengths.append(length)
    return (
        tuple(lengths),
        [tuple(one[group[-1]] for group in groups) for one in strides],
        sum(group[0] < rows for group in groups),
    )


def access_of(value: Value) -> Access:
    """The whole of ``value``."""
    return Access(value, value.shape, contiguous(value.shape))


def broadcast_access(access: Access, shape: Shape) -> Access:
    """``access`` repeated along new axes and those of length 1."""
    lead = len(shape) - len(access.shape)
    strides = tuple(
        0 if axis < lead or access.shape[axis - lead] != length else access.strides[axis - lead]
        for axis, length in enumerate(shape)
    )
    return Access(access.value, shape, strides, access.offset, access.number, access.kind)


def reshaped(access: Access, shape: Shape) -> Access | None:
    """``access`` in another shape without moving elements, or None where they would have to move."""
    if access.value is None or math.prod(shape) <= 1:
        return Access(access.value, shape, (0,) * len(shape), access.offset, access.number, access.kind)
    runs: list[list[int]] = []
    for length, stride in zip(core(access.shape), core_strides(access.shape, access.strides)):
        if runs and runs[-1][1] == stride * length:
            runs[-1] = [runs[-1][0] * length, stride]
        else:
            runs.append([length, stride])
    strides: list[int] = []
    for length in reversed(shape):
        if length == 1:
            strides.append(0)
            continue
        if not runs or runs[-1][0] % length:
            return None
        left, stride = runs.pop()
        strides.append(stride)
        if left > length:
            runs.append([left // length, stride * length])
    return Access(access.value, shape, tuple(reversed(strides)), access.offset)
