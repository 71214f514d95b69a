"""How long `paribus report` takes over the built-in study at its full size.

    python benchmarks/report_time.py [--seeds 5] [--epochs 100] [--json FILE]

Nothing is trained: a store is filled with made-up curves and probabilities, as many as the study
would leave there, and the command is timed as a user would run it, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from paribus.campaign.campaign import make
from paribus.campaign.cells import cells
from paribus.campaign.changes import Changes
from paribus.execute.machine import environment
from paribus.store.open import open_store


def fill(folder: Path, changes: Changes) -> None:
    """A store with every run of the study `mnist`, after some changes, finished."""
    campaign = make("mnist", changes, folder)
    rng = np.random.default_rng(1)
    weights = {"linear1.weight": rng.normal(size=(10, 2000)).astype(np.float32)}
    true_class_NK = np.eye(10)[campaign.dataset.test_labels]
    with open_store(folder, "create") as store:
        known = campaign.known(store)
        store.keep_study(campaign.name, known.identities, data="mnist", preview=changes.preview)
        for cell in cells(campaign, known, store):
            store.begin(cell.identity.hash, cell.seed, cell.engine, environment())
            for epoch in range(1, cell.experiment.epochs + 1):
                loss = 2 / epoch + 0.02 * rng.random()
                values = {
                    "train_loss": loss,
                    "train_accuracy": float(np.exp(-loss)),
                    "test_loss": loss + 0.05,
                    "test_accuracy": float(np.exp(-loss - 0.01)),
                    "validation_loss": np.nan,
                    "validation_accuracy": np.nan,
                    "train_seconds": 1.5,
                    "test_seconds": 0.1,
                }
                store.add_epoch(cell.run_id, epoch, values, weights)
            scores_NK = np.exp(3 * true_class_NK + rng.normal(size=true_class_NK.shape))
            probabilities_NK = scores_NK / scores_NK.sum(axis=1, keepdims=True)
            store.finish(cell.run_id, weights, probabilities_NK.astype(np.float32))


def main() -> None:
    """Fill, run the command, print its time, peak memory and the page's size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store, report = Path(scratch) / "runs", Path(scratch) / "report"
        fill(store, Changes(seeds=arguments.seeds, epochs=arguments.epochs))
        command = [sys.executable, "-m", "paribus", "report", "mnist"]
        command += ["--seeds", str(arguments.seeds), "--epochs", str(arguments.epochs)]
        start = perf_counter()
        with subprocess.Popen(
            [*command, "--store", store, "--report", report], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            told = process.stdout.readline()
            page_seconds = perf_counter() - start
        if process.returncode:
            sys.exit(process.returncode)
        print(told, end="")
        seconds = perf_counter() - start
        page = (report / "index.html").stat().st_size / 1e6
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(
        f"page after {page_seconds:.1f} s, all after {seconds:.1f} s, "
        f"{memory:.2f} GB at most, page of {page:.1f} MB"
    )
    if arguments.json:
        result = {
            "page_seconds": page_seconds,
            "seconds": seconds,
            "peak_memory_gb": memory,
            "page_mb": page,
        }
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
