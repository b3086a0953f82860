"""Networks that several tests of gradients use."""

from __future__ import annotations

import numpy as np

from msgrad_ext import Parameter, Tensor, nn


class Two(nn.Cell):
    """Two trainable parameters, a frozen one, and one that is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.w = Parameter(np.array([2.0, 3.0]))
        self.b = Parameter(np.array([0.5, 0.25]))
        self.frozen = Parameter(np.array(4.0), requires_grad=False)
        self.unused = Parameter(np.array([1.0, 1.0, 1.0]))

    def construct(self, x: Tensor) -> Tensor:
        return x * self.w * self.frozen + self.b
