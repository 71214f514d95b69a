"""Moving averages of a network's tensors, which are evaluated in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from paribus.engines.base import State, average_share
from paribus.engines.torch.loaded import fill


class Averages:
    """Averages of tensors by name; none, and nothing done, if the decay is 0. Of integers, as a
    custom module may count with, the present value is taken.
    """

    def __init__(self, tensors: Mapping[str, Tensor], decay: float) -> None:
        self._tensors, self._decay = tensors, decay
        self.values = {
            name: torch.zeros_like(value, requires_grad=False) for name, value in tensors.items()
        } if decay else {}  # fmt: skip

    def state(self) -> dict[str, Tensor]:
        """Return them by their names in a state."""
        return {f"average/{name.partition('/')[2]}": value for name, value in self.values.items()}

    def resume(self, state: State) -> None:
        """Overwrite them with those of a state."""
        for name, value in self.state().items():
            fill(value, state[name])

    def step(self, number: int) -> None:
        """Take in the tensors after a step, counted from 1 over all epochs."""
        with torch.no_grad():
            for name, average in self.values.items():
                value = self._tensors[name]
                if average.is_floating_point():
                    average += average_share(self._decay, number) * (value - average)
                else:
                    average.copy_(value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within it, the tensors are their averages."""
        before = {name: self._tensors[name].detach().clone() for name in self.values}
        self._write(self.values)
        try:
            yield
        finally:
            self._write(before)

    def _write(self, values: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in values.items():
                self._tensors[name].copy_(value)
