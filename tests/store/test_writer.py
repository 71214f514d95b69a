"""What is put into a store comes out again, whatever happens in between."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paribus.errors import ParibusError, UserError
from paribus.spec.experiment import Experiment
from paribus.spec.identity import identity
from paribus.spec.recipe import Sgd
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from paribus.store.writer import Writer

EXPERIMENT = Experiment(
    network=["flatten", "linear 10"],  # type: ignore[arg-type]
    optimizer=Sgd(lr=0.1),
    epochs=3,
)
IDENTITY = identity(EXPERIMENT, "f00d")
VALUES = {column: float(number) for number, column in enumerate(EPOCH_COLUMNS)}
STATE = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.array(3)}


@pytest.fixture
def store(tmp_path: Path) -> Writer:
    return open_store(tmp_path / "runs", "create")


def begin(store: Writer, seed: int = 0) -> str:
    store.keep_study("mnist", {"cnn": IDENTITY}, data="mnist")
    return store.begin(IDENTITY.hash, seed, "numpy", {"numpy": "2"}).id


def test_what_a_killed_process_left_half_written_goes(store: Writer) -> None:
    run = begin(store)
    folder = store.folder / "runs" / run
    folder.mkdir(parents=True)
    (folder / f".weights.safetensors-{'5f3a' * 8}").write_bytes(b"half")
    # What another program put there stays.
    (folder / ".hidden").mkdir()
    (folder / ".weights.safetensors-mine").touch()
    store.finish(run, STATE, np.zeros((4, 10), np.float32))
    assert {path.name for path in folder.iterdir()} == {
        "probabilities.npy", "weights.safetensors", ".hidden", ".weights.safetensors-mine"
    }  # fmt: skip


def test_a_run_from_beginning_to_end(store: Writer) -> None:
    run = begin(store)
    store.add_epoch(run, 1, VALUES, STATE)
    checkpoint = store.checkpoint(run)
    assert checkpoint is not None
    assert {name: array.tolist() for name, array in checkpoint.state.items()} == {
        name: array.tolist() for name, array in STATE.items()
    }
    store.add_epoch(run, 2, VALUES | {"validation_loss": float("nan")}, STATE)
    probabilities = np.full((4, 10), 0.1, np.float32)
    store.finish(run, STATE, probabilities)
    stored = store.run(run)
    assert stored is not None
    assert stored.status == "finished"
    assert store.checkpoint(run) is None
    assert store.epochs(run)["train_accuracy"].tolist() == [1.0, 1.0]
    assert np.isnan(store.epochs(run)["validation_loss"]).tolist() == [False, True]
    kept = store.probabilities(run)
    assert kept is not None
    np.testing.assert_array_equal(kept, probabilities)
    weights = store.weights(run)
    assert weights is not None
    np.testing.assert_array_equal(weights["weight"], STATE["weight"])
    assert store.experiment(IDENTITY.hash) == EXPERIMENT


@given(values=st.lists(st.floats(), min_size=8, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_any_numbers_are_kept(tmp_path: Path, values: list[float]) -> None:
    with open_store(tmp_path / str(abs(hash(tuple(map(str, values))))), "create") as store:
        run = begin(store)
        store.add_epoch(run, 1, dict(zip(EPOCH_COLUMNS[:6], values, strict=False))
                        | {"train_seconds": 1.0, "test_seconds": 0.5}, STATE)  # fmt: skip
        kept = [float(store.epochs(run)[column][0]) for column in EPOCH_COLUMNS[:6]]
    np.testing.assert_array_equal(kept, values[:6])


def test_a_diverged_run_keeps_its_last_epoch_and_no_state(store: Writer) -> None:
    run = begin(store)
    store.diverge(run, 1, VALUES | {"train_loss": float("nan")}, "diverged at epoch 1")
    stored = store.run(run)
    assert stored is not None
    assert (stored.status, stored.reason) == ("diverged", "diverged at epoch 1")
    assert len(store.epochs(run)["train_loss"]) == 1
    assert store.checkpoint(run) is None


def test_a_failed_run_is_taken_up_where_it_was(store: Writer) -> None:
    run = begin(store)
    store.add_epoch(run, 1, VALUES, STATE)
    store.fail(run, "it broke")
    assert begin(store) == run
    stored = store.run(run)
    assert stored is not None
    assert stored.status == "running"
    assert store.checkpoint(run) is not None
    assert len(store.environments(run)) == 2


def test_a_run_of_other_bits_begins_again(store: Writer) -> None:
    store.keep_study("mnist", {"cnn": IDENTITY}, data="mnist")
    run = store.begin(IDENTITY.hash, 0, "numpy", {"where": "here"}, bits="1").id
    store.add_epoch(run, 1, VALUES, STATE)
    same = store.begin(IDENTITY.hash, 0, "numpy", {"where": "there"}, bits="1")
    assert store.checkpoint(run) is not None
    assert len(store.environments(run)) == 2
    other = store.begin(IDENTITY.hash, 0, "numpy", {"where": "elsewhere"}, bits="2")
    assert (same.bits, other.bits, other.id) == ("1", "2", run)
    assert store.checkpoint(run) is None
    assert len(store.epochs(run)["train_loss"]) == 0
    assert store.environments(run) == [{"where": "elsewhere"}]


def test_a_run_whose_bits_were_not_recorded_is_resumed(store: Writer) -> None:
    run = begin(store)
    store.add_epoch(run, 1, VALUES, STATE)
    stored = store.run(run)
    assert stored is not None
    assert store.begin(IDENTITY.hash, stored.seed, stored.engine, {}, bits="2").bits == ""
    assert store.checkpoint(run) is not None


def test_a_run_whose_checkpoint_is_gone_begins_again(store: Writer) -> None:
    run = begin(store)
    store.add_epoch(run, 1, VALUES, STATE)
    store._db.execute("DELETE FROM checkpoints")
    assert begin(store) == run
    assert len(store.epochs(run)["train_loss"]) == 0
    store.add_epoch(run, 1, VALUES, STATE)


def test_an_epoch_twice_is_refused_and_changes_nothing(store: Writer) -> None:
    run = begin(store)
    store.add_epoch(run, 1, VALUES, STATE)
    with pytest.raises(ParibusError):
        store.add_epoch(run, 1, VALUES, {"weight": np.zeros(1)})
    checkpoint = store.checkpoint(run)
    assert checkpoint is not None
    assert checkpoint.epoch == 1
    assert "step" in checkpoint.state


def test_runs_are_found_by_id_and_by_name(store: Writer) -> None:
    runs = [begin(store, seed) for seed in range(3)]
    assert [run.id for run in store.find_runs(IDENTITY.hash[:5])] == runs
    assert [run.id for run in store.find_runs("cnn/1")] == [runs[1]]
    assert store.find_runs("cnn/9") == []
    assert store.find_runs("%") == []
    assert store.names(IDENTITY.hash) == ["cnn"]


def test_a_full_disk(store: Writer) -> None:
    run = begin(store)
    store.add_epoch(run, 1, VALUES, STATE)
    # SQLite answers the same when its page limit is reached as when the disk is full.
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ParibusError, match="the disk is full; nothing that was finished is lost"):
        store.add_epoch(run, 2, VALUES, {"weight": np.zeros(1_000_000, np.float32)})
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert len(store.epochs(run)["train_loss"]) == 1
    store.add_epoch(run, 2, VALUES, STATE)


def test_a_disk_that_allows_no_more(store: Writer) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    run = begin(store)
    store.add_epoch(run, 1, VALUES, STATE)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(
            ParibusError, match=r"the disk fails, or allows no more \(.*\); nothing"
        ):
            store.add_epoch(run, 2, VALUES, {"weight": np.zeros(1_000_000, np.float32)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    store.add_epoch(run, 2, VALUES, STATE)
    assert len(store.epochs(run)["train_loss"]) == 2


@pytest.mark.parametrize("how", ["removed", "moved", "replaced"])
def test_nothing_is_written_to_a_store_that_is_no_longer_there(store: Writer, how: str) -> None:
    """It would never be found again, and a command would end as if all was kept."""
    run = begin(store)
    database = store.folder / "paribus.db"
    match how:
        case "removed":
            shutil.rmtree(store.folder)
        case "moved":
            store.folder.rename(store.folder.with_name("elsewhere"))
        case _:
            shutil.copy(database, database.with_name("copy"))
            database.with_name("copy").replace(database)
    there = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    message = "the store was removed, moved or replaced while this command worked in it"
    with pytest.raises(UserError, match=message):
        store.add_epoch(run, 1, VALUES, STATE)
    with pytest.raises(UserError, match=message):
        store.finish(run, STATE, np.zeros((4, 10), np.float32))
    with pytest.raises(UserError, match=message), store.claim(run):
        pass
    assert there == {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    if how == "moved":
        store.folder.with_name("elsewhere").rename(store.folder)
        store.add_epoch(run, 1, VALUES, STATE)
        assert store.checkpoint(run) is not None


def test_damaged_probabilities(store: Writer) -> None:
    run = begin(store)
    store.finish(run, STATE, np.zeros((4, 10), np.float32))
    path = store.folder / "runs" / run / "probabilities.npy"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ParibusError, match="has changed since it was stored"):
        store.probabilities(run)


def _write_epochs(folder: Path, seed: int) -> None:
    with open_store(folder, "create") as store:
        run = begin(store, seed)
        for epoch in range(1, 41):
            store.add_epoch(run, epoch, VALUES, STATE)


@pytest.mark.slow
def test_two_writers_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_epochs, args=(tmp_path, seed)) for seed in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    with open_store(tmp_path, "write") as store:
        assert [len(store.epochs(run.id)["train_loss"]) for run in store.find_runs("")] == [40, 40]


def _claim_and_die(folder: Path) -> None:
    with open_store(folder, "write") as store, store.claim("r") as free:
        os._exit(0 if free else 1)


@pytest.mark.slow
def test_a_claim_ends_with_its_process(store: Writer) -> None:
    assert not store.is_claimed("r")
    with store.claim("r") as free:
        assert free
        with open_store(store.folder, "write") as other:
            assert other.is_claimed("r")
    process = multiprocessing.get_context("spawn").Process(
        target=_claim_and_die, args=(store.folder,)
    )
    process.start()
    process.join()
    assert process.exitcode == 0
    assert not store.is_claimed("r")


def test_no_epoch_of_a_run_is_left_out(store: Writer) -> None:
    run = begin(store)
    for epoch in (2, 4):
        with pytest.raises(ParibusError, match=f"epoch {epoch} came after epoch {epoch // 4}, so"):
            store.add_epoch(run, epoch, VALUES, STATE)
        store.add_epoch(run, epoch // 4 + 1, VALUES, STATE)
    assert store.epochs(run)["train_loss"].shape == (2,)
