"""Layered layout of a directed graph without cycles: which layer, which place, and where long edges run.

Comes in: each node's operands, in order of execution. Goes out: places in units of one node's width. It knows nothing
of arrays or of drawing. The classical steps: longest-path layers, stand-ins where an edge crosses a layer, barycentre
ordering, then places as close to the neighbours as the spacing allows.

References
----------
Sugiyama, Tagawa, Toda, Methods for Visual Understanding of Hierarchical System Structures, 1981.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

Key = tuple[str, int]
Point = tuple[float, int]
SWEEPS = 8
STAND_IN = 0.3


@dataclass(frozen=True)
class Layout:
    """Places of nodes as (x, layer), and of the points that each edge (operand, node) runs through, ends included."""

    places: Mapping[str, Point]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]
    width: float
    layers: int


def layout(operands: Mapping[str, tuple[str, ...]]) -> Layout:
    """Lay out the nodes; ``operands`` lists each node after those it needs."""
    layer = _layers(operands)
    chains = {
        (source, node): [(source, k) for k in range(layer[source], layer[node])] + [(node, layer[node])]
        for node in operands
        for source in dict.fromkeys(operands[node])
    }
    edges = list(dict.fromkeys(pair for chain in chains.values() for pair in pairwise(chain)))
    rows: list[list[Key]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for name in operands:
        rows[layer[name]].append((name, layer[name]))
    for key in dict.fromkeys(key for chain in chains.values() for key in chain):
        if key[1] != layer[key[0]]:
            rows[key[1]].append(key)
    rows = _ordered(rows, edges)
    sizes = {key: 1.0 if layer[key[0]] == key[1] else STAND_IN for row in rows for key in row}
    x = _placed(rows, edges, sizes)
    width = max((x[key] + sizes[key] / 2 for key in x), default=0.0)
    places = {name: (x[name, layer[name]], layer[name]) for name in operands}
    routes = {edge: tuple((x[key], key[1]) for key in chain) for edge, chain in chains.items()}
    return Layout(places, routes, width, len(rows))


def _layers(operands: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Longest-path layers; a node without operands stands right above the first that needs it."""
    layer: dict[str, int] = {}
    for name, needed in operands.items():
        layer[name] = 1 + max((layer[source] for source in needed), default=-1)
    for name, needed in operands.items():
        users = [layer[user] for user, its in operands.items() if name in its]
        if not needed and users:
            layer[name] = min(users) - 1
    return layer


def _neighbours(edges: list[tuple[Key, Key]]) -> tuple[dict[Key, list[Key]], dict[Key, list[Key]]]:
    above: dict[Key, list[Key]] = {}
    below: dict[Key, list[Key]] = {}
    for upper, lower in edges:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _ordered(rows: list[list[Key]], edges: list[tuple[Key, Key]]) -> list[list[Key]]:
    """Barycentre sweeps down and up; the order with the fewest crossings is kept."""
    above, below = _neighbours(edges)
    best, fewest = rows, _crossings(rows, edges)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        beside = above if sweep % 2 == 0 else below
        rows = [list(row) for row in rows]
        for number in range(len(rows)) if sweep % 2 == 0 else reversed(range(len(rows))):
            rank = {key: place for row in rows for place, key in enumerate(row)}
            rows[number].sort(key=lambda key: _mean([rank[near] for near in beside.get(key, [])], rank[key]))
        crossings = _crossings(rows, edges)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _mean(values: list[float] | list[int], default: float) -> float:
    return sum(values) / len(values) if values else default


def _crossings(rows: list[list[Key]], edges: list[tuple[Key, Key]]) -> int:
    """Number of pairs of edges between the same two layers that cross."""
    rank = {key: place for row in rows for place, key in enumerate(row)}
    ends: dict[int, list[tuple[int, int]]] = {}
    for upper, lower in edges:
        ends.setdefault(upper[1], []).append((rank[upper], rank[lower]))
    return sum((a - c) * (b - d) < 0 for pairs in ends.values() for k, (a, b) in enumerate(pairs) for c, d in pairs[:k])


def _placed(rows: list[list[Key]], edges: list[tuple[Key, Key]], sizes: Mapping[Key, float]) -> dict[Key, float]:
    """Centres: each row as close to the mean of its neighbours as order and sizes allow; the leftmost edge is at 0."""
    above, below = _neighbours(edges)
    x: dict[Key, float] = {}
    for row in rows:
        left = -sum(sizes[key] for key in row) / 2
        for key in row:
            x[key] = left + sizes[key] / 2
            left += sizes[key]
    for sweep in range(SWEEPS):
        beside = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([x[near] for near in beside.get(key, [])], x[key]) for key in row]
            x.update(zip(row, _spaced(wanted, [sizes[key] for key in row]), strict=True))
    start = min((x[key] - sizes[key] / 2 for key in x), default=0.0)
    return {key: round(value - start, 4) for key, value in x.items()}


def _spaced(wanted: list[float], sizes: list[float]) -> list[float]:
    """Centres nearest to ``wanted`` (least squares) that keep their order and do not overlap: pooled averages."""
    shifts, total = [], 0.0
    for k, size in enumerate(sizes):
        total += (sizes[k - 1] + size) / 2 if k else 0.0
        shifts.append(total)
    blocks: list[tuple[float, int]] = []
    for value, shift in zip(wanted, shifts, strict=True):
        mean, members = value - shift, 1
        while blocks and blocks[-1][0] > mean:
            last, many = blocks.pop()
            mean = (last * many + mean * members) / (many + members)
            members += many
        blocks.append((mean, members))
    flat = [mean for mean, members in blocks for _ in range(members)]
    return [value + shift for value, shift in zip(flat, shifts, strict=True)]
