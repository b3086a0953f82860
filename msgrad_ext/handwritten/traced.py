"""The forward function as a graph of this package's ops, where it is one: then the report has formulas and exports."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import MsgradError
from ..formulas.derivation import assumed_of, formulas_of
from ..gradients.grad_operation import Application
from ..ir import Lit
from ..numeric.interpreter import interpret_exact, widen
from ..pipeline import apply_gradient
from ..reversing.reverse import expand, plain
from ..tensor import Tensor
from .exactly import context
from .layout import Layout
from .stand import Stand
from .styles import Subject

_CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Traced:
    """A forward function that could be traced.

    Attributes
    ----------
    application : Application
        Its gradient, as this package computes it from the graph.
    exact : callable or None
        Runs the graph in fifty digits; only where the user's own code does not.
    """

    application: Application
    exact: Callable[[Sequence[Any]], Any] | None

    def formulas(self) -> Any:
        """The gradients as formulas, by name."""
        return formulas_of(self.application, assumed_of(self.application, None))

    def agrees(self, gradients: Sequence[np.ndarray], scales: Sequence[np.ndarray]) -> bool:
        """True when the graph's gradients are near those that the slopes gave: the trace is then of this function.

        ``scales`` are the sizes of what the gradients are sums of.
        """
        return all(
            np.all(np.abs(mine - right) <= _CLOSE * (scale + np.max(scale, initial=0.0)))
            for mine, right, scale in zip(self.application.gradients, gradients, scales)
        )


def traced(subject: Subject, layout: Layout, sens: Sequence[np.ndarray] | None) -> Traced | None:
    """The forward function as a graph; None where it does what can not be traced."""
    wrap = (lambda tensor: tensor) if layout.tensors else Stand
    arrays = [np.asarray(array, np.float64) for array in layout.arrays]

    def function(*tensors: Tensor) -> Any:
        outputs = subject.run(layout.filled([wrap(one) for one in tensors])).outputs
        found = tuple(one.tensor if isinstance(one, Stand) else one for one in outputs)
        return found if len(found) > 1 else found[0]

    letters = [f"a{number}" for number in range(len(arrays))]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = [slot.name if slot.name.isidentifier() else letter for slot, letter in zip(layout.slots, letters)]
    function.__signature__ = inspect.Signature([inspect.Parameter(one, kind) for one in names])  # type: ignore[attr-defined]
    function.__name__ = subject.name if subject.name.isidentifier() else "function"
    try:
        weights = None if sens is None else tuple(map(Tensor, sens)) if len(sens) > 1 else Tensor(sens[0])
        found = apply_gradient(function, [Tensor(one) for one in arrays], [names[n] for n in layout.wrt], weights)
    except (MsgradError, TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError):
        return None
    found = replace(found, names=tuple(layout.wrt_names))
    return Traced(found, _exact(found) if layout.tensors else None)


def _exact(application: Application) -> Callable[[Sequence[Any]], Any]:
    graph = widen(expand(plain(application.program.graph)), np.dtype(np.float64))
    convert = context().convert

    def run(arrays: Sequence[Any]) -> Any:
        values = interpret_exact(graph, [np.asarray(one) for one in arrays], convert)
        found = [np.asarray(one.value if isinstance(one, Lit) else values[one]).ravel() for one in graph.outputs]
        return np.concatenate(found)

    return run
