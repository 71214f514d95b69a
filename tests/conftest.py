"""Fixtures of all tests; what they share besides is in tests/support/."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.small import SMALL_STUDY, Small, write_small

if TYPE_CHECKING:
    from tests.support.made_up import Make

# A slow machine is no failure.
settings.register_profile("paribus", deadline=None)
settings.load_profile("paribus")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is marked `thorough`, unless it is asked for."""
    if os.environ.get("PARIBUS_THOROUGH"):
        return
    for item in items:
        if item.get_closest_marker("thorough"):
            item.add_marker(pytest.mark.skip("with PARIBUS_THOROUGH=1 only, as in .ci/run"))


def pytest_collection_finish() -> None:
    """What collecting the tests has loaded stays: no collection of garbage need walk it again."""
    gc.freeze()


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Writes a small real study and its data; gives the file's path."""
    return lambda study=SMALL_STUDY: write_small(tmp_path, study)


@pytest.fixture
def make() -> Make:
    """Makes up the result of a study: see `make_result`."""
    from tests.support.made_up import make_result

    return make_result


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what a report says, or of what comes before it: its figures are empty."""
    from tests.support.undrawn import Undrawn

    monkeypatch.setattr("paribus.present.write.draw", Undrawn)
