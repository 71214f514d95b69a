"""The engine that trains with PyTorch, on the CPU or on a GPU. All that needs PyTorch is here.

`engine` is what others see, and loads PyTorch only to train or to predict; `training` trains,
`predicting` predicts, `loaded` has the network on its device; `network` builds a plan, `module` a
user's own network, `optimizers` the optimizers; `exact` makes PyTorch give the same bits every
time.
"""

from importlib.util import find_spec

from paribus.errors import UserError

if find_spec("torch") is None:
    raise UserError(
        'the engine "torch" needs PyTorch, which is not installed; '
        "install it with: pip install paribus[torch]"
    )

from paribus.engines.torch.engine import TorchEngine

__all__ = ["TorchEngine", "make"]


def make(cores: int) -> TorchEngine:
    """Return the engine; a run uses one core, whatever `cores` is."""
    return TorchEngine()
