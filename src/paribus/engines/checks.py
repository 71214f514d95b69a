"""What no engine can train, told before training begins."""

from __future__ import annotations

from math import prod

from paribus.engines.base import Task
from paribus.errors import UserError
from paribus.spec.layers import BatchNorm
from paribus.spec.plan import Plan


def check_batches(task: Task) -> None:
    """Raise `UserError` if batch normalisation would meet a batch of a single value.

    Its variance, over the number of values less one, does not exist.
    """
    images = len(task.train)
    if not isinstance(task.network, Plan) or (images - 1) % task.batch_size != 0:
        return
    for node in task.network.walk():
        if isinstance(node.layer, BatchNorm) and prod(node.input_shape[1:]) == 1:
            raise UserError(
                f"{node.name} cannot normalise a batch of one image, and {images} images in "
                f"batches of {task.batch_size} leave one; choose another batch size"
            )
