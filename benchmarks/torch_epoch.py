"""An epoch of `cnn` and of `mlp` on MNIST: the torch engine against PyTorch loops written by hand.

    python -m benchmarks.torch_epoch [--rounds 5] [--json FILE]

All in one process, in interleaved rounds; medians over the rounds of the seconds that one run's
epoch takes, test images not included. The engine gives each run one thread, and Paribus trains as
many runs at once as there are cores: "two at once" are two of its runs in two threads of Python,
counted as half their time each. Against it:

- hand-tuned: tensors sliced by index, channels_last, fused optimizer, on 1 and on 2 threads;
- DataLoader: the usual loop, as the course report had it: a shuffling DataLoader over tensors,
  `.item()` for loss and accuracy of each batch, PyTorch's own number of threads. (Over images that
  go through PIL and ToTensor one by one, as torchvision's MNIST does, it takes much longer still.)
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, TensorDataset

import paribus
from benchmarks.at_once import AtOnce
from paribus.engines.base import Split, Task
from paribus.engines.torch import TorchEngine
from paribus.randomness import Randomness
from paribus.spec.notation import parse_layers
from paribus.spec.plan import make_plan
from paribus.spec.recipe import Constant, Sgd

NETWORKS = {
    "cnn": [
        *("conv 8", "relu", "maxpool 2", "conv 16", "relu", "maxpool 2", "conv 32", "relu"),
        *("flatten", "linear 10"),
    ],
    "mlp": ["flatten", "linear 50", "relu", "linear 50", "relu", "linear 10"],
}
# The bars: the engine, two at once, against the better hand-tuned loop and the DataLoader's.
BARS = {"cnn": (1.15, 0.8), "mlp": (1.15, 0.6)}
_DEFAULT_THREADS = torch.get_num_threads()


def make_module(network: str) -> nn.Sequential:
    """The same network as a plain module."""
    if network == "mlp":
        return nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, 50), nn.ReLU()),
            *(nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 10)),
        )
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 10)),
    )


def engine(network: str, train: Split, runs: int) -> AtOnce:
    """Runs of the torch engine."""
    one = Split(train.images[:1], train.labels[:1])
    plan = make_plan(parse_layers(NETWORKS[network]), train.images.shape[1:], 10)
    trainings = []
    for seed in range(runs):
        randomness = Randomness(seed)
        task = Task(
            network=plan,
            classes=10,
            optimizer=Sgd(lr=0.01),
            schedule=Constant(),
            epochs=100,
            batch_size=128,
            label_smoothing=0.0,
            train=train,
            test=one,
            validation=None,
            randomness=randomness,
            initial=randomness.initial_tensors(plan, "torch"),
        )
        trainings.append(TorchEngine("cpu").start(task))
    return AtOnce(trainings)


class HandTuned:
    """What one would write by hand for speed."""

    def __init__(self, network: str, train: Split, threads: int) -> None:
        self._threads = threads
        self._images = torch.from_numpy(train.images)
        self._labels = torch.from_numpy(train.labels)
        self._module = make_module(network)
        if network == "cnn":
            self._images = self._images.contiguous(memory_format=torch.channels_last)
            self._module = self._module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = torch.optim.SGD(self._module.parameters(), lr=0.01, fused=True)

    def epoch(self) -> float:
        """Seconds for an epoch."""
        torch.set_num_threads(self._threads)
        start = perf_counter()
        losses, correct = [], []
        for batch in torch.randperm(len(self._labels)).split(128):
            labels = self._labels[batch]
            logits = self._module(self._images[batch])
            loss = F.cross_entropy(logits, labels)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            losses.append(loss.detach())
            correct.append((logits.detach().argmax(1) == labels).sum())
        torch.stack(losses).mean().item()
        torch.stack(correct).sum().item()
        seconds = perf_counter() - start
        torch.set_num_threads(_DEFAULT_THREADS)
        return seconds


class DataLoaderLoop:
    """What one would write from a tutorial."""

    def __init__(self, network: str, train: Split) -> None:
        tensors = torch.from_numpy(train.images), torch.from_numpy(train.labels)
        self._loader = DataLoader(TensorDataset(*tensors), batch_size=128, shuffle=True)
        self._module = make_module(network)
        self._loss = nn.CrossEntropyLoss()
        self._optimizer = torch.optim.SGD(self._module.parameters(), lr=0.01)

    def epoch(self) -> float:
        """Seconds for an epoch."""
        start = perf_counter()
        losses, accuracies = [], []
        for images, labels in self._loader:
            logits = self._module(images)
            loss = self._loss(logits, labels)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            losses.append(loss.item())
            accuracies.append((logits.argmax(1) == labels).float().mean().item())
        np.mean(losses), np.mean(accuracies)
        return perf_counter() - start


def main() -> None:
    """Measure, print, and write what `--json` asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()

    folder = Path(paribus.__file__).parent / "data" / "mnist"
    pixels = _idx(folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    labels = _idx(folder / "train-labels-idx1-ubyte.gz", 8).astype(np.int64)
    train = Split((pixels / np.float32(255)).astype(np.float32)[:, None], labels)

    results: dict[str, object] = {
        "torch": torch.__version__,
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "default_threads": _DEFAULT_THREADS,
        "rounds": arguments.rounds,
        "load_before": os.getloadavg()[0],
    }
    for network in arguments.networks:
        contenders: dict[str, Callable[[], float]] = {
            "engine, two at once": engine(network, train, 2).epoch,
            "engine, alone": engine(network, train, 1).epoch,
            "hand-tuned, 1 thread": HandTuned(network, train, 1).epoch,
            "hand-tuned, 2 threads": HandTuned(network, train, 2).epoch,
            "DataLoader": DataLoaderLoop(network, train).epoch,
        }
        results[network] = _compare(network, contenders, arguments.rounds)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


def _compare(
    network: str, contenders: dict[str, Callable[[], float]], rounds: int
) -> dict[str, object]:
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, epoch in contenders.items():
            time = epoch()
            if number > 0:  # the first round warms up
                seconds[name].append(time)
    print(f"\n{network}, seconds an epoch and run, median of {rounds} rounds [least, most]")
    for name, times in seconds.items():
        print(f"  {name:22} {median(times):6.3f}  [{min(times):.3f}, {max(times):.3f}]")
    tuned = min(("hand-tuned, 1 thread", "hand-tuned, 2 threads"), key=lambda n: median(seconds[n]))
    ratios = {}
    for name, bar in ((tuned, BARS[network][0]), ("DataLoader", BARS[network][1])):
        # Of the same round, so that what else the machine did then weighs on both.
        pairs = zip(seconds["engine, two at once"], seconds[name], strict=True)
        ratios[name] = median(engine / other for engine, other in pairs)
        print(f"  engine, two at once / {name}: {ratios[name]:.2f}  (bar {bar})")
    return {"seconds": seconds, "ratios": ratios}


def _idx(path: Path, offset: int) -> NDArray[np.uint8]:
    with gzip.open(path) as file:
        return np.frombuffer(bytearray(file.read()), np.uint8, offset=offset)


if __name__ == "__main__":
    main()
