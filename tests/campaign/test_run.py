"""Studies trained for real in worker processes: what is kept is the same whatever happens."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from paribus.campaign.campaign import make
from paribus.engines.native.library import library_path
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from tests.support.commands import call_apart, epochs_in, train_here
from tests.support.small import SMALL_STUDY, Small
from tests.support.stored import content

pytestmark = pytest.mark.slow


def run(study: Path, store: str, *options: str) -> subprocess.CompletedProcess[str]:
    return call_apart("run", study, "--store", store, *options, cwd=study.parent)


def test_one_and_two_workers_give_identical_bytes(small: Small) -> None:
    study = small()
    for jobs in (1, 2):
        train_here(study, f"runs{jobs}", jobs=jobs)
    one, two = (content(study.parent / f"runs{jobs}") for jobs in "12")
    assert len(one) == 6
    assert {kept[0] for kept in one.values()} == {"finished"}
    assert one == two


@pytest.mark.thorough
def test_killed_at_any_moment_it_goes_on_exactly(small: Small) -> None:
    study = small(SMALL_STUDY.replace("epochs = 4", "epochs = 100"))
    train_here(study, "whole")
    cut = study.parent / "cut"
    kills = 0
    while True:
        process = subprocess.Popen(
            [sys.executable, "-m", "paribus", "run", study.name, "--store", "cut", "--jobs", "2"],
            cwd=study.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # The first are killed as they start, the others once they have trained a while.
        enough = epochs_in(cut) + 100
        late = time.monotonic() + 0.5 * (kills + 1) if kills < 3 else math.inf
        while process.poll() is None and epochs_in(cut) < enough and time.monotonic() < late:
            time.sleep(0.01)
        if process.poll() is not None or epochs_in(cut) == 6 * 100:
            break
        os.killpg(process.pid, signal.SIGKILL) if kills % 2 else process.kill()
        process.wait()
        kills += 1
    assert process.wait() == 0
    assert kills >= 4
    assert content(cut) == content(study.parent / "whole")


@pytest.mark.thorough
def test_a_run_of_other_bits_is_trained_from_its_beginning_and_it_is_said(small: Small) -> None:
    study = small()
    train_here(study, "whole", only=("mlp",))
    campaign = make(str(study))
    known = campaign.known()
    with open_store(study.parent / "runs", "create") as store:
        store.keep_study("small.toml", known.identities, data="small.npz", folder=study.parent)
        run_id = store.begin(known.identities["mlp"].hash, 1, "numpy", {}, bits="of before").id
        values = dict.fromkeys(EPOCH_COLUMNS, 1.0)
        for epoch in (1, 2):  # A state that could not be resumed.
            store.add_epoch(run_id, epoch, values, {"of": np.array(0)})
    told = run(study, "runs", "--only", "mlp").stderr
    assert (
        "mlp, seed 1: trained from its beginning: the numpy engine does not give the bits of its "
        '2 epochs so far any more (then "of before", now "NumPy '
    ) in told
    assert content(study.parent / "runs") == content(study.parent / "whole")


def test_a_study_goes_on_with_more_seeds(small: Small) -> None:
    study = small()
    train_here(study, seeds=1)
    before = content(study.parent / "runs")
    train_here(study)
    after = content(study.parent / "runs")
    assert len(before) == 3
    assert len(after) == 6
    assert before.items() <= after.items()


@pytest.mark.thorough
def test_divergence_is_a_result(small: Small) -> None:
    study = small(SMALL_STUDY.replace("lr = 0.1, momentum = 0.9", "lr = 1e30"))
    first = run(study, "runs", "--only", "mlp")
    assert first.returncode == 0
    assert "mlp, seed 0: diverged" in first.stderr
    again = run(study, "runs", "--only", "mlp")
    assert "Nothing to train: all runs of the selected experiments are complete." in again.stderr
    with open_store(study.parent / "runs", "write") as store:
        reasons = [stored.reason for stored in store.find_runs("")]
    assert reasons == ["diverged at epoch 1: the training loss is not finite"] * 2


@pytest.mark.thorough
def test_two_processes_share_a_store(small: Small) -> None:
    study = small(SMALL_STUDY.replace("epochs = 4", "epochs = 30"))
    command = [sys.executable, "-m", "paribus", "run", study.name, "--jobs", "1"]
    processes = [
        subprocess.Popen(
            [*command, "--report", f"report{number}"],
            cwd=study.parent,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for number in range(2)
    ]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert "Traceback" not in "".join(errors)
    assert run(study, "runs").returncode == 0
    train_here(study, "alone")
    assert content(study.parent / "runs") == content(study.parent / "alone")


@pytest.mark.thorough
def test_other_images_under_the_same_name_are_other_runs(small: Small) -> None:
    study = small()
    assert run(study, "runs", "--only", "mlp").returncode == 0
    before = content(study.parent / "runs")
    data = study.parent / "small.npz"
    images = data.read_bytes()
    parts = dict(np.load(data))
    parts["x_test"][0] = 0
    np.savez(data, **parts)
    for command in ("status", "report", "run"):
        told = call_apart(command, study.name, "--only", "mlp", cwd=study.parent)
        assert told.returncode == 0
        assert "The images of the data have changed since 2 runs were trained." in told.stderr
    assert "mlp, seed 1: finished" in told.stderr
    both = content(study.parent / "runs")
    assert before.items() < both.items()
    assert len(both) == 4
    # Put back, the first images have their runs.
    data.write_bytes(images)
    again = run(study, "runs", "--only", "mlp")
    assert "Nothing to train: all runs of the selected experiments are complete." in again.stderr
    assert content(study.parent / "runs") == both


@pytest.mark.thorough
def test_the_same_images_elsewhere_are_the_same_runs(small: Small) -> None:
    """One store serves two studies that each have a relative path to their data."""
    study = small()
    train_here(study, only=("mlp",))
    same, other = study.parent / "same", study.parent / "other"
    for folder in (same, other):
        folder.mkdir()
        text = study.read_text("utf-8").replace("small.npz", "pictures.npz")
        (folder / "small.toml").write_text(text, "utf-8")
        shutil.copy(study.parent / "small.npz", folder / "pictures.npz")
    parts = dict(np.load(other / "pictures.npz"))
    parts["x_train"][0] = 0
    np.savez(other / "pictures.npz", **parts)
    found = call_apart(
        "run", "same/small.toml", "--store", "runs", "--only", "mlp", cwd=study.parent
    )
    assert "Nothing to train: all runs of the selected experiments are complete." in found.stderr
    trained = call_apart("run", "small.toml", "--store", "../runs", "--only", "mlp", cwd=other)
    assert "mlp, seed 1: finished" in trained.stderr
    assert len(content(study.parent / "runs")) == 4


@pytest.mark.thorough
def test_a_worker_that_dies_fails_its_run_alone(small: Small, tmp_path: Path) -> None:
    (tmp_path / "deadly.py").write_text(
        "import os, torch\n"
        "def Net():\n"
        "    os._exit(7)\n"
    )  # fmt: skip
    study = small(
        SMALL_STUDY
        + '\n[experiments.deadly]\nfrom = "mlp"\nnetwork = "deadly:Net"\nengine = "torch"\n'
    )
    result = run(study, "runs", "--jobs", "1")
    assert result.returncode == 1
    assert "its process ended unexpectedly (exit code 7)" in result.stderr
    assert "Traceback" not in result.stderr
    with open_store(tmp_path / "runs", "write") as store:
        statuses = sorted(stored.status for stored in store.find_runs(""))
    assert statuses == ["failed"] * 2 + ["finished"] * 6


def test_ctrl_c_stops_at_once_and_keeps_what_there_is(small: Small) -> None:
    study = small(SMALL_STUDY.replace("epochs = 4", "epochs = 100000"))
    process = subprocess.Popen(
        [sys.executable, "-m", "paribus", "run", study.name],
        cwd=study.parent,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    runs, deadline = study.parent / "runs", time.monotonic() + 300
    while (kept := epochs_in(runs)) < 3:  # Before its first epoch it has a store perhaps.
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    stderr = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert epochs_in(runs) >= kept
    assert "Every finished epoch is kept" in stderr
    assert "Traceback" not in stderr


def test_an_engine_that_cannot_run_a_network_says_so(small: Small, tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(
        "import torch\n"
        "def Net():\n"
        "    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 3))\n"
    )
    study = small(
        SMALL_STUDY + '\n[experiments.own]\nfrom = "mlp"\nnetwork = "nets:Net"\nengine = "numpy"\n'
    )
    result = run(study, "runs")
    assert result.returncode == 2
    assert 'engine "numpy" does not support this network' in result.stderr
    assert 'engine = "torch"' in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(library_path() is None, reason="the kernels were not built")
def test_single_run_uses_all_cores_and_is_bit_identical(small: Small) -> None:
    study = small(SMALL_STUDY.replace('engine = "numpy"', 'engine = "native"'))
    kept, cores = [], []
    for jobs in (1, 3):
        store = study.parent / f"runs{jobs}"
        train_here(study, store.name, jobs=jobs, only=("adam",), seeds=1)
        kept.append(content(store))
        with open_store(store, "write") as opened:
            (stored,) = opened.find_runs("")
            cores += [where["cores for the run"] for where in opened.environments(stored.id)]
    assert cores == ["1", "3"]
    assert kept[0] == kept[1]
