"""Small programs as Python floats: every element a name of its own, equal elements computed once, dead ones not at all.

The unmodified ``numpy`` voices run on object arrays of `Node`; what they do to the elements is written down as straight
code. A call of numpy costs about as much as twenty operations on Python floats, so this wins while arrays are tiny.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import EngineError
from ..ir import Graph, Lit
from ..numeric.plan import Plan, made
from ..voice import foreign
from .cost import cost
from .spread import Rows

# Counted in nanoseconds: an operation on Python floats, one of its functions, a number that goes in or comes out.
STEP, CALLED, EXCHANGED, FIXED = 28.0, 55.0, 20.0, 700.0
_MOST = 2000
_FUNCTIONS = ("exp", "log", "log1p", "expm1", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sqrt", "arctan")
_NAMES = {"arctan": "atan"}


class Code:
    """Straight code in the making: an expression for each node, each made once.

    Nodes are made inside of numpy's loops over objects, which lose count of references where something is raised. So
    nothing is: ``refused`` says why the code can not be used, and whoever runs the voices asks for it.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.refused = ""

    def node(self, text: str, *operands: Node) -> Node:
        """The node of an expression over the names of nodes."""
        if text not in self.nodes:
            if len(self.nodes) >= _MOST:
                self.refused = "The program is too long to be written in single numbers."
                return operands[0] if operands else next(iter(self.nodes.values()))
            self.nodes[text] = Node(self, f"t{len(self.nodes)}", text, operands)
        return self.nodes[text]


class Node:
    """A number of the program; arithmetic on it makes further nodes."""

    def __init__(self, code: Code, name: str, text: str, operands: tuple[Node, ...]) -> None:
        self.code, self.name, self.text, self.operands = code, name, text, operands

    def _with(self, sign: str, other: Any, turned: bool = False) -> Any:
        if not isinstance(other, Node):
            number = float(other)
            if (sign == "*" and number == 1) or (sign in "+-" and number == 0 and not (turned and sign == "-")):
                return self  # 0 comes of zeros that structure put there; for a sum it changes at most a zero's sign
            if not math.isfinite(number):
                self.code.refused = "A constant is not finite."
                return self
            text = f"({number!r})" if number < 0 else repr(number)
            parts = (text, self.name) if turned else (self.name, text)
            return self.code.node(f"{parts[0]} {sign} {parts[1]}", self)
        first, second = (other, self) if turned else (self, other)
        if sign in "+*" and (len(second.name), second.name) < (len(first.name), first.name):
            first, second = second, first
        return self.code.node(f"{first.name} {sign} {second.name}", first, second)

    def __neg__(self) -> Node:
        return self.code.node(f"-{self.name}", self)

    def __abs__(self) -> Node:
        return self.code.node(f"abs({self.name})", self)

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, Node) or float(other) not in (1.0, 2.0, 3.0):
            self.code.refused = "This power is left to numpy."
            return self
        square = self._with("*", self)
        return {1.0: self, 2.0: square, 3.0: square._with("*", self)}[float(other)]


def _operator(sign: str, turned: bool) -> Callable[[Node, Any], Any]:
    return lambda node, other: node._with(sign, other, turned)


def _function(name: str) -> Callable[[Node], Node]:
    return lambda node: node.code.node(f"{name}({node.name})", node)


for _word, _sign in (("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/")):
    setattr(Node, f"__{_word}__", _operator(_sign, False))
    setattr(Node, f"__r{_word}__", _operator(_sign, True))
for _word in _FUNCTIONS:
    setattr(Node, _word, _function(_NAMES.get(_word, _word)))


class ScalarPlan(Plan):
    """A plan whose arrays are taken apart into Python floats.

    Python's floats are numpy's float64, except that they raise where numpy gives an infinity or NaN: such a call is
    answered by the plan in arrays.
    """

    def __init__(self, graph: Graph, text: str) -> None:
        super().__init__(graph)
        self._text = text
        functions = {name: getattr(math, name) for name in (_NAMES.get(one, one) for one in _FUNCTIONS)}
        self._scalars = made(text, {"np": np, **functions})

    @property
    def source(self) -> str:
        """The generated source."""
        return self._text

    def __call__(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        """The graph's outputs for these inputs, as `Plan` gives them."""
        try:
            return self._scalars(*arrays)
        except (ArithmeticError, ValueError):
            return super().__call__(*arrays)


def plan_of(graph: Graph) -> Plan:
    """The plan of ``graph`` in the form that costs less, by count."""
    text = expanded(graph)
    return Plan(graph) if text is None else ScalarPlan(graph, text)


def expanded(graph: Graph) -> str | None:
    """The source of ``graph`` in Python floats; None where that is not possible, or not cheaper."""
    sizes = [math.prod(atom.shape) for atom in (*graph.inputs, *graph.outputs)]
    kinds = {atom.dtype for atom in (*graph.inputs, *(eqn.out for eqn in graph.eqns), *graph.outputs)}
    limit = cost(graph) - FIXED - EXCHANGED * sum(sizes)
    own = all(not foreign(type(eqn.op).numpy) and type(eqn.op) is not Rows for eqn in graph.eqns)
    if graph.guards or kinds != {np.dtype(np.float64)} or limit <= 0 or not own:
        return None
    code = Code()
    try:
        outputs = _run(graph, code)
    except (EngineError, TypeError, AttributeError, ValueError, IndexError):
        # A voice that looks at values, or uses what Python's floats do not have: numpy computes it.
        return None
    lines, spent = _live(outputs)
    return _text(graph, lines, outputs) if spent <= limit else None


def _run(graph: Graph, code: Code) -> list[np.ndarray]:
    values: dict[Any, np.ndarray] = {}
    for number, var in enumerate(graph.inputs):
        array = np.empty(var.shape, object)
        for index in range(array.size):
            array.flat[index] = Node(code, f"a{number}_{index}", "", ())
        values[var] = array

    def operand(atom: Any) -> np.ndarray:
        if not isinstance(atom, Lit):
            return values[atom]
        return atom.value.astype(object) if atom.dtype.kind == "f" else atom.value

    for eqn in graph.eqns:
        result = np.asarray(eqn.op.numpy(*map(operand, eqn.inputs)))
        if code.refused:
            raise EngineError(code.refused)
        if (result.dtype != object and result.dtype.kind != "f") or result.shape != eqn.out.shape:
            raise EngineError(f"{eqn.op.label} is left to numpy.")
        values[eqn.out] = result.astype(object)
    return [operand(atom) for atom in graph.outputs]


def _live(outputs: Sequence[np.ndarray]) -> tuple[list[str], float]:
    """The lines that the outputs need, in order, and what they cost."""
    needed: dict[str, Node] = {}
    stack = [one for array in outputs for one in array.ravel() if isinstance(one, Node)]
    while stack:
        node = stack.pop()
        if node.text and node.name not in needed:
            needed[node.name] = node
            stack += node.operands
    ordered = sorted(needed.values(), key=lambda node: int(node.name[1:]))
    spent = sum(CALLED if "(" in node.text and node.text[0].isalpha() else STEP for node in ordered)
    return [f"    {node.name} = {node.text}" for node in ordered], spent


def _text(graph: Graph, lines: Sequence[str], outputs: Sequence[np.ndarray]) -> str:
    head = []
    for number, var in enumerate(graph.inputs):
        names = [f"a{number}_{index}" for index in range(math.prod(var.shape))]
        used = any(name in line for name in names for line in lines)
        used |= any(isinstance(one, Node) and one.name in names for array in outputs for one in array.ravel())
        if used:
            head.append(f"    {', '.join(names)}, = a{number}.ravel().tolist()")
    results = []
    for array in outputs:
        names = [one.name if isinstance(one, Node) else repr(float(one)) for one in array.ravel()]
        shape = f".reshape({array.shape})" if array.ndim != 1 else ""
        results.append(f"np.array([{', '.join(names)}]){shape}")
    arguments = ", ".join(f"a{number}" for number in range(len(graph.inputs)))
    body = [*head, *lines, f"    return ({', '.join(results)},)"]
    return "\n".join([f"def plan({arguments}):", *body, ""])


__all__ = ["ScalarPlan", "expanded", "plan_of"]
