"""Formulas for users: of a computed application at symbolic shape, or of a network at declared shapes without data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checking.budget import budget_of
from ..compiled import choose
from ..errors import ArgumentError, ArgumentValueError, MsgradError, NotSupportedError, user_location
from ..ir import Graph, Lit
from ..reverse import plain
from ..tensor import Tensor
from ..trace import Program, argument_names, trace
from .formula import Formula
from .writer import derive_formulas

if TYPE_CHECKING:
    from ..grad_operation import Application

# Lengths that stand for letters while a network is traced: different, so that no two axes are taken for one by chance.
_FIRST = (3, 5, 7, 11, 13, 17, 19, 23)
_SECOND = (4, 6, 9, 10, 14, 15, 21, 22)


def formulas_of(application: Application) -> dict[str, Formula]:
    """The gradients of an application as formulas, by name."""
    names = dict(zip(application.wrt, application.names))
    graph = plain(application.program.graph)
    simplex = _on_simplex(application)
    sizes = dict(zip((var.name for var in graph.inputs), (var.shape for var in graph.inputs)))
    if application.sens is None:
        return _at(sizes, derive_formulas(graph, names, application.wrt, simplex=simplex))
    sens, symbols = _weights({var.name for var in graph.inputs}, len(application.sens))
    found = derive_formulas(graph, names, application.wrt, sens_symbol=sens, simplex=simplex)
    weights = dict(zip(symbols, application.sens))
    return {name: replace(formula, given=weights) for name, formula in _at(sizes, found).items()}


def _at(shapes: Mapping[str, Sequence[int]], formulas: dict[str, Formula]) -> dict[str, Formula]:
    """Formulas that know what their letters stand for in the cell; ``shapes`` are those of its inputs."""
    result = {}
    for name, formula in formulas.items():
        held = formula.derivation
        pairs = (
            pair for key, one in held.inputs.items() if one in shapes for pair in zip(held.shapes[key], shapes[one])
        )
        result[name] = replace(formula, sizes={n: size for n, size in pairs if n.is_Symbol})
    return result


def _on_simplex(application: Application) -> set[str]:
    """Inputs whose rows sum to one at the data of ``application``: only for these may a formula rest on it."""
    found = set()
    for var, value in zip(application.program.graph.inputs, application.program.values):
        array = np.asarray(value)
        if array.dtype.kind == "f" and array.ndim and np.allclose(array.sum(axis=-1, dtype=np.float64), 1, atol=1e-6):
            found.add(var.name)
    return found


def _weights(taken: set[str], count: int) -> tuple[str, list[str]]:
    """A name for the weights of ``count`` outputs that is not ``taken``, and the symbol of each."""
    name = "G"
    while True:
        symbols = [name] if count == 1 else [f"{name}_{n + 1}" for n in range(count)]
        if taken.isdisjoint(symbols):
            return name, symbols
        name += "_out"


def derive(
    net: Callable[..., Any],
    shapes: Mapping[str, Sequence[str | int]],
    wrt: Sequence[str] | None = None,
    sens: str | None = None,
    budget: float | None = None,
) -> dict[str, Formula]:
    """The gradients of ``net`` as formulas at symbolic shape; no data is needed.

    Parameters
    ----------
    net : Cell or callable
        The network; it is run on samples to see what it does.
    shapes : mapping of str to sequence
        For each input, by its name in the signature, an axis a letter or an int: ``{"x": ("m", "k")}``.
    wrt : sequence of str, optional
        Names of inputs and parameters; by default all inputs and all trainable parameters.
    sens : str, optional
        Name of a symbol that weights the output; ones by default.
    budget : float, optional
        About how many seconds the closed forms may take, counted in work; a gradient that is left is shown by its
        last line, with a note. The backprop lines are always there.

    Returns
    -------
    dict of str to Formula

    Raises
    ------
    ArgumentError, ArgumentValueError
        If the shapes do not fit the network's inputs.
    NotSupportedError
        If what the network computes depends on the lengths of its axes in another way than through its ops.
    """
    try:
        given = _normal(shapes)
        if budget is not None:
            budget_of(budget)
        letters = list(dict.fromkeys(axis for shape in given.values() for axis in shape if isinstance(axis, str)))
        first, second = (_traced(net, given, dict(zip(letters, _sizes(letters, table)))) for table in (_FIRST, _SECOND))
        _same(first.graph, second.graph)
        if sens is not None and (not isinstance(sens, str) or sens in {var.name for var in first.graph.inputs}):
            raise ArgumentValueError(
                f"For 'derive', sens must be a name that no input or parameter has, but got {sens!r}."
            )
        chosen = choose(net, first, [wrt] if isinstance(wrt, str) else wrt)
        names = {var: name for name, var in chosen.items()}
        return derive_formulas(
            first.graph, names, list(chosen.values()), letters=given, sens_symbol=sens, budget=budget
        )
    except MsgradError as error:
        raise error.at(user_location())


def _normal(shapes: Mapping[str, Sequence[str | int]]) -> dict[str, tuple[str | int, ...]]:
    if not isinstance(shapes, Mapping) or not shapes:
        raise ArgumentError('For \'derive\', shapes must map input names to axes, such as {"x": ("m", "k")}.')
    result = {}
    for name, axes in shapes.items():
        given = (axes,) if isinstance(axes, (str, int)) else tuple(axes)
        for axis in given:
            letter = isinstance(axis, str) and axis.isidentifier()
            if not letter and (isinstance(axis, bool) or not isinstance(axis, int) or axis < 1):
                raise ArgumentValueError(
                    f"For 'derive', an axis of {name} must be a letter or a positive int, but got {axis!r}."
                )
        result[name] = given
    return result


def _sizes(letters: Sequence[str], table: Sequence[int]) -> list[int]:
    return [table[place % len(table)] + 20 * (place // len(table)) for place in range(len(letters))]


def _traced(net: Callable[..., Any], shapes: Mapping[str, tuple[str | int, ...]], sizes: Mapping[str, int]) -> Program:
    names = argument_names(net, [None] * len(shapes))
    if set(names) != set(shapes):
        raise ArgumentValueError(
            f"For 'derive', shapes must name the inputs {', '.join(names)}, but got {', '.join(shapes)}."
        )
    generator = np.random.default_rng(0)
    samples = []
    for name in names:
        shape = tuple(sizes[axis] if isinstance(axis, str) else axis for axis in shapes[name])
        samples.append(Tensor(generator.uniform(0.25, 0.75, shape).astype(np.float32)))
    program = trace(net, samples)
    return replace(program, graph=plain(program.graph))


def _same(first: Graph, second: Graph) -> None:
    """Refuse a network whose ops or constants change with the lengths of its axes."""
    pairs = list(zip(first.eqns, second.eqns))
    if len(first.eqns) != len(second.eqns) or any(type(a.op) is not type(b.op) for a, b in pairs):
        raise NotSupportedError(
            "For 'derive', the network must do the same at every shape, but its Python code depends on the lengths; "
            "give the lengths as ints."
        )
    for a, b in pairs:
        for one, other in zip(a.inputs, b.inputs):
            constants = isinstance(one, Lit) and isinstance(other, Lit)
            if constants and not np.array_equal(one.value, other.value):  # type: ignore[union-attr]
                raise NotSupportedError(
                    f"For 'derive', a constant of the network depends on the lengths of axes ({one} and {other}); "
                    "use an op such as ReduceMean, or give the lengths as ints.",
                    a.location,
                )
