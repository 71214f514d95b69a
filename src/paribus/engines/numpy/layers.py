"""Every layer, forward and backward.

`forward` turns a batch of inputs into outputs. `backward` gets ∂loss/∂output, a gradient as large
as the output; it stores ∂loss/∂tensor for each of the layer's own tensors and returns
∂loss/∂input. What `backward` needs of a training pass, `forward` keeps.

Axes: N images of the batch, C channels, H rows, W columns, F features; O output channels or
features; P = H'·W' positions of the output; K = C·k·k values under a kernel of size k.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from paribus.randomness import Randomness
from paribus.spec import layers as spec
from paribus.spec.plan import Node

Array = NDArray[np.floating]


class Layer:
    """A layer without tensors of its own; the others say what they add to that."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        self.gradients: dict[str, Array] = {}
        """∂loss/∂tensor by the tensor's full name, e.g. "conv1.weight", after `backward`."""
        self.input_gradient = True
        """False in the first layer that learns: nothing before it needs a gradient."""

    def begin_epoch(self, randomness: Randomness, epoch: int) -> None:
        """Epochs count from 1. Only dropout needs to know."""

    def forward(self, x: Array, training: bool) -> Array:
        """Outputs of a batch of inputs; the first axis of both is the image."""
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array:
        """∂loss/∂input from ∂loss/∂output, of the last batch that went forward in training."""
        raise NotImplementedError


class Linear(Layer):
    """y = x Wᵀ + b, with x (N, F), W (O, F), b (O,) and y (N, O)."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.name = node.name
        self.weight_OF = tensors[f"{node.name}.weight"]
        self.bias_O = tensors[f"{node.name}.bias"]

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.x_NF = x
        y_NO = x @ self.weight_OF.T
        y_NO += self.bias_O
        return y_NO

    def backward(self, gradient: Array) -> Array:
        self.gradients[f"{self.name}.weight"] = gradient.T @ self.x_NF
        self.gradients[f"{self.name}.bias"] = gradient.sum(axis=0)
        return gradient @ self.weight_OF if self.input_gradient else gradient


class Conv(Layer):
    """Convolution as a matrix product: y = W · columns(x) + b.

    `columns` copies the k × k values under the kernel, of every channel, into a column for each
    position ("im2col", Chellapilla et al. 2006). x (N, C, H, W), W (O, C, k, k), b (O,),
    y (N, O, H', W') with H' = ⌈H / stride⌉; (k - 1) / 2 zeros are put around the image.
    """

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        assert isinstance(node.layer, spec.Conv)
        self.name, self.kernel, self.stride = node.name, node.layer.kernel, node.layer.stride
        weight_OCkk = tensors[f"{node.name}.weight"]
        self.weight_OK = weight_OCkk.reshape(len(weight_OCkk), -1)  # a view: it follows the weights
        self.weight_shape = weight_OCkk.shape
        self.bias_O = tensors[f"{node.name}.bias"]
        self.output_shape = node.output_shape

    def forward(self, x: Array, training: bool) -> Array:
        columns_NKP = self._columns(x)
        if training:
            self.columns_NKP, self.input_shape = columns_NKP, x.shape
        y_NOP = self.weight_OK @ columns_NKP
        y_NOP += self.bias_O[:, None]
        return y_NOP.reshape(len(x), *self.output_shape)

    def backward(self, gradient: Array) -> Array:
        gradient_NOP = gradient.reshape(len(gradient), len(self.bias_O), -1)
        weight_gradient_OK = (gradient_NOP @ self.columns_NKP.swapaxes(1, 2)).sum(axis=0)
        self.gradients[f"{self.name}.weight"] = weight_gradient_OK.reshape(self.weight_shape)
        self.gradients[f"{self.name}.bias"] = gradient_NOP.sum(axis=(0, 2))
        if not self.input_gradient:
            return gradient
        return self._add_up_columns(self.weight_OK.T @ gradient_NOP)

    def _columns(self, x: Array) -> Array:
        """What lies under the kernel at each position: (N, C, H, W) to (N, K, P)."""
        images, channels, height, width = x.shape
        k, border = self.kernel, (self.kernel - 1) // 2
        padded = np.zeros((images, channels, height + 2 * border, width + 2 * border), x.dtype)
        padded[:, :, border : border + height, border : border + width] = x
        columns = np.empty((images, channels, k, k, *self.output_shape[1:]), x.dtype)
        for row in range(k):
            for column in range(k):
                columns[:, :, row, column] = padded[self._under(row, column)]
        return columns.reshape(images, channels * k * k, -1)

    def _add_up_columns(self, columns_NKP: Array) -> Array:
        """The reverse: each input value gets the sum of all the places it was copied to."""
        images, channels, height, width = self.input_shape
        k, border = self.kernel, (self.kernel - 1) // 2
        columns = columns_NKP.reshape(images, channels, k, k, *self.output_shape[1:])
        padded = np.zeros(
            (images, channels, height + 2 * border, width + 2 * border), columns.dtype
        )
        for row in range(k):
            for column in range(k):
                padded[self._under(row, column)] += columns[:, :, row, column]
        return padded[:, :, border : border + height, border : border + width]

    def _under(self, row: int, column: int) -> tuple[slice, ...]:
        """Where, in the padded images, one value of the kernel lies at each position."""
        rows, columns = self.output_shape[1:]
        stride = self.stride
        return (
            slice(None),
            slice(None),
            slice(row, row + stride * (rows - 1) + 1, stride),
            slice(column, column + stride * (columns - 1) + 1, stride),
        )


class _Pool(Layer):
    """Windows of size × size that do not overlap; rows and columns left over are dropped.

    x (N, C, H, W) to y (N, C, ⌊H / size⌋, ⌊W / size⌋).
    """

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        assert isinstance(node.layer, spec.MaxPool | spec.AvgPool)
        self.size = node.layer.size
        rows, columns = node.output_shape[1] * self.size, node.output_shape[2] * self.size
        # Row by row, the place in its window: one slice takes that value of all windows at once.
        self.places = [
            (..., slice(row, rows, self.size), slice(column, columns, self.size))
            for row in range(self.size)
            for column in range(self.size)
        ]


class MaxPool(_Pool):
    """The largest value of each window."""

    def forward(self, x: Array, training: bool) -> Array:
        y = x[self.places[0]].copy()
        for place in self.places[1:]:
            np.maximum(y, x[place], out=y)
        if training:
            self.x, self.y = x, y
        return y

    def backward(self, gradient: Array) -> Array:
        input_gradient = np.zeros_like(self.x)
        left = gradient.copy()
        for place in self.places:
            # Where several are the largest, the first gets the gradient, as in PyTorch.
            largest = self.x[place] == self.y
            input_gradient[place] = left * largest
            left *= ~largest
        return input_gradient


class AvgPool(_Pool):
    """The mean of each window."""

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.input_shape = x.shape
        y = x[self.places[0]].copy()
        for place in self.places[1:]:
            y += x[place]
        y /= self.size**2
        return y

    def backward(self, gradient: Array) -> Array:
        input_gradient = np.zeros(self.input_shape, gradient.dtype)
        share = gradient / self.size**2
        for place in self.places:
            input_gradient[place] = share
        return input_gradient


class Relu(Layer):
    """y = max(x, 0), whose derivative at 0 is taken as 0."""

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, gradient: Array) -> Array:
        return gradient * self.positive


class Tanh(Layer):
    """y = tanh x, y' = 1 - y²."""

    def forward(self, x: Array, training: bool) -> Array:
        y: Array = np.tanh(x)
        if training:
            self.y = y
        return y

    def backward(self, gradient: Array) -> Array:
        return gradient * (1 - self.y * self.y)


class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)), y' = y (1 - y)."""

    def forward(self, x: Array, training: bool) -> Array:
        from scipy.special import expit  # It takes a while to load, and few networks need it.

        y: Array = expit(x)
        if training:
            self.y = y
        return y

    def backward(self, gradient: Array) -> Array:
        return gradient * (self.y * (1 - self.y))


class Gelu(Layer):
    """y = x Φ(x), y' = Φ(x) + x φ(x), with Φ and φ of the standard normal distribution."""

    def forward(self, x: Array, training: bool) -> Array:
        from scipy.special import erf  # It takes a while to load, and few networks need it.

        cumulative: Array = (1 + erf(x * 0.5**0.5)) / 2
        if training:
            self.x, self.cumulative = x, cumulative
        return x * cumulative

    def backward(self, gradient: Array) -> Array:
        density = np.exp(self.x * self.x / -2) / float(np.sqrt(2 * np.pi))
        return gradient * (self.cumulative + self.x * density)


class BatchNorm(Layer):
    """y = scale · x̂ + shift with x̂ = (x - mean) / √(variance + eps), for each channel.

    In training, mean and variance are the batch's, and the running ones follow them; in evaluation
    they are the running ones. x (N, C, H, W) or (N, F); the tensors are (C,) or (F,).
    """

    EPS, MOMENTUM = 1e-5, 0.1

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.name = node.name
        flat = len(node.input_shape) == 1
        self.axes: tuple[int, ...] = (0,) if flat else (0, 2, 3)
        shape = (-1,) if flat else (-1, 1, 1)
        # Views, shaped so that they broadcast against a batch.
        self.scale: Array = tensors[f"{node.name}.scale"].reshape(shape)
        self.shift: Array = tensors[f"{node.name}.shift"].reshape(shape)
        self.running_mean: Array = tensors[f"{node.name}.running_mean"].reshape(shape)
        self.running_var: Array = tensors[f"{node.name}.running_var"].reshape(shape)

    def forward(self, x: Array, training: bool) -> Array:
        if not training:
            deviation: Array = np.sqrt(self.running_var + self.EPS)
            return (x - self.running_mean) * (self.scale / deviation) + self.shift
        count = x.size // self.scale.size
        mean = x.mean(axis=self.axes, keepdims=True)
        centered = x - mean
        variance = (centered * centered).mean(axis=self.axes, keepdims=True)
        self.deviation: Array = np.sqrt(variance + self.EPS)
        self.normalized: Array = centered / self.deviation
        self._follow(self.running_mean, mean)
        # The batch is a sample, so its variance over count - 1 estimates that of all images.
        self._follow(self.running_var, variance * (count / (count - 1)))
        y: Array = self.normalized * self.scale + self.shift
        return y

    def _follow(self, running: Array, batch: Array) -> None:
        running += self.MOMENTUM * (batch.reshape(running.shape) - running)

    def backward(self, gradient: Array) -> Array:
        scale_gradient = (gradient * self.normalized).sum(axis=self.axes, keepdims=True)
        shift_gradient = gradient.sum(axis=self.axes, keepdims=True)
        self.gradients[f"{self.name}.scale"] = scale_gradient.reshape(-1)
        self.gradients[f"{self.name}.shift"] = shift_gradient.reshape(-1)
        # Every input also moves the batch's mean and variance (Ioffe and Szegedy 2015, section 3).
        count = gradient.size // self.scale.size
        through = gradient - (shift_gradient + self.normalized * scale_gradient) / count
        input_gradient: Array = through * (self.scale / self.deviation)
        return input_gradient


class Dropout(Layer):
    """In training, zero each value with probability p and scale the others by 1 / (1 - p)."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        assert isinstance(node.layer, spec.Dropout)
        self.name, self.p = node.name, node.layer.p

    def begin_epoch(self, randomness: Randomness, epoch: int) -> None:
        self.rng = randomness.dropout(self.name, epoch)

    def forward(self, x: Array, training: bool) -> Array:
        if not training:
            return x
        self.kept = self.rng.random(x.shape) >= self.p
        return x * self.kept * (1 / (1 - self.p))

    def backward(self, gradient: Array) -> Array:
        return gradient * self.kept * (1 / (1 - self.p))


class Flatten(Layer):
    """(N, C, H, W) to (N, C·H·W)."""

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.input_shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient: Array) -> Array:
        return gradient.reshape(self.input_shape)


class Residual(Layer):
    """y = x + body(x)."""

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        self.body = [make_layer(inner, tensors) for inner in node.body]

    def forward(self, x: Array, training: bool) -> Array:
        y = x
        for layer in self.body:
            y = layer.forward(y, training)
        return x + y

    def backward(self, gradient: Array) -> Array:
        through_body = gradient
        for layer in reversed(self.body):
            through_body = layer.backward(through_body)
        return gradient + through_body


_LAYERS: dict[str, Callable[[Node, dict[str, Array]], Layer]] = {
    "conv": Conv,
    "maxpool": MaxPool,
    "avgpool": AvgPool,
    "relu": Relu,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "gelu": Gelu,
    "batchnorm": BatchNorm,
    "dropout": Dropout,
    "flatten": Flatten,
    "linear": Linear,
    "residual": Residual,
}


def make_layer(node: Node, tensors: dict[str, Array]) -> Layer:
    """The layer of a node. It works on `tensors`, the whole network's by name, in place."""
    return _LAYERS[node.layer.kind](node, tensors)
