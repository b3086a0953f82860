"""Run all cells in MindSpore itself, in an environment of its own, and write down what they give (``recorded.json``).

``--check`` compares with what is written down instead, and says what differs.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from types import ModuleType
from typing import Any

from protocol import RECORDED, cells, difference, outcome


def apart(text: str) -> dict[str, Any]:
    """The outcome of a cell in a process of its own: an error in one cell spoils later ones in MindSpore 2.10."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        import mindspore

        mindspore.set_context(mode=mindspore.PYNATIVE_MODE, pynative_synchronize=True)
        with tempfile.NamedTemporaryFile("w", suffix=".py") as source, os.fdopen(sender, "w") as stream:
            source.write(text)
            source.flush()
            # Graph mode looks names up in the module that a function says it is of.
            module = sys.modules["cell"] = ModuleType("cell")
            stream.write(json.dumps(outcome(text, filename=source.name, namespace=vars(module))))
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver) as stream:
        told = stream.read()
    os.waitpid(child, 0)
    return json.loads(told) if told else {"error": ["SystemExit"], "message": "MindSpore crashed", "printed": ""}


def main() -> int:
    """Record, or check the record."""
    warnings.simplefilter("ignore")
    import mindspore

    wanted = [one for one in sys.argv[1:] if not one.startswith("-")]
    fresh = {}
    for name, text in cells().items():
        if not wanted or any(name.startswith(one) for one in wanted):
            fresh[name] = apart(text)
    if "--check" in sys.argv:
        known = json.loads(RECORDED.read_text(encoding="utf-8"))["cells"]
        wrong = {name: difference(one, known.get(name, {"printed": ""})) for name, one in fresh.items()}
        found = [f"{name}: {told}" for name, told in wrong.items() if told]
        print("\n".join([*found, f"{len(fresh)} cells run in MindSpore {mindspore.__version__}, {len(found)} differ"]))
        return 1 if found else 0
    if wanted and RECORDED.is_file():
        fresh = {**json.loads(RECORDED.read_text(encoding="utf-8"))["cells"], **fresh}
    fresh = {name: fresh[name] for name in cells() if name in fresh}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in fresh.items())
    RECORDED.write_text(f'{{"mindspore": "{mindspore.__version__}", "cells": {{\n{lines}\n}}}}\n', encoding="utf-8")
    print(f"{len(fresh)} cells recorded with MindSpore {mindspore.__version__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
