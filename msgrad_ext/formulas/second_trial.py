"""The trials of second order: products against central differences of the gradient, blocks against products.

A block is a linear map; if it gives what the lines give for a random direction, it is the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Expr, Symbol

from ..errors import NotSupportedError
from ..symbolic.decimals import decimals
from ..symbolic.facts import NOTHING, Facts
from ..symbolic.kronecker import KroneckerSum, Product
from ..symbolic.notation import Node
from ..symbolic.second import Second
from ..symbolic.template import out_indices
from .block_value import element_value
from .each_value import each_value
from .evaluation import evaluate_lines, letter_sizes
from .evidence import Evidence
from .notation_value import Reader, node_value
from .trial import Trial

# Steps of central differences, as parts of the values' size; the best agreement counts.
STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
SLOPE = 1e-5
EXACT = 1e-9
CASES = 2


class SecondTrial(Trial):
    """Small random arrays for one derivation of second order."""

    def __init__(self, second: Second, facts: Facts = NOTHING) -> None:
        super().__init__(second.derivation, facts)
        self.second = second

    def agrees(self, node: Node, key: str) -> bool:
        """True if a matrix form gives what the lines give."""
        if key not in self.second.blocks:
            return super().agrees(node, key)
        shape, lettered = self.derivation.shapes[key], node.kind == "each"
        with np.errstate(all="ignore"):
            values = [each_value(node, *case, shape) if lettered else node_value(node, *case) for case in self.cases]
        return self.passed("form with letters" if lettered else "matrix form", key, list(map(np.asarray, values)))

    def holds(self, expr: Expr, key: str) -> bool:
        """True if the element of a block or of a product gives what the lines give."""
        if key not in self.second.blocks:
            return super().holds(expr, key)
        with np.errstate(all="ignore"):
            values = [element_value(self.second, expr, key, arrays) for arrays, _ in self.cases]
        return self.passed("indexed form", key, values)

    def is_product(self, expr: Expr, key: str) -> bool:
        """True if the element of a product gives what its line gives, in floats: the quick test of a step between."""
        with np.errstate(all="ignore"):
            found = [element_value(self.second, expr, key, arrays) for arrays, _ in self.cases]
        return all(close(one, arrays[key], EXACT) for one, (arrays, _) in zip(found, self.cases))

    def passed(self, form: str, key: str, values: Sequence[np.ndarray]) -> bool:
        """True if each of ``values`` is the block at its sample; then that is kept as evidence."""
        right = all(self.is_block(value, key, at) for at, value in enumerate(values))
        if right:
            self.found[key] = Evidence(form, "floats", [sizes for _, sizes in self.cases])
        return right

    @cached_property
    def cases(self) -> list[tuple[dict[str, np.ndarray], dict[Symbol, int]]]:
        """Samples in floats at two assignments of sizes where all is defined, else the one there is; and the sizes."""
        found: list[tuple[dict[str, np.ndarray], dict[Symbol, int]]] = []
        for number, sizes in enumerate(self.sampler.patterns()):
            given = self.sampler.defined(sizes, number) if len(found) < CASES else None
            found += [] if given is None else [(self.sampler.lines(given), self.sampler.full(given))]
        samples = self.samples()
        one = samples, letter_sizes(self.derivation, {key: samples[key] for key in self.derivation.inputs})
        return found or [one]

    def require(self, expr: Expr, key: str) -> None:
        """Refuse to go on with a block that does not give what the lines give."""
        if not self.holds(expr, key):
            names = " and ".join(var.name for var in self.second.blocks[key])
            raise NotSupportedError(f"For 'derive', the Hessian by {names} did not agree with its own lines.")

    def is_block(self, found: np.ndarray, key: str, at: int) -> bool:
        """True if ``found`` times the direction is the product that the lines give at a sample."""
        first, other = self.second.blocks[key]
        along = self.cases[at][0][self.second.directions[other]]
        wanted = self.alone(other, at)[self.derivation.gradients[first]]
        if found.size not in (1, wanted.size * along.size):
            return False
        whole = np.broadcast_to(found.reshape(-1), (wanted.size * along.size,)) if found.size == 1 else found
        return close(whole.reshape(wanted.size, along.size) @ along.reshape(-1), wanted.reshape(-1), EXACT)

    def agrees_kronecker(self, terms: KroneckerSum, key: str) -> bool:
        """True if a sum of Kronecker products is the block as a matrix."""
        for at, case in enumerate(self.cases):
            reader = Reader(*case)
            with np.errstate(all="ignore"):
                if not self.is_block(np.sum([product_value(reader, one) for one in terms.terms], axis=0), key, at):
                    return False
        return True

    def places(self, key: str) -> tuple[tuple[Symbol, ...], tuple[Symbol, ...]]:
        """The indices of a block's first array and of its second, without those of axes of length 1."""
        first, _ = self.second.blocks[key]
        count = len(self.derivation.shapes[self.derivation.keys[first]])
        indices = out_indices(self.derivation.shapes[key])
        return tuple(i for i in indices[:count] if i != 0), tuple(i for i in indices[count:] if i != 0)  # type: ignore

    def inputs(self, at: int = 0) -> dict[str, Any]:
        """The inputs of a sample, by name."""
        return {name: self.cases[at][0][key] for key, name in self.derivation.inputs.items()}

    def alone(self, other: Any, at: int) -> dict[str, np.ndarray]:
        """The products at a sample where only one of the directions is not zero."""
        known = self.__dict__.setdefault("_alone", {})
        if (other, at) not in known:
            given = self.inputs(at)
            for var, along in self.second.directions.items():
                if var is not other:
                    name = self.derivation.inputs[along]
                    given[name] = np.zeros_like(given[name])
            known[other, at] = evaluate_lines(
                self.derivation, given, self.products, decimals=decimals(self.derivation.constants)
            )
        return known[other, at]

    @property
    def products(self) -> list[str]:
        """The keys of the products."""
        return list(self.derivation.gradients.values())

    def confirm(self) -> None:
        """Compare the products with central differences of the gradients.

        Raises
        ------
        NotSupportedError
            If they differ: then nothing of second order is shown.
        """
        left = set(range(len(self.derivation.gradients)))
        for at in range(len(self.cases)):
            left = self.unlike(at, left)
        if left:
            names = ", ".join(var.name for n, var in enumerate(self.derivation.gradients) if n in left)
            raise NotSupportedError(
                f"For 'derive', the second derivatives by {names} are not what central differences of the gradient "
                "give; they are not shown."
            )

    def unlike(self, at: int, left: set[int]) -> set[int]:
        """Which of the products (by number) no step makes agree with differences at a sample."""
        if not left:
            return left
        given, firsts = self.inputs(at), [self.second.first[var] for var in self.derivation.gradients]
        fixed = self.constants()
        for var, along in self.second.directions.items():
            if self.derivation.keys[var] in fixed:
                # What counts as constant by convention has a slope that no derivative here has.
                given[self.derivation.inputs[along]] = np.zeros_like(given[self.derivation.inputs[along]])
        wanted = evaluate_lines(self.derivation, given, self.products) if fixed else self.cases[at][0]
        for step in STEPS:
            slopes = self.slopes(given, firsts, step)
            left = {n for n in left if not close(slopes[n], wanted[self.products[n]], SLOPE)}
            if not left:
                break
        return left

    def slopes(self, given: dict[str, Any], firsts: Sequence[str], step: float) -> list[np.ndarray]:
        """Slopes of the gradients along the directions, by differences of the fourth order."""
        total: list[Any] = [0.0] * len(firsts)
        for times, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
            moved = dict(given)
            for var, along in self.second.directions.items():
                name = self.derivation.inputs[self.derivation.keys[var]]
                moved[name] = given[name] + times * step * given[self.derivation.inputs[along]]
            found = evaluate_lines(self.derivation, moved, firsts)
            total = [sum_ + weight * found[key] for sum_, key in zip(total, firsts)]
        return [part / (12 * step) for part in total]

    def constants(self) -> set[str]:
        """Keys of inputs from which some operand is made that gets no gradient by convention."""
        above = {line.operands[n] for line in self.derivation.lines for n in line.template.constants}
        for line in reversed(self.derivation.lines):
            if line.key in above:
                above.update(line.operands)
        return above & set(self.derivation.inputs)


def close(found: Any, wanted: Any, part: float) -> bool:
    """True if two arrays are the same up to a part of their size."""
    scale = max(np.max(np.abs(wanted), initial=0), 1.0)
    with np.errstate(all="ignore"):
        return bool(np.max(np.abs(found - wanted), initial=0) <= part * scale)


def product_value(reader: Reader, one: Product) -> np.ndarray:
    """A Kronecker product as a matrix."""
    left, right = reader.value(one.left), reader.value(one.right)
    if one.kind in ("vec", "out", "in"):
        result = left.reshape(-1, 1) @ right.reshape(1, -1)
    else:
        result = np.kron(left, right)
    if one.turned:
        m, n = (int(reader.number(length)) for length in one.turned)
        # Column (k, l) of the matrix that turns vec(A) into vec(A^T) is unit vector (l, k).
        result = result[:, np.arange(m * n).reshape(n, m).T.reshape(-1)]
    return result * reader.value(one.coefficient).item()


__all__ = ["SecondTrial"]
