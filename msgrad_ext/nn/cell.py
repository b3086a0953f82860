"""`Cell`, the base of networks and layers: it holds parameters and other cells, and is called like a function."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain, count
from typing import Any

from ..errors import ArgumentError, NameTakenError, UnknownNameError, choices, user_location
from ..registry import fleeting, recorder, refuse_no_tensor
from ..reversing.calling import CellHooks, call
from ..tensor import Epoch, Parameter, ParameterTuple, Tensor
from ..tensor.parameter import DEFAULT_NAME
from .manners import CellManners

_LAYERS = __package__


class Cell(CellHooks, CellManners):
    """A network or a layer. A subclass makes its parameters in ``__init__`` and computes in ``construct``."""

    # A derivative of the user's own, for the outputs and their cotangents.
    bprop: Any = None

    def __init__(self, auto_prefix: bool = True, flags: Any = None) -> None:
        self.__dict__.update(
            _params={},
            _cells={},
            _buffers={},
            _auto_prefix=auto_prefix,
            _flags=dict(flags or {}),
            # Nothing rests on a cell that no trace can have seen: its attributes may be set freely.
            _since=Epoch.last_trace,
            training=False,
            requires_grad=False,
        )

    # Attributes -------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        known = self.__dict__.get(name, fleeting)
        try:
            self._set(name, value)
        finally:
            # What no trace can have seen may change freely; values of a parameter are read afresh at every call.
            seen = self.__dict__.get("_since") is not Epoch.last_trace
            if seen and (name == "__class__" or self.__dict__.get(name, fleeting) is not known):
                # While a network runs, stores into cells are part of it (a layer's cache): they outdate no plan.
                if recorder.get() is None:
                    Epoch.advance()
                else:
                    fleeting()

    def _set(self, name: str, value: Any) -> None:
        if isinstance(value, (Parameter, Cell)) and "_params" not in self.__dict__:
            raise UnknownNameError(
                f"For '{type(self).__name__}', call super().__init__() before assigning parameters or cells.",
                user_location(),
            )
        holder, cells = self.__dict__.get("_params", {}), self.__dict__.get("_cells", {})
        if name in holder and not isinstance(value, Parameter):
            self._replace_data(name, value)
            return
        if name in cells and not isinstance(value, (Cell, type(None))):
            raise ArgumentError(
                f"For '{type(self).__name__}', the attribute '{name}' is a Cell; only a Cell or None can be assigned to "
                f"it, but got {type(value).__name__}.",
                user_location(),
            )
        if not isinstance(value, Cell):
            cells.pop(name, None)
        self._hold_member(name, value)
        object.__setattr__(self, name, value)

    def _hold_member(self, name: str, value: Any) -> None:
        """Enter a parameter, cell or tuple of parameters into the lists of what this cell holds."""
        if isinstance(value, Parameter):
            self._params[name] = value
            if value.name == DEFAULT_NAME and not value._named:
                value.name = name
        elif isinstance(value, Cell):
            self._cells[name] = value
            if self._auto_prefix:
                value.update_parameters_name(f"{name}.")
        elif isinstance(value, ParameterTuple):
            for member in value:
                self._params.setdefault(member.name, member)

    def _replace_data(self, name: str, value: Any) -> None:
        if isinstance(value, Cell):
            raise NameTakenError(
                f"For '{type(self).__name__}', the name '{name}' is taken by a Parameter; it can not hold a Cell too.",
                user_location(),
            )
        if value is None:
            del self._params[name]
            object.__setattr__(self, name, None)
        elif isinstance(value, Tensor):
            self._params[name].set_data(value)
        else:
            raise ArgumentError(
                f"For '{type(self).__name__}', the attribute '{name}' is a Parameter; only a Tensor or a Parameter can be "
                f"assigned to it, but got {type(value).__name__}.",
                user_location(),
            )

    def __delattr__(self, name: str) -> None:
        self._params.pop(name, None)
        self._cells.pop(name, None)
        object.__delattr__(self, name)
        Epoch.advance()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            if name in ("_params", "_cells"):
                raise UnknownNameError(
                    f"For '{type(self).__name__}', super().__init__() was not called.", user_location()
                )
            raise AttributeError(name)
        raise UnknownNameError(
            f"The '{type(self).__name__}' object has no attribute '{name}'. {choices(name, dir(self))}", user_location()
        )

    # Parameters and cells -----------------------------------------------------------------------------------------

    def named_parameters(self, full: bool = False) -> dict[str, Parameter]:
        """The parameters by path, own ones first, each once; ``full`` paths tell of every cell on the way."""
        found: dict[str, Parameter] = {}
        pending: list[tuple[str, Cell]] = [("", self)]
        seen: set[int] = set()
        while pending:
            prefix, cell = pending.pop(0)
            for name, parameter in cell._params.items():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    path = prefix + name
                    paths = chain((path, parameter.name), (f"{path}_{number}" for number in count()))
                    found[next(one for one in paths if one not in found)] = parameter
            # A cell that does not name its inner cells' parameters (a training step) does not show in their paths.
            names = full or cell.__dict__.get("_auto_prefix", True)
            pending[:0] = [(f"{prefix}{name}." if names else prefix, inner) for name, inner in cell._cells.items()]
        return found

    def parameters_and_names(self, name_prefix: str = "", expand: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Pairs of a parameter's path and the parameter."""
        lead = f"{name_prefix}." if name_prefix else ""
        own = self.named_parameters(full=True) if expand else self._params
        return ((lead + name, parameter) for name, parameter in own.items())

    def get_parameters(self, expand: bool = True) -> Iterator[Parameter]:
        """The parameters, own ones first."""
        return (parameter for _, parameter in self.parameters_and_names(expand=expand))

    def trainable_params(self, recurse: bool = True) -> list[Parameter]:
        """The parameters that require a gradient."""
        return [parameter for parameter in self.get_parameters(recurse) if parameter.requires_grad]

    def untrainable_params(self, recurse: bool = True) -> list[Parameter]:
        """The parameters that require none."""
        return [parameter for parameter in self.get_parameters(recurse) if not parameter.requires_grad]

    def parameters_dict(self, recurse: bool = True) -> dict[str, Parameter]:
        """The parameters by name."""
        return OrderedDict((parameter.name, parameter) for parameter in self.get_parameters(recurse))

    def name_cells(self) -> dict[str, Cell]:
        """The cells that this one holds, by name."""
        return OrderedDict(self._cells)

    def cells(self) -> Iterator[Cell]:
        """The cells that this one holds."""
        return iter(self._cells.values())

    def cells_and_names(self, name_prefix: str = "") -> Iterator[tuple[str, Cell]]:
        """This cell and all inside it, each once, with their paths."""
        pending = [(name_prefix, self)]
        seen: set[int] = set()
        while pending:
            path, cell = pending.pop(0)
            if id(cell) in seen:
                continue
            seen.add(id(cell))
            yield path, cell
            pending[:0] = [(f"{path}.{name}" if path else name, inner) for name, inner in cell._cells.items()]

    def set_train(self, mode: bool = True) -> Cell:
        """Switch this cell and all inside it to training or evaluation."""
        for _, cell in self.cells_and_names():
            cell.training = mode
        return self

    def set_grad(self, requires_grad: bool = True) -> Cell:
        """Accepted for compatibility; gradients are always available."""
        self.requires_grad = requires_grad
        return self

    # Calling ----------------------------------------------------------------------------------------------------

    def construct(self, *inputs: Any, **kwargs: Any) -> Any:
        """Compute the outputs; a subclass says how."""
        raise UnknownNameError(f"For '{type(self).__name__}', the method 'construct' is not defined.", user_location())

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        own = self.__dict__
        if "_params" not in own:
            raise UnknownNameError(f"For '{type(self).__name__}', super().__init__() was not called.", user_location())
        if "_hooks" in own or type(self).bprop is not None:
            return call(self, inputs, kwargs)
        try:
            return self.construct(*inputs, **kwargs) if kwargs else self.construct(*inputs)
        except AttributeError as error:
            # What a user's own construct asks of its inputs is the user's affair.
            if type(self).__module__.startswith(_LAYERS):
                refuse_no_tensor(type(self).__name__, error, inputs)
            raise

    # Printing -----------------------------------------------------------------------------------------------------

    def extend_repr(self) -> str:
        """What a layer prints between its brackets."""
        return ""

    def __repr__(self) -> str:
        if not self.__dict__.get("_cells"):
            return f"{type(self).__name__}({self.extend_repr()})"
        own = [self.extend_repr()] if self.extend_repr() else []
        inner = own + [f"({name}): {cell!r}".replace("\n", "\n  ") for name, cell in self._cells.items()]
        return f"{type(self).__name__}(\n  " + "\n  ".join(inner) + "\n)"
