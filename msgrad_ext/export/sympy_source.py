"""The target ``sympy``: a script with the gradients as SymPy expressions, which checks itself when it is run."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NotSupportedError
from .target import CONVENTION, comment, exporter

if TYPE_CHECKING:
    from sympy import Expr, Symbol

    from ..formulas.formula import Formula
    from ..report import GradReport

# Arrays of at most so many elements are put in as they are; sums over larger ones take SymPy too long.
_SMALL = 40

_CHECK = '''

def elements(base, value):
    """Each element of an array with its value."""
    if not isinstance(base, sympy.IndexedBase):
        return {base: sympy.Float(value)}
    result = {}

    def visit(part, at):
        if isinstance(part, list):
            for number, inner in enumerate(part):
                visit(inner, (*at, number))
        else:
            result[base[at]] = sympy.Integer(part) if part == round(part) else sympy.Float(part)

    visit(value, ())
    return result


def check(tolerance=TOLERANCE, most=24):
    """Compare elements of each gradient (at most ``most``) with the stored values."""
    numbers = {}
    for base, value in VALUES.items():
        numbers.update(elements(base, value))
    for name, (indices, expression, shape, expected) in GRADIENTS.items():
        expression = sympy.sympify(expression, strict=True).subs(LENGTHS)
        places = list(itertools.product(*map(range, shape)))
        places = places[:: max(1, -(-len(places) // most))]
        for place in places:
            wanted = expected
            for number in place:
                wanted = wanted[number]
            at = {i: number for i, number in zip(indices, place) if i != 0}
            # Twice: an index may be an element of an array itself.
            found = float(expression.subs(at).doit().xreplace(numbers).xreplace(numbers))
            assert abs(found - wanted) <= tolerance * max(SCALES[name], 1e-30), (name, place, found, wanted)
        print(f"{name}: {len(places)} elements agree")


if __name__ == "__main__":
    check()
'''


@exporter("sympy")
def sympy_source(report: GradReport) -> str:
    """The gradients as a script that needs SymPy only.

    Raises
    ------
    NotSupportedError
        If SymPy has no standard form of a gradient, or it is too long.
    """
    formulas = report.formulas
    if not formulas or report.application is None:
        raise NotSupportedError("For 'export', there is no formula to export.")
    writer = next(iter(formulas.values())).writer
    names: dict[str, str] = {}
    for formula in formulas.values():
        names |= writer.array_names(formula.element)
    shown = _identifiers(names, writer.lengths())
    letters = _letters(writer.lengths())
    values, expected, tolerance = _values(report, names)
    lengths = _lengths(formulas, names, values, expected)
    lines = [
        f'"""Gradients of {comment(report.result.title)} in SymPy; {CONVENTION}.',
        "",
        f"Verdict of the check that this was exported with: {report.verdict}. Run this file to compare with values.",
        '"""',
        "",
        "import itertools",
        "",
        "import sympy",
        "from sympy import *  # noqa: F403",
        "",
        *_declarations(formulas, names, shown, letters),
        "",
        "# Each gradient: its indices, one element at them, the shape of the example and its values there.",
        "GRADIENTS = {",
        *(line for name, one in formulas.items() for line in _gradient(name, one, shown, letters, expected[name])),
        "}",
        "",
        "VALUES = {",
        *(f"    {shown[key]}: {_numbers(values[key])}," for key in names),
        "}",
        f"LENGTHS = {{{', '.join(f'{letters[n]}: {size}' for n, size in lengths)}}}",
        f"SCALES = {{{', '.join(f'{name!a}: {_scale(array)!r}' for name, array in expected.items())}}}",
        f"TOLERANCE = {tolerance!r}",
    ]
    return "\n".join(lines) + "\n" + _CHECK


def _identifiers(names: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """Key -> a Python name; other characters are left out, and no name of SymPy or Python is used."""
    import sympy

    used = {*taken, *dir(sympy), *"ijklpqrsuv", "itertools", "elements", "check", "most", "tolerance"}
    used |= {"GRADIENTS", "VALUES", "LENGTHS", "SCALES", "TOLERANCE", "sympy"}
    result = {}
    for key, name in names.items():
        stem = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "array"
        stem = f"a_{stem}" if stem[0].isdigit() or keyword.iskeyword(stem) or hasattr(builtins, stem) else stem
        count, found = 1, stem
        while found in used:
            count += 1
            found = f"{stem}_{count}"
        used.add(found)
        result[key] = found
    return result


def _letters(lengths: Iterable[str]) -> dict[str, str]:
    """Length of an axis -> a Python name that hides nothing of SymPy."""
    import sympy

    reserved = {name for name in dir(sympy) if len(name) > 1} | {"itertools", "sympy", "elements", "check"}
    reserved |= {"GRADIENTS", "VALUES", "LENGTHS", "SCALES", "TOLERANCE"}
    taken = sorted(lengths)
    hidden = {n for n in taken if n in reserved or keyword.iskeyword(n) or hasattr(builtins, n) or not n.isascii()}
    return {n: f"length_{place}" if n in hidden else n for place, n in enumerate(taken)}


def _declarations(
    formulas: Mapping[str, Formula], names: Mapping[str, str], shown: Mapping[str, str], letters: Mapping[str, str]
) -> list[str]:
    writer = next(iter(formulas.values())).writer
    lines = ["# Lengths of axes."]
    lines += [f'{name} = Symbol("{name}", integer=True, positive=True)' for name in letters.values()]
    lines += ["", "# Arrays (indices count from 0), and what the network calls them."]
    for key, name in names.items():
        shape = [_renamed(n, letters) for n in writer.derivation.shapes[key]]
        made = "IndexedBase" if shape else "Symbol"
        axes = ", ".join(map(str, shape))
        lines.append(f'{shown[key]} = {made}("{shown[key]}", real=True)  # {comment(name)!a}, shape ({axes})')
    expressions = [formula.standard(shown) for formula in formulas.values()]
    bound = {str(limit[0]) for e in expressions for total in e.atoms(*_sum()) for limit in total.limits}
    free = {str(i) for formula in formulas.values() for i in _indices(formula, shown) if i != 0}
    lines += ["", "# Indices."]
    lines += [f'{_variable(i)} = Symbol("{i}", integer=True)' for i in sorted(bound | free)]
    return lines


def _renamed(expr: Expr, letters: Mapping[str, str]) -> Expr:
    from sympy import Symbol

    def new(symbol: Symbol) -> Symbol:
        return Symbol(letters[symbol.name], integer=True, positive=True)

    return expr.xreplace({s: new(s) for s in expr.free_symbols if s.is_Symbol and s.is_positive and s.name in letters})


def _sum() -> tuple[type, ...]:
    import sympy

    return sympy.Sum, sympy.Product


def _variable(index: str) -> str:
    """An index as a Python name: primes are spelt out."""
    return index.replace("'", "_prime")


def _indices(formula: Formula, shown: Mapping[str, str]) -> tuple[Any, ...]:
    from ..symbolic.standard import free_indices
    from ..symbolic.template import out_indices

    return free_indices(out_indices(formula.shape), {*formula.writer.avoid, *shown.values()})


def _gradient(
    name: str, formula: Formula, shown: Mapping[str, str], letters: Mapping[str, str], expected: np.ndarray
) -> list[str]:
    indices = "".join(f"{_variable(str(i))}, " for i in _indices(formula, shown))
    element = _variable(_written(_renamed(formula.standard(shown), letters)))
    rows = [f"({indices.rstrip()}),", f"{element},", f"{np.shape(expected)},", f"{_numbers(expected)},"]
    return [f"    {name!a}: (", *(f"        {row}" for row in rows), "    ),"]


def _written(expr: Expr) -> str:
    """``expr`` as Python; SymPy's own text has fractions that Python would make floats of."""
    from sympy.printing.str import StrPrinter

    class Source(StrPrinter):
        def _print_Rational(self, fraction: Any) -> str:  # noqa: N802 (SymPy finds it by this name)
            return f"Rational({fraction.p}, {fraction.q})"

        _print_Half = _print_Rational  # noqa: N815

    return Source().doprint(expr)


def _numbers(array: Any) -> str:
    array = np.asarray(array)
    return repr(array.astype(np.int64 if array.dtype.kind in "iub" else np.float64).tolist())


def _scale(array: np.ndarray) -> float:
    return float(np.max(np.abs(array), initial=0))


def _values(report: GradReport, names: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Arrays by key, gradients by name and the tolerance: those of the report, or small samples if they are large."""
    application, formulas = report.application, report.formulas
    assert application is not None
    writer = next(iter(formulas.values())).writer
    derivation = writer.derivation
    program = application.program
    known: dict[str, Any] = dict(zip((var.name for var in program.graph.inputs), program.values))
    known |= dict(zip((derivation.inputs[key] for key in derivation.weights), application.sens or ()))
    values: dict[str, Any] = {
        key: derivation.constants[key].value if key in derivation.constants else known.get(name)
        for key, name in names.items()
    }
    expected = {name: np.asarray(report[name].value) for name in formulas}
    sizes = [np.size(array) for array in (*values.values(), *expected.values())]
    if max(sizes, default=0) <= _SMALL and all(array is not None for array in values.values()):
        return values, expected, 1e-4 if any(array.dtype.itemsize < 8 for array in expected.values()) else 1e-9
    samples = writer.trial.samples()
    return (
        {key: samples[key] for key in names},
        {name: samples[formula.key] for name, formula in formulas.items()},
        1e-9,
    )


def _lengths(
    formulas: Mapping[str, Formula], names: Mapping[str, str], values: Mapping[str, Any], expected: Mapping[str, Any]
) -> list[tuple[str, int]]:
    """What each letter is in the values."""
    writer = next(iter(formulas.values())).writer
    shapes = [(writer.derivation.shapes[key], np.shape(values[key])) for key in names]
    shapes += [(formula.shape, np.shape(expected[name])) for name, formula in formulas.items()]
    return sorted({(str(n), size) for shape, sizes in shapes for n, size in zip(shape, sizes) if n.is_Symbol})
