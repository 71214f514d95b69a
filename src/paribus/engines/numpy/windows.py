"""Layers that slide a window over an image: convolution and pooling.

Axes: N images of the batch, C channels, H rows, W columns; G groups of channels; O output channels
of a group; P = H'·W' positions of the output; K values of a group under a kernel of size k.
"""

from __future__ import annotations

import numpy as np

from paribus.engines.numpy.layer import Array, Layer
from paribus.spec import layers as spec
from paribus.spec.plan import Node


class Conv(Layer):
    """Convolution as a matrix product: y = W · columns(x) + b.

    `columns` copies the k × k values under the kernel, of every channel, into a column for each
    position ("im2col", Chellapilla et al. 2006). Each group of output channels sees only its group
    of the input's: x (N, C, H, W), W (G·O, C / G, k, k), b (G·O,), y (N, G·O, H', W') with
    H' = ⌈H / stride⌉; (k - 1) / 2 zeros are put around the image.
    """

    def __init__(self, node: Node, tensors: dict[str, Array]) -> None:
        super().__init__(node, tensors)
        assert isinstance(node.layer, spec.Conv)
        self.name, self.kernel, self.stride = node.name, node.layer.kernel, node.layer.stride
        weight = tensors[f"{node.name}.weight"]
        self.weight_shape = weight.shape
        groups = node.layer.groups
        # Views: they follow the weights.
        self.weight_GOK = weight.reshape(groups, len(weight) // groups, -1)
        self.bias_GO1 = tensors[f"{node.name}.bias"].reshape(groups, -1, 1)
        self.output_shape = node.output_shape

    def forward(self, x: Array, training: bool) -> Array:
        columns_NGKP = self._columns(x)
        if training:
            self.columns_NGKP, self.input_shape = columns_NGKP, x.shape
        y_NGOP = self.weight_GOK @ columns_NGKP
        y_NGOP += self.bias_GO1
        return y_NGOP.reshape(len(x), *self.output_shape)

    def backward(self, gradient: Array) -> Array:
        gradient_NGOP = gradient.reshape(len(gradient), *self.weight_GOK.shape[:2], -1)
        weight_gradient_GOK = (gradient_NGOP @ self.columns_NGKP.swapaxes(2, 3)).sum(axis=0)
        self.gradients[f"{self.name}.weight"] = weight_gradient_GOK.reshape(self.weight_shape)
        self.gradients[f"{self.name}.bias"] = gradient_NGOP.sum(axis=(0, 3)).reshape(-1)
        if not self.input_gradient:
            return gradient
        return self._add_up_columns(self.weight_GOK.swapaxes(1, 2) @ gradient_NGOP)

    def _columns(self, x: Array) -> Array:
        """Windows under the kernel at each position: (N, C, H, W) to (N, G, K, P)."""
        images, channels, height, width = x.shape
        k, border = self.kernel, (self.kernel - 1) // 2
        padded = np.zeros((images, channels, height + 2 * border, width + 2 * border), x.dtype)
        padded[:, :, border : border + height, border : border + width] = x
        columns = np.empty((images, channels, k, k, *self.output_shape[1:]), x.dtype)
        for row in range(k):
            for column in range(k):
                columns[:, :, row, column] = padded[self._under(row, column)]
        return columns.reshape(images, *self.weight_GOK.shape[::2], -1)

    def _add_up_columns(self, columns_NGKP: Array) -> Array:
        """The reverse: each input value gets the sum of all the places it was copied to."""
        images, channels, height, width = self.input_shape
        k, border = self.kernel, (self.kernel - 1) // 2
        columns = columns_NGKP.reshape(images, channels, k, k, *self.output_shape[1:])
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


class GlobalAvgPool(Layer):
    """The mean of each channel's map: x (N, C, H, W) to y (N, C)."""

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.input_shape = x.shape
        y: Array = x.mean(axis=(2, 3))
        return y

    def backward(self, gradient: Array) -> Array:
        rows, columns = self.input_shape[2:]
        share_NC11 = (gradient / (rows * columns))[:, :, None, None]
        return np.broadcast_to(share_NC11, self.input_shape)
