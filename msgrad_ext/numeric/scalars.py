"""Networks of single numbers as plain Python: a float's sine costs a twentieth of what numpy takes for an array's.

float64 is Python's own float. A float32 is rounded after each step by a store into a typed array: doubles have enough
digits for one step to round as float32 does. Where `math` raises (overflow, poles, outside of the domain) the plan runs
again in numpy, whose answer for infinities and NaN is the right one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from .lowering import Steps
from .steps import Step, Value

_BINARY = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "bitwise_and": "&", "bitwise_or": "|"}
_BINARY |= {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!="}
_FORMS = {name: f"({{0}} {sign} {{1}})" for name, sign in _BINARY.items()}
_FORMS |= {
    "negative": "(-{0})",
    "absolute": "abs({0})",
    "square": "({0} * {0})",
    "reciprocal": "(1.0 / {0})",
    "maximum": "({0} if {0} >= {1} or {0} != {0} else {1})",
    "minimum": "({0} if {0} <= {1} or {0} != {0} else {1})",
    "where": "({1} if {0} else {2})",
    "logical_not": "(not {0})",
    "invert": "(not {0})",
    "power": "pow({0}, {1})",
    "arctan2": "atan2({0}, {1})",
}
_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"}
_NAMES |= {"arctanh": "atanh"}
_NAMES |= {one: one for one in "sqrt exp log sin cos tan sinh cosh tanh log1p expm1 log2 log10".split()}
_FORMS |= {name: f"{text}({{0}})" for name, text in _NAMES.items()}
# Results that are exact, so that there is nothing to round; a cast has no name and comes from truths or their signs.
_EXACT = frozenset(["", *"negative absolute maximum minimum where".split()])
_MATH = ("pow", "atan2", *sorted(set(_NAMES.values())))
_DEEP = 8


def fits(lowered: Steps) -> bool:
    """True if all of the plan is numbers of one float dtype that plain Python computes as numpy does."""
    values = [*lowered.inputs, *lowered.outputs, *(step.out for step in lowered.steps)]
    kinds = {value.dtype.char for value in values if value.dtype != np.int8} - {"?"}
    if len(kinds) != 1 or not kinds < set("fd") or any(value.shape for value in values):
        return False
    return any(step.kind == "ufunc" for step in lowered.steps) and all(map(_fits, lowered.steps))


def _fits(step: Step) -> bool:
    if step.kind == "guard":
        return True
    if step.out.dtype == np.int8 and any(one.dtype != np.int8 and one.dtype.kind != "b" for one in step.operands):
        return False
    if step.kind == "cast":
        return step.operands[0].dtype != step.out.dtype
    numbers = not any(one.array is not None and not np.isfinite(one.array) for one in step.operands)
    mixed = step.name in ("bitwise_and", "bitwise_or", "invert") and step.operands[0].dtype != bool
    return step.kind in ("ufunc", "where") and step.name in _FORMS and numbers and not mixed


def _form(step: Step) -> str:
    """How a step is written."""
    if step.kind == "cast":
        return {"b": "bool({0})", "i": "int({0})"}.get(step.out.dtype.kind, "float({0})")
    return _FORMS[step.name]


class ScalarWriter:
    """Writes the body of a plan of numbers."""

    def __init__(self, lowered: Steps) -> None:
        self.lowered = lowered
        self.single = any(value.dtype.char == "f" for value in lowered.inputs)
        self.uses = Counter(operand for step in lowered.steps for operand in step.operands)
        self.uses.update(dict.fromkeys(lowered.outputs, 2))
        self.texts: dict[Value, tuple[str, int]] = {}
        # Values that the step which reads them says once.
        self.once = {
            operand
            for step in lowered.steps
            if step.kind != "guard"
            for at, operand in enumerate(step.operands)
            if _form(step).count(f"{{{at}}}") == 1
        }

    def rows(self) -> list[tuple[str, Step | None]]:
        """The lines of the body and their steps."""
        rows: list[tuple[str, Step | None]] = []
        for value in self.lowered.inputs:
            rows.append((f"{value.name} = {value.name}.item()", None))
        for step in self.lowered.steps:
            if step.kind == "guard":
                rows.append((f"if {'not ' if step.settings[0] else ''}{self.given(step.operands)[0]}:", step))
                rows.append(("    raise GuardFailed()", step))
            else:
                rows += [(line, step) for line in self.lines(step)]
        made = [f"array({self.given([value])[0]}, {_dtype(value.dtype)})" for value in self.lowered.outputs]
        rows.append((f"return ({', '.join(made)},)", None))
        return rows

    def lines(self, step: Step) -> list[str]:
        """One step, or nothing if its only reader says it."""
        form = _form(step)
        text = form.format(*self.given(step.operands))
        deep = 1 + max((self.texts[one][1] for one in step.operands if one in self.texts), default=0)
        if self.single and step.out.dtype.kind == "f" and step.name not in _EXACT:
            return [f"r[0] = {text}", f"{step.out.name} = r[0]"]
        if self.uses[step.out] == 1 and deep < _DEEP and step.out in self.once:
            self.texts[step.out] = (text, deep)
            return []
        return [f"{step.out.name} = {text}"]

    def given(self, values: Sequence[Value]) -> list[str]:
        """The texts of operands."""
        return [self.text(value) for value in values]

    def text(self, value: Value) -> str:
        """A number, a name, or the expression that makes the value."""
        if value.array is not None:
            number = value.array.item()
            return f"({number!r})" if not isinstance(number, bool) and math.copysign(1, number) < 0 else repr(number)
        return self.texts[value][0] if value in self.texts else value.name


def _dtype(dtype: np.dtype) -> str:
    return "bool_" if dtype.kind == "b" else dtype.name


def write_scalars(lowered: Steps) -> tuple[list[str], list[tuple[str, Step | None]], list[str]]:
    """The lines before the body, the body, and the lines after it."""
    writer = ScalarWriter(lowered)
    names = ", ".join(value.name for value in lowered.inputs)
    before = ["from math import " + ", ".join(_MATH), "from numpy import array, bool_, float32, float64", "", ""]
    before += [f"def body({'r, ' if writer.single else ''}{names}):"]
    after = ["", "", f"def plan({names}):", "    try:"]
    if writer.single:
        after += [
            "        try:",
            "            r = spaces.pop()",
            "        except IndexError:",
            '            r = typed("f", (0.0,))',
            f"        results = body(r, {names})",
            "        spaces.append(r)",
            "        return results",
        ]
    else:
        after += [f"        return body({names})"]
    after += ["    except (ZeroDivisionError, OverflowError, ValueError):", f"        return in_numpy({names})"]
    return before, writer.rows(), after
