"""An engine: NumPy's under another name, which calls itself bit-compatible with it."""

from __future__ import annotations

from paribus.engines.numpy import NumpyEngine


class TheirEngine(NumpyEngine):
    """Trains as the engine `numpy` does."""

    name = "theirs"

    @property
    def bits(self) -> str:
        """Its results have the bits of NumPy's engine."""
        return "as numpy"


def make(cores: int) -> TheirEngine:
    """Return the engine."""
    return TheirEngine()
