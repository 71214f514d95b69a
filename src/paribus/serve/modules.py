"""The answers of a user's own `torch.nn.Module`. Imports PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from paribus.engines.base import Floats
from paribus.engines.scoring import probabilities
from paribus.engines.torch.module import make_module, told
from paribus.errors import UserError
from paribus.spec.network import ModuleNetwork


def module_answer(
    network: ModuleNetwork, tensors: dict[str, Any], image: NDArray[np.float32], classes: int
) -> Callable[[], Floats]:
    """Asks the module with these tensors for the probabilities (1, K) of what `image` holds then,
    (1, C, H, W). Raises `UserError` where it cannot be made."""
    module = make_module(network, torch.from_numpy(image.copy()), classes)
    kept = {name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}
    try:
        module.load_state_dict(kept)
    except RuntimeError:
        raise UserError(
            f'network "{network.module}": its tensors are no longer those that were trained'
        ) from None
    module.eval()

    def answer() -> Floats:
        with told(network), torch.no_grad():
            return probabilities(module(torch.from_numpy(image.copy())).numpy())

    return answer
