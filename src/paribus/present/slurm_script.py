"""The shell script that trains a study with Slurm: it submits itself twice, as an array of jobs
that each train a shard, and as a job after them that unites what they have trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote


@dataclass(frozen=True)
class SlurmJob:
    """What a script is to do, and what it asks Slurm for."""

    name: str
    """Of the jobs, in Slurm's lists."""
    folder: Path
    """Where the command was called, absolute; all other paths start from it."""
    python: str
    study: Sequence[str]
    """The study and the options that change it, as typed."""
    store: Path
    """The store that gets all runs."""
    tasks: int
    cores: int
    """For each job."""
    megabytes: int
    """Of memory for each job."""
    time: str
    """The time limit of each job, as Slurm reads it."""
    margin: int
    """Seconds before the time limit at which a job is put back into the queue."""
    sbatch: Sequence[str] = ()
    """More options for `sbatch`."""

    @property
    def stores(self) -> tuple[Path, ...]:
        """The stores of the tasks."""
        return tuple(shard_store(self.store, number) for number in range(1, self.tasks + 1))


def shard_store(store: Path, number: int) -> Path:
    """Return the store of a task, beside the one that gets all runs.

    >>> shard_store(Path("/scratch/runs"), 3)
    PosixPath('/scratch/runs-3')
    """
    return store.with_name(f"{store.name}-{number}")


def slurm_script(job: SlurmJob) -> str:
    """Return the script, for any POSIX shell."""
    asked = [
        f"--cpus-per-task={job.cores}",
        f"--mem={job.megabytes}M",
        f"--time={job.time}",
        f"--signal=B:USR1@{job.margin}",
        "--requeue",
        "--open-mode=append",
        f"--chdir={job.folder}",
        *job.sbatch,
    ]
    paribus = join([job.python, "-m", "paribus"])
    study, store, base = join(job.study), quote(str(job.store)), quote(f"{job.store}-")
    # A line of comment, whatever the names are.
    status = join(["paribus", "status", *job.study]).replace("\n", " ")
    stores = " ".join(f"--store {quote(str(path))}" for path in job.stores).replace("\n", " ")
    return f"""#!/bin/sh
# Trains a study with Slurm. Made by `paribus slurm`; submit it with: sh THIS_FILE
#
# {job.tasks} tasks train a shard each, into {base}1 to {base}{job.tasks}. A job after them unites
# these in {store}, trains what they left and writes the report. A job that nears its
# time limit is put back into the queue: the runs resume where they were. A job in which no
# epoch has ended is not, since it would end no epoch the next time either.
#
# How far it is: {status} \\
#   {stores}
#
# A path may contain a dollar sign:
# shellcheck disable=SC2016

submit() {{
    sbatch --parsable {join(asked)} \\
        "$@"
}}

# In place of this shell, so that to end it is to end the training.
paribus() {{
    exec {paribus} "$@"
}}

# Run a command beside this shell, which gets Slurm's signal before the time limit.
# $1: this job, as scontrol names it; $2: the store that is trained into.
until_signal() {{
    job=$1
    store=$2
    shift 2
    before=$(trained)
    trap requeue USR1
    "$@" &
    command=$!
    wait "$command"
}}

trained() {{
    paribus status {study} --store "$store" --json 2>/dev/null | grep '"epochs"'
}}

requeue() {{
    # Not every Slurm ends what a job has left behind, which would train on beside it.
    kill -KILL "$command"
    if [ "$(trained)" = "$before" ]; then
        echo "No epoch has ended since this job began; submit again with a longer --time." >&2
        exit 1
    fi
    scontrol requeue "$job" && exit 0
    echo "This job could not be put back into the queue; submit again to train the rest." >&2
    exit 1
}}

train() {{
    paribus run {study} --no-timing --store {base}"$1" --shard "$1/{job.tasks}"
}}

unite() {{
    set --
    for number in {" ".join(str(number) for number in range(1, job.tasks + 1))}; do
        if [ -s {base}"$number/paribus.db" ]; then
            set -- "$@" {base}"$number"
        fi
    done
    if [ $# -gt 0 ]; then
        (paribus merge "$@" --into {store}) || return
    fi
    paribus run {study} --store {store}
}}

case "${{1:-submit}}" in
train)
    until_signal "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}" \\
        {base}"$SLURM_ARRAY_TASK_ID" train "$SLURM_ARRAY_TASK_ID"
    ;;
unite)
    until_signal "$SLURM_JOB_ID" {store} unite
    ;;
submit)
    array=$(submit --job-name={quote(job.name)} --array=1-{job.tasks} "$0" train) || exit
    array=${{array%%;*}}
    # Whatever becomes of a task, the others' runs are united, and its own trained here.
    last=$(submit --job-name={quote(f"{job.name}-unite")} \\
        --dependency=afterany:"$array" "$0" unite) || exit
    last=${{last%%;*}}
    echo "Submitted $array, {job.tasks} tasks, and $last, which unites their stores."
    echo "To cancel both: scancel $array $last"
    ;;
esac
"""
