"""Backprop lines at depth: all of them, in order, in time, with the operations that they take and where they come from."""

import time

import numpy as np
import pytest

import msgrad_ext as mg
from msgrad_ext import Parameter, Tensor, nn, ops
from msgrad_ext.formulas.evaluation import evaluate_lines
from msgrad_ext.formulas.notation_value import node_value
from msgrad_ext.symbolic.compose import line_expr
from msgrad_ext.symbolic.count import operations
from msgrad_ext.symbolic.nodes import index, length
from msgrad_ext.views.formulas import SHOWN, latex_outputs


class Dense(nn.Cell):
    """Layers of `Dense` and tanh, each added to what came before if ``residual``."""

    def __init__(self, depth=50, width=6, residual=False):
        super().__init__()
        self.residual = residual
        self.layers = nn.CellList([nn.Dense(width, width) for _ in range(depth)])

    def construct(self, x):
        for layer in self.layers:
            h = ops.tanh(layer(x))
            x = x + h if self.residual else h
        return x.sum()


class Convolutions(nn.Cell):
    def __init__(self, depth=50):
        super().__init__()
        self.layers = nn.CellList([nn.Conv2d(2, 2, 3, has_bias=True) for _ in range(depth)])

    def construct(self, x):
        for layer in self.layers:
            x = ops.relu(layer(x))
        return x.sum()


class Recurrent(nn.Cell):
    def __init__(self, steps=50, width=4):
        super().__init__()
        self.steps = steps
        generator = np.random.default_rng(1)
        draw = lambda *shape: Tensor(generator.normal(size=shape).astype(np.float32))  # noqa: E731
        self.wx = Parameter(draw(width, width), name="wx")
        self.wh = Parameter(draw(width, width), name="wh")
        self.b = Parameter(draw(width), name="b")

    def construct(self, x, h):
        for t in range(self.steps):
            h = ops.tanh(ops.matmul(x[t], self.wx) + ops.matmul(h, self.wh) + self.b)
        return h.sum()


class Attention(nn.Cell):
    def __init__(self, width=8):
        super().__init__()
        self.q, self.k, self.v = nn.Dense(width, width), nn.Dense(width, width), nn.Dense(width, width)

    def construct(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        weights = ops.softmax(ops.matmul(q, k.T) / 2.0, -1)
        return (ops.matmul(weights, v) ** 2).mean()


def loop(x):
    for _ in range(50):
        x = x - 0.1 * ops.sin(x) * x
    return x.sum()


def chain(count):
    def net(x):
        for _ in range(count):
            x = ops.sin(x)
        return x.sum()

    return net


NETS = {
    "dense": (Dense, {"x": ("n", 6)}),
    "residual": (lambda: Dense(residual=True), {"x": ("n", 6)}),
    "convolution": (Convolutions, {"x": (2, 2, 6, 6)}),
    "recurrent": (Recurrent, {"x": (50, 3, 4), "h": (3, 4)}),
    "loop": (lambda: loop, {"x": ("n",)}),
    "attention": (Attention, {"x": ("n", 8)}),
    "chain": (lambda: chain(500), {"x": ("n",)}),
}
_DERIVED = {}


def derived(name):
    """The first formula of a net, and the seconds of work that it and its lines took."""
    if name not in _DERIVED:
        make, shapes = NETS[name]
        net = make()
        start = time.process_time()
        found = next(iter(mg.derive(net, shapes).values()))
        assert found.lines
        _DERIVED[name] = found, time.process_time() - start
    return _DERIVED[name]


@pytest.mark.parametrize("name", NETS)
def test_the_lines_take_at_most_twice_the_operations_of_the_forward_lines(name):
    """At several lengths of the axes; values that are there already are used by name."""
    formula, _ = derived(name)
    letters = {str(s) for shape in formula.derivation.shapes.values() for n in shape for s in n.free_symbols}
    for size in (2, 8, 16):
        found = formula.operations(dict.fromkeys(letters, size))
        assert 0 < found.backward <= 2 * found.forward, str(found)


@pytest.mark.parametrize("name", NETS)
def test_lines_of_deep_networks_take_at_most_two_seconds(name):
    """From `derive` to all lines written; a machine that is busy gets some more."""
    assert derived(name)[1] < 4


@pytest.mark.parametrize("name", NETS)
def test_every_line_has_its_place_in_the_cell(name):
    """Sums of contributions as well: they stand where the value is first used."""
    for line in derived(name)[0].lines:
        assert line.location is not None and line.location.filename == __file__, line.text


@pytest.mark.parametrize("name", ["residual", "recurrent", "attention", "loop"])
def test_every_value_is_defined_before_it_is_used_and_none_is_left_out(name):
    """The lines, computed one after the other as they are written, give the derived gradients."""
    formula, _ = derived(name)
    derivation, writer = formula.derivation, formula.writer
    generator = np.random.default_rng(3)
    sizes = {s: 3 for shape in derivation.shapes.values() for n in shape for s in n.free_symbols}
    values = {
        given: generator.uniform(0.1, 0.6, [int(n.xreplace(sizes)) for n in derivation.shapes[key]])
        for key, given in derivation.inputs.items()
    }
    expected = evaluate_lines(derivation, values)
    inputs = {key: values[given] for key, given in derivation.inputs.items()}
    known = inputs | {key: expected[key] for key in derivation.constants}
    for line in writer.line_writer.shown:
        node = writer.line_writer.node(line)
        kinds, stack = set(), [node]
        while stack:
            part = stack.pop()
            kinds.add(part.kind)
            stack += part.args
        if kinds & {"each", "entry", "isum", "holds"}:
            known[line.key] = expected[line.key]
            continue
        found = np.asarray(node_value(node, known, sizes))
        shape = expected[line.key].shape
        known[line.key] = found.reshape(shape) if found.size != 1 else np.full(shape, found.item())
    for key in derivation.gradients.values():
        np.testing.assert_allclose(known[key], expected[key], rtol=1e-9, atol=1e-12)


def test_parameters_have_their_lines_where_the_reverse_pass_meets_them():
    """The last layer's gradients come first, and layers are numbered by their paths."""
    heads = [line.text.split(" = ")[0] for line in derived("dense")[0].lines if line.kind == "backward"]
    assert heads[1:3] == ["b_49_bar", "W_49_bar"] and heads[-2:] == ["X_bar", "W_0_bar"]


def test_what_is_assigned_again_and_again_is_numbered():
    """x, x_1, x_2, ..., as on paper, and the lines of a loop keep their user's name."""
    heads = [line.text.split(" = ")[0] for line in derived("loop")[0].lines]
    assert [head for head in heads if head.startswith("x")][:51] == [
        *(f"x_{n}" for n in range(1, 51)),
        *(f"x_{n}_bar" for n in range(49, 48, -1)),
    ]


@pytest.mark.parametrize(("what", "count"), [("chain", 10_000), ("sums", 500)])
def test_no_depth_is_too_deep(what, count):
    """Ten thousand functions within each other, and a value that is used five hundred times."""

    def sums(x):
        total = x
        for n in range(count):
            total = total + ops.exp(x * (n % 7 + 1))
        return total.sum()

    found = mg.derive(chain(count) if what == "chain" else sums, {"x": ("n",)})["x"]
    assert any("too long" in note for note in found.notes)
    assert len(found.lines) > 2 * count
    assert len({line.text.split(" = ")[0] for line in found.lines}) == len(found.lines)
    assert found.evaluate({"x": np.full(3, 0.01)}).shape == (3,)


def test_a_display_says_how_many_lines_it_leaves_out():
    """A browser is not given a thousand lines; that they are not all is said."""
    formula, _ = derived("chain")
    block = latex_outputs({"x": formula})[-1]
    assert f"... and {len(formula.lines) - SHOWN} more lines, which Formula.lines has" in block


def test_copies_are_computed_once():
    """The cotangent of a transposed matrix that is used three times has a line."""
    texts = [line.text for line in derived("attention")[0].lines]
    assert "V4_bar = V7_bar^T V2" in texts and "W_k_bar = V4_bar^T X" in texts


def g(a, b):
    return (a * b).sum()


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (lambda x: mg.grad(g, 0)(x, x * x).sum(), "x_bar = 2 x"),
        (lambda x: mg.grad(g, 0)(x, x).sum(), "x_bar = 1_n"),
        (lambda x: (mg.grad(g, 1)(x, x) * x).sum(), "x_bar = 2 x"),
    ],
)
def test_a_gradient_by_one_operand_leaves_the_others_where_they_are(net, expected):
    """Operands of a nested gradient may be made from each other, or be the same; and the check agrees."""
    assert mg.derive(net, {"x": ("n",)})["x"].text == expected
    assert mg.check(net, np.array([1.0, 2.0, 3.0])).verdict == "agree"


def test_operations_are_counted_as_they_are_defined():
    """A matrix product, an elementwise function, and a sum."""
    matmul = mg.derive(lambda x, y: (x @ y).sum(), {"x": ("m", "k"), "y": ("k", "n")})["x"]
    derivation = matmul.derivation
    line = derivation.lines[0]
    expr, _, ranges = line_expr(derivation, line)
    sizes = {length("m"): 2, length("k"): 3, length("n"): 4}
    assert operations(expr, ranges, sizes) == 2 * 4 * (3 + 2)
    assert operations(index("i"), {index("i"): length("m")}, sizes) == 0
    assert str(matmul.operations({"m": 2, "k": 3, "n": 4})).startswith("47 forward")
