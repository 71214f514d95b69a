"""Packs are kept for years: what was packed once is unpacked by every later version.

format_1 is a pack of the study below as the first version of packs wrote it. It is never changed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paribus.packs.unpack import contents_of_pack
from paribus.spec import identity as identities
from paribus.spec.identity import DEFAULTS
from paribus.store.timings import read_timings
from tests.support.commands import call, read_json
from tests.support.small import MORE, SMALL_STUDY, write_small

PACK = Path(__file__).parent / "format_1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the study and the pack."""
    write_small(tmp_path, SMALL_STUDY + MORE)
    shutil.copytree(PACK, tmp_path / "pack")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _status() -> dict[str, tuple[int, int]]:
    facts = read_json("status", "small.toml", "--json")["experiments"]
    return {name: (fact["finished"], fact["diverged"]) for name, fact in facts.items()}


ENDED = {"mlp": (2, 0), "cnn": (2, 0), "adam": (2, 0), "wild": (0, 2)}


def test_the_first_format_is_unpacked(home: Path) -> None:
    assert call("unpack").exit_code == 0
    assert _status() == ENDED
    finding = read_json("compare", "mlp", "adam", "--metric", "test_loss", "--json")
    assert finding["mean_a"] == 0.0006346923262134108
    assert len(read_timings(home / "runs")) == 5


def test_forms_of_an_older_version_are_found_by_a_later(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a version 3 would have it in which momentum is 0.9 by default."""
    packed = {ended.run.experiment for ended in contents_of_pack(home / "pack").runs}
    third = {**DEFAULTS[2], "sgd": {**DEFAULTS[2]["sgd"], "momentum": 0.9}}
    monkeypatch.setattr(identities, "DEFAULTS", {**DEFAULTS, 3: third})
    monkeypatch.setattr(identities, "VERSION", 3)
    now = {ended.run.experiment for ended in contents_of_pack(home / "pack").runs}
    assert not now & packed
    assert call("unpack").exit_code == 0
    assert _status() == ENDED
