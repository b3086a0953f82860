"""Second derivatives as compiled functions: full Hessians, all rows at once, and their products with directions.

The gradient's graph is linear in the direction once it is differentiated again. A product with a direction is that
graph; the Hessian is its matrix (`linear`), in which what is zero by structure is never computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import (
    ArgumentError,
    ArgumentValueError,
    DtypeError,
    MsgradError,
    NotSupportedError,
    ShapeError,
    user_location,
)
from ..ir import Graph, Var, literal
from ..keeping.dispatch import Answer, Form, Slot
from ..keeping.standing import standing
from ..keeping.surroundings import Surroundings
from ..linear.cost import cost
from ..linear.matrix import blocks, product
from ..linear.scalars import plan_of
from ..linear.whole import whole
from ..numeric.interpreter import run
from ..numeric.plan import GuardFailed, Plan
from ..passes.simplify import simplify
from ..reversing.reverse import bind, reverse
from ..tensor import Epoch, Tensor
from ..tracing.marking import leaves
from ..tracing.trace import Program, trace
from .compiled import CompiledGradient, as_inputs, choose, quick


@dataclass(frozen=True, eq=False)
class Version:
    """One traced and compiled form of the second derivatives.

    Attributes
    ----------
    shapes : tuple of tuple of int
        Those of what it is taken by.
    by_rows : bool
        There is no matrix by structure: the plan gives products, and the Hessian is made row by row.
    """

    program: Program
    plan: Plan
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    epoch: int
    outer: Surroundings
    at_once: tuple[Answer, Any] | None
    by_rows: bool = False


class _CompiledSecond(CompiledGradient):
    """What the compiled forms of second order share: tracing, and the graph of products with directions."""

    def _traced(self, given: Sequence[Any]) -> tuple[Program, dict[str, Var], Graph, tuple[Var, ...], list[Any]]:
        """The program, what it is differentiated by, the graph of products, its directions, the example's values."""
        program = trace(self.function, given)
        wrt = choose(self.function, program, self.wrt)
        weights = self._weights(program)
        values = [*program.values, *(one._array() for one in weights or ())]
        once = reverse(program.graph, list(wrt.values()), weights is not None, values)
        if weights is not None:
            once = bind(once, [literal(one._array()) for one in weights])
        first = simplify(Graph(once.inputs, once.eqns, once.outputs[len(program.graph.outputs) :], once.guards))
        by = [first.inputs[program.graph.inputs.index(var)] for var in wrt.values()]
        example = [*program.values, *(np.ones(var.shape, var.dtype) for var in by)]
        twice = reverse(first, by, True, example)
        graph = simplify(Graph(twice.inputs, twice.eqns, twice.outputs[len(first.outputs) :], twice.guards))
        return program, wrt, graph, graph.inputs[len(first.inputs) :], list(program.values)

    def _results(self, version: Any, arrays: Sequence[np.ndarray], directions: Sequence[np.ndarray]) -> Any:
        return version.plan(*arrays, *(one._array() for one in version.program.captured), *directions)


class CompiledHessian(_CompiledSecond):
    """The Hessian of a network's output (of its sum, if it has several elements), compiled; call it like the network.

    Made by `msgrad_ext.compile_hessian`. A call takes ndarrays, tensors or numbers. It returns a dict from pairs of names
    to blocks, each with the axes of the first and then those of the second; with ``matrix`` one array with two axes.
    Results are fresh arrays.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        example: Sequence[Any],
        wrt: Sequence[str] | None,
        sens: Any,
        matrix: bool = False,
    ) -> None:
        self.matrix = matrix
        super().__init__(function, example, wrt, sens)

    def __repr__(self) -> str:
        return f"CompiledHessian({type(self.function).__name__}, by {', '.join(self.names)})"

    def _trace(self, given: Sequence[Any]) -> Any:
        epoch = Epoch.count
        program, wrt, graph, directions, values = self._traced(given)
        if self.matrix and len({var.dtype for var in directions}) != 1:
            raise DtypeError("A Hessian as one matrix needs all that it is taken by to have one dtype.")
        shapes = tuple(var.shape for var in directions)
        outer = Surroundings(self.function, given, standing(self.function))
        made = _structured(graph, directions, self.matrix, values)
        plan = plan_of(graph if made is None else made)
        at_once = None
        if made is not None:
            slots = [Slot(number) for number in range(len(made.outputs))]
            at_once = quick(program, plan, epoch, outer, given, self._arranged(tuple(wrt), slots))
        return self._kept(Version(program, plan, tuple(wrt), shapes, epoch, outer, at_once, made is None))

    def _arranged(self, names: Sequence[str], results: Sequence[Any]) -> Any:
        """The matrix, or the blocks by pairs of names."""
        return results[0] if self.matrix else dict(zip([(a, b) for a in names for b in names], results))

    def _answer(self, version: Any, arrays: Sequence[np.ndarray]) -> Any:
        if version.by_rows:
            results = self._rows(version, arrays)
        else:
            results = self._results(version, arrays, ())
        return self._arranged(version.names, results)

    def _rows(self, version: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The blocks, a product with a direction for each column."""
        inputs = version.plan.graph.inputs[-len(version.shapes) :]
        found: dict[tuple[int, int], np.ndarray] = {}
        for column, var in enumerate(inputs):
            columns = []
            for number in range(int(np.prod(var.shape, dtype=np.int64))):
                directions = [np.zeros(one.shape, one.dtype) for one in inputs]
                directions[column].flat[number] = 1
                columns.append(self._results(version, arrays, directions))
            for row, shape in enumerate(version.shapes):
                block = np.stack([one[row] for one in columns], axis=-1)
                found[row, column] = block.reshape(*shape, *var.shape)
        count = range(len(inputs))
        if not self.matrix:
            return [found[row, column] for row in count for column in count]
        size = [int(np.prod(shape, dtype=np.int64)) for shape in version.shapes]
        return [np.block([[found[a, b].reshape(size[a], size[b]) for b in count] for a in count])]


def _structured(graph: Graph, directions: Sequence[Var], matrix: bool, values: Sequence[Any]) -> Graph | None:
    """The Hessian's graph by structure, after it agreed with ``graph`` along a random direction; None if there is none."""
    try:
        made = whole(graph, directions) if matrix else blocks(graph, directions, symmetric=True)
    except NotSupportedError:
        return None
    generator = np.random.default_rng(0)
    along = [generator.standard_normal(var.shape).astype(var.dtype) for var in directions]
    with np.errstate(all="ignore"):
        wanted = np.concatenate([one.ravel() for one in run(graph, [*values, *along])])
        results = run(made, values)
        if matrix:
            (hessian,) = results
        else:
            hessian = np.block(_table(results, [int(np.prod(var.shape, dtype=np.int64)) for var in directions]))
        moved = np.concatenate([one.ravel() for one in along])
        got, scale = hessian @ moved, np.abs(hessian) @ np.abs(moved)
    close = np.abs(got - wanted) <= _SLACK * np.finfo(got.dtype).eps * (scale + np.abs(scale).max(initial=0))
    return made if np.all(close | ~np.isfinite(wanted)) else None


# How many roundings of the largest row the two ways to a Hessian may differ by: both add up the same terms.
_SLACK = 4096


def _table(results: Sequence[np.ndarray], sizes: Sequence[int]) -> list[list[np.ndarray]]:
    count = len(sizes)
    return [[results[a * count + b].reshape(sizes[a], sizes[b]) for b in range(count)] for a in range(count)]


class CompiledProduct(_CompiledSecond):
    """Products of a network's Hessian with directions, compiled; call it with the network's inputs and the directions.

    Made by `msgrad_ext.compile_hvp`. The last argument of a call is the direction: an array, or for several names a dict
    by name, or a tuple in their order. It returns a dict from name to ndarray.
    """

    def __repr__(self) -> str:
        return f"CompiledProduct({type(self.function).__name__}, by {', '.join(self.names)})"

    def _trace(self, given: Sequence[Any]) -> Any:
        epoch = Epoch.count
        program, wrt, graph, directions, _ = self._traced(given)
        try:
            other = product(graph, directions)
            graph = min(graph, other, key=cost)
        except NotSupportedError:
            pass
        shapes = tuple(var.shape for var in directions)
        outer, plan, at_once = Surroundings(self.function, given, standing(self.function)), plan_of(graph), None
        if len(wrt) == 1:
            along = [Form(var.shape, var.dtype) for var in directions]
            at_once = quick(program, plan, epoch, outer, given, dict.fromkeys(wrt, Slot(0)), along)
        return self._kept(Version(program, plan, tuple(wrt), shapes, epoch, outer, at_once))

    def _checked(self, *args: Any) -> Any:
        """The products at ``args``, of which the last one is the direction."""
        if not args:
            raise ArgumentError("A product with a Hessian needs a direction as its last argument.", user_location())
        given = as_inputs(args[:-1])
        arrays = [leaf._array() for one in given for leaf in leaves(one)]
        for version in self._versions:
            if self._fits(version, given, arrays):
                try:
                    return self._product(version, arrays, args[-1])
                except GuardFailed:
                    continue
        version = self._trace(given)
        answer = self._product(version, arrays, args[-1])
        version.program.store()
        return answer

    def _product(self, version: Any, arrays: Sequence[np.ndarray], direction: Any) -> dict[str, np.ndarray]:
        inputs = version.plan.graph.inputs[-len(version.shapes) :]
        directions = _directions(direction, version.names, inputs)
        return dict(zip(version.names, self._results(version, arrays, directions)))


def _directions(given: Any, names: Sequence[str], inputs: Sequence[Var]) -> list[np.ndarray]:
    """The directions as arrays, in the order of ``names``."""
    if isinstance(given, dict):
        if set(given) != set(names):
            raise ArgumentValueError(f"The directions must be by the names {', '.join(names)}.", user_location())
        members: list[Any] = [given[name] for name in names]
    elif isinstance(given, (tuple, list)):
        members = list(given)
    else:
        members = [given]
    if len(members) != len(names):
        raise ArgumentValueError(f"There must be {len(names)} directions, but got {len(members)}.", user_location())
    arrays = [one._array() if isinstance(one, Tensor) else np.asarray(one) for one in members]
    for array, var, name in zip(arrays, inputs, names):
        if array.shape != var.shape:
            told = f"The direction of {name} must have shape {var.shape}, but got {array.shape}."
            raise ShapeError(told, user_location())
    return [np.asarray(array, dtype=var.dtype) for array, var in zip(arrays, inputs)]


def compile_hessian(
    net: Callable[..., Any], *args: Any, wrt: Sequence[str] | None = None, sens: Any = None, matrix: bool = False
) -> CompiledHessian:
    """Compile the Hessian of ``net``'s output; of the sum of its elements weighted by ``sens``, if it has several.

    Parameters
    ----------
    net : Cell or callable
        The network.
    *args
        Example inputs; they fix shapes and dtypes (others are traced when they come).
    wrt : sequence of str, optional
        Names of inputs and parameters; by default all float inputs and all trainable parameters.
    sens : Tensor or ndarray, optional
        Weights of the output; ones by default.
    matrix : bool
        Give one array with two axes, over all elements of all of ``wrt`` in order, instead of blocks by pairs of names.

    Returns
    -------
    CompiledHessian
        Call it with inputs; it returns the blocks, or the matrix.

    Raises
    ------
    MsgradError
        With the user's line, if the network can not be traced or a name in ``wrt`` is unknown.
    """
    try:
        return CompiledHessian(net, args, wrt, sens, matrix)
    except MsgradError as error:
        raise error.at(user_location())


def compile_hvp(
    net: Callable[..., Any], *args: Any, wrt: Sequence[str] | None = None, sens: Any = None
) -> CompiledProduct:
    """Compile products of the Hessian of ``net``'s output with directions; the arguments are those of `compile_hessian`.

    Returns
    -------
    CompiledProduct
        Call it with inputs and, last, the direction; it returns a dict from name to product.
    """
    try:
        return CompiledProduct(net, args, wrt, sens)
    except MsgradError as error:
        raise error.at(user_location())


__all__ = ["CompiledHessian", "CompiledProduct", "compile_hessian", "compile_hvp"]
