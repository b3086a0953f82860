"""The options of ``%%gradcell``."""

import pytest

from msgrad_ext import names
from msgrad_ext.errors import GradCellOptionError
from msgrad_ext.notebook.cell import CellOptions, read_cell
from msgrad_ext.notebook.magic import read_options
from msgrad_ext.notebook.options import Misfit, shapes, variable


def options_of(line, **defaults):
    return read_options(line, read_cell(None, line, "x = 1"), defaults)


def test_without_options_all_have_their_defaults():
    """An empty line gives the defaults."""
    assert options_of("") == CellOptions()


def test_every_option_is_read_into_its_type(monkeypatch):
    """Each option arrives with its type."""
    monkeypatch.setattr("msgrad_ext.notebook.magic.public", lambda name: lambda: ["torch", "latex"])
    line = (
        "-o rep --wrt x,fc.weight --sens G --shapes 'x: (m, 3), y: ()' --order 2 --check strict --budget .5 --sweep 9 "
        "-a --live --export torch,latex --seed 7 -q"
    )
    assert options_of(line) == CellOptions(
        out="rep", wrt=("x", "fc.weight"), sens="G", shapes={"x": ("m", 3), "y": ()}, order=2, check="strict",
        budget=0.5, sweep=9, annotate=True, live=True, export=("torch", "latex"), seed=7, quiet=True,
    )  # fmt: skip


def test_a_given_option_wins_over_the_trait():
    """``--no-live`` switches off what the trait has switched on."""
    assert options_of("--no-live", live=True, seed=3) == CellOptions(live=False, seed=3)


@pytest.mark.parametrize(
    ("line", "message", "marked"),
    [
        ("--chek on", "there is no option '--chek'. Did you mean '--check'?", "--chek"),
        ("--che on", "there is no option '--che'. Did you mean '--check'?", "--che"),
        ("--check=strickt", "but got 'strickt'. Did you mean 'strict'?", "strickt"),
        ("--order 0", "must be a whole number from 1, but got '0'", "0"),
        ("--order 0 --seed 10", "must be a whole number from 1, but got '0'", "0"),
        ("--seed -3", "must be a whole number from 0, but got '-3'", "-3"),
        ("--budget inf", "must be a number of seconds above 0, but got 'inf'", "inf"),
        ("--sweep 0", "must be a whole number from 1, but got '0'", "0"),
        ("-o 3x", "must be the name of a variable, but got '3x'", "3x"),
        ("--sens 'f(x)'", "must be the name of a variable, but got 'f(x)'", "f(x)"),
        ("--wrt x,,y", "must be names between commas, but got ''", "x,,y"),
        ("--wrt x,x", "must be different names, but got 'x' 2 times", "x,x"),
        ("--wrt", "For '%%gradcell --wrt', a value must follow it.", "--wrt"),
        ("--quiet=3", "For '%%gradcell --quiet', no value belongs to it, but got '3'.", "--quiet"),
        ("word", "'word' belongs to no option", "word"),
        ("--shapes 'x: (m", "the line can not be read", "--shapes 'x: (m"),
        ("--shapes 'x: (m k)'", "',' or ')' must stand after 'x: (m ', but got 'k'", "k"),
    ],
)
def test_a_wrong_option_is_refused_at_its_place(line, message, marked):
    """A wrong option names itself, the near one, and stands marked in the magic's line."""
    with pytest.raises(GradCellOptionError) as caught:
        options_of(line)
    assert message in caught.value.message
    rendered = caught.value._render_traceback_()
    start = rendered[2].index("^")
    assert not line.startswith("--order") or start == len("    %%gradcell --order ")
    assert rendered[1][start : start + rendered[2].count("^")] == marked


def test_an_unknown_export_target_is_refused_before_the_cell_runs(monkeypatch):
    """An export target is looked up among the exporters."""
    monkeypatch.setattr("msgrad_ext.notebook.magic.public", lambda name: lambda: ["torch", "latex"])
    with pytest.raises(GradCellOptionError, match="Did you mean 'torch'"):
        options_of("--export latex,torhc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x: (m, k), y: (k, n)", {"x": ("m", "k"), "y": ("k", "n")}),
        ("x:(3,);y : ()", {"x": (3,), "y": ()}),
        ("fc.weight: (batch_1, 10)", {"fc.weight": ("batch_1", 10)}),
        ("α: (ñ)", {"α": ("ñ",)}),
    ],
)
def test_shapes_are_read(text, expected):
    """A shape is a list of letters and numbers, with or without a last comma."""
    assert shapes(text) == expected


@pytest.mark.parametrize(
    ("text", "start"),
    [("", 0), ("x", 1), ("x (m)", 2), ("x: m", 3), ("x: (m,, k)", 6), ("x: (m", 5), ("x: (0)", 4), ("x: (-1)", 4),
     ("x: (m) y: (k)", 7), ("x: (m), x: (k)", 8), ("x: (m),", 7), ("x: (__import__('os'))", 14), ("3: (m)", 0)],
)  # fmt: skip
def test_wrong_shapes_are_refused_at_their_place(text, start):
    """A text that is no list of shapes is refused, with the place of the first character that does not fit."""
    with pytest.raises(Misfit) as caught:
        shapes(text)
    assert caught.value.start == start


def test_a_variable_is_looked_up_by_its_name():
    """The value of ``--sens`` is a variable's; a near name is offered for one that is not there."""
    assert variable("--sens", "G", {"G": 5}) == 5
    with pytest.raises(GradCellOptionError, match=r"no variable 'weigths' .* Did you mean 'weights'"):
        variable("--sens", "weigths", {"weights": 5})


def test_no_public_function_is_called_as_a_module():
    """A public name that is no module has no submodule of its name, which would take its place when imported."""
    from importlib.util import find_spec

    functions = [name for name, where in names.PUBLIC.items() if ":" in where]
    assert [name for name in functions if find_spec(f"msgrad_ext.{name}")] == []
