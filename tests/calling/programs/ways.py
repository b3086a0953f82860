"""Ways to ask for gradients, and steps of training."""

from __future__ import annotations

from typing import Any

import msgrad_ext as mg
import msgrad_ext.nn as nn
from msgrad_ext import ParameterTuple, ops

from .common import LABELS, LEARNING_RATE, Call, X, Y, program, tensor
from .networks import (
    Convolved,
    Dense,
    GradInside,
    GradWeights,
    Parametrised,
    Product,
    Stack,
    WithLoss,
)


@program
def images() -> Call:
    net, x = Convolved(), tensor(2, 1, 6, 6)
    gradient = mg.grad(net, 0, ParameterTuple(net.trainable_params()))
    return lambda: gradient(x)


@program
def tutorial() -> Call:
    outer, x, y = GradInside(Product()), tensor(2, 3), tensor(3, 3)
    return lambda: outer(x, y)


@program
def tutorial_anew() -> Call:
    net, x, y = Product(), tensor(2, 3), tensor(3, 3)
    return lambda: GradInside(net, get_all=True)(x, y)


@program
def tutorial_weights() -> Call:
    outer = GradWeights(Dense())
    return lambda: outer(X)


@program
def tutorial_sens() -> Call:
    outer, x, y, sens = GradInside(Product(), sens_param=True), tensor(2, 3), tensor(3, 3), tensor(2, 3)
    return lambda: outer(x, y, sens)


@program
def operation_anew() -> Call:
    net = Dense()
    return lambda: ops.GradOperation(get_all=True, get_by_list=True)(net, net.trainable_params())(X)


@program
def loss_cell() -> Call:
    net = Dense()
    whole = WithLoss(net, nn.MSELoss())
    gradient = mg.value_and_grad(whole, None, net.trainable_params())
    return lambda: gradient(X, Y)


@program
def cross_entropy() -> Call:
    net = Dense()
    whole = nn.WithLossCell(net, nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean"))
    gradient = mg.value_and_grad(whole, None, net.trainable_params())
    return lambda: gradient(X, LABELS)


@program
def training_step() -> Call:
    net, loss_fn = Dense(), nn.MSELoss()
    optimizer = nn.SGD(net.trainable_params(), LEARNING_RATE)

    def forward_fn(data: Any, label: Any) -> Any:
        logits = net(data)
        loss = loss_fn(logits, label)
        return loss, logits

    grad_fn = mg.value_and_grad(forward_fn, None, optimizer.parameters, has_aux=True)

    def train_step(data: Any, label: Any) -> Any:
        (loss, _), grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    return lambda: train_step(X, Y)


@program
def training_step_made_anew() -> Call:
    net, loss_fn = Dense(), nn.MSELoss()
    optimizer = nn.Adam(net.trainable_params(), LEARNING_RATE)

    def train_step(data: Any, label: Any) -> Any:
        def forward(data: Any, label: Any) -> Any:
            return loss_fn(net(data), label)

        loss, grads = mg.value_and_grad(forward, None, optimizer.parameters)(data, label)
        optimizer(grads)
        return loss

    return lambda: train_step(X, Y)


@program
def lambda_made_anew() -> Call:
    net = Dense()
    return lambda: mg.grad(lambda x: (net(x) ** 2).sum())(X)


@program
def momentum() -> Call:
    net = Stack()
    optimizer = nn.Momentum(net.trainable_params(), 0.01, 0.9)
    step = mg.value_and_grad(lambda x, y: nn.MSELoss()(net(x), y), None, optimizer.parameters)

    def call() -> Any:
        loss, grads = step(X, Y)
        optimizer(grads)
        return loss

    return call


@program
def descent_by_hand() -> Call:
    net = Parametrised()
    gradient = mg.grad(lambda x, y: ((net(x) - y) ** 2).mean(), None, net.trainable_params())

    def call() -> Any:
        found = gradient(X, Y)
        for parameter, one in zip(net.trainable_params(), found):
            parameter.set_data(parameter - LEARNING_RATE * one)
        return found

    return call


@program
def assigned_parameters() -> Call:
    net = Parametrised()
    gradient = ops.GradOperation(get_by_list=True)(net, ParameterTuple(net.trainable_params()))

    def call() -> Any:
        w, b = gradient(X)
        ops.assign(net.w, net.w - 0.1 * w)
        net.b = net.b - 0.1 * b
        return w

    return call


@program
def train_one_step() -> Call:
    net = Dense()
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.01))
    step.set_train()
    return lambda: step(X, Y)


@program
def own_train_step() -> Call:
    class TrainStep(nn.Cell):
        def __init__(self, network: Any, optimizer: Any) -> None:
            super().__init__(auto_prefix=False)
            self.network, self.optimizer = network, optimizer
            self.weights = optimizer.parameters
            self.grad = ops.GradOperation(get_by_list=True)

        def construct(self, *inputs: Any) -> Any:
            loss = self.network(*inputs)
            grads = self.grad(self.network, self.weights)(*inputs)
            self.optimizer(grads)
            return loss

    net = Dense()
    step = TrainStep(WithLoss(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.01))
    return lambda: step(X, Y)


@program
def several_positions() -> Call:
    gradient = mg.grad(lambda x, y: ops.matmul(x.T, y).sum(), (0, 1))
    return lambda: gradient(X, Y)


@program
def by_ids() -> Call:
    net = Parametrised()
    gradient = mg.grad(net, 0, ParameterTuple(net.trainable_params()), return_ids=True)
    return lambda: gradient(X)


@program
def weighted() -> Call:
    net = Dense()
    gradient = mg.grad(net, sens_param=True)
    return lambda: gradient(X, Y)


@program
def second_order() -> Call:
    gradient = mg.grad(mg.grad(lambda x: (x**3).sum()))
    return lambda: gradient(X)


@program
def gradient_penalty() -> Call:
    net = Dense()
    inner = mg.grad(net)

    def penalty(x: Any) -> Any:
        return (inner(x) ** 2).sum()

    outer = mg.grad(penalty, None, net.trainable_params())
    return lambda: outer(X)
