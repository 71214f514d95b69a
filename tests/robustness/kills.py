"""SIGKILL at any moment: the same command again ends with the same bytes, and nothing stays behind.

PYTHONPATH=. python tests/robustness/kills.py --count 100 --folder /tmp/fuzz
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from paribus.store.open import open_store
from paribus.store.verify import verify
from tests.support.commands import call_apart
from tests.support.small import SMALL_STUDY, write_small
from tests.support.small_looks import LOOKS_STUDY
from tests.support.trials import Trials, main

STUDY = SMALL_STUDY.replace(
    'network = ["conv 4"', 'engine = "native"\nnetwork = ["conv 4"'
).replace("lr = 0.01 }", 'lr = 0.01 }\nengine = "torch"')
COMMANDS = (
    ("run", "small.toml", "--no-timing", "--jobs", "2", "--report", "out"),
    ("report", "small.toml", "--report", "out"),
    ("export", "--to", "csv", "--output", "out"),
    ("export", "mlp/0", "--to", "torch", "--output", "out"),
    ("merge", "runs", "--into", "out"),
)
TARGETS = ("group", "parent", "worker")
KILLS_OF_LOOKS = 3
"""Of a study with planned looks, which trains on only while a question needs it."""
PATIENCE = 30.0
"""Seconds that a process is given to notice that its parent is gone."""

Bytes = dict[str, bytes]


@dataclass(frozen=True)
class Made:
    """What a study comes to that nobody has disturbed."""

    folder: Path
    results: Bytes
    seconds: dict[str, float]
    """How long each command takes."""
    findings: str
    """The table of findings that `paribus run` has written."""


def results_of(store: Path) -> Bytes:
    """All that training has made, without times."""
    found = {}
    with open_store(store, "read") as opened:
        assert not verify(opened).damage, opened.damage
        for run in opened.all_runs():
            assert run.status == "finished", run
            columns = opened.epochs(run.id)
            kept = [values for name, values in columns.items() if not name.endswith("_seconds")]
            found[run.id] = np.array(kept).tobytes()
            for name in ("weights.safetensors", "probabilities.npy"):
                found[f"{run.id}/{name}"] = (store / "runs" / run.id / name).read_bytes()
    return found


def made(folder: Path, study: str, commands: tuple[tuple[str, ...], ...]) -> Made:
    """Call the commands, `run` first; what they write is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_small(folder, study)
    seconds, findings = {}, ""
    for command in commands:
        begun = time.monotonic()
        done = call_apart(*command, cwd=folder)
        assert done.returncode == 0, done.stderr
        seconds[" ".join(command)] = time.monotonic() - begun
        findings = findings or findings_in(folder)
        remove(folder / "out")
    return Made(folder, results_of(folder / "runs"), seconds, findings)


def findings_in(folder: Path) -> str:
    return (folder / "out" / "tables" / "findings.csv").read_text("utf-8")


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def session(leader: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(of) == leader and state != "Z":
                found.append(int(entry.name))
    return sorted(found)


def killed(command: tuple[str, ...], here: Path, target: str, after: float) -> None:
    """Begin a command, kill what is meant of it, and wait for its end."""
    with subprocess.Popen(
        [sys.executable, "-m", "paribus", *command],
        cwd=here,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        time.sleep(after)
        others = [found for found in session(process.pid) if found != process.pid]
        if target == "group":
            os.killpg(process.pid, signal.SIGKILL)
        elif target == "parent" or not others:
            process.kill()
        else:
            os.kill(others[-1], signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    orphans = session(process.pid)
    for orphan in orphans:
        os.kill(orphan, signal.SIGKILL)
    assert not orphans, f"{len(orphans)} processes outlive {command}, {target} killed"


def begin(whole: Made, here: Path) -> None:
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    for name in ("small.toml", "small.npz"):
        shutil.copy(whole.folder / name, here)


def trial(whole: Made, here: Path, command: tuple[str, ...], *, target: str, after: float) -> None:
    begin(whole, here)
    if command[0] != "run":
        shutil.copytree(whole.folder / "runs", here / "runs")
    killed(command, here, target, after)
    if command[0] == "export" and (here / "out").exists():
        remove(here / "out")  # It was done before it was killed.
    done = call_apart(*command, cwd=here)
    assert done.returncode == 0, done.stderr
    assert results_of(here / "runs") == whole.results
    if command[0] == "merge":
        assert results_of(here / "out") == whole.results
    hidden = [str(path) for path in here.rglob(".*")]
    assert not hidden, f"left behind by {command}: {hidden}"


def trial_of_looks(whole: Made, here: Path, moments: list[float]) -> None:
    """Kill `run` again and again: the same runs are trained, with the same verdicts."""
    begin(whole, here)
    for target, after in zip(TARGETS, moments, strict=True):
        killed(COMMANDS[0], here, target, after)
    done = call_apart(*COMMANDS[0], cwd=here)
    assert done.returncode == 0, done.stderr
    assert results_of(here / "runs") == whole.results
    assert findings_in(here) == whole.findings


def run(trials: Trials, rng: np.random.Generator, count: int, folder: Path) -> None:
    """Kill so many commands, half of them `run`, each at a moment drawn at random; then those of a
    study with looks, a quarter as many times three."""
    folder.mkdir(parents=True, exist_ok=True)
    with_looks = made(folder / "looks", LOOKS_STUDY, COMMANDS[:1])
    for number in range(-(-count // 4)):
        # Of the time that is left, as each command goes on from what the one before has done.
        longest = with_looks.seconds[" ".join(COMMANDS[0])]
        moments = rng.uniform(0.2, 1.0, size=KILLS_OF_LOOKS) * longest / (KILLS_OF_LOOKS - 1)
        said = ", ".join(f"{moment:.2f}" for moment in moments)
        what_of_looks = partial(
            trial_of_looks, with_looks, folder / "trial of looks", moments.tolist()
        )
        trials.run(f"looks {number}: killed after {said} s", what_of_looks)
    whole = made(folder / "made", STUDY, COMMANDS)
    for number in range(count):
        command = COMMANDS[0] if number % 2 else COMMANDS[rng.integers(1, len(COMMANDS))]
        target = TARGETS[number // 2 % len(TARGETS)]
        after = float(rng.uniform(0, whole.seconds[" ".join(command)]))
        what = partial(trial, whole, folder / "trial", command, target=target, after=after)
        trials.run(f"kill {number}: {command[0]}, {target}, after {after:.2f} s", what)


if __name__ == "__main__":
    main(run, "killed commands")
