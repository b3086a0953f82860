"""`GradReport`: what a user holds after a check. It ties the result to its formulas, exports and views.

Nothing is computed here; formulas are derived when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import export as exports
from .checking.evidence.rungs import Ladder
from .checking.result import CheckResult, Gradient
from .errors import GradientError, MsgradError, UnknownNameError, choices, user_location

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from .enclosing.result import Enclosure
    from .evaluating import Evaluation
    from .formulas.formula import Formula
    from .gradients.grad_operation import Application
    from .proving.proof import NetworkProof
    from .sweeping.row import Row
    from .sweeping.sweep import Sweep

PASSED = ("agree", "ill-conditioned", "kink")


class GradReport:
    """The outcome of checking one application of a gradient.

    Index it by a gradient's name (``report["z"]``), iterate over the names, ask for `formula`, `export` or `widget`, or
    call `raise_if_wrong` in a test suite.

    Attributes
    ----------
    result : CheckResult
        What the check found.
    cell_source : str
        The cell that it came from; empty outside of cells.
    """

    def __init__(
        self,
        result: CheckResult,
        application: Application | None,
        derive: Callable[[], Mapping[str, Formula]],
        cell_source: str = "",
    ) -> None:
        self.result = result
        self.cell_source = cell_source
        self._application = application
        self._derive = derive

    @property
    def verdict(self) -> str:
        """The worst status of the gradients, one of `checking.result.STATUSES`."""
        return self.result.verdict

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the gradients: inputs, then parameters."""
        return tuple(gradient.name for gradient in self.result.gradients)

    @property
    def location(self) -> Any:
        """The user's line that asked for the gradient."""
        return self.result.location

    def __getitem__(self, name: str) -> Gradient:
        for gradient in self.result.gradients:
            if gradient.name == name:
                return gradient
        raise UnknownNameError(
            f"There is no gradient '{name}'. {choices(str(name), list(self.names))}", user_location()
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def formulas(self) -> Mapping[str, Formula]:
        """The gradients as formulas, by name."""
        return self._derive()

    def formula(self, name: str) -> Formula:
        """The gradient ``name`` as a formula.

        Raises
        ------
        UnknownNameError
            If there is no such gradient.
        """
        self[name]
        return self.formulas[name]

    @property
    def source(self) -> str:
        """The generated numpy source of the gradients."""
        return self._application.plan.source if self._application else ""

    @property
    def plan(self) -> Any:
        """The compiled gradients."""
        return self._application.plan if self._application else None

    @property
    def memory(self) -> tuple[int, int]:
        """Bytes of the plan's workspace, and of the gradients that it gives."""
        return (made.plan.memory, sum(one.nbytes for one in made.gradients)) if (made := self._application) else (0, 0)

    def profile(self, repeats: int = 5) -> Any:
        """Time, calls and bytes of each line of the user's code, as a `Profile`; 0 repeats: without times."""
        from .profiling import profile_of

        return profile_of(self._application, self.result.title, repeats)

    @property
    def application(self) -> Application | None:
        """What was computed: the trace, the inputs and the results."""
        return self._application

    def prove(self) -> NetworkProof:
        """Try to prove, at all shapes, the rules of the ops that the network uses.

        Each rule is read as formulas at symbolic lengths and compared with the adjoint that SymPy derives from what the
        op means. It takes some 10 to 100 ms for each op that was not looked at before. Rules that could not be proved
        may still be right; ``str`` of the result says why each was not.
        """
        from .proving.proof import NetworkProof, prove_graph
        from .reversing.reverse import plain

        return prove_graph(plain(self._application.program.graph)) if self._application else NetworkProof(())

    def evidence(self, name: str) -> Ladder:
        """The strongest evidence for gradient ``name`` that can be had, op by op; ``str`` of it tells all.

        The check itself gives ``report[name].ladder``, for which only short proofs are tried. Here proofs at all shapes
        (see `prove`) may be long, and more work is done where shapes are large: some seconds for an op at worst.

        Raises
        ------
        UnknownNameError
            If there is no such gradient.
        """
        from .checking.evidence.ladder import strongest

        gradient = self[name]
        if self._application is None or gradient.ladder is None:
            return Ladder(gradient.evidence, ())
        return strongest(self._application, self.result.seed, gradient.ladder)[self.names.index(name)]

    def enclose(self, bits: int = 128, seconds: float | None = None) -> Enclosure:
        """Prove how far every entry of the gradients is from the true derivative, in ball arithmetic.

        The formulas are evaluated with balls at exactly the numbers that the network was given, so that the true
        derivative lies in them; the rules have no part in it. The report then shows the enclosure, and a result that
        lies outside of its ball by more than rounding explains is wrong. It takes python-flint
        (``pip install msgrad_ext[proof]``).

        Parameters
        ----------
        bits : int
            Precision to begin with; it is doubled while that tells more.
        seconds : float, optional
            About how long it may take, by a count of operations; 30 by default.

        Raises
        ------
        ArgumentValueError
            If ``bits`` or ``seconds`` is out of range.
        """
        from .enclosing.enclose import enclose_application, entered

        found = enclose_application(self._application, self.result.title, bits, self.result.seed, seconds)
        self.result = entered(self.result, found)
        return found

    def sweep(
        self,
        n: int = 100,
        seed: int = 0,
        shapes: Mapping[str, Sequence[str | int]] | Sequence[Mapping[str, Sequence[str | int]]] | None = None,
        dtypes: Sequence[str] | None = None,
        points: str | Sequence[str] | Callable[..., Any] = "range",
        executor: Executor | None = None,
        stop: bool = True,
        budget: float | str | None = None,
        each: Callable[[Row], Any] | None = None,
        show: bool | None = None,
    ) -> Sweep:
        """The same check at ``n`` other places: seeds, shapes, dtypes and points; it ends at the first failure.

        Inputs and parameters get fresh values, drawn from a generator that starts at ``seed`` for the first check,
        ``seed + 1`` for the second, and so on. Neither the network nor its parameters are changed.

        Parameters
        ----------
        n, seed : int
            How many checks, and the seed of the first.
        shapes : mapping, or sequence of mappings, optional
            Axes of inputs, each a letter or a length: ``{"x": ("n", 3)}``. Letters get lengths from 1 to 8 at each check,
            equal ones where the network needs it. Inputs that are not named keep their shapes, parameters always do.
        dtypes : sequence of str, optional
            Dtypes that the floats among inputs and parameters are cast to, in turn; by default they keep theirs.
        points : str, sequence of str, or callable
            Where floats are drawn from, in turn: ``"range"`` (evenly between the least and the greatest value that the
            array has), ``"normal"`` (of the sign that all its values have), and places where gradients go wrong:
            ``"zeros"``, ``"ties"``, ``"large"``, ``"tiny"``, ``"negative"``, ``"subnormal"``. Inputs that are one-hot,
            binary, distributions by row, symmetric, positive definite or the like stay so; integers are drawn from those
            that are there. Or a function of a numpy generator, a name and an example, that gives an array like it.
        executor : Executor, optional
            Where the checks run: any executor of `concurrent.futures`, or one with its ``submit``.
        stop : bool
            End at the first check with the status ``disagree`` or ``nondeterministic``, and cancel the others.
        budget : float, optional
            About how many seconds each check may take.
        each : callable, optional
            Is called with each row as it comes.
        show : bool, optional
            In a notebook, show the table while it grows; by default yes.

        Returns
        -------
        Sweep
            With a row for each check; ``repeat(seed)`` gives one of them as a report.

        Raises
        ------
        MsgradError
            If an argument does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import msgrad_ext as mg
        >>> report = mg.check(lambda x: (x * x).sum(), np.ones((2, 3)))
        >>> report.sweep(20, shapes={"x": ("m", "n")}, dtypes=("float64", "float32"))
        Sweep(<lambda>: agree; 20 of 20 checks)
        """
        from .sweeping.start import run_sweep, sweep_of_failed

        if self._application is None:
            return sweep_of_failed(self.result, n, lambda setting: self)
        runner = self._runner(
            n=n, seed=seed, shapes=shapes, dtypes=dtypes, points=points, executor=executor, stop=stop, budget=budget
        )
        return run_sweep(runner, self._like, show, each)

    def sweeping(self, n: int = 100, **options: Any) -> Iterator[Row]:
        """The rows of `sweep`, one by one as they come; the arguments are the same, but for ``each`` and ``show``.

        Examples
        --------
        >>> import numpy as np
        >>> import msgrad_ext as mg
        >>> report = mg.check(lambda x: x.exp().sum(), np.ones(2))
        >>> for row in report.sweeping(2, points=("normal", "zeros")):
        ...     print(row.seed, row.points, row.status)
        0 normal agree
        1 zeros agree
        """
        from .sweeping.start import rows_of, sweep_of_failed

        if self._application is None:
            return iter(sweep_of_failed(self.result, n, lambda setting: self))
        return rows_of(self._runner(n=n, **options))

    def _runner(self, **asked: Any) -> Any:
        from .sweeping.start import DEFAULTS, runner_of

        try:
            for name in asked:
                if name not in DEFAULTS:
                    raise UnknownNameError(
                        f"For 'sweeping', there is no argument '{name}'. {choices(name, [*DEFAULTS])}"
                    )
            assert self._application is not None
            return runner_of(self._application, self.result.title, **asked)
        except MsgradError as error:
            raise error.at(user_location())

    def _like(self, result: CheckResult, application: Application | None) -> GradReport:
        """A report on another check of the same network."""
        from .formulas.derivation import formulas_of

        return GradReport(
            result, application, lambda: formulas_of(application) if application else {}, self.cell_source
        )

    # For exports and the live panel -------------------------------------------------------------------------------

    @cached_property
    def _elsewhere(self) -> Evaluation:
        from .evaluating import Evaluation

        assert self._application is not None
        return Evaluation(self._application)

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The float inputs and parameters of the network, with the values they had."""
        return self._elsewhere.inputs if self._application else {}

    def evaluate(self, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The output and the gradients at other inputs, by the compiled plan; inputs not given stay as they were.

        Raises
        ------
        GuardFailed
            If Python control flow on these values would go another way than the traced one.
        """
        return self._elsewhere.output(values), dict(zip(self.names, self._elsewhere.gradients(values)))

    def export(self, target: str) -> str:
        """Source text of the gradients in another language; `msgrad_ext.exporters` lists the targets.

        Raises
        ------
        UnknownNameError
            If there is no such target.
        """
        return exports.export(self, target)

    def raise_if_wrong(self) -> GradReport:
        """Raise `GradientError` unless every gradient agrees (or stands at a kink whose convention is known).

        Raises
        ------
        GradientError
            Naming the op, the operand and the first offending index.
        """
        if self.verdict not in PASSED:
            told = [
                f"{gradient.name}: {gradient.status}"
                + (f": {gradient.fault}" if gradient.fault else f": {gradient.note}")
                for gradient in self.result.gradients
                if gradient.status not in PASSED
            ]
            raise GradientError(
                f"For '{self.result.title}', the gradient is not right.\n" + "\n".join(told), self.location
            )
        return self

    # Views ----------------------------------------------------------------------------------------------------------

    def widget(self) -> Any:
        """The live panel: change an input or a parameter and see the gradients follow (an ipywidgets object)."""
        from .views.widgets import panel

        return panel(self)

    def latex_outputs(self) -> list[str]:
        """The formulas as LaTeX, each for an output of its own."""
        from .views import latex_outputs

        return latex_outputs(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .views import mimebundle

        return mimebundle(self)

    def __str__(self) -> str:
        return self._repr_mimebundle_()["text/plain"]

    def __repr__(self) -> str:
        return f"GradReport({self.result.title}: {self.verdict}; {', '.join(self.names)})"
