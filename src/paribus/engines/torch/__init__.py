"""The engine that trains with PyTorch, on the CPU or on a GPU. All that needs PyTorch is here.

`network` builds a plan, `module` a user's own network, `optimizers` the optimizers; `exact` makes
PyTorch give the same bits every time; `engine` trains.
"""

from paribus.errors import UserError

try:
    import torch as _torch  # noqa: F401
except ImportError:
    raise UserError(
        'the engine "torch" needs PyTorch, which is not installed; '
        "install it with: pip install paribus[torch]"
    ) from None

from paribus.engines.torch.engine import TorchEngine

__all__ = ["TorchEngine"]
