"""The generated C of every op: what a voice is given has been made before. (gcc would not tell.)"""

from __future__ import annotations

import re
from typing import Any

import pytest

import msgrad_ext as mg
from msgrad_ext import Tensor, ops
from msgrad_ext.native.blas import find
from msgrad_ext.native.lowering import lower
from msgrad_ext.native.module import write
from msgrad_ext.native.program import NoNative

from ..ops.samples import SAMPLES

FIRST = {sample.op: sample for sample in reversed(SAMPLES)}
BLAS = find()


def text(network: Any, *inputs: Any) -> str:
    """The C text of value and gradients, or nothing where numpy keeps them."""
    try:
        return write(lower(mg.compile(network, *inputs)._versions[0].plan.graph), BLAS).text
    except NoNative:
        return ""


def unmade(c: str) -> set[str]:
    """The array objects that are read before they are made."""
    made: set[str] = set()
    found = set()
    for line in c.splitlines():
        for name in re.findall(r"o\[\d+\]", line):
            if re.search(rf"{re.escape(name)} = (?!NULL)", line):
                made.add(name)
            elif name not in made and not line.startswith("PyArrayObject *"):
                found.add(name)
    return found


@pytest.mark.parametrize("op", sorted(FIRST))
def test_voices_are_given_what_was_made(op: str) -> None:
    """Each object that a line of the function reads was made by a line before it."""
    assert unmade(text(FIRST[op].network, *FIRST[op].inputs)) == set()


def test_constants_that_only_voices_read_are_taken() -> None:
    """Indices of a gather are objects to a voice, and nothing else reads them."""
    table, rows = Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1, 0, 1])
    c = text(lambda x: ops.exp(ops.gather(x * 2.0, rows, 0)).sum(), table)
    assert "PyObject_Vectorcall(PyTuple_GET_ITEM" in c
    assert unmade(c) == set()


def test_an_object_that_was_not_made_is_seen() -> None:
    """The reading above tells such a text."""
    assert unmade("PyArrayObject *o[2] = {NULL};\nif (!(o[0] = in_order(x))) goto fail;\nf(o[0], o[1]);") == {"o[1]"}
