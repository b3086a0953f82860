"""The network as a picture: forward arrows, and backward arrows whose width grows with the size of the gradient.

Comes in: `Flow` nodes in order of execution. Goes out: an SVG text that stands alone (an image cannot see the page's
theme, so it brings its own card) and a sentence-by-sentence text that says the same.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from math import isfinite, log10

from ..checking.result import Flow
from .digits import shape_text, short
from .escape import escape
from .layers import Layout, layout

LIMIT = 60
NODE_WIDTH, NODE_HEIGHT = 150, 44
COLUMN, LAYER, MARGIN, TOP = 182, 106, 22, 52
INK, CARD, FORWARD, BACKWARD, ODD = "#111827", "#eff1f5", "#6b7280", "#b93815", "#7e22ce"
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
FILLS = {"input": ("#dbeafe", "#1d4ed8"), "parameter": ("#fef3c7", "#b45309"), "folded": ("#e5e7eb", "#6b7280")}


@dataclass(frozen=True)
class Edge:
    """One arrow pair from an operand to the node that uses it, as points in pixels."""

    source: str
    points: tuple[tuple[float, float], ...]
    label: str

    @property
    def side(self) -> int:
        """Where the backward arrow runs beside the forward one: 1 right, -1 left, so that the two do not cross."""
        return -1 if self.points[-1][0] - self.points[0][0] > 1 else 1


def draw(flow: Sequence[Flow], stale: Set[str] = frozenset()) -> str:
    """The picture as SVG; arrays named in ``stale`` get a dashed arrow without a number."""
    shown = fold(flow)
    nodes = {node.name: node for node in shown}
    plan = layout({node.name: tuple(name for name in node.operands if name in nodes) for node in shown})
    width = max(2 * MARGIN + plan.width * COLUMN, 620)
    height = TOP + plan.layers * LAYER + MARGIN
    shift = (width - plan.width * COLUMN) / 2
    scale = _scale([node.gradient_norm for node in shown if node.name not in stale])
    body = [_legend()]
    edges = [*_edges(plan, shift), *_seeds(shown, plan, shift)]
    body += [_forward(edge) for edge in edges if edge.source not in _sinks(shown)]
    body += [_backward(edge, nodes[edge.source], scale, edge.source in stale) for edge in edges]
    body += [_label(edge, nodes[edge.source].gradient_norm) for edge in edges if edge.source not in stale]
    body += [_node(node, _pixels(plan.places[node.name], shift)) for node in shown]
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{height:.0f}' "
        f"viewBox='0 0 {width:.0f} {height:.0f}' role='img' {FONT} font-size='13' fill='{INK}'>"
        f"<title>Network with gradient flow</title><desc>{escape(describe(flow))}</desc>"
        f"<rect width='100%' height='100%' rx='8' fill='{CARD}' stroke='#d1d5db'/>" + "".join(body) + "</svg>"
    )


def describe(flow: Sequence[Flow]) -> str:
    """The picture in words."""
    said = []
    for node in fold(flow):
        what = node.kind if node.op is None else f"{node.op} of {', '.join(node.operands)}"
        gradient = "no gradient" if node.gradient_norm is None else f"gradient rms {short(node.gradient_norm, 3)}"
        said.append(f"{node.name}: {what}, shape {shape_text(node.shape)}, {gradient}.")
    return " ".join(said)


def fold(flow: Sequence[Flow], limit: int = LIMIT) -> list[Flow]:
    """``flow`` with inputs moved before their first use; the middle of a long one becomes a single node that says so.

    The folded nodes are consecutive in an order of execution, so that the folded picture has no cycles.
    """
    known = {node.name: node for node in flow}
    ordered: dict[str, Flow] = {}
    for node in flow:
        if node.op is not None:
            ordered |= {name: known[name] for name in node.operands if name in known and name not in ordered}
            ordered[node.name] = node
    ordered |= {node.name: node for node in flow if node.name not in ordered}
    nodes = list(ordered.values())
    if len(nodes) <= limit:
        return nodes
    head, tail = limit // 2, limit - 1 - limit // 2
    middle = nodes[head : len(nodes) - tail]
    hidden = {node.name for node in middle}
    name = f"... {len(middle)} more"
    needed = dict.fromkeys(source for node in middle for source in node.operands if source not in hidden)
    sizes = [node.gradient_norm for node in middle if node.gradient_norm is not None]
    summary = Flow(name, "folded", "folded", tuple(needed), (), 0.0, sizes[-1] if sizes else None)
    return [
        *nodes[:head],
        summary,
        *(replace(node, operands=_renamed(node.operands, hidden, name)) for node in nodes[len(nodes) - tail :]),
    ]


def _renamed(operands: tuple[str, ...], hidden: Set[str], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name if source in hidden else source for source in operands))


def _pixels(place: tuple[float, int], shift: float) -> tuple[float, float]:
    return shift + place[0] * COLUMN, TOP + place[1] * LAYER + NODE_HEIGHT / 2 + 10


def _sinks(nodes: Sequence[Flow]) -> set[str]:
    used = {source for node in nodes for source in node.operands}
    return {node.name for node in nodes if node.name not in used}


def _edges(plan: Layout, shift: float) -> list[Edge]:
    """Arrows with their ends spread over the sides of their nodes, from left to right as they leave."""
    leaving: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    arriving: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    for (source, node), route in plan.routes.items():
        leaving.setdefault(source, []).append((route[1][0], (source, node)))
        arriving.setdefault(node, []).append((route[-2][0], (source, node)))
    starts = {edge: port for ends in leaving.values() for edge, port in _ports(ends)}
    stops = {edge: port for ends in arriving.values() for edge, port in _ports(ends)}
    rightmost = {max(ends)[1] for ends in leaving.values()}
    edges = []
    for edge, route in plan.routes.items():
        points = [_pixels(place, shift) for place in route]
        points[0] = (points[0][0] + starts[edge], points[0][1] + NODE_HEIGHT / 2)
        points[-1] = (points[-1][0] + stops[edge], points[-1][1] - NODE_HEIGHT / 2)
        label = "" if edge not in rightmost else "one" if len(leaving[edge[0]]) == 1 else "many"
        edges.append(Edge(edge[0], tuple(points), label))
    return edges


def _ports(ends: list[tuple[float, tuple[str, str]]]) -> list[tuple[tuple[str, str], float]]:
    step = min(46.0, (NODE_WIDTH - 40) / max(len(ends) - 1, 1))
    middle = (len(ends) - 1) / 2
    return [(edge, (k - middle) * step) for k, (_, edge) in enumerate(sorted(ends))]


def _seeds(nodes: Sequence[Flow], plan: Layout, shift: float) -> list[Edge]:
    """The output weight that starts the backward pass, as an arrow into each output from below."""
    found = []
    for node in nodes:
        if node.name in _sinks(nodes) and node.gradient_norm is not None:
            x, y = _pixels(plan.places[node.name], shift)
            bottom = y + NODE_HEIGHT / 2
            found.append(Edge(node.name, ((x - 7, bottom), (x - 7, bottom + 38)), "one"))
    return found


def _scale(norms: Sequence[float | None]) -> tuple[float, float]:
    """Logarithms of the least and greatest gradient that the widths span: between three and twelve decades."""
    logs = [log10(norm) for norm in norms if norm is not None and norm > 0 and isfinite(norm)]
    top = max(logs, default=0.0)
    return max(min([*logs, top - 3]), top - 12), top


def _curve(points: Sequence[tuple[float, float]], offset: float) -> str:
    """A smooth path through ``points``, vertical at each of them."""
    (x, y), *rest = [(x + offset, y) for x, y in points]
    text = f"M{x:.1f} {y:.1f}"
    for right, low in rest:
        middle = (y + low) / 2
        text += f"C{x:.1f} {middle:.1f} {right:.1f} {middle:.1f} {right:.1f} {low:.1f}"
        x, y = right, low
    return text


def _head(x: float, y: float, down: bool, size: float, colour: str) -> str:
    base = y - size if down else y + size
    half = size * 0.6
    return f"<path d='M{x:.1f} {y:.1f}L{x - half:.1f} {base:.1f}L{x + half:.1f} {base:.1f}Z' fill='{colour}'/>"


def _forward(edge: Edge) -> str:
    points = [*edge.points[:-1], (edge.points[-1][0], edge.points[-1][1] - 6)]
    x, y = edge.points[-1]
    return (
        f"<path d='{_curve(points, -7 * edge.side)}' fill='none' stroke='{FORWARD}' stroke-width='1.5'/>"
        + _head(x - 7 * edge.side, y, True, 8, FORWARD)
    )  # fmt: skip


def _backward(edge: Edge, node: Flow, scale: tuple[float, float], stale: bool) -> str:
    """The cotangent's way from the user of an array back to the array; its width is logarithmic."""
    norm = node.gradient_norm
    if norm is None:
        return ""
    low, top = scale
    colour = BACKWARD if isfinite(norm) else ODD
    live = norm > 0 and isfinite(norm) and not stale
    width = 1.5 + 6.0 * max(log10(norm) - low, 0.0) / (top - low) if live else 1.5
    size = 8 + width / 2
    x, y = edge.points[0]
    path = _curve([(x, y + size - 2), *edge.points[1:]], 7 * edge.side)
    dash = "" if live else " stroke-dasharray='4 3'"
    return (
        f"<path d='{path}' fill='none' stroke='{colour}' stroke-opacity='0.8' stroke-width='{width:.1f}'{dash}/>"
        + _head(x + 7 * edge.side, y, False, size, colour)
    )


def _label(edge: Edge, norm: float | None) -> str:
    """The number at a backward arrow's head, on its outer side; of several arrows, right of the last."""
    if norm is None or not edge.label:
        return ""
    (x, y), left = edge.points[0], edge.label == "one" and edge.side < 0
    x += -17 if left else 17
    colour = BACKWARD if isfinite(norm) else ODD
    return (
        f"<text x='{x:.1f}' y='{y + 21:.1f}' text-anchor='{'end' if left else 'start'}' font-size='12' fill='{colour}' "
        f"stroke='{CARD}' stroke-width='4' paint-order='stroke'>{short(norm, 3)}</text>"
    )


def _node(node: Flow, centre: tuple[float, float]) -> str:
    x, y = centre
    fill, stroke = FILLS.get(node.kind, ("#ffffff", "#374151"))
    round_by = {"input": NODE_HEIGHT / 2, "parameter": 3}.get(node.kind, 8)
    twice = f"<rect x='{x - NODE_WIDTH / 2 + 3:.1f}' y='{y - NODE_HEIGHT / 2 + 3:.1f}' width='{NODE_WIDTH - 6}' " \
            f"height='{NODE_HEIGHT - 6}' fill='none' stroke='{stroke}' stroke-width='0.8'/>"  # fmt: skip
    first = node.name if node.op is None or node.kind == "folded" else node.op
    own = node.kind if node.op is None else node.name
    second = "not drawn here" if node.kind == "folded" else f"{_cut(own, 10)}  {shape_text(node.shape)}"
    return (
        f"<g><title>{escape(node.name)}</title><rect x='{x - NODE_WIDTH / 2:.1f}' y='{y - NODE_HEIGHT / 2:.1f}' "
        f"width='{NODE_WIDTH}' height='{NODE_HEIGHT}' rx='{round_by}' fill='{fill}' stroke='{stroke}' "
        "stroke-width='1.4'/>"
        + (twice if node.kind == "parameter" else "")
        + f"<text x='{x:.1f}' y='{y - 3:.1f}' text-anchor='middle' font-weight='bold'>{escape(_cut(first, 18))}</text>"
        f"<text x='{x:.1f}' y='{y + 13:.1f}' text-anchor='middle' font-size='11'>{escape(_cut(second, 24))}</text></g>"
    )


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "\u2026"


def _legend() -> str:
    return (
        f"<g font-size='12'><path d='M22 17V33' stroke='{FORWARD}' stroke-width='1.5'/>"
        f"{_head(22, 37, True, 8, FORWARD)}"
        "<text x='32' y='31'>forward</text>"
        f"<path d='M112 37V25' stroke='{BACKWARD}' stroke-width='4'/>{_head(112, 17, False, 10, BACKWARD)}"
        "<text x='124' y='31'>gradient: number = rms, width = its logarithm; where arrows meet, of their sum</text></g>"
    )
