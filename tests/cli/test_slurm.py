"""`paribus slurm`: the script as a shell reads it, and as a real Slurm runs it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paribus.cli.status import _united
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
    return set(shlex.split(text.partition("sbatch --parsable")[2].partition('"$@"')[0]))


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
    assert f"paribus run {study} --epochs 3 --no-timing --store" in text
    assert 'begin united-"$SLURM_ARRAY_TASK_ID"' in text
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
        (["--time", "0:03:00"], "Slurm may signal a minute earlier still, and a task with a time"),
        (["--time", "2", "--margin", "60"], "give a longer --time or a shorter --margin"),
        (["--store", ".."], "--store ..: the stores of the tasks lie beside it"),
        (["--sbatch", "partition=gpu"], 'not an option of sbatch, got "partition=gpu"; write it'),
        (["--sbatch", "-"], 'not an option of sbatch, got "-"; write it with its dashes'),
        (["--sbatch=--time=5"], 'sets --time or depends on it, got "--time=5"; give --time to'),
        (["--sbatch=--tim=5"], "sets --time or depends on it"),
        (["--sbatch=-t5"], "sets -t or depends on it"),
        (["--sbatch=--signal=USR2@60"], "give --margin to paribus slurm"),
        (["--sbatch=--no-requeue"], "sets --no-requeue or depends on it"),
        (["--sbatch=--array=1-9"], "give --tasks to paribus slurm"),
        (["--sbatch=-d afterok:7"], "sets -d or depends on it"),
        (["--sbatch=--mem-per-cpu=1G"], "give --memory to paribus slurm"),
    ],
)
def test_what_no_slurm_would_train(small: Small, options: list[str], said: str) -> None:
    done = call("slurm", small(), *options)
    assert said in done.stderr + str(done.exception)


@pytest.mark.parametrize(
    "option", ["--partition=gpu", "-pgpu", "--constraint=a", "--mem-bind=local", "--nodes=1"]
)
def test_other_options_go_to_sbatch(small: Small, option: str) -> None:
    assert option in asked(script(small(), f"--sbatch={option}"))


@pytest.mark.parametrize("limit", ["4", "3:01", "0-1", "1-2:03:04", "0", "infinite"])
def test_time_limits_of_slurm(small: Small, limit: str) -> None:
    assert f"--time={limit}" in asked(script(small(), "--time", limit))


def test_a_study_that_looks_like_an_option(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small().parent
    (folder / "small.toml").rename(folder / "-x.toml")
    monkeypatch.chdir(folder)
    assert "paribus run ./-x.toml --no-timing" in script(Path("-x.toml"), "--cores=1")


@pytest.mark.parametrize("folder", ["plain", "with 'quotes' and $HOME; `true`", "new\nline"])
def test_shells_accept_it(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / folder).mkdir()
    study = write_small(tmp_path / folder, FOUR_SEEDS)
    monkeypatch.chdir(study.parent)
    done = call("slurm", study, "--store", "my\udcff runs")
    assert done.exit_code == 0, done.output
    path = tmp_path / "train.sh"
    path.write_bytes(done.stdout_bytes)
    subprocess.run(["sh", "-n", path], check=True)
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    checked = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.slow
def test_a_task_that_was_put_back_counts_the_epochs_of_its_store(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script without Slurm: the epochs that `paribus status` counts are those it compares."""
    study = small()
    monkeypatch.chdir(study.parent)
    options = ("--epochs", "2", "--only", "mlp,cnn", "--tasks", "2", "--cores", "1")
    Path("train.sh").write_text(script(Path(study.name), *options), "utf-8")
    task = {"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "1", "SLURM_RESTART_COUNT": "1"}

    def trained(before: str) -> subprocess.CompletedProcess[str]:
        Path("runs-1").mkdir(exist_ok=True)
        Path("runs-1/requeued").write_text(before, "utf-8")
        return subprocess.run(
            ["sh", "train.sh", "train"],
            env={**os.environ, **task},
            capture_output=True,
            text=True,
            check=False,
        )

    assert "runs-1: no more epochs than when this job last began, got 0" in trained("0\n").stderr
    assert trained("-1\n").returncode == 0
    assert epochs_in(Path("runs-1")) == 4
    assert "runs-1: no more epochs than when this job last began, got 4" in trained("4\n").stderr
    assert trained("3\n").returncode == 0


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
    assert facts["epochs_trained"] == 6
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
    into the queue and resumes. The last is stopped before its first epoch has ended: it fails when
    it starts again, and the job that unites the stores trains its runs."""
    study = small(FOUR_SEEDS.partition("[experiments.adam]")[0].replace("epochs = 4", "epochs = 60")
                  + SMALL_STUDY[SMALL_STUDY.index("[[questions]]"):])  # fmt: skip
    here = study.parent
    options = ["--tasks", "4", "--cores", "1", "--time", "2", "--margin", "50"]
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
        kept = {store: _seconds(here / store) for store in stopped if store != "runs-4"}
        wait_for(lambda: _requeued(running, tasks), running)
        _start_now(running, tasks)
        wait_for(lambda: running.jobs()[last]["JobState"] == "COMPLETED", running)
        jobs = running.jobs()
    assert [jobs[task]["JobState"] for task in tasks] == [*["COMPLETED"] * 3, "FAILED"]
    assert {jobs[task]["Restarts"] for task in tasks} == {"1"}
    assert sorted(kept) == [f"runs-{number}" for number in range(1, 4)]
    (log,) = (path for path in here.glob("*-4.log"))
    assert "runs-4: no more epochs than when this job last began, got 0;" in log.read_text("utf-8")
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
    """Stop each task that has trained an epoch, and the last before, so that none of them ends
    before its time limit."""
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
            if store == "runs-4" or epochs_in(here / store):
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
