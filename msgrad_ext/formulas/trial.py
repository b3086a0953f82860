"""The trial that every matrix form must pass before it is shown: its value at small random arrays is the derivation's."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from sympy import Symbol

from ..symbolic.lines import Derivation
from ..symbolic.notation import Node
from .each_value import each_value
from .evaluation import evaluate_lines, letter_sizes
from .notation_value import node_value


class Trial:
    """Small random arrays for one derivation, those of ``simplex`` with rows that sum to one."""

    def __init__(self, derivation: Derivation, simplex: Collection[str]) -> None:
        self.derivation = derivation
        self.simplex = simplex
        self._samples: dict[str, np.ndarray] | None = None

    def agrees(self, node: Node, key: str) -> bool:
        """True if a matrix form gives what the lines give, at small random arrays."""
        samples = self.samples()
        sizes = letter_sizes(self.derivation, {k: samples[k] for k in self.derivation.inputs if k in samples})
        wanted = samples[key]
        if node.kind == "each":
            return self._agrees(node, key, samples, sizes)
        with np.errstate(all="ignore"):
            found = np.asarray(node_value(node, samples, sizes))
        if (found.size == 1 and wanted.size != 1) or found.size not in (1, wanted.size):
            return False
        scale = np.max(np.abs(wanted), initial=0) + 1e-30
        with np.errstate(all="ignore"):
            return bool(np.max(np.abs(found.reshape(wanted.shape) - wanted), initial=0) <= 1e-9 * max(scale, 1.0))

    def _agrees(self, node: Node, key: str, samples: dict[str, np.ndarray], sizes: dict[Symbol, int]) -> bool:
        """The same for a form with letters; one that can not be computed does not agree."""
        wanted = samples[key]
        with np.errstate(all="ignore"):
            try:
                found = each_value(node, samples, sizes, self.derivation.shapes[key])
            except (NotImplementedError, ValueError):
                return False
            finite = np.isfinite(wanted)
            scale = max(1.0, np.max(np.abs(wanted[finite]), initial=0))
            return bool(np.max(np.abs(found - wanted)[finite], initial=0) <= 1e-9 * scale)

    def tells(self, key: str) -> bool:
        """True if the value hardly changes with the samples, as it does at the inverse of something singular."""
        samples = self.samples()
        noise = np.random.default_rng(1)
        moved = {
            name: samples[k] * (1 + 1e-10 * noise.uniform(-1, 1, samples[k].shape))
            for k, name in self.derivation.inputs.items()
        }
        found = evaluate_lines(self.derivation, moved, [key])[key]
        scale = np.max(np.abs(samples[key]), initial=1)
        return bool(np.max(np.abs(found - samples[key]), initial=0) <= 1e-6 * scale)

    def samples(self) -> dict[str, np.ndarray]:
        """All values and cotangents at small random inputs, a different length for each letter."""
        if self._samples is None:
            generator = np.random.default_rng(20240229)
            letters = sorted(
                {s for shape in self.derivation.shapes.values() for n in shape for s in n.free_symbols}, key=str
            )
            sizes = {letter: 2 + place % 5 for place, letter in enumerate(letters)}
            # Where a function is not defined, NaN would tell nothing: the first range that is in its domain is taken.
            for low, high in ((0.3, 1.4), (0.15, 0.85), (1.2, 2.9), (-0.85, -0.15)):
                values = {}
                for key, name in self.derivation.inputs.items():
                    shape = [int(n.xreplace(sizes)) for n in self.derivation.shapes[key]]
                    values[name] = generator.uniform(low, high, shape)
                    if key in self.simplex:
                        values[name] /= values[name].sum(axis=-1, keepdims=True)
                self._samples = evaluate_lines(self.derivation, values)
                if all(np.all(np.isfinite(array)) for array in self._samples.values()):
                    break
        return self._samples or {}


__all__ = ["Trial"]
