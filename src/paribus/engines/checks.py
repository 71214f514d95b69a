"""Checks, before training begins, for experiments that no engine can train."""

from __future__ import annotations

from math import prod

from paribus.errors import UserError
from paribus.spec.layers import BatchNorm
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan


def check_batches(network: Plan | ModuleNetwork, images: int, batch_size: int) -> None:
    """Raise `UserError` if batch normalization would meet a batch of a single value.

    images: those of an epoch. The variance of a single value, over the number of values less one,
    does not exist.
    """
    if not isinstance(network, Plan) or (images - 1) % batch_size != 0:
        return
    for node in network.walk():
        if isinstance(node.layer, BatchNorm) and prod(node.input_shape[1:]) == 1:
            raise UserError(
                f"{node.name}: cannot compute the variance of a single image, but {images} "
                f"training images in batches of {batch_size} give a batch of 1; change the batch "
                "size"
            )
