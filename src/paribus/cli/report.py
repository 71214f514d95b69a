"""`paribus report`: write the report of what has been trained so far."""

from __future__ import annotations

import json
from pathlib import Path

import click

from paribus.analysis import collect
from paribus.cli.asked import Asked, json_option, report_option, store_option, study_options
from paribus.store.store import Store


@click.command(short_help="Write the report of what has been trained so far.")
@study_options
@store_option
@report_option
@json_option
def command(asked: Asked, store_folder: Path, report_folder: Path, as_json: bool) -> None:
    """Write the report of what has been trained of STUDY, a file or a built-in name, so far.
    It trains nothing, and can be called while `paribus run` is at work."""
    from paribus.report.write import write_report

    with Store.open(store_folder) as store:
        page = write_report(collect(asked.study, asked.name, store, asked.dataset), report_folder)
    click.echo(json.dumps({"report": str(page)}) if as_json else f"Report: {page}")
