"""A sweep in one thread: what it draws, finds, tells and leaves alone."""

from __future__ import annotations

import doctest
from itertools import islice
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn
from msgrad_ext.errors import ArgumentError, ArgumentValueError, GradientError, UnknownNameError
from msgrad_ext.sweeping.points import KINDS

from . import nets


def test_a_right_network_agrees_everywhere() -> None:
    """All shapes, dtypes and kinds of points agree, and each row says where it was."""
    report = nets.product()
    found = report.sweep(
        48, shapes={"x": ("m", "k"), "y": ("k", "n")}, dtypes=("float64", "float32", "float16"), points=KINDS
    )
    assert found.verdict == "agree"
    assert len(found) == 48
    assert {row.dtype for row in found} == {"float64", "float32", "float16"}
    assert {row.points for row in found} == set(KINDS)
    assert len({row.shapes["x"] for row in found}) > 10
    assert all(row.shapes["x"][1] == row.shapes["y"][0] for row in found)
    assert all(row.compared == sum(map(np.prod, row.shapes.values())) + 1 for row in found)
    assert found.first_failure is None
    assert found.raise_if_wrong() is found


def test_the_first_failure_stops_the_sweep_and_repeats() -> None:
    """A derivative that is wrong at some points is found; its seed alone gives the check again, here and anew."""
    x = nets.arrays(0, (6,))
    report = mg.check(nets.WrongAbove(), np.minimum(x, 0.9) + np.float32(0.09) * (x == x.max()))
    everything = report.sweep(60, stop=False)
    failed = [row.seed for row in everything if row.failed]
    assert 0 < len(failed) < 60
    found = report.sweep(60)
    first = found.first_failure
    assert first is not None
    assert first.seed == failed[0] == found.rows[-1].seed
    assert found.rows == everything.rows[: len(found)]
    assert first.fault is not None
    assert (first.fault.op, first.fault.operand, first.fault.side) == ("WrongAbove", "x", "numeric")
    again = found.repeat(first.seed)
    assert again.verdict == "disagree"
    assert str(again["x"].fault) == str(first.fault)
    assert np.any(again.inputs["x"] > 0.95)
    assert report.sweep(1, seed=first.seed).rows == (first,)
    with pytest.raises(
        GradientError, match=f"check {len(found)} of 60 failed, seed {first.seed}: disagree: WrongAbove"
    ):
        found.raise_if_wrong()


def test_nothing_of_the_users_changes() -> None:
    """Parameters keep their values and dtypes, as do inputs, global random state, error state and print options."""
    network, x = nets.Branching(), Tensor(np.array([0.1, 0.5, -0.9], np.float32))
    before = network.w.asnumpy(), x.asnumpy(), np.random.get_state()[1].copy(), np.geterr(), np.get_printoptions()
    drawn = mg.check(network, x).sweep(12, dtypes=("float64", "float16"), points=("normal", "range"))
    assert drawn.verdict == "agree"
    after = network.w.asnumpy(), x.asnumpy(), np.random.get_state()[1], np.geterr(), np.get_printoptions()
    assert all(np.array_equal(a, b) for a, b in zip(before[:3], after[:3]))
    assert before[3:] == after[3:]
    assert network.w.dtype == mg.float32


def test_both_branches_are_checked() -> None:
    """Where the data take another branch the network is traced again: no value comes from the wrong program."""
    report = mg.check(nets.Branching(), np.array([0.1, 0.5, -0.9], np.float32))
    found = report.sweep(20)
    assert found.counts == {"agree": 20}
    programs = {str(found.repeat(row.seed).application.program.graph).count("Exp") for row in found}
    assert programs == {0, 1}


def test_letters_are_unified() -> None:
    """Letters that must be equal, or a parameter's length, are; a note says so."""
    free = nets.product().sweep(5, shapes={"x": ("m", "j"), "y": ("k", "n")})
    assert free.verdict == "agree"
    assert free.notes == ("k = j, since the network needs it",)
    report = mg.check(nets.Classifier(), nets.arrays(2, (5, 3)), np.array([0, 1, 3, 2, 1], np.int32))
    found = report.sweep(6, shapes={"x": ("b", "k"), "labels": ("b",)})
    assert found.verdict == "agree"
    assert found.notes == ("k = 3, since the network needs it",)
    assert all(row.shapes["x"] == (row.shapes["labels"][0], 3) for row in found)


def test_shapes_that_do_not_fit_are_refused() -> None:
    """Where the network does not run, nothing is compared, and the row says why; a sweep of such rows is not passed."""
    found = nets.product().sweep(3, shapes={"x": (2, 4)})
    assert found.verdict == "refused"
    assert found.first_failure is None
    assert "must share K" in found.rows[0].note
    with pytest.raises(GradientError, match="not one of 3 checks could compare anything"):
        found.raise_if_wrong()


def test_a_domain_that_is_left_is_told_and_does_not_stop() -> None:
    """Negative numbers under a logarithm are outside of the domain; the sweep goes on."""
    report = mg.check(lambda x: x.log().sum(), np.array([0.5, 2.0]))
    assert report.sweep(10).counts == {"agree": 10}
    found = report.sweep(4, points=("range", "negative"))
    assert [row.status for row in found] == ["agree", "outside-domain"] * 2
    assert found.verdict == "outside-domain"


@pytest.mark.parametrize("op, voice", [("Mul", "vjp"), ("MatMul", "vjp"), ("Mul", "numpy"), ("Mul", "meaning")])
def test_lies_are_found(op: str, voice: str) -> None:
    """A rule, a voice or a meaning that is wrong after the report was made is found by its sweep, and named."""
    report = nets.product()
    true = vars(mg.registered_ops()[op])[voice]

    def wrong(self: Any, *operands: Any) -> Any:
        found = true(self, *operands)
        if voice == "vjp":
            return found[0] * 1.0001, found[1]
        return found * 1.0001 if voice == "numpy" else lambda *at: 2 * found(*at)

    with nets.lie(op, voice, wrong):
        found = report.sweep(5)
    assert found.verdict == "disagree"
    assert len(found) == 1
    assert found.first_failure is not None
    assert found.first_failure.fault is not None
    assert found.first_failure.fault.op == op


def test_a_voice_of_a_wrong_shape_is_told() -> None:
    """A voice that gives another shape fails the first check, also where there was no report before."""
    with nets.lie("Mul", "numpy", lambda self, a, b: (a * b)[:1]):
        found = mg.sweep(lambda x: (x * x).sum(), np.ones((2, 2)))
    assert found.verdict == "disagree"
    assert found.rows[0].fault is not None
    assert found.rows[0].fault.op == "Mul"


def test_rows_come_one_by_one() -> None:
    """`sweeping` gives rows as they come; who leaves it has done no more checks than were read."""
    report, seen = nets.product(), []
    rows = report.sweeping(10**6, points=lambda generator, name, like: seen.append(name) or like)
    first = list(islice(rows, 3))
    rows.close()
    assert [row.seed for row in first] == [0, 1, 2]
    assert len(seen) <= 4 * 3
    told: list[int] = []
    report.sweep(3, each=lambda row: told.append(row.seed))
    assert told == [0, 1, 2]


def test_points_of_the_users_own() -> None:
    """A function draws the floats; what it gives must have the shape, and is cast to the dtype."""
    report = nets.product()
    found = report.sweep(2, dtypes="float64", points=lambda generator, name, like: generator.normal(size=like.shape))
    assert found.verdict == "agree"
    assert found.repeat(1).inputs["x"].dtype == np.float64
    assert np.any(found.repeat(1).inputs["x"] < 0)
    with pytest.raises(ArgumentValueError, match=r"shape \(2, 3\) for x, not \(3,\)"):
        report.sweep(1, points=lambda generator, name, like: like[0]).raise_if_wrong()


def test_a_network_alone() -> None:
    """`sweep` takes inputs or shapes, weights, an order, and what to differentiate by."""
    found = mg.sweep(nn.Dense(4, 2), shapes={"x": ("n", "k")}, n=4)
    assert (found.verdict, found.notes) == ("agree", ("k = 4, since the network needs it",))
    weighted = mg.sweep(nets.Product(), nets.arrays(0, (2, 3)), nets.arrays(1, (3, 3)), n=3, sens=np.ones((2, 3), "f4"))
    assert weighted.verdict == "agree"
    assert weighted.repeat(1).result.sens == "given"
    second = mg.sweep(lambda x: (x * x * x).sum(), np.ones(3), n=3, order=2, wrt=["x"])
    assert second.verdict == "agree"
    with pytest.raises(ArgumentValueError, match="must name all of them, x, y"):
        mg.sweep(nets.Product(), shapes={"x": (2, 2), "q": (2, 2)})


def test_containers_and_constants_are_passed_on() -> None:
    """Arguments that are no tensors stay, and tensors in marked containers are drawn."""

    def network(pair: Any, power: int) -> Any:
        return (pair[0] ** power * pair[1]).sum()

    pair = mg.mutable((Tensor(np.ones(2)), Tensor(np.ones(2))))
    found = mg.sweep(network, pair, 3, n=6, dtypes=("float32", "float64"))
    assert found.verdict == "agree"
    assert set(found.repeat(0).inputs) == {"pair_0", "pair_1"}


def test_a_parameter_of_another_dtype_has_it_inside_the_network() -> None:
    """Code that asks a parameter for its dtype sees the one that it is checked in."""
    kinds = []

    class Asks(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.w = Parameter(Tensor(np.ones(2, np.float32)), name="w")

        def construct(self, x: Any) -> Any:
            kinds.append(str(self.w.dtype))
            return (x.astype(self.w.dtype) * self.w).sum()

    assert mg.sweep(Asks(), np.ones(2), n=2, dtypes=("float64", "float16")).verdict == "agree"
    assert kinds == ["Float32", "Float64", "Float16"]


@pytest.mark.parametrize(
    "wrong, error, told",
    [
        ({"n": 0}, ArgumentValueError, "n must be a whole number from 1"),
        ({"n": True}, ArgumentValueError, "n must be a whole number from 1"),
        ({"seed": -1}, ArgumentValueError, "seed must be a whole number from 0"),
        ({"points": "rnage"}, ArgumentValueError, "Did you mean 'range'"),
        ({"points": ()}, ArgumentValueError, "points must not be empty"),
        ({"dtypes": "int32"}, ArgumentValueError, "one of float16, float32, float64"),
        ({"shapes": {"q": (1,)}}, ArgumentValueError, "there is no input 'q'"),
        ({"shapes": {"x": (-1, 2)}}, ArgumentValueError, "a letter or a length"),
        ({"shapes": "x"}, ArgumentError, "shapes must map inputs to axes"),
        ({"executor": "threads"}, ArgumentError, "must have a method submit"),
        ({"budget": 0}, ArgumentValueError, "positive number of seconds"),
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any], error: type[Exception], told: str) -> None:
    """What can not be is an error that says what can."""
    with pytest.raises(error, match=told):
        nets.product().sweep(**{"n": 2, **wrong})


def test_what_is_not_there_is_told() -> None:
    """A seed that was not checked, and an argument that there is not, are errors."""
    found = nets.product().sweep(2)
    with pytest.raises(UnknownNameError, match="the seeds are from 0 to 1"):
        found.repeat(7)
    with pytest.raises(UnknownNameError, match="Did you mean 'points'"):
        nets.product().sweeping(2, pionts="range")


@pytest.mark.parametrize("function", [mg.sweep, mg.GradReport.sweep, mg.GradReport.sweeping])
def test_examples_are_true(function: Any) -> None:
    """The examples of the docstrings give what they say."""
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder(recurse=False).find(function, function.__name__, globs={}):
        runner.run(example)
    assert (runner.tries > 2, runner.failures) == (True, 0)


def test_the_table_tells_all() -> None:
    """Text and HTML have the verdict, the seeds, the summary and the first failure with what repeats it."""
    right = nets.product().sweep(3)
    text = str(right)
    assert text.splitlines()[0].startswith("agree: 3 of 3 checks done; seeds 0 to 2; 48 entries compared")
    assert "Evidence of 3 checks" in text
    assert repr(right) == "Sweep(Product: agree; 3 of 3 checks)"
    many = str(nets.product().sweep(100))
    assert "60 further checks not shown" in many
    assert len(many.splitlines()) < 70
    with nets.lie("Mul", "vjp", nets.wrong_product):
        wrong = nets.product().sweep(9)
    shown = wrong._repr_mimebundle_()["text/html"]
    assert "First failure" in shown
    assert "sweep.repeat(0)" in shown
    assert "stopped at the first failure" in shown
    assert str(wrong) == str(wrong)
