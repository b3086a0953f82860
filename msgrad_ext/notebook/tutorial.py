"""The cells of MindSpore's tutorial on automatic differentiation, as it has them, and the figures that it prints.

Read by the demo and by the tests of the tutorial's notebook; data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

IMPORTS = """\
import numpy as np
import mindspore.nn as nn
import mindspore.ops as ops
from mindspore import Tensor
from mindspore import ParameterTuple, Parameter
from mindspore import dtype as mstype"""

NET = """\
class Net(nn.Cell):
    def __init__(self):
        super(Net, self).__init__()
        self.matmul = ops.MatMul()
        self.z = Parameter(Tensor(np.array([1.0], np.float32)), name='z')

    def construct(self, x, y):
        x = x * self.z
        out = self.matmul(x, y)
        return out"""

DATA = """\
x = Tensor([[0.8, 0.6, 0.2], [1.8, 1.3, 1.1]], dtype=mstype.float32)
y = Tensor([[0.11, 3.3, 1.1], [1.1, 0.2, 1.4], [1.1, 2.2, 0.3]], dtype=mstype.float32)"""

BY_INPUT = """\
class GradNetWrtX(nn.Cell):
    def __init__(self, net):
        super(GradNetWrtX, self).__init__()
        self.net = net
        self.grad_op = ops.GradOperation()

    def construct(self, x, y):
        gradient_function = self.grad_op(self.net)
        return gradient_function(x, y)"""

BY_WEIGHT = """\
class GradNetWrtX(nn.Cell):
    def __init__(self, net):
        super(GradNetWrtX, self).__init__()
        self.net = net
        self.params = ParameterTuple(net.trainable_params())
        self.grad_op = ops.GradOperation(get_by_list=True)

    def construct(self, x, y):
        gradient_function = self.grad_op(self.net, self.params)
        return gradient_function(x, y)"""

SCALED = """\
class GradNetWrtX(nn.Cell):
    def __init__(self, net):
        super(GradNetWrtX, self).__init__()
        self.net = net
        self.grad_op = ops.GradOperation(sens_param=True)
        self.grad_wrt_output = Tensor([[0.1, 0.6, 0.2], [0.8, 1.3, 1.1]], dtype=mstype.float32)

    def construct(self, x, y):
        gradient_function = self.grad_op(self.net)
        return gradient_function(x, y, self.grad_wrt_output)"""

PRINTED = "output = GradNetWrtX(Net())(x, y)\nprint(output)"


@dataclass(frozen=True)
class Figure:
    """A cell that prints a figure, and what the tutorial prints there."""

    title: str
    cell: str
    expected: tuple[Any, ...]


DEFINITIONS = (IMPORTS, NET, BY_INPUT)
FIGURES = (
    Figure("Derivative by the input x", f"{DATA}\n{PRINTED}", ([[4.5099998, 2.7, 3.6000001]] * 2,)),
    Figure("Derivative by the weight z", f"{BY_WEIGHT}\n\n{PRINTED}", ([21.5359993],)),
    Figure("Output weighted by sens", f"{SCALED}\n\n{PRINTED}", ([[2.211, 0.51, 1.49], [5.588, 2.68, 4.07]],)),
)
