"""What steps of a plan cost, in nanoseconds: rough figures of numpy, to tell what pays, the same on every machine."""

from __future__ import annotations

import dis
from functools import cache
from typing import Any

# A call of a numpy function on small arrays; a byte that is read or written; `np.concatenate`, and each part of it;
# a view that has to be made; a view that is returned, and so must be copied.
CALL = 200
COPY = 0.1
JOIN = 1000
JOINED = 60
VIEW = 20
RETURNED = 300

_DEAR = {"ReduceSum": 300, "ReduceMean": 2000, "MatMul": 300}


@cache
def calls(kind: type[Any]) -> int:
    """How many calls of numpy a voice of class ``kind`` makes, as far as its code tells."""
    names = ("CALL", "BINARY_OP", "UNARY_NEGATIVE", "COMPARE_OP", "CALL_FUNCTION", "CALL_METHOD")
    return max(1, sum(one.opname in names for one in dis.get_instructions(kind.numpy)))


def once(kind: type[Any]) -> float:
    """What an op of class ``kind`` costs on arrays so small that only the calls count."""
    return _DEAR.get(kind.__name__, calls(kind) * CALL)
