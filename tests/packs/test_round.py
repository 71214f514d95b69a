"""A store that was packed and unpacked says the same as the one that was trained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paribus.errors import UserError
from paribus.store.open import open_store
from tests.support.commands import call, train_here
from tests.support.serving import serving
from tests.support.small import SMALL_STUDY, write_small


@pytest.fixture
def unpacked(away: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder elsewhere with the pack unpacked; it is the current folder."""
    monkeypatch.chdir(away)
    assert call("unpack").exit_code == 0
    return away


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    monkeypatch.chdir(folder)
    done = call("report", "small.toml", "--report", folder / "report")
    assert done.exit_code == 0, done.output
    return _files(folder / "report")


@pytest.mark.thorough
def test_reports_are_the_same_byte_for_byte(
    home: Path, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = _report(home, monkeypatch), _report(unpacked, monkeypatch)
    assert here == there
    assert {name.partition("/")[0] for name in here} >= {"index.html", "tables", "figures"}


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "mlp", "adam", "--metric", "test_loss", "--json"),
        ("compare", "mlp", "cnn", "--json"),
        ("status", "small.toml", "--json"),
        ("status", "small.toml"),
        ("show", "wild/0"),
        ("show", "cnn/2", "--json"),
    ],
    ids=" ".join,
)
def test_commands_say_the_same(
    home: Path, unpacked: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for folder in (home, unpacked):
        monkeypatch.chdir(folder)
        done = call(*command)
        assert done.exit_code == 0, done.output
        said.append(done.stdout)
    assert said[0] == said[1]


def test_tables_for_other_tools_are_the_same(
    home: Path, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for folder in (home, unpacked):
        monkeypatch.chdir(folder)
        assert call("export", "--to", "csv").exit_code == 0
        found.append(_files(folder / "export" / "csv"))
    assert found[0] == found[1]


def test_the_plan_is_found_however_the_study_is_typed(
    unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(unpacked.parent)
    done = call("report", "away/small.toml", "--store", "away/runs", "--report", "report", "--json")
    assert done.exit_code == 0, done.output
    assert "Planned on" in done.stderr


def test_what_needs_weights_says_that_there_are_none(unpacked: Path) -> None:
    for form in ("onnx", "torch", "numpy"):
        done = call("export", "cnn/0", "--to", form)
        assert isinstance(done.exception, UserError)
        (line,) = str(done.exception).splitlines()
        assert "was unpacked, and a pack has no weights" in line
    assert not (unpacked / "export").exists()


def test_run_trains_only_what_is_missing(unpacked: Path) -> None:
    with open_store(unpacked / "runs", "read") as store:
        before = {run.id: store.ended(run) for run in store.all_runs()}
    train_here(unpacked / "small.toml", seeds=4)
    with open_store(unpacked / "runs", "read") as store:
        new = [run for run in store.all_runs() if run.id not in before]
        assert {run.seed for run in new} == {3}
        assert not any(store.is_unpacked(run.id) for run in new)
        for id_, ended in before.items():
            run = store.run(id_)
            assert run is not None
            assert store.ended(run).is_same_training(ended)


def test_packing_what_was_unpacked_gives_the_same_bytes(unpacked: Path) -> None:
    assert call("pack", "--into", "again").exit_code == 0
    assert _files(unpacked / "again") == _files(unpacked / "pack")


def test_unpacking_twice_changes_nothing(unpacked: Path) -> None:
    before = _files(unpacked / "runs" / "runs")
    done = call("unpack")
    assert "0 of them new" in done.stdout
    assert _files(unpacked / "runs" / "runs") == before


def test_unpacking_beside_the_runs_themselves_keeps_their_weights(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    before = _files(home / "runs" / "runs")
    assert "0 of them new" in call("unpack").stdout
    assert _files(home / "runs" / "runs") == before


def test_only_what_is_new_is_packed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    before = {path: path.stat().st_mtime_ns for path in (home / "pack").rglob("*.run")}
    train_here(home / "small.toml", seeds=4)
    facts = json.loads(call("pack", "--json").stdout)
    assert (facts["runs"], facts["new"]) == (16, 4)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert facts["size"] == sum(len(content) for content in _files(home / "pack").values())


def test_a_store_packs_to_the_same_bytes_wherever_it_lies(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(shutil.copytree(home, tmp_path / "moved"))
    monkeypatch.chdir(other)
    assert call("pack", "--into", "again").exit_code == 0
    assert _files(other / "again") == _files(home / "pack")


@pytest.mark.thorough
def test_an_own_module_is_reported_without_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    (tmp_path / "nets.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Sequential):\n"
        "    def __init__(self):\n"
        "        super().__init__(nn.Flatten(), nn.Linear(36, 3))\n"
    )
    own = '\n[experiments.own]\nfrom = "mlp"\nengine = "torch"\nnetwork = { module = "nets:Net" }\n'
    study = write_small(tmp_path, SMALL_STUDY.partition("[[questions")[0] + own)
    train_here(study, only=("own",))
    monkeypatch.chdir(tmp_path)
    assert call("pack").exit_code == 0
    assert call("unpack", "pack", "--into", "again").exit_code == 0
    said = [call("show", "own/0", "--store", store).stdout for store in ("runs", "again")]
    assert said[0] == said[1]
    assert "nets:Net" in said[0]


def test_the_pad_says_once_that_there_are_no_weights(unpacked: Path) -> None:
    pytest.importorskip("uvicorn")
    with serving(unpacked, "small.toml") as server:
        status, answer = server.ask({"test_image": 3})
    assert status == 200
    assert answer["experiments"] == []
    (line,) = answer["problems"]
    assert line.startswith("The store was unpacked and has no weights")
