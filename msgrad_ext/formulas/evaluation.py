"""Derivations and single ops at arrays: what the check compares the numeric road with.

Arrays are float64, or object arrays of any numbers with operators and ``exp, log, ...`` (exact, interval, long floats).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Integer, Rational, Symbol

from ..errors import ShapeError, user_location
from ..ir import Lit
from ..op import Op
from ..symbolic import template as tm
from ..symbolic.axes import Shapes
from ..symbolic.lines import Derivation, Line, plain_number
from . import dead_branch, matrix_value, product_value  # noqa: F401 - the latter two enter their rules
from .indexed_value import Place, evaluate
from .scalar_value import finite


def run(
    template: tm.Template, operands: Sequence[np.ndarray], lengths: Mapping[Symbol, int], exact: bool
) -> np.ndarray:
    """A template at operand arrays."""
    return at(template, Place(slots(operands), lengths, {}, exact))


def slots(operands: Sequence[np.ndarray]) -> dict[Symbol, np.ndarray]:
    """Operand arrays by the heads that a template knows them by."""
    return {tm.slot(n): array for n, array in enumerate(operands)}


def at(template: tm.Template, place: Place) -> np.ndarray:
    """A template where its operands are."""
    return evaluate(template.expr, template.indices, [place.length(n) for n in template.shape], place)


def as_numbers(array: Any) -> np.ndarray:
    """An array to compute with: float64, or object as it is."""
    array = np.asarray(array)
    return array if array.dtype == object else array.astype(np.float64)


def written(lit: Lit) -> Any:
    """A constant as the user wrote it, where that is known: a 0.1 in a float32 network means 0.1."""
    return lit.value if lit.exact is None else lit.exact


def letter_sizes(derivation: Derivation, arrays: Mapping[str, np.ndarray]) -> dict[Symbol, int]:
    """What each letter stands for at ``arrays`` (by key).

    Raises
    ------
    ShapeError
        If a shape does not fit the formula's.
    """
    sizes: dict[Symbol, int] = {}
    for key, array in arrays.items():
        shape = derivation.shapes[key]
        fits = len(shape) == array.ndim
        for n, size in zip(shape, array.shape):
            fits = fits and (sizes.setdefault(n, size) == size if n.is_Symbol else not n.is_Integer or n == size)
        if not fits:
            name, wanted = derivation.values.get(key, key), ", ".join(map(str, shape))
            raise ShapeError(
                f"For 'evaluate', {name} must have shape ({wanted}), but got {array.shape}.", user_location()
            )
    for condition in derivation.conditions:
        if not condition.holds(sizes):
            got = ", ".join(f"{n} = {sizes[n]}" for n in sorted(condition.letters, key=str) if n in sizes)
            raise ShapeError(f"For 'evaluate', the formula is for {condition}, but got {got}.", user_location())
    return sizes


def evaluate_lines(
    derivation: Derivation,
    values: Mapping[Any, Any],
    wanted: Sequence[str] | None = None,
    decimals: Mapping[str, Rational] | None = None,
) -> dict[str, np.ndarray]:
    """Every value and cotangent of a derivation, by key.

    Parameters
    ----------
    derivation : Derivation
    values : mapping
        Input name (or `Var`) -> array: float64, or object for other numbers; also the weight, if it has a name.
    wanted : sequence of str, optional
        Keys to stop at; all lines otherwise.
    decimals : mapping, optional
        Key of a constant -> the number to take it for, such as a tenth for 0.1; its float otherwise.
    """
    by_name = {getattr(name, "name", name): as_numbers(array) for name, array in values.items()}
    known = {key: by_name[name] for key, name in derivation.inputs.items() if name in by_name}
    held = (one for array in known.values() if array.dtype == object for one in array.flat)
    sample = next((one for one in held if not isinstance(one, (int, float))), None)
    exact = any(array.dtype == object for array in known.values())
    known.update({key: _alike_constant(lit, sample) for key, lit in derivation.constants.items()})
    known.update({key: _quotient(number, sample) for key, number in (decimals or {}).items()})
    whole = {key for atom, key in derivation.keys.items() if atom.dtype.kind != "f"}
    sizes = letter_sizes(derivation, known)
    needed = needed_lines(derivation, wanted)
    dead: dict[str, np.ndarray | None] = {}
    for line in derivation.lines:
        if needed is None or line.key in needed:
            operands, numbers = [known[k] for k in line.operands], line_lengths(line, sizes)
            gone = [dead.get(k) for k in line.operands]
            place = Place(slots(operands), numbers, {}, exact)
            with np.errstate(all="ignore"):
                if line.kind == "backward" and dead_branch.concerns(line.template, gone):
                    found, dead[line.key] = dead_branch.run(line.template, place, gone)
                else:
                    found = at(line.template, place)
                    if not finite(found) and dead_branch.indicates(line.template):
                        found = dead_branch.run(line.template, place, gone)[0]
                known[line.key] = found if line.key in whole else alike(found, sample)
    return known


def alike(array: np.ndarray, sample: Any) -> np.ndarray:
    """``array`` in numbers of the kind of ``sample``, if there is one.

    A line of integers or constants alone gives plain numbers; what is computed from them must not round as floats do.
    """
    if sample is None or isinstance(sample, (int, float)):
        return array
    kind, array = type(sample), np.asarray(array)
    result = np.empty(array.shape, object)
    result.ravel()[:] = [kind(one) if isinstance(one, (int, float)) else one for one in array.ravel().tolist()]
    return result


def _quotient(number: Rational, sample: Any) -> np.ndarray:
    """A rational number in numbers of the kind of ``sample``."""
    kind = float if sample is None or isinstance(sample, (int, float)) else type(sample)
    result = np.empty((), np.float64 if kind is float else object)
    result[()] = kind(int(number.p)) / kind(int(number.q))
    return result


def _alike_constant(lit: Lit, sample: Any) -> np.ndarray:
    """A constant for computing with; whole numbers stay so, since they may be places."""
    array = as_numbers(written(lit))
    return alike(array, sample) if lit.dtype.kind == "f" else array


def line_lengths(line: Line, sizes: Mapping[Symbol, int]) -> dict[Symbol, int]:
    """Numbers for the letters of a line's template."""
    found = {letter: sizes.get(real) for letter, real in line.lengths}
    if None not in found.values():
        return found  # type: ignore[return-value]
    table = {n: Integer(size) for n, size in sizes.items()}
    return {letter: int(real.xreplace(table)) for letter, real in line.lengths}


def needed_inputs(derivation: Derivation, key: str) -> list[str]:
    """Names of the inputs that the line ``key`` rests on."""
    needed = needed_lines(derivation, [key]) or set()
    return [name for one, name in derivation.inputs.items() if one in needed]


def needed_lines(derivation: Derivation, wanted: Sequence[str] | None) -> set[str] | None:
    """Keys that ``wanted`` ones rest on, themselves among them; None, which means all, for None."""
    if wanted is None:
        return None
    needed = set(wanted)
    for line in reversed(derivation.lines):
        if line.key in needed:
            needed.update(line.operands)
    return needed


@lru_cache(maxsize=4096)
def _local(
    key: Any, op: Any, shapes: tuple[tuple[int, ...], ...], numbers: tuple[Any, ...]
) -> tuple[tm.Template, tuple]:
    from types import SimpleNamespace

    table = Shapes()
    for position, shape in enumerate(shapes):
        table.declare(position, shape)
    equation: Any = SimpleNamespace(op=op.op, out=SimpleNamespace(shape=tuple(op.op.out_shape(*shapes))))
    table.apply(equation, range(len(shapes)), "out")
    letters = table.letters([*range(len(shapes)), "out"], ())
    symbolic = [table.symbolic(position, letters) for position in (*range(len(shapes)), "out")]
    canonical, _lengths = tm.canonical_lengths(symbolic)
    sizes = {n: size for shape, lens in zip(shapes, canonical) for n, size in zip(lens, shape) if n.is_Symbol}
    return tm.forward(op.op, canonical[:-1], numbers, canonical[-1]), tuple(sizes.items())


@dataclass(frozen=True, eq=False)
class _Held:
    """An op that caches tell apart by its key alone."""

    op: Op

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.op.key == other.op.key

    def __hash__(self) -> int:
        return hash(self.op.key)


def template_of(
    op: Op, shapes: Sequence[tuple[int, ...]], numbers: Sequence[Any]
) -> tuple[tm.Template, tuple[tuple[Symbol, int], ...]]:
    """What ``op`` means on operands of ``shapes``, and what its letters stand for there."""
    return _local((op.key, type(op).meaning), _Held(op), tuple(shapes), tuple(numbers))


def evaluate_local(
    op: Op,
    operands: Sequence[Any],
    operand: int | None = None,
    cotangent: Any = None,
    atoms: Sequence[Any] | None = None,
) -> np.ndarray:
    """One op's meaning at arrays, or, with ``operand`` and ``cotangent``, the derived cotangent of that operand.

    ``atoms`` are the equation's inputs: a literal among them is read as the exact number that the user wrote.
    """
    arrays = [as_numbers(array) for array in operands]
    numbers = tuple(plain_number(atom) for atom in atoms) if atoms is not None else (None,) * len(arrays)
    template, sizes = template_of(op, [array.shape for array in arrays], numbers)
    exact = any(array.dtype == object for array in arrays)
    if operand is None:
        return run(template, arrays, dict(sizes), exact)
    derived = tm.adjoint(template, operand)
    given = as_numbers(cotangent)
    if derived is None:
        return np.zeros(arrays[operand].shape, object if exact else np.float64)
    return run(derived, [*arrays, given], dict(sizes), exact or given.dtype == object)
