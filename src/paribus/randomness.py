"""All that chance decides in a run, made outside the engines and the same for each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.seeding import stream
from paribus.spec.plan import Plan, Tensor
from paribus.spec.recipe import Initialisation


@dataclass(frozen=True)
class Randomness:
    """The random choices of one seed."""

    seed: int

    def initial_tensors(
        self, plan: Plan, initialisation: Initialisation
    ) -> dict[str, NDArray[np.float32]]:
        """Every tensor of a network before training, by name; each has a stream of its own."""
        return {
            tensor.name: _initial(tensor, initialisation, stream(self.seed, "initial", tensor.name))
            for tensor in plan.tensors
        }

    def batch_order(self, epoch: int, images: int) -> NDArray[np.int64]:
        """The order (images,) in which an epoch, counted from 1, goes through the images."""
        return stream(self.seed, "batches", str(epoch)).permutation(images)

    def dropout(self, layer: str, epoch: int) -> np.random.Generator:
        """The generator that a dropout layer draws its masks from, one a batch, in one epoch."""
        return stream(self.seed, "dropout", f"{layer}/{epoch}")

    def augmentation(self, kind: str, epoch: int, images: int) -> NDArray[np.int64]:
        """Two numbers of 32 random bits for each image of a dataset, (images, 2), by which an
        augmentation changes it in an epoch. They depend neither on the images that a run uses nor
        on what else it does with them."""
        raw = stream(self.seed, "augment", f"{kind}/{epoch}").bit_generator.random_raw(images)
        return np.stack([raw >> np.uint64(32), raw & np.uint64(2**32 - 1)], axis=1).astype(np.int64)

    def module_seed(self, epoch: int) -> int:
        """For a custom module, which may draw from PyTorch's generator: 0 is its making."""
        return int(stream(self.seed, "module", str(epoch)).integers(2**63))


def _initial(
    tensor: Tensor, initialisation: Initialisation, rng: np.random.Generator
) -> NDArray[np.float32]:
    values: NDArray[np.float64]
    match tensor.role, initialisation:
        case (("scale" | "running_var"), _):
            return np.ones(tensor.shape, np.float32)
        case (("weight" | "bias"), "torch"):
            # kaiming_uniform with a = √5 comes to ±1/√fan_in for weights as for biases.
            values = rng.uniform(-1, 1, tensor.shape) / np.sqrt(tensor.fan_in)
        case "weight", "he":
            values = rng.normal(0, np.sqrt(2 / tensor.fan_in), tensor.shape)
        case "weight", "glorot":
            bound = np.sqrt(6 / (tensor.fan_in + tensor.fan_out))
            values = rng.uniform(-bound, bound, tensor.shape)
        case _:
            values = np.zeros(tensor.shape)
    return values.astype(np.float32)
