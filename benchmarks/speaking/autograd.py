"""The vocabulary in autograd."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from ..workload import Candidate, Workload


def _log_softmax(a: Any) -> Any:
    shifted = a - anp.max(a, -1, keepdims=True)
    return shifted - anp.log(anp.sum(anp.exp(shifted), -1, keepdims=True))


def _conv(x: Any, w: Any) -> Any:
    """As products with the patches that each place of the kernel sees."""
    high, wide = x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1
    places = [(i, j) for i in range(w.shape[2]) for j in range(w.shape[3])]
    return sum(anp.einsum("nchw,fc->nfhw", x[:, :, i : i + high, j : j + wide], w[:, :, i, j]) for i, j in places)


def _max_pool(a: Any) -> Any:
    """As the largest of four slices."""
    rows = anp.maximum(a[:, :, ::2], a[:, :, 1::2])
    return anp.maximum(rows[..., ::2], rows[..., 1::2])


_speech = SimpleNamespace(
    tanh=anp.tanh, exp=anp.exp, sin=anp.sin, sqrt=anp.sqrt, relu=lambda a: anp.maximum(a, 0.0),
    softplus=lambda a: anp.logaddexp(a, 0.0), reshape=anp.reshape, conv=_conv,
    log_softmax=_log_softmax, softmax=lambda a: anp.exp(_log_softmax(a)),
    sum=lambda a, axis=None, keep=False: anp.sum(a, axis, keepdims=keep),
    mean=lambda a, axis, keep: anp.mean(a, axis, keepdims=keep), sigmoid=lambda a: 0.5 * anp.tanh(0.5 * a) + 0.5,
    max_pool=_max_pool, swap=lambda a: anp.swapaxes(a, -1, -2), inverse=anp.linalg.inv, take=lambda table, at: table[at],
    logsumexp=lambda a: a[..., 0] - _log_softmax(a)[..., 0], eye=lambda size, like: np.eye(size, dtype=like.dtype),
)  # fmt: skip


def version() -> str:
    """Of autograd."""
    from importlib.metadata import version

    return f"autograd {version('autograd')}"


def candidate(workload: Workload) -> Candidate:
    """The gradients by ``autograd.grad``."""
    places = tuple(list(workload.arrays).index(name) for name in workload.wrt)
    sens = np.ones(()) if workload.sens is None else workload.sens

    def loss(*arrays: Any) -> Any:
        return anp.sum(workload.loss(_speech, *arrays) * sens.astype(workload.values[0].dtype))

    if workload.kind == "hessian":
        function = autograd.hessian(loss)
        return Candidate(lambda: (function(*workload.values),), tuple)
    if workload.kind == "hvp":
        slope = autograd.grad(lambda x, v: anp.sum(autograd.grad(loss)(x) * v))
        return Candidate(lambda: (slope(*workload.values),), tuple)
    function = autograd.grad(loss, places)
    return Candidate(lambda: function(*workload.values), tuple)
