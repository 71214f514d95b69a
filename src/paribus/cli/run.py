"""`paribus run`: train what a study is missing, then write its report."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import click

from paribus.campaign.campaign import Campaign
from paribus.campaign.cells import WHOLE, Schedule, Shard, schedule
from paribus.campaign.train import train
from paribus.cli.answer import answer
from paribus.cli.options import report_option, store_option, study_options, tell, told
from paribus.errors import UserError
from paribus.measure.runs import StudyResult
from paribus.present.progress import (
    elsewhere_line,
    progress,
    repaired_line,
    timing_progress,
    untimed_line,
    untried_lines,
)
from paribus.store.known import Known
from paribus.store.open import open_store
from paribus.store.writer import Writer
from paribus.text import count, plural


class ShardType(click.ParamType[Shard]):
    """A shard as it is typed, "2/8"."""

    name = "shard"

    def convert(
        self, value: str | Shard, param: click.Parameter | None, ctx: click.Context | None
    ) -> Shard:
        if isinstance(value, Shard):
            return value
        number, _, of = value.partition("/")
        if not (re.fullmatch("[0-9]{1,9}", number) and re.fullmatch("[0-9]{1,9}", of)):
            self.fail(
                f'write K/N, e.g. 2/8 for the second of eight parts, got "{value}"', param, ctx
            )
        if not 1 <= int(number) <= int(of):
            self.fail(f"K counts from 1 to N, got {value}", param, ctx)
        return Shard(int(number), int(of))


@click.command()
@study_options
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Number of runs to train in parallel, one core each. If fewer runs are left, they "
    "share the cores.  [default: number of available cores]",
)
@click.option(
    "--executor",
    default="local",
    show_default=True,
    metavar="NAME",
    help="What trains: processes on this machine, or what another package brings.",
)
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Train on a Ray cluster: HOST:PORT, auto for the one of this machine, or local for one "
    "that is started here and ends with the command.",
)
@click.option(
    "--timing/--no-timing",
    default=True,
    show_default=True,
    help="Time the training steps that questions ask about, when all is trained.",
)
@click.option(
    "--shard",
    type=ShardType(),
    metavar="K/N",
    help="Train the K-th of N parts, whole seeds, on this machine; write no report.",
)
@store_option
@report_option
def command(
    *,
    campaign: Campaign,
    jobs: int | None,
    executor: str,
    ray: str | None,
    timing: bool,
    shard: Shard | None,
    report_folder: Path | None,
) -> None:
    """Train the missing runs of STUDY, a file or a built-in name; time the training steps that its
    questions ask about, if the machine is quiet; then write its report.

    You can interrupt training at any time, with Ctrl-C or otherwise. At most the epochs in progress
    are lost; run the same command again to resume. `paribus report` works during training.
    """
    from paribus.present.beforehand import looks_at_nothing, too_few_seeds

    if shard is not None and report_folder is not None:
        raise UserError("--report: has no effect with --shard; a part of a study has no report")
    if ray == "":
        raise UserError('--ray: no address, got ""; write HOST:PORT, auto or local')
    study = campaign.study
    tell(*campaign.notes, too_few_seeds(study), looks_at_nothing(study, campaign.selected_from))
    with open_store(campaign.store_folder, "create") as store:
        known = told(campaign.known(store).adopted(store))
        outcome = train(
            campaign,
            known,
            store,
            show=progress,
            jobs=jobs,
            executor=executor if ray is None else "ray",
            address=ray or "",
            shard=shard or WHOLE,
        )
        result = None
        if shard is not None:
            _tell_shard(shard, schedule(campaign, known, store, shard=shard))
        else:
            result = campaign.result(store, known)
            if timing and not outcome.elsewhere:
                result = _timed(campaign, result, known, store)
    tell(repaired_line(store.repaired), store.damage_note)
    tell(elsewhere_line(outcome.elsewhere))
    tell(*(f"Run {run_id} failed: {reason}" for run_id, reason in outcome.failed.items()))
    tell(*untried_lines(outcome.untried))
    if result is not None:
        answer(campaign, result, report_folder)
    if outcome.failed:
        sys.exit(1)


def _tell_shard(shard: Shard, planned: Schedule) -> None:
    campaign = planned.campaign
    seeds = shard.seeds(campaign.study.seed_range)
    named = f"{plural(len(seeds), 'seed')} {', '.join(map(str, seeds))}"
    ended = len(planned.cells) - len(planned.missing)
    look = "" if planned.next_look is None else ", up to the next look,"
    click.echo(
        f"Shard {shard.number} of {shard.of}, {named}: {ended:,} of "
        f"{count(len(planned.cells), 'run')}{look} have ended, in {campaign.store_folder}. When "
        "all shards have, unite their stores with `paribus merge` and run the study there, which "
        "writes the report."
    )


def _timed(campaign: Campaign, result: StudyResult, known: Known, store: Writer) -> StudyResult:
    """The result with the timings that it lacked."""
    from paribus.campaign.timing import time_missing

    store.drop_damaged_timings()
    result = replace(result, timings=store.timings())
    codes = {name: identity.code for name, identity in known.identities.items()}
    left = time_missing(campaign, result, codes, store, progress=timing_progress)
    tell(untimed_line(left, "--no-timing"))
    return replace(result, timings=store.timings())
