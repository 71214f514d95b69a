"""`paribus slurm`: a script that trains a study as jobs of Slurm."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from paribus.campaign.campaign import Campaign
from paribus.campaign.need import memory_of_run
from paribus.cli.options import store_option, study_options, told
from paribus.errors import UserError
from paribus.present.slurm_script import SlurmJob, slurm_script
from paribus.spec.study import Study
from paribus.text import count

_COMMAND_MEGABYTES = 300
"""What the command takes beside its workers."""


@click.command()
@study_options
@click.option(
    "--tasks",
    type=click.IntRange(1),
    metavar="N",
    help="Tasks of the job array, each a shard of whole seeds.  [default: one per seed, at most 8]",
)
@click.option(
    "--cores", type=click.IntRange(1), default=4, show_default=True, help="Cores for each task."
)
@click.option(
    "--memory",
    type=click.IntRange(1),
    metavar="MB",
    help="Megabytes of memory for each task.  [default: estimated, of a run on each core]",
)
@click.option(
    "--time",
    "time_limit",
    default="04:00:00",
    show_default=True,
    metavar="TIME",
    help="Time limit of each task, as sbatch takes it; a task that reaches it is put back into "
    "the queue and resumes.",
)
@click.option(
    "--margin",
    type=click.IntRange(10),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long before its time limit a task is put back into the queue.",
)
@click.option(
    "--sbatch",
    multiple=True,
    metavar="OPTION",
    help="A further option for sbatch, e.g. --sbatch=--partition=gpu. May be repeated.",
)
@store_option
def command(
    *,
    campaign: Campaign,
    tasks: int | None,
    cores: int,
    memory: int | None,
    time_limit: str,
    margin: int,
    sbatch: tuple[str, ...],
) -> None:
    """Print a shell script that trains STUDY, a file or a built-in name, with Slurm: an array of
    jobs, each a shard with a store of its own, and a job after them that unites the stores and
    writes the report.

    Redirect it to a file and submit it with `sh FILE`. `paribus status` with a --store for each
    task says how far they are.
    """
    study = campaign.study
    need = memory_of_run(campaign, told(campaign.known()).identities)
    estimated = _COMMAND_MEGABYTES + cores * -(-need // 10**6)
    job = SlurmJob(
        name=f"paribus-{re.sub('[^A-Za-z0-9_.-]', '-', Path(campaign.name).stem)}",
        folder=Path.cwd(),
        python=sys.executable,
        study=(campaign.name, *campaign.options),
        store=campaign.store_folder,
        tasks=_tasks(study, tasks),
        cores=cores,
        megabytes=memory or estimated,
        time=time_limit,
        margin=margin,
        sbatch=sbatch,
    )
    click.echo(slurm_script(job), nl=False)


def _tasks(study: Study, asked: int | None) -> int:
    """How many tasks there are. Raises `UserError` if some would have no seed."""
    most = study.looks[0] if study.looks else study.seeds
    if asked is not None and asked > most:
        at_first = " at the first look" if study.looks else ""
        raise UserError(
            f"--tasks {asked}: the study has {count(most, 'seed')}{at_first}, and a task trains "
            f"whole seeds; ask for at most {most}"
        )
    return asked or min(most, 8)
