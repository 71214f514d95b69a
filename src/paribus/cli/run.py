"""`paribus run`: train what a study is missing, then write its report."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from paribus.cli.asked import Asked, report_option, store_option, study_options
from paribus.execute.machine import available_cores
from paribus.runner.cells import cells, missing
from paribus.runner.engines import choose_engines
from paribus.runner.progress import progress
from paribus.runner.run import run_missing
from paribus.store.open import open_store
from paribus.text import count


@click.command(short_help="Train what a study is missing, then write its report.")
@study_options
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Runs trained at once, a core each; fewer share the cores.  [default: one a core]",
)
@store_option
@report_option
def command(asked: Asked, jobs: int | None, store_folder: Path, report_folder: Path) -> None:
    """Train what STUDY, a file or a built-in name, is missing; then write its report.

    Stopped at any time, by Ctrl-C or otherwise, it loses at most the epochs under way: the same
    command again goes on. The report can be written while it trains, with `paribus report`.
    """
    from paribus.measure.from_store import collect
    from paribus.present.beforehand import too_few_seeds
    from paribus.present.write import write_report

    engines, said = choose_engines(asked.study, asked.dataset)
    for line in filter(None, (*asked.dataset.warnings, said, too_few_seeds(asked.study))):
        click.echo(line, err=True)
    with open_store(store_folder, "create") as store:
        known = asked.known(store)
        planned = cells(asked.study, engines, known.identities, store)
        todo = missing(planned, store)
        known.refuse_untrainable([cell.name for cell in todo])
        jobs = jobs or available_cores()
        with progress(planned, store, min(jobs, max(1, len(todo)))) as listen:
            outcome = run_missing(
                asked.study, asked.name, planned, asked.relative_to, store, jobs, listen
            )
        result = collect(asked.study, asked.name, store, asked.dataset, known.identities)
    if outcome.elsewhere:
        runs = count(outcome.elsewhere, "run is", "runs are")
        click.echo(f"{runs} being trained by another process.", err=True)
    for run, reason in outcome.failed.items():
        click.echo(f"Run {run} failed: {reason}", err=True)
    write_report(result, report_folder, lambda page: click.echo(f"Report: {page}"))
    if outcome.failed:
        sys.exit(1)
