"""What any executor must keep. One of another package is held to it by its name in `EXECUTORS`."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from paribus import load_study
from paribus.data.sources import load
from paribus.engines.base import Epoch
from paribus.execute.protocol import (
    EXECUTORS,
    DataSource,
    Diverged,
    EpochDone,
    Event,
    Executor,
    Failed,
    Finished,
    Job,
    Order,
    Said,
    Started,
)
from paribus.execute.worker import Batch, events
from paribus.spec.experiment import Experiment
from paribus.spec.recipe import Sgd
from tests.support.ray import NEEDS_RAY, Cluster, joined_cluster

Small = Callable[..., Path]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of Ray for all tests of it, which takes seconds to start."""
    with joined_cluster(2) as cluster:
        yield cluster


@pytest.fixture(params=["local", pytest.param("ray", marks=NEEDS_RAY)])
def name(request: pytest.FixtureRequest) -> str:
    """Each executor, by its name."""
    if request.param == "ray":
        request.getfixturevalue("cluster")
    return str(request.param)


@pytest.fixture
def trainers(name: str, request: pytest.FixtureRequest) -> Callable[[], Sequence[object]]:
    """Gives the processes that an executor trains in at this moment."""
    if name == "local":
        return multiprocessing.active_children
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.workers


@pytest.fixture
def jobs(small: Small) -> dict[str, Job]:
    """A job for each of three experiments by "experiment-seed", two seeds of each."""
    study, folder = load_study(str(small()))
    data = DataSource(study.data, folder, load(study.data, folder).fingerprint)
    return {
        f"{name}-{seed}": Job(f"{name}-{seed}", experiment, seed, "numpy", 0, None, data)
        for name, experiment in study.experiments.items()
        for seed in range(2)
    }


def train(name: str, slots: int, batches: Sequence[Sequence[Job]]) -> dict[str, list[Event]]:
    """The events of each run, all trained to their ends."""
    waiting = [list(batch) for batch in batches]
    told: dict[str, list[Event]] = {job.run_id: [] for batch in batches for job in batch}
    left = set(told)
    with EXECUTORS.get(name)(Order(runs=len(told), jobs=slots)) as executor:
        assert executor.free == slots
        while left:
            while waiting and executor.free:
                free = executor.free
                executor.submit(waiting.pop(0), 1)
                assert executor.free == free - 1
            for event in executor.events():
                if isinstance(event, Said):
                    continue
                told[event.run_id].append(event)
                if isinstance(event, Finished | Diverged | Failed):
                    left.remove(event.run_id)
        assert executor.free == slots
    return told


def facts(told: Sequence[Event]) -> list[object]:
    """All of some events that must not depend on circumstances, down to the bytes."""
    kept: list[object] = []
    for event in told:
        match event:
            case Started():
                kept.append("started")
            case EpochDone(epoch=epoch, state=state):
                arrays = {key: array.tobytes() for key, array in state.items()}
                kept.append((_without_seconds(epoch), arrays))
            case Finished(tensors=tensors, probabilities=probabilities):
                arrays = {key: array.tobytes() for key, array in tensors.items()}
                kept.append((arrays, probabilities.tobytes()))
            case Diverged(epoch=epoch):
                kept.append(_without_seconds(epoch))
            case Failed(reason=reason):
                kept.append(reason)
    return kept


def _without_seconds(epoch: Epoch) -> str:
    return repr(replace(epoch, train_seconds=0, test_seconds=0))


def here(job: Job) -> list[Event]:
    """The events of a job trained alone in this process."""
    return list(events(Batch([job], 1), {}))


def test_each_run_starts_trains_and_ends(name: str, jobs: dict[str, Job]) -> None:
    told = train(name, 2, [[job] for job in jobs.values()])
    for run_id, job in jobs.items():
        assert [type(event) for event in told[run_id]] == [
            Started, *[EpochDone] * job.experiment.epochs, Finished,
        ]  # fmt: skip
        assert facts(told[run_id]) == facts(here(job))
        started = told[run_id][0]
        assert isinstance(started, Started)
        assert started.environment["numpy"]


def test_a_batch_has_the_bits_of_single_runs(name: str, jobs: dict[str, Job]) -> None:
    """One of them diverges, one is resumed, one trains for fewer epochs."""
    cnn, mlp = jobs["cnn-0"], jobs["mlp-1"]
    diverging = replace(jobs["cnn-1"], experiment=cnn.experiment.but(optimizer=Sgd(lr=1e30)))
    started, first = here(mlp)[:2]
    assert isinstance(started, Started)
    assert isinstance(first, EpochDone)
    resumed = replace(mlp, done=1, state=first.state, bits=started.bits)
    short = replace(jobs["adam-0"], experiment=jobs["adam-0"].experiment.but(epochs=1))
    batch = [cnn, diverging, resumed, short]
    told = train(name, 1, [batch])
    for job in batch:
        assert facts(told[job.run_id]) == facts(here(job))
    assert isinstance(told["cnn-1"][-1], Diverged)
    assert facts(told["mlp-1"])[1:] == facts(here(mlp))[2:]


def test_data_are_found_from_another_folder(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small()
    monkeypatch.chdir(study.parent)
    source = DataSource.of("small.npz", Path(), "f00d")
    monkeypatch.chdir("/")
    assert source.folder == study.parent
    assert len(load(source.source, source.folder).train_labels) == 120


def test_a_state_of_other_bits_is_not_resumed(name: str, jobs: dict[str, Job]) -> None:
    whole = here(jobs["mlp-0"])
    assert isinstance(whole[1], EpochDone)
    other = replace(jobs["mlp-0"], done=1, state=whole[1].state, bits="of before")
    (told,) = train(name, 1, [[other]]).values()
    assert facts(told) == facts(whole)


def test_a_run_on_data_that_have_changed_fails(name: str, jobs: dict[str, Job]) -> None:
    job = jobs["mlp-0"]
    other = replace(job, data=replace(job.data, fingerprint="other"))
    lost = replace(jobs["mlp-1"], data=replace(job.data, source="nowhere.npz"))
    told = train(name, 1, [[other], [lost], [jobs["cnn-0"]]])
    assert [type(event) for event in told["mlp-0"]] == [Failed]
    assert "have changed since the command began" in str(told["mlp-0"])
    assert "no dataset of that name" in str(told["mlp-1"])
    assert isinstance(told["cnn-0"][-1], Finished)


def test_a_run_already_at_its_end_only_finishes(name: str, jobs: dict[str, Job]) -> None:
    whole = here(jobs["mlp-0"])
    last = whole[-2]
    assert isinstance(last, EpochDone)
    # What decided its bits was not recorded.
    done = replace(jobs["mlp-0"], done=last.epoch.number, state=last.state)
    told = train(name, 1, [[done]])["mlp-0"]
    assert facts(told) == ["started", *facts(whole[-1:])]


def test_a_module_that_raises_fails_its_batch_alone(
    name: str, jobs: dict[str, Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raising.py").write_text("def Net():\n    raise OSError('no such luck')\n")
    (tmp_path / "deadly.py").write_text("import os\ndef Net():\n    os._exit(7)\n")
    monkeypatch.syspath_prepend(tmp_path)
    batches = [
        [replace(jobs[f"mlp-{seed}"], experiment=_own(module), engine="torch") for seed in seeds]
        for module, seeds in (("raising:Net", (0,)), ("deadly:Net", (1,)))
    ]
    told = train(name, 1, [*batches, [jobs["cnn-0"]], [jobs["cnn-1"]]])
    assert "no such luck" in str(told["mlp-0"][-1])
    assert isinstance(told["mlp-0"][-1], Failed)
    assert isinstance(told["mlp-1"][-1], Failed)
    for run_id in ("cnn-0", "cnn-1"):
        assert facts(told[run_id]) == facts(here(jobs[run_id]))


def _own(module: str) -> Experiment:
    return Experiment.model_validate(
        {"network": module, "optimizer": Sgd(lr=0.1), "epochs": 1, "data": "small.npz"}
    )


def test_its_end_ends_what_is_being_trained(
    name: str, jobs: dict[str, Job], trainers: Callable[[], Sequence[object]]
) -> None:
    endless = replace(jobs["mlp-0"], experiment=jobs["mlp-0"].experiment.but(epochs=100_000))
    with EXECUTORS.get(name)(Order(runs=1)) as executor:
        executor.submit([endless], 1)
        _wait_for_an_epoch(executor)
        assert trainers()
    for _ in range(600):  # Ray's nodes end them a moment later.
        if not trainers():
            return
        time.sleep(0.1)
    pytest.fail("what was being trained has not ended")


def _wait_for_an_epoch(executor: Executor) -> None:
    while True:
        if any(isinstance(event, EpochDone) for event in executor.events()):
            return


def test_no_process_is_started_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paribus.execute.local.LocalExecutor._start", None)
    with EXECUTORS.get("local")(Order(runs=9, jobs=4)) as executor:
        assert executor.free == 4
        assert list(executor.events()) == []
