"""Laws 2 and 3: an op is one class whose voices share no mathematics; the two roads meet only in the check.

``numpy`` and ``vjp`` are the voices of the numeric road, ``meaning`` is that of the symbolic one. What a voice uses is
read from the source: the names in its body, and in the functions of the same file and methods of the same class that
it calls, and theirs in turn.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

from .source import FunctionNode, Source, functions, imports, package

NUMERIC, SYMBOLIC = ("numpy", "vjp"), ("meaning",)
# The contract of an op, which both roads may ask: shapes and settings, no mathematics of the op.
CONTRACT = {"out_shape", "out_dtype", "infer", "params", "set", "key"}


def op_classes(source: Source) -> Iterator[ast.ClassDef]:
    """The classes that have a voice."""
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and set(_methods(node)) & {*NUMERIC, *SYMBOLIC}:
            yield node


def _methods(cls: ast.ClassDef) -> dict[str, FunctionNode]:
    return {node.name: node for node in cls.body if isinstance(node, ast.FunctionDef)}


def _body_names(function: FunctionNode) -> tuple[set[str], set[str]]:
    """The names that a function's body reads, and the attributes that it takes from ``self``."""
    names, own = set(), set()
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
                own.add(node.attr)
    return names - {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}, own


def reached(source: Source, cls: ast.ClassDef, voices: tuple[str, ...]) -> dict[str, FunctionNode]:
    """The functions that ``voices`` run: themselves, and what they call in the same file or class, by label."""
    top = {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}
    methods = {}
    for base in reversed(_family(source, cls)):
        methods.update(_methods(base))
    todo = [f"self.{name}" for name in voices if name in methods]
    found: dict[str, FunctionNode] = {}
    while todo:
        label = todo.pop()
        if label in found:
            continue
        function = methods[label[5:]] if label.startswith("self.") else top[label]
        found[label] = function
        names, own = _body_names(function)
        todo += [name for name in names if name in top]
        todo += [f"self.{name}" for name in own if name in methods and name not in CONTRACT]
    return found


def _family(source: Source, cls: ast.ClassDef) -> list[ast.ClassDef]:
    """``cls`` and its bases that are in the same file, nearest first."""
    classes = {node.name: node for node in source.tree.body if isinstance(node, ast.ClassDef)}
    bases = [classes[base.id] for base in cls.bases if isinstance(base, ast.Name) and base.id in classes]
    return [cls, *(one for base in bases for one in _family(source, base))]


def _bound_names(source: Source, symbolic: bool) -> set[str]:
    """Names in a file that stand for SymPy and the language of formulas, or for numpy."""
    found = {"sym", "sympy"} if symbolic else {"np", "numpy"}
    for one in imports(source):
        parts = one.module.split(".")
        if (parts[0] in ("sympy", "mpmath") or "symbolic" in parts) if symbolic else parts[0] == "numpy":
            found.add(one.bound)
    return found


def mixed_voices(source: Source) -> list[str]:
    """Voices that use the other road's library, and functions of the package or file that both roads use."""
    found = []
    helpers = {one.bound for one in imports(source) if one.inside and one.name and one.name.islower()}
    for cls in op_classes(source):
        used = {}
        for voices, forbidden in ((NUMERIC, _bound_names(source, True)), (SYMBOLIC, _bound_names(source, False))):
            runs = reached(source, cls, voices)
            names = {label: _body_names(function)[0] for label, function in runs.items()}
            for label in sorted(names):
                if bad := names[label] & forbidden:
                    found.append(source.at(runs[label], f"{cls.name}: {label} uses {sorted(bad)[0]}"))
            called = set().union(*names.values()) & helpers
            used[voices] = (set(runs) | called) - {f"self.{name}" for name in voices}
        for shared in sorted(used[NUMERIC] & used[SYMBOLIC]):
            found.append(source.at(cls, f"{cls.name}: both roads use {shared}"))
    return found


def rules_on_symbols(source: Source) -> list[str]:
    """Uses of an op's numeric voices by the symbolic road."""
    if not source.module.startswith("symbolic"):
        return []
    return [
        source.at(node, f"the symbolic road touches {node.attr}")
        for node in source.nodes
        if isinstance(node, ast.Attribute) and node.attr in NUMERIC
    ]


def test_the_voices_share_no_mathematics() -> None:
    """No voice uses the other road's library, and no helper serves both roads."""
    found = [line for source in package() for line in mixed_voices(source)]
    assert not found, "\n".join(found)


def test_no_rule_is_run_on_symbols() -> None:
    """The symbolic road never touches ``numpy`` or ``vjp`` of an op."""
    assert [line for source in package() for line in rules_on_symbols(source)] == []


def test_the_law_looks_at_ops() -> None:
    """The base class is found by the reading that the law rests on, with its three voices."""
    found = {cls.name: set(_methods(cls)) for source in package() for cls in op_classes(source)}
    assert found["Op"] >= {"numpy", "vjp", "meaning"}


def registered() -> dict[str, type]:
    """All ops, after every module of primitives/ has been imported."""
    from msgrad_ext import primitives
    from msgrad_ext.registry import OPS

    for module in pkgutil.iter_modules(primitives.__path__, "msgrad_ext.primitives."):
        importlib.import_module(module.name)
    return OPS


def test_every_registered_op_is_under_the_law() -> None:
    """Each op in the registry is a class that the law has read."""
    read = {(source.module, cls.name) for source in package() for cls in op_classes(source)}
    voices = [
        (base.__module__.removeprefix("msgrad_ext."), base.__name__)
        for op in registered().values()
        for base in inspect.getmro(op)
        if {*NUMERIC, *SYMBOLIC} & set(vars(base))
    ]
    missing = sorted(set(voices) - read)
    assert len(voices) > 10
    assert missing == []


HEAD = "import numpy as np\nfrom ..lazy import sym\nfrom ..contract import normal_axes\n"


@pytest.mark.parametrize(
    "text",
    [
        "class A(Op):\n    def numpy(self, a): return sym.exp(a)",
        "class A(Op):\n    def vjp(self, ct, out, a): return sym.exp(a)",
        "class A(Op):\n    def meaning(self, a): return np.exp(a)",
        "class A(Op):\n    def meaning(self, a):\n        return lambda *i: np.exp(a[i])",
        "def f(a): return np.exp(a)\nclass A(Op):\n    def meaning(self, a): return f(a)",
        "def g(a): return sym.exp(a)\ndef f(a): return g(a)\nclass A(Op):\n    def vjp(self, ct, out, a): return f(a)",
        "def f(a): return a\nclass A(Op):\n    def numpy(self, a): return f(a)\n    def meaning(self, a): return f(a)",
        "class A(Op):\n    def f(self): return 1\n    def vjp(self, ct, out, a): return self.f()\n"
        "    def meaning(self, a): return self.f()",
        "class B(Op):\n    def f(self): return np.e\nclass A(B):\n    def meaning(self, a): return self.f()",
        "class A(Op):\n    def numpy(self, a): return normal_axes(a)\n    def meaning(self, a): return normal_axes(a)",
        "class A(Op):\n    def numpy(self, a):\n        from sympy import exp\n        return exp(a)",
        "from math import exp\nimport numpy.linalg as la\nclass A(Op):\n    def meaning(self, a): return la.det(a)",
    ],
)
def test_a_mixed_voice_is_seen(text: str) -> None:
    """A voice that uses the other road's library, even through a helper, or a shared helper, is a violation."""
    assert len(mixed_voices(Source("msgrad_ext/primitives/family.py", HEAD + text))) == 1


def test_a_clean_op_passes() -> None:
    """Voices that keep apart pass, also when both read the op's settings and its shape contract."""
    text = (
        "class A(Op):\n    def numpy(self, a): return np.sum(a, self.axis).reshape(self.out_shape(a.shape))\n"
        "    def vjp(self, ct, out, a): return ops.expand(ct, self.axis)\n"
        "    def meaning(self, a): return lambda *i: sym.total(self.out_shape(a.shape), self.axis)"
    )
    assert mixed_voices(Source("msgrad_ext/primitives/family.py", HEAD + text)) == []


@pytest.mark.parametrize("text", ["def f(op): return op.vjp(1)", "def f(op): return type(op).numpy"])
def test_a_rule_run_on_symbols_is_seen(text: str) -> None:
    """The symbolic road may not call a numeric voice."""
    assert len(rules_on_symbols(Source("msgrad_ext/symbolic/lines.py", text))) == 1


def test_only_meaning_is_read_by_the_symbolic_road() -> None:
    """Calling ``meaning`` is what the symbolic road is for."""
    reading = Source("msgrad_ext/symbolic/lines.py", "def f(op): return op.meaning(1)")
    assert [*functions(reading)] != []
    assert rules_on_symbols(reading) == []
