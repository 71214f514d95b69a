"""The script of `paribus slurm` in a folder, with stubs for Paribus and Slurm."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from paribus.present.slurm_script import SlurmJob, slurm_script

PARIBUS = """#!/bin/sh
# Keeps what it is called with; if the file "hold COMMAND" exists, it runs until "let go" does.
shift 2
{ printf '%s\\0' "$@"; printf '\\0'; } >>called
if [ -e "hold $1" ]; then
    echo $$ >held
    while [ ! -e "let go" ]; do sleep 0.01; done
fi
if [ "$1" = status ]; then
    echo '  "epochs_trained": '"$(cat epochs),"
fi
"""

SCONTROL = """#!/bin/sh
{ printf '%s\\0' scontrol "$@"; printf '\\0'; } >>called
[ ! -e refused ]
"""


def job(folder: Path, **changed: object) -> SlurmJob:
    values: dict[str, object] = {
        "name": "study", "folder": folder, "python": str(folder / "bin" / "python"),
        "study": ["study.toml"], "store": Path("runs"), "tasks": 2, "cores": 1, "megabytes": 100,
        "time": "5", "margin": 50,
    }  # fmt: skip
    return SlurmJob(**{**values, **changed})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Stubbed:
    """A folder with a script, and with stubs for what it calls."""

    folder: Path
    shell: tuple[str, ...] = ("sh",)

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])}

    @property
    def called(self) -> list[list[str]]:
        """What Paribus and scontrol were called with."""
        path = self.folder / "called"
        words = os.fsdecode(path.read_bytes()).split("\0") if path.exists() else []
        return [list(call) for is_call, call in groupby(words, bool) if is_call]

    @contextmanager
    def started(
        self, part: str, environ: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a part of the script; let all that it has started end in the end."""
        with subprocess.Popen(
            [*self.shell, "train.sh", part],
            cwd=self.folder,
            env={**self.environ, **TASK, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                (self.folder / "let go").touch()

    def run(
        self, part: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a part of the script."""
        with self.started(part, environ) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess([], process.returncode, out, err)

    def held(self) -> int:
        """Wait for a command that is held; return its process."""
        while not (self.folder / "held").exists() or not (self.folder / "held").read_text():
            time.sleep(0.01)
        return int((self.folder / "held").read_text("utf-8"))


TASK = {"SLURM_JOB_ID": "9", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}


def stubbed(folder: Path, shell: tuple[str, ...] = ("sh",), **changed: object) -> Stubbed:
    (folder / "bin").mkdir()
    for name, text in {"python": PARIBUS, "scontrol": SCONTROL}.items():
        (folder / "bin" / name).write_text(text, "utf-8")
        (folder / "bin" / name).chmod(0o755)
    (folder / "epochs").write_text("0", "utf-8")
    (folder / "train.sh").write_bytes(os.fsencode(slurm_script(job(folder, **changed))))
    return Stubbed(folder, shell)


def with_store(folder: Path, name: str, epochs: int) -> Path:
    """Make a store of so many epochs."""
    (folder / name).mkdir()
    (folder / name / "paribus.db").write_text("a database", "utf-8")
    (folder / "epochs").write_text(str(epochs), "utf-8")
    return folder / name


def with_sbatch(script: Stubbed, text: str) -> None:
    """Add a stub of sbatch, as commands of the shell."""
    path = script.folder / "bin" / "sbatch"
    path.write_text(f"#!/bin/sh\n{{ printf '%s\\0' \"$@\"; printf '\\0'; }} >>called\n{text}\n")
    path.chmod(0o755)
