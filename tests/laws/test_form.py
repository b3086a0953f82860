"""Laws on form: length, names that are data, excepts, facades, dataclasses, annotations, docstrings, hidden names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from msgrad_ext import ir

from .source import Source, code_lines, functions, package, sources

FILE_LINES, FUNCTION_LINES = 400, 40

# Who may turn text into code: the cell compiles what the user wrote, and the code generator what it has generated.
COMPILES = ("msgrad_ext/notebook/cell.py", "msgrad_ext/numeric/plan.py", "msgrad_ext/keeping/places.py")
RULE_METHODS = {"numpy", "vjp", "meaning", "bind", "out_shape", "out_dtype", "infer", "convert", "construct", "compute"}


def too_long(source: Source) -> list[str]:
    """Files and functions that are longer than the house allows (lines: ruff)."""
    lines = source.text.splitlines()
    found = [f"{source.path}:1: {len(lines)} lines"] if len(lines) >= FILE_LINES else []
    return found + [
        source.at(node, f"{node.name} has {code_lines(node)} lines")
        for node in functions(source)
        if code_lines(node) >= FUNCTION_LINES
    ]


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def evaluates_text(source: Source) -> list[str]:
    """Calls that turn text into code or formulas; the cell and the code generator alone may compile.

    ``sympify(x, strict=True)`` refuses text, and Dummies of ``symbols(..., cls=Dummy)`` equal no other symbol.
    """
    found = []
    for node in (one for one in source.nodes if isinstance(one, ast.Call)):
        name = _called(node)
        builtin = isinstance(node.func, ast.Name)
        keywords = {f"{one.arg}={ast.unparse(one.value)}" for one in node.keywords}
        compiles = name in {"eval", "exec", "compile", "__import__"} and builtin
        if (
            name in {"parse_expr", "parse_latex", "S", "lambdify", "literal_eval"}
            or (name == "sympify" and "strict=True" not in keywords)
            or (compiles and not source.path.startswith(COMPILES))
        ):
            found.append(source.at(node, f"{name}() turns text into code"))
        elif name == "symbols" and not isinstance(node.args[0], ast.Constant) and "cls=Dummy" not in keywords:
            found.append(source.at(node, "symbols() reads a pattern; make one Symbol of a name"))
    return found


def silent_excepts(source: Source) -> list[str]:
    """Excepts that catch everything, or that catch and do nothing at all with any Exception."""
    found = []
    for node in (one for one in source.nodes if isinstance(one, ast.ExceptHandler)):
        broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
        if node.type is None or (broad and all(isinstance(one, (ast.Pass, ast.Continue)) for one in node.body)):
            found.append(source.at(node, "an except that hides every error"))
    return found


ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow, ast.FloorDiv)


def facade_arithmetic(source: Source) -> list[str]:
    """Arithmetic on values in ``nn`` and ``ops``; joining texts (such as a ``name``), tuples and lists is none."""
    if source.module.split(".")[0] not in ("nn", "ops") or "initializer" in source.module:
        return []

    def joins(node: ast.expr) -> bool:
        if isinstance(node, ast.BinOp):
            return joins(node.left) or joins(node.right)
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        text = text or (isinstance(node, ast.Name) and node.id.endswith("name"))
        return text or isinstance(node, (ast.JoinedStr, ast.Tuple, ast.List, ast.ListComp))

    found = []
    for node in source.nodes:
        operand = node if isinstance(node, ast.BinOp) else node.value if isinstance(node, ast.AugAssign) else None
        if operand is not None and isinstance(node.op, ARITHMETIC) and not joins(operand):
            found.append(source.at(node, f"arithmetic in a facade: {ast.unparse(node)}"))
    return found


def thawed_dataclasses(source: Source) -> list[str]:
    """Dataclasses that can be changed after they are made."""
    found = []
    for cls in (one for one in source.nodes if isinstance(one, ast.ClassDef)):
        for decorator in cls.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            name = ast.unparse(call.func if call else decorator)
            frozen = call and any(k.arg == "frozen" and ast.unparse(k.value) == "True" for k in call.keywords)
            if name.split(".")[-1] == "dataclass" and not frozen:
                found.append(source.at(cls, f"{cls.name} is not frozen"))
    return found


def unannotated(source: Source) -> list[str]:
    """Public functions and methods whose parameters or result have no type; the rule methods of ops need none."""
    found = []
    for owner in (source.tree, *(one for one in source.nodes if isinstance(one, ast.ClassDef))):
        in_class = isinstance(owner, ast.ClassDef)
        for node in (one for one in owner.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))):
            if node.name.startswith("_") or (in_class and (owner.name.startswith("_") or node.name in RULE_METHODS)):
                continue
            static = any(ast.unparse(one) == "staticmethod" for one in node.decorator_list)
            everything = node.args
            given = [*everything.posonlyargs, *everything.args][1 if in_class and not static else 0 :]
            given += [*everything.kwonlyargs, *(one for one in (everything.vararg, everything.kwarg) if one)]
            if node.returns is None or any(one.annotation is None for one in given):
                found.append(source.at(node, f"{node.name} is not annotated"))
    return found


def undocumented(source: Source) -> list[str]:
    """Modules, public classes and public functions without a docstring; an empty ``__init__`` needs none."""
    if not source.text.strip():
        return []
    found = [] if ast.get_docstring(source.tree) else [f"{source.path}:1: the module has no docstring"]
    return found + [
        source.at(node, f"{node.name} has no docstring")
        for node in source.tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]


def hidden_names(source: Source) -> list[str]:
    """Functions and classes that a later one of the same name in the same scope replaces unseen."""
    found = []
    for scope in (source.tree, *(one for one in source.nodes if isinstance(one, ast.ClassDef))):
        seen: set[str] = set()
        for node in scope.body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                continue
            decorators = {ast.unparse(one).split(".")[-1] for one in node.decorator_list}
            if node.name in seen and not decorators & {"setter", "deleter"}:
                found.append(source.at(node, f"{node.name} hides an earlier one of its name"))
            if "overload" not in decorators:
                seen.add(node.name)
    return found


def everything() -> list[Source]:
    """All Python files of the project."""
    return sources("")


# Each law, the files under it, and snippets (path, text) of which each breaks it once.
LAWS: dict[str, tuple[Callable[[Source], list[str]], Callable[[], list[Source]], list[tuple[str, str]]]] = {
    "files and functions are short": (
        too_long,
        everything,
        [
            ("msgrad_ext/a.py", "x = 1\n" * 400),
            ("msgrad_ext/a.py", "def f():\n" + "    x = 1\n" * 39),
            ("msgrad_ext/a.py", "class A:\n    def f(self):\n" + "        x = 1\n" * 39),
        ],
    ),
    "names from users are data": (
        evaluates_text,
        package,
        [
            ("msgrad_ext/symbolic/a.py", "eval(name)"),
            ("msgrad_ext/notebook/magic.py", "exec(name)"),
            ("msgrad_ext/numeric/source.py", "exec(name)"),
            ("msgrad_ext/notebook/magic.py", "compile(name, '', 'exec')"),
            ("msgrad_ext/symbolic/a.py", "import sympy\nsympy.sympify(name)"),
            ("msgrad_ext/symbolic/a.py", "sympify(name, strict=False)"),
            ("msgrad_ext/numeric/a.py", "sympy.S(name)"),
            ("msgrad_ext/notebook/cell.py", "parse_expr(name)"),
            ("msgrad_ext/formula.py", "lambdify(x, y)"),
            ("msgrad_ext/formula.py", "symbols(name)"),
        ],
    ),
    "no except hides every error": (
        silent_excepts,
        everything,
        [
            ("msgrad_ext/a.py", "try: f()\nexcept: pass"),
            ("msgrad_ext/a.py", "try: f()\nexcept Exception: pass"),
            ("msgrad_ext/a.py", "for x in y:\n  try: f()\n  except BaseException: continue"),
        ],
    ),
    "facades hold no arithmetic": (
        facade_arithmetic,
        package,
        [
            ("msgrad_ext/nn.py", "def construct(self, x): return x * self.w"),
            ("msgrad_ext/nn/layers.py", "def f(x): return -(x @ y)"),
            ("msgrad_ext/ops.py", "def f(x):\n    x += y"),
        ],
    ),
    "data types are frozen": (
        thawed_dataclasses,
        package,
        [
            ("msgrad_ext/a.py", "@dataclass\nclass A: x: int"),
            ("msgrad_ext/a.py", "@dataclass(eq=False)\nclass A: x: int"),
            ("msgrad_ext/a.py", "@dataclasses.dataclass(frozen=False)\nclass A: x: int"),
        ],
    ),
    "public functions are annotated": (
        unannotated,
        package,
        [
            ("msgrad_ext/a.py", "def f(x) -> int: ..."),
            ("msgrad_ext/a.py", "def f(x: int): ..."),
            ("msgrad_ext/a.py", "class A:\n    def f(self, *x) -> int: ..."),
            ("msgrad_ext/a.py", "class A:\n    @staticmethod\n    def f(x) -> int: ..."),
        ],
    ),
    "modules, public classes and functions say what they are": (
        undocumented,
        package,
        [
            ("msgrad_ext/a.py", "x = 1"),
            ("msgrad_ext/a.py", "'''A.'''\ndef f(): ..."),
            ("msgrad_ext/a.py", "'''A.'''\nclass A: ..."),
        ],
    ),
    "no name hides another": (
        hidden_names,
        everything,
        [
            ("tests/test_a.py", "def test_a(): ...\ndef test_a(): ..."),
            ("tests/test_a.py", "class TestA:\n    def test_a(self): ...\n    def test_a(self): ..."),
        ],
    ),
}

CLEAN = [
    ("msgrad_ext/a.py", "'''A.'''\n" + "x = 1\n" * 390),
    ("msgrad_ext/notebook/cell.py", "'''A.'''\nexec(compile(x, 'a', 'exec'))\npattern = re.compile('a')\ntree.eval()"),
    ("msgrad_ext/ops.py", "'''A.'''\nx = 'a' + b + prefix + name\ny = (1,) + z\nz: int | None = -1"),
    ("msgrad_ext/a.py", "'''A.'''\n@dataclass(frozen=True)\nclass A:\n  '''A.'''\n  def f(self, x: int) -> int: ..."),
    ("msgrad_ext/a.py", "'''A.'''\ntry: f()\nexcept (TypeError, ValueError): pass\nx = symbols('x y')\nS.Zero"),
    ("msgrad_ext/symbolic/a.py", "'''A.'''\nx = sympify(n, strict=True)\ny = symbols(f'c:{n}', cls=Dummy)"),
    ("msgrad_ext/a.py", "'''A.'''\nclass _A:\n  @property\n  def x(self): ...\n  @x.setter\n  def x(self, y): ..."),
]


@pytest.mark.parametrize("law", LAWS)
def test_law_holds(law: str) -> None:
    """No file under the law breaks it."""
    broken, files, _ = LAWS[law]
    found = [line for source in files() for line in broken(source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("law", LAWS)
def test_law_has_files(law: str) -> None:
    """The law is not empty: there are files under it."""
    assert len(LAWS[law][1]()) > 5


@pytest.mark.parametrize("law, path, text", [(law, *snippet) for law in LAWS for snippet in LAWS[law][2]])
def test_law_can_be_broken(law: str, path: str, text: str) -> None:
    """A snippet that breaks the law once is found once."""
    assert len(LAWS[law][0](Source(path, text))) == 1


@pytest.mark.parametrize("path, text", CLEAN)
@pytest.mark.parametrize("law", LAWS)
def test_clean_code_breaks_no_law(law: str, path: str, text: str) -> None:
    """Clean code that resembles a violation passes."""
    assert LAWS[law][0](Source(path, text)) == []


def test_a_graph_cannot_be_changed() -> None:
    """A Graph, its variables and constants refuse assignment."""
    var = ir.Var("x", (2,), np.dtype("float32"))
    constant = ir.literal(2.0, np.dtype("float32"))
    graph = ir.Graph((var,), (), (var, constant))
    for thing, name in ((graph, "eqns"), (graph, "outputs"), (var, "shape"), (constant, "value")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, ())
    with pytest.raises(ValueError, match="read-only"):
        constant.value[()] = 3.0
