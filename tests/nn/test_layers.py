"""Each layer against MindSpore 2.10.0's own figures, and against its formulas at first and second order."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import ParameterTuple, nn, ops
from msgrad_ext.tensor import Tensor

from .layer_cases import CASES, NORMALISATION, PLAIN, RECURRENT, REFUSED, inputs, like, wave, weights
from .record_layers import flat

RECORDED = json.loads((Path(__file__).parent / "recorded_layers.json").read_text())
LAYERS: dict[str, Any] = RECORDED["layers"]
# Where MindSpore's gradients are no reference: wrong below 0, and the rows that were looked up in place of the table's.
UNLIKE = {"SeLU", "EmbeddingLookup"}
# float32 on both sides, sums in different orders.
CLOSE = {"rtol": 3e-5, "atol": 3e-5}


def made(name: str, kind: Any = np.float32) -> tuple[nn.Cell, list[Tensor]]:
    """The layer of a case with the recorded parameters' values, and its inputs."""
    net = CASES[name].make(nn).set_train(CASES[name].train)
    settle(net)
    for one in net.get_parameters():
        one._value = one.asnumpy().astype(kind)
    return net, [Tensor(one if one.dtype.kind == "i" else one.astype(kind)) for one in inputs(CASES[name])]


def settle(net: nn.Cell) -> None:
    """Give the parameters the recorded values."""
    for place, one in enumerate(net.get_parameters()):
        one.set_data(Tensor(weights(one.name, one.shape, place)))


@pytest.mark.parametrize("name", CASES)
def test_a_layer_prints_as_mindspores(name: str) -> None:
    """All but the addresses of initializers."""
    assert repr(CASES[name].make(nn)) == LAYERS[name]["repr"]


@pytest.mark.parametrize("name", CASES)
def test_a_layer_holds_mindspores_parameters(name: str) -> None:
    """Names, order, shapes, and which are trained."""
    held = CASES[name].make(nn).get_parameters()
    assert [[one.name, list(one.shape), one.requires_grad] for one in held] == LAYERS[name]["parameters"]


@pytest.mark.parametrize("name", CASES)
def test_a_layer_gives_mindspores_figures(name: str) -> None:
    """Outputs in their structure, and the parameters that the call has changed."""
    net, given = made(name)
    before = {one.name: one.asnumpy() for one in net.get_parameters()}
    out = net(*given)
    assert type(out).__name__ == LAYERS[name]["structure"]
    for mine, (shape, values) in zip(flat(out), LAYERS[name]["outputs"], strict=True):
        assert (list(mine.shape), mine.dtype) == (shape, mg.float32)
        np.testing.assert_allclose(mine.asnumpy().ravel(), values, **CLOSE)
    for one in net.get_parameters():
        np.testing.assert_allclose(
            one.asnumpy().ravel(), LAYERS[name]["after"].get(one.name, before[one.name].ravel()), **CLOSE
        )


@pytest.mark.parametrize("name", [name for name in CASES if name not in UNLIKE])
def test_a_layer_passes_mindspores_gradients(name: str) -> None:
    """By all float inputs and all trained parameters, with weights of the output."""
    net, given = made(name)
    trained = ParameterTuple(one for one in net.get_parameters() if one.requires_grad)
    sens = like(net(*given), Tensor)
    settle(net)
    take = ops.GradOperation(get_all=True, get_by_list=bool(trained), sens_param=True)
    found = take(net, trained)(*given, sens) if trained else (take(net)(*given, sens), ())
    if LAYERS[name]["gradients"]:
        for mine, values in zip(found[0], LAYERS[name]["gradients"], strict=True):
            np.testing.assert_allclose(mine.asnumpy().ravel(), values, **CLOSE)
    for one, mine in zip(trained, found[1], strict=True):
        np.testing.assert_allclose(mine.asnumpy().ravel(), LAYERS[name]["weights"][one.name], **CLOSE)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", [name for name in CASES if name != "OneHot"])
def test_a_layers_check_agrees(name: str, order: int) -> None:
    """Rules and formulas, in float64; the gradient of a linear layer is constant, and has no second order."""
    net, given = made(name, np.float64)
    sens = like(net(*given), lambda weight: Tensor(weight.astype(np.float64)))
    sens = tuple(flat(sens)) if isinstance(sens, tuple) else sens
    report = mg.check(net, *given, sens=sens, order=order)
    assert {report[one].status for one in report.names} <= ({"agree"} if order == 1 else {"agree", "unchecked"})


STEEP = [
    name for name, case in CASES.items() if case.shapes and name in (*NORMALISATION, *RECURRENT, "BiDense", "Norm")
]


@pytest.mark.parametrize("name", STEEP)
def test_a_layers_second_order_is_the_slope_of_its_first(name: str) -> None:
    """Along one direction, by a central difference of the first gradient in float64; good to 1e-6."""
    net, given = made(name, np.float64)
    point, rest = given[0].asnumpy(), given[1:]
    sens = [one.asnumpy().astype(np.float64) for one in flat(like(net(*given), Tensor))]
    along = wave(point.shape, 0.7).astype(np.float64)

    def total(x: Any) -> Any:
        return sum(ops.reduce_sum(one * Tensor(weight)) for one, weight in zip(flat(net(x, *rest)), sens))

    def slope(x: Any) -> Any:
        return ops.reduce_sum(mg.grad(total)(x) * Tensor(along))

    step = 1e-5
    first = [mg.grad(total)(Tensor(point + sign * step * along)).asnumpy() for sign in (1, -1)]
    second = mg.grad(slope)(Tensor(point)).asnumpy()
    np.testing.assert_allclose(second, (first[0] - first[1]) / (2 * step), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", REFUSED)
def test_a_layer_refuses_what_mindspores_refuses(name: str) -> None:
    """With an error of the same kind, which names the layer."""
    kinds = {"ValueError": ValueError, "TypeError": TypeError, "KeyError": KeyError}
    with pytest.raises(kinds[RECORDED["refused"][name]], match="For '"):
        REFUSED[name](nn, Tensor)


@cache
def names() -> frozenset[str]:
    """The layers that the cases make."""
    return frozenset(type(case.make(nn)).__name__ for case in CASES.values())


def test_every_plain_layer_has_a_case() -> None:
    """A layer without one would be compared with nothing."""
    unmeasured = {  # not on MindSpore's CPU, random, or with tests of their own
        "AdaptiveAvgPool3d", "AvgPool3d", "Cell", "CellDict", "CellList", "ClipByNorm", "ConstantPad3d", "GRUCell",
        "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LPPool1d", "LPPool2d", "LSTMCell", "MaxPool3d", "RReLU",
        "Range", "ReflectionPad3d", "ReplicationPad3d", "Roll", "SequentialCell", "SyncBatchNorm",
    }  # fmt: skip
    layers = {name for module, line in nn.MODULES.items() if module in OWN for name in line.split()}
    assert PLAIN and layers - names() - unmeasured == {"get_activation"}


OWN = (
    "activations", "attention", "convolution", "dropout", "embedding", "layers", "normalisation", "padding", "pooling",
    "recurrent",
)  # fmt: skip
