"""`paribus slurm`: a script that trains a study as jobs of Slurm."""

from __future__ import annotations

import math
import os
import re
import sys
from pathlib import Path

import click

from paribus.campaign.campaign import Campaign
from paribus.campaign.need import memory_of_run
from paribus.cli.options import store_option, study_options, told
from paribus.errors import UserError
from paribus.present.slurm_script import SIGNAL_EARLY, SlurmJob, slurm_script
from paribus.spec.study import Study
from paribus.text import count

_COMMAND_MEGABYTES = 300
"""What the command takes beside its workers."""

_MINUTES = re.compile(r"(\d+)(?::(\d+))?")
_HOURS = re.compile(r"(?:(\d+)-)?(\d+):(\d+):(\d+)")
_DAYS = re.compile(r"(\d+)-(\d+)(?::(\d+))?")

_SET_BY_SCRIPT = {
    "--time -t --time-min": "give --time to paribus slurm",
    "--signal": "give --margin to paribus slurm",
    "--cpus-per-task -c": "give --cores to paribus slurm",
    "--mem --mem-per-cpu --mem-per-gpu": "give --memory to paribus slurm",
    "--array -a": "give --tasks to paribus slurm",
    "--chdir -D": "call paribus slurm in that folder",
    "--requeue --no-requeue --dependency -d --job-name -J --wrap --test-only": "leave it out",
}
"""Options of sbatch that `--sbatch` does not take, and what to do instead."""


class TimeType(click.ParamType[str]):
    """A time limit as sbatch takes it."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if _seconds(value) is None:
            self.fail(
                "write minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS, e.g. 12:00:00 for half a "
                f'day, got "{value}"',
                param,
                ctx,
            )
        return value


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
    type=TimeType(),
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
    help="How long before its time limit a task is put back into the queue; Slurm may be a minute "
    "early.",
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
    study, store = campaign.study, campaign.store_folder
    if store.name in ("", ".."):
        raise UserError(
            f"--store {store}: the stores of the tasks lie beside it and have its name with a "
            "number; give a folder with a name, e.g. --store runs"
        )
    if margin + SIGNAL_EARLY >= (_seconds(time_limit) or 0):
        raise UserError(
            f"--margin {margin}: Slurm may signal a minute earlier still, and a task with a time "
            f"limit of {time_limit} could be put back as soon as it begins; give a longer --time "
            "or a shorter --margin"
        )
    for option in sbatch:
        _refuse_unusable(option)
    need = memory_of_run(campaign, told(campaign.known()).identities)
    estimated = _COMMAND_MEGABYTES + cores * -(-need // 10**6)
    job = SlurmJob(
        name=f"paribus-{re.sub('[^A-Za-z0-9_.-]', '-', Path(campaign.name).stem)}",
        folder=Path.cwd(),
        python=sys.executable,
        study=(campaign.name, *campaign.options),
        store=store,
        tasks=_tasks(study, tasks),
        cores=cores,
        megabytes=memory or estimated,
        time=time_limit,
        margin=margin,
        sbatch=sbatch,
    )
    # As bytes, since a name need not be UTF-8.
    click.echo(os.fsencode(slurm_script(job)), nl=False)


def _refuse_unusable(option: str) -> None:
    """Raise `UserError` if a word is not an option of sbatch, or one that the script sets."""
    if not re.match("--?[A-Za-z]", option):
        raise UserError(
            f'--sbatch: not an option of sbatch, got "{option}"; write it with its dashes, e.g. '
            "--sbatch=--partition=gpu"
        )
    typed = re.split("[= ]", option)[0] if option.startswith("--") else option[:2]
    for names, instead in _SET_BY_SCRIPT.items():
        for name in names.split():
            # sbatch takes the beginning of a long name for the name.
            if typed == name or (typed.startswith("--") and name.startswith(typed)):
                raise UserError(
                    f'--sbatch: the script itself sets {name} or depends on it, got "{option}"; '
                    f"{instead}"
                )


def _seconds(time: str) -> float | None:
    """The seconds of a time limit, which Slurm rounds up to minutes; `math.inf` for none. None if
    sbatch would not take it.

    >>> _seconds("90"), _seconds("1:30"), _seconds("2-12"), _seconds("0"), _seconds("4h")
    (5400, 120, 216000, inf, None)
    """
    if time.upper() in ("UNLIMITED", "INFINITE", "-1"):
        return math.inf
    days = hours = minutes = seconds = "0"
    if found := _MINUTES.fullmatch(time):
        minutes, seconds = found.groups(default="0")
    elif found := _HOURS.fullmatch(time):
        days, hours, minutes, seconds = found.groups(default="0")
    elif found := _DAYS.fullmatch(time):
        days, hours, minutes = found.groups(default="0")
    else:
        return None
    whole = (int(days) * 24 + int(hours)) * 60 + int(minutes) + math.ceil(int(seconds) / 60)
    return whole * 60 or math.inf


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
