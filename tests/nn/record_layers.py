"""Write down what MindSpore gives for the layers of `layer_cases`: ``python tests/nn/record_layers.py`` where it is installed.

Addresses are left out of what it prints, and numbers are rounded to seven digits. No test runs this.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def flat(value: Any) -> list[Any]:
    """The tensors of a result, in order."""
    return [one for part in value for one in flat(part)] if isinstance(value, (tuple, list)) else [value]


def numbers(tensor: Any) -> list[float]:
    """Its elements."""
    return [float(f"{one:.7g}") for one in np.asarray(tensor.asnumpy(), np.float64).ravel()]


def recorded(case: Any, cases: Any, ms: Any) -> dict[str, Any]:
    """What one layer prints, holds, gives and passes back."""
    net = case.make(ms.nn)
    net.set_train(case.train)
    held = list(net.get_parameters())
    result: dict[str, Any] = {
        "repr": re.sub(r" at 0x[0-9a-f]+", "", repr(net)),
        "parameters": [[one.name, list(one.shape), one.requires_grad] for one in held],
    }
    first = [cases.weights(one.name, one.shape, place) for place, one in enumerate(held)]
    inputs = [ms.Tensor(one) for one in cases.inputs(case)]
    for one, value in zip(held, first):
        one.set_data(ms.Tensor(value))
    out = net(*inputs)
    result |= {"structure": type(out).__name__, "outputs": [[list(one.shape), numbers(one)] for one in flat(out)]}
    result["after"] = {
        one.name: numbers(one) for one, value in zip(held, first) if not np.array_equal(one.asnumpy(), value)
    }
    for one, value in zip(held, first):
        one.set_data(ms.Tensor(value))
    trained = ms.ParameterTuple([one for one in held if one.requires_grad])
    take = ms.ops.GradOperation(get_all=True, get_by_list=bool(trained), sens_param=True)
    weights = cases.like(out, ms.Tensor)
    found = take(net, trained)(*inputs, weights) if trained else (take(net)(*inputs, weights), ())
    result["gradients"] = [] if case.ids else [numbers(one) for one in found[0]]
    result["weights"] = {one.name: numbers(gradient) for one, gradient in zip(trained, found[1])}
    return result


def main() -> None:
    """Record all layers and refusals."""
    import layer_cases as cases
    import mindspore as ms

    ms.set_context(pynative_synchronize=True)
    lines = [f'"{name}": {json.dumps(recorded(case, cases, ms))}' for name, case in cases.CASES.items()]
    refused = {}
    for name, make in cases.REFUSED.items():
        try:
            make(ms.nn, ms.Tensor)
        except Exception as error:  # noqa: BLE001 - its kind is what is recorded
            refused[name] = type(error).__name__
    text = ",\n".join(lines)
    (HERE / "recorded_layers.json").write_text(
        f'{{"mindspore": "{ms.__version__}", "refused": {json.dumps(refused)}, "layers": {{\n{text}\n}}}}\n'
    )


if __name__ == "__main__":
    main()
