"""Shows how a study gets on: all of it, and each worker's run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from paribus.execute.protocol import Diverged, EpochDone, Event, Failed, Finished
from paribus.runner.cells import Cell
from paribus.runner.estimate import epoch_seconds, work
from paribus.runner.run import Listener, Submitted
from paribus.store.reader import Reader
from paribus.text import percent, time_left


@contextmanager
def progress(
    cells: list[Cell], store: Reader, jobs: int, *, quiet: bool = False
) -> Iterator[Listener]:
    """A listener for `run_missing` that draws bars on a terminal, and prints a line for each
    finished run elsewhere; `quiet`, one that says nothing."""
    if quiet:
        yield lambda *_: None
        return
    clock = _Clock(cells, store, jobs)
    console = Console(stderr=True)
    if clock.runs_left == 0:
        click.echo("Everything has been trained already.", err=True)
    else:
        click.echo(
            f"Training {clock.runs_left} of {len(clock.cells)} runs, {jobs} at once, "
            f"into {store.folder}. Ctrl-C stops; the same command goes on.",
            err=True,
        )
    if not console.is_terminal or console.is_jupyter:
        yield lambda cell, event: _print(clock, cell, event)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as bars:
        total = bars.add_task("all runs", total=1.0, note="")
        rows: dict[str, TaskID] = {}
        unused: list[TaskID] = []

        def listen(cell: Cell, event: Submitted | Event) -> None:
            clock.note(cell, event)
            epochs = cell.experiment.epochs
            match event:
                case Submitted(done):
                    row = unused.pop() if unused else bars.add_task("", total=1.0, note="")
                    rows[cell.run] = row
                    title = f"{cell.name}, seed {cell.seed}"
                    bars.update(
                        row, description=title, completed=done / epochs, note=f"epoch {done + 1}"
                    )
                case EpochDone(epoch=epoch):
                    test = percent(epoch.test.accuracy, ".2f")
                    left = time_left(clock.run_seconds_left(cell))
                    note = f"epoch {epoch.number}/{epochs}, test {test}, {left} left"
                    bars.update(rows[cell.run], completed=epoch.number / epochs, note=note)
                case Finished() | Diverged() | Failed():
                    unused.append(rows.pop(cell.run))
                    bars.console.print(_ending(cell, event), highlight=False)
            note = (
                f"{clock.runs_done}/{len(clock.cells)} runs, {time_left(clock.seconds_left())} left"
            )
            bars.update(total, completed=clock.share_done, note=note)

        yield listen


class _Clock:
    """Estimates the time left from what the epochs so far have taken."""

    def __init__(self, all_cells: list[Cell], store: Reader, jobs: int) -> None:
        self.cells = all_cells
        self._jobs = jobs
        self._seconds: dict[str, list[float]] = {}
        """Seconds of each epoch seen, by the experiment's name."""
        self._left: dict[str, int] = {}
        """Epochs left of each run."""
        self._cell: dict[str, Cell] = {cell.run: cell for cell in all_cells}
        self._ended: set[str] = set()
        for cell in all_cells:
            run = store.run(cell.run)
            ended = run is not None and run.ended
            done = 0 if run is None else len(store.epochs(cell.run)["train_loss"])
            self._left[cell.run] = 0 if ended else cell.experiment.epochs - done
            if ended:
                self._ended.add(cell.run)
        self._total = sum(work(cell.experiment) * cell.experiment.epochs for cell in all_cells)

    @property
    def runs_done(self) -> int:
        return len(self._ended)

    @property
    def runs_left(self) -> int:
        return len(self.cells) - self.runs_done

    @property
    def share_done(self) -> float:
        left = sum(work(self._cell[run].experiment) * n for run, n in self._left.items())
        return 1 - left / self._total

    def note(self, cell: Cell, event: Submitted | Event) -> None:
        match event:
            case Submitted(done):
                self._left[cell.run] = cell.experiment.epochs - done
            case EpochDone(epoch=epoch):
                seconds = epoch.train_seconds + epoch.test_seconds
                self._seconds.setdefault(cell.name, []).append(seconds)
                self._left[cell.run] = cell.experiment.epochs - epoch.number
            case Finished() | Diverged() | Failed():
                self._left[cell.run] = 0
                self._ended.add(cell.run)

    def run_seconds_left(self, cell: Cell) -> float:
        return self._epoch_seconds(cell) * self._left[cell.run]

    def seconds_left(self) -> float:
        """Of all runs, as if the work were spread evenly over the workers."""
        total = sum(self._epoch_seconds(self._cell[run]) * n for run, n in self._left.items() if n)
        return total / self._jobs

    def _epoch_seconds(self, cell: Cell) -> float:
        experiments = {cell.name: cell.experiment for cell in self.cells}
        return epoch_seconds(cell.name, experiments, self._seconds)


def _print(clock: _Clock, cell: Cell, event: Submitted | Event) -> None:
    clock.note(cell, event)
    if isinstance(event, Finished | Diverged | Failed):
        done = f"{clock.runs_done}/{len(clock.cells)} runs"
        left = time_left(clock.seconds_left())
        click.echo(f"{_ending(cell, event)} ({done}, about {left} left)", err=True)


def _ending(cell: Cell, event: Finished | Diverged | Failed) -> str:
    words = {Finished: "finished", Diverged: "diverged", Failed: "failed"}
    stamp = time.strftime("%H:%M:%S")
    return f"{stamp}  {cell.name}, seed {cell.seed}: {words[type(event)]}"
