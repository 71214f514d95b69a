"""How long a study takes on all cores of a machine by the native engine, and on its GPU by PyTorch.

    python -m benchmarks.gpu [--rounds 3] [--runs 16] [--json FILE]

Both are what `paribus run` does, from its start to the last run's end, without a report: the native
engine with one run per core, PyTorch with one run on the GPU, and with several. They take turns;
the medians are printed, and their ratio to the native engine's. Where there is no GPU, it says so.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.cases import Case
from benchmarks.commands import once
from paribus.engines.gpus import gpus
from paribus.engines.torch import TorchEngine
from paribus.execute.machine import environment
from paribus.spec.notation import format_layer

_WIDE = Case("residual-bn", 640, (32, 64, 128), (3, 32, 32))
_CASES = {
    "cnn": (Case("cnn", 12_800), 4),
    "residual-bn": (Case("residual-bn", 6_400), 1),
    "residual-bn, 32×32×3, 32/64/128 channels": (_WIDE, 1),
}
"""A case, whose turn is the images of an epoch, and how many epochs."""
_CONTENDERS = {
    "native, one run per core": ("--engine", "native"),
    "torch, one run on the GPU": ("--engine", "torch", "--jobs", "1"),
    "torch, 4 runs on the GPU": ("--engine", "torch", "--jobs", "4"),
    "torch, 16 runs on the GPU": ("--engine", "torch", "--jobs", "16"),
}


@dataclass(frozen=True)
class Measured:
    """What the runs of a case took in all, by the median over the rounds."""

    case: str
    contender: str
    seconds: float
    ratio: float
    """To what the native engine took."""


def measure(study: Path, rounds: int) -> dict[str, float]:
    """Return the median seconds of each contender for a study."""
    took: dict[str, list[float]] = {name: [] for name in _CONTENDERS}
    for round_number in range(rounds):
        for number, (name, options) in enumerate(_CONTENDERS.items()):
            store = f"{study.stem}-{number}-{round_number}"
            took[name].append(_train(study, store, options))
    return {name: median(seconds) for name, seconds in took.items()}


def _write(case: Case, epochs: int, runs: int, folder: Path) -> Path:
    """Write a study of a case and its images, as bytes; return the study's path."""
    images = case.images()
    pixels = np.clip(images.images * 255, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    name = f"{case.network}-{case.widths[0]}"
    np.savez(
        folder / f"{name}.npz",
        train_images=pixels,
        train_labels=images.labels,
        test_images=pixels[:1000],
        test_labels=images.labels[:1000],
    )
    layers = json.dumps([format_layer(node.layer) for node in case.plan.nodes])
    path = folder / f"{name}.toml"
    path.write_text(
        f"""
title = "What a GPU takes"
data = "{name}.npz"
seeds = {runs}

[experiments.net]
network = {layers}
optimizer = {{ name = "sgd", lr = {case.rate} }}
batch_size = {case.batch}
epochs = {epochs}
"""
    )
    return path


def _train(study: Path, store: str, options: Sequence[str]) -> float:
    run = ["run", study.name, "--no-timing", "--shard", "1/1", "--store", store, *options]
    _, wall = once([sys.executable, "-m", "paribus", *run], study.parent)
    return wall


def main() -> None:
    """Train all cases, print a line for each contender."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=16)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if not gpus():
        sys.exit("PyTorch finds no GPU here.")
    where = environment() | {"gpu": TorchEngine().gpu}
    print(f"{where['processor']}, {where['cores']} cores; {where['gpu']}")
    found: list[Measured] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, (case, epochs) in _CASES.items():
            study = _write(case, epochs, arguments.runs, Path(scratch))
            took = measure(study, arguments.rounds)
            native = next(iter(took.values()))
            for contender, seconds in took.items():
                found.append(Measured(name, contender, seconds, seconds / native))
                print(f"{seconds:7.1f} s, {seconds / native:5.2f} times: {name}, {contender}")
    if arguments.json:
        result = {
            "environment": where,
            "runs": arguments.runs,
            "rounds": arguments.rounds,
            "studies": [asdict(one) for one in found],
        }
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
