"""What `paribus run` and `paribus report` end with: the findings, the report, and what is next."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from paribus.campaign.campaign import Campaign
from paribus.cli.options import tell
from paribus.measure.runs import StudyResult


def answer(
    campaign: Campaign,
    result: StudyResult,
    report_folder: Path | None,
    *,
    as_json: bool = False,
    pdf: bool = False,
) -> None:
    """Print what a study found and write its report into a folder, by default into its own.

    pdf: whether its figures are written as PDF, too.
    """
    from paribus.present.own_folder import keep_mark, own_folder
    from paribus.present.plan_text import plan_lines
    from paribus.present.report_text import undrawn
    from paribus.present.terminal import print_findings, print_next
    from paribus.present.write import write_report
    from paribus.questions.family import judge_study

    tell(*plan_lines(result), undrawn())
    study, preview = (campaign.stored_name, campaign.folder), result.study.preview
    result = replace(result, report_folder=report_folder)
    folder = report_folder or own_folder(*study, preview=preview)
    findings = judge_study(result)
    if as_json:
        page = write_report(result, folder, findings=findings, pdf=pdf)
        click.echo(json.dumps({"report": str(page)}))
    else:
        print_findings(findings, preview=preview)
        click.echo()
        ready = partial(print_next, result, findings)
        write_report(result, folder, ready, findings, pdf=pdf)
    keep_mark(*study, folder, preview=preview)
