"""A network on its device, and the images as it takes them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from paribus.engines.base import Floats
from paribus.engines.torch.module import check_logits, make_module, told
from paribus.engines.torch.network import PlanNetwork
from paribus.errors import UserError
from paribus.spec.layers import Conv
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan

# N images, C channels, H rows, W columns, K classes

_EVALUATED_AT_ONCE = 500


class Loaded:
    """A network on a device: uninitialized if it is a plan's, as it initializes itself if it is a
    custom module. That one draws from PyTorch's generator.

    example: a few images (N, C, H, W) that a module is tried on. classes: those that a module must
    answer with; None if that is not known.
    """

    def __init__(
        self,
        network: Plan | ModuleNetwork,
        device: torch.device,
        dtype: torch.dtype,
        *,
        example: Floats | None = None,
        classes: int | None = None,
    ) -> None:
        self._device = device
        self._own = network if isinstance(network, ModuleNetwork) else None
        self._classes = classes
        self._dtype = torch.float32 if self._own else dtype
        # Convolutions on the CPU are twice as fast where a pixel's channels lie side by side. A
        # user's module may count on the usual order, e.g. by calling `view`.
        self._channels_last = isinstance(network, Plan) and any(
            isinstance(node.layer, Conv) for node in network.walk()
        )
        self.module: nn.Module
        if isinstance(network, ModuleNetwork):
            assert example is not None
            tried = torch.from_numpy(np.array(example, np.float32))
            self.module = make_module(network, tried, classes).to(device)
        else:
            self.module = PlanNetwork(network, self._dtype).to(device)
            if self._channels_last:
                self.module = self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def images(self, images: Floats) -> Tensor:
        """Images on the device: (N, C, H, W), or (N, H, W, C) where channels are to lie last."""
        if self._channels_last:
            images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        with warnings.catch_warnings():
            # Nothing here writes to images, and arrays that are shared may be read-only.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return torch.from_numpy(images).to(self._device, self._dtype)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of images as `images` gives them."""
        logits: Tensor = self.module(images.permute(0, 3, 1, 2) if self._channels_last else images)
        if self._own is not None:
            check_logits(self._own, logits, len(images), self._classes)
        return logits

    def logits(self, images: Tensor) -> NDArray[np.floating]:
        """(N, K), in evaluation mode."""
        self.module.eval()
        with torch.no_grad():
            parts = [
                # A user's module may overwrite what it gets, and images are shared among runs.
                self.forward(batch if self._own is None else batch.clone())
                for batch in torch.split(images, _EVALUATED_AT_ONCE)
            ]
        logits: NDArray[np.floating] = torch.cat(parts).cpu().numpy()
        return logits

    def told(self) -> AbstractContextManager[None]:
        """Turn what a user's own code raises into a `UserError`."""
        return nullcontext() if self._own is None else told(self._own)

    def tensors(self) -> dict[str, Tensor]:
        """The network's tensors by their name in a state."""
        return {f"parameter/{name}": value for name, value in self.module.named_parameters()} | {
            f"buffer/{name}": value for name, value in self.module.named_buffers()
        }

    def fill_trained(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Fill it with a run's tensors, by their names.

        Raise `UserError` if it is a custom module whose tensors have other names or shapes now.
        """
        if self._own is not None:
            own = {key.partition("/")[2]: value.shape for key, value in self.tensors().items()}
            if own != {name: array.shape for name, array in tensors.items()}:
                raise UserError(
                    f'network "{self._own.module}": its tensors are no longer those that were '
                    "trained"
                )
        self.fill(tensors)

    def check_fits(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Raise `UserError` unless a state has its tensors, by name and shape."""
        own = {key: tuple(value.shape) for key, value in self.tensors().items()}
        kept = {
            key: array.shape
            for key, array in state.items()
            if key.startswith(("parameter/", "buffer/"))
        }
        for key in sorted(own.keys() | kept.keys()):
            if own.get(key) != kept.get(key):
                raise UserError(
                    f'its tensor "{key.partition("/")[2]}" is {own.get(key, "not there")} now and '
                    f"was {kept.get(key, 'not there')} when the run was interrupted, so it cannot "
                    "be resumed"
                )

    def fill(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Overwrite all its tensors with those of the same name."""
        for key, value in self.tensors().items():
            fill(value, tensors[key.partition("/")[2]])


def fill(tensor: Tensor, array: NDArray[np.generic]) -> None:
    """Overwrite a tensor, which keeps its place and order in memory."""
    with torch.no_grad():
        tensor.copy_(torch.from_numpy(np.array(array)))
