"""Run a cell of MindSpore code and write down what it gives: the same for MindSpore itself and for this package.

It needs numpy only, so that it runs in MindSpore's environment too. A cell's outcome is what it prints, the value of its
last expression, or the error that ends it.
"""

from __future__ import annotations

import ast
import contextlib
import io
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

CELLS = Path(__file__).parent / "cells"
RECORDED = Path(__file__).parent / "recorded.json"
PREAMBLE = """
import numpy as np
import mindspore as ms
from mindspore import Tensor, Parameter, ParameterTuple, nn, ops
from mindspore import dtype as mstype
from mindspore.ops import GradOperation
""".lstrip()

# Relative distance at which floats of a dtype count as equal; a smaller one than the dtype's own unit is of no use.
CLOSE = {"Float16": 2e-3, "Float32": 3e-6, "Float64": 3e-7, "": 3e-6}
_DTYPE = re.compile(r"(Float|Int|UInt|Bool|Complex)\d*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|inf|nan)")


def cells() -> dict[str, str]:
    """All cells by name: ``file:title``. In a file, a line ``# %% title`` begins a cell; what stands before leads each."""
    found: dict[str, str] = {}
    for path in sorted(CELLS.glob("*.txt")):
        lead, *parts = re.split(r"^# %% ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for part in parts:
            title, _, body = part.partition("\n")
            name = f"{path.stem}:{title.strip()}"
            if name in found:
                raise ValueError(f"There are two cells called {name}.")
            found[name] = lead + body
    return found


def outcome(
    text: str,
    rewrite: Callable[[ast.Module], ast.Module] = lambda tree: tree,
    filename: str = "<cell>",
    namespace: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What a cell gives: ``printed``, and ``value`` or ``error``. MindSpore reads source again: from ``filename``."""
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    printed = io.StringIO()
    result: dict[str, Any] = {}
    try:
        exec(compile(rewrite(ast.parse(PREAMBLE)), "<preamble>", "exec"), namespace)
        tree = rewrite(ast.parse(text))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, filename, "exec"), namespace)
            if last is not None:
                result["value"] = encode(eval(compile(ast.Expression(last.value), filename, "eval"), namespace))
    except Exception as error:  # noqa: BLE001 - any error is an outcome
        result["error"] = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"][:-3]
        message = (str(error).strip().splitlines() or [""])[0][:200]
        # A message with a path in it would tell of one machine.
        result["message"] = "" if "/" in message else message
    result["printed"] = printed.getvalue()
    return result


def encode(value: Any) -> Any:
    """A value as JSON: containers by kind, tensors with dtype and shape."""
    if hasattr(value, "asnumpy") and hasattr(value, "dtype"):
        kind = "Parameter" if type(value).__name__ == "Parameter" else "Tensor"
        array = value.asnumpy()
        return {"kind": kind, "dtype": str(value.dtype), "shape": list(array.shape), "values": _plain(array)}
    if isinstance(value, np.ndarray):
        return {"kind": "ndarray", "dtype": str(value.dtype), "shape": list(value.shape), "values": _plain(value)}
    if isinstance(value, (tuple, list)):
        return {"kind": "list" if isinstance(value, list) else "tuple", "items": [encode(one) for one in value]}
    if isinstance(value, dict):
        return {"kind": "dict", "items": [[str(key), encode(one)] for key, one in value.items()]}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, np.floating)):
        return _float(float(value))
    if _DTYPE.fullmatch(str(value)):
        return {"kind": "dtype", "type": str(value)}
    return {"kind": "object", "type": type(value).__name__}


def _plain(array: np.ndarray) -> list[Any]:
    if array.dtype.kind == "f":
        return [_float(float(one)) for one in array.ravel()]
    return [str(one) if array.dtype.kind == "c" else one for one in array.ravel().tolist()]


def _float(number: float) -> Any:
    return number if math.isfinite(number) else str(number)


def difference(mine: Any, theirs: Any) -> str | None:
    """What differs between two outcomes, in a few words; None if nothing does."""
    if "error" in theirs or "error" in mine:
        if "error" in mine and "error" in theirs and theirs["error"][0] in mine["error"]:
            return None
        told = [f"{one['error'][0]}: {one['message']}" if "error" in one else "no error" for one in (mine, theirs)]
        return f"{told[0]}, not {told[1]}"
    return _differs(mine.get("value"), theirs.get("value"), "value") or _texts(mine["printed"], theirs["printed"])


def _differs(mine: Any, theirs: Any, where: str) -> str | None:
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in ("kind", "type", "dtype", "shape"):
            if mine.get(key) != theirs.get(key):
                return f"{where}: {key} {mine.get(key)}, not {theirs.get(key)}"
        if "values" in theirs:
            return _numbers(mine["values"], theirs["values"], CLOSE.get(theirs["dtype"], CLOSE[""]), where)
        if len(mine.get("items", ())) != len(theirs.get("items", ())):
            return f"{where}: {len(mine['items'])} items, not {len(theirs['items'])}"
        pairs = zip(mine.get("items", ()), theirs.get("items", ()))
        return next(
            (told for n, (a, b) in enumerate(pairs) for told in [_differs(a, b, f"{where}[{n}]")] if told), None
        )
    if isinstance(theirs, list) and isinstance(mine, list) and len(theirs) == len(mine):
        return next((told for a, b in zip(mine, theirs) for told in [_differs(a, b, where)] if told), None)
    if isinstance(theirs, float) and isinstance(mine, float):
        return _numbers([mine], [theirs], CLOSE[""], where)
    return None if type(mine) is type(theirs) and mine == theirs else f"{where}: {mine!r}, not {theirs!r}"


def _numbers(mine: list[Any], theirs: list[Any], close: float, where: str) -> str | None:
    a, b = (
        np.array([float(one) if not isinstance(one, bool) else one for one in side], float) for side in (mine, theirs)
    )
    scale = float(np.max(np.abs(b), where=np.isfinite(b), initial=0.0))
    if np.allclose(a, b, rtol=close, atol=close * scale * 0.1, equal_nan=True):
        return None
    return f"{where}: {mine[:8]}, not {theirs[:8]}"


def _texts(mine: str, theirs: str) -> str | None:
    """Texts are equal when their words are, and their numbers to float32; blanks are those of equal numbers."""
    mine, theirs = (re.sub(r" at 0x[0-9a-f]+", "", text) for text in (mine, theirs))
    words = [_NUMBER.sub("#", re.sub(r"\s+", " ", text)).strip() for text in (mine, theirs)]
    # A digit more or less moves numpy's columns, so blanks count only where there are no numbers beside them.
    words = [re.sub(r" ?# ?", "#", text) for text in words]
    if words[0] != words[1]:
        return f"printed {mine!r}, not {theirs!r}"
    return _numbers(_NUMBER.findall(mine), _NUMBER.findall(theirs), CLOSE[""], "printed")
