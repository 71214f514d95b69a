"""`paribus report`: write the report of what has been trained so far."""

from __future__ import annotations

import json
from pathlib import Path

import click

from paribus.campaign.campaign import Campaign
from paribus.cli.options import json_option, report_option, store_option, study_options, tell, told
from paribus.store.open import open_to_look


@click.command(short_help="Write the report of what has been trained so far.")
@study_options
@store_option
@report_option
@json_option
def command(campaign: Campaign, report_folder: Path | None, as_json: bool) -> None:
    """Write the report of what has been trained of STUDY, a file or a built-in name, so far.
    It trains nothing, and can be called while `paribus run` is at work."""
    from paribus.present.own_folder import keep_mark, own_folder
    from paribus.present.plan_text import plan_lines
    from paribus.present.write import write_report

    def ready(page: Path) -> None:
        if not as_json:
            click.echo(f"Report: {page}")

    with open_to_look(campaign.store_folder) as store:
        known = told(campaign.known(store))
        result = campaign.result(store, known)
    tell(*plan_lines(result))
    study = campaign.stored_name, campaign.folder
    folder = report_folder or own_folder(*study)
    page = write_report(result, folder, ready)
    keep_mark(*study, folder)
    if as_json:
        click.echo(json.dumps({"report": str(page)}))
