"""Tables of vectors: all pairs of elements, combinations, powers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .arguments import integer, tensor
from .gather import taken
from .joining import stack
from .shaping import meshgrid


def _vector(op: str, value: Any) -> Tensor:
    x = tensor(op, "input", value)
    if x.ndim != 1:
        raise ShapeError(f"For '{op}', the input must have one axis, but got shape {x.shape}.")
    return x


@composite(functions="cartesian_prod")
def cartesian_prod(*inputs: Any) -> Tensor:
    """All tuples of elements, one of each vector, as rows."""
    vectors = [_vector("cartesian_prod", one) for one in inputs]
    if len(vectors) == 1:
        return vectors[0]
    return stack([fn.reshape(grid, (-1,)) for grid in meshgrid(*vectors, indexing="ij")], -1)


@composite(functions="combinations")
def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of ``r`` elements of a vector, as rows."""
    x = _vector("combinations", input)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(x.size), integer("combinations", "r", r, 0)))
    return taken(x, (0,), (Tensor(np.array(rows, np.int64).reshape(len(rows), r)),))


@composite(functions="vander")
def vander(x: Any, N: int | None = None) -> Tensor:
    """The powers of the elements of a vector as columns, the highest first."""
    given = _vector("vander", x)
    count = given.size if N is None else integer("vander", "N", N, 0)
    powers = Tensor(np.arange(count - 1, -1, -1).astype(given.numpy_dtype))
    return fn.pow(fn.expand_dims(given, -1), powers)


@composite(methods="choose")
def choose(self: Tensor, choices: Any, mode: str = "clip") -> Tensor:
    """At each place the element of the choice that ``self`` numbers there."""
    kind = np.float32 if any(isinstance(one, float) for one in choices) else np.int64
    given = [Tensor(kind(one)) if is_number(one) else tensor("choose", "choices", one) for one in choices]
    at = fn.cast(self, np.int64)
    table = stack([fn.broadcast_to(one, at.shape) for one in given], 0)
    low = fn.select(at < 0, fn.zeros_like(at), fn.select(at < len(given), at, at * 0 + (len(given) - 1)))
    return fn.squeeze(fn.gather_elements(table, 0, fn.expand_dims(low, 0)), 0)


__all__ = ["cartesian_prod", "combinations", "vander"]
