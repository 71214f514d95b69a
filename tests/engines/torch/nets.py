"""Modules as users write them, good and bad."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Small(nn.Module):
    """Has what a user's module may have: dropout, running statistics, a view, frozen weights."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(width * 49, 3)
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x)))
        logits: Tensor = self.out(self.drop(x.view(len(x), -1))) * self.frozen
        return logits


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.LazyLinear(3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.out(x.flatten(1))
        return logits


class WrongShape(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[:, :2]


class WrongInTraining(Small):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            raise ValueError("no such\nluck")
        return super().forward(x)


class Pair(Small):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return x, x


class Half(Small):
    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Parameter(torch.ones(1, dtype=torch.bfloat16))


class Untrained(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, :3]


def number() -> int:
    return 3


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(49, 3))


def cube() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(49, 3), nn.Unflatten(1, (3, 1)))
