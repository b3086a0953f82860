"""What to write instead, where a network's code takes a value out of it and would cut its gradient."""

from __future__ import annotations

from ..registry import FUNCTIONS

_REPLACEMENT = {
    "float()": "keep the tensor; a number in it takes part as it is",
    "int()": "keep the tensor, or use ops.cast",
    "item()": "keep the tensor",
    "asnumpy()": "keep the tensor, or use ops.stop_gradient if it is meant as a constant",
    "tolist()": "keep the tensor",
    "numpy()": "keep the tensor, or use ops.stop_gradient if it is meant as a constant",
    "complex()": "keep the tensor; complex numbers have no gradient here",
    "format()": "print the tensor itself, without a format",
    "pickle": "save the result of the network instead",
    "Tensor()": "use ops.stack or ops.concat, or keep the tensor",
    "numpy.asarray()": "use the function of the same name in ops",
}
# numpy's names of what ops calls otherwise.
_OTHER_NAMES = {
    "absolute": "abs", "arccos": "acos", "arcsin": "asin", "arctan": "atan", "arctan2": "atan2", "concatenate": "concat",
    "dot": "matmul", "power": "pow", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div",
    "negative": "neg", "amax": "amax", "clip": "clamp",
}  # fmt: skip


def advice(how: str) -> str:
    """The advice for a tensor that leaves a network by ``how``, such as ``"float()"`` or ``"numpy.sin()"``."""
    name = how.removeprefix("numpy.").removesuffix("()")
    name = _OTHER_NAMES.get(name, name)
    offered = f"use ops.{name} instead" if name in FUNCTIONS else "use the functions of ops"
    return _REPLACEMENT.get(how, offered)
