"""The ways in which people hand a backward over, all turned into one: `Subject.run` gives outputs and a pullback.

A style is read from the functions themselves where that is certain; where two readings are possible nothing is guessed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, choices
from ..tensor import Tensor
from .layout import positional

STYLES = {
    "dy, inputs": "backward(dy, x, w)",
    "inputs, dy": "backward(x, w, dy)",
    "inputs, out, dy": "backward(x, w, y, dy), as MindSpore's bprop",
    "dy, out, inputs": "backward(dy, y, x, w)",
    "dy, inputs, out": "backward(dy, x, w, y)",
    "dy, cache": "forward returns (y, cache); backward(dy, cache)",
    "cache, dy": "forward returns (y, cache); backward(cache, dy)",
    "closure": "forward returns (y, pullback); pullback(dy)",
    "makers": "one maker for each argument: maker(y, x, w)(dy), as in autograd's defvjp",
    "context": "a class with static forward(ctx, x, w) and backward(ctx, dy), as torch.autograd.Function",
    "layer": "an object with forward(x) and backward(dy)",
    "inputs": "backward(x, w), the gradient of a scalar",
    "value and gradients": "one function returns the scalar and its gradients",
}
_COTANGENTS = (
    "dy",
    "dout",
    "g",
    "grad",
    "ct",
    "upstream",
    "delta",
    "cotangent",
    "v",
    "sens",
    "gradient",
    "dloss",
    "dl",
)
_CACHES = ("cache", "saved", "memo", "residual", "ctx", "context", "state", "tape", "stash", "aux")
_OUTPUTS = ("out", "y", "ans", "output", "result", "outputs", "value")


Adapt = Callable[[Any], Any]


def _as_it_is(function: Any) -> Any:
    return function


@dataclass(frozen=True, eq=False)
class Ran:
    """One forward run: its outputs in a flat list, and the pullback from their cotangents to what the backward returns."""

    outputs: list[Any]
    pull: Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, eq=False)
class Subject:
    """What is to be judged.

    Attributes
    ----------
    name, backward_name : str
        What the function and its backward are called.
    style : str
        One of `STYLES`.
    run : callable
        Of the list of arguments; gives a `Ran`.
    sources : tuple of callable
        Forward and backward (or one backward for each argument), to find the user's lines by.
    """

    name: str
    backward_name: str
    style: str
    run: Callable[[Sequence[Any]], Ran]
    sources: tuple[Callable[..., Any] | None, ...]

    @property
    def weighted(self) -> bool:
        """False when the backward takes no cotangent: it is the gradient of a scalar."""
        return self.style not in ("inputs", "value and gradients")

    @property
    def single_use(self) -> bool:
        """True when what a forward run saved is kept in one object, where the next run replaces it."""
        return self.style == "layer"


class Context:
    """The ``ctx`` of a class in the style of ``torch.autograd.Function``."""

    def __init__(self, count: int) -> None:
        self.needs_input_grad = (True,) * count
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep arrays for the backward, which finds them in ``saved_tensors``."""
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Taken note of by the outputs' dtypes alone."""

    def set_materialize_grads(self, value: bool) -> None:
        """All cotangents are arrays here."""


def style_of(function: Any, backward: Any, style: str | None, arguments: Sequence[Any], names: Sequence[str]) -> str:
    """The style that was asked for, or that can be told from the functions.

    Raises
    ------
    ArgumentError
        If it can not be told.
    """
    if style is not None and style not in STYLES:
        raise ArgumentValueError(f"There is no style {style!r}. {choices(str(style), list(STYLES))}")
    return style or _read_style(function, backward, arguments, names)


def subject_of(
    function: Any, backward: Any, style: str, fields: Mapping[str, str] | None = None, adapt: Adapt = _as_it_is
) -> Subject:
    """What is to be judged, in whichever style it was written.

    Parameters
    ----------
    function, backward : callable
        As the user gave them.
    style : str
        One of `STYLES`.
    fields : mapping of str to str, optional
        For a layer: where it keeps its parameters, and where their gradients.
    adapt : callable
        What is to run in the place of each of the user's functions.
    """
    name = _name(function)
    if style == "context":
        sources = (function.forward, function.backward)
        return Subject(name, f"{name}.backward", style, _context(_adapted(function, adapt)), sources)
    if style == "layer":
        kind = type(function)
        run = _layer(function, _adapted(kind, adapt), dict(fields or {}))
        return Subject(kind.__name__, f"{kind.__name__}.backward", style, run, (kind.forward, kind.backward))
    if style in ("closure", "value and gradients"):
        told = f"{name}'s pullback" if style == "closure" else name
        return Subject(name, told, style, _paired(adapt(function), style), (function, function))
    if style == "makers":
        makers = list(backward.values()) if isinstance(backward, Mapping) else list(backward)
        run = _makers(adapt(function), [None if make is None else adapt(make) for make in makers])
        return Subject(name, f"{name}'s vjp", style, run, (function, *makers))
    ways = _cached if "cache" in style else _called
    return Subject(name, _name(backward), style, ways(adapt(function), adapt(backward), style), (function, backward))


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _adapted(kind: type, adapt: Adapt) -> type:
    """A class whose methods are adapted; the class itself where that changes nothing."""
    if adapt is _as_it_is:
        return kind
    own: dict[str, Any] = {}
    for base in reversed(kind.__mro__[:-1]):
        for name, value in vars(base).items():
            if isinstance(value, (staticmethod, classmethod)):
                own[name] = type(value)(adapt(value.__func__))
            elif isinstance(value, FunctionType) and not name.startswith("__"):
                own[name] = adapt(value)
    return type(kind.__name__, (kind,), own)


def _read_style(function: Any, backward: Any, arguments: Sequence[Any], names: Sequence[str]) -> str:
    """The style that the functions' own form tells."""
    if backward is None:
        return _alone(function, arguments)
    if isinstance(backward, (tuple, list, Mapping)):
        return "makers"
    taken = positional(backward)
    result = function(*arguments)
    if taken is None:
        raise _unclear(backward, "it takes any number of arguments")
    if len(taken) == 1 and isinstance(result, tuple):
        raise _unclear(backward, "it takes one argument, and forward returns a tuple")
    if isinstance(result, tuple) and len(taken) == 2 and _is_cache(result, taken, names):
        return "cache, dy" if _word(taken[-1], _COTANGENTS) or _word(taken[0], _CACHES) else "dy, cache"
    if isinstance(result, tuple) and len(taken) == len(result) > 2 and not set(taken) & set(names):
        return "dy, cache"
    return _by_parameters(backward, taken, list(names), len(result) if isinstance(result, tuple) else 1)


def _alone(function: Any, arguments: Sequence[Any]) -> str:
    if hasattr(function, "forward") and hasattr(function, "backward"):
        return "context" if isinstance(function, type) else "layer"
    result = function(*arguments)
    if isinstance(result, tuple) and len(result) >= 2:
        if callable(result[-1]):
            return "closure"
        if np.ndim(result[0]) == 0:
            return "value and gradients"
    raise ArgumentError(
        f"For '{_name(function)}', a backward must be given, unless the function returns (y, pullback) or "
        "(scalar, gradients), or has forward and backward itself."
    )


def _is_cache(result: tuple[Any, ...], taken: Sequence[str], names: Sequence[str]) -> bool:
    """True when the last of what forward returned is what backward takes beside the cotangent."""
    if any(_word(one, _CACHES) for one in taken):
        return True
    if len(result) != 2:
        return False
    return len(names) != 1 or not isinstance(result[1], (np.ndarray, np.floating, Tensor))


def _word(name: str, words: Sequence[str]) -> bool:
    """True for ``dy``, ``grad_output`` or ``dLoss``, which begin with one of ``words`` or are a d of something."""
    low = name.lower().strip("_")
    return low.rstrip("0123456789_") in words or low.split("_")[0] in words


def _by_parameters(backward: Any, taken: list[str], names: list[str], outputs: int) -> str:
    """The order of backward's parameters, by their names."""
    count = len(names)
    if taken == names:
        return "inputs"
    extra = len(taken) - count
    if extra == 2 or (extra == outputs + 1 and outputs > 1):
        if taken[:count] == names and (_word(taken[count], _OUTPUTS) or _word(taken[-1], _COTANGENTS)):
            return "inputs, out, dy"
        # Two outputs have two cotangents, and then the second parameter need not be the output.
        if taken[-count:] == names and (extra != outputs or _word(taken[extra - 1], _OUTPUTS)):
            return "dy, out, inputs"
        if _word(taken[0], _COTANGENTS) and _word(taken[-1], _OUTPUTS):
            return "dy, inputs, out"
    if extra in (1, outputs):
        if taken[extra:] == names:
            return "dy, inputs"
        if taken[:count] == names:
            return "inputs, dy"
        first, last = _cotangent(taken[0], names), _cotangent(taken[-1], names)
        if first != last:
            return "dy, inputs" if first else "inputs, dy"
    raise _unclear(backward, f"it takes ({', '.join(taken)}) and the function ({', '.join(names)})")


def _cotangent(name: str, names: Sequence[str]) -> bool:
    return name not in names and (_word(name, _COTANGENTS) or (name.startswith("d") and name not in _OUTPUTS))


def _unclear(backward: Any, why: str) -> ArgumentError:
    told = "; ".join(f'"{style}" for {meaning}' for style, meaning in STYLES.items())
    return ArgumentError(
        f"For '{_name(backward)}', how it is to be called is not clear: {why}. Say style= one of: {told}."
    )


def _split(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _called(function: Any, backward: Any, style: str) -> Callable[[Sequence[Any]], Ran]:
    """Styles in which backward is told the arguments again."""
    order = style.split(", ")

    def run(arguments: Sequence[Any]) -> Ran:
        result = function(*arguments)
        outputs = _split(result)
        several = isinstance(result, (tuple, list))
        taken = positional(backward)
        # With several outputs their cotangents come one by one, or together in a tuple.
        apart = several and taken is not None and len(taken) >= len(arguments) + len(outputs)

        def pull(cotangents: Sequence[Any]) -> Any:
            one = list(cotangents) if apart else [tuple(cotangents) if several else cotangents[0]]
            given = {"dy": one, "inputs": list(arguments), "out": [result]}
            return backward(*(value for word in order for value in given[word]))

        return Ran(outputs, pull)

    return run


def _cached(function: Any, backward: Any, style: str) -> Callable[[Sequence[Any]], Ran]:
    def run(arguments: Sequence[Any]) -> Ran:
        result = function(*arguments)
        if not isinstance(result, tuple) or len(result) < 2:
            raise ArgumentError(f"For '{_name(function)}', it must return (y, cache), but got {type(result).__name__}.")
        taken = positional(backward)
        apart = taken is not None and len(taken) == len(result) > 2
        if not apart and len(result) > 2:
            outputs, cache = list(result[:-1]), [result[-1]]
        else:
            outputs, cache = _split(result[0]), list(result[1:])
        several = isinstance(result[0], (tuple, list)) or len(outputs) > 1

        def pull(cotangents: Sequence[Any]) -> Any:
            one = tuple(cotangents) if several else cotangents[0]
            return backward(one, *cache) if style == "dy, cache" else backward(*cache, one)

        return Ran(outputs, pull)

    return run


def _paired(function: Any, style: str) -> Callable[[Sequence[Any]], Ran]:
    def run(arguments: Sequence[Any]) -> Ran:
        result = function(*arguments)
        if style == "closure":
            value, pullback = result
            several = isinstance(value, (tuple, list))
            return Ran(_split(value), lambda cts: pullback(type(value)(cts) if several else cts[0]))
        gradients = result[1] if len(result) == 2 else tuple(result[1:])
        return Ran([result[0]], lambda cts: gradients)

    return run


def _makers(function: Any, makers: Sequence[Any]) -> Callable[[Sequence[Any]], Ran]:
    def run(arguments: Sequence[Any]) -> Ran:
        result = function(*arguments)
        several = isinstance(result, (tuple, list))

        def pull(cotangents: Sequence[Any]) -> Any:
            one = tuple(cotangents) if several else cotangents[0]
            return tuple(None if make is None else make(result, *arguments)(one) for make in makers)

        return Ran(_split(result), pull)

    return run


def _context(kind: Any) -> Callable[[Sequence[Any]], Ran]:
    def run(arguments: Sequence[Any]) -> Ran:
        ctx = Context(len(arguments))
        if hasattr(kind, "setup_context"):
            result = kind.forward(*arguments)
            kind.setup_context(ctx, tuple(arguments), result)
        else:
            result = kind.forward(ctx, *arguments)
        return Ran(_split(result), lambda cts: kind.backward(ctx, *cts))

    return run


def _layer(layer: Any, kind: type, fields: Mapping[str, str]) -> Callable[[Sequence[Any]], Ran]:
    """A layer is copied for each run, so that the user's own keeps its state; parameters come after the inputs."""

    def run(arguments: Sequence[Any]) -> Ran:
        own = copy.deepcopy(layer)
        if kind is not type(layer):
            own.__class__ = kind
        count = len(arguments) - len(fields)
        for path, value in zip(fields, arguments[count:]):
            _put(own, path, value)
        result = own.forward(*arguments[:count])

        def pull(cotangents: Sequence[Any]) -> Any:
            by_input = own.backward(*cotangents)
            if not fields:
                return by_input
            parts = tuple(by_input) if isinstance(by_input, (tuple, list)) and count > 1 else (by_input,)
            return (*parts, *(field_of(own, path) for path in fields.values()))

        return Ran(_split(result), pull)

    return run


def field_of(layer: Any, path: str) -> Any:
    """What a layer keeps under ``path``: attributes and keys, parted by dots."""
    for name in path.split("."):
        layer = layer[name] if isinstance(layer, Mapping) else getattr(layer, name)
    return layer


def _put(layer: Any, path: str, value: Any) -> None:
    *way, last = path.split(".")
    holder = field_of(layer, ".".join(way)) if way else layer
    if isinstance(holder, Mapping):
        holder[last] = value  # type: ignore[index]
    else:
        setattr(holder, last, value)
