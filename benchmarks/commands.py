"""How much processor time commands take that train nothing.

    python -m benchmarks.commands [--repeats 5] [--json FILE]

A store is filled with made-up runs of the built-in study (`report_time.fill`): the preview, for
`check`, `status` and a `run` with nothing left to train, and 5 seeds × 100 epochs for `report`.
Each command runs in a process of its own, several times; the medians are printed, processor time
(user + system, of the process and its children) and wall time. `run` is measured up to its report.
What one more worker costs is what two take beyond one for the same two short runs, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.report_time import fill
from paribus.campaign.changes import Changes
from paribus.execute.machine import environment

# `paribus run`, but for its answer: the lines of findings and the report, which `report` measures.
_NO_REPORT = """
import sys
from unittest.mock import patch
from paribus.__main__ import main
import paribus.cli.run
with patch("paribus.cli.run.answer"):
    sys.argv = ["paribus", *sys.argv[1:]]
    main()
"""
# An installed package is compiled to bytecode once, not at each start.
_WITH_BYTECODE = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}
_TWO_RUNS = """
title = "What a worker costs"
data = "mnist"
seeds = 2

[experiments.mlp]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1 }
batch_size = 128
epochs = 1
"""
_ABLATION = Path(__file__).resolve().parent.parent / "docs" / "ablation.csv"


@dataclass(frozen=True)
class Measured:
    """Medians over the repeats of one command."""

    command: str
    cpu_seconds: float
    wall_seconds: float
    bar: str
    """What it may take at most."""


def measure(command: Sequence[str], folder: Path, repeats: int) -> tuple[float, float]:
    """Median processor and wall seconds of a command, run once before to warm up."""
    took = [once(command, folder) for _ in range(repeats + 1)][1:]
    return median(cpu for cpu, _ in took), median(wall for _, wall in took)


def measure_worker(folder: Path, repeats: int) -> tuple[float, float]:
    """Median processor and wall seconds that a second worker adds to the same two runs."""
    (folder / "two.toml").write_text(_TWO_RUNS)
    cpu, wall = [], []
    for repeat in range(repeats + 1):
        run = [sys.executable, "-c", _NO_REPORT, "run", "two.toml", "--no-timing"]
        one, two = (
            once([*run, "--jobs", jobs, "--store", f"two-{jobs}-{repeat}"], folder)
            for jobs in ("1", "2")
        )
        cpu.append(two[0] - one[0])
        wall.append(two[1] - one[1])
    return median(cpu[1:]), median(wall[1:])


def once(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Processor and wall seconds of a command, called in a folder."""
    begun = perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_WITH_BYTECODE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: {said.decode()}")
    return used.ru_utime + used.ru_stime, perf_counter() - begun


def main() -> None:
    """Fill the stores, run the commands, print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    paribus = [sys.executable, "-m", "paribus"]
    full = ["--seeds", "5", "--epochs", "100"]
    asked = [
        ("check mnist", [*paribus, "check", "mnist"], "0.6 s CPU"),
        ("status mnist --preview", [*paribus, "status", "mnist", "--preview"], "0.6 s CPU"),
        (
            "run mnist --preview, nothing left to train, before its report",
            [sys.executable, "-c", _NO_REPORT, "run", "mnist", "--preview", "--no-timing"],
            "1.5 s CPU",
        ),
        (
            "report mnist, 5 seeds × 100 epochs",
            [*paribus, "report", "mnist", *full, "--store", "full"],
            "8 s",
        ),
        (
            "judge docs/ablation.csv, 20 runs, with its page",
            [*paribus, "judge", str(_ABLATION), "--matters", "0.3", "--report", "judged"],
            "2 s CPU",
        ),
    ]
    where = environment()
    print(f"{where['processor']}, {where['cores']} cores, load before {where['load before']}")
    found: list[Measured] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        fill(folder / "runs", Changes(preview=True))
        fill(folder / "full", Changes(seeds=5, epochs=100))
        for name, command, bar in asked:
            cpu, wall = measure(command, folder, arguments.repeats)
            found.append(Measured(name, cpu, wall, bar))
            print(_line(found[-1]), flush=True)
        cpu, wall = measure_worker(folder, arguments.repeats)
        found.append(Measured("one more worker of a run", cpu, wall, "1 s CPU"))
        print(_line(found[-1]))
    if arguments.json:
        result = {"environment": where, "commands": [asdict(one) for one in found]}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def _line(one: Measured) -> str:
    return (
        f"{one.cpu_seconds:6.2f} s CPU, {one.wall_seconds:6.2f} s (at most {one.bar}): "
        f"{one.command}"
    )


if __name__ == "__main__":
    main()
