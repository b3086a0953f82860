"""The trial that forms pass before they are shown: right forms are never refused, wrong ones always."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Expr, Symbol

import msgrad_ext as mg
from msgrad_ext import ops
from msgrad_ext.formulas.each_value import each_value
from msgrad_ext.formulas.indexed_value import Place, evaluate
from msgrad_ext.formulas.notation_value import node_value
from msgrad_ext.formulas.trial import Trial, same
from msgrad_ext.symbolic.nodes import length
from msgrad_ext.symbolic.notation import Node, name, negated, product, scaled, transpose
from msgrad_ext.symbolic.template import out_indices

from .corpus import shown
from .mutations import mutants, wrong_expressions

# Of each form some mistakes are tried, drawn with a fixed seed; a mistake that changes nothing is none.
EACH, SEED = 5, 20240229


def value(trial: Trial, form: Node | Expr, key: str) -> np.ndarray | None:
    """A form at floats, by itself; None where it has no value."""
    samples, shape = trial.samples(), trial.derivation.shapes[key]
    sizes = trial.sampler.full({k: samples[k] for k in trial.derivation.inputs})
    with np.errstate(all="ignore"):
        try:
            if isinstance(form, Node) and form.kind == "each":
                return each_value(form, samples, sizes, shape)
            if isinstance(form, Node):
                return np.asarray(node_value(form, samples, sizes)).astype(float).reshape(samples[key].shape)
            arrays = {Symbol(head): array for head, array in samples.items()}
            lengths = [trial.sampler.length(n, sizes) for n in shape]
            return evaluate(form, out_indices(shape), lengths, Place(arrays, sizes, {}, False))
        except (ValueError, IndexError, NotImplementedError):
            return None


def differs(trial: Trial, wrong: Node | Expr, key: str) -> bool:
    """True if a mistake changes the value of a form."""
    right, found = trial.samples()[key], value(trial, wrong, key)
    scale = max(1.0, float(np.max(np.abs(right), initial=0)))
    return found is None or not np.max(np.abs(found - right), initial=0) < 1e-8 * scale


def mistakes(form: Node | Expr) -> Iterator[tuple[str, Node | Expr]]:
    """Wrong forms; of one with letters, what is wrong stands inside of it."""
    if not isinstance(form, Node):
        yield from wrong_expressions(form)
    elif form.kind != "each":
        yield from mutants(form)
    else:
        for mistake, wrong in mutants(form.args[0]):
            yield mistake, replace(form, args=(wrong,), shape=wrong.shape)


def test_the_corpus_is_seen() -> None:
    """Hundreds of forms were accepted, matrices and such with letters, all but a few modulo a prime."""
    forms = [form for _, form, _ in shown()]
    assert sum(isinstance(form, Node) for form in forms) >= 200
    assert sum(isinstance(form, Node) and form.kind == "each" for form in forms) >= 15
    reached = [trial.found[key].arithmetic for trial, _, key in shown()]
    assert reached.count("residues") >= 0.97 * len(reached)
    assert "floats" not in reached


def test_every_mistake_is_refused() -> None:
    """Signs, transposes, coefficients, axes, factors, terms, exponents and conditions that are wrong: all are refused."""
    generator, tried, missed = random.Random(SEED), 0, []
    for trial, form, key in shown():
        if not np.any(trial.samples()[key]):
            continue
        every = list(mistakes(form))
        for mistake, wrong in generator.sample(every, min(EACH, len(every))):
            tiny = mistake == "coefficient of 1e-12" and nonzero(trial, form, wrong, key)
            if not tiny and not differs(trial, wrong, key):
                continue
            tried += 1
            accepted = trial.agrees(wrong, key) if isinstance(form, Node) else trial.holds(wrong, key)
            missed += [(sorted(trial.derivation.inputs.values()), mistake, wrong)] if accepted else []
    assert missed == []
    assert tried > 1000


def nonzero(trial: Trial, form: Node | Expr, wrong: Node | Expr, key: str) -> bool:
    """True if a coefficient of 1e-12 changes something: a large one at the same place would."""
    right, found = value(trial, form, key), value(trial, wrong, key)
    if right is None or found is None or np.max(np.abs(right), initial=0) < 1e-6:
        return False
    return bool(np.any(np.abs(found - right) > 1e-13 * np.max(np.abs(right))))


LAWS = [
    ("2 X (X' X)^-1", lambda x: ops.logdet(x.T @ x), ("m", "n")),
    ("wide", lambda x: ops.logdet(x @ x.T), ("m", "n")),
    ("a log of a small number", lambda x: ops.log(x - 1).sum(), ("m",)),
    ("an arcsine", lambda x: ops.asin(x).sum(), ("m",)),
    ("a factor", lambda x: ops.cholesky(x @ x.T).sum(), ("m", "n")),
]


@pytest.mark.parametrize(("what", "function", "shape"), LAWS)
def test_sizes_and_values_are_found_where_a_formula_is_defined(
    what: str, function: Any, shape: tuple[str, ...]
) -> None:
    """Inverses of wide matrices, roots and logarithms have samples; no right matrix form is refused."""
    formula = mg.derive(function, {"x": shape})["x"]
    assert not any("refused" in note for note in formula.notes)
    assert formula.evidence is not None and formula.evidence.trials >= 2


def test_the_evidence_says_what_was_done() -> None:
    """The text names the arithmetic, the count, the sizes, and the chance of a wrong pass."""
    evidence = mg.derive(lambda x, y: (x @ y).sum(), {"x": ("m", "k"), "y": ("k", "n")})["x"].evidence
    assert str(evidence) == (
        "matrix form equal to the derivation modulo a prime of 61 bits, 3 times, at k = 3, m = 2, n = 4; "
        "k = 2, m = 3, n = 1; k = 1, m = 4, n = 2; a wrong one passes with a chance below 8e-38"
    )


M, N, K = length("m"), length("n"), length("k")
X, Y, V = name("X", (M, N)), name("Y", (M, K)), name("v", (N,))
S = name("s", ())


def apply(function: str, node: Node) -> Node:
    """A function element by element."""
    return Node("fn", (node,), node.shape, (function,))


def inverse(node: Node) -> Node:
    """The inverse of a matrix."""
    return Node("of", (node,), node.shape, "InverseMatrix")


def plus(*nodes: Node) -> Node:
    """A sum."""
    return Node("add", nodes, nodes[0].shape)


GRAM = product(transpose(X), X)
TWICE = [
    (product(transpose(X), Y), transpose(product(transpose(Y), X)), True),
    (plus(inverse(GRAM), transpose(inverse(GRAM))), scaled(2 * M / M, [], inverse(GRAM)), True),
    (apply("Exp", plus(X, X)), Node("pow", (apply("Exp", X),), (M, N), M / M + 1), True),
    (scaled(M / M + 1, [], apply("Log", V)), apply("Log", Node("pow", (V,), (N,), M / M + 1)), True),
    (apply("Log", Node("pow", (V,), (N,), M / M + 1)), scaled(M / M + 1, [], apply("Log", V)), False),
    (product(X, V), scaled(1 + M / M / 10**12, [], product(X, V)), False),
    (apply("Relu", V), V, False),
    (apply("Absolute", S), S, False),
    (product(transpose(X), Y), product(transpose(Y), X), False),
    (product(inverse(GRAM), GRAM), GRAM, False),
    (apply("Tanh", V), apply("Sigmoid", V), False),
]


@pytest.mark.parametrize(("first", "second", "equal"), TWICE)
def test_trees_are_compared_for_whatever_their_names_stand_for(first: Node, second: Node, equal: bool) -> None:
    """Two trees are the same only if they give the same wherever the first is defined."""
    assert same(first, second) is equal


def test_a_negative_number_has_no_cube_root() -> None:
    """``(-s)^(-2/3)`` is not ``s^(-2/3)``: numpy has no power of a negative number, and a formula with one is wrong."""
    formula = mg.derive(lambda x: (x**3).sum() ** (1 / 3), {"x": ("n",)})["x"]
    node = formula.writer.closed(formula.key)[0][0]
    power, square = node.args
    wrong = replace(node, args=(replace(power, args=(negated(power.args[0]),)), square))
    assert formula.writer.trial.agrees(node, formula.key)
    assert not formula.writer.trial.agrees(wrong, formula.key)
