"""Kills processes of a real Ray cluster while it trains: workers, nodes, and the command itself.

    PYTHONPATH=. python tests/robustness/ray_kills.py --count 30 --folder build/robustness/ray

The store must end with the bits of a single machine, no stored epoch may be trained again, and no
process may be left over.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from paribus.store.open import open_store
from tests.support.commands import call_apart, epochs_in
from tests.support.ray import Cluster, ray_cluster
from tests.support.small import SMALL_STUDY, write_small
from tests.support.stored import content

_RUNS = 6
_SECONDS = 180


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    epochs = 30 + 15 * asked.count
    study = write_small(asked.folder, SMALL_STUDY.replace("epochs = 4", f"epochs = {epochs}"))
    with ray_cluster([1, 1]) as cluster:
        killed = _train(study, cluster, asked.count, random.Random(asked.seed))
        everything = cluster.processes()
    _wait(lambda: not any(map(_alive, everything)), "processes are left over")
    done = call_apart("run", study.name, "--store", "whole", cwd=study.parent)
    assert done.returncode == 0, done.stderr
    assert content(study.parent / "cut") == content(study.parent / "whole")
    log = (study.parent / "command.log").read_text("utf-8")
    assert "Ray: A worker died" in log
    assert "(raylet)" not in log
    told = ", ".join(f"{number} of a {what}" for what, number in killed.items())
    print(f"{sum(killed.values())} kills ({told}): same bits, no epoch lost, no process left.")


def _train(study: Path, cluster: Cluster, count: int, rng: random.Random) -> Counter[str]:
    """Train a study to its end, with so many kills meanwhile; return how many of each kind."""
    store, killed = study.parent / "cut", Counter[str]()
    nodes, driver = [1, 2], _begin(study, cluster)
    while killed.total() < count:
        enough = epochs_in(store) + rng.randrange(1, 12)
        _wait(partial(_has_trained, store, enough, driver), cluster.logs)
        time.sleep(rng.uniform(0, 0.2))
        before = _seconds(store)
        match what := ("worker", "node", "command")[killed.total() % 3]:
            case "worker":
                if not (workers := cluster.workers()):
                    continue
                os.kill(rng.choice(workers), signal.SIGKILL)
            case "node":
                lost = rng.randrange(2)
                cluster.kill(nodes[lost])
                nodes[lost] = cluster.add(1)
            case "command":
                driver.kill()
                driver.wait()
                before = _seconds(store)
                _wait(lambda: not cluster.workers(), "workers outlive their command")
                driver = _begin(study, cluster)
        killed[what] += 1
        after = _seconds(store)
        assert {run: after[run][: len(kept)] for run, kept in before.items()} == before
        kept = before
    assert driver.wait(_SECONDS) == 0
    after = _seconds(store)
    assert {run: after[run][: len(seconds)] for run, seconds in kept.items()} == kept
    return killed


def _has_trained(store: Path, epochs: int, driver: subprocess.Popen[bytes]) -> bool:
    assert driver.poll() is None, "it ended before all kills"
    return epochs_in(store) >= epochs


def _begin(study: Path, cluster: Cluster) -> subprocess.Popen[bytes]:
    with open(study.parent / "command.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "paribus", "run", study.name, "--store", "cut", "--no-timing",
             "--ray", cluster.address],
            cwd=study.parent, stdout=log, stderr=log, env=os.environ | cluster.environ,
        )  # fmt: skip


def _seconds(store: Path) -> dict[str, list[float]]:
    """How long each stored epoch of each run took: another number if it is trained again."""
    with open_store(store, "read") as opened:
        return {
            run.id: opened.epochs(run.id)["train_seconds"].tolist() for run in opened.find_runs("")
        }


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait(what: Callable[[], bool], otherwise: str | Callable[[], str]) -> None:
    end = time.monotonic() + _SECONDS
    while not what():
        assert time.monotonic() < end, otherwise if isinstance(otherwise, str) else otherwise()
        time.sleep(0.05)


if __name__ == "__main__":
    main()
