"""A study trained once for all tests of commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import train
from tests.support.once import copied
from tests.support.small import write_small


def _train_small(folder: Path) -> None:
    printed = train(folder, write_small(folder).name)
    assert f"Report: {(folder / 'report' / 'index.html').resolve()}" in printed.splitlines()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small study, all of it trained, and its report."""
    return copied(tmp_path_factory, "small", _train_small)
