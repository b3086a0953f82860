"""The target ``numpy``: one file with a function that computes output and gradients, and checks itself when it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NotSupportedError
from ..ir import Graph, Lit, literal
from ..numeric.source import Source, write
from ..passes.simplify import simplify
from ..reversing.reverse import bind, reverse
from .target import CONVENTION, comment, exporter

if TYPE_CHECKING:
    from ..report import GradReport

_CHECK = '''
def check(step=1e-6, tolerance=1e-5):
    """Compare the gradients with central differences along random directions, in float64."""
    generator = np.random.default_rng(0)
    example = {{name: np.asarray(value, float) if np.asarray(value).dtype.kind == "f" else value for name, value in EXAMPLE.items()}}
    outputs, gradients = value_and_grad(**example)
    weights = {weights}
    for name, gradient in gradients.items():
        direction = generator.standard_normal(np.shape(example[name]))
        sides = [value_and_grad(**{{**example, name: example[name] + sign * step * direction}})[0] for sign in (1, -1)]
        slope = sum(np.sum(w * (a - b)) for w, a, b in zip(weights, *sides) if np.asarray(a).dtype.kind == "f") / (2 * step)
        told = float(np.sum(gradient * direction))
        scale = max(abs(slope), float(np.sum(np.abs(gradient * direction))), 1e-12)
        assert np.shape(gradient) == np.shape(example[name]), name
        assert abs(slope - told) <= tolerance * scale, (name, slope, told)
        print(f"{{name}}: slope {{slope:.9g}}, gradient {{told:.9g}}: agree")


if __name__ == "__main__":
    check()
'''


@exporter("numpy")
def numpy_function(report: GradReport) -> str:
    """The gradients as a numpy module that needs nothing else."""
    application = report.application
    if application is None:
        raise NotSupportedError("For 'export', there is no computation to export.")
    program = application.program
    graph = reverse(program.graph, application.wrt, application.sens is not None)
    if application.sens is not None:
        graph = bind(graph, [literal(weight) for weight in application.sens])
    graph = simplify(_without_guards(graph))
    source = write(graph, "_outputs")
    if source.calls:
        names = ", ".join(sorted(source.calls))
        raise NotSupportedError(
            f"For 'export', the source of {names} can not be read: it was put in an op's place at run time."
        )
    arguments = [source.names[var] for var in graph.inputs]
    lines = [
        f'"""Output and gradients of {comment(report.result.title)}; {CONVENTION}.',
        "",
        f"Verdict of the check that this was exported with: {report.verdict}. Run this file to check it again.",
        '"""',
        "",
        source.text.rstrip(),
        "",
        *_constants(source),
        *_wrapper(arguments, source, report, len(program.graph.outputs)),
        *_example(graph, source, program.values),
        _CHECK.format(weights=_weights(application.sens)),
    ]
    return "\n".join(lines)


def _without_guards(graph: Graph) -> Graph:
    return Graph(graph.inputs, graph.eqns, graph.outputs)


def _spelt(array: Any) -> str:
    array = np.asarray(array)
    with np.printoptions(legacy=False, nanstr="np.nan", infstr="np.inf", sign="-", suppress=False):
        body = np.array2string(array, separator=", ", threshold=array.size + 1, floatmode="unique", max_line_width=100)
    return f"np.array({body}, dtype={array.dtype.name!r})"


def _constants(source: Source) -> list[str]:
    rows = [_spelt(lit.value) for lit in source.constants if isinstance(lit, Lit)]
    return ["", "_CONSTANTS = (", *(f"    {row}," for row in rows), ")", ""]


def _wrapper(arguments: list[str], source: Source, report: GradReport, outputs: int) -> list[str]:
    given = ", ".join(arguments)
    names = dict(zip(report.application.program.graph.inputs, arguments))  # type: ignore[union-attr]
    keys = [names[var] for var in report.application.wrt]  # type: ignore[union-attr]
    return [
        "",
        f"def value_and_grad({given}):",
        '    """The outputs (a tuple) and the gradients (a dict by argument)."""',
        '    with np.errstate(all="ignore"):',
        f"        results = _outputs({given}{', ' if given else ''}*_CONSTANTS)",
        f"    return results[:{outputs}], dict(zip({keys!r}, results[{outputs}:]))",
        "",
    ]


def _example(graph: Graph, source: Source, values: Any) -> list[str]:
    rows = []
    for var, value in zip(graph.inputs, values):
        if np.size(value) <= 1000:
            rows.append(f'    "{source.names[var]}": {_spelt(value)},')
        else:
            shape, kind = np.shape(value), np.asarray(value).dtype.name
            rows.append(
                f'    "{source.names[var]}": np.random.default_rng(1).standard_normal({shape}).astype("{kind}"),'
            )
    return ["", "EXAMPLE = {", *rows, "}", ""]


def _weights(sens: Any) -> str:
    if sens is None:
        return "[np.ones(np.shape(output)) for output in outputs]"
    return "[" + ", ".join(_spelt(weight) for weight in sens) + "]"
