"""The packed runs of docs/study are runs of the built-in study as it is today."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.campaign.campaign import make
from paribus.store.open import open_store
from tests.support.commands import call

PACK = Path(__file__).resolve().parent.parent / "docs" / "study" / "pack"


@pytest.mark.thorough
def test_every_run_is_of_an_experiment_of_the_study(tmp_path: Path) -> None:
    assert call("unpack", PACK, "--into", tmp_path / "runs").exit_code == 0
    with open_store(tmp_path / "runs", "read") as store:
        runs = store.all_runs()
        identities = make("mnist", store_folder=tmp_path / "runs").known(store).identities
    assert len(runs) == len(list(PACK.glob("*.run")))
    assert {run.experiment for run in runs} <= {one.hash for one in identities.values()}
