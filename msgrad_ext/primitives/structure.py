"""What a network asks of its tensors besides values (shape, rank, dtype), and what it does with them besides computing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..dtype import DType as Kind
from ..dtype import to_numpy
from ..errors import ArgumentError, ArgumentValueError, CountError
from ..op import Composite
from ..registry import composite, fleeting
from ..tensor import Tensor, is_number
from .arguments import tensor
from .creation import kind_of
from .getitem import copy


class Shape(Composite, functions="shape"):
    """The lengths of the axes, a tuple of ints."""

    def compute(self, input_x: Any) -> tuple[int, ...]:
        """The shape."""
        return tensor("Shape", "input_x", input_x).shape


class TensorShape(Composite, functions="dyn_shape"):
    """The lengths of the axes, a tensor of ints."""

    def compute(self, input_x: Any) -> Tensor:
        """The shape."""
        return Tensor(np.array(tensor("TensorShape", "input_x", input_x).shape, np.int64))


class Rank(Composite, functions="rank"):
    """The number of axes, an int."""

    def compute(self, input_x: Any) -> int:
        """The rank."""
        return tensor("Rank", "input_x", input_x).ndim


class Size(Composite, functions="size numel", methods="numel nelement"):
    """The number of elements, an int."""

    def compute(self, input_x: Any) -> int:
        """The size."""
        return tensor("Size", "input_x", input_x).size


@composite(methods="ndimension")
def ndimension(self: Tensor) -> int:
    """The number of axes."""
    return self.ndim


class DType(Composite, functions="dtype"):
    """The dtype."""

    def compute(self, input_x: Any) -> Kind:
        """The dtype."""
        return tensor("DType", "input_x", input_x).dtype


@composite(functions="is_tensor")
def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a tensor."""
    return isinstance(obj, Tensor)


class ScalarToTensor(Composite, functions="scalar_to_tensor"):
    """A number as a tensor, Float32 by default."""

    def compute(self, input_x: Any, dtype: Any = None) -> Tensor:
        """The tensor."""
        if not is_number(input_x):
            raise ArgumentError(
                f"For 'ScalarToTensor', the input must be an int, float or bool, but got {type(input_x).__name__}."
            )
        return Tensor(np.asarray(input_x, kind_of("ScalarToTensor", dtype)))


class Identity(Composite, functions="identity"):
    """The operand itself."""

    def compute(self, input_x: Any) -> Tensor:
        """A tensor of the same values."""
        return copy(tensor("Identity", "input_x", input_x))


class Depend(Composite, functions="depend"):
    """The first operand; the second is computed before it, which here all that comes first is."""

    def compute(self, value: Any, expr: Any) -> Any:
        """The value."""
        return value


class Print(Composite, functions="print_"):
    """Prints what it is given; a tensor of the network shows its values."""

    def compute(self, *input_x: Any) -> None:
        """Print each in a line of its own."""
        fleeting()
        for one in input_x:
            print(_shown(one))


def _shown(value: Any) -> str:
    if isinstance(value, Tensor):
        return repr(Tensor._wrap(value._array()))
    if isinstance(value, (tuple, list)):
        inner = ", ".join(map(_shown, value))
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    return str(value)


@composite(functions="is_nonzero")
def is_nonzero(input: Any) -> bool:
    """Whether the only element of ``input`` is not 0."""
    return bool(tensor("is_nonzero", "input", input) != 0)


@composite(functions="typeof")
def typeof(value: Any) -> Any:
    """The dtype of a tensor, the type of anything else."""
    return value.dtype if isinstance(value, Tensor) else type(value)


class MultitypeFuncGraph(Composite):
    """A function with a body for each combination of types; ``register`` adds one.

    Parameters
    ----------
    name : str
        Its name.
    read_value : bool
        Taken for MindSpore's sake.
    """

    def __init__(self, name: str, read_value: bool = False) -> None:
        self.name = name
        self._bodies: list[tuple[tuple[str, ...], Callable[..., Any]]] = []

    def register(self, *type_names: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorate the body for arguments of these types: ``"Tensor"``, ``"Number"``, ``"Tuple"``, ``"List"`` ..."""
        wanted = tuple(_type_name(one) for one in type_names)

        def listed(body: Callable[..., Any]) -> Callable[..., Any]:
            self._bodies.append((wanted, body))
            return body

        return listed

    def compute(self, *args: Any) -> Any:
        """The result of the body that fits."""
        for wanted, body in self._bodies:
            if len(wanted) == len(args) and all(_is(one, name) for one, name in zip(args, wanted)):
                return body(*args)
        given = ", ".join(type(one).__name__ for one in args)
        known = "; ".join(", ".join(wanted) for wanted, _ in self._bodies) or "none"
        raise ArgumentError(f"For 'MultitypeFuncGraph', '{self.name}' has no body for ({given}), but for: {known}.")

    def __repr__(self) -> str:
        return f"MultitypeFuncGraph[{self.name}]"


def _type_name(wanted: Any) -> str:
    if isinstance(wanted, str):
        return wanted
    if isinstance(wanted, Kind):
        return {"i": "Int", "u": "Int", "f": "Float", "b": "Bool"}.get(to_numpy(wanted).kind, "Number")
    return getattr(wanted, "__name__", str(wanted)).capitalize()


_TYPES: dict[str, Callable[[Any], bool]] = {
    "tensor": lambda value: isinstance(value, Tensor),
    "number": is_number,
    "scalar": is_number,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, float),
    "bool": lambda value: isinstance(value, bool),
    "tuple": lambda value: isinstance(value, tuple),
    "list": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "none": lambda value: value is None,
    "dictionary": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}


def _is(value: Any, name: str) -> bool:
    test = _TYPES.get(name.lower().rstrip("0123456789"))
    if test is None:
        raise ArgumentValueError(
            f"For 'MultitypeFuncGraph', the type must be one of {sorted(_TYPES)}, but got {name!r}."
        )
    return test(value)


class HyperMap(Composite):
    """An operation applied to all members of tuples and lists, at every depth."""

    deep = True

    def __init__(self, ops: Any = None, reverse: bool = False) -> None:
        self.ops, self.reverse = ops, reverse

    def compute(self, *args: Any) -> Any:
        """The results, nested as the arguments are."""
        name = type(self).__name__
        operation, sequences = (args[0], args[1:]) if self.ops is None else (self.ops, args)
        if not callable(operation):
            raise ArgumentError(f"For '{name}', there must be an operation, but got {type(operation).__name__}.")
        if not sequences:
            raise ArgumentError(f"For '{name}', there must be at least one sequence.")
        return self._mapped(operation, sequences)

    def _mapped(self, operation: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        first = given[0]
        if not isinstance(first, (tuple, list)):
            return operation(*given)
        if any(not isinstance(one, (tuple, list)) or len(one) != len(first) for one in given):
            raise CountError(f"For '{type(self).__name__}', the sequences must be of one length.")
        inner = self._mapped if self.deep else lambda operation, members: operation(*members)
        found = [inner(operation, members) for members in zip(*given)]
        return found if isinstance(first, list) else tuple(found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}_"


class Map(HyperMap):
    """An operation applied to the members of tuples and lists."""

    deep = False


class Partial(Composite, functions="partial"):
    """A function with its first arguments given."""

    def compute(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """The function of the arguments that are left."""
        if not callable(func):
            raise ArgumentError(f"For 'Partial', the 'func' must be a function, but got {type(func).__name__}.")
        return partial(func, *args, **kwargs)


class InvertPermutation(Composite):
    """Where each number stands in a permutation."""

    def compute(self, input_x: Any) -> tuple[int, ...]:
        """The inverse permutation."""
        if not isinstance(input_x, (tuple, list)):
            raise ArgumentError("For 'InvertPermutation', the input must be a tuple of ints.")
        if sorted(input_x) != list(range(len(input_x))):
            raise ArgumentValueError(f"For 'InvertPermutation', the input must be a permutation, but got {input_x}.")
        return tuple(list(input_x).index(number) for number in range(len(input_x)))


__all__ = ["HyperMap", "Map", "MultitypeFuncGraph"]
