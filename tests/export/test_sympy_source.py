"""The target ``sympy``: the script runs, agrees with the values in it, and sees a wrong one."""

import subprocess
import sys

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn, ops
from msgrad_ext.errors import NotSupportedError


def sample(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).uniform(0.3, 1.4, shape).astype(np.float32))


def run(text, folder):
    """The script's output, in a Python of its own."""
    path = folder / "gradients.py"
    path.write_text(text, encoding="utf-8")
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=folder, timeout=100)


class Layers(nn.Cell):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Dense(3, 4)
        self.fc2 = nn.Dense(4, 2)

    def construct(self, x):
        return self.fc2(ops.tanh(self.fc1(x)))


class Hostile(nn.Cell):
    def __init__(self):
        super().__init__()
        self.a = Parameter(Tensor(np.ones((2, 3), np.float32)), name='lambda"""\n__import__("os")')
        self.b = Parameter(Tensor(np.ones(3, np.float32)), name="Sum")
        self.c = Parameter(Tensor(np.ones(3, np.float32)), name="π <b>")

    def construct(self, x):
        return x * self.a * self.a + self.b * self.c * 0.1


NETS = {
    "product": (lambda x, y: x @ y, [(2, 3), (3, 2)]),
    "softmax": (lambda x: ops.softmax(x * x, -1) * x, [(2, 3)]),
    "slice": (lambda x: x[1:, ::2] ** 3, [(3, 4)]),
    "reshape": (lambda x: x.reshape(4, 3) * x.reshape(4, 3).sum(0), [(2, 6)]),
    "relu": (lambda x, y: ops.relu(x - y) * ops.maximum(x, y) * ops.sqrt(x), [(2, 3), (3,)]),
    "scalar": (lambda x: x * x * x, [()]),
    "large": (lambda x, y: (x @ y).tanh(), [(30, 20), (20, 10)]),
}


@pytest.mark.parametrize("name", NETS)
def test_script_agrees(name, tmp_path):
    """The exported script compares its expressions with the stored gradients and finds them equal."""
    function, shapes = NETS[name]
    report = mg.check(function, *(sample(*shape, seed=n) for n, shape in enumerate(shapes)))
    done = run(report.export("sympy"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("agree") == len(report.names)


def test_script_of_a_network_with_layers_and_a_weighted_output(tmp_path):
    """Parameters' paths become Python names, and the output's weight is an array like any other."""
    report = mg.check(Layers(), sample(2, 3), sens=sample(2, 2, seed=5))
    text = report.export("sympy")
    done = run(text, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "fc1_weight = IndexedBase(\"fc1_weight\", real=True)  # 'fc1.weight', shape (n, k)" in text


def test_hostile_names_are_data(tmp_path):
    """A name can neither end the script's texts nor hide what the script uses."""
    report = mg.check(Hostile(), sample(2, 3))
    text = report.export("sympy")
    assert "\nSum = " not in text and text.isascii()
    done = run(text, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_wrong_value_is_seen(tmp_path):
    """The script fails when a stored gradient is not the expression's value."""
    text = mg.check(lambda x: x * x * x, sample()).export("sympy")
    assert "3*x**2," in text
    done = run(text.replace("3*x**2,", "2*x**2,"), tmp_path)
    assert done.returncode == 1 and "AssertionError" in done.stderr


def test_no_standard_form_is_said():
    """A maximum over an axis of unknown length has no standard form in SymPy, and the error says so."""
    with pytest.raises(NotSupportedError, match="largest element"):
        mg.check(lambda x: x.amax(1), sample(2, 3)).export("sympy")
