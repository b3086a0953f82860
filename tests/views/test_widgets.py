"""The live panel, without a browser."""

import re
import subprocess
import sys

import ipywidgets
import numpy as np
import pytest

from msgrad_ext.errors import ArgumentValueError
from msgrad_ext.views.widgets import LAST, SCOPE, TABS, panel

from . import reports


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def numbers(html):
    return re.findall(r"<td [^>]*title='([^']+)'", html)


def test_tree():
    """The panel has five tabs, core widgets only, and no widget that takes HTML in its description."""
    box = panel(reports.tutorial())
    found = list(walk(box))
    assert box.controller.tabs.titles == TABS
    assert not any(isinstance(widget, ipywidgets.Output) for widget in found)
    assert not any(getattr(widget, "description_allow_html", False) for widget in found)


def test_says_whose_verdict_it_is():
    """The panel shows the verdict, and says that it belongs to the cell's own data."""
    head = panel(reports.tutorial()).children[0].value
    assert "agree" in head and SCOPE.replace("'", "&#x27;") in head


def test_slider_reevaluates():
    """Moving z from 1 to 2 doubles the gradients by x and y and the output, and leaves that of z."""
    controller = panel(reports.tutorial()).controller
    before = numbers(controller.gradients.value)
    controller.which.value = "z"
    controller.slider.value = 2.0
    after = numbers(controller.gradients.value)
    old, new = ({k: float(v) for k, v in (entry.split(" = ") for entry in found)} for found in (before, after))
    assert new == pytest.approx({k: v if k == "z[0]" else 2 * v for k, v in old.items()}, rel=2e-7)
    assert "z[0] = 2 (was 1)" in controller.state.value and "not checked" in controller.state.value


def test_reset_restores_everything():
    """Reset brings back values, slider, tables and picture."""
    controller = panel(reports.tutorial()).controller
    tables, picture = controller.gradients.value, controller.network.value
    controller.slider.value = 2.0
    assert controller.gradients.value != tables and controller.network.value != picture
    controller.reset.click()
    assert (controller.gradients.value, controller.network.value) == (tables, picture)
    assert controller.slider.value == float(reports.X[0, 0])


def test_entry_picker():
    """The picked entry, and no other, is moved; the report's own inputs never change."""
    report = reports.tutorial()
    controller = panel(report).controller
    controller.entry.children[0].value, controller.entry.children[1].value = 1, 2
    assert (controller.index, controller.slider.description) == ((1, 2), "x[1, 2]")
    controller.slider.value = -1.0
    expected = reports.X.copy()
    expected[1, 2] = -1.0
    assert np.array_equal(controller.values["x"], expected)
    assert report.inputs["x"][1, 2] == np.float32(1.1)


def test_choosing_evaluates_nothing():
    """To choose an array or an entry moves no value and calls no plan."""
    calls = []
    report = reports.Report(
        reports.tutorial().result, inputs={"x": reports.X, "y": reports.Y}, evaluate=lambda values: calls.append(1)
    )
    controller = panel(report).controller
    controller.which.value = "y"
    controller.entry.children[1].value = 1
    assert (calls, controller.slider.value) == ([], float(reports.Y[0, 1]))


def test_range_of_slider():
    """The slider reaches two magnitudes to either side, at least 2."""
    controller = panel(reports.tutorial()).controller
    start = float(reports.X[0, 0])
    assert (controller.slider.min, controller.slider.max) == (start - 2, start + 2)


def test_picture_leaves_out_what_is_not_known():
    """After a move, gradients inside the network are dashed and the caption says why."""
    controller = panel(reports.tutorial()).controller
    assert "Dashed" not in controller.network.value
    controller.slider.value = 2.0
    assert "Dashed: gradients inside the network" in controller.network.value


def test_point_that_cannot_be_evaluated():
    """An error of the plan at the new point is shown, escaped, and the next point works again."""

    def evaluate(values):
        if values["x"][0, 0] > 2:
            raise ArgumentValueError("For 'Log', x must be <positive>.")
        return reports.evaluate(values)

    base = reports.tutorial()
    controller = panel(reports.Report(base.result, inputs=base.inputs, evaluate=evaluate)).controller
    controller.slider.value = 2.5
    assert "Cannot be evaluated here" in controller.state.value and "&lt;positive&gt;" in controller.state.value
    controller.slider.value = 1.5
    assert "x[0, 0] = 1.5" in controller.state.value


def test_unforeseen_error():
    """When the plan fails in a way not foreseen, the error is raised, and the panel does not pass off old numbers."""

    def evaluate(values):
        raise ZeroDivisionError

    base = reports.tutorial()
    controller = panel(reports.Report(base.result, inputs=base.inputs, evaluate=evaluate)).controller
    with pytest.raises(ZeroDivisionError):
        controller.slider.value = 2.5
    assert "Not evaluated here" in controller.state.value and LAST in controller.state.value


def test_values_that_are_no_slider_positions():
    """An entry that is not finite, a scalar, and integers are all offered, or left out, without an error."""
    inputs = {"n": np.arange(3), "s": np.array(np.nan), "b": np.array([True])}
    controller = panel(reports.Report(reports.result(), inputs=inputs, evaluate=lambda v: (v["s"], {}))).controller
    assert [value for _, value in controller.which.options] == ["s"]
    assert (controller.index, controller.slider.value) == ((), 0.0)
    controller.slider.value = 1.0
    assert "s = 1 (was nan)" in controller.state.value


def test_nothing_to_vary():
    """A report without inputs has a panel that says so."""
    found = [widget.value for widget in walk(panel(reports.kink())) if isinstance(widget, ipywidgets.HTML)]
    assert any("no input or parameter" in value for value in found)


def test_hostile_names():
    """No HTML value of the panel holds a tag of the user's."""
    for widget in walk(panel(reports.hostile())):
        if isinstance(widget, (ipywidgets.HTML, ipywidgets.HTMLMath)):
            assert "<script" not in widget.value and "<img src=x" not in widget.value
        assert not set(str(getattr(widget, "description", ""))) & set("\u202e\x1b")


def test_formulas_are_escaped_for_html():
    """A less-than sign in LaTeX stays text in the formulas tab."""
    formula = reports.Formula("a < b", "a < b", (), ())
    controller = panel(reports.Report(reports.result(), {"x": formula})).controller
    assert "a &lt; b" in controller.formulas.value


def test_views_import_neither_widgets_nor_sympy():
    """The static views need no ipywidgets and no SymPy."""
    code = "import sys, msgrad_ext.views as v; print(sorted({'ipywidgets', 'sympy', 'IPython'} & set(sys.modules)))"
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=path)
    assert done.stdout.strip() == "[]"
