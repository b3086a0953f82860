"""The same formulas, letter for letter, in every process and whatever was derived before."""

from __future__ import annotations

import os
import subprocess
import sys

_PROGRAM = """
import sys
import msgrad_ext as mg
from msgrad_ext import nn, ops
from tests.textbook.cases import CASES

class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Dense(3, 4), nn.Dense(4, 2)
        self.norm = nn.LayerNorm((4,))
    def construct(self, x):
        return ops.log_softmax(self.fc2(ops.relu(self.norm(self.fc1(x)))), -1).sum()

def shown(name, formulas):
    said = []
    for key, one in formulas.items():
        said += [name, key, one.latex, one.text, one.mathml, *one.notes]
    said += [text for line in one.lines for text in (line.latex, line.text)]
    return "\\n".join(said)

work = [(c.name, lambda c=c: mg.derive(c.function, c.shapes, wrt=list(c.by) or None, sens="G" if c.sens else None))
        for c in CASES[int(sys.argv[2]) :: 6]]
work.append(("net", lambda: mg.derive(Net(), {"x": ("n", 3)})))
if sys.argv[1] == "backwards":
    work.reverse()
found = {name: shown(name, make()) for name, make in work}
net = mg.derive(Net(), {"x": ("n", 3)})["x"]
print("\\n".join(found[name] for name in sorted(found)))
print(net.elements({str(s): 2 for s in net.writer.line_writer.letters}).text)
"""


def _printed(order: str, seed: str, part: int) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, order, str(part)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_formulas_depend_on_no_hash_and_on_no_order() -> None:
    """Two processes with other hashes derive a sixth of the corpus in opposite orders."""
    first, second = _printed("forwards", "1", 0), _printed("backwards", "4242", 0)
    assert len(first) > 10_000
    assert first == second
