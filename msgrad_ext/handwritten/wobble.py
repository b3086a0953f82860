"""How far rounding alone may move what a backward returns: the functions are run on arrays whose every result is rounded
at random (Parker's Monte Carlo arithmetic, as in `checking.witnesses.noise`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..checking.witnesses.noise import SAMPLES

# These give a number of their operands, or one that needs no rounding.
_EXACT = {
    "absolute", "fabs", "negative", "positive", "sign", "conjugate", "maximum", "minimum", "fmax", "fmin", "floor", "ceil",
    "trunc", "rint", "copysign", "heaviside", "equal", "not_equal", "less", "greater", "less_equal", "greater_equal",
}  # fmt: skip
_generator: ContextVar[tuple[np.random.Generator, float] | None] = ContextVar("generator", default=None)


class Wobbly(np.ndarray):
    """An array whose results are moved by one unit of rounding, up or down by chance."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        bare = [one.view(np.ndarray) if isinstance(one, Wobbly) else one for one in inputs]
        if out:
            kwargs["out"] = tuple(one.view(np.ndarray) if isinstance(one, Wobbly) else one for one in out)
        result = getattr(ufunc, method)(*bare, **kwargs)
        chance = _generator.get()
        if chance is None or ufunc.__name__ in _EXACT:
            return _again(result, out)
        if out:
            for one in kwargs["out"]:
                if isinstance(one, np.ndarray) and one.dtype.kind == "f":
                    one[...] = _moved(one, chance)
            return _again(result, out)
        return _again(_moved(result, chance), out)


def _again(result: Any, out: Any) -> Any:
    if out and len(out) == 1:
        return out[0]
    return result.view(Wobbly) if isinstance(result, np.ndarray) and result.dtype.kind == "f" else result


def _moved(result: Any, chance: tuple[np.random.Generator, float]) -> Any:
    generator, coarsest = chance
    if isinstance(result, tuple) or np.asarray(result).dtype.kind != "f":
        return result
    kind = result.dtype
    signs = 2.0 * generator.integers(0, 2, np.shape(result), dtype=np.int8) - 1
    # A dtype inside that is coarser than every input is a fault, and no rounding to be allowed for.
    unit = min(float(np.finfo(kind).eps), coarsest)
    moved = np.asarray(result * (1 + unit * signs), kind)
    return moved if moved.shape else moved[()]


def spread(
    run: Callable[[Sequence[Any]], Sequence[np.ndarray]], arrays: Sequence[np.ndarray], seed: int
) -> list[np.ndarray]:
    """The largest deviation of each result of ``run`` under random roundings.

    Parameters
    ----------
    run : callable
        Of a list of arrays; a list of arrays.
    arrays : sequence of ndarray
        Where.
    seed : int
        For the roundings.
    """
    plain = [one.astype(np.float64) for one in run(list(arrays))]
    worst = [np.zeros(one.shape) for one in plain]
    generator = np.random.default_rng(seed)
    coarsest = max(float(np.finfo(array.dtype).eps) for array in arrays)
    for _ in range(SAMPLES):
        token = _generator.set((generator, coarsest))
        try:
            moved = run([array.view(Wobbly) for array in arrays])
        finally:
            _generator.reset(token)
        for number, (one, before) in enumerate(zip(moved, plain)):
            gap = np.abs(np.asarray(one, dtype=np.float64) - before)
            worst[number] = np.maximum(worst[number], np.nan_to_num(gap, nan=0.0, posinf=0.0))
    return worst
