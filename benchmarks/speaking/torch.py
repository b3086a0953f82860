"""The vocabulary in torch, run eagerly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from ..workload import Candidate, Workload

torch.set_num_threads(1)


def _sum(a: Any, axis: Any = None, keep: bool = False) -> Any:
    return torch.sum(a) if axis is None else torch.sum(a, axis, keep)


_speech = SimpleNamespace(
    tanh=torch.tanh, exp=torch.exp, sin=torch.sin, sqrt=torch.sqrt, relu=torch.relu,
    softplus=lambda a: torch.nn.functional.softplus(a), reshape=torch.reshape, sum=_sum,
    log_softmax=lambda a: torch.log_softmax(a, -1), softmax=lambda a: torch.softmax(a, -1),
    mean=lambda a, axis, keep: torch.mean(a, axis, keep), conv=lambda x, w: torch.conv2d(x, w), sigmoid=torch.sigmoid,
    max_pool=lambda a: torch.max_pool2d(a, 2), swap=lambda a: a.swapaxes(-1, -2), inverse=torch.linalg.inv,
    logsumexp=lambda a: torch.logsumexp(a, -1), take=lambda table, at: table[at],
    eye=lambda size, like: torch.eye(size, dtype=like.dtype),
)  # fmt: skip


def version() -> str:
    """Of torch."""
    return f"torch {torch.__version__}, eager"


def candidate(workload: Workload) -> Candidate:
    """The gradients by ``torch.autograd.grad``, or by ``torch.func`` for second order."""
    arrays = [torch.tensor(array) for array in workload.values]
    wanted = [array for name, array in zip(workload.arrays, arrays) if name in workload.wrt]
    sens = None if workload.sens is None else torch.tensor(workload.sens)
    read = lambda found: tuple(one.detach().numpy() for one in found)  # noqa: E731

    def loss(*given: Any) -> Any:
        return workload.loss(_speech, *given)

    if workload.kind == "hessian":
        function = torch.func.hessian(loss)
        return Candidate(lambda: (function(*arrays),), read)
    if workload.kind == "hvp":
        x, v = arrays
        slope = torch.func.grad(loss)
        return Candidate(lambda: (torch.func.jvp(slope, (x,), (v,))[1],), read)
    for one in wanted:
        one.requires_grad_()

    def call() -> Any:
        value = loss(*arrays)
        return torch.autograd.grad(value if sens is not None else value.sum(), wanted, sens)

    return Candidate(call, read)
