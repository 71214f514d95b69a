"""Modules as users write them, good and bad."""

from __future__ import annotations

import os
import random
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


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


class InPlace(Small):
    """Overwrites what it gets, as `Shifted` does not."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.sub_(0.13).div_(0.31))


class Shifted(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward((x - 0.13) / 0.31)


class OtherGenerators(Small):
    """Draws from the generators of Python and NumPy."""

    offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("offset", torch.tensor(np.random.rand(), dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            x = x * (1 + random.random() / 8) + np.random.rand() / 8
        return super().forward(x + self.offset)


class DrawnOutside(Small):
    """What it has drawn is in no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = random.random()

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (1 + self.factor)


class OwnGenerator(Small):
    def forward(self, x: Tensor) -> Tensor:
        noise = np.random.default_rng().random() if self.training else 0.0
        return super().forward(x + noise)


class OwnWeights(Small):
    def __init__(self) -> None:
        super().__init__()
        self.frozen.data.fill_(np.random.default_rng().random())


class Counting(Small):
    """What it gives depends on how often it was called."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().forward(x) * (1 + self.calls / 10)


class CountingLater(Small):
    """The same, but not from its first steps on."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        return super().forward(x) * (1 + max(0, self.calls - 4) / 10)


class Counted(Small):
    """The same, kept where it is saved."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        return super().forward(x) * (1 + self.calls / 10)


class Expanded(Small):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(1).expand(3))


class Late(Small):
    def forward(self, x: Tensor) -> Tensor:
        if self.training and not hasattr(self, "late"):
            self.late = nn.Parameter(torch.ones(1))
        return super().forward(x)


class LazyInTraining(Small):
    def __init__(self) -> None:
        super().__init__()
        self.extra = nn.LazyLinear(3)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + (self.extra(x.flatten(1)) if self.training else 0)


class Detached(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach()


class Tied(nn.Module):
    """One weight under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(49, 49)
        self.second = nn.Linear(49, 49)
        self.second.weight = self.first.weight
        self.out = nn.Linear(49, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.out(torch.relu(self.second(torch.relu(self.first(x.flatten(1))))))
        return logits


class NormOfOne(nn.Module):
    """Cannot train on a batch of one image."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(49)
        self.out = nn.Linear(49, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.out(self.norm(x.flatten(1)))
        return logits


class CountingEvaluations(Small):
    """What it gives in evaluation mode depends on how often it was asked then."""

    asked = 0

    def forward(self, x: Tensor) -> Tensor:
        self.asked += not self.training
        return super().forward(x) * (1 if self.training else 1 + self.asked / 10)


class AlwaysDropping(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.dropout(x, 0.5))


class Double(Small):
    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Parameter(torch.ones(1, dtype=torch.float64))


@dataclass
class Unhashable(nn.Module):
    """Has an __eq__ of its own, and so no hash."""

    width: int = 4

    def __post_init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(49, 3)


class Sparse(Small):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("eye", torch.eye(3).to_sparse())


class OnMeta(Small):
    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Linear(3, 3, device="meta")


class ChangesSettings(Small):
    """Changes what is one for the whole process, and is as it would be without."""

    def __init__(self) -> None:
        super().__init__()
        torch.set_default_dtype(torch.float64)
        torch.set_float32_matmul_precision("medium")
        torch.set_flush_denormal(True)
        torch.set_num_threads(3)
        np.seterr(all="raise")
        os.chdir("/")
        warnings.simplefilter("error")

    def forward(self, x: Tensor) -> Tensor:
        torch.set_default_dtype(torch.float64)
        return super().forward(x)


class CountingGradients(Small):
    """Keeps state in a hook, which no forward pass shows."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.out.weight.register_hook(self.weakened)  # type: ignore[no-untyped-call]

    def weakened(self, gradient: Tensor) -> Tensor:
        self.steps += 1
        return gradient / self.steps


class HalvedGradients(Small):
    def __init__(self) -> None:
        super().__init__()
        self.out.weight.register_hook(lambda gradient: gradient / 2)  # type: ignore[no-untyped-call]


class ReplacesParameter(Small):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.out.weight = nn.Parameter(self.out.weight.detach().clamp(-1, 1))
        return super().forward(x)


class LargeCount(Small):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.tensor(2**24 + 1))


class SparseGradient(Small):
    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Embedding(2, 3, sparse=True)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = super().forward(x) + self.bias(torch.zeros(len(x), dtype=torch.long))
        return logits


class WithoutGradients(Small):
    def forward(self, x: Tensor) -> Tensor:
        torch.set_grad_enabled(False)
        return super().forward(x)
