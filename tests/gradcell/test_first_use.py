"""The first thing that a program does with the package works, whichever it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FIRST = [
    "import msgrad_ext as mg; assert mg.check(lambda x: x * x, np.array([3.0]))['x'].value == 6",
    "import msgrad_ext as mg; assert mg.compile(lambda x: x * x, np.array([3.0]))(np.array([3.0]))[1]['x'] == 6",
    "import msgrad_ext as mg; mg.derive(lambda x: x * x, {'x': ('m',)})",
    "from msgrad_ext import Tensor; assert (Tensor(2.0) * 3).asnumpy() == 6",
    "from msgrad_ext import Parameter; assert (Parameter(np.array([2.0])) * 3).asnumpy() == 6",
    "from msgrad_ext import Tensor, grad; assert grad(lambda x: x * x)(Tensor(3.0)).asnumpy() == 6",
    "import msgrad_ext as mg; assert 'MatMul' in mg.registered_ops()",
]


@pytest.mark.parametrize("statement", FIRST)
def test_the_ops_are_there_from_the_first_use(statement: str) -> None:
    """No other import has to come before."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", "import numpy as np\n" + statement], env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
