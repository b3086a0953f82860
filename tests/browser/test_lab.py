"""The quickstart in JupyterLab, as a reader sees it: it runs, typesets, stays offline, and its slider moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from .conftest import Lab

pytestmark = pytest.mark.browser

NOTEBOOK = "quickstart.ipynb"
READY = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext"
# Run All before the session is attached would ask for a kernel; so wait for the kernel's own answer.
RUN_ALL = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
CELLS = "() => window.jupyterapp.shell.currentWidget.context.model.toJSON().cells"


@dataclass(frozen=True)
class Visit:
    """A page after all its cells have run, and what went wrong meanwhile."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def external(self) -> list[str]:
        """Requests that left this machine."""
        parts = [(address, urlsplit(address)) for address in self.requests]
        return [address for address, part in parts if part.scheme in ("http", "https") and part.hostname != "127.0.0.1"]


@pytest.fixture(scope="module")
def visit(lab: Lab, chromium: Any) -> Iterator[Visit]:
    """The notebook, opened and run from top to bottom."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1600})
    seen = Visit(page)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(lab.address(NOTEBOOK))
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate(RUN_ALL)
    page.wait_for_selector("[role=slider]", timeout=60_000)
    page.wait_for_selector("mjx-container", timeout=60_000)
    yield seen
    page.close()


def test_every_cell_ran(visit: Visit) -> None:
    """Every code cell has its number, and none has an error that its tag does not announce."""
    cells = [cell for cell in visit.page.evaluate(CELLS) if cell["cell_type"] == "code"]
    assert cells
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    failed = [cell for cell in cells if any(output["output_type"] == "error" for output in cell["outputs"])]
    announced = [cell for cell in cells if "raises-exception" in cell["metadata"].get("tags", ())]
    assert [cell["source"] for cell in failed] == [cell["source"] for cell in announced]


def test_no_script_failed(visit: Visit) -> None:
    """No error reached the page."""
    assert visit.errors == []


def test_nobody_else_was_asked(visit: Visit) -> None:
    """All requests stay on this machine, and the page did make requests."""
    assert visit.requests
    assert visit.external == []


def test_formulas_are_typeset(visit: Visit) -> None:
    """Each formula is understood by MathJax, and none is left as the text it was written in."""
    assert visit.page.locator("mjx-container").count() > 0
    assert visit.page.locator("mjx-merror").count() == 0
    formulas = visit.page.locator(".jp-RenderedLatex, .widget-htmlmath-content")
    assert [text for text in formulas.all_inner_texts() if "$" in text] == []


def test_the_slider_moves_the_figures(visit: Visit) -> None:
    """An arrow key on the slider changes what the panel shows, and no widget is broken."""
    slider = visit.page.locator("[role=slider]").first
    area = slider.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')][1]")
    figures = area.locator(".widget-html-content, .widget-htmlmath-content")
    # aria-valuenow has one decimal only, and a step of the slider may be smaller.
    before, position = figures.all_inner_texts(), slider.get_attribute("aria-valuetext")
    assert before
    slider.focus()
    slider.press("ArrowRight")
    handle = area.element_handle()
    visit.page.wait_for_function(
        """([area, before]) => {
          const figures = area.querySelectorAll('.widget-html-content, .widget-htmlmath-content');
          const now = [...figures].map(figure => figure.innerText);
          return JSON.stringify(now) !== before;
        }""",
        arg=[handle, visit.page.evaluate("texts => JSON.stringify(texts)", before)],
        timeout=20_000,
    )
    assert slider.get_attribute("aria-valuetext") != position
    assert "Error displaying widget" not in visit.page.content()
