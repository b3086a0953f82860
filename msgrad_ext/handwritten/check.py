"""`check_backward`: a function with a hand-written backward, both plain numpy, put to the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..checking.effort.budget import Budget, budget_of
from ..checking.result import CheckResult, Fault, Gradient
from ..errors import ArgumentError, ArgumentValueError, MsgradError, user_location
from ..pipeline import check_seed
from ..report import GradReport
from .exactly import floats_of
from .judge import Judge, place
from .layout import layout_of, plain
from .lines import gradient_line, raised_line, writing_line
from .observed import Bench, Finding, guarded
from .styles import Subject, field_of, style_of, subject_of
from .traced import Traced, traced
from .witness import Witness


def check_backward(
    forward: Any,
    *arguments: Any,
    wrt: Sequence[str] | None = None,
    sens: Any = None,
    style: str | None = None,
    parameters: Mapping[str, str] | None = None,
    budget: float | str | None = None,
    seed: int = 0,
) -> GradReport:
    """Check a backward that was written by hand against the slopes of its forward function.

    Call it as ``check_backward(forward, backward, x, w)``; without ``backward`` where one thing holds both: a function
    that returns ``(y, pullback)`` or ``(loss, gradients)``, a class with static ``forward(ctx, ...)`` and
    ``backward(ctx, dy)``, or a layer with the methods ``forward(x)`` and ``backward(dy)``.

    Parameters
    ----------
    forward : callable, class or layer
        The function, of numpy arrays (or of Tensors, if the inputs are).
    *arguments
        The backward, then the inputs. Float arrays are differentiated by, also those inside of lists and dicts; all
        other arguments are passed on as they are.
    wrt : sequence of str, optional
        Names of the inputs to check; by default every float array.
    sens : array, optional
        Weights of the output, for the values that the report shows; ones by default. Random ones are tried besides.
    style : str, optional
        How the backward is called, if its parameters do not tell; an error lists the choices.
    parameters : mapping of str to str, optional
        For a layer: its parameters, and where ``backward`` leaves their gradients, as in ``{"W": "dW"}``.
    budget : float, optional
        About how many seconds the check may take.
    seed : int
        For random weights, samples and roundings.

    Returns
    -------
    GradReport

    Raises
    ------
    MsgradError
        If the functions do not fit together, or the style is not clear.

    Examples
    --------
    >>> def forward(x, w):
    ...     return np.tanh(x @ w)
    >>> def backward(dy, x, w):
    ...     dz = dy * (1 - np.tanh(x @ w) ** 2)
    ...     return dz @ w.T, x.T @ dz
    >>> mg.check_backward(forward, backward, np.ones((2, 3)), np.ones((3, 4))).verdict
    'agree'
    """
    try:
        limits = budget_of(budget)
        check_seed(seed)
        backward, inputs = _parted(forward, arguments)
        with np.errstate(all="ignore"):
            return _Check(forward, backward, inputs, wrt, sens, style, dict(parameters or {}), limits, seed).report()
    except MsgradError as error:
        raise error.at(user_location())


def _parted(forward: Any, arguments: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """The backward, if there is one, and the inputs."""
    if not arguments:
        raise ArgumentError("There are no inputs to check at: check_backward(forward, backward, *inputs).")
    first = arguments[0]
    makers = list(first.values()) if isinstance(first, Mapping) else first
    several = (
        isinstance(makers, (tuple, list)) and len(makers) > 0 and all(one is None or callable(one) for one in makers)
    )
    if (
        first is None
        or several
        or (callable(first) and not isinstance(first, np.ndarray) and not hasattr(first, "asnumpy"))
    ):
        return first, arguments[1:]
    return None, arguments


class _Check:
    """One check: what was asked, prepared step by step."""

    def __init__(
        self,
        forward: Any,
        backward: Any,
        inputs: Sequence[Any],
        wrt: Sequence[str] | None,
        sens: Any,
        style: str | None,
        fields: dict[str, str],
        budget: Budget,
        seed: int,
    ) -> None:
        self.functions, self.fields, self.budget, self.seed = (forward, backward), fields, budget, seed
        named = _signature(forward)
        given = [*inputs, *(np.asarray(field_of(forward, path)) for path in fields)]
        self.layout = layout_of(_naming(named, len(inputs), list(fields)), given, wrt)
        self.style = style_of(forward, backward, style, self.layout.filled(self.layout.arrays), self.layout.names)
        self.subject = self.build()
        self.bench = Bench(self.subject, self.layout)
        self.given = sens

    def build(self, adapt: Any = None) -> Subject:
        """The subject, with each of the user's functions adapted."""
        options = {} if adapt is None else {"adapt": adapt}
        return subject_of(*self.functions, self.style, self.fields, **options)

    def report(self) -> GradReport:
        """Run the check."""
        outputs = self._outputs()
        if isinstance(outputs, Finding):
            return self._stopped([outputs])
        if not all(np.all(np.isfinite(one)) for one in outputs):
            return self._unjudged("outside-domain", f"{self.subject.name} is not finite here", None)
        weightings = self._weightings(outputs)
        trial = weightings[-1]
        for look in (
            lambda: self.bench.untouched(trial),
            lambda: self.bench.form(trial),
            lambda: self.bench.repeated(trial, self._others()),
        ):
            findings = guarded(look)
            if findings:
                return self._stopped(findings)
        found = traced(self.subject, self.layout, weightings[0] if self.given is not None else None)
        witness = Witness(self.build, self.layout, weightings, self.budget, self.seed, found.exact if found else None)
        return self._judged(Judge(self.bench, witness, weightings, self.seed), outputs, found)

    def _outputs(self) -> list[np.ndarray] | Finding:
        try:
            return self.bench.outputs(self.bench.forward(self.layout.arrays))
        except MsgradError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the user's function raises is told as its fault
            return Finding(None, None, "forward", None, f"it raised {type(error).__name__}: {error}", raised=error)

    def _weightings(self, outputs: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """The user's weights or ones, random ones, and random ones of very different sizes."""
        first = [np.ones(one.shape) for one in outputs] if self.given is None else self._sens(outputs)
        if not self.subject.weighted:
            if self.given is not None or any(one.size != 1 for one in outputs):
                raise ArgumentValueError(
                    f"For '{self.subject.backward_name}', it takes no cotangent, so the output must be a scalar and sens is not used."
                )
            return [first]
        generator = np.random.default_rng(self.seed)

        def signs(shape: tuple[int, ...]) -> np.ndarray:
            return generator.choice((-1.0, 1.0), shape)

        near = [generator.uniform(0.5, 1.5, one.shape) * signs(one.shape) for one in outputs]
        reach = 1 if any(one.dtype == np.float16 for one in outputs) else 3
        far = [10 ** generator.uniform(-reach, reach, one.shape) * signs(one.shape) for one in outputs]
        # What the backward is told must be what the slopes are weighted with.
        return [
            [weight.astype(one.dtype).astype(np.float64) for weight, one in zip(each, outputs)]
            for each in (first, far, near)
        ]

    def _sens(self, outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        given = list(self.given) if isinstance(self.given, tuple) else [self.given]
        if len(given) != len(outputs):
            raise ArgumentValueError(f"sens must be {len(outputs)} arrays, one for each output, but got {len(given)}.")
        made = [np.asarray(plain(one), np.float64) for one in given]
        for one, output in zip(made, outputs):
            if one.shape != output.shape:
                raise ArgumentValueError(f"sens must have the output's shape {output.shape}, but got {one.shape}.")
        return made

    def _others(self) -> list[np.ndarray]:
        """Other inputs of the same kind, near enough to be in the function's domain."""
        generator = np.random.default_rng(self.seed + 1)
        return [(one * generator.uniform(0.8, 0.95, one.shape)).astype(one.dtype) for one in self.layout.arrays]

    # Reports --------------------------------------------------------------------------------------------------------

    def _judged(self, judge: Judge, outputs: Sequence[np.ndarray], found: Traced | None) -> GradReport:
        gradients = tuple(judge.gradient(position) for position in range(len(self.layout.wrt)))
        witness = judge.witness
        witnesses = (
            f"{self.subject.backward_name} (as it ran)",
            f"{self.subject.name} ({witness.way.how})",
            f"{self.subject.backward_name} in {judge.wide[2]}",
        )
        slopes = [judge.slopes(position) for position in range(len(gradients))]
        right, scales = [floats_of(one.value[0]) for one in slopes], [one.scale[0] for one in slopes]
        if found is None or not witness.complete or not found.agrees(right, scales):
            return GradReport(self._result(gradients, witnesses, (), np.array(outputs[0])), None, dict)
        note = f"{self.subject.name} was traced: the formulas and exports are derived from it, not from {self.subject.backward_name}"
        return GradReport(
            self._result(gradients, witnesses, (note,), np.array(outputs[0])), found.application, found.formulas
        )

    def _result(
        self, gradients: tuple[Gradient, ...], witnesses: Any = (), notes: Any = (), output: Any = None
    ) -> CheckResult:
        return CheckResult(
            title=self.subject.name,
            gradients=gradients,
            flow=(),
            output=output,
            sens="ones" if self.given is None else "given",
            seed=self.seed,
            witnesses=witnesses,
            notes=notes,
            location=user_location(),
            between=f"what {self.subject.backward_name} returned and the slope of {self.subject.name}",
        )

    def _stopped(self, findings: Sequence[Finding]) -> GradReport:
        """The report when no number needs to be compared any more."""
        first = findings[0]
        if first.status == "nondeterministic":
            return self._unjudged("nondeterministic", f"{self.subject.backward_name}: {first.detail}", None)
        by_position = {one.position: self._fault(one) for one in reversed(findings)}
        common = by_position.get(None)
        gradients = []
        for position in range(len(self.layout.wrt)):
            fault = common or by_position.get(position)
            told = ("disagree", "", fault) if fault else ("unchecked", "another gradient stopped the check", None)
            gradients.append(self._nothing(position, *told))
        return GradReport(self._result(tuple(gradients)), None, dict)

    def _fault(self, finding: Finding) -> Fault:
        forward = finding.side == "forward"
        name = self.subject.name if forward else self.subject.backward_name
        where = raised_line(finding.raised)
        if where is None and finding.index is not None and "in place" in finding.detail:
            where = writing_line(self.subject.sources[0 if forward else -1])
        if where is None:
            where = gradient_line(self.subject.sources[0], None) if forward else place(self.bench, finding.position)
        return Fault(name, finding.operand, finding.side, finding.index, where, finding.detail)

    def _unjudged(self, status: str, note: str, fault: Fault | None) -> GradReport:
        found = tuple(self._nothing(position, status, note, fault) for position in range(len(self.layout.wrt)))
        return GradReport(self._result(found), None, dict)

    def _nothing(self, position: int, status: str, note: str, fault: Fault | None) -> Gradient:
        array = self.layout.arrays[self.layout.wrt[position]]
        value = np.full(array.shape, np.nan, array.dtype)
        return Gradient.unseen(self.layout.wrt_names[position], "input", value, status, note, fault)


def _signature(forward: Any) -> list[str]:
    from .layout import positional

    target = forward.forward if hasattr(forward, "forward") else forward
    names = positional(target) or []
    return names[1:] if isinstance(forward, type) and names and not hasattr(forward, "setup_context") else names


def _naming(names: Sequence[str], count: int, fields: Sequence[str]) -> Any:
    """A function whose parameters are called as the arguments are: those of the forward, then a layer's parameters."""
    import inspect

    own = [*names, *(f"x{number}" for number in range(len(names), count))][:count]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD

    def function() -> None:
        """Only its signature is looked at."""

    paths = [path.replace(".", "_") for path in fields]
    function.__signature__ = inspect.Signature([inspect.Parameter(one, kind) for one in (*own, *paths)])  # type: ignore[attr-defined]
    return function
