"""Hessian blocks at arrays: the closed form itself, each sum of products contracted pairwise as matrix products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from ..symbolic.compose import entries
from ..symbolic.second import Second
from ..symbolic.template import out_indices
from .evaluation import as_numbers, evaluate_lines, letter_sizes, needed_inputs
from .indexed_value import Place, evaluate


def heads(expr: Expr) -> list[str]:
    """The keys of the arrays in an expression."""
    return sorted({entry.head.name for entry in entries(expr)})


def needed_for(second: Second, closed: Expr | None, key: str) -> list[str]:
    """Names of the inputs that a block is computed from."""
    derivation = second.derivation
    first, other = second.blocks[key]
    # Shapes of the two arrays say how large the block is, even where their values do not matter.
    found = {derivation.inputs[derivation.keys[var]] for var in (first, other)}
    if closed is None:
        found.update(derivation.inputs[derivation.keys[var]] for var in second.directions)
    for one in heads(closed) if closed is not None else [derivation.gradients[first]]:
        found.update(needed_inputs(derivation, one))
    directions = {derivation.inputs[along] for along in second.directions.values()}
    keys = {name: one for one, name in derivation.inputs.items() if name not in directions}
    known = {n for name in found & keys.keys() for n in derivation.shapes[keys[name]]}
    used = closed.free_symbols | set(derivation.shapes[key]) if closed is not None else set()
    for name, one in keys.items():
        # A length that only other arrays have, as the number of rows that a mean is over.
        more = {n for n in derivation.shapes[one] if n.is_Symbol and n in used} - known
        if more:
            found.add(name)
            known |= more
    return [name for name in derivation.inputs.values() if name in found and name not in directions]


def block_value(second: Second, closed: Expr | None, key: str, values: Mapping[str, Any]) -> np.ndarray:
    """A block at arrays by name; ``closed`` is over the keys of inputs and of values that have lines."""
    derivation = second.derivation
    if closed is None:
        return by_columns(second, key, values)
    given = {name: values[name] for name in needed_for(second, closed, key)}
    wanted = heads(closed)
    known = evaluate_lines(derivation, given, wanted)
    return element_value(second, closed, key, known)


def element_value(second: Second, expr: Expr, key: str, known: Mapping[str, np.ndarray]) -> np.ndarray:
    """A block's element over all of its indices, for arrays by key."""
    derivation = second.derivation
    inputs = {one: known[one] for one in derivation.inputs if one in known}
    sizes = letter_sizes(derivation, inputs)
    arrays = {Symbol(one): known[one] for one in heads(expr)}
    exact = any(array.dtype == object for array in inputs.values())
    place = Place(arrays, sizes, {}, exact)
    shape = derivation.shapes[key]
    return evaluate(expr, out_indices(shape), [place.length(n) for n in shape], place)


def by_columns(second: Second, key: str, values: Mapping[str, Any]) -> np.ndarray:
    """A block as its products with unit directions, for one that has no closed form of acceptable length."""
    derivation = second.derivation
    first, other = second.blocks[key]
    given = {name: as_numbers(array) for name, array in values.items()}
    at = given[derivation.inputs[derivation.keys[other]]]
    for moved, along in second.directions.items():
        given[derivation.inputs[along]] = np.zeros_like(given[derivation.inputs[derivation.keys[moved]]])
    product, name = derivation.gradients[first], derivation.inputs[second.directions[other]]
    columns = []
    for place in range(at.size):
        unit = np.zeros(at.shape, at.dtype)
        unit.reshape(-1)[place] = 1
        columns.append(evaluate_lines(derivation, {**given, name: unit}, [product])[product])
    result = np.stack(columns, axis=-1)
    return result.reshape(*result.shape[:-1], *at.shape)


__all__ = ["block_value", "element_value", "heads", "needed_for"]
