"""Trials of broken inputs: each must end in a result or in a message, within bounds of time and
memory, and touch nothing else.

The scripts in tests/robustness run them by the thousand, each in a process of its own, since an
audit hook stays until a process ends.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import numpy as np

from paribus.errors import ParibusError
from paribus.seeding import stream
from paribus.text import shown

MOST_SECONDS = 5.0
MOST_BYTES = 1_000_000_000
LONGEST_LINE = 2000

_STARTS_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork")
_CHANGES_FILES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink")


class _TooLong(BaseException):
    """Raised in the middle of a trial that does not end."""


@dataclass
class Trials:
    """What became of them."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    longest: float = 0.0
    """Processor seconds."""
    most: int = 0
    """Bytes that a trial took beyond what the process had before."""

    def run(self, name: str, what: Callable[[], object]) -> str:
        """Call `what`; count a result, a message to the user, or a fault. Return which it was."""
        _reset_peak()
        before, started = _peak(), time.process_time()
        fault = ""
        try:
            with _limited():
                what()
            outcome = "valid"
        except ParibusError as error:
            outcome = "refused"
            fault = _not_a_message(str(error))
        except _TooLong:
            fault = f"takes over {MOST_SECONDS:g} s"
        except BaseException:
            fault = traceback.format_exc()
        seconds, took = time.process_time() - started, _peak() - before
        self.longest, self.most = max(self.longest, seconds), max(self.most, took)
        if not fault and seconds > MOST_SECONDS:
            fault = f"took {seconds:.1f} s"
        if not fault and took > MOST_BYTES:
            fault = f"took {took / 1e6:,.0f} MB"
        if fault:
            outcome = "faults"
            self.faults.append(f"{name}: {fault}")
        self.outcomes[outcome] += 1
        return outcome

    def summary(self) -> str:
        counts = (f"{self.outcomes[kind]:,} {kind}" for kind in ("valid", "refused", "faults"))
        return (
            f"{sum(self.outcomes.values()):,} trials: {', '.join(counts)}; the longest "
            f"{self.longest:.2f} s, the most memory {self.most / 1e6:,.0f} MB"
        )


def main(run: Callable[[Trials, np.random.Generator, int, Path], None], what: str) -> None:
    """Run trials as the command line asks for; exit with status 1 if there was a fault.

    run: makes so many trials with a generator, in a folder that is its own.
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True, help="where inputs are written to")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    trials = Trials()
    # Whole, as trials change the current folder.
    run(trials, stream(asked.seed, "robustness", what), asked.count, asked.folder.resolve())
    sys.stdout.write(f"{what}: {trials.summary()}\n")
    for fault in trials.faults[:20]:
        sys.stdout.write(f"\n{fault}\n")
    sys.exit(1 if trials.faults else 0)


_watched: list[Path] = []
_seen: list[str] = []


@contextmanager
def touching_nothing_outside(folder: Path) -> Iterator[None]:
    """Raise AssertionError if a program is started, or a file outside of `folder` changed."""
    if not _watched:
        sys.addaudithook(_watch)
    _watched.append(folder)
    _seen.clear()
    try:
        yield
    finally:
        _watched.append(Path())
    assert not _seen, _seen


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    folder = _watched[-1]
    if folder == Path():
        return
    if event in _STARTS_PROGRAMS:
        _seen.append(f"{event} {arguments[0]!r}")
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if (writes or event in _CHANGES_FILES) and isinstance(arguments[0], str | bytes | os.PathLike):
        path = Path(os.fsdecode(arguments[0])).absolute()
        if not path.is_relative_to(folder) and path != Path(os.devnull):
            _seen.append(f"{event} {path}")


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _not_a_message(text: str) -> str:
    """Return what is wrong with a message, or ""."""
    for line in text.split("\n"):
        if not line.strip() or line != shown(line, LONGEST_LINE):
            return f"not a line that can be shown: {line[:300]!r}"
        if "Traceback" in line or "pydantic" in line:
            return f"not a message for users: {line[:300]}"
    return ""


@contextmanager
def _limited() -> Iterator[None]:
    """End what runs for twice the time that it may take."""

    def stop(signal_: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 2 * MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _reset_peak() -> None:
    """Have the kernel count the peak of memory anew, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> int:
    """Return the peak of resident memory, in bytes."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
