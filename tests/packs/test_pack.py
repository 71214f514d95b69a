"""Packing beside training, into folders that are there, and what two places disagree on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from paribus.errors import ParibusError
from paribus.packs.pack import pack
from paribus.packs.unpack import contents_of_pack
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from tests.support.commands import call
from tests.support.packs import read_index, write_index
from tests.support.small import SMALL_STUDY, write_small

VALUES = dict.fromkeys(EPOCH_COLUMNS, 0.5)


def test_a_half_trained_run_is_left_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    with open_store(home / "runs", "write") as store:
        experiment = store.all_runs()[0].experiment
        begun = store.begin(experiment, 7, "numpy", {"numpy": "2"})
        store.add_epoch(begun.id, 1, VALUES, {"step": np.array(1)})
    done = call("pack")
    assert "1 run has not ended and is left out." in done.stderr
    assert "0 of them new" in done.stdout
    assert begun.id not in {ended.run.id for ended in contents_of_pack(home / "pack").runs}
    # Unpacked beside it, it stays what it was.
    assert call("unpack").exit_code == 0
    with open_store(home / "runs", "read") as store:
        checkpoint = store.checkpoint(begun.id)
    assert checkpoint is not None
    assert checkpoint.epoch == 1


def test_an_ended_run_takes_the_place_of_its_beginning(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(away)
    packed = contents_of_pack(away / "pack")
    ended = packed.runs[0]
    identity = next(i for i in packed.identities if i.hash == ended.run.experiment)
    with open_store(away / "runs", "create") as store:
        store.keep_study("other", {"mine": identity}, data="small.npz")
        run = store.begin(ended.run.experiment, ended.run.seed, ended.run.engine, {})
        store.add_epoch(run.id, 1, VALUES, {"step": np.array(1)})
        with store.claim(run.id):
            done = call("unpack")
            assert "is being trained at this moment" in str(done.exception)
            assert len(store.all_runs()) == 1
    assert call("unpack").exit_code == 0
    with open_store(away / "runs", "read") as store:
        found = store.run(run.id)
        assert found is not None
        assert store.ended(found).is_same_training(ended)
        assert store.checkpoint(run.id) is None


@pytest.mark.thorough
def test_packing_while_runs_are_trained(tmp_path: Path) -> None:
    write_small(tmp_path, SMALL_STUDY.replace("epochs = 4", "epochs = 40"))
    command = [sys.executable, "-m", "paribus", "run", "small.toml", "--jobs", "1"]
    training = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    packs = 0
    try:
        while training.poll() is None:
            try:
                with open_store(tmp_path / "runs", "read") as store:
                    pack(store, tmp_path / "pack")
            except ParibusError as error:
                assert "no store found" in str(error) or "no run has ended" in str(error)
                continue
            packs += 1
            contents_of_pack(tmp_path / "pack")
    finally:
        training.kill()
        training.wait()
    assert packs > 0
    with open_store(tmp_path / "runs", "read") as store:
        assert pack(store, tmp_path / "pack").runs == 6


@pytest.mark.parametrize("runs", [1, 8])
def test_unpacking_that_was_killed_goes_on(away: Path, runs: int) -> None:
    command = [sys.executable, "-m", "paribus", "unpack"]
    unpacking = subprocess.Popen(command, cwd=away, stdout=subprocess.DEVNULL)
    try:
        while unpacking.poll() is None and len(list(away.glob("runs/runs/*"))) < runs:
            pass
    finally:
        unpacking.kill()
        unpacking.wait()
    packed = {ended.run.id: ended for ended in contents_of_pack(away / "pack").runs}
    if (away / "runs" / "paribus.db").exists():
        with open_store(away / "runs", "write") as store:
            for run in store.all_runs():
                assert store.ended(run).is_same_training(packed[run.id])
                assert run.status == "diverged" or store.predictions(run.id) is not None
    assert call("unpack", away / "pack", "--into", away / "runs").exit_code == 0
    with open_store(away / "runs", "read") as store:
        assert {run.id for run in store.all_runs()} == set(packed)
        leftovers = [path for path in away.rglob(".*") if path.is_file()]
    assert leftovers == []


@pytest.mark.thorough
def test_a_damaged_file_of_a_pack_is_written_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    path = sorted((home / "pack").glob("*.run"))[0]
    sound = path.read_bytes()
    path.write_bytes(sound[:-9])
    half_written = path.with_name(f".{path.name}-{uuid4().hex}")
    half_written.touch()
    assert "1 of them new" in call("pack").stdout
    assert path.read_bytes() == sound
    assert not half_written.exists()


def test_runs_of_a_pack_that_the_store_has_not_are_not_lost(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_small(other, SMALL_STUDY.replace("lr = 0.1", "lr = 0.2"))
    monkeypatch.chdir(other)
    assert call("run", "small.toml", "--only", "mlp").exit_code == 0
    done = call("pack", "--into", home / "pack")
    assert "unpack it into the store first" in str(done.exception)
    assert len(contents_of_pack(home / "pack").runs) == 12


def test_studies_of_a_pack_that_the_store_has_not_are_not_lost(home: Path) -> None:
    index = read_index(home / "pack")
    index["studies"].append({**index["studies"][0], "name": "another.toml"})
    write_index(home / "pack", index)
    before = (home / "pack" / "pack.json").read_bytes()
    done = call("pack", home / "runs", "--into", home / "pack")
    assert "has 1 study that" in str(done.exception)
    assert "another.toml; unpack it into the store first" in str(done.exception)
    assert (home / "pack" / "pack.json").read_bytes() == before


def test_timings_that_were_made_elsewhere_stay_in_a_pack(
    home: Path, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(away)
    assert call("unpack").exit_code == 0
    with open_store(away / "runs", "write") as store:
        (*_, last) = store.timings()
        store.keep_timing(replace(last, disturbed="elsewhere"))
        pack(store, away / "pack")
        both = store.timings()
    with open_store(home / "runs", "read") as store:
        assert len(store.timings()) == len(both) - 1
        pack(store, away / "pack")
        assert contents_of_pack(away / "pack").timings == both
        once = (away / "pack" / "pack.json").read_bytes()
        pack(store, away / "pack")
    assert (away / "pack" / "pack.json").read_bytes() == once


def test_nothing_is_packed_into_other_folders(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / "mine").mkdir()
    (home / "mine" / "letter.txt").write_text("Dear")
    for name in ("mine", "small.toml"):
        assert "is not a pack" in str(call("pack", "--into", name).exception)
    assert [path.name for path in (home / "mine").iterdir()] == ["letter.txt"]


def test_other_results_of_one_run_are_an_error_that_names_both(
    home: Path, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(away)
    assert call("unpack").exit_code == 0
    with open_store(home / "runs", "write") as store:
        run = next(run for run in store.all_runs() if run.status == "finished")
        tensors = store.weights(run.id)
        probabilities = store.probabilities(run.id)
        assert tensors is not None
        assert probabilities is not None
        store.finish(run.id, {name: array * 2 for name, array in tensors.items()}, probabilities)
    monkeypatch.chdir(home)
    assert call("pack", "--into", "again").exit_code == 0
    monkeypatch.chdir(away)
    done = call("unpack", home / "again")
    assert isinstance(done.exception, ParibusError)
    said = str(done.exception)
    assert run.id in said
    assert f"in {home / 'again'} than in runs" in said
    assert said.count("test accuracy") == 2


def test_a_store_without_ended_runs_is_not_packed(tmp_path: Path) -> None:
    open_store(tmp_path / "runs", "create").close()
    assert "no run has ended yet" in str(call("pack", tmp_path / "runs").exception)
    assert "no store found" in str(call("pack", tmp_path / "none").exception)
