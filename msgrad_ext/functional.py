"""MindSpore's functional interface to gradients: ``grad``, ``value_and_grad``, ``get_grad``, ``vjp``, ``jvp``, ``jacrev``.

Each is the reverse pass in another wrapping; no derivative is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import ArgumentError, ArgumentValueError, UnknownNameError, choices, user_location
from .grad_operation import Request, check_sens, check_weights, like, listed_weights, parameter_name
from .marking import leaves
from .registry import fn as ops
from .tensor import Parameter, Tensor

Positions = int | tuple[int, ...] | None


def grad(
    fn: Callable[..., Any],
    grad_position: Positions = 0,
    weights: Any = None,
    has_aux: bool = False,
    return_ids: bool = False,
) -> Callable[..., Any]:
    """The function that gives the gradient of ``fn``, as `mindspore.grad`.

    Parameters
    ----------
    fn : callable
        A `Cell` or a function of tensors.
    grad_position : int, tuple of int or None
        Which inputs to differentiate by.
    weights : Parameter, ParameterTuple, list or tuple, optional
        Which parameters to differentiate by.
    has_aux : bool
        ``fn`` returns further values after the first one, which are handed through.
    return_ids : bool
        Each gradient comes as a pair of its position or parameter name and itself; see `get_grad`.

    Returns
    -------
    callable
        Of the same arguments; a tensor, or a tuple for several positions; with weights ``(inputs, weights)``; with
        ``has_aux`` a pair with the further values.
    """
    both = value_and_grad(fn, grad_position, weights, has_aux, return_ids)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1:]) if has_aux else gradients

    return like(gradient, fn)


def value_and_grad(
    fn: Callable[..., Any],
    grad_position: Positions = 0,
    weights: Any = None,
    has_aux: bool = False,
    return_ids: bool = False,
) -> Callable[..., Any]:
    """The function that gives the value and the gradient of ``fn``, as `mindspore.value_and_grad`; see `grad`."""
    if grad_position is None and weights is None:
        raise ArgumentValueError("For 'grad', `grad_position` and `weights` can not both be None.", user_location())
    positions = _positions(grad_position)
    check_weights(weights)

    def both(*args: Any, **kwargs: Any) -> Any:
        first = _first_only(fn) if has_aux else fn
        request = Request(first, args, kwargs)
        places = [request.by_input(_tensor_number(args, position)) for position in positions or ()]
        listed = listed_weights(weights)
        names = [parameter_name(fn, one) for one in listed]
        found = [request.by_parameter(one, name) for one, name in zip(listed, names)]
        results = request.run() if request.wrt else []
        zeros = [ops.zeros_like(one) if place is None else results[place] for one, place in zip(listed, found)]
        by_input = [results[place] for place in places]
        if return_ids:
            by_input = list(zip(positions or (), by_input))  # type: ignore[arg-type]
            zeros = [(one.name, zero) for one, zero in zip(listed, zeros)]
        return fn(*args, **kwargs), _arranged(by_input, zeros, positions, weights)

    return like(both, fn)


def _arranged(by_input: list[Any], by_weight: list[Any], positions: tuple[int, ...] | None, weights: Any) -> Any:
    inputs = by_input[0] if len(by_input) == 1 else tuple(by_input)
    if weights is None:
        return inputs
    parameters = by_weight[0] if isinstance(weights, Parameter) else tuple(by_weight)
    return parameters if positions is None else (inputs, parameters)


def _first_only(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` without its further outputs."""

    def first(*inner: Any, **keywords: Any) -> Any:
        result = fn(*inner, **keywords)
        if not (isinstance(result, tuple) and len(result) > 1):
            raise ArgumentValueError("For 'grad', has_aux=True needs a function with several outputs.", user_location())
        return result[0]

    return like(first, fn)


def _positions(given: Any) -> tuple[int, ...] | None:
    if given is None:
        return None
    positions = given if isinstance(given, tuple) else (given,)
    if any(isinstance(one, bool) or not isinstance(one, int) for one in positions):
        raise ArgumentError(
            f"For 'grad', grad_position must be an int or a tuple of ints, but got {given!r}.", user_location()
        )
    if any(one < 0 for one in positions) or len(set(positions)) != len(positions):
        raise ArgumentValueError(
            f"For 'grad', grad_position must hold different positions, none negative, but got {given!r}.",
            user_location(),
        )
    return positions


def _tensor_number(args: Sequence[Any], position: int) -> int:
    """Which of the tensors among ``args`` stands at ``position``."""
    if position >= len(args) or not isinstance(args[position], Tensor):
        raise ArgumentValueError(f"For 'grad', there is no tensor argument at position {position}.", user_location())
    return sum(len(leaves(one)) for one in args[:position])


def get_grad(gradients: Any, identifier: int | Parameter) -> Any:
    """One gradient out of what ``grad(..., return_ids=True)`` gave: by input position, or by parameter.

    Raises
    ------
    UnknownNameError
        If there is none for ``identifier``.
    """
    wanted = identifier.name if isinstance(identifier, Parameter) else identifier
    pairs = _pairs(gradients)
    for key, gradient in pairs:
        if type(key) is type(wanted) and key == wanted:
            return gradient
    known = [str(key) for key, _ in pairs]
    raise UnknownNameError(f"There is no gradient for {wanted!r}. {choices(str(wanted), known)}", user_location())


def _pairs(found: Any) -> list[tuple[Any, Any]]:
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], (int, str)):
        return [found]
    return [pair for one in found for pair in _pairs(one)] if isinstance(found, tuple) else []


def vjp(
    fn: Callable[..., Any], *inputs: Tensor, weights: Any = None, has_aux: bool = False
) -> tuple[Any, Callable[..., Any]]:
    """The value of ``fn`` and the function that pulls a cotangent of it back to the inputs, as `mindspore.vjp`."""
    if weights is not None or has_aux:
        raise ArgumentError("For 'vjp', weights and has_aux are not supported; use value_and_grad.", user_location())
    value = fn(*inputs)

    def pull(*cotangents: Tensor) -> Any:
        results = _pulled(fn, inputs, cotangents)
        return results[0] if len(results) == 1 else tuple(results)

    return value, pull


def _pulled(fn: Callable[..., Any], inputs: Sequence[Tensor], cotangents: Sequence[Tensor]) -> list[Tensor]:
    """The cotangents of all inputs."""
    request = Request(fn, inputs, {})
    for position in range(len(request.program.arguments)):
        request.by_input(position)
    given = cotangents[0] if len(cotangents) == 1 else tuple(cotangents)
    return request.run(check_sens(given, request.program))


def jvp(fn: Callable[..., Any], inputs: Any, v: Any) -> tuple[Any, Any]:
    """The value of ``fn`` and its directional derivative along ``v``, as `mindspore.jvp`.

    The pull-back of a cotangent is linear in it; its own transpose is the push-forward of ``v``.
    """
    primals = inputs if isinstance(inputs, tuple) else (inputs,)
    tangents = v if isinstance(v, tuple) else (v,)
    value = fn(*primals)
    outputs = value if isinstance(value, tuple) else (value,)

    def back(*cotangents: Tensor) -> tuple[Tensor, ...]:
        return tuple(_pulled(fn, primals, cotangents))

    starts = [ops.zeros_like(output) for output in outputs]
    results = _pulled(back, starts, tangents)
    return value, results[0] if not isinstance(value, tuple) else tuple(results)


def jacrev(fn: Callable[..., Any], grad_position: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The function that gives the Jacobian of ``fn``: its shape is the output's followed by the input's."""
    positions = _positions(grad_position)
    assert positions is not None

    def jacobian(*args: Any) -> Any:
        value = fn(*args)
        found = [_rows(fn, args, value, position) for position in positions]
        return found[0] if isinstance(grad_position, int) else tuple(found)

    return like(jacobian, fn)


def jacfwd(fn: Callable[..., Any], grad_position: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The Jacobian as `jacrev` gives it; MindSpore computes it forward, with the same values."""
    return jacrev(fn, grad_position)


def _rows(fn: Callable[..., Any], args: Sequence[Any], value: Any, position: int) -> Any:
    """The Jacobian by one input, a pull-back for each element of the output."""
    if not isinstance(value, Tensor):
        raise ArgumentError("For 'jacrev', the function must return one tensor.", user_location())
    rows = []
    for index in range(value.size):
        unit = np.zeros(value.shape, value.numpy_dtype)
        unit.flat[index] = 1
        request = Request(fn, args, {})
        place = request.by_input(_tensor_number(args, position))
        rows.append(request.run(check_sens(Tensor(unit), request.program))[place])
    if not rows:
        raise ArgumentValueError(f"For 'jacrev', the output of shape {value.shape} has no elements.", user_location())
    return ops.reshape(ops.stack(rows), (*value.shape, *rows[0].shape))
