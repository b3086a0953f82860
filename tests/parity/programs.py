"""Cells of ``programs_*.txt`` where this package does not follow MindSpore 2.10: the reason, and right values if any."""

from __future__ import annotations

from typing import Any

_STRICT = "MindSpore lets pass what can only be a mistake, or finds it out later"
_DIGITS = "its logarithm is right to five digits only"
_KERNEL = "vmap of a product of matrices calls the wrong kernel"

PROGRAMS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(
        (
            "programs_gradients:jacfwd position string",
            "programs_mistakes:grad position bool",
            "programs_mistakes:value_and_grad of none",
            "programs_mistakes:matmul flag positional number",
            "programs_mistakes:sub of bools",
            "programs_mistakes:jit of a number",
            "programs_mistakes:smooth l1 negative beta",
        ),
        (_STRICT, None),
    ),
    "programs_mistakes:weights of numbers": (
        "an internal null pointer is found out; here the kind of argument is",
        None,
    ),
    "programs_networks:RNN input of rank one": ("a tuple is read past its end; here the shape is refused", None),
    "programs_networks:embedding bag of words": (_DIGITS, None),
    "programs_networks:multi task losses": (_DIGITS, None),
    "programs_gradients:vmap matmul": (_KERNEL, [1, 3, 23, 33, 77, 95]),
    "programs_gradients:setitem of a row": (
        "the gradient of what is broadcast into a slice has the slice's shape, not the tensor's",
        [[2, 4, 6], [8, 10]],
    ),
}
