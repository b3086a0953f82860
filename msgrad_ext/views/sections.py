"""Report -> tree of parts: what is shown, and in which order. The verdict comes first, then faults, then the arrays.

Comes in: a report (`seen.ReportSeen`). Goes out: one `Section`. All wording that text and HTML share stands here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ..checking.result import STATUSES, Fault, Gradient
from ..enclosing.result import HEAD, Enclosure
from .costs import amounts
from .digits import shape_text, short
from .parts import Badge, Callout, Code, Math, Matrix, Paragraph, Part, Picture, Section, Table
from .svg import describe, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..checking.result import CheckResult, Flow
    from .seen import ReportSeen

COLUMNS = 96  # of a formula's lines
TALL = 24  # more nodes than this make a picture that should not push the rest off the screen


def build(report: ReportSeen, with_sources: bool = True) -> Section:
    """The whole report as a tree of parts; ``with_sources`` adds formulas and code."""
    result = report.result
    parts: list[Part] = [verdict(result), Paragraph(circumstances(result))]
    for names, fault in blamed(result):
        parts += [fault_box(names, fault), *evidence_of(fault)]
    parts += [note_box(gradient) for gradient in result.gradients if gradient.note]
    parts += [Callout("note", "Note", (("", note),)) for note in result.notes]
    parts += [gradients(result), agreement(result)]
    parts += [enclosed(result.enclosure)] if result.enclosure else []
    sources = (formulas(report), code(report)) if with_sources else ()
    parts += [section for section in (network(result.flow), *sources) if section.parts]
    return Section(result.title, tuple(parts))


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 entry``, ``2 entries``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def verdict(result: CheckResult) -> Badge:
    """The verdict and one sentence that a person understands."""
    found = result.gradients
    if not found:
        return Badge(result.verdict, "no gradient was taken")
    compared = sum(gradient.compared for gradient in found)
    said = [count(len(found), "gradient"), count(compared, "entry", "entries") + " compared"]
    statuses = Counter(gradient.status for gradient in found)
    if len(statuses) > 1:
        said.append(", ".join(f"{statuses[status]} {status}" for status in reversed(STATUSES) if statuses[status]))
    measured = [gradient for gradient in found if gradient.compared]
    if measured:
        ulp = short(max(g.max_ulp for g in measured), 2)
        said.append(f"largest difference {short(max(g.max_abs for g in measured), 3)} ({ulp} ulp)")
    for names, fault in blamed(result):
        where = "" if fault.line is None else f", line {fault.line}"
        said.append(f"wrong: {', '.join(names)} ({fault.op}, {fault.side} side{where})")
    return Badge(result.verdict, "; ".join(said))


def circumstances(result: CheckResult) -> str:
    """Where and how the check ran."""
    said = [f"Output weight (sens): {result.sens}", f"seed {result.seed}"]
    if result.witnesses:
        said.append("witnesses: " + ", ".join(result.witnesses))
    if result.location:
        said.append(str(result.location))
    return "; ".join(said) + "."


def blamed(result: CheckResult) -> list[tuple[list[str], Fault]]:
    """Each fault, with the names of the gradients that it makes wrong: one op may spoil those of many layers."""
    found: dict[tuple[tuple[str, str], ...], tuple[list[str], Fault]] = {}
    for gradient in result.gradients:
        if gradient.fault is not None:
            found.setdefault(fault_rows(gradient.fault), ([], gradient.fault))[0].append(gradient.name)
    return list(found.values())


def fault_box(names: list[str], fault: Fault) -> Callout:
    """Who is wrong, in words."""
    gradient = "gradient" if len(names) == 1 else "gradients"
    return Callout("fault", f"Wrong: {gradient} by {', '.join(names)}", fault_rows(fault))


def fault_rows(fault: Fault) -> tuple[tuple[str, str], ...]:
    """Op, operand, side, index, line and detail of a fault; what is not known is left out."""
    rows = [("op", fault.op)]
    if fault.operand is not None:
        rows.append(("operand", fault.operand))
    rows.append(("side", fault.side))
    if fault.index is not None:
        rows.append(("first wrong index", str(list(fault.index))))
    if fault.location is not None:
        rows.append(("line", str(fault.location)))
    if fault.testimony is None or not fault.testimony.alone:
        rows.append(("detail", fault.detail))
    return tuple(rows)


def evidence_of(fault: Fault) -> list[Part]:
    """What each witness says at the offending place, and code that shows the fault again."""
    parts: list[Part] = []
    if fault.testimony is not None:
        rows = tuple((voice.who, voice.text) for voice in fault.testimony.voices)
        parts += [
            Table(f"Witnesses: {fault.testimony.what}", ("witness", "says"), rows, (1,)),
            Paragraph(fault.testimony.conclusion),
        ]
    if fault.reproduction is not None:
        note = fault.reproduction.note
        shown = f"To see it again, paste this into a cell ({note})"
        parts.append(
            Code(shown, fault.reproducer, whole=True)
            if fault.reproducer
            else Paragraph(f"{note[:1].upper()}{note[1:]}.")
        )
    return parts


def note_box(gradient: Gradient) -> Callout:
    """What else a reader of one gradient must know."""
    return Callout("note", f"Gradient by {gradient.name}: {gradient.status}", (("", gradient.note),))


def array_detail(value: np.ndarray) -> str:
    """``shape (2, 3), float32``."""
    return f"shape {shape_text(value.shape)}, {value.dtype}"


def gradients(result: CheckResult) -> Section:
    """The values of the gradients, and of the output."""
    shown: list[Part] = [gradient_matrix(gradient, gradient.value) for gradient in result.gradients]
    if result.output is not None:
        shown.append(Section("Output of the network", (output_matrix(result.output),), fold=True))
    return Section("Gradients", tuple(shown))


def gradient_matrix(gradient: Gradient, value: np.ndarray, status: bool = True) -> Matrix:
    """``value`` as the gradient that ``gradient`` describes; values of the live panel have no status."""
    detail = f"{gradient.kind}, {array_detail(value)}"
    return Matrix(gradient.name, f"Gradient by {gradient.name}", detail, value, gradient.status if status else "")


def output_matrix(value: np.ndarray) -> Matrix:
    """The output of the network."""
    return Matrix("output", "Output", array_detail(value), value)


def agreement(result: CheckResult) -> Section:
    """How far the two roads are apart; then whether the rule is right, and how good the floats are."""
    if not result.gradients:
        return Section("Agreement", ())
    head = ("gradient", "shape", "dtype", "status", "max abs", "max rel", "max ulp", "compared", "tolerance")
    rows = tuple(row(gradient) for gradient in result.gradients)
    table = Table(f"Largest differences between {result.between}", head, rows, (4, 5, 6, 7, 8))
    return Section("Agreement", (table, rule_answers(result.gradients), *float_answers(result.gradients)))


def rule_answers(found: Sequence[Gradient]) -> Table:
    """The first question, answered with the arithmetic in which it was asked."""
    rows = tuple((listed(names), answer) for answer, names in grouped(found, "rule_answer").items())
    return Table("Is the rule right?", ("gradient", "answer"), rows)


def float_answers(found: Sequence[Gradient]) -> list[Part]:
    """The second question, for each gradient, and where the tolerances come from."""
    rows = tuple((gradient.name, *accuracy_row(gradient)) for gradient in found)
    head = ("gradient", "digits right", "one rounding grows", "largest error", "tolerance", "nearest to it at")
    origins = [
        f"Tolerance of {listed(names)}: {origin or 'not stated'}." for origin, names in grouped(found, "origin").items()
    ]
    return [Table("How good is the float evaluation?", head, rows), *map(Paragraph, origins)]


def accuracy_row(gradient: Gradient) -> tuple[str, ...]:
    """Digits, condition, error and tolerance of one gradient, in words."""
    accuracy = gradient.accuracy
    if accuracy is None:
        return ("-",) * 5
    grows = "not at all" if accuracy.condition == 0 else f"{short(accuracy.condition, 2)} times"
    return (
        f"{accuracy.digits} of {accuracy.of}",
        "to all there is" if np.isnan(accuracy.condition) else grows,
        f"{short(gradient.max_ulp, 2)} ulp",
        short(gradient.tolerance, 3),
        str(list(accuracy.index)) if accuracy.index else "the number",
    )


def grouped(found: Sequence[Gradient], what: str) -> dict[str, list[str]]:
    """Names of the gradients of which the attribute ``what`` says the same."""
    groups: dict[str, list[str]] = {}
    for gradient in found:
        groups.setdefault(getattr(gradient, what), []).append(gradient.name)
    return groups


def listed(names: Sequence[str], most: int = 4) -> str:
    """``a, b, c``, or the first few and how many more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def row(gradient: Gradient) -> tuple[str, ...]:
    """One line of the agreement table; where nothing was compared there are no differences to show."""
    start = (gradient.name, shape_text(gradient.shape), str(gradient.dtype), gradient.status)
    if not gradient.compared:
        return (*start, "-", "-", "-", "0", "-")
    figures = (gradient.max_abs, gradient.max_rel, gradient.max_ulp)
    return (*start, *(short(f, 3) for f in figures), str(gradient.compared), short(gradient.tolerance, 3))


def enclosed(found: Enclosure) -> Section:
    """What is proven of the distance to the true derivative."""
    parts: list[Part] = [Badge(found.verdict, found.told)]
    if found.gradients:
        caption = "Distance of each gradient from the true derivative: proven bounds"
        parts.append(Table(caption, HEAD, tuple(found.rows()), tuple(range(3, len(HEAD)))))
    parts += [Callout("note", f"Enclosure of {one.name}", (("", one.note),)) for one in found.gradients if one.note]
    return Section("Enclosure", tuple(parts))


def network(flow: Sequence[Flow]) -> Section:
    """The network as a picture, and step by step as a table."""
    if not flow:
        return Section("Network", ())
    picture = Picture("Forward: grey arrows. Backward: coloured arrows, wider where the gradient is larger.",
                      draw(flow), describe(flow))  # fmt: skip
    return Section("Network", (picture, Section("Step by step", (steps(flow),), fold=True)), fold=len(flow) > TALL)


def steps(flow: Sequence[Flow]) -> Table:
    """Each array of the network with its size, its gradient's size and the user's line."""
    rows = tuple(
        (
            node.name,
            f"{node.op}({', '.join(node.operands)})" if node.op else node.kind,
            shape_text(node.shape),
            short(node.norm),
            "none" if node.gradient_norm is None else short(node.gradient_norm),
            f"{node.location.line}: {node.location.text}" if node.location else "",
        )
        for node in flow
    )
    head = ("array", "is", "shape", "rms", "gradient rms", "line")
    return Table("Root mean square of each array and of the gradient that reaches it", head, rows, (3, 4))


def formulas(report: ReportSeen) -> Section:
    """The formulas; those of a report without any give an empty section."""
    parts: list[Part] = []
    for name, formula in report.formulas.items():
        parts.append(Math(name, formula.wrapped(COLUMNS)))
        parts += [Callout("note", f"Formula of {name}", (("", note),)) for note in formula.notes]
    parts += map(Paragraph, tried(report))
    return Section("Formulas", tuple(parts), fold=True)


def tried(report: ReportSeen) -> list[str]:
    """What the formulas were compared with before they were shown, those of one kind together."""
    found: dict[str, list[str]] = {}
    for name, formula in report.formulas.items():
        if formula.evidence is not None:
            found.setdefault(formula.evidence.short, []).append(name)
    return [f"Trial of the formulas of {', '.join(names)}: {short}." for short, names in found.items()]


def code(report: ReportSeen) -> Section:
    """The generated numpy source, and the cell it comes from."""
    parts: list[Part] = []
    if report.source:
        parts += [Code("Compiled plan (numpy)", report.source.rstrip("\n")), Paragraph(amounts(*report.memory))]
    if report.cell_source:
        parts.append(Code("Cell", report.cell_source.rstrip("\n")))
    return Section("Code", tuple(parts), fold=True)
