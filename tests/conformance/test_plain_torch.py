"""Every engine against the same training written plainly in PyTorch: modules, loop, optimizer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from paribus.engines.base import Task
from paribus.spec.recipe import Adam, AdamW, OneCycle, Optimizer, RmsProp, Sgd
from tests.support.cases import (
    OPTIMIZERS,
    Candidate,
    assert_close,
    digits,
    every_precision,
    judge,
    make_task,
    noise,
    tensors,
    without_ties,
)


class Block(nn.Module):
    """Batch normalization, ReLU, convolution, and the input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.batchnorm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(torch.relu(self.batchnorm(x)))
        return x + y


def _mlp() -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 10)
    )


def _cnn() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 5, padding=2, stride=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(144, 10)),
    )


class Projected(nn.Module):
    """A block that halves the map, with a convolution past it."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, out, 3, 2, 1), nn.BatchNorm2d(out), nn.ReLU()),
            *(nn.Conv2d(out, out, 3, padding=1), nn.BatchNorm2d(out)),
        )
        self.skip = nn.Sequential(nn.Conv2d(channels, out, 1, 2), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x) + self.skip(x)
        return y


class Branches(nn.Module):
    """The input and two convolutions of it, one behind the other."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, 3, 5, padding=2)
        self.narrow = nn.Conv2d(channels, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.wide(x), torch.relu(self.narrow(x)), x], 1)


def _groups() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 12, 3, 2, 1, groups=4), nn.Tanh(), nn.Conv2d(12, 12, 5, 1, 2, groups=12)),
        *(nn.Conv2d(12, 8, 1), nn.Tanh(), nn.Flatten(), nn.Linear(392, 10)),
    )


def _norms() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 3, 2, 1), nn.GroupNorm(3, 6), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1)),
        *(nn.GroupNorm(1, 8), nn.Tanh(), nn.Flatten(), nn.Linear(392, 12), nn.LayerNorm(12)),
        *(nn.ReLU(), nn.Linear(12, 8), nn.GroupNorm(2, 8), nn.Linear(8, 10)),
    )


def _branches() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), Projected(4, 6), nn.ReLU(), Branches(6)),
        *(nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(14, 10)),
    )


def _residual() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), Block(4), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3, padding=1)),
        *(Block(8), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(392, 16), nn.BatchNorm1d(16)),
        *(nn.Sigmoid(), nn.GELU(), nn.Linear(16, 10)),
    )


def _activations() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.SiLU(), nn.MaxPool2d(4)),
        *(nn.Conv2d(8, 8, 3, padding=1), nn.LeakyReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(72, 20), nn.LeakyReLU(0.3), nn.Linear(20, 10)),
    )


PAIRS: dict[str, tuple[Callable[[], nn.Sequential], list[str]]] = {
    "mlp": (_mlp, ["flatten", "linear 50", "relu", "linear 50", "relu", "linear 10"]),
    "cnn": (
        _cnn,
        [
            *("conv 8", "relu", "maxpool 2", "conv 16 kernel=5 stride=2", "tanh", "avgpool 2"),
            *("flatten", "linear 10"),
        ],
    ),
    "activations": (
        _activations,
        [
            *("conv 8", "silu", "maxpool 4", "conv 8", "leakyrelu", "maxpool 2", "flatten"),
            *("linear 20", "leakyrelu negative_slope=0.3", "linear 10"),
        ],
    ),
    "groups": (
        _groups,
        [
            *("conv 8", "relu", "maxpool 2", "conv 12 stride=2 groups=4", "tanh"),
            *("conv 12 kernel=5 groups=12", "conv 8 kernel=1", "tanh", "flatten", "linear 10"),
        ],
    ),
    "norms": (
        _norms,
        [
            *("conv 6 stride=2", "groupnorm 3", "relu", "conv 8 stride=2", "layernorm", "tanh"),
            *("flatten", "linear 12", "layernorm", "relu", "linear 8", "groupnorm 2", "linear 10"),
        ],
    ),
    "branches": (
        _branches,
        [
            *("conv 4 stride=2", "relu"),
            "residual [conv 6 stride=2, batchnorm, relu, conv 6, batchnorm] "
            "skip=[conv 6 kernel=1 stride=2, batchnorm]",
            *("relu", "concat [[conv 3 kernel=5], [conv 5 kernel=1, relu], []]", "tanh"),
            *("globalavgpool", "linear 10"),
        ],
    ),
    "residual": (
        _residual,
        [
            *("conv 4", "residual [batchnorm, relu, conv 4]", "maxpool 2", "conv 8"),
            *("residual [batchnorm, relu, conv 8]", "maxpool 2", "flatten", "linear 16"),
            *("batchnorm", "sigmoid", "gelu", "linear 10"),
        ],
    ),
}


def plain_training(
    task: Task, module: nn.Module, dtype: torch.dtype
) -> tuple[dict[str, np.ndarray], list[tuple[float, float, float, float]]]:
    """The tensors in the plan's order and names, and (loss, accuracy) of training and test."""
    module.to(dtype)
    wanted = {k: v for k, v in module.state_dict().items() if "num_batches" not in k}
    # Modules hold their tensors in order of evaluation, as the plan does.
    for ours, theirs in zip(task.initial, wanted.values(), strict=True):
        theirs.copy_(torch.from_numpy(task.initial[ours]))
    optimizer = torch_optimizer(task.optimizer, module)
    scheduler = None
    if isinstance(task.schedule, OneCycle):
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            task.optimizer.lr,
            total_steps=task.steps_per_epoch * task.epochs,
            pct_start=task.schedule.rise,
            div_factor=task.schedule.start_divisor,
            final_div_factor=task.schedule.end_divisor,
            cycle_momentum=False,
        )
    images = torch.from_numpy(task.train.images).to(dtype)
    labels = torch.from_numpy(task.train.labels)
    epochs = []
    for epoch in range(1, task.epochs + 1):
        module.train()
        losses, accuracies = [], []
        for batch in task.batches(epoch):
            x, y = images[batch], labels[batch]
            if task.augmented is not None:
                x = torch.from_numpy(task.augmented(epoch)(batch)).to(dtype)
            optimizer.zero_grad()
            logits = module(x)
            loss = F.cross_entropy(logits, y, label_smoothing=task.label_smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
            losses.append(loss.item())
            accuracies.append((logits.argmax(1) == y).double().mean().item())
        module.eval()
        with torch.no_grad():
            logits = module(torch.from_numpy(task.test.images).to(dtype))
        y = torch.from_numpy(task.test.labels)
        epochs.append(
            (
                float(np.mean(losses)),
                float(np.mean(accuracies)),
                F.cross_entropy(logits, y).item(),
                (logits.argmax(1) == y).double().mean().item(),
            )
        )
    return {
        name: value.numpy() for name, value in zip(task.initial, wanted.values(), strict=True)
    }, epochs


def torch_optimizer(settings: Optimizer, module: nn.Module) -> torch.optim.Optimizer:
    """Written out anew, so that nothing is shared with the engine."""
    decay = settings.weight_decay
    match settings:
        case Sgd(lr=lr, momentum=momentum, nesterov=nesterov):
            return torch.optim.SGD(
                module.parameters(), lr, momentum, weight_decay=decay, nesterov=nesterov
            )
        case Adam(lr=lr, betas=betas, eps=eps):
            return torch.optim.Adam(module.parameters(), lr, betas, eps, decay)
        case RmsProp(lr=lr, alpha=alpha, momentum=momentum, eps=eps):
            return torch.optim.RMSprop(module.parameters(), lr, alpha, eps, decay, momentum)
        case AdamW(lr=lr, betas=betas, eps=eps):
            return torch.optim.AdamW(module.parameters(), lr, betas, eps, decay)


@every_precision
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(engine: Candidate, name: str) -> None:
    """Twelve steps with a network so smooth that rounding does not grow."""
    module = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(98, 3))
    task = make_task(
        ["conv 2", "tanh", "flatten", "linear 3"],
        noise(19),
        optimizer=OPTIMIZERS[name],
        epochs=3,
        label_smoothing=0.1,
    )
    wanted, _ = plain_training(task, module, torch.float64)
    judged, candidate = judge(task), engine.start(task)
    for _ in range(3):
        judged.run_epoch()
        candidate.run_epoch()
    assert_close(tensors(judged), wanted, 1e-11)
    assert_close(tensors(candidate), wanted, 1e-11 if engine.double else 1e-5)


@every_precision
def test_one_cycle(engine: Candidate) -> None:
    task = make_task(
        ["flatten", "linear 3"],
        noise(19),
        optimizer=Sgd(lr=0.2, momentum=0.9),
        schedule=OneCycle(rise=0.4),
        epochs=3,
    )
    wanted, _ = plain_training(task, nn.Sequential(nn.Flatten(), nn.Linear(49, 3)), torch.float64)
    candidate = engine.start(task)
    for _ in range(3):
        candidate.run_epoch()
    assert_close(tensors(candidate), wanted, 1e-11 if engine.double else 1e-5)


@every_precision
@pytest.mark.parametrize("name", PAIRS)
def test_network(engine: Candidate, name: str) -> None:
    """Two epochs of twelve steps on digits."""
    make, network = PAIRS[name]
    task = make_task(
        network,
        without_ties(digits(380)),
        digits(100, "t10k"),
        optimizer=Sgd(lr=0.05, momentum=0.9),
        batch_size=32,
        epochs=2,
    )
    wanted, epochs = plain_training(task, make(), torch.float64)
    # Batch normalization lets float32's rounding grow with every step, and where a ReLU of the
    # residual network opens in one precision alone, weights move by some hundredths.
    tolerance, absolute = (1e-9, 0.0) if engine.double else (1e-3, 3e-2)
    training = engine.start(task)
    for right in epochs:
        got = training.run_epoch()
        assert (got.train.loss, got.test.loss) == pytest.approx((right[0], right[2]), rel=tolerance)
        # An image between two classes may fall to either.
        assert got.train.accuracy == pytest.approx(right[1], abs=2.01 / 32 / 12)
        assert got.test.accuracy == pytest.approx(right[3], abs=0.011)
    assert_close(tensors(training), wanted, tolerance * 10, absolute)
