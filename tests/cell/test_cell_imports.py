"""``import mindspore`` in a cell."""

import sys

import pytest

import msgrad_ext
from msgrad_ext import nn, ops
from msgrad_ext.errors import FacadeImportError
from msgrad_ext.initializer import Normal, initializer
from msgrad_ext.notebook.cell import parse_cell, read_cell, run_cell

INITIAL = sys.modules["msgrad_ext.initializer"]


def run(body):
    namespace = {}
    run_cell(parse_cell(read_cell(None, "", body)), namespace)
    return {name: value for name, value in namespace.items() if not name.startswith("__")}


@pytest.mark.parametrize(
    ("line", "bound"),
    [
        ("import mindspore", {"mindspore": msgrad_ext}),
        ("import mindspore as ms", {"ms": msgrad_ext}),
        ("import mindspore.nn as nn", {"nn": nn}),
        ("import mindspore.nn", {"mindspore": msgrad_ext}),
        ("import mindspore as ms, sys, mindspore.ops as ops", {"ms": msgrad_ext, "sys": sys, "ops": ops}),
        ("from mindspore import Tensor, nn", {"Tensor": msgrad_ext.Tensor, "nn": nn}),
        ("from mindspore import dtype as mstype", {"mstype": msgrad_ext.dtype}),
        ("from mindspore import int8, context", {"int8": msgrad_ext.int8, "context": msgrad_ext.context}),
        ("from mindspore.nn import Cell as C", {"C": nn.Cell}),
        ("from mindspore.ops import operations as P, composite as C", {"P": ops, "C": ops}),
        ("from mindspore.ops.operations import MatMul", {"MatMul": ops.MatMul}),
        ("from mindspore.common import ParameterTuple", {"ParameterTuple": msgrad_ext.ParameterTuple}),
        ("from mindspore.common.parameter import Parameter", {"Parameter": msgrad_ext.Parameter}),
        ("from mindspore.common.tensor import Tensor", {"Tensor": msgrad_ext.Tensor}),
        ("import mindspore.common.dtype as mstype", {"mstype": msgrad_ext.dtype}),
        (
            "from mindspore.common.initializer import Normal, initializer",
            {"Normal": Normal, "initializer": initializer},
        ),
        (
            "from mindspore.common import initializer as init, set_seed",
            {"init": INITIAL, "set_seed": msgrad_ext.set_seed},
        ),
        ("from mindspore.common.seed import set_seed", {"set_seed": msgrad_ext.set_seed}),
        ("from mindspore.nn import Conv2d, BatchNorm2d", {"Conv2d": nn.Conv2d, "BatchNorm2d": nn.BatchNorm2d}),
        ("from mindspore.nn.layer import Dense, activation", {"Dense": nn.Dense, "activation": nn}),
        ("from mindspore.nn.layer.normalization import LayerNorm", {"LayerNorm": nn.LayerNorm}),
    ],
)
def test_an_import_binds_the_facade(line, bound):
    """Each form of import binds the names that it says, to this package's own."""
    assert run(line) == bound


def test_the_bare_submodule_import_gives_the_submodule():
    """After ``import mindspore.nn`` the name ``mindspore.nn.Cell`` is this package's."""
    assert run("import mindspore.nn\nfound = mindspore.nn.Cell")["found"] is nn.Cell


def test_imports_inside_functions_and_classes_are_rewritten():
    """Imports are rewritten wherever they stand in the cell."""
    body = "def f():\n    from mindspore import Tensor\n    return Tensor\nclass A:\n    import mindspore.nn as n\n"
    body += "a = f()"
    bound = run(body)
    assert (bound["a"], bound["A"].n) == (msgrad_ext.Tensor, nn)


def test_the_star_of_the_root_brings_mindspores_names_only():
    """``from mindspore import *`` leaves the built-in ``compile`` alone."""
    bound = run("from mindspore import *")
    assert bound["Tensor"] is msgrad_ext.Tensor
    assert "compile" not in bound


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import mindspore.numpy as mnp", "'mindspore.numpy' is not available in a gradcell. Use mindspore.ops"),
        ("from mindspore import numpy", "'mindspore.numpy' is not available in a gradcell. Use mindspore.ops"),
        ("import mindspore.nnn", "'mindspore.nnn' is not available in a gradcell. Did you mean 'mindspore.nn'?"),
        ("from mindspore import Tenso", "'mindspore.Tenso' is not available in a gradcell. Did you mean 'Tensor'?"),
        ("from mindspore.nn import Cel", "'mindspore.nn.Cel' is not available in a gradcell. Did you mean 'Cell'?"),
        ("from mindspore import trace", "'mindspore.trace' is not available in a gradcell."),
        ("from mindspore.dataset import X", "'mindspore.dataset' is not available in a gradcell."),
    ],
)
def test_what_is_not_offered_is_refused_by_name_and_line(line, message):
    """An unknown module or name is an ImportError that names it, with the line of the cell."""
    with pytest.raises(FacadeImportError) as caught:
        run(f"x = 1\n{line}")
    assert caught.value.message.startswith(message)
    assert caught.value.location.line == 3
    assert isinstance(caught.value, ImportError)


def test_a_guarded_import_takes_its_other_branch():
    """A refused import raises when its line runs, so that the cell can catch it."""
    body = "try:\n    from mindspore import mint\nexcept ImportError:\n    mint = None"
    assert run(body) == {"mint": None}


def test_the_import_system_is_not_touched():
    """No module called mindspore appears, and a real one would not be imported."""
    run("import mindspore as ms\nfrom mindspore import nn")
    assert not [name for name in sys.modules if name.partition(".")[0] == "mindspore"]


def test_a_real_mindspore_is_not_imported(tmp_path, monkeypatch):
    """With a module called mindspore on the path, the cell still gets this package."""
    (tmp_path / "mindspore.py").write_text("raise RuntimeError('the real one was imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run("import mindspore")["mindspore"] is msgrad_ext


def test_other_imports_are_left_alone():
    """A package whose name only begins alike is imported as it is."""
    with pytest.raises(ModuleNotFoundError, match="mindspore_gl"):
        run("import mindspore_gl")


def test_context_is_accepted_and_checked():
    """A tutorial's first line works; a setting that does not exist is refused."""
    run("from mindspore import context\ncontext.set_context(mode=context.GRAPH_MODE, device_target='CPU')")
    assert msgrad_ext.get_context("mode") == msgrad_ext.GRAPH_MODE
    msgrad_ext.set_context(mode=msgrad_ext.PYNATIVE_MODE)
    with pytest.raises(ValueError, match="Did you mean 'mode'"):
        msgrad_ext.set_context(mod=1)
    with pytest.raises(ValueError, match="must be one of 0, 1, but got 7"):
        msgrad_ext.set_context(mode=7)
