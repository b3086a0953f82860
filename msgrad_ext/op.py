"""What an op is: one class with three voices, a shape contract, a place in the registry, and a way to be called.

``numpy`` computes, ``vjp`` pulls a cotangent back (written in ops), ``meaning`` says one output element as a formula.
The voices share no helper: their agreement is the proof. Calling an op computes at once, or, while a network is being
traced, hands the op to the recorder of that trace.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np

from .contract import Contract
from .dtype import promote
from .errors import (
    ArgumentError,
    ArgumentValueError,
    DtypeError,
    EngineError,
    MsgradError,
    NotSupportedError,
    user_location,
)
from .ir import Lit, Shape, literal
from .now import Counted, CountedClass
from .registry import COMPOSITES, OPS, refuse_no_tensor, register
from .registry import recorder as recorder
from .tensor import Tensor, as_tensor, is_number
from .voice import evaluate

Operand = Tensor | Lit


class Recorder(Protocol):
    """What a running trace offers to ops."""

    def apply(self, op: Op, operands: Sequence[Operand]) -> Tensor:
        """Record ``op`` and return a stand-in for its result."""


def _shown(op: Any) -> str:
    return f"Prim[{type(op).__name__}]" + (f"<{_settings(op)}>" if vars(op) else "")


class Op(Counted, metaclass=CountedClass):
    """One operation. Subclass it to add an op; nothing else is needed (see docs/adding_an_op.md).

    Class keywords
    --------------
    shapes : str
        The shape contract, such as ``"M K, K N -> M N"``; without one, `out_shape` says the shape.
    functions, methods : str
        Space-separated names under which the op is offered in ``ops`` and as a method of `Tensor`.
    aliases : str
        Further names of the class in ``ops``, such as those of earlier versions.
    constants : str
        Operands that are constants by MindSpore's convention: they get no gradient, in either road.
    assumes : dict
        What the op takes for granted of an operand, such as ``{"labels": "simplex"}``.
    view : bool
        The result may share the operand's memory.
    """

    __slots__ = ("_key",)  # beside the settings, which are all that `vars` shows
    contract: ClassVar[Contract | None] = None
    constants: ClassVar[tuple[str, ...]] = ()
    assumes: ClassVar[dict[str, str]] = {}
    operands: ClassVar[tuple[str, ...]] = ()
    view: ClassVar[bool] = False
    certain: ClassVar[bool] = False  # the voice raises nothing, whatever the values, of some floats
    nested: ClassVar[bool] = False
    smooth: ClassVar[bool] = True
    in_float64: ClassVar[bool] = False

    def __init_subclass__(
        cls,
        shapes: str | None = None,
        functions: str = "",
        methods: str = "",
        aliases: str = "",
        constants: str = "",
        assumes: dict[str, str] | None = None,
        view: bool = False,
        abstract: bool = False,
    ) -> None:
        super().__init_subclass__()
        if shapes is not None:
            cls.contract = Contract(shapes)
        cls.constants = tuple(constants.split())
        cls.assumes = dict(assumes or {})
        cls.view = view
        if "numpy" in vars(cls):
            cls.operands = tuple(name for name in inspect.signature(cls.numpy).parameters if name != "self")
        if not abstract:
            register(cls, functions, methods, aliases, OPS)

    # The three voices -------------------------------------------------------------------------------------------

    def numpy(self, *operands: Any) -> Any:
        """Compute the result from arrays."""
        raise NotSupportedError(f"For '{type(self).__name__}', there is no numpy voice: nothing can be computed.")

    def vjp(self, ct: Any, out: Any, *operands: Any) -> Any:
        """The cotangents of the operands, given that of the result; None for an operand without one."""
        raise NotSupportedError(f"For '{type(self).__name__}', there is no derivative.")

    def meaning(self, *operands: Any) -> Any:
        """A function from an output index to the formula of that element."""
        raise NotSupportedError(f"For '{type(self).__name__}', there is no meaning: no formula can be derived.")

    # The contract -----------------------------------------------------------------------------------------------

    def out_shape(self, *shapes: Sequence[Any]) -> tuple[Any, ...]:
        """The result's shape from the operands' shapes; axis lengths may be symbols (see `contract`)."""
        if self.contract is None:
            raise EngineError(f"For '{type(self).__name__}', there is neither a shape contract nor out_shape.")
        names = self.operands if len(self.operands) == len(shapes) else [f"operand {i}" for i in range(len(shapes))]
        return self.contract.solve(type(self).__name__, names, shapes)

    def out_dtype(self, *dtypes: np.dtype) -> np.dtype:
        """The result's dtype; by default all operands must have one dtype, and it is that."""
        first = dtypes[0]
        if any(kind is not first and kind != first for kind in dtypes):
            got = " and ".join(str(kind) for kind in dtypes)
            raise DtypeError(f"For '{type(self).__name__}', all operands must have one dtype, but got {got}.")
        return first

    def infer(self, *atoms: Any) -> tuple[Shape, np.dtype]:
        """Shape and dtype of the result for operands that have a shape and a dtype."""
        shapes = tuple([atom.shape for atom in atoms])
        # Every pass validates its graph anew; a contract's answer for lengths that are numbers never changes.
        plain = self.contract and type(self).out_shape is Op.out_shape and len(self.operands) == len(shapes)
        shape = _solved(self.contract, type(self).__name__, self.operands, shapes) if plain else self.out_shape(*shapes)
        return shape, self.out_dtype(*[atom.dtype for atom in atoms])

    # Parameters of the op: what ``__init__`` and `bind` set on it ----------------------------------------------------

    @property
    def params(self) -> dict[str, Any]:
        """The op's own settings, such as ``{"axis": (0,)}``."""
        return vars(self)

    @property
    def key(self) -> tuple[Any, ...]:
        """A hashable value that is equal for ops that do the same."""
        if not vars(self):
            return (type(self),)
        found = getattr(self, "_key", None)
        if found is None:
            found = (type(self), *sorted(vars(self).items()))
            object.__setattr__(self, "_key", found)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        object.__setattr__(self, "_key", None)

    def set(self, **params: Any) -> Op:
        """A copy of this op with more settings."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__, **params)
        return copy

    @property
    def label(self) -> str:
        """How a graph shows the op: ``ReduceSum[axis=(0,)]``."""
        return f"{type(self).__name__}[{_settings(self)}]" if vars(self) else type(self).__name__

    __repr__ = _shown

    # Calling ----------------------------------------------------------------------------------------------------

    def bind(self, *args: Any) -> tuple[Op, Sequence[Any]] | Any:
        """Turn the arguments of a call into this op with its settings, and operands.

        An op whose call takes settings (``ReduceSum()(x, axis)``) overrides it. It may also return a finished result,
        composed of other ops.
        """
        if len(args) != len(self.operands):
            wanted = f"{len(self.operands)} operand" + "s" * (len(self.operands) != 1)
            raise ArgumentError(f"For '{type(self).__name__}', a call takes {wanted}, but got {len(args)}.")
        return self, args

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the op: compute now, or record it if a network is being traced."""
        try:
            bound = self.bind(*args, **kwargs)
            if not (isinstance(bound, tuple) and len(bound) == 2 and isinstance(bound[0], Op)):
                return bound
            return apply(bound[0], bound[0].convert(bound[1]))
        except MsgradError as error:
            raise error.at(user_location())
        except AttributeError as error:
            refuse_no_tensor(type(self).__name__, error, (*args, *kwargs.values()))
            raise

    def convert(self, operands: Sequence[Any]) -> Sequence[Operand]:
        """Operands as tensors and literals: Python numbers take the dtype of the tensors beside them."""
        name = type(self).__name__
        tensors = [as_operand(name, operand) for operand in operands]
        if len(tensors) == 1 and is_number(tensors[0]):
            raise ArgumentError(f"For '{name}', the operand must be a Tensor, but got {type(tensors[0]).__name__}.")
        kinds = [tensor.numpy_dtype for tensor in tensors if isinstance(tensor, Tensor)]
        return [tensor if isinstance(tensor, (Tensor, Lit)) else weak_literal(tensor, kinds) for tensor in tensors]


def _settings(op: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in vars(op).items())


class Composite(Counted, metaclass=CountedClass):
    """Base of what MindSpore offers as an op class, but is composed of other ops here: no voices of its own are needed.

    A subclass keeps its settings in ``__init__`` and says in `compute` what a call gives. Its derivatives and formulas
    are those of the ops it calls. The class keywords ``functions``, ``methods`` and ``aliases`` are those of `Op`.
    """

    def __init_subclass__(cls, functions: str = "", methods: str = "", aliases: str = "") -> None:
        super().__init_subclass__()
        if not cls.__name__.startswith("_"):
            register(cls, functions, methods, aliases, COMPOSITES)

    def compute(self, *operands: Any) -> Any:
        """The result of a call: one tensor or a tuple."""
        raise NotSupportedError(f"For '{type(self).__name__}', there is nothing to compute.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply it to operands."""
        try:
            return self.compute(*args, **kwargs)
        except MsgradError as error:
            raise error.at(user_location())
        except AttributeError as error:
            refuse_no_tensor(type(self).__name__, error, (*args, *kwargs.values()))
            raise

    __repr__ = _shown


@lru_cache(maxsize=4096)
def _solved(contract: Contract, name: str, operands: tuple[str, ...], shapes: tuple[Shape, ...]) -> Shape:
    return contract.solve(name, operands, shapes)


def apply(op: Op, operands: Sequence[Operand]) -> Tensor:
    """The result of a bound op on converted operands."""
    running = recorder.get()
    if running is not None:
        return running.apply(op, operands)
    return compute(op, operands)


def compute(op: Op, operands: Sequence[Operand]) -> Tensor:
    """Apply ``op`` to operands whose values are known."""
    arrays = [operand.value if isinstance(operand, Lit) else operand._array() for operand in operands]
    return Tensor._wrap(evaluate(op, arrays, op.infer(*arrays)[1]))


def as_operand(op: str, value: Any) -> Any:
    """``value`` as a tensor or literal; a Python number stays itself, to take its neighbours' dtype."""
    if isinstance(value, (Tensor, Lit)) or is_number(value):
        return value
    if isinstance(value, np.generic):
        return as_tensor(value)
    advice = " Make a Tensor of it first: Tensor(array)." if isinstance(value, np.ndarray) else ""
    told = f"For '{op}', an operand must be a Tensor or a number, but got {type(value).__name__}.{advice}"
    raise ArgumentError(told)


def weak_literal(number: float | int | bool, kinds: Sequence[np.dtype]) -> Lit:
    """A Python number beside tensors of dtypes ``kinds``: it does not widen a float, and a float beside ints is float32."""
    common = None
    for kind in kinds:
        common = kind if common is None else promote(common, kind)
    if common is None or (common.kind in "iub" and isinstance(number, float)):
        common = np.dtype("float32" if isinstance(number, float) else "bool" if isinstance(number, bool) else "int64")
    elif common.kind == "b" and not isinstance(number, bool):
        common = np.dtype("int64")
    try:
        return literal(number, common)
    except OverflowError:
        raise ArgumentValueError(f"The number {number} does not fit the {common} tensor beside it.") from None


class Elementwise(Op, abstract=True):
    """Base of ops that work element by element: operands are promoted to one dtype and broadcast.

    A tensor without axes does not widen one that has some, if both are of the numpy kinds ``weak_scalars``.
    """

    weak_scalars: ClassVar[str] = ""
    certain = True

    def __init_subclass__(cls, abstract: bool = False, **keywords: Any) -> None:
        count = len(inspect.signature(cls.numpy).parameters) - 1 if "numpy" in vars(cls) else 0
        keywords.setdefault("shapes", ", ".join(["..."] * count) + " -> ..." if count else None)
        super().__init_subclass__(abstract=abstract, **keywords)

    def convert(self, operands: Sequence[Any]) -> Sequence[Operand]:
        """Operands cast to their common dtype."""
        given = super().convert(operands)
        given = _narrowed(given, self.weak_scalars) if self.weak_scalars else given
        common = given[0].dtype if isinstance(given[0], Lit) else given[0].numpy_dtype
        for operand in given[1:]:
            common = promote(common, operand.dtype if isinstance(operand, Lit) else operand.numpy_dtype)
        return [cast(operand, self.working_dtype(common)) for operand in given]

    def working_dtype(self, common: np.dtype) -> np.dtype:
        """The dtype to compute in, given the operands' common one."""
        return common


def _narrowed(given: Sequence[Operand], weak: str) -> Sequence[Operand]:
    """Two operands, of which a scalar takes the other's dtype if both are floats, or both integers, of kinds ``weak``."""
    first, second = given
    if isinstance(first, Lit) or isinstance(second, Lit) or (first.ndim > 0) == (second.ndim > 0):
        return given
    kinds = first.numpy_dtype, second.numpy_dtype
    if any(one.kind not in weak for one in kinds) or (kinds[0].kind == "f") != (kinds[1].kind == "f"):
        return given
    return (cast(first, kinds[1]), second) if first.ndim == 0 else (first, cast(second, kinds[0]))


class Smooth(Elementwise, abstract=True):
    """Base of elementwise ops that need floats (``exp``, ``sin``): an integer operand is refused, as MindSpore does."""

    def working_dtype(self, common: np.dtype) -> np.dtype:
        if common.kind not in "fO":
            raise DtypeError(f"For '{type(self).__name__}', the operand must be a float tensor, but got {common}.")
        return common


def cast(operand: Operand, kind: np.dtype) -> Operand:
    """``operand`` in dtype ``kind``; a `Cast` is recorded only if something changes."""
    if isinstance(operand, Lit):
        return operand if operand.dtype == kind else Lit(literal(operand.value, kind).value, operand.exact)
    if operand.numpy_dtype == kind:
        return operand
    op, given = OPS["Cast"]().bind(operand, kind)
    return apply(op, op.convert(given))
