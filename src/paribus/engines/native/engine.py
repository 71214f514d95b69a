"""The engine whose kernels are our own: CPU training close to the machine's limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from time import perf_counter

import numpy as np

from paribus.engines.base import (
    HEEDED,
    OWN_LAYERS_ONLY,
    Engine,
    Epoch,
    Floats,
    Labels,
    Predictor,
    Score,
    Split,
    State,
    Task,
)
from paribus.engines.checks import check_batches
from paribus.engines.native.library import (
    Method,
    Operation,
    Optimizer,
    Record,
    TensorKind,
    describe,
    load,
)
from paribus.engines.native.network import NativeNetwork
from paribus.spec import layers
from paribus.spec.experiment import Experiment
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Node, Plan, Tensor
from paribus.spec.recipe import AdamW, RmsProp, Sgd

# Training steps per kernel call. Python can handle Ctrl-C only between calls.
_STEPS_AT_ONCE = 8

_AVERAGES = {
    TensorKind.PARAMETERS: TensorKind.AVERAGES,
    TensorKind.STATISTICS: TensorKind.STATISTICS_AVERAGES,
}

# What each layer is in a program, or is not.
_SIMPLE: dict[type[layers.Layer], Operation] = {
    layers.Relu: Operation.RELU,
    layers.Tanh: Operation.TANH,
    layers.Sigmoid: Operation.SIGMOID,
    layers.Silu: Operation.SILU,
    layers.Gelu: Operation.GELU,
    layers.BatchNorm: Operation.BATCH_NORM,
    layers.GlobalAvgPool: Operation.GLOBAL_AVERAGE_POOL,
    layers.Flatten: Operation.FLATTEN,
}


_KNOWN = (
    *_SIMPLE,
    *(layers.Conv, layers.Linear, layers.MaxPool, layers.AvgPool, layers.LeakyRelu),
    *(layers.LayerNorm, layers.GroupNorm, layers.Dropout, layers.Residual, layers.Concat),
)


class NativeEngine(Engine):
    """Trains networks of Paribus's own layers on the CPU.

    threads: cores that one run uses; the results are bit-identical for any number.
    """

    name = "native"

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    @property
    def bits(self) -> str:
        """The version of the kernels' arithmetic, which fixes the bits of results. They do
        not depend on processor, compiler or number of threads."""
        return describe(load())["bits"]

    @property
    def heeds(self) -> frozenset[str]:
        """The settings that it does something for."""
        return HEEDED

    def supports(self, network: Plan | ModuleNetwork, experiment: Experiment) -> str | None:
        """Return None if it can train an experiment, else why not, after "because"."""
        if isinstance(network, ModuleNetwork):
            return OWN_LAYERS_ONLY
        for node in network.walk():
            if not isinstance(node.layer, _KNOWN):
                return f'it has no layer "{node.layer.kind}"'
        return None

    def start(self, task: Task, state: State | None = None) -> NativeTraining:
        """Return a training from the beginning, or from the state that an earlier one gave."""
        check_batches(task.network, len(task.train), task.batch_size)
        return NativeTraining(task, self.threads, state)

    def predictor(self, network: Plan | ModuleNetwork, tensors: Mapping[str, Floats]) -> Predictor:
        """Return a predictor of a trained network."""
        assert isinstance(network, Plan)
        channels, height, width = network.input_shape
        program = list(_program(network.nodes))
        loaded = NativeNetwork(program, (channels, height, width), threads=self.threads)
        for kind, index, tensor in _network_places(network).values():
            loaded.write(kind, index, tensors[tensor.name])

        def predict(images: Floats) -> Floats:
            return loaded.evaluate(np.ascontiguousarray(images, np.float32))[0]

        return predict


def make(cores: int) -> NativeEngine:
    """Return the engine, with as many threads for a run. Raises `UserError` if it was not built."""
    load()
    return NativeEngine(cores)


class NativeTraining:
    """A run in progress."""

    def __init__(self, task: Task, threads: int, state: State | None) -> None:
        assert isinstance(task.network, Plan)
        self._task, self._plan = task, task.network
        channels, height, width = self._plan.input_shape
        self._network = NativeNetwork(
            list(_program(self._plan.nodes)),
            (channels, height, width),
            _optimizer(task),
            label_smoothing=task.label_smoothing,
            ema=task.ema,
            threads=threads,
        )
        if task.augmented is None:
            self._network.prepare(task.train.images)
        self._dropouts = [
            node.name for node in self._plan.walk() if isinstance(node.layer, layers.Dropout)
        ]
        self._epoch = 0
        for name, (kind, index, tensor) in self._places().items():
            if state is not None:
                self._network.write(kind, index, state[name].astype(np.float32))
            elif kind in (TensorKind.PARAMETERS, TensorKind.STATISTICS):
                self._network.write(kind, index, task.initial[tensor.name])
        if state is not None:
            self._epoch = int(state["epoch"])
            self._network.updates = self._epoch * task.steps_per_epoch

    def run_epoch(self) -> Epoch:
        """Train the next epoch, then evaluate on the test images (and the validation images)."""
        start = perf_counter()
        train = self._train(self._epoch + 1)
        trained = perf_counter()
        held_out = self._task.validation
        with self._network.averaged():
            test = self._evaluate(self._task.test)
            tested = perf_counter()
            validation = None if held_out is None else self._evaluate(held_out)
        self._epoch += 1
        return Epoch(self._epoch, train, test, validation, trained - start, tested - trained)

    def state(self) -> State:
        """Return a copy of all state needed to resume from here."""
        kept: State = {
            name: self._network.read(kind, index).reshape(tensor.shape)
            for name, (kind, index, tensor) in self._places().items()
        }
        return kept | {"epoch": np.array(self._epoch)}

    def tensors(self) -> dict[str, Floats]:
        """The network's tensors by name, as copies: parameters and running statistics."""
        with self._network.averaged():
            return {
                tensor.name: self._network.read(kind, index).reshape(tensor.shape)
                for kind, index, tensor in _network_places(self._plan).values()
            }

    def probabilities(self) -> Floats:
        """The predicted probability of each class for every test image: (N, K)."""
        with self._network.averaged():
            return self._network.evaluate(np.ascontiguousarray(self._task.test.images))[0]

    def _train(self, epoch: int) -> Score:
        """One pass over the training images; the mean score of its batches."""
        task = self._task
        batches = task.batches(epoch)
        sizes, order = np.array([len(batch) for batch in batches]), np.concatenate(batches)
        rates = task.learning_rates(epoch)
        for index, name in enumerate(self._dropouts):
            self._network.set_dropout(index, task.randomness.dropout(name, epoch))
        losses, correct = np.empty(len(rates)), np.empty(len(rates))
        images_of = self._images_of(epoch, order)
        for first in range(0, len(rates), _STEPS_AT_ONCE):
            steps = slice(first, first + _STEPS_AT_ONCE)
            images, labels, numbers = images_of(first)
            losses[steps], correct[steps] = self._network.train(
                images,
                labels,
                numbers,
                batch_size=task.batch_size,
                learning_rates=rates[steps],
                first_step=first,
            )
        return Score(float((losses / sizes).mean()), float((correct / sizes).mean()))

    def _images_of(
        self, epoch: int, order_N: Labels
    ) -> Callable[[int], tuple[Floats, Labels, Labels]]:
        """What gives images and labels for some steps of an epoch, by the first of them, and the
        order (N,) in which the epoch goes through these images."""
        task = self._task
        if task.augmented is None:
            return lambda first: (task.train.images, task.train.labels, order_N)
        made = task.training_images(epoch)

        def of(first: int) -> tuple[Floats, Labels, Labels]:
            begin = first * task.batch_size
            used = order_N[begin : begin + _STEPS_AT_ONCE * task.batch_size]
            return made(used), task.train.labels[used], np.arange(len(order_N)) - begin

        return of

    def _evaluate(self, split: Split) -> Score:
        probabilities, losses = self._network.evaluate(split.images, split.labels)
        assert losses is not None
        correct = probabilities.argmax(axis=1) == split.labels
        return Score(float(losses.mean()), float(correct.mean()))

    def _places(self) -> dict[str, tuple[TensorKind, int, Tensor]]:
        """Where the kernels keep what a state consists of, by its name there."""
        places = _network_places(self._plan)
        optimizer = self._task.optimizer
        moments: dict[str, TensorKind] = {}
        if isinstance(optimizer, RmsProp):
            moments = {"rmsprop.square": TensorKind.SECOND_MOMENTS}
            if optimizer.momentum:
                moments["rmsprop.momentum"] = TensorKind.FIRST_MOMENTS
        elif not isinstance(optimizer, Sgd):
            moments = {
                "adam.mean": TensorKind.FIRST_MOMENTS,
                "adam.square": TensorKind.SECOND_MOMENTS,
            }
        elif optimizer.momentum:
            moments = {"sgd.momentum": TensorKind.FIRST_MOMENTS}
        averages = {
            f"average/{tensor.name}": (_AVERAGES[kind], index, tensor)
            for kind, index, tensor in places.values()
            if self._task.ema
        }
        return (
            places
            | averages
            | {
                f"{group}/{tensor.name}": (kind, index, tensor)
                for group, kind in moments.items()
                for trained, index, tensor in places.values()
                if trained == TensorKind.PARAMETERS
            }
        )


def _network_places(plan: Plan) -> dict[str, tuple[TensorKind, int, Tensor]]:
    """Where the kernels keep a network's own tensors, by their name in a state."""
    trained = [tensor for tensor in plan.tensors if tensor.trained]
    statistics = [tensor for tensor in plan.tensors if not tensor.trained]
    groups = [
        ("parameter", TensorKind.PARAMETERS, trained),
        ("buffer", TensorKind.STATISTICS, statistics),
    ]
    return {
        f"{group}/{tensor.name}": (kind, index, tensor)
        for group, kind, tensors in groups
        for index, tensor in enumerate(tensors)
    }


def _program(nodes: tuple[Node, ...]) -> Iterator[Record]:
    for node in nodes:
        match node.layer:
            case layers.Conv(channels=channels, kernel=kernel, stride=stride, groups=1):
                yield Record(Operation.CONV, channels, kernel, stride)
            case layers.Conv(channels=channels, kernel=kernel, stride=stride, groups=groups):
                yield Record(Operation.GROUPED_CONV, channels, kernel, stride, groups=groups)
            case layers.Linear(features=features):
                yield Record(Operation.LINEAR, features)
            case layers.MaxPool(size=size):
                yield Record(Operation.MAX_POOL, size=size)
            case layers.AvgPool(size=size):
                yield Record(Operation.AVERAGE_POOL, size=size)
            case layers.LeakyRelu(negative_slope=negative_slope):
                yield Record(Operation.LEAKY_RELU, negative_slope=negative_slope)
            case layers.LayerNorm():
                yield Record(Operation.GROUP_NORM)
            case layers.GroupNorm(groups=groups):
                yield Record(Operation.GROUP_NORM, groups=groups)
            case layers.Dropout(p=p):
                yield Record(Operation.DROPOUT, probability=p)
            case layers.Residual():
                yield from _block(
                    node,
                    (Operation.RESIDUAL_BEGIN, Operation.RESIDUAL_SKIP, Operation.RESIDUAL_END),
                )
            case layers.Concat():
                yield from _block(
                    node, (Operation.CONCAT_BEGIN, Operation.CONCAT_NEXT, Operation.CONCAT_END)
                )
            case layer:
                yield Record(_SIMPLE[type(layer)])


def _block(node: Node, marks: tuple[Operation, Operation, Operation]) -> Iterator[Record]:
    """The branches of a node, with marks before, between and after them."""
    begin, between, end = marks
    for number, branch in enumerate(node.branches):
        yield Record(between if number else begin)
        yield from _program(branch)
    yield Record(end)


def _optimizer(task: Task) -> Optimizer:
    settings = task.optimizer
    if isinstance(settings, Sgd):
        return Optimizer(
            Method.SGD,
            momentum=settings.momentum,
            nesterov=settings.nesterov,
            weight_decay=settings.weight_decay,
        )
    if isinstance(settings, RmsProp):
        return Optimizer(
            Method.RMSPROP,
            momentum=settings.momentum,
            beta2=settings.alpha,
            epsilon=settings.eps,
            weight_decay=settings.weight_decay,
        )
    return Optimizer(
        Method.ADAMW if isinstance(settings, AdamW) else Method.ADAM,
        beta1=settings.betas[0],
        beta2=settings.betas[1],
        epsilon=settings.eps,
        weight_decay=settings.weight_decay,
    )
