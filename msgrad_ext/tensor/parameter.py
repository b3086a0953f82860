"""`Parameter` and `ParameterTuple`: tensors that a cell owns and training changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, TracedValueError, UnknownNameError, choices, user_location
from ..now import Epoch
from ..registry import recorder
from .array import Tensor, as_tensor
from .data import is_number, made_of

DEFAULT_NAME = "Parameter"

# What MindSpore's parallel training reads; it changes nothing here.
_PARALLEL = {
    "layerwise_parallel": False, "parallel_optimizer": True, "comm_fusion": 1, "unique": False, "key": -1,
    "sliced": False, "inited_param": None, "parallel_optimizer_comm_recompute": False, "storage_format": "",
}  # fmt: skip
_KEYWORDS = ("default_input", "name", "requires_grad", "layerwise_parallel", "parallel_optimizer", "storage_format")

# Values that parameters have in this context, and in no other thread, by the parameter's id.
_lent: ContextVar[Mapping[int, np.ndarray]] = ContextVar("lent", default=MappingProxyType({}))


def lent() -> bool:
    """Whether parameters have other values here and now."""
    return bool(_lent.get())


@contextmanager
def lending(values: Iterable[tuple[Tensor, np.ndarray]]) -> Iterator[None]:
    """Let parameters have other values, and dtypes, meanwhile and here alone: the parameters themselves stay as they are."""
    with Epoch.busy():
        token = _lent.set({id(parameter): array for parameter, array in values})
        try:
            yield
        finally:
            _lent.reset(token)


class Parameter(Tensor):
    """A tensor that a cell owns and training changes.

    Parameters
    ----------
    default_input : Tensor, ndarray, number or list
        Its first value.
    name : str, optional
        Its name; by default that of the attribute which holds it.
    requires_grad : bool
        Whether ``trainable_params`` lists it.
    layerwise_parallel, parallel_optimizer, storage_format
        Accepted for compatibility; they change nothing here.
    """

    _FIELDS = frozenset({"_value", "name", "requires_grad", "_named", *_PARALLEL})

    def __init__(
        self,
        default_input: Any,
        name: str | None = None,
        requires_grad: bool = True,
        layerwise_parallel: bool = False,
        parallel_optimizer: bool = True,
        storage_format: str = "",
        **unknown: Any,
    ) -> None:
        for keyword in unknown:
            raise ArgumentError(
                f"Parameter() got an unexpected keyword argument '{keyword}'. {choices(keyword, list(_KEYWORDS[:3]))}"
            )
        if isinstance(default_input, (tuple, np.generic)) or default_input is None:
            raise ArgumentError(
                "For 'Parameter', default_input must be a Tensor, an ndarray, a number or a list, "
                f"but got {type(default_input).__name__}."
            )
        if isinstance(default_input, bool):
            raise ArgumentValueError("For 'Parameter', a bool can not be a parameter.")
        value = made_of(default_input, None)
        self._value = value.astype(np.int32) if isinstance(default_input, int) else value
        self._named = bool(name)
        self.name = name or DEFAULT_NAME
        self.requires_grad = requires_grad

    @property
    def _value(self) -> np.ndarray:  # type: ignore[override]
        return _lent.get().get(id(self), self.__dict__["_value"])

    @_value.setter
    def _value(self, array: np.ndarray) -> None:
        before = self.__dict__.get("_value")
        self.__dict__["_value"] = array
        # Plans read values afresh, but rest on shape and dtype.
        if before is not None and (before.shape != array.shape or before.dtype is not array.dtype):
            Epoch.advance()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._FIELDS:
            raise UnknownNameError(
                f"'Parameter' has no attribute '{name}'. {choices(name, ['name', 'requires_grad', 'set_data'])}"
            )
        if name == "requires_grad" and not isinstance(value, bool):
            raise ArgumentError(f"For 'Parameter', requires_grad must be bool, but got {type(value).__name__}.")
        if name == "name" and not isinstance(value, str):
            raise ArgumentValueError(f"For 'Parameter', the name must be a str, but got {type(value).__name__}.")
        if name in ("requires_grad", "name") and self.__dict__.get(name, value) != value:
            Epoch.advance()
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        return _PARALLEL[name] if name in _PARALLEL else super().__getattr__(name)

    def _leave(self, how: str) -> np.ndarray:
        if recorder.get() is not None:
            raise TracedValueError(
                f"For '{how}', the parameter {self.name} can not leave the network that is being differentiated, "
                "since its gradient would be cut; keep it a tensor.",
                user_location(),
            )
        return self._array()

    def __bool__(self) -> bool:
        running = recorder.get()
        # In a network the branch rests on the value, as on that of any tensor.
        standing = None if running is None else running.stand_in(self)
        return super().__bool__() if standing is None or standing is self else bool(standing)

    @property
    def data(self) -> Parameter:
        """The parameter itself (MindSpore's spelling)."""
        return self

    def value(self) -> Tensor:
        """A tensor of the current values; inside a network, with the parameter's gradient."""
        running = recorder.get()
        return Tensor(self._array()) if running is None else running.stand_in(self)

    def set_data(self, data: Any, slice_shape: bool = False) -> Parameter:
        """Replace the values; the dtype stays. Inside a network, later reads see the new values.

        As in MindSpore 2.10 the shape may change, with ``slice_shape`` or without.
        """
        if not isinstance(data, Tensor) and not is_number(data):
            raise ArgumentError(
                f"For 'set_data', the new data must be a Tensor or a number, but got {type(data).__name__}."
            )
        running = recorder.get()
        if running is not None:
            running.assign(self, as_tensor(data))
        else:
            self._replace(as_tensor(data)._array())
        return self

    def _replace(self, array: np.ndarray) -> None:
        """Take the values of ``array``, in this parameter's dtype."""
        with np.errstate(all="ignore"):
            self._value = np.array(array, dtype=self.numpy_dtype)

    def assign_value(self, value: Any) -> Parameter:
        """Replace the values by those of another tensor."""
        return self.set_data(as_tensor(value))

    def clone(self, init: Any = "same") -> Parameter:
        """A parameter of the same name and settings, with the same values, or with ``init`` for each of them."""
        copy = Parameter(Tensor(self._array()), self.name, self.requires_grad)
        copy._named = self._named
        numbers = {"zeros": 0, "zero": 0, "ones": 1, "one": 1}
        if isinstance(init, Tensor):
            copy._replace(np.broadcast_to(init._array(), self.shape))
        elif is_number(init) or init in numbers:
            copy._replace(np.full(self.shape, numbers.get(init, init)))
        elif init != "same":
            raise ArgumentValueError(
                f"For 'clone', init must be 'same', 'zeros', 'ones', a number or a Tensor, not {init!r}."
            )
        return copy

    def copy(self) -> Tensor:
        """A parameter of the same name, settings and values; inside a network, a tensor with its gradient."""
        running = recorder.get()
        return self.clone() if running is None else running.stand_in(self)

    def __copy__(self) -> Parameter:
        return self.clone()

    def __str__(self) -> str:
        return (
            f"Parameter (name={self.name}, shape={self.shape}, dtype={self.dtype}, requires_grad={self.requires_grad})"
        )

    __repr__ = __str__


class ParameterTuple(tuple[Parameter, ...]):
    """A tuple of parameters with different names; those without a name are numbered."""

    def __new__(cls, iterable: Iterable[Parameter]) -> ParameterTuple:
        members = tuple(iterable)
        names = set()
        for place, member in enumerate(members, 1):
            if not isinstance(member, Parameter):
                raise ArgumentError(
                    f"For 'ParameterTuple', each member must be a Parameter, but got {type(member).__name__}."
                )
            if member.name == DEFAULT_NAME and not member._named:
                member.name = f"{DEFAULT_NAME}${place}"
            if member.name in names:
                raise ArgumentValueError(
                    f"For 'ParameterTuple', its name '{member.name}' already exists; give each parameter its own name."
                )
            names.add(member.name)
        return super().__new__(cls, members)

    def clone(self, prefix: str, init: Any = "same") -> ParameterTuple:
        """Clones of the members, their names led by ``prefix``; see `Parameter.clone`."""
        copies = [member.clone(init) for member in self]
        for copy in copies:
            copy.name = f"{prefix}.{copy.name}"
        return ParameterTuple(copies)
