"""What a study's experiments are known by: code and data that have changed are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from paribus.errors import UserError
from paribus.spec.code import NOT_FOUND
from paribus.spec.experiment import Experiment
from paribus.spec.identity import identity
from paribus.spec.recipe import Sgd
from paribus.store.known import Known, identify, present_code
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from paribus.store.writer import Writer

DATA, OTHER_DATA = "da7a" * 16, "feed" * 16
LAYERS = Experiment(network=["flatten", "linear 3"], optimizer=Sgd(lr=0.1), epochs=2)  # type: ignore[arg-type]
OWN = LAYERS.but(network={"module": "known_nets:Net"})
EXPERIMENTS = {"mlp": LAYERS, "own": OWN}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "known_nets.py").write_text("import known_parts\n", "utf-8")
    (tmp_path / "known_parts.py").write_text("WIDTH = 3\n", "utf-8")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[Writer]:
    with open_store(folder / "runs", "create") as opened:
        yield opened


def known(folder: Path, store: Writer, data: str = DATA) -> Known:
    return identify(EXPERIMENTS, data, folder, store, study="study.toml")


def train(
    folder: Path, store: Writer, *, seeds: int = 2, data: str = DATA, half_trained: int = 0
) -> Known:
    """Keep the runs that are missing, the last ones of them not to the end."""
    found = known(folder, store, data)
    store.keep_study("study.toml", found.identities, data="pictures", folder=folder)
    for one in found.identities.values():
        for seed in range(seeds):
            if store.find(one.hash, "torch", seed) is not None:
                continue
            run = store.begin(one.hash, seed, "torch", {}).id
            store.add_epoch(run, 1, dict.fromkeys(EPOCH_COLUMNS, 1.0), {"epoch": np.array(1)})
            if seed < seeds - half_trained:
                store.finish(run, {"weight": np.zeros(1)}, np.zeros((1, 3), np.float32))
    return found


def edit(folder: Path, name: str = "known_parts.py") -> None:
    path = folder / name
    path.write_text(path.read_text("utf-8") + "# edited\n", "utf-8")


def test_nothing_is_said_where_nothing_has_changed(folder: Path, store: Writer) -> None:
    before = known(folder, store)
    assert before.notes == ()
    assert train(folder, store).identities == before.identities
    assert known(folder, store) == before
    code = before.identities["own"].code
    assert len(code) == 64
    assert before.identities["mlp"].code == ""
    assert present_code(before.identities["own"].hash, store).changed == ""


@pytest.mark.parametrize("file", ["known_nets.py", "known_parts.py"])
def test_after_an_edit_the_runs_are_of_other_code(folder: Path, store: Writer, file: str) -> None:
    before = train(folder, store, half_trained=1)
    edit(folder, file)
    after = known(folder, store)
    older = before.identities["own"].code[:12]
    assert after.notes == (
        "The code of own (known_nets:Net) has changed since 2 runs were trained (1 of them not to "
        "the end, and not resumed). `paribus run` trains the present code; to report the older "
        f'runs, write network = {{ module = "known_nets:Net", code = "{older}" }}.',
    )
    assert after.identities["own"] != before.identities["own"]
    assert after.identities["mlp"] == before.identities["mlp"]
    assert store.runs(after.identities["own"].hash) == []
    changed = present_code(before.identities["own"].hash, store).changed
    assert changed.startswith("The code of known_nets:Net has changed since it was trained: then ")


def test_once_it_is_trained_anew_nothing_is_said(folder: Path, store: Writer) -> None:
    before = train(folder, store)
    edit(folder)
    train(folder, store)
    after = known(folder, store)
    assert after.notes == ()
    assert {run.experiment for run in store.find_runs("own/0")} == {
        before.identities["own"].hash,
        after.identities["own"].hash,
    }


def test_an_edit_taken_back_finds_the_first_runs(folder: Path, store: Writer) -> None:
    before = train(folder, store)
    text = (folder / "known_parts.py").read_text("utf-8")
    edit(folder)
    (folder / "known_parts.py").write_text(text, "utf-8")
    assert known(folder, store) == before


def test_older_code_can_be_pinned_and_is_not_trained(folder: Path, store: Writer) -> None:
    before = train(folder, store)
    code = before.identities["own"].code
    edit(folder)
    now = train(folder, store).identities["own"]
    pinned = OWN.but(network={"module": "known_nets:Net", "code": code[:12]})
    both = {"then": pinned, "now": OWN}
    found = identify(both, DATA, folder, store)
    assert found.identities == {"then": before.identities["own"], "now": now}
    found.refuse_untrainable(["now"])
    with pytest.raises(UserError, match=rf"is {now.code[:12]} now, so code {code[:12]} can be rep"):
        found.refuse_untrainable(["now", "then"])
    # The present code may be pinned too, and is trained.
    present = OWN.but(network={"module": "known_nets:Net", "code": now.code[:12]})
    identify({"own": present}, DATA, folder, store).refuse_untrainable(["own"])


def test_a_pin_that_names_nothing_is_told(folder: Path, store: Writer) -> None:
    code = train(folder, store).identities["own"].code
    pinned = OWN.but(network={"module": "known_nets:Net", "code": "0123456789ab"})
    with pytest.raises(UserError, match=r"experiments.own.network.code: .*" + code[:12]):
        identify({"own": pinned}, DATA, folder, store)
    # Without a store, whether there are runs of it is not known, nor its whole digest.
    alone = identify({"own": pinned, "mlp": LAYERS}, DATA, folder)
    assert (list(alone.identities), alone.notes) == (["mlp"], ())
    here = OWN.but(network={"module": "known_nets:Net", "code": code[:12]})
    assert identify({"own": here}, DATA, folder).identities["own"].code == code


def test_without_its_source_the_latest_runs_are_shown(folder: Path, store: Writer) -> None:
    before = train(folder, store)
    (folder / "known_nets.py").unlink()
    found = known(folder, store)
    assert found.identities == before.identities
    with pytest.raises(UserError, match=r"known_nets:Net is not found, so code .* can be reported"):
        found.refuse_untrainable(["own"])


def test_the_latest_runs_are_those_of_the_latest_command(folder: Path, store: Writer) -> None:
    text = (folder / "known_parts.py").read_text("utf-8")
    first = train(folder, store)
    edit(folder)
    second = train(folder, store)
    versions = [version.hash for version in store.versions(first.identities["own"])]
    assert versions == [found.identities["own"].hash for found in (first, second)]
    # The edit is taken back, and the study run again.
    (folder / "known_parts.py").write_text(text, "utf-8")
    train(folder, store)
    (folder / "known_nets.py").unlink()
    assert known(folder, store).identities == first.identities


def test_a_module_without_source_is_not_taken_for_one_of_which_none_was_recorded(
    folder: Path, store: Writer
) -> None:
    source = (folder / "known_nets.py").read_text("utf-8")
    (folder / "known_nets.py").unlink()
    before = train(folder, store, half_trained=2)
    assert before.identities["own"].code == NOT_FOUND
    (folder / "known_nets.py").write_text(source, "utf-8")
    after = known(folder, store)
    assert (after.adoptions, after.notes) == ((), ())
    assert after.identities["own"].code not in ("", NOT_FOUND)
    assert store.runs(after.identities["own"].hash) == []


def test_code_that_was_not_recorded_is_adopted_once(folder: Path, store: Writer) -> None:
    unknown = identity(OWN, DATA)
    store.keep_study("study.toml", {"own": unknown}, data="pictures", folder=folder)
    run = store.begin(unknown.hash, 0, "torch", {}).id
    told = "The code of own was not recorded when its 1 run was trained; "
    for _ in range(2):  # To look changes nothing.
        looked = identify({"own": OWN}, DATA, folder, store)
        assert looked.identities["own"] == unknown
        assert looked.notes == (f"{told}`paribus run` takes it to be as it is now.",)
    found = looked.adopted(store)
    assert found.notes == (f"{told}it is taken to be as it is now.",)
    assert [kept.id for kept in store.runs(found.identities["own"].hash)] == [run]
    assert store.names(found.identities["own"].hash) == ["own"]
    assert identify({"own": OWN}, DATA, folder, store).notes == ()


def test_other_images_are_told_and_are_other_runs(folder: Path, store: Writer) -> None:
    before = train(folder, store)
    after = known(folder, store, OTHER_DATA)
    assert after.notes == (
        "The images of the data have changed since 4 runs were trained. They stay in the store; "
        "`paribus run` trains on the present images.",
    )
    assert not {i.hash for i in before.identities.values()} & {
        i.hash for i in after.identities.values()
    }
    train(folder, store, data=OTHER_DATA)
    assert known(folder, store, OTHER_DATA).notes == ()
    # Another study, which shares the store, has nothing to do with it.
    elsewhere = identify({"mlp": LAYERS}, "0ff" * 21, folder / "b", store, study="study.toml")
    assert elsewhere.notes == ()


def test_one_store_serves_two_folders(folder: Path, store: Writer) -> None:
    """Each has a study.toml with a relative `data = "pictures"`."""
    for name, data in (("a", DATA), ("b", OTHER_DATA)):
        one = identity(LAYERS, data)
        store.keep_study("study.toml", {"mlp": one}, data="pictures", folder=folder / name)
        store.begin(one.hash, 0, "numpy", {})
    studies = [named.study for named in store.named_studies()]
    assert [(study.name, study.folder) for study in studies] == [
        ("study.toml", "../b"),
        ("study.toml", "../a"),
    ]
    place = store.places(identity(LAYERS, OTHER_DATA).hash)[0]
    assert (place.source, place.folder.resolve()) == ("pictures", (folder / "b").resolve())


def test_a_preview_is_no_part_of_a_name(folder: Path, store: Writer) -> None:
    for preview in (False, True):
        one = identity(LAYERS.but(epochs=1 if preview else 2), DATA)
        store.keep_study("study.toml", {"mlp": one}, data="d", folder=folder, preview=preview)
    (full,), (small,) = store.find_experiments("mlp").values()
    assert {full.label, small.label} == {"study.toml", "study.toml --preview"}
    assert {full.name, small.name} == {"study.toml"}


def test_a_study_is_one_however_it_is_typed_and_from_wherever(folder: Path, store: Writer) -> None:
    one = {"mlp": identity(LAYERS, DATA)}
    study = store.keep_study("sub/study.toml", one, data="d", folder=folder)
    assert store.keep_study("study.toml", one, data="d", folder=folder) == study
    assert store.study_id("./study.toml", folder, preview=False) == study
    built_in = store.keep_study("mnist", one, data="mnist", folder=folder)
    assert store.keep_study("mnist", one, data="mnist", folder=folder / "elsewhere") == built_in
    assert store.study_id("mnist", Path(), preview=False) == built_in
    assert built_in != study


def test_bits_are_those_of_the_first_epoch(folder: Path, store: Writer) -> None:
    one = identity(LAYERS, DATA)
    store.keep_study("study.toml", {"mlp": one}, data="d", folder=folder)
    store.begin(one.hash, 3, "torch", {})
    assert store.begin(one.hash, 3, "torch", {}, bits="2").bits == "2"


def test_runs_are_found_by_what_they_are(folder: Path, store: Writer) -> None:
    one = identity(LAYERS, DATA)
    store.keep_study("study.toml", {"mlp": one}, data="d", folder=folder)
    assert store.find(one.hash, "torch", 3) is None
    assert store.run_id(one.hash, "torch", 3) == f"{one.hash[:12]}-torch-3"
    run = store.begin(one.hash, 3, "torch", {}, bits="avx2")
    assert store.find(one.hash, "torch", 3) == run
    assert (run.bits, run.status, run.ended) == ("avx2", "running", False)
