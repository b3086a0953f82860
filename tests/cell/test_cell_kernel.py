"""The magic in a real kernel, and under the tools that run notebooks."""

import re
import subprocess
import sys

import nbformat
import pytest
from conftest import PREPARE, environment

pytestmark = pytest.mark.kernel

CELL = "%%gradcell\nclass Net:\n    def construct(self, x):\n        y = x + 1\n        return y * missing\n"


def text(outputs):
    """All tracebacks, without colours."""
    lines = [line for kind, content in outputs if kind == "error" for line in content["traceback"]]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))


def test_a_cell_shows_its_reports_and_then_its_value(kernel):
    """Displayed reports come as display_data, the value of the last expression as the cell's result."""
    reply, outputs = kernel.run("%%gradcell\nx = 20\nx + 1")
    assert reply["status"] == "ok"
    assert [(kind, content["data"]["text/plain"]) for kind, content in outputs] == [
        ("display_data", "names: x"),
        ("execute_result", "21"),
    ]


@pytest.mark.parametrize("source", ["%%gradcell --nosuch\nx", "%%gradcell\nx = (", "%%gradcell\n1 / 0"])
def test_a_wrong_cell_has_the_status_error(kernel, source):
    """A wrong option, a syntax error and an error of the code all end with an error message and its status."""
    reply, outputs = kernel.run(source)
    assert reply["status"] == "error"
    assert "UsageError" not in reply["ename"]
    assert [kind for kind, _ in outputs] == ["error"]
    assert kernel.run("1 + 1")[0]["status"] == "ok"


def test_tracebacks_name_cell_and_line(kernel):
    """An error inside construct shows the line of the cell that defines it, under that cell's number."""
    kernel.run(CELL.replace("%%gradcell", "%%gradcell -q"))
    _, outputs = kernel.run("%%gradcell\n\nNet().construct(1)")
    shown = text(outputs)
    number = int(re.search(r"Cell In\[(\d+)\], line 5, in (?:Net.)?construct", shown).group(1))
    assert f"Cell In[{number + 1}], line 3" in shown
    assert re.search(r"----> 5 +return y \* missing", shown)
    assert "msgrad_ext" not in shown


def test_an_error_of_this_package_has_the_cells_number(kernel):
    """The message begins with the cell and the line, as IPython's own do."""
    _, outputs = kernel.run("%%gradcell\nfrom mindspore import Tenso")
    assert re.fullmatch(
        r"Cell In\[\d+\], line 2\n    from mindspore import Tenso\n {26}\^{5}\nFacadeImportError: .*", text(outputs)
    )


def test_source_is_found(kernel):
    """``inspect.getsource`` gives the lines of the cell, and ``??`` shows them."""
    kernel.run(CELL)
    reply, outputs = kernel.run("import inspect\nprint(inspect.getsource(Net.construct), end='')\nNet.construct??")
    assert outputs[0][1]["text"] == "    def construct(self, x):\n        y = x + 1\n        return y * missing\n"
    shown = re.sub(r"\x1b\[[0-9;]*m", "", reply["payload"][0]["data"]["text/plain"])
    assert "return y * missing" in shown


def test_help_and_completion_reach_the_front_end(kernel):
    """``%%gradcell?`` shows the options; Tab completes them at the right place of the line."""
    reply, _ = kernel.run("%%gradcell?")
    assert "--shapes" in reply["payload"][0]["data"]["text/plain"]
    source = "%%gradcell -q --che\nx = 1"
    found = kernel.ask("complete", code=source, cursor_pos=19)
    assert found["matches"] == ["--check"]
    assert source[found["cursor_start"] : found["cursor_end"]] == "--che"


def test_breakpoints_in_the_body_stop(kernel):
    """A breakpoint that the front end sets on a line of the cell stops there."""
    assert kernel.debug("initialize", clientID="test", adapterID="", pathFormat="path")["success"]
    assert kernel.debug("attach")["success"]
    source = "%%gradcell -q\n\ndef f(x):\n    y = x + 1\n    return y\nz = f(1)\n".rstrip("\n")
    path = kernel.debug("dumpCell", code=source)["body"]["sourcePath"]
    kernel.debug("setBreakpoints", breakpoints=[{"line": 4}], source={"path": path}, sourceModified=False)
    kernel.debug("configurationDone")
    identity = kernel.client.execute(source)
    thread = kernel.event("stopped")["body"]["threadId"]
    frames = kernel.debug("stackTrace", threadId=thread)["body"]["stackFrames"]
    kernel.debug("continue", threadId=thread)
    assert (frames[0]["name"], frames[0]["line"], frames[0]["source"]["path"]) == ("f", 4, path)
    assert kernel._reply(identity)["status"] == "ok"


def notebook(folder, *cells):
    """A notebook file of code cells, the first of which loads the extension."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (PREPARE, *cells)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for index, cell in enumerate(book.cells):
        cell["id"] = f"cell-{index}"
    path = folder / "book.ipynb"
    nbformat.write(book, path)
    return path


RUNNERS = {
    "nbval": ["pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-c", "/dev/null"],
    "nbmake": ["pytest", "--nbmake", "-p", "no:cacheprovider", "-c", "/dev/null"],
    "nbconvert": ["nbconvert", "--to", "notebook", "--execute", "--stdout"],
    "nbclient": ["jupyter", "execute"],
    "papermill": ["papermill"],
}


def execute(runner, path):
    """The exit status of a tool that runs the notebook."""
    pytest.importorskip(runner)
    command = [sys.executable, "-m", *RUNNERS[runner], str(path)]
    if runner == "papermill":
        command.append(str(path.with_suffix(".out.ipynb")))
    done = subprocess.run(command, cwd=path.parent, env=environment(), capture_output=True, timeout=120)
    return done.returncode


@pytest.mark.parametrize("runner", RUNNERS)
def test_tools_see_a_wrong_cell(runner, tmp_path):
    """A tool that runs notebooks passes a right gradcell, and fails on a wrong option."""
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.mkdir()
    wrong.mkdir()
    assert execute(runner, notebook(right, "%%gradcell\nx = 1\nx")) == 0
    assert execute(runner, notebook(wrong, "%%gradcell --nosuch\nx = 1")) != 0
