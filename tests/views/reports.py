"""Reports to show in tests: the tutorial's net with its real numbers, and made-up ones for every status and shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape

import numpy as np

from msgrad_ext.checking.result import CheckResult, Fault, Flow, Gradient
from msgrad_ext.errors import Location


@dataclass(frozen=True)
class Line:
    latex: str
    text: str
    kind: str
    location: Location | None = None

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.latex.replace(" = ", " &= ", 1),)

    @property
    def mathml(self) -> str:
        return f"<mtr><mtd><mtext>{escape(self.text)}</mtext></mtd></mtr>"

    def wrapped(self, width: int) -> str:
        return self.text


@dataclass(frozen=True)
class Formula:
    latex: str
    text: str
    lines: tuple[Line, ...]
    shape: tuple[object, ...]
    notes: tuple[str, ...] = ()
    evidence: None = None

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.latex.replace(" = ", " &= ", 1),)

    @property
    def mathml(self) -> str:
        return f"<math alttext='{escape(self.text)}'><mtext>{escape(self.text)}</mtext></math>"

    def wrapped(self, width: int) -> str:
        return self.text


@dataclass(frozen=True)
class Report:
    result: CheckResult
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    source: str = ""
    cell_source: str = ""
    inputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    evaluate: Callable[..., tuple[np.ndarray, Mapping[str, np.ndarray]]] | None = None
    memory: tuple[int, int] = (48, 24)


CELL = """net = Net()
def construct(self, x, y):
    x = x * self.z
    return self.matmul(x, y)
"""
SOURCE = """def plan(x, y, z):
    v1 = x * z
    v2 = v1 @ y
    ct_v2 = ones((2, 3), float32)
    ct_v1 = ct_v2 @ y.T
    ct_y = v1.T @ ct_v2
    return v2, ct_v1 * z, ct_y, (ct_v1 * x).sum(keepdims=True)
"""
X = np.array([[0.8, 0.6, 0.2], [1.8, 1.3, 1.1]], np.float32)
Y = np.array([[0.11, 3.3, 1.1], [1.1, 0.2, 1.4], [1.1, 2.2, 0.3]], np.float32)
Z = np.array([1.0], np.float32)
LINE3, LINE4 = Location("<cell>", 3, "construct"), Location("<cell>", 4, "construct")


def evaluate(values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The tutorial's net and its gradients, written out by hand."""
    x, y, z = (np.asarray(values[name]) for name in "xyz")
    ones = np.ones((2, 3), np.float32)
    scaled = x * z
    back = ones @ y.T
    return scaled @ y, {"x": back * z, "y": scaled.T @ ones, "z": np.array([(back * x).sum()], np.float32)}


def rms(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.asarray(value, np.float64) ** 2)))


def gradient(name: str, value: np.ndarray, kind: str = "input", status: str = "agree", **more: object) -> Gradient:
    value = np.asarray(value)
    facts = {
        "reference": value.astype(np.float64),
        "evidence": "proved at all shapes; agrees in floats at full size",
        "max_abs": 2.3841858e-07,
        "max_rel": 5.3e-08,
        "max_ulp": 0.5,
        "compared": value.size,
        "tolerance": 1.9e-06,
        "origin": "running error bound of the plan, 4 roundings",
        **more,
    }
    return Gradient(name=name, kind=kind, value=value, status=status, **facts)


def result(*gradients: Gradient, **more: object) -> CheckResult:
    facts = {
        "title": "Net(x, y)",
        "flow": (),
        "output": None,
        "sens": "ones",
        "seed": 0,
        "witnesses": ("rule identity", "full-size floats"),
        **more,
    }
    return CheckResult(gradients=gradients, **facts)


def tutorial_flow() -> tuple[Flow, ...]:
    out, grads = evaluate({"x": X, "y": Y, "z": Z})
    return (
        Flow("x", "input", None, (), (2, 3), rms(X), rms(grads["x"])),
        Flow("y", "input", None, (), (3, 3), rms(Y), rms(grads["y"])),
        Flow("z", "parameter", None, (), (1,), rms(Z), rms(grads["z"])),
        Flow("v1", "value", "Mul", ("x", "z"), (2, 3), rms(X), rms(grads["x"]), LINE3),
        Flow("v2", "output", "MatMul", ("v1", "y"), (2, 3), rms(out), 1.0, LINE4),
    )


NOTES = ("z has one entry; it is broadcast.",)
FORMULAS = {
    "x": Formula(
        r"\bar X = z \mathbf 1_{m \times n} Y^\top",
        "x_bar = z * 1[m,n] @ y^T",
        (
            Line(r"A = z X", "a = z * x", "forward", LINE3),
            Line(r"F = A Y", "f = a @ y", "forward", LINE4),
            Line(r"\bar A = \mathbf 1_{m \times n} Y^\top", "a_bar = 1[m,n] @ y^T", "backward", LINE4),
            Line(r"\bar X = z \bar A", "x_bar = z * a_bar", "backward", LINE3),
        ),
        ("m", "k"),
    ),
    "y": Formula(
        r"\bar Y = z X^\top \mathbf 1_{m \times n}",
        "y_bar = z * x^T @ 1[m,n]",
        (
            Line(r"A = z X", "a = z * x", "forward", LINE3),
            Line(r"\bar Y = A^\top \mathbf 1_{m \times n}", "y_bar = a^T @ 1[m,n]", "backward", LINE4),
        ),
        ("k", "n"),
    ),
    "z": Formula(r"\bar{z} = \sum_{i=1}^m \sum_{j=1}^k X_{ij} \bar A_{ij}", "z_bar = sum(x * a_bar)", (), (1,), NOTES),
}


def tutorial() -> Report:
    """The tutorial's net: f(x, y) = (x * z) @ y, with its own numbers."""
    values = {"x": X, "y": Y, "z": Z}
    out, grads = evaluate(values)
    checked = result(
        gradient("x", grads["x"]),
        gradient("y", grads["y"]),
        gradient("z", grads["z"], "parameter", max_ulp=1.0, max_abs=1.9e-06),
        flow=tutorial_flow(),
        output=out,
        location=LINE4,
    )
    return Report(checked, FORMULAS, SOURCE, CELL, values, evaluate)


def wrong() -> Report:
    """A report with a planted fault."""
    fault = Fault("MatMul", "b", "numeric", (0, 1), LINE4, "the rule gives 2.7, the formula 2.6")
    bad = gradient("y", Y, status="disagree", max_abs=0.1, max_rel=0.038, max_ulp=419430.0, evidence="", fault=fault)
    return Report(result(gradient("x", X), bad, flow=tutorial_flow()), {"x": FORMULAS["x"]}, SOURCE)


def kink() -> Report:
    """A point with no derivative, and a gradient that was not compared."""
    note = "relu is not differentiable at entries [0], [3]; relu'(0) = 0 was used, the slopes are 0 and 1"
    zeros = np.zeros(3, np.float32)
    none = gradient("w", zeros, "parameter", "unchecked", compared=0, evidence="", note="budget of 0.5 s spent")
    return Report(result(gradient("x", np.array([0, 1.5, -2, 0], np.float32), status="kink", note=note), none))


def large() -> Report:
    """Arrays of every size class: 100x80, 1-D short and long, scalar, 4-D small and large, not finite, integers."""
    rng = np.random.default_rng(7)
    odd = np.array([[np.nan, np.inf], [-np.inf, 0.0]])
    shown = {
        "weight": rng.normal(size=(100, 80)) * np.exp(-np.arange(80) / 20),
        "bias": np.linspace(-1, 1, 7, dtype=np.float32),
        "long": np.sin(np.arange(1000) / 20),
        "alpha": np.array(-3.25e-9),
        "slices": rng.normal(size=(2, 2, 3, 4)).astype(np.float32),
        "kernel": rng.normal(size=(8, 4, 5, 5)).astype(np.float16),
        "odd": odd,
        "wide": rng.normal(size=(2, 600)),
        "empty": np.zeros((0, 3)),
    }
    return Report(result(*(gradient(name, value) for name, value in shown.items())))


HOSTILE = (
    "<img src=x onerror=alert(1)>'\"&</table><script>alert(2)</script>\u202ejavascript:\x1b[31m${x}\\input{a}$\u2066"
)


def hostile() -> Report:
    """Every piece of foreign text is an attack."""
    place = Location(HOSTILE, 3, HOSTILE)
    fault = Fault(HOSTILE, HOSTILE, "numeric", (0,), place, HOSTILE)
    said = {"fault": fault, "note": HOSTILE, "evidence": HOSTILE, "origin": HOSTILE}
    bad = gradient(HOSTILE, np.ones((2, 2)), HOSTILE, "disagree", **said)
    big = gradient(HOSTILE + "2", np.ones((30, 30)))
    flow = (
        Flow(HOSTILE, HOSTILE, None, (), (2, 2), 1.0, 1.0, place),
        Flow("out", HOSTILE, HOSTILE, (HOSTILE,), (2, 2), 1.0, 1.0, place),
    )
    facts = {"title": HOSTILE, "sens": HOSTILE, "witnesses": (HOSTILE,), "notes": (HOSTILE,), "location": place}
    checked = result(bad, big, flow=flow, **facts)
    line = Line("a", HOSTILE, "forward", place)
    formula = Formula("a = b", HOSTILE, (line,), (HOSTILE,), (HOSTILE,))
    values = {HOSTILE: np.ones((2, 2))}
    return Report(checked, {HOSTILE: formula}, HOSTILE, HOSTILE, values, lambda values: (np.ones(1), {}))


def chain(length: int) -> tuple[Flow, ...]:
    """A deep network: each layer a product with a weight, a bias, a tanh, and a skip connection now and then."""
    flow = [Flow("x", "input", None, (), (8, 16), 1.0, 0.01)]
    last, skip = "x", "x"
    for k in range(length):
        weight = Flow(f"layer{k}.weight", "parameter", None, (), (16, 16), 0.2, 10.0 ** -(k % 7))
        flow += [weight, Flow(f"m{k}", "value", "MatMul", (last, weight.name), (8, 16), 1.0, 0.1 * 2.0**-k)]
        flow.append(Flow(f"t{k}", "value", "Tanh", (f"m{k}",), (8, 16), 0.7, 0.2 * 2.0**-k))
        last = f"t{k}"
        if k % 3 == 2:
            flow.append(Flow(f"s{k}", "value", "Add", (last, skip), (8, 16), 1.2, 0.3))
            last = skip = f"s{k}"
    return (*flow, Flow("loss", "output", "ReduceMean", (last,), (), 0.4, 1.0))
