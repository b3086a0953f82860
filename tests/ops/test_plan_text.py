"""The text of a compiled plan: the same from run to run, and right where one op is written many times."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

import msgrad_ext as mg
from msgrad_ext import ops

PROGRAM = """
import numpy as np, msgrad_ext as mg
from msgrad_ext.gradients.grad_operation import observed
from msgrad_ext import Tensor, ops
with observed() as found:
    mg.grad(ops.tanh)(Tensor(np.ones(2)))
print(found[0].plan.run.__code__.co_filename)
"""


def test_a_plan_has_one_file_name_in_every_run() -> None:
    """The name that tracebacks show does not depend on the seed of Python's hashes."""
    names = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(names) == 1


def test_one_op_with_other_numbers_and_names_is_written_each_time() -> None:
    """What is kept of an op's text holds its settings and numbers, but no names."""

    def network(x, y):
        return ops.sum(x * 2 + y * 2 + y * -3 + ops.reshape(x, (2, 1)) * ops.reshape(y, (1, 2)) + x * y)

    x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    value, gradients = mg.compile(network, x, y)(x, y)
    assert float(value) == 2 * (2 * x + 2 * y - 3 * y + x * y).sum() + np.outer(x, y).sum()
    assert np.array_equal(gradients["x"], 2 * (2 + y) + y.sum())
