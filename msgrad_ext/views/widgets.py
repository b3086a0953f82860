"""The live panel: choose an entry of an input or parameter, move it, and see gradients, output and flow follow.

Comes in: a report. Goes out: widgets of ipywidgets' core. This module is imported only when a panel is asked for. The
verdict is never recomputed here: it belongs to the cell's own data, and the panel says so.
"""

from __future__ import annotations

from dataclasses import replace

import ipywidgets
import numpy as np

from ..checking.result import Flow
from ..errors import MsgradError
from .digits import rms, short
from .escape import escape, plain
from .formulas import latex_outputs
from .html import render_part
from .parts import Paragraph, Part, Picture, Section
from .sections import agreement, circumstances, code, gradient_matrix, listed, output_matrix, steps, verdict
from .seen import ReportSeen, Values
from .svg import describe, draw

TABS = ("Gradients", "Formulas", "Agreement", "Network", "Code")
STEPS = 200
LAST = "The tabs show the last point that could be evaluated."
SCOPE = (
    "The verdict belongs to the cell's own data. What you change below is evaluated again by the compiled plan; "
    "no check runs at the new point."
)


def panel(report: ReportSeen) -> ipywidgets.VBox:
    """The live panel of one report; its ``controller`` attribute is the `Panel` behind it."""
    controller = Panel(report)
    controller.box.controller = controller
    return controller.box


class Panel:
    """State of one live panel: the values at which the plan was evaluated last, and the widgets that show it.

    Parameters
    ----------
    report : ReportSeen
        Its ``inputs`` are copied, never changed.
    """

    def __init__(self, report: ReportSeen) -> None:
        self.report = report
        self.original = {name: np.array(value) for name, value in report.inputs.items()}
        self.values = dict(self.original)
        self.changes: dict[tuple[str, tuple[int, ...]], float] = {}
        self._loading = False
        self._make_controls()
        self._make_tabs()
        parts = (verdict(report.result), Paragraph(circumstances(report.result)), Paragraph(SCOPE))
        head = "".join(render_part(part) for part in parts)
        self.state = ipywidgets.HTML()
        self.box = ipywidgets.VBox([ipywidgets.HTML(head), self.controls, self.state, self.tabs])
        self._choose()
        self._show_original()

    def _make_controls(self) -> None:
        names = [name for name, value in self.original.items() if value.dtype.kind == "f" and value.size]
        wide = ipywidgets.Layout(width="420px")
        style = {"description_width": "110px"}
        self.which = ipywidgets.Dropdown(
            options=[(plain(name), name) for name in names], description="Vary", style=style, layout=wide,
            tooltip="The input or parameter to vary",
        )  # fmt: skip
        self.entry = ipywidgets.HBox([])
        self.slider = ipywidgets.FloatSlider(
            description="value", readout_format=".4g", style=style, layout=wide, tooltip="The entry's value",
        )  # fmt: skip
        self.reset = ipywidgets.Button(description="Reset", tooltip="Back to the cell's own data")
        if names:
            controls = [self.which, self.entry, ipywidgets.HBox([self.slider, self.reset])]
        else:
            controls = [ipywidgets.HTML("<p>There is no input or parameter of a float dtype to vary.</p>")]
        self.controls = ipywidgets.VBox(controls)
        self.which.observe(lambda change: self._choose(), names="value")
        self.slider.observe(lambda change: self._move(), names="value")
        self.reset.on_click(lambda button: self._reset())

    def _make_tabs(self) -> None:
        result = self.report.result
        self.gradients, self.network = ipywidgets.HTML(), ipywidgets.HTML()
        shown = "".join(f"<div>{escape(latex)}</div>" for latex in latex_outputs(self.report.formulas))
        self.formulas = ipywidgets.HTMLMath(shown or "<p>There is no formula in this report.</p>")
        self.agreement = ipywidgets.HTML(render_part(agreement(result)))
        sources = "".join(render_part(part) for part in code(self.report).parts)
        self.code = ipywidgets.HTML(sources or "<p>There is no source in this report.</p>")
        pages = [self.gradients, self.formulas, self.agreement, self.network, self.code]
        self.tabs = ipywidgets.Tab(pages, titles=TABS)

    @property
    def index(self) -> tuple[int, ...]:
        """The entry that the slider moves."""
        return tuple(axis.value for axis in self.entry.children)

    def _choose(self) -> None:
        """Offer the entries of the chosen array."""
        if self.which.value is None:
            return
        pickers = []
        for axis, size in enumerate(self.original[self.which.value].shape):
            picker = ipywidgets.BoundedIntText(
                0, min=0, max=size - 1, description=f"index {axis}",
                tooltip=f"Index along axis {axis}, 0 to {size - 1}",
                layout=ipywidgets.Layout(width="180px"),
            )  # fmt: skip
            picker.observe(lambda change: self._load(), names="value")
            pickers.append(picker)
        self.entry.children = pickers
        self._load()

    def _load(self) -> None:
        """Put the chosen entry's value on the slider, without evaluating anything."""
        name, index = self.which.value, self.index
        start = float(self.original[name][index])
        centre = start if np.isfinite(start) else 0.0
        reach = 2 * max(1.0, abs(centre))
        now = float(self.values[name][index])
        self._loading = True
        try:
            with self.slider.hold_trait_notifications():
                self.slider.min, self.slider.max = centre - reach, centre + reach
                self.slider.step = reach / STEPS
                self.slider.value = now if np.isfinite(now) else centre
            self.slider.description = plain(entry_text(name, index))
        finally:
            self._loading = False

    def _move(self) -> None:
        """The slider moved: evaluate at the new point."""
        if self._loading:
            return
        name, index = self.which.value, self.index
        array = self.values[name].copy()
        array[index] = self.slider.value
        self.values = {**self.values, name: array}
        self.changes[name, index] = float(array[index])
        # Said before the plan runs, so that an error of any kind leaves no numbers that pass for this point's.
        self.state.value = f"<p role='alert'><strong>Not evaluated here.</strong> {LAST}</p>"
        try:
            output, grads = self.report.evaluate(self.values)
        except MsgradError as error:
            said = f"<strong>Cannot be evaluated here:</strong> {escape(error)}"
            self.state.value = f"<p role='alert'>{said} {LAST}</p>"
            return
        self._show(output, grads)

    def _reset(self) -> None:
        self.values = dict(self.original)
        self.changes = {}
        if self.which.value is not None:
            self._load()
        self._show_original()

    def _show_original(self) -> None:
        result = self.report.result
        shown: list[Part] = [gradient_matrix(g, g.value) for g in result.gradients]
        self._fill(shown, result.output)
        self._draw(result.flow, frozenset())
        self.state.value = "<p role='status'>Shown: the cell's own data.</p>"

    def _show(self, output: np.ndarray, grads: Values) -> None:
        """Fill the tabs with what the plan gave at the moved point."""
        found = self.report.result.gradients
        self._fill([gradient_matrix(g, np.asarray(grads[g.name]), False) for g in found if g.name in grads], output)
        flow, stale = moved(self.report.result.flow, self.values, np.asarray(output), grads)
        self._draw(flow, stale)
        said = [
            f"{entry_text(name, index)} = {short(value)} (was {short(self.original[name][index])})"
            for (name, index), value in self.changes.items()
        ]
        self.state.value = f"<p role='status'>Changed, not checked at this point: {escape(listed(said))}.</p>"

    def _fill(self, shown: list[Part], output: np.ndarray | None) -> None:
        parts = [*shown, *([] if output is None else [output_matrix(np.asarray(output))])]
        self.gradients.value = "".join(render_part(part) for part in parts)

    def _draw(self, flow: tuple[Flow, ...], stale: frozenset[str]) -> None:
        if not flow:
            self.network.value = "<p>There is no picture of this network.</p>"
            return
        caption = "Wider arrows: larger gradients."
        if stale:
            caption += " Dashed: gradients inside the network, which are not evaluated again; reset to see them."
        known = tuple(node for node in flow if node.name not in stale)
        picture = Picture(caption, draw(flow, stale), describe(known))
        table = Section("Step by step", (steps(known),), fold=True)
        self.network.value = render_part(picture) + render_part(table)


def entry_text(name: str, index: tuple[int, ...]) -> str:
    """``x[0, 1]``, or ``x`` for a scalar."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def moved(
    flow: tuple[Flow, ...], values: Values, output: np.ndarray, grads: Values
) -> tuple[tuple[Flow, ...], frozenset[str]]:
    """``flow`` with the sizes at a new point, and the names of the arrays whose sizes there are not known.

    Known are inputs, parameters and the last array, which is the output; what lies between is not evaluated again.
    """
    nodes, stale = [], set()
    for place, node in enumerate(flow):
        if node.name in values and node.op is None and (node.name in grads or node.gradient_norm is None):
            size = None if node.name not in grads else rms(grads[node.name])
            nodes.append(replace(node, norm=rms(values[node.name]), gradient_norm=size))
        elif place == len(flow) - 1:
            nodes.append(replace(node, norm=rms(output)))
        else:
            nodes.append(node)
            stale.add(node.name)
    return tuple(nodes), frozenset(stale)
