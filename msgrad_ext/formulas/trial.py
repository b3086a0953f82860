"""The trial that every matrix form must pass before it is shown: its value at small random arrays is the derivation's."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Expr, Symbol

from ..symbolic.conditions import Condition, meeting
from ..symbolic.facts import NOTHING, Facts
from ..symbolic.lines import Derivation
from ..symbolic.notation import Node
from ..symbolic.template import out_indices
from .declared import sample
from .evaluation import evaluate_lines, letter_sizes
from .indexed_value import Place, evaluate
from .notation_value import node_value


class Trial:
    """Small random arrays for one derivation, of which ``facts`` (by key) hold."""

    def __init__(self, derivation: Derivation, facts: Facts = NOTHING) -> None:
        self.derivation = derivation
        self.facts = facts
        self._samples: dict[str, np.ndarray] | None = None

    def agrees(self, node: Node, key: str) -> bool:
        """True if a matrix form gives what the lines give, at small random arrays."""
        samples = self.samples()
        wanted = samples[key]
        with np.errstate(all="ignore"):
            found = np.asarray(node_value(node, samples, self.sizes()))
        return self.close(found, wanted)

    def same(self, expr: Expr, key: str) -> bool:
        """True if an indexed expression over keys is what the line ``key`` gives, at small random arrays."""
        samples = self.samples()
        sizes: Any = self.sizes()
        shape = self.derivation.shapes[key]
        arrays = {Symbol(one): array for one, array in samples.items()}
        place = Place(arrays, sizes, {}, False)
        with np.errstate(all="ignore"):
            found = evaluate(expr, out_indices(shape), [place.length(n) for n in shape], place)
        return self.close(np.asarray(found), samples[key])

    def tall(self) -> list[Condition]:
        """A matrix with orthonormal columns has at least as many rows."""
        shapes = {key: self.derivation.shapes[key] for key in self.facts.declared if key in self.derivation.shapes}
        return [Condition(n[-2] - n[-1]) for key, n in shapes.items() if self.facts.holds(key, "orthogonal")]

    def sizes(self) -> dict[Symbol, int]:
        """What each letter stands for in the samples."""
        samples = self.samples()
        return letter_sizes(self.derivation, {k: samples[k] for k in self.derivation.inputs if k in samples})

    @staticmethod
    def close(found: np.ndarray, wanted: np.ndarray) -> bool:
        """True if two results are one but for rounding."""
        if (found.size == 1 and wanted.size != 1) or found.size not in (1, wanted.size):
            return False
        scale = np.max(np.abs(wanted), initial=0) + 1e-30
        with np.errstate(all="ignore"):
            return bool(np.max(np.abs(found.reshape(wanted.shape) - wanted), initial=0) <= 1e-9 * max(scale, 1.0))

    def samples(self) -> dict[str, np.ndarray]:
        """All values and cotangents at small random inputs, a different length for each letter."""
        if self._samples is None:
            generator = np.random.default_rng(20240229)
            letters = sorted(
                {s for shape in self.derivation.shapes.values() for n in shape for s in n.free_symbols}, key=str
            )
            sizes = {letter: 2 + place % 5 for place, letter in enumerate(letters)}
            sizes = meeting(letters, [*self.derivation.conditions, *self.tall()], sizes)
            # Where a function is not defined, NaN would tell nothing: the first range that is in its domain is taken.
            for low, high in ((0.3, 1.4), (0.15, 0.85), (1.2, 2.9), (-0.85, -0.15)):
                values = {}
                for key, name in self.derivation.inputs.items():
                    shape = [int(n.xreplace(sizes)) for n in self.derivation.shapes[key]]
                    values[name] = sample(generator.uniform(low, high, shape), self.facts, key, generator)
                self._samples = evaluate_lines(self.derivation, values)
                if all(np.all(np.isfinite(array)) for array in self._samples.values()):
                    break
        return self._samples or {}


__all__ = ["Trial"]
