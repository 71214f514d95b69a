"""The script of `paribus slurm` as shells run it, with stubs for Paribus and Slurm."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paribus.present.slurm_script import slurm_script
from tests.support.slurm_script import job, stubbed, with_sbatch, with_store

SHELLS = [
    pytest.param(
        shell, marks=pytest.mark.skipif(shutil.which(shell[0]) is None, reason="not installed")
    )
    for shell in (("sh",), ("bash", "--posix"), ("dash",))
]

HELD_SCONTROL = """#!/bin/sh
{ printf '%s\\0' scontrol "$@"; printf '\\0'; } >>called
echo $$ >held
while [ ! -e "let go" ]; do sleep 0.01; done
"""

NEAR = "The time limit is near: this job goes back into the queue.\n"
NOT_PUT_BACK = "This job could not be put back into the queue; submit again"


def runs(pid: int) -> bool:
    """Whether a process has not ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


TRAINS = ["run", "study.toml", "--no-timing", "--store", "runs-2", "--shard", "2/2"]
COUNTS = ["status", "study.toml", "--store", "runs-2", "--json"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("refused", [False, True])
def test_a_task_that_nears_its_time_limit_ends_its_training_and_is_put_back(
    tmp_path: Path, shell: tuple[str, ...], refused: bool
) -> None:
    script = stubbed(tmp_path, shell)
    (tmp_path / "hold run").touch()
    if refused:
        (tmp_path / "refused").touch()
    with script.started("train") as process:
        training = script.held()
        process.send_signal(signal.SIGUSR1)
        _, err = process.communicate(timeout=30)
        assert not runs(training)
    assert script.called == [TRAINS, ["scontrol", "requeue", "7_2"]]
    assert process.returncode == (1 if refused else 0)
    assert (NOT_PUT_BACK in err) is refused
    assert (tmp_path / "runs-2" / "requeued").read_text("utf-8") == "0\n"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("held", ["merge", "run"])
def test_the_job_that_unites_leaves_no_command_behind(
    tmp_path: Path, shell: tuple[str, ...], held: str
) -> None:
    script = stubbed(tmp_path, shell)
    with_store(tmp_path, "runs-1", 5)
    (tmp_path / f"hold {held}").touch()
    with script.started("unite") as process:
        command = script.held()
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=30)
        assert not runs(command)
    assert process.returncode == 0
    assert script.called[-2:] == [
        ["merge", "runs-1", "--into", "runs"]
        if held == "merge"
        else ["run", "study.toml", "--store", "runs"],
        ["scontrol", "requeue", "9"],
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_job_that_is_signalled_twice_is_put_back_once(
    tmp_path: Path, shell: tuple[str, ...]
) -> None:
    script = stubbed(tmp_path, shell)
    (tmp_path / "bin" / "scontrol").write_text(HELD_SCONTROL, "utf-8")
    (tmp_path / "hold run").touch()
    with script.started("train") as process:
        script.held()
        (tmp_path / "held").unlink()
        process.send_signal(signal.SIGUSR1)
        script.held()
        process.send_signal(signal.SIGUSR1)
        (tmp_path / "let go").touch()
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err.count(NEAR) == 1
    assert script.called == [TRAINS, ["scontrol", "requeue", "7_2"]]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_signal_before_the_training_puts_the_task_back_as_well(
    tmp_path: Path, shell: tuple[str, ...]
) -> None:
    script = stubbed(tmp_path, shell)
    with_store(tmp_path, "runs-2", 3)
    (tmp_path / "hold status").touch()
    with script.started("train") as process:
        script.held()
        process.send_signal(signal.SIGUSR1)
        (tmp_path / "let go").touch()
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, NEAR)
    assert script.called == [COUNTS, ["scontrol", "requeue", "7_2"]]
    assert (tmp_path / "runs-2" / "requeued").read_text("utf-8") == "3\n"


@pytest.mark.parametrize(
    ("restarts", "before", "epochs", "trains"),
    [
        ("1", "2\n", 3, True),
        ("1", "2\n", 2, False),
        # NumPy and PyTorch begin a run anew on another kind of node.
        ("1", "5\n", 3, False),
        ("1", "0\n", 0, False),
        # Put back by Slurm, as its node was lost.
        ("1", None, 0, True),
        # Submitted again, with a longer limit.
        ("0", "2\n", 2, True),
        ("", "2\n", 2, True),
    ],
)
def test_a_task_that_was_put_back_needs_progress(
    tmp_path: Path, restarts: str, before: str | None, epochs: int, *, trains: bool
) -> None:
    script = stubbed(tmp_path)
    store = with_store(tmp_path, "runs-2", epochs)
    if before is not None:
        (store / "requeued").write_text(before, "utf-8")
    done = script.run("train", {"SLURM_RESTART_COUNT": restarts, "before": "9"})
    assert script.called == [COUNTS, *[TRAINS] * trains]
    if trains:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 1
        assert done.stderr == (
            f"runs-2: no more epochs than when this job last began, got {epochs}; give a longer "
            "--time, or one kind of node, e.g. --sbatch=--constraint=NAME\n"
        )
    assert not (store / "requeued").exists()


def test_the_first_epoch_that_fits_no_time_limit_is_tried_twice(tmp_path: Path) -> None:
    """No store exists yet when the task is put back."""
    script = stubbed(tmp_path)
    (tmp_path / "hold run").touch()
    with script.started("train") as process:
        script.held()
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=30)
    assert process.returncode == 0
    done = script.run("train", {"SLURM_RESTART_COUNT": "1"})
    assert done.returncode == 1
    assert "runs-2: no more epochs than when this job last began, got 0" in done.stderr
    assert script.called == [TRAINS, ["scontrol", "requeue", "7_2"]]


def test_the_job_that_unites_needs_progress_in_the_store_of_all_runs(tmp_path: Path) -> None:
    script = stubbed(tmp_path)
    with_store(tmp_path, "runs-1", 7)
    (with_store(tmp_path, "runs", 7) / "requeued").write_text("7\n", "utf-8")
    done = script.run("unite", {"SLURM_RESTART_COUNT": "2"})
    assert done.returncode == 1
    assert "runs: no more epochs than when this job last began, got 7" in done.stderr
    assert script.called == [["status", "study.toml", "--store", "runs", "--json"]]


def test_a_store_that_cannot_be_counted_is_an_error(tmp_path: Path) -> None:
    script = stubbed(tmp_path)
    with_store(tmp_path, "runs-2", 7)
    (tmp_path / "bin" / "python").write_text("#!/bin/sh\necho 'Why' >&2\nexit 3\n", "utf-8")
    done = script.run("train")
    assert (done.returncode, done.stderr) == (3, "Why\n")


def test_stores_that_cannot_be_united_end_the_job(tmp_path: Path) -> None:
    script = stubbed(tmp_path)
    with_store(tmp_path, "runs-1", 7)
    with (tmp_path / "bin" / "python").open("a") as stub:
        stub.write('if [ "$1" = merge ]; then echo Why >&2; exit 2; fi\n')
    done = script.run("unite")
    assert (done.returncode, done.stderr) == (2, "Why\n")
    assert script.called == [["merge", "runs-1", "--into", "runs"]]


def test_a_store_that_was_being_made_as_its_task_was_killed_has_no_epochs(tmp_path: Path) -> None:
    script = stubbed(tmp_path)
    (with_store(tmp_path, "runs-2", 7) / "paribus.db").write_text("", "utf-8")
    assert script.run("train").returncode == 0
    assert script.called == [TRAINS]


@pytest.mark.parametrize("there", [(), (2,)])
def test_what_tasks_left_is_trained_even_if_that_is_all(
    tmp_path: Path, there: tuple[int, ...]
) -> None:
    script = stubbed(tmp_path)
    for number in (1, 2):
        (tmp_path / f"runs-{number}").mkdir()
        # Empty, of a task that was killed as it made it.
        (tmp_path / f"runs-{number}" / "paribus.db").write_text("x" * (number in there), "utf-8")
    assert script.run("unite").returncode == 0
    merges = [["merge", f"runs-{number}", "--into", "runs"] for number in there]
    assert script.called == [*merges, ["run", "study.toml", "--store", "runs"]]


def test_without_slurm_it_says_so(tmp_path: Path) -> None:
    script = stubbed(tmp_path)
    for name in ("sh", "cat"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    done = script.run("submit", {"PATH": str(tmp_path / "bin")})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "sbatch: not found; run this script where Slurm is installed\n"


def test_the_second_job_begins_once_the_array_has_ended(tmp_path: Path) -> None:
    """However its tasks have ended. In a federation, sbatch prints the cluster as well."""
    script = stubbed(tmp_path)
    with_sbatch(script, "case \"$*\" in *--array*) echo '12;east' ;; *) echo '13;east' ;; esac")
    done = script.run("submit")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Submitted 12, 2 tasks, and 13, which unites their stores.\nTo cancel both: scancel 12 13\n"
    )
    array, last = script.called
    assert array[-4:] == ["--job-name=study", "--array=1-2", "train.sh", "train"]
    assert last[-4:] == ["--job-name=study-unite", "--dependency=afterany:12", "train.sh", "unite"]


def test_an_array_that_is_refused_is_all_that_is_submitted(tmp_path: Path) -> None:
    script = stubbed(tmp_path)
    with_sbatch(script, "echo 'Why' >&2; exit 3")
    done = script.run("submit")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "Why\n")
    assert len(script.called) == 1


def test_an_array_that_is_submitted_alone_is_named(tmp_path: Path) -> None:
    script = stubbed(tmp_path)
    with_sbatch(script, 'case "$*" in *--array*) echo 12 ;; *) exit 1 ;; esac')
    done = script.run("submit")
    assert done.returncode == 1
    assert done.stderr == "Only 12 was submitted, 2 tasks. To cancel it: scancel 12\n"


def test_one_task_alone(tmp_path: Path) -> None:
    script = slurm_script(job(tmp_path, tasks=1))
    assert "# 1 task trains the study, into runs-1.\n" in script
    assert '"Submitted $array, 1 task, and $last' in script


ODD = [
    "new\nline", "new\n#SBATCH --hold", "it's", 'say "so"', "sp ace ", "$HOME", "`true`", "$(true)",
    "-x", "--into", "st*r?[a]", "!x", "näme", "na\udcffme", "back\\slash\\n", "#hash", "tab\t",
    "\rreturn", "~", "a;b", "a&b|c", "%j", "\u2028", "{x}", "=", "\\",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_names_reach_every_command_whole(tmp_path: Path, name: str) -> None:
    script = stubbed(tmp_path, study=[name], store=Path(name))
    subprocess.run(["sh", "-n", "train.sh"], cwd=tmp_path, check=True)
    head = os.fsdecode((tmp_path / "train.sh").read_bytes()).partition("\nsubmit()")[0]
    assert all(line.startswith("#") for line in head.splitlines() if line)
    with_store(tmp_path, f"{name}-1", 3)
    with_store(tmp_path, f"{name}-2", 3)
    with_store(tmp_path, name, 3)
    assert script.run("train").stderr == ""
    assert script.run("unite").stderr == ""
    place = f"./{name}" if name.startswith("-") else name
    assert script.called == [
        ["status", name, "--store", f"{place}-2", "--json"],
        ["run", name, "--no-timing", "--store", f"{place}-2", "--shard", "2/2"],
        ["status", name, "--store", place, "--json"],
        ["merge", f"{place}-1", f"{place}-2", "--into", place],
        ["run", name, "--store", place],
    ]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    paths = []
    # Of these two shellcheck warns wherever they stand alone, quoted or not.
    for number, name in enumerate(name for name in ["runs", *ODD] if name not in ("=", "\\")):
        paths.append(tmp_path / f"{number}.sh")
        script = slurm_script(job(tmp_path, study=[name], store=Path(name)))
        paths[-1].write_bytes(os.fsencode(script))
    checked = subprocess.run(["shellcheck", *paths], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


@given(st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1))
@example("x" * 2000)
def test_every_comment_is_one_line(name: str) -> None:
    script = slurm_script(job(Path("/home"), study=[name], store=Path(f"a{name}")))
    plain = slurm_script(job(Path("/home")))
    before = script.partition("\nsubmit()")[0].split("\n")
    assert len(before) == len(plain.partition("\nsubmit()")[0].split("\n"))
