"""The picture of the network: complete, ordered, honest about what it leaves out."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from msgrad_ext.checking.result import Flow
from msgrad_ext.views.layers import _spaced, layout
from msgrad_ext.views.svg import LIMIT, NODE_HEIGHT, NODE_WIDTH, describe, draw, fold

from . import reports

FLOWS = {"tutorial": reports.tutorial_flow(), "deep": reports.chain(6), "folded": reports.chain(60)}


def boxes(svg):
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")
    return [(float(r.get("x")), float(r.get("y"))) for r in found if r.get("width") == str(NODE_WIDTH)]


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_nodes_do_not_overlap(flow):
    """Every node that is shown has a box of its own, inside the picture."""
    svg = draw(flow)
    found = boxes(svg)
    width, height = map(float, re.search(r"width='(\d+)' height='(\d+)'", svg).groups())
    assert len(found) == len(fold(flow))
    for k, (x, y) in enumerate(found):
        assert 0 <= x <= width - NODE_WIDTH and 0 <= y <= height - NODE_HEIGHT
        assert all(abs(x - u) >= NODE_WIDTH or abs(y - v) >= NODE_HEIGHT for u, v in found[:k])


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_edge_runs_down(flow):
    """An operand stands above the node that uses it, and edges meet no node on their way."""
    nodes = fold(flow)
    names = {node.name for node in nodes}
    plan = layout({node.name: tuple(n for n in node.operands if n in names) for node in nodes})
    for (source, node), route in plan.routes.items():
        assert [layer for _, layer in route] == list(range(plan.places[source][1], plan.places[node][1] + 1))
        for x, layer in route[1:-1]:
            others = [place for place in plan.places.values() if place[1] == layer]
            assert all(abs(x - other) > NODE_WIDTH / 182 / 2 for other, _ in others)


def test_gradient_numbers_are_drawn():
    """Each backward arrow carries the rms of its gradient."""
    texts = re.findall(r"paint-order='stroke'>([^<]+)<", draw(reports.tutorial_flow()))
    assert sorted(texts) == sorted(["3.68", "2", "21.5", "3.68", "1"])


def test_wider_arrow_for_larger_gradient():
    """Ten times the gradient gives a wider arrow."""
    flow = (
        Flow("a", "input", None, (), (1,), 1.0, 10.0),
        Flow("b", "input", None, (), (1,), 1.0, 1.0),
        Flow("c", "input", None, (), (1,), 1.0, 0.0),
        Flow("d", "input", None, (), (1,), 1.0, float("nan")),
        Flow("e", "input", None, (), (1,), 1.0, None),
        Flow("f", "output", "AddN", ("a", "b", "c", "d", "e"), (1,), 1.0, None),
    )
    found = re.findall(r"stroke='(#\w+)' stroke-opacity='0.8' stroke-width='([\d.]+)'( stroke-dash)?", draw(flow))
    widths = [float(width) for _, width, _ in found]
    assert widths[0] > widths[1] > widths[2] == widths[3] == 1.5
    assert [bool(dash) for *_, dash in found] == [False, False, True, True]
    assert found[3][0] != found[0][0]


def test_folding_says_how_much_is_hidden():
    """A picture of more than 60 nodes folds its middle and says how many arrays are not drawn."""
    flow = reports.chain(60)
    shown = fold(flow)
    assert len(shown) == LIMIT
    assert f"... {len(flow) - LIMIT + 1} more" in [node.name for node in shown]
    assert f"... {len(flow) - LIMIT + 1} more" in draw(flow) and f"... {len(flow) - LIMIT + 1} more" in describe(flow)
    assert fold(reports.chain(6))[0].name == "x"


def test_folding_makes_no_cycle():
    """Each operand of a folded picture comes before the node that uses it."""
    seen = set()
    for node in fold(reports.chain(100)):
        assert set(node.operands) <= seen
        seen.add(node.name)


def test_alternative_names_every_node():
    """The text that goes with the picture names each array, its op, shape and gradient."""
    text = describe(reports.tutorial_flow())
    assert "v2: MatMul of v1, y, shape (2, 3), gradient rms 1." in text
    assert all(f"{node.name}: " in text for node in reports.tutorial_flow())


def test_spacing_is_least_squares():
    """Places are as wanted where there is room, and share the cost where there is not."""
    assert _spaced([0.0, 5.0], [1.0, 1.0]) == [0.0, 5.0]
    assert _spaced([1.0, 1.0], [1.0, 1.0]) == [0.5, 1.5]
    assert np.allclose(_spaced([0.0, 0.0, 9.0], [2.0, 1.0, 1.0]), [-0.75, 0.75, 9.0])


def test_odd_graphs():
    """A single node, a repeated operand, an unknown operand and separate parts are all drawn."""
    flow = (
        Flow("x", "input", None, (), (), 1.0, 1.0),
        Flow("y", "value", "Mul", ("x", "x"), (), 1.0, 1.0),
        Flow("w", "parameter", None, (), (), 1.0, None),
        Flow("z", "value", "Neg", ("elsewhere",), (), 1.0, None),
    )
    assert len(boxes(draw(flow))) == 4
    assert len(boxes(draw(flow[:1]))) == 1


def test_stale_arrows_have_no_number():
    """The arrow of an array whose gradient is not known at this point is dashed and has no number."""
    svg = draw(reports.tutorial_flow(), frozenset({"v1"}))
    assert sorted(re.findall(r"paint-order='stroke'>([^<]+)<", svg)) == sorted(["3.68", "2", "21.5", "1"])
    assert svg.count("stroke-dasharray") == 1
