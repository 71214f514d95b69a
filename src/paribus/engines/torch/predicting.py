"""Predictions of trained networks, bit-identical to those of their training."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from paribus.engines.base import Floats, Predictor
from paribus.engines.scoring import probabilities
from paribus.engines.torch.exact import exact
from paribus.engines.torch.loaded import Loaded
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import Plan


def predictor(
    network: Plan | ModuleNetwork,
    tensors: Mapping[str, Floats],
    device: torch.device,
    dtype: torch.dtype,
) -> Predictor:
    """Return a predictor of a network, which is loaded at its first use."""
    loaded: Loaded | None = None

    def predict(images: Floats) -> Floats:
        nonlocal loaded
        if loaded is None:
            loaded = _load(network, tensors, device, dtype, example=images[:2])
        with exact(device), loaded.told():
            return probabilities(loaded.logits(loaded.images(images)))

    return predict


def _load(
    network: Plan | ModuleNetwork,
    tensors: Mapping[str, Floats],
    device: torch.device,
    dtype: torch.dtype,
    *,
    example: Floats,
) -> Loaded:
    # A module draws its first weights, which are overwritten: the seed only leaves others alone.
    with exact(device, 0 if isinstance(network, ModuleNetwork) else None):
        loaded = Loaded(network, device, dtype, example=example)
    loaded.fill_trained(tensors)
    return loaded
