"""`paribus slurm`: the script as a shell reads it, and as a real Slurm runs it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.cli.status import _united
from paribus.present.slurm_script import SlurmJob, slurm_script
from paribus.store.open import open_store
from tests.support.commands import call, epochs_in, read_json, train_here
from tests.support.slurm import Slurm, slurm, wait_for, why_no_slurm
from tests.support.small import SMALL_STUDY, Small, write_small
from tests.support.stored import content

FOUR_SEEDS = SMALL_STUDY.replace("seeds = 2", "seeds = 4")


def script(study: Path, *options: str) -> str:
    done = call("slurm", *options, "--", study)
    assert done.exit_code == 0, done.output
    return done.stdout


def asked(text: str) -> set[str]:
    """The options that all jobs are submitted with."""
    (line,) = (line for line in text.splitlines() if "sbatch --parsable" in line)
    return set(line.split())


def test_what_is_asked_for(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    study = small(FOUR_SEEDS)
    monkeypatch.chdir(study.parent)
    options = ("--cores", "2", "--memory", "700", "--time", "0:30:00", "--sbatch=--partition=all")
    text = script(study, *options, "--epochs", "3", "--tasks", "2", "--store", "united")
    assert asked(text) >= {
        "--cpus-per-task=2", "--mem=700M", "--time=0:30:00", "--partition=all", "--requeue",
        "--signal=B:USR1@120", "--open-mode=append",
    }  # fmt: skip
    assert "--array=1-2" in text
    assert f"paribus run {study} --epochs 3 --no-timing --store united-" in text
    assert f"paribus run {study} --epochs 3 --store united" in text


def test_memory_is_estimated_for_the_runs_of_all_cores(small: Small) -> None:
    def megabytes(*options: str) -> int:
        (option,) = (one for one in asked(script(small(), *options)) if one.startswith("--mem="))
        return int(option.removeprefix("--mem=").removesuffix("M"))

    one, four = megabytes("--cores", "1"), megabytes("--cores", "4")
    need = read_json("check", small(), "--json")["memory"]
    assert (four - one) / 3 == pytest.approx(need / 1e6, abs=1)


def test_no_task_is_without_a_seed(small: Small) -> None:
    assert "--array=1-2" in script(small())
    done = call("slurm", small(), "--tasks", "3")
    assert "the study has 2 seeds, and a task trains whole seeds; ask for at most 2" in str(
        done.exception
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--time", "4h"], "write minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS"),
        (["--time", "0:1:59"], "a time limit of 0:1:59 is no longer, so that each task would be"),
        (["--store", ".."], "--store ..: the stores of the tasks lie beside it"),
        (["--sbatch", "partition=gpu"], "write an option with its dashes"),
    ],
)
def test_what_no_slurm_would_train(small: Small, options: list[str], said: str) -> None:
    done = call("slurm", small(), *options)
    assert said in done.stderr + str(done.exception)


@pytest.mark.parametrize("limit", ["3", "2:01", "0-1", "1-2:03:04", "0", "infinite"])
def test_time_limits_of_slurm(small: Small, limit: str) -> None:
    assert f"--time={limit}" in asked(script(small(), "--time", limit))


def test_a_study_that_looks_like_an_option(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small().parent
    (folder / "small.toml").rename(folder / "-x.toml")
    monkeypatch.chdir(folder)
    assert "paribus run ./-x.toml --no-timing" in script(Path("-x.toml"), "--cores=1")


@pytest.mark.parametrize("folder", ["plain", "with 'quotes' and $HOME; `true`"])
def test_shells_accept_it(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / folder).mkdir()
    study = write_small(tmp_path / folder, FOUR_SEEDS)
    monkeypatch.chdir(study.parent)
    path = tmp_path / "train.sh"
    path.write_text(script(study, "--store", "my runs"), "utf-8")
    subprocess.run(["sh", "-n", path], check=True)
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    checked = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


STUB = """#!/bin/sh
case "$3" in
status) cat epochs ;;
run) echo $$ > pid; echo "$*" >> called; while [ ! -e signalled ]; do sleep 0.01; done ;;
*) echo "$*" >> called ;;
esac
"""


def stubbed(folder: Path) -> Path:
    """Write a script whose commands are stubs; return its path. `paribus run` trains until there is
    a file `signalled`, and `paribus status` prints what the file `epochs` has."""
    (folder / "bin").mkdir()
    for name, text in {
        "python": STUB,
        "scontrol": '#!/bin/sh\necho "$*" >> called\n. ./slurm\n',
    }.items():
        (folder / "bin" / name).write_text(text, "utf-8")
        (folder / "bin" / name).chmod(0o755)
    job = SlurmJob(
        name="study", folder=folder, python=str(folder / "bin" / "python"), study=["study.toml"],
        store=Path("runs"), tasks=2, cores=1, megabytes=100, time="1", margin=50,
    )  # fmt: skip
    (folder / "train.sh").write_text(slurm_script(job), "utf-8")
    return folder / "train.sh"


@pytest.mark.parametrize(
    ("epochs", "slurm", "said"),
    [
        (3, "", ""),
        (3, "exit 1", "This job could not be put back into the queue; submit again"),
        (2, "", "No epoch has ended since this job began; submit again with a longer --time."),
    ],
)
def test_a_job_is_put_back_if_that_helps(
    epochs: int, slurm: str, said: str, tmp_path: Path
) -> None:
    script = stubbed(tmp_path)
    (tmp_path / "epochs").write_text('"epochs": 2\n', "utf-8")
    (tmp_path / "slurm").write_text(slurm, "utf-8")
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    task = {"PATH": path, "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}
    with subprocess.Popen(
        ["sh", script, "train"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=task
    ) as job:
        while not (tmp_path / "called").exists():
            assert job.poll() is None
        (tmp_path / "epochs").write_text(f'"epochs": {epochs}\n', "utf-8")
        job.send_signal(signal.SIGUSR1)
        assert job.wait(30) == (1 if said else 0)
        trains_on = _runs(int((tmp_path / "pid").read_text("utf-8")))
        (tmp_path / "signalled").touch()
        assert job.stderr is not None
        assert said in job.stderr.read()
    assert not trains_on
    called = (tmp_path / "called").read_text("utf-8").splitlines()
    trains = "-m paribus run study.toml --no-timing --store runs-2 --shard 2/2"
    assert called == [trains, *["requeue 7_2"] * (epochs > 2)]


def _runs(pid: int) -> bool:
    """Whether a process has not ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("there", [(), (2,)])
def test_what_tasks_left_is_trained_even_if_that_is_all(
    tmp_path: Path, there: tuple[int, ...]
) -> None:
    script = stubbed(tmp_path)
    for number in (1, 2):
        (tmp_path / f"runs-{number}").mkdir()
        # Empty, of a task that was killed as it made it.
        (tmp_path / f"runs-{number}" / "paribus.db").write_text("x" * (number in there), "utf-8")
    (tmp_path / "signalled").touch()
    (tmp_path / "epochs").touch()
    subprocess.run(["sh", script, "unite"], cwd=tmp_path, check=True)
    called = (tmp_path / "called").read_text("utf-8").splitlines()
    merges = [f"-m paribus merge runs-{number} --into runs" for number in there]
    assert called == [*merges, "-m paribus run study.toml --store runs"]


def test_a_shard_counts_its_own_runs(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    study = small()
    monkeypatch.chdir(study.parent)
    told = call("run", study, "--shard", "2/2", "--epochs", "1", "--jobs", "1").stderr
    assert "Training 3 of 3 runs, 1 at once" in told
    assert "(3/3 runs, about 0:00 left)" in told


def test_status_of_several_stores(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    study = small()
    monkeypatch.chdir(study.parent)
    for shard in ("1/2", "2/2"):
        call("run", study, "--shard", shard, "--store", f"runs-{shard[0]}", "--epochs", "1")
    (study.parent / "runs-3").mkdir()
    (study.parent / "runs-3" / "paribus.db").touch()  # Of a task that has just begun.
    options = ("--epochs", "1", "--store", "runs-1", "--store", "runs-2", "--store", "runs-3")
    told = call("status", study, *options)
    assert told.exit_code == 0
    assert "runs-3: no store yet." in told.stderr
    assert "mlp   2 of 2 finished" in told.stdout
    facts = read_json("status", study, *options[:-2], "--json")
    assert facts["stores"] == ["runs-1", "runs-2"]
    assert [run["seed"] for run in facts["experiments"]["cnn"]["runs"]] == [0, 1]
    one = read_json("status", study, *options[:4], "--json")
    assert one["experiments"]["cnn"]["finished"] == 1
    assert call("status", study, "--store", "no-1", "--store", "no-2").exception is not None


def test_of_a_run_in_several_stores_the_one_that_has_ended_counts() -> None:
    facts = {"seed": 0, "engine": "numpy", "epochs": 4}
    running, finished = ({**facts, "status": status} for status in ("running", "finished"))
    assert _united([[running], [finished]]) == _united([[finished], [running]]) == [finished]
    further = {**running, "epochs": 5}
    assert _united([[running], [further]]) == [further]


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.skipif(why_no_slurm() != "", reason=why_no_slurm())
def test_a_real_slurm_requeues_its_tasks_and_unites_them(small: Small, tmp_path: Path) -> None:
    """Each of four tasks is stopped in its training until Slurm's time limit nears; it is put back
    into the queue and resumes."""
    study = small(FOUR_SEEDS.partition("[experiments.adam]")[0].replace("epochs = 4", "epochs = 60")
                  + SMALL_STUDY[SMALL_STUDY.index("[[questions]]"):])  # fmt: skip
    here = study.parent
    options = ["--tasks", "4", "--cores", "1", "--time", "1", "--margin", "50"]
    with slurm(tmp_path / "slurm") as running:
        text = running.call(
            *_PARIBUS, "slurm", study.name, *options, "--sbatch=--output=%x-%a.log", cwd=here
        )
        (here / "train.sh").write_text(text, "utf-8")
        told = running.call("sh", "train.sh", cwd=here)
        array, last = told.split()[1].rstrip(","), told.split(" and ")[1].split(",")[0]
        tasks = [f"{array}_{number}" for number in range(1, 5)]
        stopped = dict[str, int]()
        wait_for(lambda: _stop_each(here, stopped), running)
        kept = {store: _seconds(here / store) for store in stopped}
        wait_for(lambda: _requeued(running, tasks), running)
        _start_now(running, tasks)
        wait_for(lambda: running.jobs()[last]["JobState"] == "COMPLETED", running)
        jobs = running.jobs()
    assert {jobs[task]["JobState"] for task in tasks} == {"COMPLETED"}
    assert {jobs[task]["Restarts"] for task in tasks} == {"1"}
    assert sorted(kept) == [f"runs-{number}" for number in range(1, 5)]
    for store, before in kept.items():
        after = _seconds(here / store)
        assert before
        assert before != after
        # Its epochs were not trained again: they took as long as they did before.
        assert {run: after[run][: len(seconds)] for run, seconds in before.items()} == before
    assert (here / "report" / "index.html").exists()
    train_here(study, "whole")
    assert content(here / "runs") == content(here / "whole")


_PARIBUS = (sys.executable, "-m", "paribus")


def _seconds(store: Path) -> dict[str, list[float]]:
    """How long each epoch of each run took."""
    with open_store(store, "read") as opened:
        return {run.id: opened.epochs(run.id)["train_seconds"].tolist()
                for run in opened.find_runs("")}  # fmt: skip


def _stop_each(here: Path, stopped: dict[str, int]) -> bool:
    """Stop each task that has trained an epoch, so that it does not end before its time limit."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) in stopped.values():
            continue
        try:
            words = (entry / "cmdline").read_text().split("\0")
            ours = (entry / "cwd").resolve() == here
        except OSError:  # It has ended.
            continue
        if ours and "--shard" in words:
            store = words[words.index("--store") + 1]
            if epochs_in(here / store):
                os.kill(int(entry.name), signal.SIGSTOP)
                stopped[store] = int(entry.name)
    return len(stopped) == 4


def _requeued(running: Slurm, tasks: list[str]) -> bool:
    jobs = running.jobs()
    return all(jobs[task]["Restarts"] == "1" and jobs[task]["Reason"] == "BeginTime"
               for task in tasks)  # fmt: skip


def _start_now(running: Slurm, tasks: list[str]) -> None:
    """Slurm lets a job wait for two minutes after a requeue; within a second of it, a node refuses
    the job."""
    for task in tasks:
        running.call("scontrol", "update", f"JobId={task}", "StartTime=now+3seconds")
