"""What the name of an experiment means: the study at hand, whatever was trained under it before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from paribus.campaign.campaign import make
from paribus.campaign.changes import NO_CHANGES, Changes
from paribus.campaign.lookup import Reference, find_pair, find_run
from paribus.campaign.naming import Meaning, meaning
from paribus.campaign.stored import stored_campaign
from paribus.errors import UserError
from paribus.present.name_notes import name_notes
from paribus.store.known import identify
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from paribus.store.writer import Writer
from tests.support.small import SMALL_STUDY, write_small

AT = "2026-11-26T00:00:00+00:00"
TRIAL = Changes(epochs=1)
TWO_ENGINES = SMALL_STUDY.partition("[experiments.adam]")[0] + (
    '[experiments.mlp-torch]\nfrom = "mlp"\nengine = "torch"\n'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_small(tmp_path)
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[Writer]:
    with open_store(folder / "runs", "create") as opened:
        yield opened


def train(store: Writer, study: str = "small.toml", changes: Changes = NO_CHANGES) -> str:
    """Keep runs of a study as `paribus run` does, without training; return the hash of mlp."""
    campaign = make(study, changes)
    known = campaign.known(store)
    study_id = store.keep_study(
        campaign.stored_name,
        known.identities,
        data=campaign.study.data,
        folder=campaign.folder,
        preview=campaign.study.preview,
    )
    campaign.record(store, study_id, AT)
    for name, one in known.identities.items():
        engine = campaign.study.experiments[name].engine
        for seed in campaign.study.seed_range:
            if store.find(one.hash, engine, seed) is None:
                run = store.begin(one.hash, seed, engine, {}).id
                store.add_epoch(run, 1, dict.fromkeys(EPOCH_COLUMNS, 1.0), {"e": np.array(1)})
                store.finish(run, {"weight": np.zeros(1)}, np.zeros((40, 3), np.float32))
    return known.identities["mlp"].hash


def edit(before: str, after: str, study: str = "small.toml") -> None:
    text = Path(study).read_text("utf-8")
    assert before in text
    Path(study).write_text(text.replace(before, after), "utf-8")


def change_images() -> None:
    with np.load("small.npz") as arrays:
        changed = {name: array.copy() for name, array in arrays.items()}
    changed["x_train"][0] += 1
    np.savez("small.npz", **changed)


def mlp(store: Writer, study: str = "") -> Meaning:
    found = meaning("mlp", store, study)
    assert found is not None
    return found


def told(store: Writer) -> str:
    return name_notes(mlp(store).notes, store.folder)


def test_nothing_is_said_where_there_is_one_of_the_name(store: Writer) -> None:
    hash_ = train(store)
    assert (mlp(store).hash, mlp(store).notes) == (hash_, ())
    assert meaning("nothing", store) is None


def test_after_an_edit_and_a_run_a_name_means_the_study_as_it_is(store: Writer) -> None:
    then = train(store)
    edit("lr = 0.1,", "lr = 0.2,")
    now = train(store)
    assert mlp(store).hash == now
    assert told(store) == (
        f"mlp is {now[:12]} here, as small.toml has it now. Others of the name, by hash, and what "
        f"has changed: {then[:12]} (learning rate 0.1 → 0.2)."
    )
    assert find_run("mlp/1", store).run.experiment == now
    # By its hash, the older one is found, and nothing is said.
    older, newer = find_pair(Reference(then[:12]), Reference("mlp"), store)
    assert (older.hash, newer.hash, older.notes) == (then, now, ())
    # Taken back, it is the older one.
    edit("lr = 0.2,", "lr = 0.1,")
    assert mlp(store).hash == then


def test_after_an_edit_alone_the_runs_of_before_are_shown_and_it_is_said(store: Writer) -> None:
    then = train(store)
    edit("lr = 0.1,", "lr = 0.2,")
    assert mlp(store).hash == then
    note = told(store)
    assert note.startswith("mlp has not been trained with the settings that small.toml has now; ")
    train_it = f"`paribus run small.toml --store {store.folder}`"
    assert note.endswith(f"{train_it} trains it as it is now.")


@pytest.mark.parametrize("trial_first", [True, False])
def test_a_trial_makes_no_name_ambiguous(store: Writer, trial_first: bool) -> None:
    trials = [TRIAL, NO_CHANGES] if trial_first else [NO_CHANGES, TRIAL]
    hashes = {changes: train(store, changes=changes) for changes in trials}
    assert mlp(store).hash == hashes[NO_CHANGES]
    assert f"{hashes[TRIAL][:12]} (epochs 1 → 4)" in told(store)
    first, second = find_pair(Reference("mlp"), Reference("cnn"), store)
    assert first.experiment.epochs == second.experiment.epochs == 4


def test_a_trial_alone_is_shown_and_said(store: Writer) -> None:
    trial = train(store, changes=TRIAL)
    assert mlp(store).hash == trial
    assert f"these are runs of {trial[:12]} (1 epoch, data " in told(store)


def test_a_trial_takes_no_questions_from_a_study(store: Writer) -> None:
    train(store)
    train(store, changes=TRIAL)
    (named,) = store.named_studies()
    campaign = stored_campaign(named, "small.toml", store)
    assert len(campaign.study.questions) == 1
    assert campaign.study.experiments["mlp"].epochs == 4


def test_on_other_images_a_name_means_those_at_hand(store: Writer) -> None:
    then = train(store)
    change_images()
    now = train(store)
    data = [store.identity(hash_).data[:12] for hash_ in (then, now)]
    assert data[0] != data[1]
    assert mlp(store).hash == now
    assert f"{then[:12]} (data {data[0]} → {data[1]})" in told(store)


def test_images_that_have_changed_twice_are_said_to_have(store: Writer) -> None:
    train(store)
    change_images()
    then = train(store)
    change_images()
    assert mlp(store).hash == then
    assert told(store).startswith("mlp has not been trained on the images that small.toml has now")


def test_studies_that_disagree_are_told_and_named_by_an_option(store: Writer) -> None:
    first = train(store)
    Path("other.toml").write_text(SMALL_STUDY.replace("epochs = 4", "epochs = 5"), "utf-8")
    second = train(store, "other.toml")
    with pytest.raises(UserError) as told:
        meaning("mlp", store)
    message = str(told.value)
    assert message.startswith('"mlp" is a different experiment in 2 studies: ')
    for part in (f"{first[:12]} (4 epochs", f"{second[:12]} (5 epochs", "name the study with --st"):
        assert part in message
    assert mlp(store, "small.toml").hash == first
    assert mlp(store, "./other.toml").hash == second
    assert find_run("mlp/0", store, "other.toml").run.experiment == second
    # A hash is of no study, so that it can be compared with a name of one.
    pair = find_pair(
        Reference(first[:12], study="other.toml"), Reference("mlp", study="other.toml"), store
    )
    assert [side.hash for side in pair] == [first, second]
    with pytest.raises(UserError, match=r"other\.toml. has no experiment .mlq. here; did you mean"):
        meaning("mlq", store, "other.toml")
    Path("third.toml").write_text(SMALL_STUDY, "utf-8")
    with pytest.raises(UserError, match=r"has no runs of .third\.toml."):
        meaning("mlp", store, "third.toml")


def test_studies_made_in_python_are_named_by_their_titles(store: Writer) -> None:
    hashes = {}
    for title, epochs in (("One", 3), ("Another", 5)):
        known = identify({"mlp": make("small.toml").study.experiments["mlp"].but(epochs=epochs)},
                         make("small.toml").facts.fingerprint, Path(), store)  # fmt: skip
        hashes[title] = known.identities["mlp"].hash
        store.keep_study(title, known.identities, data="small.npz", folder=Path())
        store.begin(hashes[title], 0, "numpy", {})
    with pytest.raises(UserError, match="is a different experiment in 2 studies"):
        meaning("mlp", store)
    for title, hash_ in hashes.items():
        assert mlp(store, title).hash == hash_


def test_studies_that_agree_need_no_option(store: Writer) -> None:
    first = train(store)
    Path("other.toml").write_text(SMALL_STUDY, "utf-8")
    assert train(store, "other.toml") == first
    assert mlp(store).hash == first
    assert len(mlp(store).studies) == 2


def test_a_file_that_is_gone_is_no_study_at_hand(store: Writer) -> None:
    first = train(store)
    Path("small.toml").rename("renamed.toml")
    assert mlp(store).hash == first
    edit("epochs = 4", "epochs = 5", "renamed.toml")
    second = train(store, "renamed.toml")
    assert mlp(store).hash == second
    Path("renamed.toml").unlink()
    with pytest.raises(UserError, match="is a different experiment in 2 studies"):
        meaning("mlp", store)


def test_a_preview_counts_where_there_is_nothing_else(store: Writer) -> None:
    small = train(store, changes=Changes(preview=True))
    assert mlp(store).hash == small
    full = train(store)
    assert mlp(store).hash == full


def test_the_engine_is_the_studys(store: Writer) -> None:
    Path("small.toml").write_text(TWO_ENGINES, "utf-8")
    train(store)
    first, second = find_pair(Reference("mlp"), Reference("mlp-torch"), store)
    assert first.hash == second.hash
    assert (first.experiment.engine, second.experiment.engine) == ("numpy", "torch")
    assert find_run("mlp/0", store).run.engine == "numpy"
    assert find_run("mlp-torch/1", store).run.engine == "torch"
    assert find_run("mlp@torch/1", store).run.engine == "torch"
    # A hash is of no study.
    with pytest.raises(UserError, match=r"write .*@numpy or .*@torch"):
        find_run(f"{first.hash[:12]}/0", store)


def test_the_engine_of_those_that_leave_it_open_is_that_of_their_study(store: Writer) -> None:
    Path("small.toml").write_text(TWO_ENGINES.replace('engine = "numpy"\n', ""), "utf-8")
    campaign = make("small.toml")
    known = campaign.known(store)
    store.keep_study("small.toml", known.identities, data="small.npz", folder=Path())
    for name, engine, seeds in (("mlp", "torch", 2), ("mlp", "numpy", 2), ("cnn", "numpy", 2)):
        for seed in range(seeds):
            store.begin(known.identities[name].hash, seed, engine, {})
    assert find_run("mlp/0", store).run.engine == "numpy"
    assert find_run("mlp-torch/0", store).run.engine == "torch"
