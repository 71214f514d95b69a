"""A network of the user's own."""

from __future__ import annotations

from torch import Tensor, nn


class Small(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.hidden = nn.Linear(36, width)
        self.out = nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.out(self.hidden(x.flatten(1)).relu())
        return logits
