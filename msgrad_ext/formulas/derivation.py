"""Formulas for users: of a computed application at symbolic shape, or of a network at declared shapes without data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Expr, Integer

from ..checking.effort.budget import budget_of
from ..errors import ArgumentError, ArgumentValueError, MsgradError, NotSupportedError, user_location
from ..gradients.compiled import choose
from ..ir import Var
from ..reversing.reverse import plain
from ..symbolic.axes import solved_shapes
from ..symbolic.facts import NOTHING, Facts, fitting, read_facts
from ..symbolic.known import Known
from ..symbolic.language import Pattern
from ..symbolic.lines import Derivation
from ..symbolic.nodes import length
from .declared import of_data
from .evaluation import evaluate_lines
from .formula import Formula
from .generic import Generic, generic
from .second import second_formulas
from .writer import derive_formulas

if TYPE_CHECKING:
    from ..gradients.grad_operation import Application


def formulas_of(
    application: Application, facts: Facts = NOTHING, budget: float | str | None = None
) -> dict[str, Formula]:
    """The gradients of an application as formulas, by name; ``facts`` must hold of its data, see `assumed_of`.

    ``budget`` is about how many seconds the closed forms may take, counted in work.
    """
    names = dict(zip(application.wrt, application.names))
    graph = plain(application.program.graph)
    simplex = _on_simplex(application)
    sizes = dict(zip((var.name for var in graph.inputs), (var.shape for var in graph.inputs)))
    if application.sens is None:
        return _at(sizes, derive_formulas(graph, names, application.wrt, simplex=simplex, facts=facts, budget=budget))
    sens, symbols = _weights({var.name for var in graph.inputs}, len(application.sens))
    found = derive_formulas(
        graph, names, application.wrt, sens_symbol=sens, simplex=simplex, facts=facts, budget=budget
    )
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


def assumed_of(application: Application, assume: Any, caller: str = "check") -> Facts:
    """What a user declared of an application's inputs and parameters, once it is seen to hold of their data.

    Raises
    ------
    ArgumentError, ArgumentValueError
        If it is said wrongly, or does not hold.
    """
    facts = read_facts(assume, caller)
    graph = application.program.graph
    of_data(facts, {var.name: value for var, value in zip(graph.inputs, application.program.values)}, caller)
    return facts


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
    order: int = 1,
    direction: str | Mapping[str, str] | None = None,
    assume: Mapping[str, str | Sequence[str]] | None = None,
    budget: float | str | None = None,
) -> Mapping[Any, Formula]:
    """The gradients of ``net`` as formulas at symbolic shape, or its Hessian; no data is needed.

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
    order : int
        1 for gradients, 2 for second derivatives of the weighted output.
    direction : str or mapping of str to str, optional
        With order 2: the symbol of a direction, for the Hessian's products with it. As a name alone, every array of
        ``wrt`` moves: along ``V`` if it is one, else along ``V_w``, ``V_b`` and so on. As a mapping ``{"w": "V"}``,
        only the arrays named in it move.
    assume : mapping, optional
        What holds of inputs and parameters: ``{"A": "symmetric", "y": "one-hot"}``. The formulas use it and say so.
        Words are those of `msgrad_ext.symbolic.facts`; a matrix that is positive definite is symmetric too.
    budget : float or str, optional
        About how many seconds the closed forms may take, counted in work, or a text such as ``"2s"``; a
        gradient that is left is shown by its
        last line, with a note. The backprop lines are always there.

    Returns
    -------
    dict of str to Formula
        The gradients, or with ``direction`` the Hessian-vector products, by name.
    Hessian
        With order 2 and no direction: a mapping from pairs of names to blocks, derived when they are first read. A
        block's axes are those of its first array, then those of its second; `Block.product` is the block times a
        direction, `Block.kronecker` the block as a matrix of Kronecker products where it is one.

    Notes
    -----
    A gradient by a matrix that is declared symmetric is still the gradient by its elements, each taken for itself,
    evaluated where the matrix is symmetric. The gradient along symmetric matrices is its symmetric part.

    Raises
    ------
    ArgumentError, ArgumentValueError
        If the shapes do not fit the network's inputs, or the order or the direction is none.
    UnknownNameError
        If a direction is given for a name that is no input and no parameter.
    NotSupportedError
        If what the network computes depends on the lengths of its axes in another way than through its ops, or if
        second derivatives are not what differences of the gradient give.

    Examples
    --------
    >>> import msgrad_ext as mg
    >>> quadratic = lambda x, A: (x * (A @ x)).sum()
    >>> hessian = mg.derive(quadratic, {"x": ("n",), "A": ("n", "n")}, order=2)
    >>> print(hessian["x", "x"])
    ∇^2_{x, x} = A + A^T
    >>> print(mg.derive(quadratic, {"x": ("n",), "A": ("n", "n")}, wrt="x", order=2, direction="V")["x"])
    ∇^2_{x, x} V = (A + A^T) V
    """
    try:
        given = _normal(shapes)
        facts = read_facts(assume)
        of_inputs = Facts({name: words for name, words in facts.declared.items() if name in given})
        fitting(of_inputs, {name: tuple(map(axis_length, shape)) for name, shape in given.items()})
        found = generic(net, given, facts)
        graph = found.program.graph
        seconds = budget_of(budget).formulas
        if sens is not None and (not isinstance(sens, str) or sens in {var.name for var in graph.inputs}):
            raise ArgumentValueError(
                f"For 'derive', sens must be a name that no input or parameter has, but got {sens!r}."
            )
        chosen = choose(net, found.program, [wrt] if isinstance(wrt, str) else wrt)
        names = {var: name for name, var in chosen.items()}
        if _order(order, direction) == 2:
            moving = choose(net, found.program, list(direction)) if isinstance(direction, Mapping) else chosen
            along = _directions(direction, moving, {sens, *(var.name for var in graph.inputs)})
            return second_formulas(graph, names, along, found.shapes, sens, facts, free_of_runs(found), seconds)
        wanted = list(chosen.values())
        formulas = derive_formulas(
            graph, names, wanted, found.shapes, sens, (), facts, known=free_of_runs(found), budget=seconds
        )
        if found.solved:
            confirm(found, next(iter(formulas.values())).derivation)
        return formulas
    except MsgradError as error:
        raise error.at(user_location())


def _order(order: Any, direction: Any) -> int:
    """The order, if there is one and the direction goes with it."""
    if isinstance(order, bool) or order not in (1, 2):
        raise ArgumentValueError(f"For 'derive', the order must be 1 or 2, but got {order!r}.")
    if direction is not None and order == 1:
        raise ArgumentValueError("For 'derive', a direction goes with second derivatives: order=2.")
    if direction is not None and not isinstance(direction, (str, Mapping)):
        raise ArgumentError(
            "For 'derive', direction must be a name or map names to names, such as 'V' or {'w': 'V'}, "
            f"but got {direction!r}."
        )
    return int(order)


def _directions(direction: Any, found: Mapping[str, Var], taken: Collection[Any]) -> dict[Var, str] | None:
    """The symbol of the direction in which each variable moves."""
    if direction is None:
        return None
    if isinstance(direction, str):
        symbols = {name: direction if len(found) == 1 else f"{direction}_{name}" for name in found}
    else:
        symbols = {name: direction[name] for name in found}
    wrong = [s for s in symbols.values() if not isinstance(s, str) or not s or s in taken]
    if wrong or len(set(symbols.values())) < len(symbols) or not symbols:
        raise ArgumentValueError(
            f"For 'derive', each direction must have a name that no input, parameter, weight or other direction has, "
            f"but got {direction!r}."
        )
    return {var: symbols[name] for name, var in found.items()}


def axis_length(axis: str | int) -> Expr:
    """The length that a letter or an int of ``shapes`` says."""
    return length(axis) if isinstance(axis, str) else Integer(axis)


def free_of_runs(found: Generic) -> Known:
    """What is known, without the shapes where unification alone finds them: then lengths of parameters are letters too."""
    known = found.known
    if known.ops or any(isinstance(one, Pattern) for one in known.numbers.values()):
        return known
    graph = found.program.graph
    shape_of = solved_shapes(graph, found.shapes)
    kept = all(shape_of(var) == known.shapes[var] for var in graph.inputs if var.name in found.shapes)
    return replace(known, shapes={}) if kept else known


def confirm(found: Generic, derivation: Derivation) -> None:
    """Refuse a derivation that does not give what the network gave at the last lengths that it was run at.

    Raises
    ------
    NotSupportedError
        If a value of the network differs.
    """
    by_atom: Mapping[Any, str] = derivation.keys
    keys = [by_atom.get(atom) for atom in found.program.graph.outputs]
    inputs = {var.name: value for var, value in zip(found.last.graph.inputs, found.last.values)}
    values = evaluate_lines(derivation, inputs, [key for key in keys if key is not None and derivation.line(key)])
    for key, result in zip(keys, found.last.result):
        wanted, got = np.asarray(result, np.float64), values.get(key or "")
        if got is None or not np.all(np.isfinite(wanted)):
            continue
        scale = float(np.max(np.abs(wanted), initial=0)) + 1e-6
        if got.shape != wanted.shape or np.max(np.abs(got - wanted), initial=0) > 1e-3 * scale:
            raise NotSupportedError(
                "For 'derive', what the network computes at other lengths is not what was found from some; give the "
                "lengths as ints."
            )


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
