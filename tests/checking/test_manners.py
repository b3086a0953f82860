"""The check's manners: the same report every time and in every thread, and no global state touched."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mpmath
import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.tensor import Tensor

X = np.array([[0.5, -1.5], [2.5, 1.25]])


def network(x: Tensor) -> Tensor:
    """A network with a product, a softmax and a kink."""
    return ops.softmax(x @ x, 1) * ops.relu(x)


def told(report: Any) -> str:
    """All that a report says."""
    return (
        str(report) + str(report.result.gradients) + report.source + "".join(f.latex for f in report.formulas.values())
    )


def once() -> str:
    """All that one more check tells, from one line of code."""
    return told(mg.check(network, X))


def test_a_report_is_the_same_every_time() -> None:
    """Two checks of one network tell the same, to the last digit."""
    assert once() == once()


PROGRAM = textwrap.dedent(
    """
    import numpy as np
    import msgrad_ext as mg
    from msgrad_ext import ops
    x = np.array([[0.5, -1.5], [2.5, 1.25]])
    report = mg.check(lambda x: ops.softmax(x @ x, 1) * ops.relu(x) + ops.exp(x).sum(), x)
    print(report, report.source, [formula.latex for formula in report.formulas.values()])
    print([report.export(target) for target in mg.exporters()])
    """
)


def run(seed: str) -> str:
    """What a fresh interpreter prints, with its hashes randomised by ``seed``."""
    environment = {**__import__("os").environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, check=True)
    return done.stdout


def test_a_report_is_the_same_in_every_process() -> None:
    """Text, formulas, source and exports do not depend on Python's hash seed."""
    assert run("1") == run("2")


def test_the_global_state_is_left_alone() -> None:
    """Random generators, error states, print options, precision, filters and limits are as before, bit for bit."""

    def state() -> tuple[Any, ...]:
        return (
            random.getstate(),
            str(np.random.get_state()),
            np.geterr(),
            str(np.get_printoptions()),
            (mpmath.mp.prec, mpmath.mp.dps),
            list(warnings.filters),
            sys.getrecursionlimit(),
            sys.getswitchinterval(),
        )

    before = state()
    report = mg.check(network, X, order=2)
    told(report)
    report.export("numpy")
    assert state() == before


@pytest.mark.parametrize("precision", [10, 300])
def test_mpmaths_global_precision_is_not_read(precision: int) -> None:
    """A user's precision for mpmath changes nothing in a report."""
    expected = once()
    before = mpmath.mp.dps
    try:
        mpmath.mp.dps = precision
        assert once() == expected
    finally:
        mpmath.mp.dps = before


def test_numpys_random_state_is_not_read() -> None:
    """``np.random.seed`` changes nothing in a report."""
    expected = once()
    state = np.random.get_state()
    try:
        np.random.seed(99)
        assert once() == expected
    finally:
        np.random.set_state(state)


def test_strict_error_states_of_numpy_break_nothing() -> None:
    """``np.seterr(all="raise")`` in the notebook turns no check into a crash."""
    with np.errstate(all="raise"):
        assert mg.check(lambda x: ops.exp(x * 400.0), np.array([-2.0, 0.001])).verdict in ("agree", "ill-conditioned")


def test_warnings_as_errors_break_nothing() -> None:
    """No step of a check warns, at ordinary points or at poles."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdicts = [mg.check(ops.log, np.array([value])).verdict for value in (2.0, 0.0, -1.0, np.inf, np.nan)]
    assert verdicts[0] == "agree" and "agree" not in verdicts[1:]


def test_inputs_are_not_written() -> None:
    """Read-only arrays can be checked, and stay as they are."""
    x = X.copy()
    x.flags.writeable = False
    assert mg.check(network, x).verdict == "agree"


def test_eight_threads_give_one_report() -> None:
    """Checks in eight threads give the same report as one alone."""
    expected = once()
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda _: once(), range(8)))
    assert set(reports) == {expected}


def test_eight_threads_may_come_first() -> None:
    """Threads that make the first checks of a process race for every lazy import and cache, and agree."""
    program = textwrap.dedent(
        """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier
        import numpy as np
        import msgrad_ext as mg
        sys.setswitchinterval(1e-5)
        start = Barrier(8)
        def one(_):
            start.wait()
            x = np.array([[0.5, -1.5], [2.5, 1.25]])
            return str(mg.check(lambda x: mg.ops.softmax(x @ x, 1) * mg.ops.tanh(x), x))
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(one, range(8)))
        print(len(found), "agree" in found.pop())
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["1", "True"], "")


def test_importing_the_package_imports_nothing_heavy() -> None:
    """``import msgrad_ext`` and a compiled gradient need neither SymPy nor ipywidgets."""
    program = (
        "import sys, numpy as np, msgrad_ext as mg; mg.compile(lambda x: mg.ops.sin(x), np.ones(2))(np.ones(2));"
        "print([name for name in ('sympy', 'mpmath', 'ipywidgets', 'IPython') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_tiny_budget_leaves_things_unchecked_and_says_so() -> None:
    """What the budget does not allow is reported as unchecked, with the reason."""
    found = mg.check(lambda x: x @ x, np.ones((30, 30)), budget=1e-5)["x"]
    assert (found.status, "budget" in found.note) == ("unchecked", True)


@pytest.mark.parametrize("budget", [0, -1, float("nan")])
def test_a_budget_must_be_positive(budget: float) -> None:
    """Nonsense is refused."""
    with pytest.raises(ValueError, match="budget"):
        mg.check(network, X, budget=budget)


@pytest.mark.parametrize("order", [0, -1, 1.5, True])
def test_the_order_must_be_a_whole_number(order: Any) -> None:
    """Nonsense is refused."""
    with pytest.raises(ValueError, match="order"):
        mg.check(network, X, order=order)


def test_a_large_network_is_checked_in_floats() -> None:
    """Beyond the exact budget the formula is compared in float64, and a lie is still seen."""
    x = np.random.default_rng(0).normal(size=(60, 60))
    report = mg.check(lambda x: ops.tanh(x @ x), x)
    assert (report.verdict, "float64" in report["x"].evidence) == ("agree", True)


def test_a_lie_in_a_large_network_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """At sizes where fifty digits are too dear a relative error of 1e-9 is still found and named."""
    rule = mg.registered_ops()["Tanh"].vjp
    monkeypatch.setattr(mg.registered_ops()["Tanh"], "vjp", lambda self, *given: rule(self, *given) * (1 + 1e-9))
    x = np.random.default_rng(0).normal(size=(60, 60)) / 8
    report = mg.check(lambda x: ops.tanh(x @ x), x)
    assert (report.verdict, report["x"].fault.op) == ("disagree", "Tanh")
