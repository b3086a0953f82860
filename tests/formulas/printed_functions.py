"""The functions that formulas name, by their printed names; mpmath has those that numpy lacks."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np


def _by_mpmath(function: Any) -> Any:
    return np.vectorize(lambda *args: float(function(*args)), otypes=[float])


def _softmax(a: Any, axis: int | None = None) -> Any:
    axis = (0 if a.shape[1] == 1 else 1) if axis is None else axis
    e = np.exp(a - np.max(a))
    return e / np.sum(e, axis=axis, keepdims=True)


def _diag(a: Any) -> Any:
    if not isinstance(a, np.ndarray):
        return a
    return np.diag(a[:, 0]) if a.shape[1] == 1 else np.diag(a).reshape(-1, 1)


def _cofactors(a: np.ndarray) -> np.ndarray:
    result = np.empty(a.shape)
    for i, j in np.ndindex(*a.shape):
        rest = np.delete(np.delete(a, i, 0), j, 1)
        result[i, j] = (-1) ** (i + j) * (np.linalg.det(rest) if rest.size else 1)
    return result


def _cholesky(a: Any) -> Any:
    return np.linalg.cholesky((a + a.T) / 2)


def _where(c: Any, a: Any, b: Any) -> Any:
    return np.where(np.asarray(c) != 0, a, b)


FUNCTIONS: dict[str, Any] = {
    **{name: getattr(np, name) for name in ("exp", "log", "tanh", "sqrt", "abs", "sign", "sin", "cos", "tan")},
    **{name: getattr(np, name) for name in ("sinh", "cosh", "floor", "ceil", "rint", "maximum", "minimum")},
    **{f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "logabs": lambda a: np.log(np.abs(a)),
    "relu": lambda a: np.maximum(a, 0),
    "step": lambda a: np.greater(a, 0) * 1.0,
    "step_half": lambda a: (np.sign(a) + 1) / 2,
    "truncate": np.trunc,
    "power": lambda a, b: np.power(np.asarray(a, float), b),
    "where": _where,
    "indicator": lambda a: a,
    "erf": _by_mpmath(mpmath.erf),
    "erfc": _by_mpmath(mpmath.erfc),
    "erfinv": _by_mpmath(mpmath.erfinv),
    "lgamma": _by_mpmath(lambda a: mpmath.log(abs(mpmath.gamma(a)))),
    "polygamma": _by_mpmath(lambda n, a: mpmath.psi(int(n), a)),
}
MATRIX_FUNCTIONS: dict[str, Any] = {
    "diag": _diag,
    "softmax": _softmax,
    "softmax_of_columns": lambda a: _softmax(a, 0),
    "tr": np.trace,
    "norm": lambda a: np.sqrt(np.sum(np.square(a))),
    "inv": np.linalg.inv,
    "det": lambda a: np.linalg.det(a) if isinstance(a, np.ndarray) else a,
    "logabsdet": lambda a: np.linalg.slogdet(a)[1] if isinstance(a, np.ndarray) else np.log(abs(a)),
    "logdet": lambda a: np.linalg.slogdet(a)[1],
    "cof": _cofactors,
    "chol": _cholesky,
}
CONSTANTS = {"pi": np.pi, "inf": np.inf, "nan": np.nan}
COMPARE: dict[str, Any] = {
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "==": np.equal,
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "|": lambda a, b: b % a == 0,
}
