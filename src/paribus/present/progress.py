"""Draws how training gets on: all of it, and each run that is being trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from paribus.campaign.cells import WHOLE, Cell, Schedule
from paribus.campaign.progress import (
    Begun,
    Clock,
    Ended,
    EpochTrained,
    Listener,
    News,
    Remarked,
    Restarted,
)
from paribus.execute.protocol import Capacity, GpuLimit, MemoryLimit
from paribus.present.looks_stand import looks_stand
from paribus.text import count, duration, percent, plural, size_text, time_left

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from paribus.campaign.timing import Untimed


@contextmanager
def progress(schedule: Schedule, model: Clock, *, quiet: bool = False) -> Iterator[Listener]:
    """Yield a listener for `campaign.run` that draws bars on a terminal, and prints a line for each
    run that ends elsewhere; with `quiet`, one that says nothing."""
    if quiet:
        yield lambda news: None
        return
    if schedule.elsewhere:
        runs = count(len(schedule.elsewhere), "run")
        click.echo(f"Waiting for {runs} that another process is training.", err=True)
        yield lambda news: None
        return
    campaign = schedule.campaign
    if (look := schedule.next_look) is not None and (look.taken or look.ended):
        click.echo(looks_stand(look), err=True)
    if model.runs_left == 0:
        what = "this study" if campaign.selected_from is None else "the selected experiments"
        what = what if schedule.shard == WHOLE else "this shard"
        click.echo(f"Nothing to train: all runs of {what} are complete.", err=True)
        yield lambda news: None
        return
    click.echo(
        f"Training {model.runs_left} of {model.runs} runs, {schedule.capacity.slots} at once, "
        f"into {schedule.campaign.store_folder}. Press Ctrl-C to interrupt; run the same command "
        "again to resume.",
        err=True,
    )
    if limit := limit_line(schedule.capacity):
        click.echo(limit, err=True)
    console = _terminal()
    if console is None:
        yield lambda news: _print(model, news, schedule.capacity.slots)
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as drawn:
        yield _Bars(model, drawn, schedule.capacity.slots).show


@contextmanager
def timing_progress(
    pairs: int, processes: int, *, quiet: bool = False
) -> Iterator[Callable[[], None]]:
    """Yield what is to be called after each timing: it moves a bar on a terminal. Say beforehand
    what is timed, unless `quiet`."""
    if quiet:
        yield lambda: None
        return
    click.echo(
        f"Timing training steps: {count(pairs, 'pair')} of experiments, in "
        f"{processes} processes one after the other.",
        err=True,
    )
    console = _terminal()
    if console is None:
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as drawn:
        task = drawn.add_task("timing", total=pairs * processes)
        yield lambda: drawn.advance(task)


def limit_line(capacity: Capacity) -> str:
    """Return why fewer runs than cores are trained at once; "" if nothing limits them.

    >>> limit_line(Capacity(1, 8, GpuLimit(1)))
    'One run per GPU: 1 at once; --jobs N tries more.'
    """
    match capacity.limit:
        case MemoryLimit(needed, available):
            return (
                f"Memory for {count(capacity.slots, 'run')} at once: a run needs about "
                f"{size_text(needed)} (estimated), {size_text(available)} are free; "
                "--jobs N tries more."
            )
        case GpuLimit(gpus):
            return f"One run per GPU: {gpus} at once; --jobs N tries more."
        case None:
            return ""


def elsewhere_line(runs: int) -> str:
    """Return what to say of runs that other processes train; "" if there are none."""
    return f"{count(runs, 'run is', 'runs are')} being trained by another process." if runs else ""


def repaired_line(runs: Sequence[str]) -> str:
    """Return what to say of damaged runs that were trained again, by their ids; "" if there are
    none."""
    if not runs:
        return ""
    were = plural(len(runs), "was", "were")
    first = f" ({runs[0]} and others)" if len(runs) > 1 else f" ({runs[0]})"
    return f"{count(len(runs), 'run')}{first} {were} damaged in the store and begun again."


def untried_lines(untried: Mapping[str, int]) -> tuple[str, ...]:
    """Return what to say of runs that were not begun. untried: how many, by experiment."""
    return tuple(
        f"{count(runs, 'run')} more of {name} {plural(runs, 'was', 'were')} not begun: with every "
        "seed it would fail so."
        for name, runs in untried.items()
    )


def untimed_line(left: Untimed | None, leave_out: str) -> str:
    """Return why step times were not measured and what to do; "" if they were. leave_out: how to
    leave them out."""
    if left is None:
        return ""
    from paribus.campaign.timing import Busy

    pairs = count(len(left.pairs), "pair")
    match left.why:
        case Busy(others, cores):
            why = f"other programs keep {others:.1f} of {cores} cores busy"
            do = "Run the same command again when the machine is quiet"
        case str(why):
            do = "Run the same command again to time them"
    return f"Step times of {pairs} were not measured: {why}. {do}, or add {leave_out}."


def _terminal() -> Console | None:
    """What to draw bars on, if there is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    return console if console.is_terminal and not console.is_jupyter else None


class _Bars:
    """A bar for all runs, and one for each that is being trained."""

    def __init__(self, model: Clock, drawn: Progress, workers: int) -> None:
        self._model, self._drawn, self._workers = model, drawn, workers
        self._all = drawn.add_task("all runs", total=1.0, note="")
        self._rows: dict[str, TaskID] = {}
        self._unused: list[TaskID] = []

    def show(self, news: News) -> None:
        """Draw what has happened."""
        model = self._model
        if isinstance(news, Remarked):
            self._drawn.console.print(_remark(news), highlight=False)
            return
        model.note(news)
        cell = news.cell
        epochs = cell.experiment.epochs
        match news:
            case Begun(done=done):
                row = (
                    self._unused.pop()
                    if self._unused
                    else self._drawn.add_task("", total=1.0, note="")
                )
                self._rows[cell.run_id] = row
                self._drawn.update(
                    row, description=_title(cell), completed=done / epochs, note=f"epoch {done + 1}"
                )
            case Restarted():
                self._drawn.update(self._rows[cell.run_id], completed=0.0, note="epoch 1")
                self._drawn.console.print(_restart(news), highlight=False)
            case EpochTrained(epoch=epoch, test_accuracy=accuracy):
                test = "" if cell.trial is not None else f", test {percent(accuracy, '.2f')}"
                left = time_left(model.run_seconds_left(cell.name, cell.replicate, cell.trial))
                note = f"epoch {epoch}/{epochs}{test}, {left} left"
                self._drawn.update(self._rows[cell.run_id], completed=epoch / epochs, note=note)
            case Ended():
                self._unused.append(self._rows.pop(cell.run_id))
                self._drawn.console.print(_ending(news), highlight=False)
        left = time_left(model.seconds_left(self._workers))
        note = f"{model.runs_done}/{model.runs} runs, {left} left"
        self._drawn.update(self._all, completed=model.share_done, note=note)


def _print(model: Clock, news: News, workers: int) -> None:
    if isinstance(news, Remarked):
        click.echo(_remark(news), err=True)
        return
    model.note(news)
    if isinstance(news, Restarted):
        click.echo(_restart(news), err=True)
    if isinstance(news, Ended):
        done = f"{model.runs_done}/{model.runs} runs"
        left = time_left(model.seconds_left(workers))
        click.echo(f"{_ending(news)} ({done}, about {left} left)", err=True)


def _remark(news: Remarked) -> str:
    return f"{news.by}: {news.text}."


def _restart(news: Restarted) -> str:
    return (
        f"{_title(news.cell)}: trained from its beginning: the {news.cell.engine} engine does not "
        f"give the bits of its {count(news.done, 'epoch')} so far any more (then "
        f'"{news.before}", now "{news.now}").'
    )


def _ending(news: Ended) -> str:
    text = f"{time.strftime('%H:%M:%S')}  {_title(news.cell)}: {news.status}"
    if news.status != "finished":
        return text
    # Of trials nobody needs a test result: it has no part in what is chosen.
    if news.cell.trial is None:
        text += f", {percent(news.test_accuracy, '.2f')} test accuracy"
    return f"{text}, {duration(news.seconds)}"


def _title(cell: Cell) -> str:
    trial = "" if cell.trial is None else f", trial {cell.trial + 1}"
    return f"{cell.name}, seed {cell.replicate}{trial}"
