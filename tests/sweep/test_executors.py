"""The same sweep on every executor: equal rows, lies found, interrupts survived; nothing of the user's travels."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext.op import Smooth
from msgrad_ext.registry import OPS

from . import nets

SWEEP = {
    "n": 12,
    "shapes": {"x": ("m", "k"), "y": ("k", "n")},
    "dtypes": ("float64", "float32"),
    "points": ("range", "zeros"),
}


@pytest.fixture(scope="module")
def base() -> Any:
    """The sweep in this thread."""
    return nets.product().sweep(**SWEEP)


@pytest.fixture(scope="module")
def spawned() -> Iterator[Executor]:
    """One process that was started afresh."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def threads() -> Executor:
    """Threads of this process."""
    return ThreadPoolExecutor(4)


def forked() -> Executor:
    """A copy of this process."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("there is no fork here")
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))


class Slow(Executor):
    """Finishes its work in the reverse order, and counts what was cancelled."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(8)
        self.futures: list[Future[Any]] = []

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        pause = 0.05 * (8 - len(self.futures) % 8)
        self.futures.append(self.threads.submit(lambda: (time.sleep(pause), function(*args, **kwargs))[1]))
        return self.futures[-1]


@pytest.mark.parametrize("start", [threads, forked])
def test_pools(start: Any, base: Any) -> None:
    """Threads and forked processes give the rows of one thread, without a note."""
    with start() as executor:
        assert nets.product().sweep(**SWEEP, executor=executor) == base


def test_spawned_processes(spawned: Executor, base: Any) -> None:
    """So do processes that know nothing of this one."""
    assert nets.product().sweep(**SWEEP, executor=spawned) == base


def test_the_order_of_finishing_does_not_matter(base: Any) -> None:
    """What finishes last may come first: the rows stand in the order of their seeds."""
    assert nets.product().sweep(**SWEEP, executor=Slow()) == base


def test_networks_of_a_function_travel(spawned: Executor) -> None:
    """A class inside of a function, which can not be pickled, a bprop, labels and branches are all checked elsewhere."""

    class Local(nets.WrongAbove):
        pass

    x = np.array([0.2, 0.5, 0.9], np.float32)
    for network, inputs in (
        (Local(), (x,)),
        (nets.Branching(), (x - 0.5,)),
        (nets.Classifier(), (nets.arrays(2, (5, 3)), np.array([0, 1, 3, 2, 1], np.int32))),
    ):
        report = mg.check(network, *inputs)
        assert report.sweep(6, executor=spawned) == report.sweep(6)
    weighted = {"n": 3, "sens": np.ones((2, 3), np.float32)}
    inputs = nets.arrays(0, (2, 3)), nets.arrays(1, (3, 3))
    found = mg.sweep(nets.Product(), *inputs, **weighted, executor=spawned)
    assert (found.verdict, found.notes) == ("agree", ())
    assert found == mg.sweep(nets.Product(), *inputs, **weighted)


def test_failures_elsewhere_are_those_here(spawned: Executor) -> None:
    """The first failure has the same seed, fault and line wherever it was found, and ends the sweep."""
    x = nets.arrays(0, (6,))
    report = mg.check(nets.WrongAbove(), np.minimum(x, 0.9) + np.float32(0.09) * (x == x.max()))
    alone = report.sweep(60)
    with ThreadPoolExecutor(4) as several:
        for executor in (spawned, several):
            assert report.sweep(60, executor=executor) == alone
    assert alone.first_failure is not None
    assert len(alone) < 60


@pytest.mark.parametrize("voice", ["vjp", "numpy"])
def test_lies_of_this_process_are_found_elsewhere(voice: str, spawned: Executor) -> None:
    """A rule that was exchanged here is not known there: the check runs here, and says so."""
    report = nets.product()
    wrong = nets.wrong_product if voice == "vjp" else (lambda self, a, b: a * b * 1.001)
    with nets.lie("Mul", voice, wrong):
        found = report.sweep(4, executor=spawned)
    assert found.verdict == "disagree"
    assert found.first_failure is not None
    assert found.first_failure.fault is not None
    assert found.first_failure.fault.op == "Mul"
    assert "which therefore run here: its rules" in found.notes[0]
    clean = report.sweep(4, executor=spawned)
    assert (clean.verdict, clean.notes) == ("agree", ())


def test_a_harmless_exchange_is_no_failure(spawned: Executor) -> None:
    """A voice that was exchanged for one that does the same agrees, checked here."""
    with nets.lie("Mul", "vjp", lambda self, ct, out, a, b: (b * ct, a * ct)):
        found = nets.product().sweep(3, executor=spawned)
    assert (found.verdict, len(found.notes)) == ("agree", 1)


def test_an_op_of_the_users_own(spawned: Executor) -> None:
    """An op class that only this process has is checked here, and a note says why."""
    try:

        class Cube(Smooth):
            """``x ** 3``."""

            def numpy(self, x: Any) -> Any:
                return x * x * x

            def vjp(self, ct: Any, out: Any, x: Any) -> Any:
                return ct * 3 * x * x

            def meaning(self, x: Any) -> Any:
                return lambda *at: x[at] ** 3

        report = mg.check(lambda x: Cube()(x).sum(), np.array([0.5, 2.0]))
        found = report.sweep(3, executor=spawned)
        assert found.verdict == "agree"
        assert len(found) == 3
        with ThreadPoolExecutor(2) as several:
            assert report.sweep(3, executor=several).rows == found.rows
    finally:
        OPS.pop("Cube", None)


def test_eight_threads_sweep_alike() -> None:
    """Eight threads that sweep one network at the same time get the same rows."""
    report = mg.check(nets.Branching(), np.array([0.1, 0.5, -0.9], np.float32))
    options: dict[str, Any] = {"n": 6, "dtypes": ("float64", "float16"), "points": ("normal", "ties")}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: report.sweep(**options), range(8)))
    assert all(one == found[0] for one in found)
    assert found[0] == report.sweep(**options)


@pytest.mark.parametrize("start", [threads, forked])
def test_an_interrupt_cancels_the_rest(start: Any) -> None:
    """An interrupt leaves the executor usable; what had not begun is cancelled."""
    report = nets.product()
    submitted: list[Future[Any]] = []

    def interrupt(row: Any) -> None:
        if row.seed == 2:
            raise KeyboardInterrupt

    with start() as executor:
        plain = executor.submit
        executor.submit = lambda *args: submitted.append(plain(*args)) or submitted[-1]  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            report.sweep(500, executor=executor, each=interrupt)
        assert sum(one.cancelled() for one in submitted) > 20
        assert report.sweep(3, executor=executor).verdict == "agree"


@pytest.mark.cluster
def test_loky(base: Any) -> None:
    """Loky's reusable executor."""
    loky = pytest.importorskip("loky")
    executor = loky.get_reusable_executor(1)
    try:
        assert nets.product().sweep(**SWEEP, executor=executor) == base
    finally:
        executor.shutdown(wait=True, kill_workers=True)


@pytest.mark.cluster
def test_dask(base: Any) -> None:
    """The executor of a dask client."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert nets.product().sweep(**SWEEP, executor=client.get_executor()) == base


@pytest.mark.cluster
def test_ipyparallel(base: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The executor of an ipyparallel engine."""
    ipyparallel = pytest.importorskip("ipyparallel")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    # Schedulers in threads and frequent heartbeats: else engines take seconds to be known.
    quick = ["--IPController.use_threads=True", "--HeartMonitor.period=300"]
    with ipyparallel.Cluster(n=1, delay=0, log_level=40, controller_args=quick) as client:
        client.wait_for_engines(1, timeout=60)
        assert nets.product().sweep(**SWEEP, executor=client.executor()) == base
