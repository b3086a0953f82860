"""A plan's second tier: asked for when the plan is hot, compiled in the background, there when it is ready.

One thread compiles, one plan at a time; nobody waits for it. A fork starts without it, and at exit it is stopped.
"""

from __future__ import annotations

import atexit
import math
import os
import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any
from weakref import ref

import numpy as np

from ..ir import Graph
from . import build
from .blas import find
from .lowering import lower
from .module import write
from .plain import load, write_plain
from .program import NoNative

WAITING = 64
_TRIED = 2_000_000


class Native:
    """The C form of one graph.

    Attributes
    ----------
    function : callable or None
        From arrays to a tuple of fresh arrays, once it is ready. Arrays that do not fit the graph's inputs are
        answered by ``fallback``.
    status : str
        What has become of it, in words.
    text : str
        The C text, once it is written.
    """

    def __init__(
        self, graph: Graph, fallback: Callable[..., Any], other_branch: type[Exception], owner: Any = None
    ) -> None:
        self.graph, self.fallback, self.other_branch, self.owner = graph, fallback, other_branch, owner
        self.function: Callable[..., tuple[Any, ...]] | None = None
        self.status = "waiting for the compiler"
        self.text = ""
        self.pid = os.getpid()

    def make(self) -> None:
        """Compile now, in this thread; whatever goes wrong is told in the status."""
        start = perf_counter()
        self.status = "compiling"
        try:
            build.compiler()
            function, kept = self.built()
            if self.owner is not None:
                tried(self.graph, function, self.fallback, self.other_branch)
            self.function = function
            self.announce()
            took = perf_counter() - start
            self.status = f"compiled C, {'kept from before' if kept else f'made in {took:.1f} s'}"
        except NoNative as reason:
            self.status = f"numpy: {reason}"
        except Exception as error:  # noqa: BLE001 - a defect here must not reach a user who did not ask for this tier
            self.status = f"numpy: {type(error).__name__}: {error}"

    def built(self) -> tuple[Callable[..., tuple[Any, ...]], bool]:
        """The compiled function, and whether it was there already."""
        blas, program = find(), lower(self.graph)
        module = write(program, blas) if build.headers() else write_plain(program, blas)
        self.text = module.text
        path, kept = build.build(module.text)
        bound = (self.fallback, self.other_branch, *module.bound)
        if not build.headers():
            return load(path, program, blas, bound), kept
        return build.load(path).bind(bound, blas.addresses if blas else {}), kept

    def announce(self) -> None:
        """Tell the owner that the function is there."""
        owner = self.owner() if self.owner is not None else None
        if owner is not None:
            owner.choose()


def tried(graph: Graph, function: Callable[..., Any], fallback: Callable[..., Any], branch: type[Exception]) -> None:
    """Run both tiers once at random numbers, before one takes the other's place.

    Raises
    ------
    NoNative
        If they differ by more than the order of additions explains.
    """
    if sum(math.prod(var.shape) for var in graph.inputs) > _TRIED:
        return
    draw = np.random.default_rng(0)
    arrays = [
        np.asarray(draw.uniform(0.25, 1.75, var.shape) if var.dtype.kind == "f" else np.zeros(var.shape), var.dtype)
        for var in graph.inputs
    ]
    try:
        pairs = list(zip(function(*arrays), fallback(*arrays)))
    except (branch, ArithmeticError, ValueError, IndexError):
        return  # the numbers take another branch, or are no places
    for ours, theirs in pairs:
        room = 1e4 * float(np.finfo(theirs.dtype).eps) if theirs.dtype.kind == "f" else 0.0
        size = float(np.max(np.abs(theirs), where=np.isfinite(theirs), initial=0.0)) if room else 0.0
        if not np.allclose(ours, theirs, room, room * size, equal_nan=True):
            raise NoNative("compiled C gave other numbers where it was tried")


class _Worker:
    """The queue and its thread, which ends when there is nothing to do."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: deque[ref[Native]] = deque()
        self.thread: threading.Thread | None = None
        self.stopped = False

    def add(self, native: Native) -> None:
        """Put ``native`` last, unless too many wait."""
        with self.lock:
            if self.stopped or len(self.waiting) >= WAITING:
                native.status = "numpy: too many plans wait for the compiler"
                return
            self.waiting.append(ref(native))
            if self.thread is None:
                self.thread = threading.Thread(target=self.run, name="msgrad_ext native", daemon=True)
                self.thread.start()

    def run(self) -> None:
        """Compile what waits; plans that nobody holds any more are left out."""
        while True:
            with self.lock:
                if self.stopped or not self.waiting:
                    self.thread = None
                    return
                native = self.waiting.popleft()()
            if native is not None:
                native.make()
            del native

    def stop(self) -> None:
        """Leave what waits, and end a running compiler."""
        with self.lock:
            self.stopped = True
            self.waiting.clear()
            thread = self.thread
        build.stop()
        if thread is not None:
            thread.join(2)


_WORKER = _Worker()


def _forget() -> None:
    """A forked child has no such thread, and the lock may be held for ever."""
    global _WORKER
    _WORKER = _Worker()
    build.forget()


atexit.register(lambda: _WORKER.stop())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def request(native: Native) -> None:
    """Have ``native`` compiled in the background."""
    _WORKER.add(native)


def finish(seconds: float = 120.0) -> bool:
    """Wait until nothing waits for the compiler any more; False if that takes longer.

    For measurements and tests: no call of a plan ever waits.
    """
    thread = _WORKER.thread
    if thread is not None:
        thread.join(seconds)
    return _WORKER.thread is None
