"""What the options of the magic do."""

import re

import numpy as np
import pytest

from msgrad_ext.errors import GradCellError, GradientError, MsgradError, UnknownNameError
from msgrad_ext.notebook.present import Exported, Latex
from msgrad_ext.primitives import registered_ops

from .seed import BY_INPUT, DATA, IMPORTS, NET, Notebook

CALL = "Net()(x, y)\n"


@pytest.fixture(scope="module")
def notebook():
    """The tutorial's definitions."""
    return Notebook(IMPORTS, NET, BY_INPUT, DATA)


def test_a_plain_call_gets_all_its_gradients(notebook):
    """A cell that ends in a network call is differentiated by all inputs and trainable parameters."""
    notebook.run(CALL, out="report")
    assert notebook.names["report"].names == ("x", "y", "z")


def test_the_value_of_the_call_is_the_cells_value(notebook):
    """The cell still gives the network's output."""
    _, value = notebook.run(CALL)
    assert np.allclose(np.asarray(value), [[0.968, 3.2, 1.78], [2.838, 8.62, 4.13]])


def test_wrt_restricts_the_gradients(notebook):
    """--wrt z differentiates by z alone."""
    notebook.run(CALL, wrt=("z",), out="report")
    assert notebook.names["report"].names == ("z",)


def test_wrt_restricts_what_is_reported_of_gradients_that_the_cell_takes(notebook):
    """--wrt of a name that the cell does not differentiate by is refused."""
    with pytest.raises(UnknownNameError, match="no gradient 'z'"):
        notebook.run(DATA, wrt=("z",))


def test_sweep_checks_at_further_places(notebook):
    """--sweep N shows, after each report, a sweep of N checks; a rule that is wrong stops it."""
    shown, _ = notebook.run(CALL, sweep=4)
    assert repr(shown[-1]) == "Sweep(Net: agree; 4 of 4 checks)"
    mul = registered_ops()["Mul"]
    right = mul.vjp
    mul.vjp = lambda self, ct, out, a, b: (ct * b, ct * a * 1.001)
    try:
        shown, _ = notebook.run(CALL, sweep=4, check="off")
        with pytest.raises(GradientError):
            notebook.run(CALL, sweep=4, check="strict")
    finally:
        mul.vjp = right
    assert repr(shown[-1]) == "Sweep(Net: disagree; 1 of 4 checks)"


def test_sens_weights_the_output(notebook):
    """--sens names a variable that weights the output."""
    notebook.names["g"] = notebook.names["Tensor"](np.full((2, 3), 2.0, np.float32))
    notebook.run(CALL, sens="g", out="report")
    assert np.allclose(notebook.names["report"]["z"].value, 2 * 21.536)


def test_a_sens_of_another_shape_is_refused(notebook):
    """The message names both shapes."""
    notebook.names["g"] = notebook.names["Tensor"](np.ones((2, 2), np.float32))
    with pytest.raises(MsgradError, match=r"\(2, 3\), but got \(2, 2\)"):
        notebook.run(CALL, sens="g")


def test_an_unknown_sens_is_refused(notebook):
    """The message offers a near name."""
    notebook.names["weights"] = 1
    with pytest.raises(MsgradError, match=r"no variable 'weihgts'.*weights"):
        notebook.run(CALL, sens="weihgts")


def test_export_shows_source(notebook):
    """--export shows the text of each target."""
    shown, _ = notebook.run(CALL, export=("numpy", "latex"))
    assert [one.target for one in shown if isinstance(one, Exported)] == ["numpy", "latex"]


def test_quiet_shows_nothing(notebook):
    """-q runs and checks, and shows nothing."""
    assert notebook.run(CALL, quiet=True)[0] == []


def test_shapes_give_formulas_without_data(notebook):
    """--shapes derives formulas at symbolic shape, and shows them with the derivation that defines their names."""
    shown, _ = notebook.run("Net()\n", shapes={"x": ("m", "k"), "y": ("k", "n")}, out="formulas")
    assert [type(one) for one in shown] == [Latex] * 4
    assert [repr(one).partition(" ")[0] for one in shown[:3]] == ["X_bar", "Y_bar", "z_bar"]
    assert "X_1 = z X" in repr(shown[3]).splitlines()
    assert list(notebook.names["formulas"]) == ["x", "y", "z"]


def test_check_off_says_that_nothing_was_checked(notebook):
    """Without a check the status is unchecked, never agree."""
    notebook.run(CALL, check="off", out="report")
    assert notebook.names["report"].verdict == "unchecked"


def test_strict_raises_for_a_wrong_rule(notebook, monkeypatch):
    """--check strict makes a wrong rule an error that names the op, and leaves the namespace as it was."""
    mul = registered_ops()["Mul"]
    right = mul.vjp
    monkeypatch.setattr(mul, "vjp", lambda self, ct, out, a, b: (right(self, ct, out, a, b)[0], ct * a * 1.001))
    before = dict(notebook.names)
    with pytest.raises(GradientError, match="Mul, operand b, numeric side"):
        notebook.run("fresh = 1\n" + CALL, check="strict")
    assert notebook.names == before


def test_order_two_checks_the_gradients_gradient(notebook):
    """--order 2 reports the gradients of the gradients' sum."""
    notebook.run(CALL, order=2, out="report")
    assert notebook.names["report"].verdict == "agree"


def test_sens_beside_gradients_of_the_cells_own_is_refused(notebook):
    """--sens goes with a plain call only."""
    notebook.names["g"] = 1
    with pytest.raises(GradCellError, match="--sens and --order"):
        notebook.run(DATA, sens="g")


def test_a_cell_that_defines_names_says_what_to_call(notebook):
    """A cell without a gradient says in one line what to do."""
    (line,), _ = notebook.run("number = 3\n")
    assert repr(line).startswith("Defined number.")
    assert "\n" not in repr(line)


def test_a_loop_of_gradients_is_one_report(notebook):
    """The gradients that one line takes in a loop share a report, which says how many were checked."""
    loop = "for step in range(30):\n    out = ops.GradOperation()(Net())(x * step, y)\n"
    _shown, _ = notebook.run(loop, out="report")
    assert notebook.names["report"].verdict == "agree"
    assert (
        "30 gradients; 5 of them, from the first to the last, were checked" in notebook.names["report"].result.notes[-1]
    )


def test_annotate_tells_the_lines_of_the_cell(notebook):
    """-a shows each line of the cell with its ops."""
    shown, _ = notebook.run(NET + CALL, annotate=True)
    assert any("Mul 2x3" in repr(one) for one in shown)


def test_profile_tells_what_each_line_costs(notebook):
    """-a tells calls and bytes of each line; --profile, alone or with it, the time too."""
    shown, _ = notebook.run(NET + CALL, profile=True)
    text = repr(next(one for one in shown if "Mul 2x3" in repr(one)))
    assert re.search(r"Mul 2x3: .*; \d+(\.\d)? (ns|µs|ms), \d+ calls?, \d+ bytes", text)
    assert "of workspace, kept between calls" in text
    shown, _ = notebook.run(NET + CALL, annotate=True)
    text = repr(next(one for one in shown if "Mul 2x3" in repr(one)))
    assert re.search(r"Mul 2x3: [^;]*; \d+ calls?, \d+ bytes", text)
    assert "of workspace, kept between calls" in text
    assert not re.search(r"\d (ns|µs|ms)\b", text)
