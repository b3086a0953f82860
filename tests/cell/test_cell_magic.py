"""The magic in a shell of this process: outputs, errors, loading and unloading, completion, traits."""

import inspect
import io
import re
import subprocess
import sys
from contextlib import redirect_stdout

import pytest

from msgrad_ext.errors import FacadeImportError, GradCellError, GradCellOptionError


def run(shell, source):
    """The result of a cell, and what it printed."""
    with redirect_stdout(io.StringIO()) as printed:
        result = shell.run_cell(source, store_history=True)
    return result, re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue())


def test_reports_are_displayed_before_the_value(shell):
    """What the pipeline shows comes first, then the value of the last expression."""
    result, printed = run(shell, "%%gradcell\nx = 2\nx + 1")
    assert result.result == 3
    assert printed.index("names: x") < printed.index("3")


def test_a_semicolon_hides_the_value(shell):
    """A last value is not shown after a semicolon."""
    result, printed = run(shell, "%%gradcell\nx = 2\nx + 1;")
    assert (result.result, "3" in printed) == (None, False)


def test_options_reach_the_pipeline(shell):
    """The pipeline gets the options, with traits where nothing was given."""
    shell.run_line_magic("config", "GradCellMagics.check = 'strict'")
    run(shell, "%%gradcell -q -o rep --order 2\nx = 2")
    rep = shell.user_ns["rep"]
    assert (rep.order, rep.check, rep.quiet) == (2, "strict", True)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("%%gradcell --nosuch\nz = 1", GradCellOptionError),
        ("%%gradcell\nz = (", GradCellError),
        ("%%gradcell\nz = 1\nawait z", GradCellError),
        ("%%gradcell\nz = 1\nimport mindspore.numpy", FacadeImportError),
        ("%%gradcell\nz = 1\nundefined", NameError),
    ],
)
def test_a_wrong_cell_fails_and_binds_nothing(shell, source, kind):
    """A cell that is wrong in any way ends with an error, and its names do not land."""
    result, _ = run(shell, source)
    assert type(result.error_in_exec) is kind
    assert "z" not in shell.user_ns


def test_lines_count_from_the_magics_own(shell):
    """Functions know their source at the cell's line numbers, blank lines after the magic included."""
    run(shell, "%%gradcell -q\n\n  \nimport os\ndef f():\n    return 1")
    assert shell.user_ns["f"].__code__.co_firstlineno == 5
    assert inspect.getsource(shell.user_ns["f"]) == "def f():\n    return 1\n"


def test_an_error_names_the_cell_and_hides_our_frames(shell):
    """The user's own error shows the cell's line under its number and no line of this package."""
    run(shell, "1")
    _, printed = run(shell, "%%gradcell\ndef f():\n    return undefined\n\nx = f()")
    assert "Cell In[2], line 5" in printed
    assert "Cell In[2], line 3, in f()" in printed
    assert "msgrad_ext" not in printed


def test_an_error_of_this_package_is_three_lines_and_the_message(shell):
    """An error of this package shows place, line, mark and message, and no traceback."""
    _, printed = run(shell, "%%gradcell\nx = 1\nwhile x\n    2")
    assert printed.splitlines() == ["Cell In[1], line 3", "    while x", "           ^", "GradCellError: expected ':'"]


def test_an_error_of_this_package_without_a_place_gets_the_cells_line(shell):
    """An error that does not know its line is shown at the line of the cell that led to it."""
    _, printed = run(shell, "%%gradcell\nimport mindspore as ms\nms.Tenso")
    assert printed.splitlines()[:3] == ["Cell In[1], line 3", "    ms.Tenso", "    ^^^^^^^^"]


def test_a_cell_of_a_program_runs_too(shell):
    """A gradcell that a program runs is not in the history, and its lines are right all the same."""
    shell.run_cell("%%gradcell -q\n\ndef f():\n    return 1", store_history=False)
    assert shell.user_ns["f"].__code__.co_firstlineno == 3
    shell.run_cell_magic("gradcell", "-q", "def g():\n    return 1")
    assert shell.user_ns["g"].__code__.co_firstlineno == 2


def test_magics_in_the_body_work(shell):
    """The body is a cell like others: a line magic in it runs."""
    run(shell, "%%gradcell -q\na = 1\nb = %who_ls int\nc = 3")
    assert shell.user_ns["b"] == ["a"]


def test_braces_and_dollars_in_the_line_are_not_expanded(shell):
    """The line reaches the options as it stands."""
    shell.user_ns["y"] = "x"
    result, _ = run(shell, "%%gradcell --wrt {y}\n1")
    assert "'{y}'" in result.error_in_exec.message


def test_help_lists_the_options(shell):
    """The magic's docstring is its generated help."""
    text = shell.find_cell_magic("gradcell").__doc__
    assert all(option in text for option in ("--wrt", "--sens", "--shapes", "--check", "--no-live", "--export", "-q"))


def complete(shell, text):
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [one.text for one in shell.Completer.completions(text, len(text))]


def test_tab_completes_options_and_their_choices(shell):
    """Options are completed on the magic's line, and so are the values of ``--check``; nowhere else."""
    assert complete(shell, "%%gradcell --se") == ["--seed", "--sens"]
    assert complete(shell, "%%gradcell -q --check ") == ["auto", "off", "on", "strict"]
    assert complete(shell, "%%gradcell --check=st") == ["strict"]
    assert "--seed" not in complete(shell, "%%gradcell\n--se")


def test_unload_leaves_no_trace(shell):
    """After unloading, every registry of the shell is as it was before loading."""
    shell.run_line_magic("unload_ext", "msgrad_ext")
    before = state(shell)
    shell.run_line_magic("load_ext", "msgrad_ext")
    assert state(shell) != before
    run(shell, "%%gradcell -q\n1")
    shell.user_ns.pop("_", None)
    shell.run_line_magic("unload_ext", "msgrad_ext")
    assert state(shell) == before
    result, _ = run(shell, "%%gradcell\n1")
    assert result.error_in_exec is not None


def state(shell):
    """Everything that an extension can leave behind."""
    manager, formatters = shell.magics_manager, shell.display_formatter.formatters
    return {
        "magics": {kind: sorted(manager.magics[kind]) for kind in manager.magics},
        "registry": sorted(manager.registry),
        "configurables": [type(one).__name__ for one in shell.configurables],
        "matchers": len(shell.Completer.custom_matchers),
        "formatters": {name: sorted(map(str, one.type_printers)) for name, one in formatters.items()},
        "deferred": {name: sorted(one.deferred_printers) for name, one in formatters.items()},
        "events": {name: len(found) for name, found in shell.events.callbacks.items()},
        "transformers": [len(shell.ast_transformers), len(shell.input_transformers_cleanup)],
        "names": sorted(name for name in shell.user_ns if not name.startswith("_")),
        "hook": sys.excepthook,
    }


def test_reload_leaves_one_of_each_and_keeps_settings(shell):
    """Reloading does not double anything, and a trait that the user has set stays set."""
    shell.run_line_magic("config", "GradCellMagics.seed = 5")
    shell.run_line_magic("reload_ext", "msgrad_ext")
    assert [type(one).__name__ for one in shell.configurables].count("GradCellMagics") == 1
    assert len(shell.Completer.custom_matchers) == 1
    run(shell, "%%gradcell -o rep\n1")
    assert shell.user_ns["rep"].seed == 5


def test_a_wrong_setting_is_dropped_with_a_warning(shell):
    """A setting that no trait takes does not keep the extension from loading, and is told."""
    shell.run_line_magic("unload_ext", "msgrad_ext")
    shell.config.GradCellMagics.check = "sometimes"
    with pytest.warns(UserWarning, match="Settings of GradCellMagics are not used"):
        shell.run_line_magic("load_ext", "msgrad_ext")
    assert [type(one).__name__ for one in shell.configurables].count("GradCellMagics") == 1
    assert "GradCellMagics" not in shell.config


def test_loading_imports_neither_sympy_nor_ipywidgets():
    """``import msgrad_ext`` imports not even numpy; ``%load_ext`` neither sympy nor ipywidgets."""
    source = (
        "import sys, msgrad_ext\n"
        "assert 'numpy' not in sys.modules and 'IPython' not in sys.modules\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_line_magic('load_ext', 'msgrad_ext')\n"
        "assert shell.find_cell_magic('gradcell')\n"
        "print(sorted({'sympy', 'ipywidgets', 'numpy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_misspelt_public_name_offers_the_near_one():
    """The package answers a misspelt name with the near one, and lists its names."""
    import msgrad_ext

    with pytest.raises(AttributeError, match="Did you mean 'Parameter'"):
        msgrad_ext.Parametr
    assert {"compile", "check", "derive", "nn", "ops", "Tensor"} <= set(dir(msgrad_ext))
