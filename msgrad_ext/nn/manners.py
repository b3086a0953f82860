"""What a cell can be told and asked besides its parameters and its call: names, members put in by name, flags, buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, ArgumentValueError, NameTakenError, NotSupportedError, user_location
from ..tensor import Epoch, Parameter, Tensor

if TYPE_CHECKING:
    from .cell import Cell


class CellManners:
    """Base of `Cell`: MindSpore's methods that change how a cell is put together."""

    _params: dict[str, Parameter]
    _cells: dict[str, Cell]
    _buffers: dict[str, Tensor]
    _flags: dict[str, Any]

    # MindSpore keeps a prefix of parameter names for parallel training; it is empty otherwise.
    param_prefix = ""
    bprop_debug = False

    @property
    def cls_name(self) -> str:
        """The name of the cell's class."""
        return type(self).__name__

    @property
    def phase(self) -> str:
        """``train`` or ``predict``."""
        return "train" if getattr(self, "training", False) else "predict"

    # Names ------------------------------------------------------------------------------------------------------

    def update_parameters_name(self, prefix: str = "", recurse: bool = True) -> None:
        """Name the parameters by ``prefix`` and their paths."""
        if not isinstance(prefix, str):
            raise ArgumentError(f"For 'update_parameters_name', the prefix must be a str, but got {prefix!r}.")
        if not prefix:
            return
        for path, parameter in self.parameters_and_names(expand=recurse):  # type: ignore[attr-defined]
            parameter.name = f"{prefix}{path}"

    def check_names(self) -> None:
        """Raise if two parameters share a name."""
        names: set[str] = set()
        for parameter in self.get_parameters():  # type: ignore[attr-defined]
            if parameter.name in names:
                raise ArgumentValueError(f"The name '{parameter.name}' is borne by two parameters of the cell.")
            names.add(parameter.name)

    # Members by name ----------------------------------------------------------------------------------------------

    def insert_param_to_cell(self, param_name: str, param: Parameter, check_name_contain_dot: bool = True) -> None:
        """Hold ``param`` under ``param_name``."""
        what = "insert_param_to_cell"
        if not param_name or (check_name_contain_dot and "." in param_name):
            raise NameTakenError(f"For '{what}', the name must not be empty nor hold a dot, but got {param_name!r}.")
        if hasattr(self, param_name) and param_name not in self._params:
            raise NameTakenError(f"For '{what}', the cell has an attribute '{param_name}' already.")
        if not isinstance(param, Parameter):
            raise ArgumentError(f"For '{what}', a Parameter is needed, but got {type(param).__name__}.")
        setattr(self, param_name, param)

    def insert_child_to_cell(self, child_name: str, child_cell: Cell) -> None:
        """Hold ``child_cell`` under ``child_name``; its parameters keep their names."""
        what = "insert_child_to_cell"
        if not isinstance(child_name, str):
            raise ArgumentError(f"For '{what}', the name must be a str, but got {type(child_name).__name__}.")
        name = child_name
        if not name or "." in name:
            raise NameTakenError(f"For '{what}', the name must not be empty nor hold a dot, but got {child_name!r}.")
        if hasattr(self, name) and name not in self._cells:
            raise NameTakenError(f"For '{what}', the cell has an attribute '{name}' already.")
        if not isinstance(child_cell, CellManners):
            raise ArgumentError(
                f"For '{what}', a Cell is needed, but got {type(child_cell).__name__}.", user_location()
            )
        self._place(name, child_cell)  # type: ignore[arg-type]

    def _place(self, name: str, cell: Cell) -> None:
        """Hold ``cell`` under ``name`` and leave the names of its parameters alone."""
        Epoch.advance()
        self._cells[name] = cell
        object.__setattr__(self, name, cell)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Hold a tensor that is no parameter."""
        if not isinstance(tensor, (Tensor, type(None))):
            raise ArgumentError(f"For 'register_buffer', a Tensor is needed, but got {type(tensor).__name__}.")
        setattr(self, name, tensor)
        if tensor is not None:
            self._buffers[name] = tensor

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """Pairs of a buffer's path and the tensor that stands there now."""
        for path, cell in self.cells_and_names():  # type: ignore[attr-defined]
            for name in cell._buffers:
                yield f"{path}.{name}" if path else name, getattr(cell, name)

    def buffers(self) -> Iterator[Tensor]:
        """The buffers."""
        return (tensor for _, tensor in self.named_buffers())

    def apply(self, fn: Callable[[Cell], Any]) -> Cell:
        """Call ``fn`` with each cell inside, and with this one last."""
        for cell in self._cells.values():
            cell.apply(fn)
        fn(self)  # type: ignore[arg-type]
        return self  # type: ignore[return-value]

    # Settings that change nothing here ---------------------------------------------------------------------------

    def add_flags(self, **flags: Any) -> Cell:
        """Keep flags; they change nothing."""
        self._flags.update(flags)
        return self  # type: ignore[return-value]

    def get_flags(self) -> dict[str, Any]:
        """The flags that were kept."""
        return dict(self._flags)

    def recompute(self, **settings: Any) -> None:
        """Accepted for compatibility."""

    def set_inputs(self, *inputs: Any, **kwargs: Any) -> None:
        """Accepted for compatibility: every call is traced with its own shapes."""

    def set_broadcast_flag(self, mode: bool = True) -> Cell:
        """Accepted for compatibility."""
        return self  # type: ignore[return-value]

    def init_parameters_data(self, auto_parallel_mode: bool = False) -> dict[Parameter, Parameter]:
        """The parameters by themselves; their values are there already."""
        return {parameter: parameter for parameter in self.get_parameters()}  # type: ignore[attr-defined]

    def to_float(self, dst_type: Any) -> Cell:
        """Mixed precision is not supported: dtypes are those of inputs and parameters."""
        raise NotSupportedError(
            f"For '{self.cls_name}', to_float is not supported; give inputs and parameters the dtype {dst_type}.",
            user_location(),
        )
