"""Parameters by name into a network, as `mindspore.load_param_into_net`. Files of parameters are not read here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import ArgumentError, AssignmentError, user_location
from .nn.cell import Cell
from .tensor import Parameter

_NAME = "load_param_into_net"


def load_param_into_net(
    net: Cell, parameter_dict: Mapping[str, Parameter], strict_load: bool = False, remove_redundancy: bool = False
) -> tuple[list[str], list[str]]:
    """Give the parameters of ``net`` the values that stand under their names.

    Returns
    -------
    tuple of two lists
        The names that got no value, and those whose value no parameter took.

    Raises
    ------
    ArgumentError
        If ``net`` is no cell, or ``parameter_dict`` no dictionary of names and parameters.
    AssignmentError
        If a shape is another one, or a float were to become an integer or the other way round.
    """
    if not isinstance(net, Cell):
        raise _wrong("net", "a Cell", net)
    if not isinstance(parameter_dict, dict):
        raise _wrong("parameter_dict", "a dict", parameter_dict)
    for name, value in parameter_dict.items():
        if not isinstance(name, str) or not isinstance(value, Parameter):
            raise _wrong("parameter_dict", "a dict of names and Parameters", value)
    own = {one.name: one for one in net.get_parameters()}
    for name, parameter in own.items():
        if name in parameter_dict:
            _check(name, parameter, parameter_dict[name])
    for name, parameter in own.items():
        if name in parameter_dict:
            parameter.set_data(parameter_dict[name])
    return [name for name in own if name not in parameter_dict], [name for name in parameter_dict if name not in own]


def _wrong(name: str, wanted: str, value: Any) -> ArgumentError:
    told = f"For '{_NAME}', the '{name}' must be {wanted}, but got {type(value).__name__}."
    return ArgumentError(told, user_location())


def _check(name: str, parameter: Parameter, value: Parameter) -> None:
    if parameter.shape != value.shape:
        what, wanted, got = "shape", str(parameter.shape), str(value.shape)
    elif parameter.numpy_dtype.kind != value.numpy_dtype.kind:
        what, wanted, got = "kind of numbers", str(parameter.dtype), str(value.dtype)
    else:
        return
    told = f"For '{_NAME}', the parameter '{name}' must keep its {what}, {wanted}, but got {got}."
    raise AssignmentError(told, user_location())


__all__ = ["load_param_into_net"]
