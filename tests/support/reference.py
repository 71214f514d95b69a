"""The judge of the kernels: the same networks in float64 NumPy, as plainly as can be.

N images, C channels, H height, W width, F features, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from paribus.engines.native.library import Method, Operation, Optimizer, Record

Array = npt.NDArray[np.float64]

EPSILON, MOMENTUM = 1e-5, 0.1


def conv(channels: int, kernel: int = 3, stride: int = 1) -> Record:
    return Record(Operation.CONV, channels, kernel, stride)


def max_pool(size: int) -> Record:
    return Record(Operation.MAX_POOL, size=size)


def average_pool(size: int) -> Record:
    return Record(Operation.AVERAGE_POOL, size=size)


def linear(outputs: int) -> Record:
    return Record(Operation.LINEAR, outputs)


RELU = Record(Operation.RELU)
TANH = Record(Operation.TANH)
SIGMOID = Record(Operation.SIGMOID)
GELU = Record(Operation.GELU)
MAX_POOL = max_pool(2)
AVERAGE_POOL = average_pool(2)
BATCH_NORM = Record(Operation.BATCH_NORM)
FLATTEN = Record(Operation.FLATTEN)


def residual(*body: Record) -> list[Record]:
    return [Record(Operation.RESIDUAL_BEGIN), *body, Record(Operation.RESIDUAL_END)]


def _stages(block: list[Record], first: int = 1) -> list[Record]:
    """The deep networks of the built-in study: three widths, three blocks each."""
    program: list[Record] = []
    for width in (8, 16, 32):
        program += [conv(width), *(3 * block_of(block, width))]
        if width < 32:
            program.append(MAX_POOL)
    return [*program, RELU, FLATTEN, linear(10)]


def block_of(block: list[Record], width: int) -> list[Record]:
    return residual(*(conv(width) if step.operation == Operation.CONV else step for step in block))


NETWORKS: dict[str, list[Record]] = {
    "mlp": [FLATTEN, linear(50), RELU, linear(50), RELU, linear(10)],
    "cnn": [
        *(conv(8), RELU, MAX_POOL),
        *(conv(16), RELU, MAX_POOL),
        *(conv(32), RELU, FLATTEN, linear(10)),
    ],
    "residual": _stages([RELU, conv(0)]),
    "residual-bn": _stages([BATCH_NORM, RELU, conv(0)]),
}


@dataclass
class Reference:
    program: list[Record]
    input_CHW: tuple[int, int, int]
    optimizer: Optimizer = field(default_factory=Optimizer)
    label_smoothing: float = 0.0
    parameters: list[Array] = field(default_factory=list)
    statistics: list[Array] = field(default_factory=list)
    gradients: list[Array] = field(default_factory=list)
    updates: int = 0

    def initialize(self, seed: int) -> None:
        """PyTorch's default: uniform in ±1/√fan_in; batch normalization at 1, 0 and random
        enough statistics to notice if they are mixed up."""
        random = np.random.default_rng(seed)
        shape: tuple[int, ...] = self.input_CHW
        skips: list[tuple[int, ...]] = []

        def uniform(fan_in: int, *size: int) -> Array:
            bound = 1 / np.sqrt(fan_in)
            values = random.uniform(-bound, bound, size).astype(np.float32)
            return values.astype(np.float64)

        for layer in self.program:
            operation, outputs, size = layer.operation, layer.outputs, layer.size
            if operation == Operation.CONV:
                fan_in = shape[0] * size**2
                self.parameters += [
                    uniform(fan_in, outputs, shape[0], size, size),
                    uniform(fan_in, outputs),
                ]
                shape = (outputs, -(-shape[1] // layer.stride), -(-shape[2] // layer.stride))
            elif operation == Operation.LINEAR:
                fan_in = shape[0]
                self.parameters += [uniform(fan_in, outputs, fan_in), uniform(fan_in, outputs)]
                shape = (outputs,)
            elif operation == Operation.BATCH_NORM:
                self.parameters += [np.ones(shape[0]), np.zeros(shape[0])]
                self.statistics += [np.zeros(shape[0]), np.ones(shape[0])]
            elif operation in (Operation.MAX_POOL, Operation.AVERAGE_POOL):
                shape = (shape[0], shape[1] // size, shape[2] // size)
            elif operation == Operation.FLATTEN:
                shape = (int(np.prod(shape)),)
            elif operation == Operation.RESIDUAL_BEGIN:
                skips.append(shape)
        self.moments: list[tuple[Array, Array]] = [
            (np.zeros_like(p), np.zeros_like(p)) for p in self.parameters
        ]

    def forward(self, images: Array, training: bool) -> Array:
        """Logits (N, K); keeps in self.tape what the backward pass needs."""
        self.tape: list[Any] = []
        x = images
        parameter = statistic = 0
        skips: list[Array] = []
        for layer in self.program:
            operation, size, stride = layer.operation, layer.size, layer.stride
            if operation == Operation.CONV:
                w, b = self.parameters[parameter : parameter + 2]
                columns = _columns(x, size, stride)
                self.tape.append((operation, parameter, columns, stride, x.shape))
                y = w.reshape(len(w), -1) @ columns + b[:, None]
                x = y.reshape(len(x), -1, -(-x.shape[2] // stride), -(-x.shape[3] // stride))
                parameter += 2
            elif operation == Operation.LINEAR:
                w, b = self.parameters[parameter : parameter + 2]
                self.tape.append((operation, parameter, x))
                x = x @ w.T + b
                parameter += 2
            elif operation == Operation.BATCH_NORM:
                x = self._normalize(x, parameter, statistic, training)
                parameter += 2
                statistic += 2
            elif operation == Operation.MAX_POOL:
                windows = _windows(x, size)
                self.tape.append((operation, windows.argmax(-1), x.shape, size))
                x = windows.max(-1)
            elif operation == Operation.AVERAGE_POOL:
                self.tape.append((operation, x.shape, size))
                x = _windows(x, size).mean(-1)
            elif operation == Operation.FLATTEN:
                self.tape.append((operation, x.shape))
                x = x.reshape(len(x), -1)
            elif operation == Operation.RESIDUAL_BEGIN:
                skips.append(x)
                self.tape.append((operation,))
            elif operation == Operation.RESIDUAL_END:
                x = x + skips.pop()
                self.tape.append((operation,))
            else:
                if operation == Operation.RELU:
                    y = np.maximum(x, 0)
                    slope = (x > 0).astype(np.float64)
                elif operation == Operation.TANH:
                    y = np.tanh(x)
                    slope = 1 - y**2
                elif operation == Operation.GELU:
                    y = x * ndtr(x)
                    slope = ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
                else:
                    y = 1 / (1 + np.exp(-x))
                    slope = y * (1 - y)
                self.tape.append((operation, slope))
                x = y
        return x

    def _normalize(self, x: Array, parameter: int, statistic: int, training: bool) -> Array:
        w, b = self.parameters[parameter : parameter + 2]
        axes = (0, 2, 3) if x.ndim == 4 else (0,)
        shape = (1, -1, 1, 1) if x.ndim == 4 else (1, -1)
        mean, variance = self.statistics[statistic : statistic + 2]
        if training:
            count = x.size // x.shape[1]
            mean, variance = x.mean(axes), x.var(axes)
            self.new_statistics[statistic] = mean
            self.new_statistics[statistic + 1] = variance * count / (count - 1)
        deviation = np.sqrt(variance + EPSILON).reshape(shape)
        normal = (x - mean.reshape(shape)) / deviation
        self.tape.append((Operation.BATCH_NORM, parameter, normal, deviation, axes, shape))
        return normal * w.reshape(shape) + b.reshape(shape)

    def gradient(self, images: Array, labels: npt.NDArray[np.int64]) -> tuple[float, int]:
        """Mean loss and how many are right; the gradient is then in self.gradients."""
        self.new_statistics: dict[int, Array] = {}
        logits = self.forward(images, training=True)
        losses, probabilities = self.losses(logits, labels)
        n, k = logits.shape
        target = np.full((n, k), self.label_smoothing / k)
        target[np.arange(n), labels] += 1 - self.label_smoothing
        self.gradients = [np.zeros_like(p) for p in self.parameters]
        self._backward((probabilities - target) / n)
        return float(losses.mean()), int((logits.argmax(1) == labels).sum())

    def losses(self, logits: Array, labels: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        shifted = logits - logits.max(1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        s = self.label_smoothing
        losses = -(1 - s) * logs[np.arange(len(logs)), labels] - s * logs.mean(1)
        return losses, np.exp(logs)

    def _backward(self, g: Array) -> None:
        skips: list[Array] = []
        for operation, *saved in reversed(self.tape):
            if operation == Operation.CONV:
                parameter, columns, stride, shape = saved
                w = self.parameters[parameter]
                flat = g.reshape(*g.shape[:2], -1)
                self.gradients[parameter] += (
                    (flat @ columns.transpose(0, 2, 1)).sum(0).reshape(w.shape)
                )
                self.gradients[parameter + 1] += g.sum((0, 2, 3))
                # Zeros where the stride has left out a place.
                spread = np.zeros((*g.shape[:2], *shape[2:]))
                spread[:, :, ::stride, ::stride] = g
                turned = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(w.shape[1], -1)
                g = (turned @ _columns(spread, w.shape[-1])).reshape(shape)
            elif operation == Operation.LINEAR:
                parameter, x = saved
                self.gradients[parameter] += g.T @ x
                self.gradients[parameter + 1] += g.sum(0)
                g = g @ self.parameters[parameter]
            elif operation == Operation.BATCH_NORM:
                parameter, normal, deviation, axes, shape = saved
                self.gradients[parameter] += (g * normal).sum(axes)
                self.gradients[parameter + 1] += g.sum(axes)
                g = g * self.parameters[parameter].reshape(shape)
                across = g.mean(axes).reshape(shape), (g * normal).mean(axes).reshape(shape)
                g = (g - across[0] - normal * across[1]) / deviation
            elif operation == Operation.MAX_POOL:
                best, shape, size = saved
                g = _unwindow(np.eye(size**2)[best] * g[..., None], shape, size)
            elif operation == Operation.AVERAGE_POOL:
                shape, size = saved
                g = _unwindow(np.repeat(g[..., None] / size**2, size**2, -1), shape, size)
            elif operation == Operation.FLATTEN:
                g = g.reshape(saved[0])
            elif operation == Operation.RESIDUAL_END:
                skips.append(g)
            elif operation == Operation.RESIDUAL_BEGIN:
                g = g + skips.pop()
            else:
                g = g * saved[0]

    def train_step(
        self, images: Array, labels: npt.NDArray[np.int64], rate: float
    ) -> tuple[float, int]:
        result = self.gradient(images, labels)
        for index, value in self.new_statistics.items():
            self.statistics[index] = (1 - MOMENTUM) * self.statistics[index] + MOMENTUM * value
        self.updates += 1
        o = self.optimizer
        for p, g, (m, v) in zip(self.parameters, self.gradients, self.moments, strict=True):
            if o.method == Method.RMSPROP:
                g = g + o.weight_decay * p
                v[:] = o.beta2 * v + (1 - o.beta2) * g**2
                m[:] = o.momentum * m + g / (np.sqrt(v) + o.epsilon)
                p -= rate * m
                continue
            if o.method != Method.ADAMW:
                g = g + o.weight_decay * p
            if o.method == Method.SGD:
                m[:] = o.momentum * m + g
                p -= rate * (g + o.momentum * m if o.nesterov else m)
                continue
            if o.method == Method.ADAMW:
                p *= 1 - rate * o.weight_decay
            m[:] = o.beta1 * m + (1 - o.beta1) * g
            v[:] = o.beta2 * v + (1 - o.beta2) * g**2
            m_hat = m / (1 - o.beta1**self.updates)
            v_hat = v / (1 - o.beta2**self.updates)
            p -= rate * m_hat / (np.sqrt(v_hat) + o.epsilon)
        return result


def _columns(x: Array, kernel: int, stride: int = 1) -> Array:
    """(N, C, H, W) to the neighborhood of every so manieth pixel as a column, zeros outside: (N, C
    × kernel × kernel, H' × W')."""
    pad = kernel // 2
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    n, c, h, w = x.shape
    around = np.lib.stride_tricks.sliding_window_view(padded, (h, w), axis=(2, 3))
    return around[..., ::stride, ::stride].reshape(n, c * kernel * kernel, -1)


def _windows(x: Array, size: int) -> Array:
    """(N, C, H, W) to (N, C, H // size, W // size, size²), each window in reading order."""
    n, c, h, w = x.shape
    h, w = h // size, w // size
    cut = x[:, :, : h * size, : w * size].reshape(n, c, h, size, w, size)
    return cut.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h, w, size**2)


def _unwindow(windows: Array, shape: tuple[int, ...], size: int) -> Array:
    n, c, h, w, _ = windows.shape
    x = np.zeros(shape)
    blocks = windows.reshape(n, c, h, w, size, size).transpose(0, 1, 2, 4, 3, 5)
    x[:, :, : size * h, : size * w] = blocks.reshape(n, c, size * h, size * w)
    return x
