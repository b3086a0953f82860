"""The tutorial's network ``(x z) y`` at three sizes, with ones as the weights of its output and with given ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workload import Arrays, Hand, Workload
from .data import Draw


def net(m: Any, x: Any, y: Any, z: Any) -> Any:
    """``(x z) y``."""
    return (x * z) @ y


def prepare(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Hand:
    """By x, y and z: the two products that one would write down, for any weights of the output."""
    shape = (x.shape[0], y.shape[1])
    ones, scaled, through = np.ones(shape, x.dtype), np.empty_like(x), np.empty_like(x)
    ct_x, ct_y, ct_z = np.empty_like(x), np.empty_like(y), np.empty_like(z)
    multiply = np.multiply

    def hand(x: np.ndarray, y: np.ndarray, z: np.ndarray, sens: np.ndarray = ones) -> Arrays:
        multiply(x, z, scaled)
        scaled.T.dot(sens, ct_y)
        sens.dot(y.T, through)
        multiply(through, z, ct_x)
        ct_z[0] = through.ravel().dot(x.ravel())
        return ct_x, ct_y, ct_z

    return hand


def prepare_by_x(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Hand:
    """By x alone, as the tutorial's ``GradNetWrtX`` asks."""
    ones, through, ct_x = np.ones((x.shape[0], y.shape[1]), x.dtype), np.empty_like(x), np.empty_like(x)
    multiply = np.multiply

    def hand(x: np.ndarray, y: np.ndarray, z: np.ndarray, sens: np.ndarray = ones) -> Arrays:
        sens.dot(y.T, through)
        multiply(through, z, ct_x)
        return (ct_x,)

    return hand


def workloads(small: bool) -> list[Workload]:
    """All of this family."""
    found = []
    for rows, columns, name in ((2, 3, "2x3"), (64, 64, "64"), (512, 512, "512")):
        if small:
            rows, columns = min(rows, 7), min(columns, 7)
        draw = Draw(columns)
        arrays = {"x": draw(rows, columns), "y": draw(columns, columns), "z": np.ones(1, np.float32)}
        wrt, weights = ("x", "y", "z"), ("z",)
        found.append(Workload(f"net_{name}", net, arrays, wrt, prepare, weights, tolerance=1e-3))
        sens = draw(rows, columns)
        found.append(Workload(f"net_{name}_sens", net, arrays, wrt, prepare, weights, sens, tolerance=1e-3))
        if name == "2x3":
            found.append(Workload("net_2x3_x", net, arrays, ("x",), prepare_by_x, weights))
    return found
