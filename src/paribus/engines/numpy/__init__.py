"""The engine written from scratch in NumPy: to be read, and to judge the others by.

`layers` has forward and backward of every layer, `network` puts them together, `optimizers` takes
the steps, `training` trains; `engine` is what others see.
"""

from paribus.engines.numpy.engine import NumpyEngine

__all__ = ["NumpyEngine", "make"]


def make(cores: int) -> NumpyEngine:
    """Return the engine; a run uses one core, whatever `cores` is."""
    return NumpyEngine()
