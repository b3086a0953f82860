"""The vocabulary in MindSpore, in its PyNative mode, without the threads that spin while they wait."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Tensor, ops

from ..workload import Candidate, Workload

ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU")
if hasattr(ms, "runtime"):
    ms.runtime.launch_blocking()

_speech = SimpleNamespace(
    tanh=ops.tanh, exp=ops.exp, sin=ops.sin, sqrt=ops.sqrt, relu=ops.relu, softplus=ops.softplus, reshape=ops.reshape,
    log_softmax=lambda a: ops.log_softmax(a, -1), softmax=lambda a: ops.softmax(a, -1),
    sum=lambda a, axis=None, keep=False: ops.sum(a, axis, keep),
    mean=lambda a, axis, keep: ops.mean(a, axis, keep), conv=lambda x, w: ops.conv2d(x, w), sigmoid=ops.sigmoid,
    max_pool=lambda a: ops.max_pool2d(a, 2, 2), swap=lambda a: ops.swapaxes(a, -1, -2), inverse=ops.inverse,
    logsumexp=lambda a: ops.logsumexp(a, -1), take=lambda table, at: ops.gather(table, at, 0),
    eye=lambda size, like: ops.eye(size, size, like.dtype),
)  # fmt: skip


def version() -> str:
    """Of MindSpore."""
    return f"MindSpore {ms.__version__}, PyNative"


def candidate(workload: Workload) -> Candidate:
    """The gradients by ``mindspore.grad``."""
    places = tuple(list(workload.arrays).index(name) for name in workload.wrt)
    arrays = [Tensor(array) for array in workload.values]

    def loss(*given: Any) -> Any:
        return workload.loss(_speech, *given)

    if workload.kind == "hessian":
        function: Any = ms.jacrev(ms.grad(loss))
    elif workload.kind == "hvp":
        slope = ms.grad(loss)
        function = ms.grad(lambda x, v: ops.sum(slope(x) * v))
    elif workload.sens is not None:
        arrays.append(Tensor(workload.sens))
        function = ms.grad(lambda *given: ops.sum(loss(*given[:-1]) * given[-1]), places)
    else:
        function = ms.grad(loss, places)

    def read(found: Any) -> tuple[np.ndarray, ...]:
        return tuple(one.asnumpy() for one in (found if isinstance(found, tuple) else (found,)))

    return Candidate(lambda: function(*arrays), read)
