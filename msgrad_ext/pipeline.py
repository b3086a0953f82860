"""The whole story: a network and its data become gradients by two roads, a comparison, and a report.

Read `check` first; each step it takes is one module. What a cell of a notebook does with it is in `notebook.run`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from .checking.check import check_application, checked_again
from .checking.completed import failure_blamed
from .checking.culprit.inner import blame_inner
from .checking.effort.budget import Budget, budget_of
from .checking.effort.progress_line import shown_progress
from .checking.failed import failed_result
from .errors import ArgumentValueError, MsgradError, VoiceError, user_location
from .formulas.derivation import assumed_of, formulas_of
from .gradients.compiled import as_inputs, choose
from .gradients.grad_operation import Application, Request, observed
from .ir import unique
from .keeping.attempt import like
from .observing import handed
from .report import GradReport
from .reversing.sens import check_sens
from .symbolic.facts import read_facts
from .tensor import Tensor, as_tensor
from .tracing.marking import argument_names


def check(
    net: Callable[..., Any],
    *inputs: Any,
    wrt: Sequence[str] | None = None,
    sens: Any = None,
    order: int = 1,
    budget: float | str | None = None,
    seed: int = 0,
    assume: Mapping[str, str | Sequence[str]] | None = None,
    progress: Callable[[str, int, int], None] | bool | None = None,
    enclose: bool = False,
) -> GradReport:
    """Differentiate ``net`` by both roads at ``inputs`` and compare them.

    Parameters
    ----------
    net : Cell or callable
        The network.
    *inputs
        Tensors or ndarrays.
    wrt : sequence of str, optional
        Names of inputs and parameters; by default all float inputs and all trainable parameters.
    sens : Tensor or ndarray, optional
        Weights of the output; ones by default.
    order : int
        2 checks the gradients of the gradients' sum, and so on.
    budget : float or str, optional
        About how many seconds the check and the formulas may take, or a text of amounts: ``"2s"``, ``"500MB"``,
        ``"1e8 ops"``, ``"2s 500MB"``. Time is counted in operations, so that the report is the same in every run. By
        default two seconds and 2 GB. Of what is too large a sample is compared, and the report says which.
    seed : int
        For the random weights, directions and roundings of the check.
    assume : mapping, optional
        What holds of inputs and parameters, for the formulas to use: ``{"A": "symmetric"}``; see `derive`. The check
        itself assumes nothing.
    progress : callable or bool, optional
        Called with a step's name, how many of its parts are done, and how many it has. By default a line shows where a
        check is that takes longer than a second, in a terminal or a notebook that a person sits at; False shows none.
    enclose : bool
        Also prove how far the result is from the true derivative, by `GradReport.enclose`. It takes python-flint
        (``pip install msgrad_ext[proof]``); without it the report says so, and all else is the same.

    Returns
    -------
    GradReport

    Raises
    ------
    MsgradError
        With the user's line, if the network or the arguments do not fit, or the data are not as assumed.
    """
    try:
        read_facts(assume, "check")
        limits = budget_of(budget)
        check_seed(seed)
        function = differentiated(net, wrt, sens, order)
        weights = sens if order == 1 else None
        try:
            application = apply_gradient(function, as_inputs(inputs), wrt, weights)
        except VoiceError as error:
            failed = failed_result(title_of(net), error, seed, *asked_for(net, inputs, wrt))
            return GradReport(failure_blamed(failed, function, as_inputs(inputs), checked_again), None, dict)
        with shown_progress(title_of(net), progress):
            report = report_on(application, title_of(net), seed, limits, assume=assume)
            if enclose:
                report.enclose()
            return report
    except MsgradError as error:
        raise error.at(user_location())


def check_seed(seed: Any) -> None:
    """Refuse what can not start a generator of random numbers."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ArgumentValueError(f"The seed must be a whole number from 0, but got {seed!r}.")


def asked_for(
    net: Callable[..., Any], inputs: Sequence[Any], wrt: Sequence[str] | None
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The inputs and the parameters that gradients are asked by, found without running the network."""
    given = as_inputs(inputs)
    taken: set[str] = set()
    by_input = {unique(name, taken): one for name, one in zip(argument_names(net, given), given)}
    own: dict[str, Any] = getattr(net, "named_parameters", dict)()
    by_parameter = {unique(name, taken): one for name, one in own.items() if one.requires_grad or wrt is not None}
    names = [wrt] if isinstance(wrt, str) else wrt

    def wanted(found: dict[str, Any]) -> dict[str, Tensor]:
        floats = {name: one for name, one in found.items() if isinstance(one, Tensor) and one.numpy_dtype.kind == "f"}
        return {name: one for name, one in floats.items() if names is None or name in names}

    return wanted(by_input), wanted(by_parameter)


def apply_gradient(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    wrt: Sequence[str] | None,
    sens: Any = None,
    printed: bool = False,
) -> Application:
    """Trace ``function``, differentiate it by what ``wrt`` names, compile the gradient and compute it once.

    What the network prints is left out if it is ``printed`` already; what a backward function prints is not.
    """
    with redirect_stdout(StringIO()) if printed else nullcontext():
        request = Request(function, inputs, {}, store=False)
    chosen = choose(function, request.program, [wrt] if isinstance(wrt, str) else wrt)
    if not chosen:
        raise ArgumentValueError("There is nothing to differentiate by: no float input and no trainable parameter.")
    for name, var in chosen.items():
        request.ask(
            var, name, "input" if var in request.program.graph.inputs[: len(request.program.arguments)] else "parameter"
        )
    weights = None if sens is None else check_sens(_tensors(sens, request), request.program)
    with observed() as found:
        handed(lambda: tuple(request.run(weights)))
    return found[0]


def _tensors(sens: Any, request: Request) -> Any:
    """The weights as tensors; numbers and lists have no dtype of their own and take the output's."""
    if isinstance(sens, tuple):
        return tuple(map(as_tensor, sens))
    outputs = request.float_outputs()
    if isinstance(sens, (bool, int, float, list)) and len(outputs) == 1:
        return Tensor(np.asarray(sens, outputs[0].dtype))
    return as_tensor(sens)


def differentiated(net: Callable[..., Any], wrt: Sequence[str] | None, sens: Any, order: int) -> Callable[..., Any]:
    """``net`` differentiated ``order - 1`` times: a function whose outputs are the gradients of the order before."""
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ArgumentValueError(f"The order must be a whole number from 1, but got {order!r}.")
    function = net
    for step in range(order - 1):
        function = _gradients(function, wrt, sens if step == 0 else None)
    return function


def _gradients(inner: Callable[..., Any], wrt: Sequence[str] | None, sens: Any) -> Callable[..., Any]:
    def gradients(*args: Any) -> tuple[Tensor, ...]:
        request = Request(inner, args, {}, store=False)
        for name, var in choose(inner, request.program, wrt).items():
            request.ask(var, name, "input")
        return tuple(request.run(None if sens is None else check_sens(_tensors(sens, request), request.program)))

    return like(gradients, inner)


def report_on(
    application: Application, title: str, seed: int, budget: Budget, cell_source: str = "", assume: Any = None
) -> GradReport:
    """Check one application and make its report."""
    facts = assumed_of(application, assume)
    result = blame_inner(check_application(application, title, seed, budget), application)
    return GradReport(result, application, lambda: formulas_of(application, facts, budget.formulas), cell_source)


def title_of(function: Callable[..., Any]) -> str:
    """What a network is called: its class's name, or the function's."""
    name = getattr(function, "__name__", None) or type(function).__name__
    return str(name)
