"""Dear ops replaced by cheap ones that give the same: powers by products, signs taken together, numbers taken together.

::

    v1 = Pow x 3             v1 = Square x           v1 = Neg a             v1 = Sub b a
    v2 = Mul v1 0.5    ->    v2 = Mul v1 x           v2 = Add v1 b    ->
    v3 = Mul v2 4            v3 = Mul v2 2
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ir import Atom, Eqn, Lit, Var, literal
from ..op import Op
from ..voice import evaluate
from .rewriting import Rewriter, is_float, number, plain, size
from .simplify import on


def _constant(atom: Atom) -> float | None:
    """The value of a float scalar constant."""
    return float(atom.value) if isinstance(atom, Lit) and not atom.shape and is_float(atom) else None


@on("Pow", sees="Lit")
def powers(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """Small whole powers are products."""
    if type(op).__name__ != "Pow" or not is_float(out) or inputs[0].shape != out.shape:
        return None
    base, power = inputs[0], _constant(inputs[1])
    if power == 2:
        return plain("Square"), (base,)
    if power == 3:
        return plain("Mul"), (state.call("Square", base), base)
    if power == 4:
        return plain("Square"), (state.call("Square", base),)
    if power == -1:
        return plain("Div"), (number(1, base), base)
    return None


@on("Add", "Sub", "Mul", "Div", "Square", "Abs", sees="Neg")
def signs(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A sum with an opposite is a difference; two signs in a product are none."""
    name = type(op).__name__
    if name not in ("Add", "Sub", "Mul", "Div", "Square", "Abs") or not is_float(out):
        return None
    opposites = [state.source(one, "Neg") for one in inputs]
    if not any(opposites):
        return None
    bare = tuple(made.inputs[0] if made else one for made, one in zip(opposites, inputs))
    if name in ("Square", "Abs") or (all(opposites) and name in ("Mul", "Div")):
        return op, bare
    if name == "Add":
        return (plain("Sub"), (inputs[0], bare[1])) if opposites[1] else (plain("Sub"), (inputs[1], bare[0]))
    if name == "Sub" and opposites[1]:
        return plain("Add"), (inputs[0], bare[1])
    if name in ("Mul", "Div"):
        return _signed_constant(op, inputs, bare, opposites)
    return None


def _signed_constant(op: Op, inputs: tuple[Atom, ...], bare: tuple[Atom, ...], opposites: list[Eqn | None]) -> Any:
    """The sign of one factor, given to the other if that is a constant."""
    place = 0 if opposites[0] else 1
    value = inputs[1 - place]
    if _constant(value) is None:
        return None
    turned = _opposite(value)  # type: ignore[arg-type]
    return op, ((bare[0], turned) if place == 0 else (turned, bare[1]))


def _opposite(lit: Lit) -> Lit:
    exact = None if lit.exact is None or isinstance(lit.exact, bool) or lit.exact == 0 else -lit.exact
    return Lit(literal(-lit.value, lit.dtype).value, exact)


@on("Add")
def doubled(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """``x + x`` is ``x * 2``, which goes into other numbers; ``(p + q) + q`` is ``p + q * 2``."""
    if type(op).__name__ != "Add" or not is_float(out):
        return None
    if inputs[0] is inputs[1]:
        return _twice(state, inputs[0])
    for total, other in (inputs, inputs[::-1]):
        made = state.source(total, "Add")
        if made is None or not state.once(total) or other not in made.inputs or state.uses[other] != 2:
            continue
        rest = made.inputs[1] if made.inputs[0] is other else made.inputs[0]
        if state.source(other, "Mul") is not None:
            return op, (rest, state.call("Mul", other, number(2, other)))
    return None


def _twice(state: Rewriter, atom: Atom) -> Any:
    """``x * 2``; the factor goes into a number that is there."""
    two, made = number(2, atom), state.source(atom, "Mul")
    if made is not None and state.uses[atom] == 2:
        for inner, bare in (made.inputs, made.inputs[::-1]):
            joined = _product(inner, two) if _constant(inner) is not None else None
            if joined is not None and bare.shape == atom.shape:
                return plain("Mul"), (bare, joined)
    return plain("Mul"), (atom, two)


@on("Mul", sees="Mul")
def smaller(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """``(x * r) * c`` is ``x * (r * c)`` for a number ``c`` and something ``r`` that is repeated along ``x``."""
    for scalar, product in (inputs, inputs[::-1]):
        made = state.source(product, "Mul") if _constant(scalar) is not None else None
        if made is None or not is_float(out) or state.uses[product] > 2 or not _safe(scalar):
            continue
        for row, big in (made.inputs, made.inputs[::-1]):
            if isinstance(row, Var) and big.shape == out.shape and 2 * size(row) <= size(out):
                return op, (big, state.call("Mul", row, scalar))
    return None


def _safe(scalar: Atom) -> bool:
    """True for a number with which no product of two others leaves the range of floats earlier than it would."""
    return 0.25 <= abs(_constant(scalar) or 0.0) <= 4.0


@on("Mul", "Neg", sees="Mul")
def numbers(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """``(x * c) * d`` is ``x * (c * d)``, ``-(x * c)`` is ``x * -c``, for numbers ``c`` and ``d``."""
    name = type(op).__name__
    if name not in ("Mul", "Neg") or not is_float(out):
        return None
    places = [0] if name == "Neg" else [0, 1]
    for place in places:
        made = state.source(inputs[place], "Mul")
        if made is None or not state.once(inputs[place]):
            continue
        inner = next((one for one in made.inputs if _constant(one) is not None), None)
        if inner is None:
            continue
        bare = made.inputs[1] if made.inputs[0] is inner else made.inputs[0]
        if name == "Neg":
            return made.op, (bare, _opposite(inner))  # type: ignore[arg-type]
        joined = _product(inner, inputs[1 - place])
        if joined is not None and bare.shape == out.shape:
            return op, (bare, joined)
    return None


def _product(first: Atom, second: Atom) -> Lit | None:
    """The product of two numbers, unless it or one of them is too large or too small to be exact."""
    if _constant(second) is None:
        return None
    value = evaluate(plain("Mul"), [first.value, second.value], second.dtype)  # type: ignore[union-attr]
    limits = np.finfo(second.dtype)
    sizes = [abs(float(one)) for one in (value, first.value, second.value)]  # type: ignore[union-attr]
    if not all(float(limits.tiny) < one < math.sqrt(float(limits.max)) for one in sizes):
        return None
    return literal(value, second.dtype)


RULES = (powers, signs, doubled, numbers, smaller)
