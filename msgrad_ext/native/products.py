"""Matrix products: small ones as loops, the others by numpy's own BLAS, whose functions are handed in as pointers."""

from __future__ import annotations

import math
from collections.abc import Callable

from .program import Access, Product

# Up to so many multiplications a loop is faster than a call of BLAS; longer sums in one order would be slow and inexact.
SMALL, SHORT = 5000, 64


def small(product: Product) -> bool:
    """True for a product that is written out as loops."""
    (m, k), n = product.operands[0].shape[-2:], product.operands[1].shape[-1]
    return m * n * k <= SMALL and k <= SHORT


def small_text(product: Product) -> str:
    """The function of a small product of two matrices, without its name."""
    a, b = product.operands
    (m, k), n, kind = a.shape[-2:], b.shape[-1], product.out.ctype
    (a_down, a_along), (b_down, b_along) = a.strides[-2:], b.strides[-2:]
    fused = "m_fma" + ("f" if kind == "float" else "")
    lines = [f"(const {kind} *restrict a, const {kind} *restrict b, {kind} *restrict c) {{"]
    rows = "b"
    if b_along != 1 and n > 1:
        rows = "t"
        lines += [
            f"    {kind} t[{k * n}];",
            f"    for (int k = 0; k < {k}; k++) for (int j = 0; j < {n}; j++) t[k * {n} + j] = "
            f"b[k * {b_down} + j * {b_along}];",
        ]
        b_down = n
    lines += [
        f"    for (int i = 0; i < {m}; i++) {{",
        f"        {kind} s[{n}];",
        f"        for (int j = 0; j < {n}; j++) s[j] = 0;",
        f"        for (int k = 0; k < {k}; k++) for (int j = 0; j < {n}; j++)",
        f"            s[j] = FMA({fused}, a[i * {a_down} + k * {a_along}], {rows}[k * {b_down} + j], s[j]);",
        f"        for (int j = 0; j < {n}; j++) c[i * {n} + j] = s[j];",
        "    }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def stacked(product: Product, call: Callable[[str, str, str], str]) -> list[str]:
    """``call`` of the pointers' offsets, once for each matrix of a stack."""
    lead = product.out.shape[:-2]
    step = product.out.shape[-2] * product.out.shape[-1]
    strides = [one.strides[:-2] for one in product.operands]
    outer = [math.prod(lead[axis + 1 :]) * step for axis in range(len(lead))]
    indices = ["".join(f" + b{axis} * {by[axis]}" for axis in range(len(lead)) if by[axis]) for by in (*strides, outer)]
    lines = [call(*indices)]
    for axis in reversed(range(len(lead))):
        lines = [f"for (long b{axis} = 0; b{axis} < {lead[axis]}; b{axis}++) {{", *lines, "}"]
    return lines


def blas(product: Product, a: str, b: str, c: str) -> str:
    """A call of BLAS; ``a``, ``b``, ``c`` are pointer expressions."""
    left, right = product.operands
    (m, k), n = left.shape[-2:], right.shape[-1]
    letter = "s" if product.out.ctype == "float" else "d"
    if n == 1 or m == 1:
        matrix, vector, pointers = (left, right, (a, b)) if n == 1 else (_turned(right), _turned(left), (b, a))
        trans, ld = _layout(matrix)
        rows, columns = matrix.shape[-2:] if trans == 111 else reversed(matrix.shape[-2:])
        step = vector.strides[-2] if vector.shape[-2] > 1 else 1
        return (
            f"BLAS_{letter}gemv(101, {trans}, {rows}, {columns}, 1, {pointers[0]}, {ld}, {pointers[1]}, {step}, "
            f"0, {c}, 1);"
        )
    (trans_a, ld_a), (trans_b, ld_b) = _layout(left), _layout(right)
    return f"BLAS_{letter}gemm(101, {trans_a}, {trans_b}, {m}, {n}, {k}, 1, {a}, {ld_a}, {b}, {ld_b}, 0, {c}, {n});"


def _turned(access: Access) -> Access:
    shape, strides = access.shape, access.strides
    return Access(access.value, (*shape[:-2], shape[-1], shape[-2]), (*strides[:-2], strides[-1], strides[-2]),
                  access.offset)  # fmt: skip


def _layout(access: Access) -> tuple[int, int]:
    """CBLAS's word for the matrix as it stands (111) or turned (112), and the length of its lines."""
    (rows, columns), (down, along) = access.shape[-2:], access.strides[-2:]
    if columns == 1:
        return 111, down if rows > 1 else 1
    if rows == 1:
        return (111, columns) if along == 1 else (112, along)
    return (111, down) if along == 1 and down >= columns else (112, along)


def declarations(letters: set[str], wide: bool) -> str:
    """The types and places of BLAS's functions; ``wide`` says that its integers have 64 bits."""
    integer = "int64_t" if wide else "int"
    lines = []
    for letter in sorted(letters):
        kind = "float" if letter == "s" else "double"
        matrix = f"const {kind} *, {integer}"
        head = f"int, int, {integer}, {integer}, {kind}, {matrix}, {matrix}, {kind}, {kind} *, {integer}"
        lines += [
            f"static void (*BLAS_{letter}gemv)({head});",
            f"static void (*BLAS_{letter}gemm)("
            f"int, int, int, {integer}, {integer}, {integer}, {kind}, {matrix}, {matrix}, {kind}, {kind} *, {integer});",
        ]
    return "\n".join(lines) + "\n"


def names(letters: set[str]) -> list[str]:
    """The functions of BLAS for these types of elements."""
    return [f"{letter}{name}" for letter in sorted(letters) for name in ("gemv", "gemm")]


NAMES = ("sgemv", "sgemm", "dgemv", "dgemm")
