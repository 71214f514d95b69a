"""One store with a small trained network for every layer in every place it can stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paribus.export.trained import read_trained
from paribus.store.open import open_store
from tests.support.every_layer import Read, slug, train_every_layer
from tests.support.once import copied


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of images 3×7×7 of 3 classes, trained."""
    return copied(tmp_path_factory, "every-layer", train_every_layer)


@pytest.fixture
def read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """Reads the run of a network by its name."""
    monkeypatch.chdir(folder)
    with open_store(Path("runs"), "write") as store:
        yield lambda name: read_trained(store.find_runs(f"{slug(name)}/0")[0], store)
