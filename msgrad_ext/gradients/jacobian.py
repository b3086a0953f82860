"""Derivatives of functions with many outputs: ``jacrev``, ``jacfwd``, ``jvp``, ``derivative`` and ``jet``.

All rest on pull-backs. A Jacobian has a row for each element of the output: it is the matrix of the pull-back, or of the
pull-back's transpose, made as a whole where there are many rows (`linear`). A derivative along a direction is the
transpose of a pull-back, and Taylor coefficients are such derivatives of a function of one number.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

import numpy as np

from ..errors import (
    ArgumentError,
    ArgumentValueError,
    DtypeError,
    NotSupportedError,
    PositionError,
    ShapeError,
    user_location,
)
from ..ir import Graph, Var, literal
from ..keeping.attempt import like
from ..linear.matrix import blocks as blocks_of
from ..numeric.plan import Plan
from ..observing import being_observed
from ..passes.simplify import simplify
from ..registry import fn as ops
from ..registry import recorder
from ..reversing.reverse import bind, has_custom, reverse
from ..reversing.sens import check_sens
from ..tensor import Tensor
from .functional import Pull, check_function, checked_positions, tensor_number
from .grad_operation import Request


def jacrev(
    fn: Callable[..., Any], grad_position: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that gives the Jacobian of ``fn``: its shape is the output's followed by the input's.

    Parameters
    ----------
    fn : callable
        A `Cell` or a function of tensors.
    grad_position : int or tuple of int
        Which inputs to differentiate by; several give a tuple.
    has_aux : bool
        ``fn`` returns further values after the first one; they come as a second result.

    Returns
    -------
    callable
        Of the same arguments; a Jacobian, or for several outputs a tuple with one for each.
    """
    return _jacobian(fn, grad_position, has_aux, forward=False)


def jacfwd(
    fn: Callable[..., Any], grad_position: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The Jacobian as `jacrev` gives it; where it is large it is made forward, from a direction for each column."""
    return _jacobian(fn, grad_position, has_aux, forward=True)


def _jacobian(fn: Callable[..., Any], grad_position: Any, has_aux: bool, forward: bool) -> Callable[..., Any]:
    positions = checked_positions(grad_position)
    if positions is None:
        raise ArgumentError(
            "For 'jacrev', grad_position must be an int or a tuple of ints, but got None.", user_location()
        )

    def jacobian(*args: Any) -> Any:
        check_function("jacrev", fn)
        numbers = [tensor_number(args, position) for position in positions]
        if None in numbers:
            raise PositionError("For 'jacrev', each grad_position must be that of a tensor.", user_location())
        pull = Pull(fn, args, None, has_aux, "jacrev")
        value = pull.value()
        first = value[0] if has_aux else value
        several = isinstance(first, (tuple, list))
        blocks = _all_blocks(pull, [one for one in numbers if one is not None], forward)
        if blocks is None:
            blocks = [_blocks(pull, number, numbers) for number in range(len(pull.outputs))]
        found = [block[0] if len(positions) == 1 else tuple(block) for block in blocks]
        result = tuple(found) if several else found[0]
        return (result, value[1] if len(value) == 2 else value[1:]) if has_aux else result

    return like(jacobian, fn)


# A Jacobian with fewer rows is made of one pull-back for each: that is less work than to look at its structure.
_ROWS = 96


def _all_blocks(pull: Pull, wanted: Sequence[int], forward: bool) -> list[list[Tensor]] | None:
    """All blocks at once; None for a small Jacobian, and for one that is recorded, observed, or has the user's own rules."""
    program = pull.request.program
    graph = program.graph
    inputs = [graph.inputs[number] for number in wanted]
    rows = sum(int(np.prod(atom.shape, dtype=np.int64)) for atom in graph.outputs)
    floats = all(atom.dtype.kind == "f" for atom in (*graph.outputs, *inputs))
    if rows < _ROWS or recorder.get() is not None or being_observed() or not floats or has_custom(graph):
        return None
    if not all(np.prod(atom.shape) for atom in graph.outputs):
        return None
    back = reverse(graph, inputs, True)
    seeds = back.inputs[len(graph.inputs) :]
    linear = simplify(Graph(back.inputs, back.eqns, back.outputs[len(graph.outputs) :], back.guards))
    if forward:
        along = reverse(linear, seeds, True)
        directions = along.inputs[len(linear.inputs) :]
        found = Graph(along.inputs, along.eqns, along.outputs[len(linear.outputs) :], along.guards)
        # It is linear in the cotangents: what is left of them in the transpose multiplies nothing.
        order = (*graph.inputs, *directions, *seeds)
        zeros = [literal(np.zeros(one.shape, one.dtype)) for one in seeds]
        linear = simplify(bind(Graph(order, found.eqns, found.outputs, found.guards), zeros))
    else:
        directions = seeds
    try:
        made = blocks_of(linear, directions)
    except NotSupportedError:
        return None
    results = iter(Plan(made)(*(value for value in program.values if value is not None)))
    if forward:
        return [[Tensor._wrap(next(results)) for _ in inputs] for _ in graph.outputs]
    columns = [[next(results) for _ in graph.outputs] for _ in inputs]
    rows_first = [[_turned(one, var) for one in column] for column, var in zip(columns, inputs)]
    return [[Tensor._wrap(one) for one in row] for row in zip(*rows_first)]


def _turned(block: np.ndarray, var: Var) -> np.ndarray:
    """A block with the axes of ``var`` in front, with those behind."""
    count = len(var.shape)
    axes = (*range(count, block.ndim), *range(count))
    return np.ascontiguousarray(np.transpose(block, axes)).reshape(tuple(block.shape[axis] for axis in axes))


def _blocks(pull: Pull, number: int, wanted: Sequence[int | None]) -> list[Tensor]:
    """The Jacobian of output ``number`` by each of the wanted inputs, a pull-back for each element of the output."""
    atom = pull.outputs[number]
    size = int(np.prod(atom.shape, dtype=np.int64))
    if not size:
        raise ArgumentValueError(f"For 'jacrev', the output of shape {atom.shape} has no elements.", user_location())
    rows: list[list[Tensor]] = []
    for index in range(size):
        units = [np.zeros(one.shape, one.dtype) for one in pull.outputs]
        units[number].flat[index] = 1
        by_input, _ = pull(tuple(map(Tensor, units)))
        rows.append([by_input[one] for one in wanted if one is not None])
    return [ops.reshape(ops.stack(column), (*atom.shape, *column[0].shape)) for column in zip(*rows)]


def jvp(fn: Callable[..., Any], inputs: Any, v: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of ``fn`` and its derivative along ``v``, as `mindspore.jvp`.

    The pull-back of a cotangent is linear in it; its own transpose is the push-forward of ``v``.

    Parameters
    ----------
    fn : callable
        A `Cell` or a function of tensors.
    inputs, v : Tensor, or tuple or list of Tensor
        Its arguments, and the direction: a tensor of the same shape and dtype for each.
    has_aux : bool
        ``fn`` returns further values after the first one; they come as a third result.
    """
    check_function("jvp", fn)
    primals, tangents = _tensors("inputs", inputs), _tensors("v", v)
    if len(primals) != len(tangents):
        raise ArgumentValueError(
            f"For 'jvp', v must have length {len(primals)}, but got {len(tangents)}.", user_location()
        )
    for primal, tangent in zip(primals, tangents):
        if tangent.shape != primal.shape:
            told = f"For 'jvp', v must have its input's shape {primal.shape}, but got {tangent.shape}."
            raise ShapeError(told, user_location())
        if tangent.numpy_dtype != primal.numpy_dtype:
            told = f"For 'jvp', v must have its input's dtype {primal.dtype}, but got {tangent.dtype}."
            raise DtypeError(told, user_location())
    pull = Pull(fn, primals, None, has_aux, "jvp")
    value = pull.value()
    first = value[0] if has_aux else value
    slopes = _pushed(pull, tangents)
    slope = slopes[0] if isinstance(first, Tensor) else _like_value(first, iter(slopes))
    if not has_aux:
        return value, slope
    return first, slope, value[1] if len(value) == 2 else value[1:]


def _tensors(name: str, given: Any) -> tuple[Tensor, ...]:
    members = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if not all(isinstance(one, Tensor) for one in members):
        raise ArgumentError(f"For 'jvp', {name} must be a Tensor, or a tuple or list of Tensors.", user_location())
    return members


def _like_value(value: Any, slopes: Any) -> Any:
    """The slopes in the structure of the value; what is no tensor has none and stays as it is."""
    if isinstance(value, (tuple, list)):
        return type(value)(_like_value(one, slopes) for one in value)
    if isinstance(value, dict):
        return {key: _like_value(one, slopes) for key, one in value.items()}
    return next(slopes) if isinstance(value, Tensor) else value


def _pushed(pull: Pull, tangents: Sequence[Tensor]) -> list[Tensor]:
    """The derivatives of the outputs along ``tangents``."""

    def back(*cotangents: Tensor) -> tuple[Tensor, ...]:
        return tuple(pull(tuple(cotangents))[0])

    starts = [Tensor(np.zeros(atom.shape, atom.dtype)) for atom in pull.outputs]
    like(back, pull.fn)
    names = ["tangent"] if len(starts) == 1 else [f"tangent_{number}" for number in range(len(starts))]
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
    back.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    request = Request(back, starts, {})
    for position in range(len(starts)):
        request.by_input(position)
    return request.run(check_sens(tuple(tangents), request.program))


def derivative(fn: Callable[..., Any], primals: Any, order: int) -> tuple[Any, Any]:
    """The value of ``fn`` and its derivative of ``order`` when all of ``primals`` grow at rate one.

    Raises
    ------
    ArgumentError, ArgumentValueError
        If the order is no int from 1.
    """
    if isinstance(order, bool) or not isinstance(order, int):
        raise ArgumentError(f"For 'derivative', the order must be an int, but got {order!r}.", user_location())
    if order < 1:
        raise ArgumentValueError(f"For 'derivative', the order must be at least 1, but got {order}.", user_location())
    points = [_float(one) for one in _tensors("primals", primals)]
    paths = [[ops.ones_like(one)] for one in points]
    values = _along(fn, points, paths, order)
    return values[0], values[order]


def jet(fn: Callable[..., Any], primals: Any, series: Any) -> tuple[Any, Any]:
    """The value of ``fn`` and its derivatives along a path, as `mindspore.ops.jet`.

    Parameters
    ----------
    fn : callable
        A function of tensors.
    primals : Tensor or tuple of Tensor
        Where the path is at time 0.
    series : Tensor or tuple of Tensor
        The derivatives of the path, the first one first, along the first axis.

    Returns
    -------
    tuple
        The value, and the derivatives of the value along the path, stacked in the same way.
    """
    points, given = _tensors("primals", primals), _tensors("series", series)
    if len(points) != len(given):
        told = f"For 'jet', series must have a member for each of the {len(points)} primals, but got {len(given)}."
        raise ArgumentValueError(told, user_location())
    orders = {_order(point, one) for point, one in zip(points, given)}
    if len(orders) != 1:
        raise ArgumentValueError("For 'jet', all members of series must have one length.", user_location())
    order = orders.pop()
    paths = [[one] if one.shape == point.shape else [one[k] for k in range(order)] for point, one in zip(points, given)]
    floats = [_float(point) for point in points]
    values = _along(fn, floats, [[_float(one) for one in path] for path in paths], order)
    if isinstance(values[0], Tensor):
        return values[0], ops.stack(values[1:])
    return list(values[0]), [ops.stack(list(rows)) for rows in zip(*values[1:])]


def _order(point: Tensor, series: Tensor) -> int:
    if series.shape == point.shape:
        return 1
    if series.shape[1:] != point.shape or not series.shape:
        raise ShapeError(
            f"For 'jet', each element of series must have the primal's shape {point.shape}, but got {series.shape}.",
            user_location(),
        )
    return series.shape[0]


def _float(tensor: Tensor) -> Any:
    return tensor if tensor.numpy_dtype.kind == "f" else ops.cast(tensor, np.dtype(np.float32))


def _along(fn: Callable[..., Any], points: Sequence[Any], paths: Sequence[Sequence[Any]], order: int) -> list[Any]:
    """The value of ``fn`` on the paths ``p + a1 t + a2 t^2/2 + ...`` and its derivatives by ``t`` at 0, up to ``order``."""
    check_function("jet", fn)
    clock = Tensor(np.zeros((), points[0].numpy_dtype))

    def at(t: Tensor) -> Any:
        moved = []
        for point, path in zip(points, paths):
            step: Any = None
            for number in range(len(path), 0, -1):
                term = path[number - 1] * (1 / factorial(number))
                step = term if step is None else term + t * step
            moved.append(point + t * step)
        return fn(*moved)

    functions: list[Callable[..., Any]] = [at]
    for _ in range(order):
        functions.append(_slope(functions[-1]))
    found = [function(clock) for function in functions]
    return [list(one) if isinstance(one, tuple) else one for one in found]


def _slope(fn: Callable[..., Any]) -> Callable[..., Any]:
    def slope(t: Tensor) -> Any:
        return jvp(fn, t, Tensor(np.ones((), t.numpy_dtype)))[1]

    return slope


__all__ = ["derivative", "jacfwd", "jacrev", "jet", "jvp"]
