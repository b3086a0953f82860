"""`sweep`: many checks of a network without a report first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .checking.failed import failed_result
from .checking.result import CheckResult
from .errors import ArgumentValueError, MsgradError, VoiceError, user_location
from .formulas.derivation import formulas_of
from .gradients.compiled import as_inputs
from .gradients.grad_operation import Application
from .pipeline import apply_gradient, asked_for, differentiated, title_of
from .report import GradReport
from .sweeping.row import Row
from .sweeping.shapes import Sizes, unified
from .sweeping.start import run_sweep, runner_of, sweep_of_failed
from .sweeping.sweep import Sweep
from .tensor import Tensor
from .tracing.marking import argument_names
from .tracing.trace import trace

if TYPE_CHECKING:
    from concurrent.futures import Executor


def sweep(
    net: Callable[..., Any],
    *inputs: Any,
    n: int = 100,
    seed: int = 0,
    shapes: Mapping[str, Sequence[str | int]] | Sequence[Mapping[str, Sequence[str | int]]] | None = None,
    dtypes: Sequence[str] | None = None,
    points: str | Sequence[str] | Callable[..., Any] = "range",
    executor: Executor | None = None,
    stop: bool = True,
    wrt: Sequence[str] | None = None,
    sens: Any = None,
    order: int = 1,
    budget: float | str | None = None,
    each: Callable[[Row], Any] | None = None,
    show: bool | None = None,
) -> Sweep:
    """Check the gradients of ``net`` at ``n`` places: seeds, shapes, dtypes and points.

    Parameters
    ----------
    net : Cell or callable
        The network; neither it nor its parameters are changed.
    *inputs
        Tensors or ndarrays, of which the samples take after. Without any, ``shapes`` must name all inputs, which are
        then float32 between -1 and 1.
    n, seed, shapes, dtypes, points, executor, stop, each, show
        As in `GradReport.sweep`.
    wrt, sens, order, budget
        As in `check`; given weights of the output are drawn anew at each check.

    Returns
    -------
    Sweep

    Raises
    ------
    MsgradError
        With the user's line, if the network or the arguments do not fit.

    Examples
    --------
    >>> import msgrad_ext as mg
    >>> found = mg.sweep(lambda x, y: (x @ y).tanh().sum(), shapes={"x": ("m", "k"), "y": ("k", "n")}, n=10)
    >>> found.verdict, len(found)
    ('agree', 10)
    """
    asked: dict[str, Any] = {"n": n, "seed": seed, "shapes": shapes, "dtypes": dtypes, "points": points, "executor": executor,
             "stop": stop, "budget": budget}  # fmt: skip
    title = title_of(net)

    def reporting(result: CheckResult, application: Application | None) -> GradReport:
        return GradReport(result, application, lambda: formulas_of(application) if application else {})

    try:
        given = inputs or _samples(net, shapes)
        function = differentiated(net, wrt, sens, order)
        try:
            application = apply_gradient(function, as_inputs(given), wrt, sens if order == 1 else None)
        except VoiceError as error:
            result = failed_result(title, error, seed, *asked_for(net, given, wrt))
            return sweep_of_failed(result, n, lambda setting: reporting(result, None))
        return run_sweep(runner_of(application, title, **asked), reporting, show, each)
    except MsgradError as error:
        raise error.at(user_location())


def _samples(net: Callable[..., Any], shapes: Any) -> list[Tensor]:
    """Inputs of the declared shapes, at lengths at which the network runs."""
    axes = shapes[0] if isinstance(shapes, (list, tuple)) and shapes else shapes
    if not isinstance(axes, Mapping):
        raise ArgumentValueError("For 'sweep', give inputs, or the shapes of all inputs.")
    names = argument_names(net, [None] * len(axes))
    if set(names) != set(axes):
        raise ArgumentValueError(
            f"For 'sweep', without inputs the shapes must name all of them, {', '.join(names)}, but got {', '.join(axes)}."
        )
    found: list[Tensor] = []

    def misfit(sizes: Sizes) -> Exception | None:
        generator = np.random.default_rng(0)
        drawn = (generator.uniform(-1, 1, sizes[name]).astype(np.float32) for name in names)
        found[:] = [Tensor._wrap(array) for array in drawn]
        try:
            trace(net, found)
        except VoiceError:
            # A voice that is wrong is found by the sweep; other lengths do not mend it.
            return None
        except (MsgradError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as error:
            return error
        return None

    own: dict[str, Any] = getattr(net, "named_parameters", dict)()
    pins = sorted({length for one in own.values() for length in one.shape if length > 1})
    _, error = unified({name: _axes(axes[name]) for name in names}, pins, misfit)
    if error is not None:
        raise error
    return found


def _axes(said: Any) -> tuple[str | int, ...]:
    return (said,) if isinstance(said, (str, int)) else tuple(said)


__all__ = ["sweep"]
