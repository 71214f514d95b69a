"""What many runs cost: the store per run, the commands that read it, and Ray beside this machine.

    python -m benchmarks.scale store [--runs 10000] [--json FILE]
    python -m benchmarks.scale ray [--runs 1000] [--rounds 2] [--json FILE]

`store` fills a store with made-up runs and prints processor and wall time per run, for each tenth
of them; then the time of `paribus status` and `paribus report`. `ray` trains runs of about half a
second with the local executor and with `--ray local`, on the same cores, the two in turns: local,
Ray, Ray, local, and so on. It prints the ratio of their sums, start and report included. Wall times
mean something on a quiet machine only; processor times are those of all processes of a command,
sampled while it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np

from paribus.campaign.campaign import make
from paribus.campaign.cells import cells
from paribus.execute.machine import environment
from paribus.store.open import open_store

_EXPERIMENTS = 10
_EPOCHS = 8
_TRAIN_IMAGES = 10_000
"""With them a run takes about half a second."""
_SAMPLED_EVERY = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")


def write_study(folder: Path, runs: int) -> None:
    """Write a study of ten experiments, with as many seeds as make so many runs, and its data: 10
    classes of 1×8×8 images, 10,000 to train on and 500 to test on."""
    rng = np.random.default_rng(1)
    patterns = rng.integers(0, 150, (10, 8, 8))
    arrays: dict[str, Any] = {}
    for part, count in (("train", _TRAIN_IMAGES), ("test", 500)):
        labels = np.arange(count) % 10
        images = patterns[labels] + rng.integers(0, 105, (count, 8, 8))
        arrays |= {f"x_{part}": images.astype(np.uint8), f"y_{part}": labels}
    np.savez(folder / "many.npz", **arrays)
    variants = "".join(
        f'[experiments.e{number}]\nfrom = "e0"\noptimizer = {{ name = "sgd", lr = 0.0{number} }}\n'
        f'[[questions]]\nask = "Is {number} better?"\ncompare = ["e0", "e{number}"]\n'
        'about = ["optimizer"]\nmatters = 0.01\n'
        for number in range(1, _EXPERIMENTS)
    )
    (folder / "many.toml").write_text(
        f'title = "Many"\ndata = "many.npz"\nseeds = {runs // _EXPERIMENTS}\n'
        '[experiments.e0]\nnetwork = ["flatten", "linear 128", "relu", "linear 10"]\n'
        'optimizer = { name = "sgd", lr = 0.1 }\nbatch_size = 16\n'
        f'engine = "numpy"\nepochs = {_EPOCHS}\n{variants}',
        "utf-8",
    )


def fill(folder: Path) -> list[dict[str, float]]:
    """Fill a store with made-up runs of the study; return the seconds per run of each tenth."""
    campaign = make(str(folder / "many.toml"), store_folder=folder / "runs")
    rng = np.random.default_rng(1)
    weights = {"linear1.weight": rng.normal(size=(10, 100)).astype(np.float32)}
    true_class_NK = np.eye(10)[campaign.dataset.test_labels]
    tenths, where = [], environment()
    with open_store(campaign.store_folder, "create") as store:
        known = campaign.known(store)
        study = store.keep_study(
            campaign.stored_name, known.identities, data="many.npz", folder=campaign.folder
        )
        campaign.record(store, study, "2026-01-01T00:00:00+00:00")
        planned = cells(campaign, known, store)
        for tenth in range(10):
            part = planned[tenth * len(planned) // 10 : (tenth + 1) * len(planned) // 10]
            cpu, wall = process_time(), perf_counter()
            for cell in part:
                with store.claim(cell.run_id):
                    store.begin(cell.identity.hash, cell.seed, cell.engine, where)
                    for epoch in range(1, _EPOCHS + 1):
                        store.add_epoch(cell.run_id, epoch, _values(epoch, rng), weights)
                    scores_NK = np.exp(3 * true_class_NK + rng.normal(size=true_class_NK.shape))
                    shares_NK = scores_NK / scores_NK.sum(axis=1, keepdims=True)
                    store.finish(cell.run_id, weights, shares_NK.astype(np.float32))
            runs = len(part)
            tenths.append(
                {
                    "runs_before": tenth * runs,
                    "cpu_seconds_per_run": (process_time() - cpu) / runs,
                    "wall_seconds_per_run": (perf_counter() - wall) / runs,
                }
            )
            print(json.dumps(tenths[-1]), flush=True)
    return tenths


def _values(epoch: int, rng: np.random.Generator) -> dict[str, float]:
    loss = 2 / epoch + 0.02 * rng.random()
    accuracy = float(np.exp(-loss))
    return {
        "train_loss": loss,
        "train_accuracy": accuracy,
        "test_loss": loss + 0.05,
        "test_accuracy": accuracy,
        "validation_loss": np.nan,
        "validation_accuracy": np.nan,
        "train_seconds": 0.06,
        "test_seconds": 0.01,
    }


def measure(folder: Path, arguments: Sequence[str]) -> dict[str, float]:
    """Return processor and wall seconds of a command and of all processes that it starts."""
    begun = perf_counter()
    # A file, since a pipe that nobody reads is full after some hundred lines of progress.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "paribus", *arguments],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        used = dict[int, float]()
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            used |= _used(process.pid)
            sleep(_SAMPLED_EVERY)
        used |= _used(process.pid)
        wall = perf_counter() - begun
        if process.wait():
            said.seek(0)
            sys.exit(f"paribus {' '.join(arguments)}: {said.read().decode()}")
    return {"cpu_seconds": sum(used.values()), "wall_seconds": wall}


def _used(root: int) -> dict[int, float]:
    """Processor seconds by now of a process and of all that it has started."""
    parents, seconds = dict[int, int](), dict[int, float]()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):  # It has ended, or is no process.
            continue
        parents[int(entry.name)] = int(fields[1])
        seconds[int(entry.name)] = (int(fields[11]) + int(fields[12])) / _TICKS
    found, new = set[int](), {root}
    while new:
        found |= new
        new = {pid for pid, parent in parents.items() if parent in new} - found
    return {pid: seconds[pid] for pid in found if pid in seconds}


def store_figures(folder: Path, runs: int) -> dict[str, Any]:
    """Fill a store, then measure the commands that read it."""
    write_study(folder, runs)
    return {
        "tenths": fill(folder),
        "status": measure(folder, ["status", "many.toml"]),
        "report": measure(folder, ["report", "many.toml"]),
    }


def ray_figures(folder: Path, runs: int, rounds: int) -> dict[str, Any]:
    """Train the same runs by both executors, in turns."""
    write_study(folder, runs)
    options: dict[str, list[str]] = {"local": [], "ray": ["--ray", "local"]}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in options}
    for number in range(rounds):
        for name in sorted(options, reverse=number % 2 == 1):
            store = f"{name}-{number}"
            arguments = ["--no-timing", "--store", store, "--report", f"report-{store}"]
            seconds = measure(folder, ["run", "many.toml", *arguments, *options[name]])
            seconds["median_run_seconds"] = _median_run(folder / store)
            print(json.dumps({"executor": name, "round": number + 1, **seconds}), flush=True)
            found[name].append(seconds)
    ratios = {
        f"{key}_ratio": sum(one[key] for one in found["ray"])
        / sum(one[key] for one in found["local"])
        for key in ("cpu_seconds", "wall_seconds", "median_run_seconds")
    }
    return {"rounds": found, **ratios}


def _median_run(folder: Path) -> float:
    """Seconds of training of the median run of a store, evaluation left out."""
    with open_store(folder, "read") as store:
        runs = store.find_runs("")
        return float(np.median([store.epochs(run.id)["train_seconds"].sum() for run in runs]))


def main() -> None:
    """Measure what was asked for; print it, and write it where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["store", "ray"])
    parser.add_argument("--runs", type=int)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    runs = asked.runs or {"store": 10_000, "ray": 1000}[asked.what]
    with tempfile.TemporaryDirectory() as folder:
        if asked.what == "store":
            figures = store_figures(Path(folder), runs)
        else:
            figures = ray_figures(Path(folder), runs, asked.rounds)
    found = {"runs": runs, **figures, "environment": environment()}
    print(json.dumps(found, indent=2))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
