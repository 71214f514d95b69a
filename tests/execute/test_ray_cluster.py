"""The executor of Ray on a real cluster: what is said of it, and what it does then."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paribus import load_study
from paribus.data.sources import load
from paribus.errors import UserError
from paribus.execute.protocol import DataSource, Failed, Finished, Job, Order, Said
from paribus.execute.ray_cluster import RayExecutor
from paribus.execute.ray_connect import connect
from paribus.spec.experiment import Experiment
from paribus.spec.recipe import Sgd
from paribus.store.open import open_store
from tests.support.commands import epochs_in
from tests.support.ray import NEEDS_RAY, Cluster, joined_cluster, ray_cluster
from tests.support.small import SMALL_STUDY, Small

pytestmark = list(NEEDS_RAY)

BUSY = """
import sys, time, ray
ray.init("auto", log_to_driver=False, logging_level="ERROR")
@ray.remote(num_cpus=1)
def busy():
    yield "begun"
    time.sleep(600)
print(ray.get(next(busy.options(num_returns="streaming").remote())), flush=True)
sys.stdin.read()
"""
"""Another user of a cluster, who has a core of it until its input ends."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster with one core, for all tests that only use it."""
    with joined_cluster(1) as cluster:
        yield cluster


@pytest.fixture
def job(small: Small) -> Job:
    study, folder = load_study(str(small()))
    data = DataSource.of(study.data, folder, load(study.data, folder).fingerprint)
    return Job("mlp-0", study.experiments["mlp"], 0, "numpy", 0, None, data)


@contextmanager
def busy() -> Iterator[subprocess.Popen[str]]:
    """Yield another user of the cluster, once a core is theirs."""
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


def test_waiting_for_cores_of_others_is_said_once(
    cluster: Cluster, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paribus.execute.ray_cluster._PATIENCE", 0.5)
    said: list[str] = []
    with RayExecutor(Order(runs=1)) as executor, busy() as other:
        executor.submit([job], 1)
        finished = False
        while not finished:
            for event in executor.events():
                if isinstance(event, Said):
                    said.append(event.text)
                    other.kill()
                finished |= isinstance(event, Finished)
    assert said == [
        "No node has cores and memory free for 1 run, which waits until other tasks on the cluster "
        "end"
    ]


def test_a_run_that_is_lost_each_time_names_the_node(
    cluster: Cluster, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly.py").write_text("import os\ndef Net():\n    os._exit(7)\n")
    monkeypatch.syspath_prepend(tmp_path)
    deadly = Experiment.model_validate(
        {"network": "deadly:Net", "optimizer": Sgd(lr=0.1), "epochs": 1, "data": "small.npz"}
    )
    failed: list[Failed] = []
    with RayExecutor(Order(runs=1)) as executor:
        executor.submit([Job("own-0", deadly, 0, "torch", 0, None, job.data)], 1)
        while not failed:
            failed = [event for event in executor.events() if isinstance(event, Failed)]
    assert failed[0].reason == (
        "node 127.0.0.2 lost the process of the run (WorkerCrashedError), the last of 4 losses "
        "without an epoch between; look into Ray's logs there, and run the same command again"
    )


def test_a_cluster_of_other_versions(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    there, python = ray.__version__, sys.version.split()[0]
    monkeypatch.setattr("ray.__version__", "2.0.0")
    said = (
        f"--ray {cluster.address}: the cluster has Ray {there} and Python {python}, this command "
        f"Ray 2.0.0 and Python {python}; use the same versions of both on all machines"
    )
    with pytest.raises(UserError, match=re.escape(said)):
        connect(cluster.address)


def test_a_connection_of_the_caller_is_left_alone(cluster: Cluster) -> None:
    import ray

    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    try:
        for address in ("local", cluster.address):
            with pytest.raises(UserError, match="is connected to a Ray cluster already"):
                connect(address)
        assert ray.is_initialized()
    finally:
        ray.shutdown()


def test_no_cluster_can_be_started_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "file"))
    with pytest.raises(UserError, match="--ray local: no Ray cluster can be started on this mach"):
        connect("local")


def test_a_cluster_that_asks_for_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with ray_cluster([], token="a" * 40) as guarded:
        done = subprocess.run(
            [sys.executable, "-m", "paribus", "run", "luck", "--ray", guarded.address],
            cwd=guarded.folder,
            env=os.environ | guarded.environ | {"RAY_AUTH_TOKEN": "b" * 40},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert f"--ray {guarded.address}: the cluster asks for a token" in done.stderr
    # Ray's own answer, which comes each second for 20 of them.
    assert done.stderr.count("InvalidAuthToken") <= 1


def train(cluster: Cluster, study: Path, store: Path) -> subprocess.CompletedProcess[str]:
    """Train a study one run at a time, so that the first asks for as many cores as a node has."""
    return subprocess.run(
        [sys.executable, "-m", "paribus", "run", study.name, "--store", str(store), "--no-timing",
         "--ray", "auto", "--jobs", "1"],
        cwd=study.parent, env=os.environ | cluster.environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_a_node_with_another_paribus_is_left_out(small: Small, tmp_path: Path) -> None:
    study, store = small(), tmp_path / "runs"
    other = tmp_path / "other" / "paribus-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: paribus\nVersion: 0.0.1\n")
    path = os.pathsep.join(filter(None, (str(other.parent), os.environ.get("PYTHONPATH"))))

    with ray_cluster([]) as mixed:
        mixed.add(2, {"PYTHONPATH": path})  # Only this node has two cores.
        mixed.wait_for(2)
        alone = train(mixed, study, store)
        with open_store(store, "read") as opened:
            assert opened.all_runs() == []
        mixed.add(1)
        mixed.wait_for(3)
        beside = train(mixed, study, store)
    assert alone.returncode == 2
    said = alone.stderr.splitlines()[-1]
    assert said.startswith("Error: --ray auto: node 127.0.0.2 has Paribus 0.0.1; install Paribus ")
    assert said.endswith(" with the same engines on all nodes, and run the same command again")
    assert beside.returncode == 0, beside.stderr
    remark = "Ray: Nothing is trained on node 127.0.0.2, which has Paribus 0.0.1; install Paribus "
    assert beside.stderr.count(remark) == 1
    with open_store(store, "read") as opened:
        assert [run.status for run in opened.all_runs()] == ["finished"] * 6


def test_a_node_without_the_engine_is_left_out(small: Small, tmp_path: Path) -> None:
    study, store = small(SMALL_STUDY.replace('"numpy"', '"torch"')), tmp_path / "runs"
    other = tmp_path / "other"
    other.mkdir()
    (other / "torch.py").write_text("raise ModuleNotFoundError('none here')\n")
    path = os.pathsep.join(filter(None, (str(other), os.environ.get("PYTHONPATH"))))
    with ray_cluster([]) as mixed:
        mixed.add(2, {"PYTHONPATH": path})  # Only this node has two cores.
        mixed.wait_for(2)
        mixed.add(1)
        mixed.wait_for(3)
        done = train(mixed, study, store)
    assert done.returncode == 0, done.stderr
    said = 'Nothing is trained on node 127.0.0.2, which cannot use the engine "torch" (none here);'
    assert done.stderr.count(said) == 1
    with open_store(store, "read") as opened:
        assert [run.status for run in opened.all_runs()] == ["finished"] * 6


def test_a_lost_head_is_said_and_epochs_still_come(small: Small, tmp_path: Path) -> None:
    study, store = small(SMALL_STUDY.replace("epochs = 4", "epochs = 100000")), tmp_path / "runs"
    with (
        ray_cluster([1]) as lost,
        subprocess.Popen(
            [sys.executable, "-m", "paribus", "run", study.name, "--store", str(store), "--ray",
             "auto"],
            cwd=study.parent, env=os.environ | lost.environ, stderr=subprocess.PIPE, text=True,
        ) as command,
    ):  # fmt: skip
        try:
            while not epochs_in(store):
                assert command.poll() is None
                time.sleep(0.05)
            lost.kill(0)
            assert command.stderr is not None
            said = next(line for line in command.stderr if line.startswith("Ray: The cluster's"))
            assert said.startswith("Ray: The cluster's head does not answer; if it stays away")
            before = epochs_in(store)
            while epochs_in(store) < before + 3:
                assert command.poll() is None
                time.sleep(0.05)
        finally:
            command.kill()
