"""How C says what an elementwise op computes: one table. An op that is not in it is called in Python by its voice."""

from __future__ import annotations

import numpy as np

from ..ir import Lit
from ..op import Op
from ..registry import OPS
from ..voice import foreign
from .program import C_TYPES

_HOME = __name__.rpartition(".native.")[0] + "."

# {0}, {1}, {2} are operands, {t} the C type of the result, {f} the ending that C gives to functions of float.
FLOAT_FORMS = {
    "Add": "{0} + {1}",
    "Sub": "{0} - {1}",
    "Mul": "{0} * {1}",
    "Div": "{0} / {1}",
    "RealDiv": "{0} / {1}",
    "Neg": "-{0}",
    "Abs": "m_abs{f}({0})",
    "Sign": "({t})({0} > 0) - ({t})({0} < 0)",
    "Square": "{0} * {0}",
    "SquaredDifference": "m_square{f}({0} - {1})",
    "Sqrt": "m_sqrt{f}({0})",
    "Rsqrt": "1 / m_sqrt{f}({0})",
    "Reciprocal": "1 / {0}",
    "Exp": "m_exp{f}({0})",
    "Exp2": "m_exp2{f}({0})",
    "Expm1": "m_expm1{f}({0})",
    "Log": "m_log{f}({0})",
    "Log1p": "m_log1p{f}({0})",
    "Log2": "m_log2{f}({0})",
    "Log10": "m_log10{f}({0})",
    "Sin": "m_sin{f}({0})",
    "Cos": "m_cos{f}({0})",
    "Tan": "m_tan{f}({0})",
    "Asin": "m_asin{f}({0})",
    "ACos": "m_acos{f}({0})",
    "Atan": "m_atan{f}({0})",
    "Sinh": "m_sinh{f}({0})",
    "Cosh": "m_cosh{f}({0})",
    "Tanh": "m_tanh{f}({0})",
    "Asinh": "m_asinh{f}({0})",
    "Acosh": "m_acosh{f}({0})",
    "Atanh": "m_atanh{f}({0})",
    "Erf": "({t})m_erf((double){0})",
    "Erfc": "({t})m_erfc((double){0})",
    "Maximum": "m_max{f}({0}, {1})",
    "Minimum": "m_min{f}({0}, {1})",
    "ReLU": "m_max{f}({0}, 0)",
    "ReLU6": "m_min{f}(m_max{f}({0}, 0), 6)",
    "HSigmoid": "m_min{f}(m_max{f}({0} + 3, 0), 6) / 6",
    "Sigmoid": "m_sigmoid{f}({0})",
    "LogSigmoid": "m_min{f}({0}, 0) - m_log1p{f}(m_exp{f}(-m_abs{f}({0})))",
    "Softplus": "m_max{f}({0}, 0) + m_log1p{f}(m_exp{f}(-m_abs{f}({0})))",
    "HSwish": "{0} < -3 ? {0} * 0 : {0} * (m_min{f}({0} + 3, 6) / 6)",
    "Elu": "{0} > 0 ? {0} : {1} * m_expm1{f}(-m_abs{f}({0}))",
    "BCEWithLogitsLoss": "m_max{f}({0}, 0) - {0} * {1} + m_log{f}(1 + m_exp{f}(-m_abs{f}({0})))",
    "LogAddExp": "{0} == {1} ? {0} + ({t})0x1.62e42fefa39efp-1 : m_max{f}({0}, {1}) + m_log1p{f}(m_exp{f}(-m_abs{f}({0} - {1})))",
    "Hypot": "m_hypot{f}({0}, {1})",
    "Atan2": "m_atan2{f}({0}, {1})",
    "Fmax": "({0} >= {1}) | ({1} != {1}) ? {0} : {1}",
    "Fmin": "({0} <= {1}) | ({1} != {1}) ? {0} : {1}",
    "Xlogy": "({0} == 0) & ({1} <= 0) ? {0} * 0 : {0} * m_log{f}({1})",
    "Xdivy": "({0} == 0) & ({1} == 0) ? {0} * 0 : {0} / {1}",
    "DivNoNan": "{1} == 0 ? {1} * 0 : {0} / {1}",
    "MulNoNan": "{1} == 0 ? {1} * 0 : {0} * {1}",
    "Heaviside": "{0} == 0 ? {1} : ({t})({0} > 0)",
    "TanhSlope": "m_tanh_slope{f}({0})",
    "Floor": "m_floor{f}({0})",
    "Ceil": "m_ceil{f}({0})",
    "Trunc": "m_trunc{f}({0})",
    "Round": "m_rint{f}({0})",
}

# Of whole numbers that wrap around, as numpy's do (the compiler is told so).
INTEGER_FORMS = {name: FLOAT_FORMS[name] for name in ("Add", "Sub", "Mul", "Neg", "Square")} | {
    "Abs": "{0} < 0 ? -{0} : {0}",
    "Sign": "({0} > 0) - ({0} < 0)",
    "Maximum": "{0} > {1} ? {0} : {1}",
    "Minimum": "{0} < {1} ? {0} : {1}",
}

BOOL_FORMS = {
    "Equal": "{0} == {1}",
    "NotEqual": "{0} != {1}",
    "Less": "{0} < {1}",
    "LessEqual": "{0} <= {1}",
    "Greater": "{0} > {1}",
    "GreaterEqual": "{0} >= {1}",
    "LogicalAnd": "{0} & {1}",
    "LogicalOr": "{0} | {1}",
    "LogicalNot": "!{0}",
}

_UNARY = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 log10 log1p erf erfc"
).split()
# What glibc's vector library has had from the start; the others came with 2.35.
_EARLY = {"sin", "cos", "exp", "log"}


def own(op: Op) -> bool:
    """True for an op of this package, whose voice is as the package wrote it."""
    kind = type(op)
    return OPS.get(kind.__name__, kind) is kind and kind.__module__.startswith(_HOME) and not foreign(kind.numpy)


def form(op: Op, operands: tuple[np.dtype, ...], out: np.dtype) -> str | None:
    """The C expression of an elementwise op, or None."""
    name = type(op).__name__
    if not own(op) or any(kind.name not in C_TYPES for kind in (*operands, out)):
        return None
    if name == "Select" and operands[0].kind == "b":
        return "{0} ? {1} : {2}"
    if name == "Cast":
        return _cast(operands[0], out)
    if name in BOOL_FORMS and out.kind == "b":
        logical = name.startswith("Logical")
        return BOOL_FORMS[name] if not logical or all(kind.kind == "b" for kind in operands) else None
    table = {"f": FLOAT_FORMS, "i": INTEGER_FORMS}.get(out.kind, {})
    if name not in table or any(kind != out for kind in operands):
        return None
    return _typed(table[name], out)


def _typed(text: str, out: np.dtype) -> str:
    return text.replace("{t}", C_TYPES[out.name]).replace("{f}", "f" if out.name == "float32" else "")


def _cast(given: np.dtype, out: np.dtype) -> str | None:
    if out.kind == "b":
        return "{0} != 0"
    if given.kind == "f" and out.kind == "i":
        return None  # what does not fit is undefined in C
    return f"({C_TYPES[out.name]}){{0}}"


def power(exponent: Lit | None, out: np.dtype) -> str | None:
    """``a ** b``; numpy squares where the exponent is the number 2."""
    if out.kind != "f" or out.name not in C_TYPES:
        return None
    if exponent is not None and exponent.value == 2:
        return "{0} * {0}"
    return _typed("m_pow{f}({0}, {1})", out)


def number(value: np.ndarray) -> str:
    """A scalar constant as C spells it, to the last bit."""
    plain = value.item()
    if value.dtype.kind in "bi":
        return f"({int(plain)}LL)" if value.dtype.itemsize == 8 else f"({int(plain)})"
    end = "f" if value.dtype.itemsize == 4 else ""
    if plain != plain:
        return f'__builtin_nan{end}("")'
    if plain in (float("inf"), float("-inf")):
        return f"({'-' if plain < 0 else ''}__builtin_inf{end}())"
    return f"({float(plain).hex()}{end})"


_START = [
    "#include <stddef.h>",
    "#include <string.h>",
    "#include <stdlib.h>",
    "#include <stdint.h>",
    "#define SIMD1",
    "#define SIMD2",
    "#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)",
    "# if __GLIBC_PREREQ(2, 22)",
    "#  undef SIMD1",
    '#  define SIMD1 , simd("notinbranch")',
    "# endif",
    "# if __GLIBC_PREREQ(2, 35)",
    "#  undef SIMD2",
    '#  define SIMD2 , simd("notinbranch")',
    "# endif",
    "#endif",
]


def prelude() -> str:
    """Declarations of the functions that the forms use; those of glibc's vector library carry its attribute."""
    lines = list(_START)
    # Under names of our own gcc does not join a sine and a cosine to one call, which would not be vectorised.
    for name in _UNARY:
        simd = "SIMD1" if name in _EARLY else "SIMD2"
        lines += [
            f'extern {kind} m_{name}{end}({kind}) __asm__("{name}{end}") __attribute__((const, nothrow {simd}));'
            for kind, end in (("double", ""), ("float", "f"))
        ]
    for kind, end in (("double", ""), ("float", "f")):
        lines += [
            f'extern {kind} m_{name}{end}({kind}, {kind}) __asm__("{name}{end}") __attribute__((const, nothrow {simd}));'
            for name, simd in (("pow", "SIMD1"), ("hypot", "SIMD2"), ("atan2", "SIMD2"))
        ]
        lines += [
            f"#define m_{name}{end} __builtin_{builtin}{end}"
            for name, builtin in (
                ("abs", "fabs"),
                ("sqrt", "sqrt"),
                ("floor", "floor"),
                ("ceil", "ceil"),
                ("trunc", "trunc"),
                ("rint", "rint"),
                ("fma", "fma"),
            )
        ]
        lines.append(_FUNCTIONS.replace("T", kind).replace("@", end))
    return "\n".join(lines) + "\n"


_FUNCTIONS = """\
static inline T m_square@(T a) { return a * a; }
static inline T m_max@(T a, T b) { return (a > b) | (a != a) ? a : b; }
static inline T m_min@(T a, T b) { return (a < b) | (a != a) ? a : b; }
static inline T m_sigmoid@(T a) { T e = m_exp@(-m_abs@(a)); return (a >= 0 ? 1 : e) / (1 + e); }
static inline T m_tanh_slope@(T a) { T e = m_exp@(-2 * m_abs@(a)); return 4 * e / ((1 + e) * (1 + e)); }
static inline T row_max@(const T *a, long n) {
    T m[16]; long i = 0; for (int j = 0; j < 16; j++) m[j] = a[0];
    for (; i + 16 <= n; i += 16) for (int j = 0; j < 16; j++) m[j] = m_max@(a[i + j], m[j]);
    for (; i < n; i++) m[0] = m_max@(a[i], m[0]);
    for (int j = 1; j < 16; j++) m[0] = m_max@(m[0], m[j]);
    return m[0];
}
static inline T row_min@(const T *a, long n) {
    T m[16]; long i = 0; for (int j = 0; j < 16; j++) m[j] = a[0];
    for (; i + 16 <= n; i += 16) for (int j = 0; j < 16; j++) m[j] = m_min@(a[i + j], m[j]);
    for (; i < n; i++) m[0] = m_min@(a[i], m[0]);
    for (int j = 1; j < 16; j++) m[0] = m_min@(m[0], m[j]);
    return m[0];
}"""

# A sum of floats is collected in a double, one of doubles together with what rounding lost (Neumaier).
SUMS = """\
#define WIDEf(total, lost, part) total += (double)(part)
#define TOTALf(total, lost) ((float)(total))
#define WIDE(total, lost, part) do { double p_ = (part), t_ = (total) + p_; \\
    lost += __builtin_fabs(total) >= __builtin_fabs(p_) ? ((total) - t_) + p_ : (p_ - t_) + (total); total = t_; } while (0)
#define TOTAL(total, lost) ((lost) - (lost) == 0 ? (total) + (lost) : (total))
"""
