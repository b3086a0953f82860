"""The tutorial's cells under the magic."""

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from .seed import BY_INPUT, BY_WEIGHT, CELLS, DATA, IMPORTS, NET, WITH_SENS, Notebook

FIGURES = {
    "by input": (DATA, [[4.5099998, 2.7, 3.6000001], [4.5099998, 2.7, 3.6000001]]),
    "by weight": (BY_WEIGHT, [21.5359993]),
    "with sens": (WITH_SENS, [[2.211, 0.51, 1.49], [5.588, 2.68, 4.07]]),
}


@pytest.fixture(scope="module")
def tutorial():
    """The tutorial's definitions."""
    return Notebook(IMPORTS, NET, BY_INPUT, DATA)


@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_are_the_tutorials(tutorial, name):
    """Each figure is the tutorial's to one unit in the last place of float32."""
    cell, figure = FIGURES[name]
    tutorial.run(cell)
    output = tutorial.names["output"]
    value = np.asarray(output[0] if isinstance(output, tuple) else output)
    expected = np.array(figure, np.float32)
    assert value.dtype == np.float32
    assert np.all(np.abs(value - expected) <= np.spacing(expected))


@pytest.mark.parametrize("name", FIGURES)
def test_each_gradient_of_the_tutorial_agrees(tutorial, name):
    """The report of each cell says that rule, formula and slope agree."""
    tutorial.run(FIGURES[name][0], out="report")
    assert tutorial.names["report"].verdict == "agree"


def test_a_weight_without_gradient_gives_an_empty_tuple(tutorial):
    """With requires_grad=False the tutorial's weight gradient is the empty tuple."""
    frozen = Notebook(IMPORTS, NET.replace("name='z'", "name='z', requires_grad=False"), BY_INPUT, DATA)
    frozen.run(BY_WEIGHT)
    assert frozen.names["output"] == ()


@pytest.mark.kernel
def test_the_cells_run_in_a_real_kernel():
    """In a kernel the tutorial prints its figures, each followed by a verdict and formulas."""
    code = nbformat.v4.new_code_cell
    notebook = nbformat.v4.new_notebook(
        cells=[code("%load_ext msgrad_ext"), *(code(f"%%gradcell\n{cell}") for cell in CELLS)]
    )
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in notebook.cells]
    printed = ["".join(one.text for one in each if one.output_type == "stream") for each in outputs]
    assert printed[4].split() == "[[4.5099998 2.7 3.6000001] [4.5099998 2.7 3.6000001]]".split()
    assert printed[5] == "(Tensor(shape=[1], dtype=Float32, value= [ 2.15359993e+01]),)\n"
    assert [float(one) for one in printed[6].replace("[", " ").replace("]", " ").split()] == pytest.approx(
        [2.211, 0.51, 1.49, 5.588, 2.68, 4.07], rel=1.2e-7
    )
    for each in outputs[4:]:
        verdicts = [one.data["text/plain"] for one in each if "text/html" in one.get("data", {})]
        assert [verdict.split(":")[0] for verdict in verdicts] == ["agree"]
        assert any("text/latex" in one.get("data", {}) for one in each)


@pytest.mark.kernel
def test_an_error_of_the_last_call_points_at_it():
    """What the call as a whole is refused for is told at the call, not at the magic's line."""
    cell = "%%gradcell\nclass B(nn.Cell):\n    def forward(self, x):\n        return x\n\nB()(1)"
    code = nbformat.v4.new_code_cell
    notebook = nbformat.v4.new_notebook(
        cells=[code("%load_ext msgrad_ext"), code(f"%%gradcell\n{IMPORTS}"), code(cell)]
    )
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    (error,) = notebook.cells[-1].outputs
    assert error.traceback[:2] == ["Cell In[3], line 6", "    B()(1)"]
    assert error.ename == "UnknownNameError"
