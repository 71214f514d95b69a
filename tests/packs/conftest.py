"""A trained store of the small study, and a pack of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paribus.packs.pack import pack
from paribus.store.open import open_store
from tests.support.commands import call_apart, train
from tests.support.once import made_once
from tests.support.small import MORE, SMALL_STUDY, write_small


def _make(folder: Path) -> None:
    write_small(folder, SMALL_STUDY.replace("seeds = 2", "seeds = 3") + MORE)
    train(folder, "small.toml", "--no-timing")
    timed = call_apart("time", "mlp", "cnn", "--study", "small.toml", "--rounds", "5", cwd=folder)
    assert timed.returncode == 0, timed.stderr
    shutil.rmtree(folder / "report")
    with open_store(folder / "runs", "read") as store:
        pack(store, folder / "pack")


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A folder with the study, its data, its store `runs` and its pack."""
    made = made_once(tmp_path_factory, "packed", _make)
    return Path(shutil.copytree(made, tmp_path / "home"))


@pytest.fixture
def away(home: Path, tmp_path: Path) -> Path:
    """A folder with the study, its data and the pack, without the store."""
    folder = tmp_path / "elsewhere" / "away"
    folder.mkdir(parents=True)
    for name in ("small.toml", "small.npz"):
        shutil.copy(home / name, folder)
    shutil.copytree(home / "pack", folder / "pack")
    return folder
