"""An epoch of a small network on images of CIFAR's size, with crops and flips: the native engine
against a PyTorch loop tuned by hand that augments alike.

    python -m benchmarks.augmented_epoch [--rounds 7] [--images 5120] [--json FILE]

All in one process, in interleaved rounds; medians over the rounds of the seconds that one run's
epoch takes, evaluation not included. The images are random bytes, since no value of a pixel changes
what a step costs here. Paribus trains a run on each core: "two at once" are two runs in two threads
of Python, counted as half their time each. The loop has the usual means: the whole set cropped and
flipped as bytes at the start of an epoch, a shift at a time (as in Jordan's CIFAR-10 speedruns),
images channels last, a fused optimizer, nothing read back before the end; on 1 and on 2 threads.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from benchmarks.at_once import AtOnce
from paribus.data.dataset import Dataset
from paribus.engines.native.engine import NativeEngine
from paribus.execute.tasks import TaskMaker
from paribus.spec.experiment import Experiment
from paribus.spec.recipe import Sgd

BAR = 2.0
"""How many times as fast as the better of the loops the engine is to be, two runs at once."""
NETWORK = [
    *("conv 16", "relu", "maxpool 2", "conv 32", "relu", "maxpool 2", "conv 64", "relu"),
    *("maxpool 2", "flatten", "linear 10"),
]
PAD = 4


def made_up(images: int) -> Dataset:
    """Images of CIFAR's size, of random bytes."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (images, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(images) % 10
    return Dataset(
        name="made-up",
        train_images=pixels,
        train_labels=labels,
        test_images=pixels[:1],
        test_labels=labels[:1],
        class_names=tuple(map(str, range(10))),
    )


def native(data: Dataset, runs: int, threads: int, augment: list[str]) -> AtOnce:
    """Runs of the native engine."""
    experiment = Experiment.model_validate(
        {"network": NETWORK, "optimizer": Sgd(lr=0.01, momentum=0.9), "epochs": 1000,
         "augment": augment}
    )  # fmt: skip
    maker = TaskMaker(data)
    return AtOnce(
        [NativeEngine(threads).start(maker.make(experiment, seed)) for seed in range(runs)]
    )


def augmented(images: Tensor) -> Tensor:
    """Images (N, C, H, W) as bytes, each moved within a black margin and half of them flipped."""
    count, _, rows, columns = images.shape
    padded = F.pad(images, (PAD, PAD, PAD, PAD))
    shifts = torch.randint(0, 2 * PAD + 1, (2, count))
    across = torch.empty(count, 3, rows + 2 * PAD, columns, dtype=images.dtype)
    for shift in range(2 * PAD + 1):
        chosen = shifts[0] == shift
        across[chosen] = padded[chosen, :, :, shift : shift + columns]
    made = torch.empty_like(images)
    for shift in range(2 * PAD + 1):
        chosen = shifts[1] == shift
        made[chosen] = across[chosen, :, shift : shift + rows]
    return torch.where(torch.rand(count, 1, 1, 1) < 0.5, made.flip(3), made)


class Loop:
    """What one would write by hand for speed."""

    def __init__(self, data: Dataset, threads: int, *, augment: bool) -> None:
        self._threads, self._augment = threads, augment
        self._images = torch.from_numpy(data.train_images.copy())
        self._labels = torch.from_numpy(data.train_labels.copy())
        self._module = nn.Sequential(
            *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(1024, 10)),
        )
        self._module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = torch.optim.SGD(
            self._module.parameters(), lr=0.01, momentum=0.9, fused=True
        )

    def epoch(self) -> float:
        """Seconds for an epoch."""
        torch.set_num_threads(self._threads)
        start = perf_counter()
        images = augmented(self._images) if self._augment else self._images
        images = images.contiguous(memory_format=torch.channels_last)
        losses, correct = [], []
        for batch in torch.randperm(len(self._labels)).split(128):
            labels = self._labels[batch]
            logits = self._module(images[batch].float().div_(255))
            loss = F.cross_entropy(logits, labels)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            losses.append(loss.detach())
            correct.append((logits.detach().argmax(1) == labels).sum())
        torch.stack(losses).mean().item()
        torch.stack(correct).sum().item()
        return perf_counter() - start


def main() -> None:
    """Measure, print, and write what `--json` asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=5120)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    data = made_up(arguments.images)
    both = ["crop 4", "flip"]
    contenders: dict[str, Callable[[], float]] = {
        "native, two at once": native(data, 2, 1, both).epoch,
        "native, one on 2 threads": native(data, 1, 2, both).epoch,
        "native, one on 1 thread": native(data, 1, 1, both).epoch,
        "native, one on 1 thread, not augmented": native(data, 1, 1, []).epoch,
        "loop, 1 thread": Loop(data, 1, augment=True).epoch,
        "loop, 2 threads": Loop(data, 2, augment=True).epoch,
        "loop, 2 threads, not augmented": Loop(data, 2, augment=False).epoch,
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(arguments.rounds + 1):
        for name, epoch in contenders.items():
            seconds = epoch()
            if number:  # The first round warms up.
                times[name].append(seconds)
    for name, epochs in times.items():
        rate = arguments.images / median(epochs)
        print(f"{name:40} {median(epochs):7.3f} s, {rate:8,.0f} images/s")
    tuned = min(("loop, 1 thread", "loop, 2 threads"), key=lambda name: median(times[name]))
    ratios = {}
    for name, loop in (
        ("native, two at once", tuned),
        ("native, one on 2 threads", "loop, 2 threads"),
        ("native, one on 1 thread", "loop, 1 thread"),
    ):
        # Of the same round, so that what else the machine did then weighs on both.
        pairs = zip(times[loop], times[name], strict=True)
        ratios[f"{loop} / {name}"] = median(other / engine for other, engine in pairs)
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f} (bar {BAR:g})")
    if arguments.json:
        results = {
            "torch": torch.__version__,
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "rounds": arguments.rounds,
            "images": arguments.images,
            "network": NETWORK,
            "seconds": times,
            "ratios": ratios,
        }
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
