"""How fast the native engine is: each kernel against the processor's peak, epochs against PyTorch.

    python benchmarks/native_kernels.py kernels
    python benchmarks/native_kernels.py epochs [mlp cnn residual residual-bn] [--rounds 5]

`kernels` compiles benchmarks/native_kernels.cpp with the flags of setup.py. `epochs` trains the
same network with both engines, a run per core, in turns of a few steps each, so that whatever else
the machine does falls on both; what counts is the median of the ratios of neighbouring turns.
Both train from float32 images in memory; PyTorch with sliced tensors, channels_last, one thread
per run.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
KERNELS = ROOT / "src/paribus/engines/native/kernels"
FLAGS = "-std=c++17 -O3 -march=native -ffp-contract=fast -fno-math-errno -fno-trapping-math"

BATCH, IMAGES = 128, 60_000
STEPS_PER_EPOCH = -(-IMAGES // BATCH)
STEPS_PER_TURN = {"mlp": 400, "cnn": 40, "residual": 8, "residual-bn": 8}
RATE = {"mlp": 0.01, "cnn": 0.01, "residual": 0.01, "residual-bn": 0.025}

Turn = Callable[[int], None]


def native_turn(name: str) -> Turn:
    import numpy as np

    sys.path.insert(0, str(ROOT / "tests/engines/native"))
    from reference import NETWORKS, Reference

    from paribus.engines.native.library import Kind, NativeNetwork

    images, labels, order = load_data()
    start = Reference(NETWORKS[name], (1, 28, 28))
    start.initialise(seed=1)
    network = NativeNetwork(NETWORKS[name], (1, 28, 28))
    for index, tensor in enumerate(start.parameters):
        network.write(Kind.PARAMETERS, index, tensor)
    for index, tensor in enumerate(start.statistics):
        network.write(Kind.STATISTICS, index, tensor)

    def turn(steps: int) -> None:
        losses, _ = network.train(images, labels, order, BATCH, np.full(steps, RATE[name]))
        assert np.isfinite(losses).all()

    return turn


def torch_turn(name: str) -> Turn:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(1)
    torch.backends.mkldnn.flags(enabled=True)

    class Residual(nn.Module):
        def __init__(self, *body: nn.Module) -> None:
            super().__init__()
            self.body = nn.Sequential(*body)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.body(x)

    def conv(out: int, inputs: int) -> nn.Module:
        return nn.Conv2d(inputs, out, 3, padding=1)

    def block(width: int) -> nn.Module:
        norm = [nn.BatchNorm2d(width)] if name == "residual-bn" else []
        return Residual(*norm, nn.ReLU(), conv(width, width))

    if name == "mlp":
        layers = [nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU()]
        layers.append(nn.Linear(50, 10))
    elif name == "cnn":
        layers = [conv(8, 1), nn.ReLU(), nn.MaxPool2d(2), conv(16, 8), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [conv(32, 16), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 10)]
    else:
        layers = []
        for width, inputs in ((8, 1), (16, 8), (32, 16)):
            layers += [conv(width, inputs), *(block(width) for _ in range(3))]
            if width < 32:
                layers.append(nn.MaxPool2d(2))
        layers += [nn.ReLU(), nn.Flatten(), nn.Linear(1568, 10)]
    network = nn.Sequential(*layers)
    array, targets, order_array = load_data()
    images, labels = torch.from_numpy(array), torch.from_numpy(targets)
    order = torch.from_numpy(order_array)
    if name != "mlp":
        network = network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE[name])
    loss_of = nn.CrossEntropyLoss()

    def turn(steps: int) -> None:
        total = torch.zeros(())
        for step in range(steps):
            part = order[step * BATCH : (step + 1) * BATCH]
            loss = loss_of(network(images[part]), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        assert total.isfinite()

    return turn


def load_data():  # type: ignore[no-untyped-def]
    """Training images (N, 1, 28, 28) in 0 to 1, labels (N), and an order of the images."""
    import numpy as np

    folder = ROOT / "src/paribus/data/mnist"
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    images = (pixels / np.float32(255)).astype(np.float32).reshape(-1, 1, 28, 28)
    order = np.random.default_rng(1).permutation(len(labels))
    return images, labels.astype(np.int64), order


def work(name: str, pipe) -> None:  # type: ignore[no-untyped-def]
    """One run of each engine; takes a turn with the one it is told, and reports its time."""
    turns = {"native": native_turn(name), "torch": torch_turn(name)}
    steps = STEPS_PER_TURN[name]
    for turn in turns.values():
        turn(steps)  # memory, caches, PyTorch's choice of kernels
    pipe.send(None)
    while (engine := pipe.recv()) is not None:
        wall, cpu = time.perf_counter(), time.process_time()
        turns[engine](steps)
        pipe.send((time.perf_counter() - wall, time.process_time() - cpu))


def epochs(names: list[str], rounds: int) -> None:
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} runs at once, a core each; medians of {rounds} rounds. Seconds per epoch and run")
    print("(wall time / runs; processor time / runs), and how many times faster native is.")
    context = multiprocessing.get_context("spawn")
    for name in names:
        workers = []
        for _ in range(cores):
            here, there = context.Pipe()
            process = context.Process(target=work, args=(name, there))
            process.start()
            workers.append((process, here))
        for _, pipe in workers:
            pipe.recv()
        scale = STEPS_PER_EPOCH / STEPS_PER_TURN[name] / cores
        times: dict[str, list[tuple[float, float]]] = {"native": [], "torch": []}
        for _ in range(rounds):
            for engine in times:
                for _, pipe in workers:
                    pipe.send(engine)
                results = [pipe.recv() for _, pipe in workers]
                wall = max(result[0] for result in results) * scale
                cpu = statistics.mean(result[1] for result in results) * scale
                times[engine].append((wall, cpu))
        for process, pipe in workers:
            pipe.send(None)
            process.join()
        pairs = list(zip(times["torch"], times["native"], strict=True))
        line = f"{name:12s}"
        for engine, values in times.items():
            wall = statistics.median(value[0] for value in values)
            cpu = statistics.median(value[1] for value in values)
            line += f"  {engine} {wall:6.3f} s ({cpu:6.3f} s)"
        ratios = sorted(t[0] / n[0] for t, n in pairs)
        cpu_ratio = statistics.median(t[1] / n[1] for t, n in pairs)
        line += f"  ratio {statistics.median(ratios):.2f} [{ratios[0]:.2f}, {ratios[-1]:.2f}]"
        print(f"{line}, by processor time {cpu_ratio:.2f}", flush=True)


def kernels() -> None:
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        sys.exit("There is no C++ compiler.")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "native_kernels"
        source = str(Path(__file__).with_suffix(".cpp"))
        command = [compiler, *FLAGS.split(), f"-I{KERNELS}", source, "-o", str(program)]
        subprocess.run(command, check=True)
        subprocess.run([str(program)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["kernels", "epochs"])
    parser.add_argument("networks", nargs="*", default=list(STEPS_PER_TURN))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.what == "kernels":
        kernels()
    else:
        epochs(arguments.networks, arguments.rounds)


if __name__ == "__main__":
    main()
