"""Networks and ops for the tests of the symbolic road, and a reference that shares nothing with the package."""

import numpy as np

import msgrad_ext.primitives  # noqa: F401  (registers the ops)
from msgrad_ext.formulas.evaluation import evaluate_lines
from msgrad_ext.registry import OPS, fn
from msgrad_ext.symbolic.lines import derive
from msgrad_ext.tensor import Tensor
from msgrad_ext.tracing.trace import trace


def arrays(*shapes, seed=0):
    """Positive float64 samples without ties."""
    generator = np.random.default_rng(seed)
    return [generator.uniform(0.3, 1.7, shape) for shape in shapes]


def graph_of(function, *samples):
    """The graph of ``function`` at samples."""
    return trace(function, [Tensor(sample) for sample in samples]).graph


def unary(name):
    return (lambda a: OPS[name]()(a)), [(2, 3)]


def binary(name, first, second):
    return (lambda a, b: OPS[name]()(a, b)), [first, second]


CASES = {name: unary(name) for name in "Neg Abs Square Sqrt Exp Log Reciprocal Sin Cos Tanh Sigmoid ReLU".split()}
for _name in "Add Sub Mul Div RealDiv Pow Maximum Minimum".split():
    CASES[_name] = binary(_name, (2, 3), (2, 3))
    CASES[f"{_name} broadcast"] = binary(_name, (2, 1, 3), (4, 1))
    CASES[f"{_name} one"] = binary(_name, (2, 3), (1,))
    CASES[f"{_name} number"] = ((lambda a, name=_name: OPS[name]()(a, 3.0)), [(2, 3)])
for _name in ("ReduceSum", "ReduceMean", "ReduceMax"):
    for _axis in ((), 0, 1, (0, 2)):
        for _keep in (False, True):
            CASES[f"{_name} {_axis} {_keep}"] = (
                (lambda a, name=_name, axis=_axis, keep=_keep: OPS[name](keep)(a, axis)),
                [(2, 3, 4)],
            )
for _axis in (0, 1, -1):
    CASES[f"Softmax {_axis}"] = (lambda a, axis=_axis: fn.softmax(a, axis)), [(2, 3)]
    CASES[f"LogSoftmax {_axis}"] = (lambda a, axis=_axis: fn.log_softmax(a, axis)), [(2, 3)]
CASES |= {
    "MatMul": ((lambda a, b: a @ b), [(2, 3), (3, 4)]),
    "BatchMatMul": ((lambda a, b: a @ b), [(5, 2, 3), (5, 3, 4)]),
    "matrix times vector": ((lambda a, b: a @ b), [(2, 3), (3,)]),
    "Reshape": ((lambda a: (a.reshape(4, 6) ** 2).reshape(-1)), [(2, 3, 4)]),
    "Reshape one axis": ((lambda a: a.reshape(-1).exp().reshape(3, 1, 2)), [(2, 3)]),
    "Transpose": ((lambda a: a.transpose(2, 0, 1) * 2), [(2, 3, 4)]),
    "ExpandDims": ((lambda a: fn.expand_dims(a, 1)), [(2, 3)]),
    "Squeeze": ((lambda a: fn.squeeze(a, 1)), [(2, 1, 3)]),
    "Concat": ((lambda a, b: fn.concat((a, b), 1) ** 2), [(2, 3), (2, 4)]),
    "Concat of single rows": ((lambda a, b, c: fn.concat((a, b, c), 0) ** 2), [(1, 3), (2, 3), (1, 3)]),
    "stack": ((lambda a, b: fn.stack((a, b), 1)), [(2, 3), (2, 3)]),
    "slice": ((lambda a: a[1:, ::2] ** 2), [(4, 5)]),
    "slice backwards": ((lambda a: a[::-2, 1]), [(5, 4)]),
    "StridedSliceGrad": ((lambda a: OPS["StridedSliceGrad"]((4, 2), (-2, -1), (2, 3), (5, 3))(a)), [(2, 3)]),
    "BroadcastTo": ((lambda a: fn.broadcast_to(a, (4, 2, 3))), [(2, 1)]),
    "Select": ((lambda a, b: fn.select(a > b, a * a, b)), [(2, 3), (2, 3)]),
    "tutorial": ((lambda x, y, z: (x * z) @ y), [(2, 3), (3, 3), (1,)]),
    "mlp": (
        (lambda x, w, b, u, c, t: ((((x @ w + b).tanh() @ u + c) - t) ** 2).mean()),
        [(5, 3), (3, 4), (4,), (4, 2), (2,), (5, 2)],
    ),
    "quadratic form": ((lambda x, a: (x * (a @ x)).sum()), [(3,), (3, 3)]),
    "logistic regression": (
        (lambda x, w, t: -(t * (x @ w).sigmoid().log() + (1 - t) * (1 - (x @ w).sigmoid()).log()).sum()),
        [(4, 3), (3,), (4,)],
    ),
}


def value(derivation, graph, values):
    """The weighted sum of the outputs at arrays, by the forward lines alone."""
    found = evaluate_lines(derivation, values, [derivation.keys[graph.outputs[0]]])
    return np.sum(found[derivation.keys[graph.outputs[0]]] * values["G"])


def slopes(derivation, graph, values, name, step=1e-5):
    """Central differences of fourth order of the meaning itself."""
    result = np.zeros(values[name].shape)
    for place in np.ndindex(result.shape):
        total = 0.0
        for times, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
            moved = values[name].copy()
            moved[place] += times * step * 40
            total += weight * value(derivation, graph, {**values, name: moved})
        result[place] = total / (12 * step * 40)
    return result


__all__ = ["CASES", "OPS", "arrays", "derive", "fn", "graph_of", "slopes", "value"]
