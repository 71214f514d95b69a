"""The arithmetic of a training step as the native kernels do it: what limits their speed.

Counted are multiply-adds, and additions that stand alone, for one image: forward, and backward for
weights and inputs. Nothing else is: no activation, pooling, normalization or update, no load and
no store. A 3 × 3 convolution that Winograd's F(4×4, 3×3) computes takes 36 multiplications for a
block of 4 × 4 outputs and its transforms (winograd.h, winograd_gradient.h); any other takes the
direct way.
"""

from __future__ import annotations

from paribus.spec.layers import Conv, Linear
from paribus.spec.plan import Node, Plan

INPUT_TRANSFORM, OUTPUT_TRANSFORM, GRADIENT_TRANSFORM = 144, 120, 80
"""Operations for a block of one channel: of 6 × 6 inputs, of 4 × 4 outputs, of their gradients."""
LEAST_CHANNELS = 4
"""Winograd's way is taken where both sides have as many (`winograd_pays`)."""


def operations(plan: Plan) -> int:
    """Multiply-adds and additions of training on one image."""
    nodes = [node for node in plan.walk() if isinstance(node.layer, Conv | Linear)]
    return sum(_of(node, first=node is nodes[0]) for node in nodes)


def _of(node: Node, *, first: bool) -> int:
    """Of one layer. The gradient of the first one's inputs is not wanted."""
    passes = 2 if first else 3
    if not (isinstance(node.layer, Conv) and node.layer.kernel == 3 and node.layer.stride == 1):
        return passes * node.multiply_adds
    inputs, (outputs, rows, columns) = node.input_shape[0], node.output_shape
    if min(inputs, outputs) < LEAST_CHANNELS or node.layer.groups > 1:
        return passes * node.multiply_adds
    blocks = -(-rows // 4) * -(-columns // 4)
    product = 36 * inputs * outputs
    forward = product + INPUT_TRANSFORM * inputs + OUTPUT_TRANSFORM * outputs
    weights = product + INPUT_TRANSFORM * inputs + GRADIENT_TRANSFORM * outputs
    backward = product + INPUT_TRANSFORM * outputs + OUTPUT_TRANSFORM * inputs
    return blocks * (forward + weights + (0 if first else backward))
