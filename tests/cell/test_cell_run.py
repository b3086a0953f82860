"""Running a cell's code: names, the last call, and what happens when it raises."""

import pytest

from msgrad_ext.errors import FacadeImportError, GradCellError
from msgrad_ext.notebook.cell import last_call, parse_cell, read_cell, run_cell


def code_of(body):
    return parse_cell(read_cell(None, "", body))


NETWORK = """\
calls = []
def note(value):
    calls.append(value)
    return value
class Net:
    def construct(self, *args, **kwargs): ...
    def __call__(self, *args, **kwargs):
        calls.append("call")
        return args, kwargs
"""


def test_names_come_in_the_order_of_the_cell():
    """The names that a cell binds are listed in the order in which it binds them, and no other lands."""
    namespace = {"x": 0}
    result = run_cell(code_of("b = 1\nimport os as a\ndef f(): hidden = 1\nx = x\nb"), namespace)
    assert result.names == ("b", "a", "f", "x")
    assert (result.value, result.has_value) == (1, True)
    assert {name for name in namespace if not name.startswith("__")} == {"b", "a", "f", "x"}


def test_names_bound_by_a_star_or_a_function_are_listed():
    """Names that no line of the cell spells out are found by what changed."""
    assert run_cell(code_of("globals()['late'] = 1\nfirst = 2"), {}).names == ("first", "late")


def test_a_cell_without_last_expression_has_no_value():
    """A cell that ends with a statement has no value."""
    result = run_cell(code_of("x = 1"), {})
    assert (result.value, result.has_value) == (None, False)


@pytest.mark.parametrize("failure", ["1 / 0", "raise SystemExit", "undefined"])
def test_namespace_is_restored_when_the_cell_raises(failure):
    """A cell that raises leaves the namespace as it was: new, changed and deleted names."""
    kept = []
    namespace = {"x": kept, "y": 2, "__builtins__": __builtins__}
    before = dict(namespace)
    with pytest.raises(BaseException):  # noqa: B017 - SystemExit is meant too
        run_cell(code_of(f"x = 1\ndel y\nz = 3\n{failure}"), namespace)
    assert namespace == before
    assert namespace["x"] is kept


def test_last_call_of_a_network_is_left_to_the_caller():
    """Callee and arguments of the last call are evaluated once, in Python's order, and the call is not made."""
    namespace = {}
    body = NETWORK + "note(Net())(note(1), *note([2]), key=note(3), **note({'other': 4}))"
    result = last_call(code_of(body), namespace)
    assert result.call.args == (1, 2)
    assert result.call.kwargs == {"key": 3, "other": 4}
    assert result.call.function is namespace["calls"][0]
    assert namespace["calls"][1:] == [1, [2], 3, {"other": 4}]
    assert result.call() == ((1, 2), {"key": 3, "other": 4})


def test_last_call_of_anything_else_is_made():
    """A last call of a function is made by the cell itself, once."""
    namespace = {}
    result = last_call(code_of(NETWORK + "note(note)(5)"), namespace)
    assert (result.call, result.value) == (None, 5)
    assert namespace["calls"][1:] == [5]


def test_last_call_keeps_pythons_errors():
    """A keyword that is given twice is refused as Python refuses it."""
    with pytest.raises(TypeError, match="multiple values"):
        last_call(code_of(NETWORK + "Net()(k=1, **{'k': 2})"), {})


def test_last_expression_sees_only_the_users_names():
    """The way in which the last call is observed puts no name into the namespace."""
    namespace = {}
    names = run_cell(code_of("x = 1\ndir()"), namespace).value
    assert [name for name in names if not name.startswith("__")] == ["x"]


def test_last_call_binds_its_walrus_names():
    """A name that is bound inside the last expression lands in the namespace."""
    result = last_call(code_of(NETWORK + "Net()(w := 7)"), namespace := {})
    assert (namespace["w"], result.call.args) == (7, (7,))
    assert "w" in result.names


@pytest.mark.parametrize(("body", "silenced"), [("1;", True), ("1; # why", True), ("'a;'", False), ("1 # ;", False)])
def test_a_semicolon_at_the_end_silences(body, silenced):
    """Only a semicolon that is the last token silences the cell."""
    assert code_of(body).silenced is silenced


def test_future_statements_of_this_package_do_not_leak():
    """Annotations of the cell are evaluated, although this package postpones its own."""
    namespace = {}
    run_cell(code_of("def f(x: int): ..."), namespace)
    assert namespace["f"].__annotations__ == {"x": int}


@pytest.mark.parametrize(
    ("body", "line", "columns"),
    [("x = 1\nwhile x\n  3", 3, (7, 8)), ("await x", 2, (0, 7)), ("return 1", 2, (0, 8)), ("é = (1,,2)", 2, (7, 8))],
)
def test_syntax_errors_have_the_cells_line_and_columns(body, line, columns):
    """A cell that is no program is refused at its line, counted from the magic's own."""
    with pytest.raises(GradCellError) as caught:
        code_of(body)
    assert caught.value.location.line == line
    assert caught.value.location.columns == columns


def test_mark_of_an_error_counts_characters():
    """The mark under a line with letters outside ASCII stands under what is at fault."""
    with pytest.raises(FacadeImportError) as caught:
        run_cell(code_of("s = 'é日'; from mindspore import Tenso"), {})
    lines = caught.value._render_traceback_()
    start = lines[2].index("^")
    assert lines[1][start : start + lines[2].count("^")] == "Tenso"


def test_last_location_is_the_last_expression():
    """The place of the last expression is known, with its columns."""
    place = code_of("x = 1\nabs(x)").last_location
    assert (place.line, place.columns) == (3, (0, 6))


def test_an_empty_cell_does_nothing():
    """A cell of blanks and comments binds nothing."""
    assert run_cell(code_of("\n# nothing\n"), {}).names == ()
