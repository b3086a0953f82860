"""Second derivatives as functions of tensors: `hessian` and `hvp`, which keep their plans as gradient functions do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..errors import ArgumentError
from ..keeping.attempt import BUSY, Taking, gradient_function, like
from ..keeping.dispatch import Answer, Answered, tensors_answer
from ..keeping.surroundings import mark
from ..registry import fn as ops
from ..tensor import Tensor
from ..tracing.trace import trace
from .functional import Asked, Taken, checked_positions, grad, tensor_number
from .jacobian import jacrev, jvp
from .second_order import CompiledHessian


def hessian(fn: Callable[..., Any], grad_position: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The function that gives the Hessian of ``fn`` (of the sum of its output's elements).

    Parameters
    ----------
    fn : callable
        A `Cell` or a function of tensors.
    grad_position : int or tuple of int
        Which inputs to differentiate by.

    Returns
    -------
    callable
        Of the same arguments. For one position a tensor, with the axes of the input twice; for several a tuple of tuples
        of such blocks.
    """
    positions = checked_positions(grad_position)
    if positions is None:
        raise ArgumentError("For 'hessian', grad_position must be an int or a tuple of ints, but got None.")
    return gradient_function(fn, f"hessian {positions}", None, lambda _: _Hessian(fn, positions))


class _Hessian(Answered):
    """What `hessian` gives."""

    def __init__(self, fn: Callable[..., Any], positions: tuple[int, ...]) -> None:
        self.fn, self.positions = fn, positions
        self._compiled: CompiledHessian | None = None
        self._answered: tuple[Any, ...] = ()
        like(self, fn)

    def rests_on(self) -> tuple[Any, ...]:
        """The function."""
        return (self.fn,)

    def _checked(self, *args: Any) -> Any:
        plain = all(one() is None for one in BUSY) and all(isinstance(one, Tensor) for one in args)
        if not plain:
            return jacrev(grad(self.fn, self.positions), self.positions)(*args)
        for position in self.positions:
            tensor_number(args, position)
        compiled = self._compiled
        if compiled is None:
            names = trace(self.fn, args).arguments
            wrt = [names[position] for position in self.positions]
            self._compiled = compiled = CompiledHessian(self.fn, args, wrt, None)
        blocks = compiled(*args)
        if compiled._versions != self._answered:
            self._answered = compiled._versions
            known = [version.at_once for version in self._answered if version.at_once is not None]
            self._answer_by([self._quick(compiled, *one) for one in known])
        return self._table(compiled, {pair: Tensor._wrap(block) for pair, block in blocks.items()})

    def _quick(self, compiled: CompiledHessian, answer: Answer, structure: Any) -> Callable[..., Any]:
        return tensors_answer(replace(answer, busy=BUSY), mark, len(structure), self._table(compiled, structure))

    def _table(self, compiled: CompiledHessian, blocks: dict[tuple[str, str], Any]) -> Any:
        table = tuple(tuple(blocks[a, b] for b in compiled.names) for a in compiled.names)
        return table[0][0] if len(self.positions) == 1 else table


def hvp(fn: Callable[..., Any], inputs: Any, v: Any) -> tuple[Any, Any]:
    """The gradient of ``fn`` and the product of its Hessian with ``v``, both by all ``inputs``.

    Parameters
    ----------
    fn : callable
        A `Cell` or a function of tensors with one output.
    inputs, v : Tensor, or tuple of Tensor
        Its arguments, and the direction: a tensor of the same shape and dtype for each.
    """
    several = isinstance(inputs, (tuple, list))
    members, along = (tuple(one) if isinstance(one, (tuple, list)) else (one,) for one in (inputs, v))
    position: Any = tuple(range(len(members))) if several else 0
    forms = [(one.shape, one.numpy_dtype) if type(one) is Tensor else None for one in (*members, *along)]
    count = len(members)
    plain = None not in forms and forms[:count] == forms[count:] and len({one[1] for one in forms if one}) == 1
    if not plain or forms[0][1].kind != "f" or any(one() is not None for one in BUSY):  # type: ignore[index]
        return jvp(grad(fn, position), inputs, v)  # type: ignore[return-value]
    way = f"hvp {position}"
    (_, gradient), product = gradient_function(fn, way, None, lambda _: _along(fn, position, count))(*members, *along)
    return gradient, product


def _along(fn: Callable[..., Any], position: Any, count: int) -> Taking:
    """The gradient along a direction, by the inputs: it is linear in the direction, and its gradient is the product."""
    inner = grad(fn, position)

    def slope(*both: Any) -> Any:
        found = inner(*both[:count])
        gradients = found if isinstance(found, tuple) else (found,)
        products = [ops.reduce_sum(one * other) for one, other in zip(gradients, both[count:])]
        return sum(products[1:], products[0]), found

    return Taken(
        slope, position if isinstance(position, tuple) else (position,), None, Asked(position, True, False, False, True)
    )


__all__ = ["hessian", "hvp"]
