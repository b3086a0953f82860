"""The numpy export: it runs on its own, gives the plan's numbers, checks itself, and executes no name."""

from __future__ import annotations

import ast
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.tensor import Tensor

X = np.array([[0.5, -1.5], [2.5, 1.25]])
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"; import os; os.remove("x") #',
    "'''",
    '"""',
    "a\nimport os",
    "a\r\nb",
    "lambda",
    "None",
    "é",
    "权重",
    "\\input{x}",
    "\\href{javascript:alert(1)}{x}",
    "__import__('os')",
    "{0}",
    "%s",
    "$x$",
    "a]]>",
    "</script>",
    "0",
    "w.0",
    "np",
    "dict",
    "zip",
    "range",
    "slice",
    "plan",
    "_outputs",
    "_CONSTANTS",
    "EXAMPLE",
    "check",
    "results",
    "value_and_grad",
    "\u202eevil",
    "\x00",
    "_",
    "",
]


class Net(nn.Cell):
    """A network whose parameter bears a given name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        object.__setattr__(self, "_name", name)
        self.insert_param(name)

    def insert_param(self, name: str) -> None:
        """Hold the parameter under its own name."""
        setattr(self, name, Parameter(np.array([[2.0, 0.5], [0.25, 3.0]]), name=name))

    def construct(self, x: Tensor) -> Tensor:
        return ops.tanh(x @ getattr(self, self._name)) * Tensor(np.array([[1.0, 2.0], [3.0, 4.0]]))


def run(source: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run exported source in an interpreter that can not import this package or SymPy."""
    (tmp_path / "exported.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-I", "-c", "import sys; sys.modules['sympy'] = sys.modules['msgrad_ext'] = None; "
               "sys.path.insert(0, '.'); import runpy; runpy.run_path('exported.py', run_name='__main__')"]  # fmt: skip
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


def loaded(source: str) -> dict[str, Any]:
    """The names that exported source defines."""
    namespace: dict[str, Any] = {"__name__": "exported"}
    exec(compile(source, "exported.py", "exec"), namespace)
    return namespace


def gradients(source: str) -> list[np.ndarray]:
    """The gradients at the exported example."""
    module = loaded(source)
    return list(module["value_and_grad"](**module["EXAMPLE"])[1].values())


NETWORKS: dict[str, Any] = {
    "product": lambda x: x @ x,
    "softmax": lambda x: ops.softmax(x * 2.0, 0) * x,
    "loss": lambda x: ops.softmax_cross_entropy_with_logits(x, Tensor(np.eye(2))).mean(),
    "slices": lambda x: ops.concat([x[::-1], x[:, :1] * x], 1),
    "max": lambda x: ops.reduce_max(x, 1),
    "constant": lambda x: x * Tensor(np.array([1.0, np.inf]))[:1] + Tensor(np.array([[0.5], [0.25]])),
    "branch": lambda x: ops.where(x > 0, ops.sin(x), x * x) if x.sum() > 0 else x,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_export_runs_on_its_own_and_checks_itself(name: str, tmp_path: Path) -> None:
    """With numpy alone, and without a warning."""
    done = run(mg.check(NETWORKS[name], X).export("numpy"), tmp_path)
    assert (done.returncode, done.stderr, "agree" in done.stdout) == (0, "", True)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_export_equals_the_plan(name: str) -> None:
    """Bit for bit: it is the same source."""
    report = mg.check(NETWORKS[name], X)
    np.testing.assert_array_equal(gradients(report.export("numpy")), [report["x"].value])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str, tmp_path: Path) -> None:
    """The export of a network with any parameter name is valid, runs, and gives the plan's gradient."""
    report = mg.check(Net(name), X)
    source = report.export("numpy")
    ast.parse(source)
    for mine, wanted in zip(gradients(source), [report[one].value for one in report], strict=True):
        np.testing.assert_array_equal(mine, wanted)


def test_a_hostile_name_runs_nothing(tmp_path: Path) -> None:
    """Exported to a file and run, the text in a name is no code."""
    name = '"; open("hacked", "w") #\n"""\nopen("hacked", "w")\n"""'
    done = run(mg.check(Net(name), X).export("numpy"), tmp_path)
    assert (done.returncode, (tmp_path / "hacked").exists()) == (0, False)


def test_a_hostile_title_runs_nothing(tmp_path: Path) -> None:
    """The network's name stands in a docstring, which it can not end."""

    def net(x: Tensor) -> Tensor:
        return x * x

    net.__name__ = 'a"""\nopen("hacked", "w")\n"""\\'
    done = run(mg.check(net, X).export("numpy"), tmp_path)
    assert (done.returncode, (tmp_path / "hacked").exists()) == (0, False)


@pytest.mark.parametrize("values", [[np.inf, 1.0], [np.nan, 1.0], [-np.inf, 0.0], [1e-300, 1e300]])
def test_values_that_are_not_finite_are_spelt(values: list[float]) -> None:
    """An example or a constant with NaN or infinities is valid source."""
    net = lambda x: x * Tensor(np.array(values))  # noqa: E731
    module = loaded(mg.check(net, np.array(values)).export("numpy"))
    np.testing.assert_array_equal(module["value_and_grad"](**module["EXAMPLE"])[1]["x"], values)


@pytest.mark.parametrize(
    "options", [{"precision": 2}, {"formatter": {"float": lambda x: "?"}}, {"legacy": "1.13"}, {"nanstr": "?"}]
)
def test_print_options_do_not_reach_the_export(options: dict[str, Any]) -> None:
    """The user's print options change nothing in exported source."""
    report = mg.check(lambda x: x * Tensor(np.array([np.nan, 1 / 3])), np.array([1 / 3, 1 / 7]))
    expected = report.export("numpy")
    with np.printoptions(**options):
        assert report.export("numpy") == expected


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_the_export_keeps_the_dtype(kind: str) -> None:
    """A float32 network is exported as one."""
    (found,) = gradients(mg.check(lambda x: x * x * 0.1, X.astype(kind)).export("numpy"))
    assert found.dtype == kind


def test_the_export_keeps_the_weights_of_the_output(tmp_path: Path) -> None:
    """``sens`` becomes a constant of the source, and the self-check knows it."""
    report = mg.check(lambda x: x * x, X, sens=np.array([[1.0, 10.0], [100.0, 1000.0]]))
    assert run(report.export("numpy"), tmp_path).returncode == 0
    np.testing.assert_array_equal(gradients(report.export("numpy")), [report["x"].value])


def test_an_unknown_target_is_refused_with_the_choices() -> None:
    """A near miss is offered."""
    with pytest.raises(ValueError, match="Did you mean 'numpy'"):
        mg.check(lambda x: x, X).export("nunpy")


def test_the_targets_are_listed_sorted() -> None:
    """So that menus are the same in every run."""
    assert list(mg.exporters()) == sorted(mg.exporters()) and {"latex", "numpy"} <= set(mg.exporters())


def test_every_target_exports_every_hostile_name() -> None:
    """No target stumbles over a name."""
    for name in HOSTILE:
        report = mg.check(Net(name), X)
        assert all(report.export(target) for target in mg.exporters())


ACTIVE = ("\\input", "\\href", "\\write", "\\immediate", "\\catcode", "javascript:")


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_holds_no_command_from_a_name(name: str) -> None:
    """A name is text in LaTeX: its backslashes, braces and comment signs are spelt, not meant."""
    text = mg.check(Net(name), X).export("latex")
    code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert not [command for command in ACTIVE if command.startswith("\\") and command in code]
    assert code.count("{") - code.count("\\{") == code.count("}") - code.count("\\}")
    assert code.isprintable() or {c for c in code if not c.isprintable()} <= {"\n"}


class Elements(HTMLParser):
    """The kinds of elements of a page, and what in it could act."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.acting: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.acting += [
            name
            for name, value in attrs
            if name.startswith("on") or (name in ("href", "src") and "javascript:" in (value or ""))
        ]


@pytest.mark.parametrize("name", HOSTILE)
def test_html_holds_no_markup_from_a_name(name: str) -> None:
    """A name is text in HTML: the page has the elements that it has with a harmless name, and nothing acts."""
    pages = [Elements(mg.check(Net(one), X)._repr_mimebundle_()["text/html"]) for one in ("w", name)]
    assert (pages[1].tags - pages[0].tags - {"mn", "mtext", "msub"}, pages[1].acting) == (set(), [])


def test_each_parameter_keeps_its_own_name_in_the_text() -> None:
    """The plain text shows the name with what can not be printed spelt."""
    text = str(mg.check(Net("a\nb\x1b[31m"), X))
    assert "\x1b" not in text
