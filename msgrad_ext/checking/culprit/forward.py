"""Who is wrong when an op's ``numpy`` voice and its meaning give different values.

Three things can tell, and each is asked in turn: numpy's or mpmath's own function of that name, which neither voice is
made of in a check; the rule, which fits the slopes of the voice that is right; and where the two voices were written. When
none of them tells, that is what is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...errors import MsgradError
from ...ir import Eqn, Graph, Lit, Var
from ...numeric.interpreter import interpret_exact
from ...op import Elementwise, Op
from ...reversing.reverse import reverse
from ...voice import home_of
from ..witnesses.digits import context, floats, number, numbers
from ..witnesses.reference import local_adjoint

CLOSE = 1e-9  # of a float function's value: far above its rounding, far below a lie that is seen this way


@dataclass(frozen=True)
class ForwardEvidence:
    """``side`` is the one that is wrong; ``why`` says how it is known, ``value`` what a third definition gives, if any."""

    side: str
    why: str
    who: str = ""
    value: Any = None
    certain: bool = True


def forward_evidence(eqn: Eqn, operands: Sequence[Any], got: Any, meant: Any) -> ForwardEvidence:
    """Who of two voices is wrong.

    Parameters
    ----------
    eqn : Eqn
        The op, in float64.
    operands : sequence of ndarray
        Values of its operands: floats, or fifty-digit numbers.
    got, meant : ndarray
        What the ``numpy`` voice and the meaning give there.
    """
    got, meant = np.asarray(got), np.asarray(meant)
    for who, value in _definitions(eqn.op, operands):
        fits = _close(value, got), _close(value, meant)
        if fits == (False, True):
            return ForwardEvidence("forward", f"{who} agrees with the meaning", who, value)
        if fits == (True, False):
            return ForwardEvidence(_with_its_rule(eqn.op), f"{who} agrees with the numpy voice", who, value)
    return _by_origin(eqn.op) or _by_the_rule(eqn, operands, got, meant) or NOTHING


NOTHING = ForwardEvidence(
    "forward",
    "nothing tells which of the two is wrong: the forward side is named because the network computes with it",
    certain=False,
)


def _close(value: Any, other: np.ndarray) -> bool:
    value = np.asarray(value)
    if value.shape != other.shape:
        return False
    first, second = floats(value), floats(other)
    # With fifty digits on both sides a small lie is told too.
    limit = CLOSE if value.dtype != object or other.dtype != object else 1e-30
    with np.errstate(all="ignore"):
        gap = np.abs(floats(value - other))
        return bool(np.all((gap <= limit * (np.abs(first) + np.abs(second))) | ~np.isfinite(second)))


def _definitions(op: Op, operands: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """What others define under the op's name, at the same operands."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(op).__name__).lower().removeprefix("reduce_")
    names = {name: None, name.replace("_", ""): None, _OTHER_NAMES.get(name, name): None}
    exact = any(array.dtype == object for array in operands)
    for one in names:
        if exact and isinstance(op, Elementwise) and not op.params and hasattr(context(), one):
            yield from _tried(f"mpmath.{one}", partial(_each, getattr(context(), one), operands))
        function = getattr(np, one, None)
        if isinstance(function, np.ufunc) or (callable(function) and one in _ARRAY_FUNCTIONS):
            settings = _numpy_settings(op)
            plain = [floats(array) if array.dtype == object else array for array in operands]
            if settings is not None:
                yield from _tried(f"numpy.{one}", partial(function, *plain, **settings))


_OTHER_NAMES = {"mat_mul": "matmul", "batch_mat_mul": "matmul", "real_div": "divide", "div": "divide", "mul": "multiply",
                "sub": "subtract", "neg": "negative", "acos": "arccos", "asin": "arcsin", "atan": "arctan", "pow": "power",
                "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "atan2": "arctan2", "lgamma": "loggamma",
                "log_add_exp": "logaddexp", "matrix_determinant": "det"}  # fmt: skip
_ARRAY_FUNCTIONS = ("sum", "mean", "max", "min", "prod", "cumsum", "cumprod", "transpose", "reshape", "squeeze")


def _numpy_settings(op: Op) -> dict[str, Any] | None:
    """The op's settings as numpy calls them, or None if it has others."""
    known = {"axis": "axis", "keep_dims": "keepdims", "shape": "shape", "perm": "axes"}
    if not set(op.params) <= set(known):
        return None
    return {known[name]: value for name, value in op.params.items()}


def _tried(who: str, function: Callable[[], Any]) -> Iterator[tuple[str, Any]]:
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(function())
        if value.dtype.kind in "fO" and np.all(np.isfinite(floats(value))):
            yield who, value
    except (TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError):
        return


def _each(function: Callable[..., Any], operands: Sequence[Any]) -> np.ndarray:
    arrays = np.broadcast_arrays(*operands)
    result = np.empty(arrays[0].shape, object)
    for index in np.ndindex(result.shape):
        result[index] = function(*(array[index] for array in arrays))
    return result


def _by_the_rule(eqn: Eqn, operands: Sequence[Any], got: np.ndarray, meant: np.ndarray) -> ForwardEvidence | None:
    """The rule at the output of each voice, compared with that voice's own slopes."""
    if got.dtype != object or got.shape != meant.shape or eqn.op.nested:
        return None
    try:
        fits = _rule_fits(eqn, operands, got, meant)
    except (MsgradError, TypeError, ValueError, ArithmeticError, IndexError, AttributeError):
        return None  # a rule that raises tells nothing here, and is named by its own test
    if fits is None or fits[0] == fits[1]:
        return None
    if fits[1]:
        return ForwardEvidence("forward", "the rule fits the slopes of the meaning and not those of the numpy voice")
    return ForwardEvidence("symbolic", "the rule fits the slopes of the numpy voice and not those of the meaning")


def _rule_fits(eqn: Eqn, operands: Sequence[Any], got: Any, meant: Any) -> tuple[bool, bool] | None:
    """Whether the rule gives the derivative of the ``numpy`` voice, and that of the meaning."""
    graph, inputs = _cut(eqn)
    live = [n for n, var in enumerate(inputs) if isinstance(var, Var) and var.dtype.kind == "f"]
    if not live:
        return None
    position = live[0]
    given = [array for array, var in zip(operands, inputs) if isinstance(var, Var)]
    weight = numbers(1 + np.arange(np.size(got)).reshape(np.shape(got)) % 7 / 8)
    by_rule = reverse(graph, [inputs[position]], sens=True)
    if any(type(one.op) is type(eqn.op) for one in by_rule.eqns[1:]):
        return None  # a rule that calls its own op follows a voice that is wrong
    pulled = by_rule.outputs[-1]
    results = []
    for out in (got, meant):
        values = _interpret_holding(by_rule, [*given, weight], out)
        results.append(values[pulled] if isinstance(pulled, Var) else np.zeros(inputs[position].shape))
    step = context().mpf(10) ** -20
    move = numbers(1 + np.arange(np.size(operands[position])).reshape(np.shape(operands[position])) % 5 / 4)
    place = graph.inputs.index(inputs[position])

    def at(shift: Any) -> Any:
        moved = [np.asarray(array + move * shift, object) if n == place else array for n, array in enumerate(given)]
        return np.sum(weight * interpret_exact(graph, moved, number)[graph.outputs[0]])  # type: ignore[index]

    slope = (at(step) - at(-step)) / (2 * step)
    derived = np.sum(local_adjoint(eqn, position, operands, weight) * move)
    wanted = slope, derived
    found = [np.sum(result * move) for result in results]
    return tuple(abs(float(a - b)) <= 1e-15 * (abs(float(a)) + abs(float(b))) for a, b in zip(found, wanted))  # type: ignore[return-value]


def _cut(eqn: Eqn) -> tuple[Graph, list[Any]]:
    inputs = [
        atom if isinstance(atom, Lit) else Var(f"operand{n}", atom.shape, atom.dtype)
        for n, atom in enumerate(eqn.inputs)
    ]
    out = Var("out", eqn.out.shape, eqn.out.dtype)
    return Graph(
        tuple(one for one in inputs if isinstance(one, Var)), (Eqn(eqn.op, tuple(inputs), out),), (out,)
    ), inputs


def _interpret_holding(graph: Graph, arrays: Sequence[Any], out: Any) -> dict[Var, np.ndarray]:
    """The values of the reverse pass, with the result of its first equation given."""
    first = graph.eqns[0].out
    rest = Graph((*graph.inputs, first), graph.eqns[1:], graph.outputs)
    return interpret_exact(rest, [*arrays, out], number)


def _strange(op: Op) -> set[str]:
    """The voices that were written elsewhere than the op's class."""
    home = type(op).__module__
    return {name for name in ("numpy", "vjp", "meaning") if home_of(getattr(type(op), name)) != home}


def _with_its_rule(op: Op) -> str:
    """The side of a wrong meaning: ``both`` where the rule was put into the class with it."""
    return "both" if _strange(op) == {"vjp", "meaning"} else "symbolic"


def _by_origin(op: Op) -> ForwardEvidence | None:
    """A voice that was put into its class from elsewhere is the suspect."""
    strange = _strange(op)
    if not strange or strange == {"vjp"} or len(strange) == 3:
        return None
    wrong = "forward" if "numpy" in strange else _with_its_rule(op)
    voice = "numpy voice" if wrong == "forward" else "meaning"
    return ForwardEvidence(wrong, f"no third definition tells, but the {voice} was written elsewhere than the op")
