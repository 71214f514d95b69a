"""The plan of a study that is trained in shards: others may have ended and been looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from paribus.campaign.campaign import Campaign, judgeable, make
from paribus.campaign.cells import Shard
from paribus.spec.study_plan import StudyPlan
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from paribus.store.writer import Writer
from tests.support.commands import call
from tests.support.small import SMALL_STUDY, write_small

TINY = SMALL_STUDY.replace("epochs = 4", "epochs = 1").replace("seeds = 2", "seeds = 3")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_small(tmp_path, TINY)


def _recorded(store: Writer, at: str, shard: tuple[int, int] = (1, 1)) -> Campaign:
    """The study as it is now, and its plan recorded."""
    campaign = make("small.toml")
    known = campaign.known(store)
    kept = store.keep_study("small.toml", known.identities, data="small.npz", folder=Path())
    campaign.record(store, kept, at, Shard(*shard).recorded)
    return campaign


def _end(
    store: Writer, campaign: Campaign, seed: int, names: Sequence[str] = ("mlp", "cnn")
) -> None:
    """End the runs of experiments, of those of the question, with a seed."""
    known, values = campaign.known(store), dict.fromkeys(EPOCH_COLUMNS, 0.5)
    for name in names:
        run = store.begin(known.identities[name].hash, seed, "numpy", {})
        store.diverge(run.id, 1, values, "")


def test_once_a_shard_has_ended_the_whole_may_have_been_judged(study: Path) -> None:
    judged = []
    with open_store(Path("runs"), "create") as store:
        campaign = _recorded(store, "2026-01-01T00:00:00+00:00", (1, 2))  # Seeds 0 and 2 of 3.
        planned = campaign.plan(store).now
        for seed in (0, 2):
            _end(store, campaign, seed)
            judged.append(
                (judgeable(store, replace(planned, shards=())), judgeable(store, planned))
            )
    assert judged == [(0, 0), (0, 1)]
    study.write_text(TINY.replace("seeds = 3", "seeds = 4"), "utf-8")
    with open_store(Path("runs"), "write") as store:
        campaign = _recorded(store, "2026-01-02T00:00:00+00:00", (1, 2))
        assert campaign.plan(store).now.judged == 1
        assert campaign.plan(store).raised_from(range(4)) == planned


@pytest.mark.parametrize("later", [(1, 1), (1, 2), (2, 2), (3, 4)])
@pytest.mark.parametrize("between", [False, True])
def test_a_shard_that_has_ended_counts_whatever_is_trained_after_it(
    study: Path, later: tuple[int, int], between: bool
) -> None:
    """between: whether that is trained, without an end, before the seeds are raised."""
    with open_store(Path("runs"), "create") as store:
        campaign = _recorded(store, "2026-01-01T00:00:00+00:00", (1, 3))
        _end(store, campaign, 0)
        if between and later != (3, 4):
            _recorded(store, "2026-01-02T00:00:00+00:00", later)
        study.write_text(TINY.replace("seeds = 3", "seeds = 6"), "utf-8")
        campaign = _recorded(store, "2026-01-03T00:00:00+00:00", later)
        plan = campaign.plan(store)
        assert [design.seeds for design in plan.designs] == [3, 6]
        assert plan.now.judged == 1
        assert plan.raised_from(range(6)) == plan.designs[0]
        assert plan.now.shards == (() if later == (1, 1) else (later,))


@pytest.mark.parametrize("later", [(1, 1), (1, 3), (3, 4), (4, 4)])
def test_a_shard_that_has_not_ended_does_not_count(study: Path, later: tuple[int, int]) -> None:
    """Shard 4/4 has no seed of those that were planned before."""
    with open_store(Path("runs"), "create") as store:
        campaign = _recorded(store, "2026-01-01T00:00:00+00:00", (1, 3))
        _end(store, campaign, 0, ["mlp"])
        study.write_text(TINY.replace("seeds = 3", "seeds = 6"), "utf-8")
        plan = _recorded(store, "2026-01-02T00:00:00+00:00", later).plan(store)
    assert (plan.now.judged, plan.raised_from(range(6))) == (0, None)


def test_shards_are_read_and_united_and_change_nothing_of_a_plan(study: Path) -> None:
    plans = []
    for shard in ((1, 1), (2, 3), (1, 3)):
        with open_store(Path(f"runs-{shard[0]}-{shard[1]}"), "create") as store:
            campaign = _recorded(store, "2026-01-01T00:00:00+00:00", shard)
            plans.append(campaign.plan(store))
    whole, second, first = plans
    assert whole.now.same_as(second.now)
    assert "shards" not in whole.to_json()[0]
    assert second.now.shards == ((2, 3),)
    assert StudyPlan.from_json(second.to_json()) == second
    assert first.united(second) == second.united(first)
    assert whole.united(first.united(second)).now.shards == ((1, 3), (2, 3))


@pytest.mark.parametrize(
    "steps",
    [
        ["merge part --into whole"],
        ["merge part whole --into new", "merge new --into whole"],
        ["merge whole part --into new", "merge whole --into new", "merge new --into whole"],
        ["merge part other --into new", "merge whole --into new", "merge new --into whole"],
        ["pack part --into packed", "unpack packed --into whole"],
        ["pack whole --into packed", "unpack packed --into part", "merge part --into whole"],
    ],
)
def test_seeds_that_were_raised_in_one_store_and_judged_in_another_count_as_raised(
    study: Path, steps: list[str]
) -> None:
    """A shard has not ended where its seeds are raised, and its runs have elsewhere."""
    for name in ("part", "other"):
        with open_store(Path(name), "create") as store:
            campaign = _recorded(store, "2026-01-01T00:00:00+00:00", (1, 3))
            _end(store, campaign, 0, ["mlp"])
    assert call("merge", "part", "--into", "whole").exit_code == 0
    with open_store(Path("whole"), "write") as store:
        campaign = _recorded(store, "2026-01-01T01:00:00+00:00")
        for seed in range(3):
            _end(store, campaign, seed)
        planned = campaign.plan(store).now
    study.write_text(TINY.replace("seeds = 3", "seeds = 6"), "utf-8")
    for name in ("part", "other"):
        with open_store(Path(name), "write") as store:
            campaign = _recorded(store, "2026-01-02T00:00:00+00:00", (1, 3))
            assert campaign.plan(store).raised_from(range(6)) is None
    for step in steps:
        done = call(*step.split())
        assert done.exit_code == 0, (step, done.exception)
    with open_store(Path("whole"), "read") as store:
        plan = campaign.plan(store)
    assert [design.seeds for design in plan.designs] == [3, 6]
    raised = plan.raised_from(range(6))
    assert raised is not None
    assert raised.same_as(planned)


@pytest.mark.slow
def test_a_shard_that_is_run_is_recorded(study: Path) -> None:
    for options in (["--shard", "1/3"], ["--shard", "1/2", "--seeds", "4"]):
        done = call("run", study.name, *options, "--jobs", "1")
        assert done.exit_code == 0, done.output
    with open_store(Path("runs"), "read") as store:
        plan = make(study.name).plan(store)
    assert [design.shards for design in plan.designs] == [((1, 3),), ((1, 2),)]
    assert plan.raised_from(range(4)) == plan.designs[0]
