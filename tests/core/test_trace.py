"""Graphs, traces and the reverse pass: what is recorded, what is refused, and that nothing is changed in place."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, nn, ops
from msgrad_ext.errors import EngineError, TracedValueError, VoiceError
from msgrad_ext.ir import Eqn, Graph, Var, literal, rename, unique
from msgrad_ext.ops import GradOperation
from msgrad_ext.registry import OPS
from msgrad_ext.reversing.reverse import reverse
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace

F64 = np.dtype(np.float64)
X = Tensor(np.array([1.0, 2.0]))


def var(name: str, *shape: int) -> Var:
    """A float64 variable."""
    return Var(name, shape, F64)


# Graphs ------------------------------------------------------------------------------------------------------------


def test_a_graph_prints_readably() -> None:
    """Inputs, equations with the user's line, outputs."""
    text = str(trace(lambda x: ops.sin(x) * 2.0, [X]).graph).splitlines()
    assert [line.split("  #")[0].rstrip() for line in text] == [
        "graph(x: f64[2]):",
        "  v1: f64[2] = Sin x",
        "  v2: f64[2] = Mul v1 2.0",
        "  return v2",
    ]


def test_a_graph_is_frozen() -> None:
    """A pass returns another."""
    graph = trace(ops.sin, [X]).graph
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.eqns = ()  # type: ignore[misc]


def test_a_constant_can_not_be_written() -> None:
    """And is a copy of what it was made of."""
    source = np.ones(2)
    lit = literal(source)
    source[0] = 5.0
    assert (lit.value.tolist(), lit.value.flags.writeable) == ([1.0, 1.0], False)


def test_a_name_used_before_it_is_bound_is_refused() -> None:
    """With the name."""
    a, b = var("a", 2), var("b", 2)
    with pytest.raises(EngineError, match="a is used before"):
        Graph((), (Eqn(ops.Sin(), (a,), b),), (b,))


def test_a_name_bound_twice_is_refused() -> None:
    """Each name is bound once."""
    a, b, c = var("a", 2), var("b", 2), var("b", 2)
    with pytest.raises(EngineError, match="bound twice"):
        Graph((a,), (Eqn(ops.Sin(), (a,), b), Eqn(ops.Cos(), (a,), c)), (c,))


def test_a_wrong_shape_in_an_equation_is_refused() -> None:
    """What the op gives must be what it is bound as."""
    a, b = var("a", 2), var("b", 3)
    with pytest.raises(EngineError, match="bound as"):
        Graph((a,), (Eqn(ops.Sin(), (a,), b),), (b,))


def test_an_output_that_is_not_bound_is_refused() -> None:
    """With its name."""
    with pytest.raises(EngineError, match="b is not bound"):
        Graph((var("a", 2),), (), (var("b", 2),))


def test_renaming_counts_from_one() -> None:
    """Equations' variables are counted anew, inputs keep their names."""
    graph = rename(reverse(trace(lambda v1: ops.sin(v1) * v1, [X]).graph, ()))
    assert [eqn.out.name for eqn in graph.eqns][:2] == ["v2", "v3"]


def test_unique_names_are_numbered() -> None:
    """The second is _2."""
    taken: set[str] = set()
    assert [unique("a", taken) for _ in range(3)] == ["a", "a_2", "a_3"]


# Traces ------------------------------------------------------------------------------------------------------------


def test_a_branch_on_data_is_a_guard() -> None:
    """With the value it had."""
    graph = trace(lambda x: x if x.sum() > 0 else -x, [X]).graph
    assert [guard.value for guard in graph.guards] == [True]


def test_a_parameter_is_captured_once() -> None:
    """However often it is read."""
    w = Parameter(np.ones(2), name="w")
    program = trace(lambda x: x * w + w, [X])
    assert ([one.name for one in program.graph.inputs], program.captured) == (["x", "w"], (w,))


def test_a_parameter_named_as_the_input_stays_another() -> None:
    """Names are told apart in the graph."""
    w = Parameter(np.array([3.0, 4.0]), name="x")
    program = trace(lambda x: x * w, [X])
    assert [one.name for one in program.graph.inputs] == ["x", "x_2"]


def test_ops_on_constants_are_not_recorded() -> None:
    """What depends on no input is computed at once."""
    assert len(trace(lambda x: x * ops.sin(Tensor(np.ones(2))), [X]).graph.eqns) == 1


def test_an_equation_knows_the_users_line() -> None:
    """For errors and for reports."""

    def net(x: Tensor) -> Tensor:
        return ops.exp(x)  # this line

    assert trace(net, [X]).graph.eqns[0].location.text == "return ops.exp(x)  # this line"


LEAVES: dict[str, Any] = {
    "float": lambda x: x * float(x[0]),
    "int": lambda x: x * int(x[0]),
    "math": lambda x: x * math.sin(x[0]),
    "item": lambda x: x * x[0].item(),
    "asnumpy": lambda x: x * x.asnumpy(),
    "tolist": lambda x: x * x.tolist()[0],
    "numpy.asarray": lambda x: x * np.asarray(x),
    "numpy.array": lambda x: x * np.array(x),
    "numpy function": lambda x: np.sin(x),
    "numpy.dot": lambda x: np.dot(x, x),
    "numpy.maximum": lambda x: np.maximum(x, 0.0),
    "numpy reduction": lambda x: np.add.reduce(x),
    "out=": lambda x: np.add(x, x, out=np.zeros(2)),
    "in place on an array": lambda x: np.ones(2).__iadd__(x),
    "Tensor": lambda x: Tensor(x) * 2.0,
    "Tensor of a list": lambda x: Tensor([x[0], x[1]]),
    "Tensor of nested lists": lambda x: Tensor([[x[0]], [x[1]]]),
    "Parameter": lambda x: Parameter(x) * 2.0,
    "range": lambda x: [x for _ in range(x[0])],
    "list index": lambda x: [1, 2, 3][x[0]],
    "from_numpy": lambda x: Tensor.from_numpy(x) * x,
}


@pytest.mark.parametrize("name", LEAVES)
def test_a_value_does_not_leave_the_network_in_silence(name: str) -> None:
    """What would cut the gradient is refused, with the user's line."""
    with pytest.raises(TracedValueError) as caught:
        GradOperation()(LEAVES[name])(X)
    assert caught.value.location is not None and "test_trace.py" in caught.value.location.filename


@pytest.mark.parametrize(
    ("name", "advice"), [("numpy function", "ops.sin"), ("numpy.maximum", "ops.maximum"), ("asnumpy", "stop_gradient")]
)
def test_a_refusal_names_what_to_use_instead(name: str, advice: str) -> None:
    """The function of ops."""
    with pytest.raises(TracedValueError, match=advice):
        GradOperation()(LEAVES[name])(X)


def test_a_value_does_not_enter_an_arrays_element() -> None:
    """numpy wraps the refusal in an error of its own; it is an error all the same."""
    with pytest.raises(ValueError) as caught:
        GradOperation()(lambda x: np.zeros(2).__setitem__(0, x[0]))(X)
    assert isinstance(caught.value.__cause__, TracedValueError)


def test_writing_into_an_input_is_refused() -> None:
    """As MindSpore does, with what to do instead."""

    def net(x: Tensor) -> Tensor:
        x[0] = 1.0
        return x

    with pytest.raises(RuntimeError, match=r"x\.copy\(\)"):
        GradOperation()(net)(X)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_traced_tensor_keeps_its_gradient(copier: Any) -> None:
    """A copy is the tensor itself, not a constant."""
    assert GradOperation()(lambda x: copier(x) * x)(X).tolist() == [2.0, 4.0]


def test_an_array_on_the_left_takes_part_in_a_network() -> None:
    """``ndarray * tensor`` is the op; MindSpore makes a plain array of it and loses the gradient."""
    array = np.array([3.0, 5.0])
    assert GradOperation()(lambda x: array * x - np.float64(2) * x)(X).tolist() == [1.0, 3.0]


def test_an_array_on_the_right_is_refused() -> None:
    """TypeError, as in MindSpore, in a network and outside."""
    for net in (lambda x: x * np.ones(2), GradOperation()(lambda x: x * np.ones(2))):
        with pytest.raises(TypeError, match="Tensor\\(array\\)"):
            net(X)


def test_a_tensor_kept_from_an_ended_gradient_is_refused() -> None:
    """It belongs to no graph any more."""
    kept: list[Tensor] = []
    GradOperation()(lambda x: kept.append(x) or x)(X)
    with pytest.raises(ValueError, match="has ended"):
        GradOperation()(lambda x: x * kept[0])(X)


def test_in_construct_printing_shows_values() -> None:
    """``print(x)`` in a network shows numbers."""
    seen: list[str] = []
    GradOperation()(lambda x: seen.append(str(x * 2.0)) or x)(X)
    assert seen == ["[2. 4.]"]


def test_comprehensions_lambdas_and_try_are_python() -> None:
    """A network may use the language as it is."""

    def net(x: Tensor) -> Tensor:
        try:
            parts = [(lambda y, k=k: y * float(k))(x) for k in range(3)]
        finally:
            pass
        return ops.stack(parts).sum(0)

    assert GradOperation()(net)(X).tolist() == [3.0, 3.0]


# The reverse pass --------------------------------------------------------------------------------------------------


def test_the_reverse_pass_leaves_its_graph_alone() -> None:
    """A pass takes a graph and returns another."""
    graph = trace(lambda x: ops.sin(x) * x, [X]).graph
    before = str(graph)
    reverse(graph, graph.inputs)
    assert str(graph) == before


@pytest.mark.parametrize("shape", [(), (3,), (1, 3), (2, 1), (2, 3), (1, 1)])
def test_broadcasting_is_undone(shape: tuple[int, ...]) -> None:
    """The gradient of a broadcast operand is summed to its shape."""
    small, large = np.ones(shape), np.arange(6.0).reshape(2, 3)
    found = mg.compile(lambda a, b: a * b, small, large)(small, large)[1]["a"]
    axes = np.broadcast_to(small, (2, 3))
    assert (found.shape, float(found.sum())) == (shape, float((axes * large).sum()))


def test_only_what_was_asked_for_is_computed() -> None:
    """The gradient by one operand does not compute the other's."""
    net = lambda x, y: ops.exp(x) * ops.log(y)  # noqa: E731
    plan = mg.compile(net, np.ones(2), np.ones(2), wrt=["x"])
    assert "1 / y" not in plan.source and "/ y" not in plan.source


def test_a_wrong_number_of_cotangents_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the op and the number."""
    monkeypatch.setattr(mg.registered_ops()["Mul"], "vjp", lambda self, ct, out, a, b: (ct,))
    with pytest.raises(VoiceError, match="'Mul', the rule must return 2 cotangents, but got 1"):
        GradOperation()(lambda x: x * x)(X)


def test_a_shape_error_names_the_line_in_construct() -> None:
    """Not the line of the outer call."""

    class Net(nn.Cell):
        def construct(self, x: Tensor, y: Tensor) -> Tensor:
            return ops.matmul(x, y)  # here

    with pytest.raises(ValueError, match="share K") as caught:
        GradOperation()(Net())(Tensor(np.ones((2, 3))), Tensor(np.ones((2, 3))))
    assert caught.value.location.text == "return ops.matmul(x, y)  # here"  # type: ignore[attr-defined]


def test_the_key_of_an_op_follows_its_settings() -> None:
    """A setting that is put in the place of another changes the key; copies and pickles have an equal one."""
    op = OPS["BroadcastTo"]((2, 3))
    key = op.key
    assert key == OPS["BroadcastTo"]((2, 3)).key == copy.deepcopy(op).key == pickle.loads(pickle.dumps(op)).key
    assert op.params == {"shape": (2, 3)}
    op.shape = (4, 3)
    assert op.key == OPS["BroadcastTo"]((4, 3)).key != key
    assert op.set(shape=(2, 3)).key == key
