"""Tracebacks of errors that the user's code raises: the user's lines, not the package's."""

import io
import re
from contextlib import redirect_stdout

import pytest

CELL = """%%gradcell{options}
import numpy as np
from mindspore import Tensor, nn, ops
class Net(nn.Cell):
    def construct(self, x):
        y = ops.tanh(x)
        return {result}
Net()(Tensor(np.ones(2)))
"""


def printed(shell, source):
    """What a cell prints."""
    with redirect_stdout(io.StringIO()) as stream:
        shell.run_cell(source, store_history=True)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


@pytest.mark.parametrize("result", ["yy", "y * (1 / 0)", "ops.tanh()", "grad(y)", "{}['a']"])
def test_the_users_error_shows_the_users_lines_alone(real_shell, result):
    """No file of the package stands in the traceback, and the user's line does."""
    cell = CELL.format(options="", result=result).replace("class Net", "def grad(z):\n    raise KeyError(z)\nclass Net")
    text = printed(real_shell, cell)
    assert "msgrad_ext" not in text
    assert f"return {result}" in text


def test_an_error_inside_a_gradient_shows_the_users_lines_alone(real_shell):
    """The frames of `GradOperation` and of the trace are left out, too."""
    cell = CELL.format(options="", result="yy").replace("Net()(", "ops.GradOperation()(Net())(")
    text = printed(real_shell, cell)
    assert "msgrad_ext" not in text
    assert "NameError" in text


def test_an_unknown_weight_is_marked_in_the_magics_line(real_shell):
    """``--sens`` with a name that does not exist points at that name."""
    lines = printed(real_shell, CELL.format(options=" --sens qq", result="y")).splitlines()
    assert lines[1:3] == ["    %%gradcell --sens qq", "                      ^^"]
    assert len(lines) == 4
