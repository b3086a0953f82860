"""How formulas of second order are headed, and Kronecker products written: with either printer."""

from __future__ import annotations

from collections.abc import Sequence

from ..symbolic.kronecker import KroneckerSum, Product
from ..symbolic.notation import ONE, Node
from ..symbolic.printing import ADD, ATOM, MUL, Printer


def nabla(printer: Printer, first: str, second: str) -> str:
    """The sign of a block."""
    return f"\\nabla^{{2}}_{{{first},\\,{second}}}" if printer.latex else f"∇²_{{{first}, {second}}}"


def element(printer: Printer, base: str, letters: Sequence[str]) -> str:
    """An element of a block."""
    at = ", ".join(letters)
    return f"\\left({base}\\right)_{{{at}}}" if printer.latex else f"{base}[{at}]"


def applied(printer: Printer, base: str, direction: str, linear_map: bool) -> str:
    """A block times a direction; in brackets where the block is no matrix."""
    if linear_map:
        return f"{base}\\left[{direction}\\right]" if printer.latex else f"{base}[{direction}]"
    return f"{base}\\,{direction}" if printer.latex else f"{base} {direction}"


def vectorised(printer: Printer, name: str) -> str:
    """An array with its rows under each other."""
    return f"\\operatorname{{vec}}\\left({name}\\right)" if printer.latex else f"vec({name})"


def with_definitions(printer: Printer, text: str, where: Sequence[str]) -> str:
    """An equation, and the definitions of what it names."""
    if not where:
        return text
    if printer.latex:
        return text + r" \quad\text{where}\quad " + r",\quad ".join(where)
    return text + " where " + ", ".join(where)


def kronecker_text(printer: Printer, terms: KroneckerSum, sign: str) -> str:
    """A sum of Kronecker products; ``sign`` is the letter of the commutation matrix."""
    text = ""
    for one in terms.terms:
        shown, falls = _product(printer, one, sign)
        text += (" - " if falls else " + ") + shown if text else ("-" if falls else "") + shown
    return text


def _product(printer: Printer, one: Product, sign: str) -> tuple[str, bool]:
    """A term, and whether it is subtracted."""
    space, times = ("\\,", " \\otimes ") if printer.latex else (" ", " ⊗ ")
    if one.kind in ("vec", "out", "in"):
        left = vectorised(printer, printer.show(one.left)) if one.kind != "in" else printer.show(one.left, MUL)
        right = vectorised(printer, printer.show(one.right)) if one.kind != "out" else printer.show(one.right, ATOM)
        body = f"{left}{space}{right}" + ("^{\\top}" if printer.latex else "^T")
    else:
        body = times.join(_side(printer, side) for side in (one.left, one.right))
        if one.coefficient != ONE or one.turned:
            body = printer.wrap(body)
    if one.turned:
        lengths = ", ".join(printer.number(n)[0] for n in one.turned)
        body += f"{space}{sign}_{{{lengths}}}"
    return _times(printer, one.coefficient, body, space)


def _side(printer: Printer, side: Node) -> str:
    """A factor; powers need no parentheses next to the sign."""
    return printer.show(side, ATOM if side.kind in ("prod", "scale", "add", "had", "number") else ADD)


def _times(printer: Printer, coefficient: Node, body: str, space: str) -> tuple[str, bool]:
    if coefficient == ONE:
        return body, False
    number = printer.show(coefficient, MUL if coefficient.kind == "add" else ADD)
    falls = number.startswith("-")
    number = number[1:] if falls else number
    return (body if number == "1" else f"{number}{space}{body}"), falls


__all__ = ["applied", "element", "kronecker_text", "nabla", "vectorised", "with_definitions"]
