"""What the witnesses say at the offending place, in words and numbers: two against a third.

Comes in: a fault, and the application in which it was found. Goes out: a `Testimony`, which the report shows as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Var
from ..case import Case
from ..reproducing.calls import MISFITS
from ..reproducing.specimen import Specimen
from ..result import Fault, Gradient, Testimony, Voice
from ..witnesses import witness
from ..witnesses.digits import DIGITS, context, floats, largest, number
from ..witnesses.reference import local_value
from .forward import forward_evidence
from .locate import Piece, both_cotangents, first_difference, piece, run_piece

RULE, FORMULA, SLOPE = "rule", "formula", "slope of the forward program"


def op_hearing(specimen: Specimen, fault: Fault) -> Testimony | None:
    """The witnesses of one op's fault, at the first offending index; None where there are no numbers to compare."""
    (eqn,) = specimen.graph.eqns
    cut = piece(eqn, dict(zip(specimen.graph.inputs, specimen.arrays)))
    if fault.operand is None:
        return _forward_hearing(cut)
    for position in cut.live:
        if fault.operand == eqn.operand(position):
            return _operand_hearing(cut, position, fault.operand)
    return None


def _operand_hearing(cut: Piece, position: int, operand: str) -> Testimony | None:
    shape = cut.eqn.out.shape
    size = int(np.prod(shape, dtype=np.int64))
    ramp = (np.arange(size) % 7 + 1.0).reshape(shape)
    for weight, named in ((np.ones(shape), "ones"), (ramp, "1, 2, 3, ...")):
        try:
            ruled, derived = both_cotangents(cut, position, weight)
        except MISFITS:
            return None
        index = first_difference(ruled, derived, cut.exact, largest([*cut.arrays, weight]))
        if index is not None:
            what = f"cotangent of {operand}{_at(index)}, with the output weighted by {named}"
            if np.shape(ruled) != np.shape(derived):
                shapes = [(RULE, np.shape(ruled)), (FORMULA, np.shape(derived))]
                voices = tuple(Voice(who, np.nan, f"shape {one}") for who, one in shapes)
                return Testimony(
                    what, voices, f"A cotangent has its operand's shape, {np.shape(derived)}: the rule is wrong."
                )
            plain = [floats(array) if array.dtype == object else array for array in cut.arrays]
            var = cut.graph.eqns[0].inputs[position]
            slope = witness.slope(cut.graph, plain, {var: _unit(var.shape, index)}, [weight])  # type: ignore[arg-type,dict-item]
            return _three(what, (RULE, ruled[index]), (FORMULA, derived[index]), slope)
    return None


def _unit(shape: tuple[int, ...], index: tuple[int, ...]) -> np.ndarray:
    direction = np.zeros(shape)
    direction[index] = 1.0
    return direction


def _at(index: Sequence[int]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _three(
    what: str, first: tuple[str, Any], second: tuple[str, Any], slope: witness.Slope | None, slack: float = 0.0
) -> Testimony:
    """Two values and the slope, and who of them agree; ``slack`` is how far floats may be off."""
    said = [first, second]
    if slope is None:
        voices = _voices(said)
        return Testimony(
            what, voices, f"The {first[0]} and the {second[0]} differ; the program is too large for its slope."
        )
    if slope.kink or not np.isfinite(float(slope.value)):
        sides = f"{float(slope.left):.6g} on the left, {float(slope.right):.6g} on the right"
        return Testimony(what, _voices(said), f"The forward program has no slope here ({sides}): it can not tell.")
    voices = _voices([*said, (SLOPE, slope.value)])
    scale = max(abs(float(value)) for _, value in said)
    limit = max(10 * slope.error, 1e-18 * scale)
    fits = [abs(float(value - slope.value)) <= limit + slack for _, value in said]
    return Testimony(what, voices, _conclusion(first, second, fits, slack))


def _conclusion(first: tuple[str, Any], second: tuple[str, Any], fits: list[bool], slack: float) -> str:
    same = abs(float(first[1] - second[1])) <= slack
    if fits[0] and fits[1]:
        return f"The difference is too small for the slope to tell which of the two is wrong: the {first[0]} is named."
    if fits[0] or fits[1]:
        right, wrong = (first[0], second[0]) if fits[0] else (second[0], first[0])
        return f"The {right} and the slope agree: the {wrong} is wrong."
    if same:
        return f"The {first[0]} and the {second[0]} agree with each other and not with the slope: both are wrong."
    return f"No two agree: neither the {first[0]} nor the {second[0]} is the slope of the forward program."


def _voices(said: Sequence[tuple[str, Any]]) -> tuple[Voice, ...]:
    """Voices with as many digits as tell them apart, but no noise beyond."""
    values = [number(value.item() if isinstance(value, np.generic) else value) for _, value in said]
    scale = max(abs(value) for value in values)
    # What cancels in fifty digits leaves their rounding, which is 0 to a reader.
    values = [number(0) if abs(value) < 1e-40 * scale else value for value in values]
    digits = 6
    while digits < DIGITS - 10 and len({_text(one, digits) for one in values[:2]}) < len(set(values[:2])):
        digits += 1
    digits += 2 if digits > 6 else 0
    return tuple(Voice(who, float(value), _text(value, digits)) for (who, _), value in zip(said, values))


def _text(value: Any, digits: int) -> str:
    text = str(context().nstr(value, digits))
    return text.removesuffix(".0") if "e" not in text else text


def _forward_hearing(cut: Piece) -> Testimony | None:
    """The ``numpy`` voice and the meaning, and what else defines the op."""
    operands = cut.operands()
    got = np.asarray(run_piece(cut, cut.graph, cut.arrays)[cut.graph.outputs[0]])  # type: ignore[index]
    meant = np.asarray(local_value(cut.eqn, operands))
    index = first_difference(got, meant, cut.exact, largest(cut.arrays))
    if index is None or got.shape != meant.shape:
        return None
    found = forward_evidence(cut.eqn, operands, got, meant)
    said = [("numpy voice", got[index]), ("meaning", meant[index])]
    said += [(found.who, np.asarray(found.value)[index])] if found.who else []
    wrong = {"forward": "numpy voice", "both": "meaning, and the rule with it,"}.get(found.side, "meaning")
    told = found.why if found.who else found.why[0].upper() + found.why[1:]
    conclusion = f"{told}: the {wrong} is wrong." if found.certain else f"{told}."
    return Testimony(f"result of {type(cut.eqn.op).__name__}{_at(index)}", _voices(said), conclusion)


def network_hearing(case: Case, fault: Fault, gradient: Gradient, position: int) -> Testimony | None:
    """The result, the formula and the slope of the whole network where result and formula are farthest apart."""
    if gradient.reference is None or gradient.value.size == 0 or gradient.value.shape != gradient.reference.shape:
        return None
    value = gradient.value.astype(np.float64)
    with np.errstate(all="ignore"):
        gap = np.abs(value - gradient.reference)
    if not np.isfinite(gap).all():
        gap = np.where(np.isfinite(gap), gap, np.inf)
    index = tuple(int(one) for one in np.unravel_index(int(np.argmax(gap)), gap.shape))
    if not (np.isfinite(value[index]) and np.isfinite(gradient.reference[index])):
        return None
    var: Var = case.wrt[position]
    slope = witness.slope(case.forward, case.arrays, {var: _unit(var.shape, index)}, case.weights, case.budget)
    slack = gradient.tolerance
    return _three(
        f"gradient by {gradient.name}{_at(index)}, where result and formula are farthest apart",
        (f"result, with the bprop of {fault.op}," if fault.op in case.customs else "result", value[index]),
        (FORMULA, gradient.reference[index]),
        slope,
        slack,
    )
