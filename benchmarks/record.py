"""From random weights to 98% and to 99% of MNIST's test images: how long it takes on two cores.

    python -m benchmarks.record [--seeds 20] [--json FILE]

A recipe for either, trained once for each seed by the native engine and by PyTorch, in turns, each
in a process of its own that has trained once before. Counted are the seconds from the first step to
the last: images are in memory, the networks are made, and nothing is evaluated on the way. The
accuracy is that of the 10,000 test images afterwards. The recipes were found on the last 10,000
training images, by random search over small networks, optimizers and rates; no test image was
looked at before they were fixed.

PyTorch trains the same network on the same images with the same optimizer and rates, in batches of
the same size, with initial weights and an order of its own: channels last, fused optimizer, images
sliced from one tensor, nothing read back. Larger batches would save time for each image, but took
more epochs to get there in the search.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from math import sqrt
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import mean, median, stdev
from time import perf_counter
from typing import Any

from benchmarks.epoch import processor
from paribus.data import sources
from paribus.engines.base import Task
from paribus.execute.tasks import TaskMaker
from paribus.spec.experiment import Experiment
from paribus.spec.recipe import Adam

Trained = tuple[float, float]
"""Seconds, and the share of test images that are right afterwards."""


@dataclass(frozen=True)
class Recipe:
    """One epoch of three convolutions, batches of 32, a rate that rises and falls once."""

    accuracy: float
    """What it is to reach, a share of the test images."""
    widths: tuple[int, int, int]
    pooled: int
    """How many of the convolutions are pooled, from the first on."""
    images: int
    lr: float
    second_beta: float
    smoothing: float

    @property
    def experiment(self) -> Experiment:
        """The recipe as Paribus takes it."""
        layers = []
        for number, width in enumerate(self.widths):
            pool = ["maxpool 2"] if number < self.pooled else []
            layers += [f"conv {width}", *pool, "batchnorm", "relu"]
        return Experiment.model_validate(
            {
                "network": [*layers, "flatten", "linear 10"],
                "optimizer": {"name": "adam", "lr": self.lr, "betas": (0.9, self.second_beta)},
                "schedule": {"name": "one-cycle", "rise": 0.2, "start_divisor": 10.0},
                "epochs": 1,
                "batch_size": 32,
                "label_smoothing": self.smoothing,
                "images": self.images,
            }
        )


RECIPES = (
    Recipe(0.98, (8, 16, 32), 3, 12_000, lr=0.03, second_beta=0.97, smoothing=0.1),
    Recipe(0.99, (8, 24, 48), 2, 50_000, lr=0.01, second_beta=0.99, smoothing=0.05),
)


def native(threads: int) -> Callable[[Recipe, Task, int], Trained]:
    """Training by the native engine."""
    from paribus.engines.native.engine import NativeEngine

    def train(recipe: Recipe, task: Task, seed: int) -> Trained:
        epoch = NativeEngine(threads).start(task).run_epoch()
        return epoch.train_seconds, epoch.test.accuracy

    return train


def pytorch(threads: int) -> Callable[[Recipe, Task, int], Trained]:
    """The same as one would write it in PyTorch for speed."""
    import torch
    from torch import nn
    from torch.nn import functional as F  # noqa: N812

    torch.set_num_threads(threads)

    def module(recipe: Recipe) -> nn.Module:
        layers: list[nn.Module] = []
        channels = 1
        for number, width in enumerate(recipe.widths):
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            if number < recipe.pooled:
                layers.append(nn.MaxPool2d(2))
            layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            channels = width
        side = 28 // 2**recipe.pooled
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, 10))

    def channels_last(images: Any) -> Any:
        return torch.from_numpy(images).contiguous(memory_format=torch.channels_last)

    def train(recipe: Recipe, task: Task, seed: int) -> Trained:
        images, labels = channels_last(task.train.images), torch.from_numpy(task.train.labels)
        assert isinstance(task.optimizer, Adam)
        torch.manual_seed(seed)
        network = module(recipe).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.Adam(
            network.parameters(), lr=task.optimizer.lr, betas=task.optimizer.betas, fused=True
        )
        start = perf_counter()
        batches = torch.randperm(len(labels)).split(task.batch_size)
        for rate, batch in zip(task.learning_rates(1), batches, strict=True):
            optimizer.param_groups[0]["lr"] = rate
            logits = network(images[batch])
            loss = F.cross_entropy(logits, labels[batch], label_smoothing=task.label_smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        seconds = perf_counter() - start
        with torch.no_grad():
            answers = network.eval()(channels_last(task.test.images)).argmax(1).numpy()
        return seconds, float((answers == task.test.labels).mean())

    return train


CONTENDERS = {
    "native, 2 threads": "native(2)",
    "native, 1 thread": "native(1)",
    "PyTorch, 2 threads": "pytorch(2)",
    "PyTorch, 1 thread": "pytorch(1)",
}


def work(maker: str, pipe: Connection) -> None:
    """What a contender's process does: train to warm up, then whenever told a recipe and a seed."""
    train: Callable[[Recipe, Task, int], Trained] = eval(maker)
    make = TaskMaker(sources.load("mnist")).make
    warm = RECIPES[0]
    train(warm, make(warm.experiment, 10_000), 10_000)
    pipe.send(None)
    while (told := pipe.recv()) is not None:
        number, seed = told
        pipe.send(train(RECIPES[number], make(RECIPES[number].experiment, seed), seed))


def main() -> None:
    """Measure, print, and write what `--json` asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    for name, maker in CONTENDERS.items():
        pipes[name], there = context.Pipe()
        context.Process(target=work, args=(maker, there), daemon=True).start()
        pipes[name].recv()
    results = []
    for number, recipe in enumerate(RECIPES):
        trained: dict[str, list[Trained]] = {name: [] for name in CONTENDERS}
        for seed in range(arguments.seeds):
            for name, pipe in pipes.items():
                pipe.send((number, seed))
                trained[name].append(pipe.recv())
        print(f"\n{recipe.accuracy:.0%} of MNIST, widths {recipe.widths}, {arguments.seeds} seeds")
        for name, runs in trained.items():
            seconds, accuracy = zip(*runs, strict=True)
            half = 1.96 * stdev(accuracy) / sqrt(len(runs))
            there_too = sum(a >= recipe.accuracy for a in accuracy)
            ratio = median(
                s / n for s, (n, _) in zip(seconds, trained["native, 2 threads"], strict=True)
            )
            print(
                f"  {name:20} {median(seconds):6.3f} s [{min(seconds):.3f}, {max(seconds):.3f}]  "
                f"{ratio:5.2f} × native  mean {mean(accuracy):.2%} ± {half:.2%}, "
                f"{there_too} of {len(runs)} seeds reach {recipe.accuracy:.0%}"
            )
        results.append({"recipe": asdict(recipe), "trained": trained})
    for pipe in pipes.values():
        pipe.send(None)
    if arguments.json:
        about = {
            "date": date.today().isoformat(),
            "processor": processor(),
            "cores": len(os.sched_getaffinity(0)),
        }
        arguments.json.write_text(json.dumps({**about, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
