"""From end to end: what is printed, read by a parser of its own, is the slope of the forward program.

Nothing of the package stands between but the text: the lines are evaluated one after the other as they are printed, then
the closed form, and the result is compared with central differences of the network itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from sympy import Integer

from msgrad_ext import Tensor
from msgrad_ext.formulas.formula import Formula

from ..ops.samples import Sample
from ..textbook.base import Case
from .corpus import CASES, SOME_OPS, checked, textbook
from .printed import UntoldRange, read

STEP, CLOSE = 1e-5, 2e-6
# Texts that would be too long to read element by element here.
LONG = 1500


def printed_values(formula: Formula, inputs: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> np.ndarray:
    """The gradient as its text says, over the lines as their texts say."""
    writer, derivation = formula.writer, formula.derivation
    names = {key: writer.printers["text"].name(key) for key in derivation.shapes}
    arrays = {names[key]: np.asarray(inputs[name], float) for key, name in derivation.inputs.items()}
    arrays |= {names[key]: np.asarray(lit.value, float) for key, lit in derivation.constants.items() if lit.shape}
    shapes = {name: shape_of(derivation.shapes[key], sizes) for key, name in names.items()}
    for text in [*(line.text for line in formula.lines), formula.text]:
        body = text.split(" where ")[0]
        name = body.split(" = ")[0]
        name = name if name in shapes else name[: name.rindex("[")]
        found = read(body, shapes[name], arrays, sizes)
        arrays[name] = found
    return found


def shape_of(shape: Sequence[Any], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """A symbolic shape in numbers."""
    return tuple(int(n.xreplace({s: Integer(sizes[str(s)]) for s in n.free_symbols})) for n in shape)


def slopes(function: Callable[..., float], inputs: Sequence[np.ndarray], place: int) -> np.ndarray:
    """Central differences by one input."""
    result = np.empty(inputs[place].shape)
    for at in np.ndindex(*result.shape):
        moved = []
        for step in (STEP, -STEP, 2 * STEP, -2 * STEP):
            changed = [np.array(one, copy=True) for one in inputs]
            changed[place][at] += step
            moved.append(function(*changed))
        result[at] = (8 * (moved[0] - moved[1]) - (moved[2] - moved[3])) / (12 * STEP)
    return result


def assert_close(found: np.ndarray, wanted: np.ndarray, text: str) -> None:
    """Equal up to what central differences can tell."""
    scale = max(1.0, float(np.max(np.abs(wanted), initial=0)))
    assert np.max(np.abs(found - wanted), initial=0) < CLOSE * scale, f"{text}\n{found}\n{wanted}"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_printed_gradient_of_a_textbook_function_is_its_slope(case: Case) -> None:
    """Every printed gradient of the textbook corpus, at random data, against central differences."""
    formulas = textbook(case)
    trial = next(iter(formulas.values())).writer.trial
    derivation, samples = trial.derivation, trial.samples()
    inputs = {name: np.asarray(samples[key], float) for key, name in derivation.inputs.items()}
    sizes = {str(n): size for n, size in trial.sampler.full({k: samples[k] for k in derivation.inputs}).items()}

    def weighted(*arrays: np.ndarray) -> float:
        out = case.function(*map(Tensor, arrays)).asnumpy()
        return float(np.sum(out * inputs["G"] if case.sens else out))

    given = [inputs[name] for name in case.shapes]
    for name, formula in formulas.items():
        found = printed_values(formula, inputs, sizes)
        assert_close(found, slopes(weighted, given, list(case.shapes).index(name)), formula.text)


# Ops whose gradient is a convention, or that round to float32: their text is compared with the compiled gradient alone.
CONVENTIONS = {"Assign", "AssignAdd", "AssignSub", "Cast", "Cholesky", "LayerNorm", "StopGradient", "HookBackward"}
# Slopes of determinants of second order and places of maxima have no reading here; the lines of a cross entropy with
# probabilities name a softmax that no line defines.
UNREAD = {"Cofactors", "CofactorSlope", "ArgMaxWithValue", "ArgMinWithValue", "SoftmaxCrossEntropyWithLogits"}
SOME = [sample for sample in SOME_OPS if sample.op not in UNREAD]


@pytest.mark.parametrize("sample", [pytest.param(sample, id=f"{sample.op}-{sample.name}") for sample in SOME])
def test_the_printed_gradient_of_an_op_is_its_slope(sample: Sample) -> None:
    """The same for ops, with the lines as they are printed, at the samples' data."""
    report = checked(sample)
    formulas = dict(report.formulas)
    derivation = next(iter(formulas.values())).derivation
    program = report.application.program
    inputs = {var.name: np.asarray(value) for var, value in zip(program.graph.inputs, program.values)}
    arrays = {key: inputs[name] for key, name in derivation.inputs.items()}
    trial = next(iter(formulas.values())).writer.trial
    sizes = {str(n): size for n, size in trial.sampler.full(arrays).items()}

    def total(*arrays: np.ndarray) -> float:
        return float(np.sum(sample.network(*map(Tensor, arrays)).asnumpy()))

    told = sample.op in CONVENTIONS or any("convention" in note for note in next(iter(formulas.values())).notes)
    smooth = not told and total(*sample.inputs) == total(*sample.inputs)
    floats = [place for place, one in enumerate(sample.inputs) if one.dtype.kind == "f"]
    for place, (name, formula) in zip(floats, formulas.items()):
        if len(formula.text) + sum(len(line.text) for line in formula.lines) > LONG:
            continue
        try:
            found = printed_values(formula, inputs, sizes)
        except UntoldRange as letter:
            pytest.skip(f"the text does not tell how far {letter} runs: {formula.text}")
        assert_close(found, np.asarray(report[name].value), formula.text)
        if smooth:
            assert_close(found, slopes(total, sample.inputs, place), formula.text)
