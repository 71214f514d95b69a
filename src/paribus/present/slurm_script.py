"""The shell script that trains a study with Slurm: it submits itself twice, as an array of jobs
that each train a shard, and as a job after them that unites what they have trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote

from paribus.text import count, shown

SIGNAL_EARLY = 60
"""How many seconds earlier than asked for Slurm may send a signal (man sbatch, --signal)."""


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
        [f"--cpus-per-task={job.cores}", f"--mem={job.megabytes}M", f"--time={job.time}"],
        [f"--signal=B:USR1@{job.margin}", "--requeue", "--open-mode=append"],
        [f"--chdir={job.folder}"],
        *([job.sbatch] if job.sbatch else []),
    ]
    options = " \\\n        ".join(map(join, asked))
    study, store, base = join(job.study), _named(job.store), _named(f"{job.store}-")
    tasks = count(job.tasks, "task")
    places = " to ".join(dict.fromkeys(_named(job.stores[number]) for number in (0, -1)))
    stores = " ".join(f"--store {_named(path)}" for path in job.stores)
    return f"""#!/bin/sh
# Trains a study with Slurm. Made by `paribus slurm`; submit it with: sh THIS_FILE
#
# {count(job.tasks, "task trains the study", "tasks train a shard each")}, into {_comment(places)}.
# A job after them unites these in {_comment(store)}, trains the missing runs and writes the report.
#
# A job that nears its time limit is put back into the queue, and its runs resume; but it fails if
# no epoch has ended since it began. Give it a longer --time then, or one kind of node, e.g. with
# --sbatch=--constraint=NAME: on another kind, NumPy and PyTorch train a run from its beginning.
#
# Progress: {_comment(f"paribus status {study}")} \\
#   {_comment(stores)}
#
# A path may contain a dollar sign:
# shellcheck disable=SC2016

submit() {{
    sbatch --parsable \\
        {options} \\
        "$@"
}}

# Replace this shell, so that killing it ends the training.
paribus() {{
    exec {join([job.python, "-m", "paribus"])} "$@"
}}

# Run a command beside this shell, which can then handle Slurm's signal.
beside() {{
    "$@" &
    wait "$!"
}}

# $1: the store to train into; $2: this job, as scontrol names it.
begin() {{
    store=$1
    job=$2
    trap requeue USR1
    began=$(epochs) || exit
    before=-1
    if [ "${{SLURM_RESTART_COUNT:-0}}" -gt 0 ] && [ -f "$store/requeued" ]; then
        read -r before <"$store/requeued"
    fi
    rm -f "$store/requeued"
    if [ "$began" -le "$before" ]; then
        echo "$store: no more epochs than when this job last began, got $began; give a longer" \\
            "--time, or one kind of node, e.g. --sbatch=--constraint=NAME" >&2
        exit 1
    fi
}}

# Print how many epochs the store has.
epochs() {{
    if [ ! -s "$store/paribus.db" ]; then
        echo 0
        return
    fi
    facts=$(paribus status {study} --store "$store" --json) || return
    printf '%s\\n' "$facts" | sed -n 's/^  "epochs_trained": \\([0-9]*\\).*/\\1/p'
}}

# Slurm sends its signal {job.margin} to {job.margin + SIGNAL_EARLY} seconds before the time limit.
requeue() {{
    # A second signal must not put back a job that has been put back.
    trap '' USR1
    echo "The time limit is near: this job goes back into the queue." >&2
    # Not every Slurm ends what a job has left behind, which would train on beside it.
    if [ -n "$!" ]; then
        kill -KILL "$!"
        wait
    fi
    if mkdir -p "$store" && echo "$began" >"$store/requeued" && scontrol requeue "$job"; then
        exit 0
    fi
    echo "This job could not be put back into the queue; submit again to train the rest." >&2
    exit 1
}}

case "${{1:-submit}}" in
train)
    begin {base}"$SLURM_ARRAY_TASK_ID" "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
    beside paribus run {study} --no-timing --store "$store" \\
        --shard "$SLURM_ARRAY_TASK_ID/{job.tasks}"
    ;;
unite)
    begin {store} "$SLURM_JOB_ID"
    set --
    for number in {" ".join(str(number) for number in range(1, job.tasks + 1))}; do
        if [ -s {base}"$number/paribus.db" ]; then
            set -- "$@" {base}"$number"
        fi
    done
    if [ $# -gt 0 ]; then
        beside paribus merge "$@" --into {store} || exit
    fi
    beside paribus run {study} --store {store}
    ;;
submit)
    if ! command -v sbatch >/dev/null; then
        echo "sbatch: not found; run this script where Slurm is installed" >&2
        exit 1
    fi
    array=$(submit --job-name={quote(job.name)} --array=1-{job.tasks} "$0" train) || exit
    array=${{array%%;*}}
    # Whatever becomes of a task, the others' runs are united, and its own trained here.
    if ! last=$(submit --job-name={quote(f"{job.name}-unite")} \\
        --dependency=afterany:"$array" "$0" unite); then
        echo "Only $array was submitted, {tasks}. To cancel it: scancel $array" >&2
        exit 1
    fi
    last=${{last%%;*}}
    echo "Submitted $array, {tasks}, and $last, which unites their stores."
    echo "To cancel both: scancel $array $last"
    ;;
esac
"""


def _named(path: Path | str) -> str:
    """A path as a word of the shell that no command takes for an option.

    >>> _named("my runs"), _named("-x")
    ("'my runs'", './-x')
    """
    return quote(f"./{path}" if str(path).startswith("-") else str(path))


def _comment(text: str) -> str:
    """A text as a part of a line of comment, in which a line break would end it."""
    return shown(text, most=len(text))
