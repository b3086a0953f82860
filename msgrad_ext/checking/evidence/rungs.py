"""How strong the evidence for a gradient is: rungs from proofs down to floats, as plain frozen data.

A gradient stands no higher than the weakest of the ops between it and the output.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Random points at which exact numbers are compared.
POINTS = 2
# From the strongest down. An enclosure bounds a float result, the others speak of rules.
ALL_SHAPES, THIS_SHAPE, EXACT, ENCLOSED, DIGITS, FLOATS, CONTRADICTED = RUNGS = (
    "proved at all shapes",
    "proved at this shape",
    f"exact at {POINTS} points",
    "enclosed",
    "agrees in 50 digits",
    "agrees in floats",
    "contradicted",
)


@dataclass(frozen=True)
class OpRung:
    """The strongest evidence for one op's rule.

    Attributes
    ----------
    op : str
        The op with its settings.
    rung : str
        One of `RUNGS`.
    detail : str
        What exactly was found: conditions, points, the chance of a wrong pass.
    why : tuple of str
        Why no stronger rung was reached, one reason a rung.
    """

    op: str
    rung: str
    detail: str = ""
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        why = f"; {'; '.join(self.why)}" if self.why else ""
        return f"{self.op}: {self.rung}{detail}{why}"


@dataclass(frozen=True)
class Ladder:
    """The evidence for one gradient.

    Attributes
    ----------
    rung : str
        The weakest rung among the ops.
    ops : tuple of OpRung
        Each op between the gradient's input and the output, once.
    composition : str
        How it was checked that the engine puts the rules together rightly.
    """

    rung: str
    ops: tuple[OpRung, ...]
    composition: str = ""

    @property
    def told(self) -> str:
        """The rung in words, with what it rests on."""
        if not self.ops:
            return self.rung
        here = [one for one in self.ops if one.rung == self.rung]
        details = list(dict.fromkeys(one.detail for one in here if one.detail))
        detail = f" ({'; '.join(details)})" if details else ""
        names = ", ".join(dict.fromkeys(one.op.split("[")[0] for one in here))
        stronger = [one for one in self.ops if one.rung != self.rung]
        if not stronger:
            return f"{self.rung}: the rule of every op between it and the output{detail}"
        groups = {rung: [one for one in stronger if one.rung == rung] for rung in RUNGS}
        rest = [
            f"{', '.join(dict.fromkeys(one.op.split('[')[0] for one in ops))} {rung}"
            for rung, ops in groups.items()
            if ops
        ]
        return f"{self.rung}: the rule of {names}{detail}; stronger: {', '.join(rest)}"

    def __str__(self) -> str:
        lines = [self.told, *(f"  {one}" for one in self.ops)]
        return "\n".join([*lines, *([f"  {self.composition}"] if self.composition else [])])


def weakest(rungs: Iterable[str], nothing: str) -> str:
    """The weakest of ``rungs``; ``nothing`` where there are none."""
    return max(rungs, key=RUNGS.index, default=nothing)
