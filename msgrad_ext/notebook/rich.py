"""How a notebook shows tensors, parameters and networks that are a cell's value.

A formatter is registered by the class's name, so that nothing is imported before a value of it is shown.
"""

from __future__ import annotations

import re
from typing import Any

# Settings that print as an object without a text of its own, or as None: what MindSpore prints, but nothing to read.
_OBJECTS = re.compile(r"(, )?\b\w+=\s?(<[\w.]+ object[^>]*>|None)")
_SHOWN = {
    ("msgrad_ext.tensor.array", "Tensor"): "tensor",
    ("msgrad_ext.tensor.parameter", "Parameter"): "tensor",
    ("msgrad_ext.nn.cell", "Cell"): "network",
}


def show_tensor(tensor: Any) -> str:
    """A tensor or parameter as HTML."""
    from ..views.objects import tensor_html

    shape = ", ".join(map(str, tensor.shape)) + ("," if tensor.ndim == 1 else "")
    detail = f"shape ({shape}), {tensor.dtype}"
    kind = type(tensor).__name__
    if kind == "Parameter" and not tensor.requires_grad:
        detail += ", frozen"
    return tensor_html(kind, getattr(tensor, "name", "") if kind == "Parameter" else "", detail, tensor._array())


def show_network(cell: Any) -> str:
    """A network as HTML: its layers with their own parameters."""
    from ..views.objects import network_html

    return network_html(type(cell).__name__, _layers(cell, "", 0, set()))


def _layers(cell: Any, name: str, depth: int, seen: set[int]) -> list[Any]:
    from ..views.objects import Layer

    own = [(key, one) for key, one in cell._params.items() if id(one) not in seen]
    seen.update(id(one) for _, one in own)
    text = ", ".join(f"{key} {one.shape}" + ("" if one.requires_grad else " frozen") for key, one in own)
    trained = sum(one.size for _, one in own if one.requires_grad)
    settings = _OBJECTS.sub("", cell.extend_repr()).lstrip(", ")
    frozen = sum(one.size for _, one in own) - trained
    row = Layer(depth, name, type(cell).__name__, f"({settings})" if settings else "", text, trained, frozen)
    inner = [row for key, one in cell._cells.items() for row in _layers(one, key, depth + 1, seen)]
    return [row, *inner]


_FORMATTERS = {"tensor": show_tensor, "network": show_network}


def register(shell: Any) -> None:
    """Show tensors and networks as HTML in ``shell``."""
    html = shell.display_formatter.formatters["text/html"]
    for (module, name), kind in _SHOWN.items():
        html.for_type_by_name(module, name, _FORMATTERS[kind])


def unregister(shell: Any) -> None:
    """Take back what `register` has done."""
    html = shell.display_formatter.formatters["text/html"]
    for module, name in _SHOWN:
        html.deferred_printers.pop((module, name), None)
        for kind in [one for one in html.type_printers if (one.__module__, one.__name__) == (module, name)]:
            html.type_printers.pop(kind)
