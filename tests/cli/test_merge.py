"""A study in shards, merged in any order, is the study."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from paribus.errors import UserError
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS, EndedRun
from paribus.store.timings import Timing, read_timings, write_timing
from tests.support.commands import call, read_json
from tests.support.once import made_once
from tests.support.small import mlp_study, write_small
from tests.support.small_looks import LOOKS_STUDY

SEEDS = 7
STUDY = f"""{mlp_study(seeds=SEEDS, epochs=2)}
[experiments.linear]
from = "mlp"
network = ["flatten", "linear 3"]

[[questions]]
ask = "Is the hidden layer better?"
compare = ["linear", "mlp"]
about = ["network"]
matters = 0.01
"""
SHARDS = [(number, of) for of in (1, 3, 7) for number in range(1, of + 1)]


def _make(folder: Path) -> None:
    study = write_small(folder, STUDY)
    for number, of in SHARDS:
        shard, store = f"{number}/{of}", folder / f"shard-{number}-of-{of}"
        done = call("run", study, "--shard", shard, "--store", store, "--jobs", "1")
        assert done.exit_code == 0, str(done.exception)
        assert f"Shard {number} of {of}, seed" in done.stdout


@pytest.fixture
def home(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder with the study and the stores of all shards."""
    made = made_once(tmp_path_factory, "shards", _make)
    monkeypatch.chdir(shutil.copytree(made, tmp_path / "home"))
    return Path()


def _ended(store: Path) -> dict[str, EndedRun]:
    with open_store(store, "read") as opened:
        return {run.id: opened.ended(run) for run in opened.all_runs()}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _runs(pack: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in pack.glob("*.run")}


def _merge(stores: list[str], into: str) -> None:
    done = call("merge", *stores, "--into", into)
    assert done.exit_code == 0, str(done.exception)


@pytest.mark.thorough
@pytest.mark.parametrize("of", [1, 3, 7])
def test_shards_together_are_the_study(home: Path, of: int) -> None:
    _merge([f"shard-{number}-of-{of}" for number in range(of, 0, -1)], "merged")
    whole, merged = _ended(home / "shard-1-of-1"), _ended(home / "merged")
    assert whole.keys() == merged.keys()
    assert len(whole) == 2 * SEEDS
    assert all(merged[id_].is_same_training(whole[id_]) for id_ in whole)
    assert _files(home / "merged" / "runs") == _files(home / "shard-1-of-1" / "runs")
    said = [
        read_json("compare", "linear", "mlp", "--json", "--store", store)
        for store in ("shard-1-of-1", "merged")
    ]
    assert said[0] == said[1]


@pytest.mark.thorough
def test_the_order_does_not_matter(home: Path) -> None:
    packs, findings = [], []
    for number, order in enumerate(permutations(range(1, 4))):
        store = f"merged-{number}"
        _merge([f"shard-{k}-of-3" for k in order], store)
        assert call("pack", store, "--into", f"pack-{number}").exit_code == 0
        packs.append(_runs(home / f"pack-{number}"))
        findings.append(read_json("compare", "linear", "mlp", "--json", "--store", store))
    assert len(packs[0]) == 2 * SEEDS
    assert all(pack == packs[0] for pack in packs)
    assert all(finding == findings[0] for finding in findings)


def test_merging_again_changes_nothing(home: Path) -> None:
    stores = ["shard-1-of-3", "shard-2-of-3", "shard-3-of-3"]
    _merge(stores, "merged")
    assert call("pack", "merged", "--into", "first").exit_code == 0
    files = _files(home / "merged" / "runs")
    _merge([*stores, "merged"], "merged")
    assert _files(home / "merged" / "runs") == files
    assert call("pack", "merged", "--into", "second").exit_code == 0
    assert _files(home / "first") == _files(home / "second")


def test_the_merged_store_has_nothing_left_to_train(home: Path) -> None:
    _merge(["shard-3-of-3", "shard-1-of-3", "shard-2-of-3"], "merged")
    before = _files(home / "merged" / "runs")
    done = call("run", "small.toml", "--store", "merged", "--shard", "1/1")
    assert "14 of 14 runs have ended" in done.stdout
    shard = call("run", "small.toml", "--store", "shard-2-of-7", "--shard", "2/7")
    assert "Nothing to train: all runs of this shard are complete." in shard.stderr
    assert "Shard 2 of 7, seed 1: 2 of 2 runs have ended" in shard.stdout
    assert _files(home / "merged" / "runs") == before
    facts = read_json("status", "small.toml", "--store", "merged", "--json")["experiments"]
    assert {name: fact["finished"] for name, fact in facts.items()} == {"mlp": 7, "linear": 7}


def test_other_results_are_an_error_that_names_both(home: Path) -> None:
    with open_store(home / "shard-2-of-7", "write") as store:
        run = store.all_runs()[0]
        tensors, probabilities = store.weights(run.id), store.probabilities(run.id)
        assert tensors is not None
        assert probabilities is not None
        store.finish(run.id, {name: array + 1 for name, array in tensors.items()}, probabilities)
    done = call("merge", "shard-1-of-1", "shard-2-of-7", "--into", "merged")
    said = str(done.exception)
    assert isinstance(done.exception, UserError)
    assert f"run {run.id} (seed 1, engine numpy) has other results in shard-2-of-7" in said
    assert "than in shard-1-of-1" in said
    assert said.count(" test accuracy") == 2
    assert said.endswith("merge only one of the two stores; `paribus run` trains the missing runs")
    assert not (home / "merged").exists()


def test_other_plans_are_an_error_that_says_in_what(home: Path) -> None:
    changes = {
        "seeds 0 to 8, there 0 to 6": STUDY.replace("seeds = 7", "seeds = 9"),
        "linear has other settings: network; runs": STUDY.replace(
            '"linear 3"]\n\n[[', '"linear 3", "relu"]\n\n[['
        ),
        "only one of them has the experiment": STUDY.replace(
            "experiments.linear", "experiments.l"
        ).replace('["linear"', '["l"'),
        'question "Is the hidden layer better?" has matters 0.02, there 0.01;': STUDY.replace(
            "0.01", "0.02"
        ),
    }
    for number, (said, study) in enumerate(changes.items()):
        (home / "small.toml").write_text(study, "utf-8")
        store = f"other-{number}"
        of = 9 if "0 to 8" in said else 7
        assert call("run", "small.toml", "--shard", f"1/{of}", "--store", store).exit_code == 0
        done = call("merge", "shard-1-of-1", store, "--into", "merged")
        assert said in str(done.exception)
        assert f"{store}: its plan of " in str(done.exception)
        assert not (home / "merged").exists()


@pytest.mark.thorough
def test_shards_go_from_look_to_look(home: Path) -> None:
    looks = "seeds = { looks = [5, 7] }"
    study = LOOKS_STUDY.replace("seeds = { looks = [5, 10] }", looks)
    assert looks in study
    (home / "looks.toml").write_text(study, "utf-8")
    for number in range(1, 6):
        done = call("run", "looks.toml", "--shard", f"{number}/5", "--store", f"look-{number}")
        assert "3 of 3 runs, up to the next look, have ended" in done.stdout
    _merge([f"look-{number}" for number in range(1, 6)], "looks")
    assert {ended.run.seed for ended in _ended(home / "looks").values()} == set(range(5))
    # With all seeds of the look at hand, the open question calls for the next ones.
    done = call("run", "looks.toml", "--shard", "1/1", "--store", "looks")
    assert done.exit_code == 0, str(done.exception)
    seeds = {ended.run.seed for ended in _ended(home / "looks").values()}
    assert seeds == set(range(7))
    (home / "looks.toml").write_text(study.replace(looks, "seeds = 7"), "utf-8")
    assert call("run", "looks.toml", "--shard", "1/7", "--store", "plain").exit_code == 0
    done = call("merge", "plain", "--into", "looks")
    assert "looks at no number of seeds, there 5, 7 seeds" in str(done.exception)


def test_other_images_are_an_error(home: Path) -> None:
    with np.load(home / "small.npz") as found:
        arrays = dict(found)
    arrays["x_train"] = arrays["x_train"][::-1].copy()
    np.savez(home / "small.npz", **arrays)
    assert call("run", "small.toml", "--shard", "2/7", "--store", "other").exit_code == 0
    done = call("merge", "shard-1-of-7", "other", "--into", "merged")
    assert "its images are others, fingerprint" in str(done.exception)


def test_runs_that_have_not_ended_are_left_out(home: Path) -> None:
    with open_store(home / "shard-1-of-7", "write") as store:
        experiment = store.all_runs()[0].experiment
        store.begin(experiment, 6, "numpy", {})
    done = call("merge", "shard-1-of-7", "shard-2-of-7", "--into", "merged")
    assert "shard-1-of-7: 1 run has not ended and is left out; train the rest there" in done.stderr
    assert "and merge again, or in the merged store." in done.stderr
    assert len(_ended(home / "merged")) == 4


def test_whole_folders_of_machines_have_one_study(home: Path) -> None:
    """Each store lies beside its own copy of the study."""
    for number in (1, 2):
        (home / f"machine-{number}").mkdir()
        write_small(home / f"machine-{number}", STUDY)
        shutil.copytree(f"shard-{number}-of-7", f"machine-{number}/shard")
    done = call("merge", "machine-1/shard", "machine-2/shard", "--into", "merged")
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(_ended(home / "merged")) == 4


def test_another_study_is_said_to_be_one(home: Path) -> None:
    (home / "elsewhere").mkdir()
    other = write_small(home / "elsewhere", STUDY.replace("lr = 0.1", "lr = 0.3"))
    assert call("run", other, "--shard", "1/7", "--store", "other").exit_code == 0
    done = call("merge", "shard-1-of-7", "other", "--into", "merged")
    assert done.exit_code == 0
    differs = "has another study named small.toml: mlp has other settings: optimizer.lr"
    assert (
        "other: has no study in common with the others "
        f"({home.resolve()} {differs}); all studies are kept" in done.stderr
    )
    assert len(_ended(home / "merged")) == 4


def test_all_timings_are_kept_once(home: Path) -> None:
    steps = Timing("a" * 64, "numpy", "b" * 64, "numpy", [1.0], [1.0], [1.0], {}, "")
    timings = [replace(steps, a_seconds=[seconds]) for seconds in (3.0, 1.0, 2.0)]
    for timing, shards in zip(timings, ((1,), (2,), (1, 2)), strict=True):
        for shard in shards:
            write_timing(home / f"shard-{shard}-of-7", timing)
    for order in ((1, 2), (2, 1), (1, 2)):
        _merge([f"shard-{k}-of-7" for k in order], f"merged-{order[0]}")
        kept = read_timings(home / f"merged-{order[0]}")
        assert [timing.a_seconds for timing in kept] == [[1.0], [2.0], [3.0]]


def test_weights_come_to_what_was_unpacked(home: Path) -> None:
    assert call("pack", "shard-1-of-7").exit_code == 0
    assert call("unpack", "pack", "--into", "merged").exit_code == 0
    _merge(["shard-1-of-7"], "merged")
    assert _files(home / "merged" / "runs") == _files(home / "shard-1-of-7" / "runs")


def test_what_was_packed_takes_the_place_of_damaged_weights(home: Path) -> None:
    assert call("pack", "shard-1-of-7").exit_code == 0
    damaged = next((home / "shard-1-of-7" / "runs").glob("*/weights.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    assert call("unpack", "pack", "--into", "shard-1-of-7").exit_code == 0
    with open_store(home / "shard-1-of-7", "read") as store:
        assert store.is_unpacked(damaged.parent.name)
    assert not damaged.exists()
    _merge(["shard-1-of-1"], "shard-1-of-7")  # Its results are still those of the other.


@pytest.mark.parametrize(
    ("shard", "said"),
    [
        ("0/3", "K counts from 1 to N"),
        ("4/3", "K counts from 1 to N"),
        ("2", "write K/N"),
        ("a/b", "write K/N"),
        ("1/8", "the study has 7 seeds"),
        ("1/10000", "the study has 7 seeds"),
    ],
)
def test_shards_that_there_are_not(home: Path, shard: str, said: str) -> None:
    done = call("run", "small.toml", "--shard", shard, "--store", "none")
    assert done.exit_code != 0
    assert said in done.output + str(done.exception)


def test_a_store_that_is_not_there_is_named(home: Path) -> None:
    done = call("merge", "shard-1-of-7", "nowhere", "--into", "merged")
    assert "nowhere: no store found" in str(done.exception)
    assert not (home / "merged").exists()


def test_nothing_is_made_of_a_store_that_is_merged_with_itself(home: Path) -> None:
    done = call("merge", "nowhere", "--into", "./nowhere")
    assert "--into nowhere: is the only store that is named" in str(done.exception)
    assert not (home / "nowhere").exists()


def test_curves_are_merged_as_they_were(home: Path) -> None:
    _merge(["shard-1-of-3"], "merged")
    whole, merged = _ended(home / "shard-1-of-3"), _ended(home / "merged")
    for id_, ended in whole.items():
        for column in EPOCH_COLUMNS:
            np.testing.assert_array_equal(merged[id_].epochs[column], ended.epochs[column])
        assert merged[id_].environments == ended.environments
