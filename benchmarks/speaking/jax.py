"""The vocabulary in jax; gradients are compiled by ``jax.jit``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..workload import Candidate, Workload

jax.config.update("jax_enable_x64", True)

_speech = SimpleNamespace(
    tanh=jnp.tanh, exp=jnp.exp, sin=jnp.sin, sqrt=jnp.sqrt, relu=jax.nn.relu, softplus=jax.nn.softplus,
    log_softmax=jax.nn.log_softmax, softmax=jax.nn.softmax, reshape=jnp.reshape,
    sum=lambda a, axis=None, keep=False: jnp.sum(a, axis, keepdims=keep),
    mean=lambda a, axis, keep: jnp.mean(a, axis, keepdims=keep),
    conv=lambda x, w: jax.lax.conv(x, w, (1, 1), "VALID"), sigmoid=jax.nn.sigmoid, inverse=jnp.linalg.inv,
    max_pool=lambda a: jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"),
    swap=lambda a: jnp.swapaxes(a, -1, -2), logsumexp=lambda a: jax.nn.logsumexp(a, -1),
    take=lambda table, at: jnp.take(table, at, 0), eye=lambda size, like: jnp.eye(size, dtype=like.dtype),
)  # fmt: skip


def version() -> str:
    """Of jax."""
    return f"jax {jax.__version__}, jit"


def candidate(workload: Workload) -> Candidate:
    """The compiled gradients."""
    places = tuple(list(workload.arrays).index(name) for name in workload.wrt)

    def loss(*arrays: Any) -> Any:
        return jnp.sum(workload.loss(_speech, *arrays))

    arrays = [jnp.asarray(array) for array in workload.values]
    if workload.kind == "hessian":
        function: Any = lambda *given: (jax.hessian(loss)(*given),)  # noqa: E731
    elif workload.kind == "hvp":
        function = lambda x, v: (jax.jvp(jax.grad(loss), (x,), (v,))[1],)  # noqa: E731
    elif workload.sens is not None:
        arrays.append(jnp.asarray(workload.sens))

        def function(*given: Any) -> Any:
            *values, sens = given
            return jax.grad(lambda *all: jnp.sum(workload.loss(_speech, *all) * sens), places)(*values)
    else:
        function = jax.grad(loss, places)
    compiled = jax.jit(function)
    return Candidate(lambda: jax.block_until_ready(compiled(*arrays)), lambda found: tuple(map(np.asarray, found)))
