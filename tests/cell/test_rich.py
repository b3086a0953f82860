"""Tensors, parameters and networks that are a cell's value: HTML in notebooks, registered and taken back with the extension."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from msgrad_ext import Parameter, nn
from msgrad_ext.notebook import rich
from msgrad_ext.tensor import Tensor


class Shell:
    """What of a shell the formatters need."""

    def __init__(self) -> None:
        self.display_formatter = InteractiveShell().display_formatter


@pytest.fixture
def shell() -> Any:
    """A shell that shows tensors."""
    made = Shell()
    rich.register(made)
    return made


def html(shell: Any, value: Any) -> str | None:
    """What a front end is given as HTML."""
    found: str | None = shell.display_formatter.format(value)[0].get("text/html")
    return found


def test_a_tensor_is_a_table_with_its_shape_and_dtype(shell: Any) -> None:
    """And its text stays MindSpore's."""
    shown = html(shell, Tensor(np.array([[1.0, -2.5]])))
    assert shown is not None and "-2.5" in shown and "shape (1, 2), Float64" in shown
    assert shell.display_formatter.format(Tensor(1.0))[0]["text/plain"].startswith("Tensor(shape=[], dtype=Float32")


def test_a_parameters_name_is_escaped(shell: Any) -> None:
    """Names are data."""
    shown = html(shell, Parameter(1.0, name="<img src=x>", requires_grad=False))
    assert shown is not None and "<img" not in shown and "&lt;img src=x&gt;" in shown and "frozen" in shown


def test_a_large_tensor_is_summed_up(shell: Any) -> None:
    """A picture and figures, not a million cells."""
    shown = html(shell, Tensor(np.ones((1000, 1000), np.float32)))
    assert shown is not None and "1000000 entries" in shown and len(shown) < 100_000


def test_settings_without_a_text_are_left_out(shell: Any) -> None:
    """MindSpore prints how weights are drawn as the name of an object."""
    shown = html(shell, nn.SequentialCell(nn.Conv2d(1, 6, 5), nn.ReLU()))
    assert shown is not None and "object" not in shown and "kernel_size=(5, 5)" in shown and "format=NCHW)" in shown


def test_a_layer_without_parameters_is_one_line(shell: Any) -> None:
    """A table of one empty row says nothing."""
    shown = html(shell, nn.MSELoss())
    assert shown is not None and "<table" not in shown and "MSELoss</strong>, without parameters" in shown


def test_a_network_is_a_table_of_its_layers(shell: Any) -> None:
    """Each with its own parameters; a shared one is counted once; a subclass of Cell too."""

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Dense(3, 4)
            self.again = self.fc
            self.w = Parameter(np.ones(5), name="w", requires_grad=False)

    shown = html(shell, Net())
    assert shown is not None
    assert "Net: 21 parameters, 5 of them frozen" in shown and "weight (4, 3), bias (4,)" in shown


def test_unloading_takes_the_formatters_back(shell: Any) -> None:
    """No HTML afterwards, whether a tensor was shown before or not."""
    html(shell, Tensor(1.0))
    rich.unregister(shell)
    assert html(shell, Tensor(1.0)) is None and html(shell, nn.ReLU()) is None
