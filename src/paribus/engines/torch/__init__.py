"""The engine that trains with PyTorch, on the CPU or on a GPU. All that needs PyTorch is here.

`engine` is what others see, and loads PyTorch only to train or to predict; `training` trains,
`predicting` predicts, `loaded` has the network on its device; `network` builds a plan, `module` a
user's own network, `optimizers` the optimizers; `exact` makes PyTorch give the same bits every
time.
"""

from paribus.engines.torch.engine import TorchEngine
from paribus.errors import need

__all__ = ["TorchEngine", "make"]


def make(cores: int) -> TorchEngine:
    """Return the engine; a run uses one core, whatever `cores` is.

    Raises `NotInstalledError` without PyTorch.
    """
    need("torch", 'the engine "torch"')
    return TorchEngine()
