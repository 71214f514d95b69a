"""`paribus report`: write the report of what has been trained so far."""

from __future__ import annotations

from pathlib import Path

import click

from paribus.campaign.campaign import Campaign
from paribus.cli.answer import answer
from paribus.cli.options import (
    json_option,
    looking,
    pdf_option,
    report_option,
    store_option,
    study_options,
    told,
)


@click.command()
@study_options
@store_option
@report_option
@pdf_option
@json_option
def command(*, campaign: Campaign, report_folder: Path | None, pdf: bool, as_json: bool) -> None:
    """Write the report of what has been trained of STUDY, a file or a built-in name, so far.
    It trains nothing, and can be called while `paribus run` trains."""
    with looking(campaign.store_folder) as store:
        known = told(campaign.known(store))
        result = campaign.result(store, known)
    answer(campaign, result, report_folder, as_json=as_json, pdf=pdf)
