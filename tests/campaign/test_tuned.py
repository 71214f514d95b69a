"""Tuned experiments, trained for real: what is trained when, and which trial is chosen by what."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from paribus.campaign.campaign import Campaign, make
from paribus.campaign.cells import Schedule, schedule
from paribus.campaign.changes import Changes
from paribus.campaign.progress import Clock, Ended, Listener, News, clock
from paribus.campaign.train import train
from paribus.measure.runs import Run, StudyResult
from paribus.present.plan_text import plan_lines
from paribus.spec.identity import identity
from paribus.spec.trials import draw_trials, trial_seed
from paribus.store.open import open_store
from tests.support.commands import call
from tests.support.sealed import change
from tests.support.small import write_small
from tests.support.small_tuning import TUNED_STUDY
from tests.support.undrawn import Undrawn

pytestmark = [pytest.mark.usefixtures("undrawn"), pytest.mark.slow]

RUNS = 2 * 5 * (3 + 1)


class StoppedError(Exception):
    """Training was stopped from outside."""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study, not trained yet."""
    monkeypatch.chdir(tmp_path)
    return write_small(tmp_path, TUNED_STUDY)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder once it has been trained."""
    folder = tmp_path_factory.mktemp("tuned")
    write_small(folder, TUNED_STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("paribus.present.write.draw", Undrawn)
        done = call("run", "small.toml")
    assert done.exit_code == 0, done.output
    (folder / "stderr").write_text(done.stderr, "utf-8")
    return folder


@pytest.fixture
def whole(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study, trained."""
    folder = tmp_path / "whole"
    shutil.copytree(once, folder)
    monkeypatch.chdir(folder)
    return folder


def result_of(campaign: Campaign) -> StudyResult:
    with open_store(campaign.store_folder, "read") as store:
        return campaign.result(store, campaign.known(store))


def planned(campaign: Campaign) -> Schedule:
    with open_store(campaign.store_folder, "create") as store:
        return schedule(campaign, campaign.known(store), store)


def winners(campaign: Campaign) -> dict[str, list[int | None]]:
    experiments = result_of(campaign).experiments
    return {name: [one.winner for one in e.replicates] for name, e in experiments.items()}


def results(campaign: Campaign) -> dict[tuple[str, int, int | None], tuple[float, float]]:
    """The test loss and the validation loss of every run, by experiment, replicate and trial."""
    found: dict[tuple[str, int, int | None], tuple[float, float]] = {}
    for name, experiment in result_of(campaign).experiments.items():
        runs: list[tuple[int, int | None, Run]] = [(run.seed, None, run) for run in experiment.runs]
        for one in experiment.replicates:
            runs += [(one.seed, n, t.run) for n, t in enumerate(one.trials) if t.run is not None]
        for seed, trial, run in runs:
            curves = run.curves
            ends = float(curves.test_loss[-1]), float(curves.validation_loss[-1])
            found[name, seed, trial] = ends
    return found


def set_epochs(folder: Path, assignment: str, where: str = "1") -> None:
    change(folder / "runs", f"UPDATE epochs SET {assignment} WHERE {where}")


def test_trials_are_trained_first_and_the_winners_once_they_have_ended(study: Path) -> None:
    before = planned(make("small.toml"))
    assert len(before.missing) == RUNS - 10
    assert all(cell.trial is not None for cell in before.missing)
    assert not before.is_last
    with open_store(Path("runs"), "read") as store:
        assert clock(before, store).runs == RUNS


def test_each_seed_has_all_its_trials_before_the_next(study: Path) -> None:
    cells = planned(make("small.toml")).missing
    assert [cell.replicate for cell in cells] == sorted(cell.replicate for cell in cells)
    assert {cell.seed for cell in cells} == {trial_seed(seed) for seed in range(5)}


def test_the_winner_is_trained_again_with_the_seed_and_images_of_its_replicate(
    whole: Path,
) -> None:
    campaign = make("small.toml")
    data = campaign.facts.fingerprint
    for name, experiment in result_of(campaign).experiments.items():
        assert [run.seed for run in experiment.finished] == list(range(5))
        for one, run in zip(experiment.replicates, experiment.runs, strict=True):
            assert one.winner is not None
            best = max(float(t.run.curves.validation_accuracy[-1]) for t in one.trials if t.run)
            won = one.trials[one.winner]
            assert won.run is not None
            assert won.run.curves.validation_accuracy[-1] == best
            drawn = draw_trials(experiment.experiment, one.seed)[one.winner].experiment
            assert drawn.validation_split == one.seed
            with open_store(Path("runs"), "read") as store:
                stored = store.run(run.id)
            assert stored is not None
            assert stored.experiment == identity(drawn, data).hash, name
    said = (whole / "stderr").read_text("utf-8")
    assert "Training 40 of 40 runs" in said
    assert "Training 10 of 40 runs" in said


def test_winners_are_chosen_by_validation_and_by_nothing_of_the_test_images(whole: Path) -> None:
    campaign = make("small.toml")
    before = winners(campaign)
    # Whatever the test results are, and the training results with them: nothing is chosen anew.
    for column in ("test_accuracy", "test_loss", "train_accuracy", "train_loss"):
        set_epochs(whole, f"{column} = abs(random() % 1000) / 1000.0")
    assert winners(campaign) == before
    assert planned(campaign).missing == ()
    ids = {
        one.trials[-1].run.id
        for experiment in result_of(campaign).experiments.values()
        for one in experiment.replicates
        if one.trials[-1].run is not None
    }
    listed = ", ".join(f"'{id_}'" for id_ in ids)
    set_epochs(whole, "validation_accuracy = 2.0", f"run IN ({listed})")
    assert all(number == 2 for numbers in winners(campaign).values() for number in numbers)
    # What has won now has not been trained with the replicate's seed, where another had won.
    others = sum(number != 2 for numbers in before.values() for number in numbers)
    assert len(planned(campaign).missing) == others > 0


def test_no_test_result_of_a_trial_is_printed_while_it_trains(whole: Path) -> None:
    said = (whole / "stderr").read_text("utf-8").splitlines()
    trials = [line for line in said if ", trial " in line]
    assert len(trials) == RUNS - 10
    assert not [line for line in trials if "test accuracy" in line]
    assert len([line for line in said if "test accuracy" in line]) == 10


def test_a_trial_that_diverged_is_never_chosen_before_one_that_did_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wild = TUNED_STUDY.replace("log = [0.001, 10.0]", "choice = [0.1, 1e30]")
    wild = wild.replace('"linear 3"', '"linear 4", "relu", "linear 3"')
    write_small(tmp_path, wild.partition("[experiments.adam]")[0])
    assert call("run", "small.toml").exit_code == 0
    (sgd,) = result_of(make("small.toml")).experiments.values()
    failed = [[t.run.status == "diverged" for t in one.trials if t.run] for one in sgd.replicates]
    assert any(map(any, failed))
    for one, diverged, run in zip(sgd.replicates, failed, sgd.runs, strict=True):
        assert one.winner is not None
        assert diverged[one.winner] == all(diverged)
        assert (run.status == "diverged") == all(diverged)


@pytest.mark.parametrize("runs", [17, 33])
def test_a_study_that_was_stopped_goes_on_to_the_same_runs(
    runs: int, study: Path, once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[News] = []

    @contextmanager
    def show(planned: Schedule, model: Clock) -> Iterator[Listener]:
        def listen(news: News) -> None:
            model.note(news)
            ended.extend([news] * isinstance(news, Ended))
            if len(ended) == runs:
                raise StoppedError

        yield listen

    campaign = make("small.toml")
    with open_store(campaign.store_folder, "create") as store, pytest.raises(StoppedError):
        train(campaign, campaign.known(store), store, show=show, jobs=1)
    assert call("run", "small.toml").exit_code == 0
    found = results(campaign)
    monkeypatch.chdir(once)
    assert found == results(make("small.toml"))
    assert len(found) == RUNS


def test_shards_have_whole_replicates_and_unite_to_the_same_study(
    study: Path, once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        done = call("run", "small.toml", "--shard", f"{number}/2", "--store", f"part{number}")
        assert done.exit_code == 0, done.output
        runs = 8 * len(range(number - 1, 5, 2))
        assert f"{runs} of {runs} runs have ended" in done.output
    assert call("merge", "part1", "part2", "--into", "runs").exit_code == 0
    campaign = make("small.toml")
    assert planned(campaign).missing == ()
    found = results(campaign)
    monkeypatch.chdir(once)
    assert found == results(make("small.toml"))


def test_more_trials_are_an_amendment_and_keep_the_trials_that_there_are(whole: Path) -> None:
    path = whole / "small.toml"
    path.write_text(TUNED_STUDY.replace("trials = 3", "trials = 4"), "utf-8")
    campaign = make("small.toml")
    assert {cell.trial for cell in planned(campaign).missing} == {3}
    assert call("run", "small.toml").exit_code == 0
    lines = " ".join(plan_lines(result_of(campaign)))
    assert "sgd" in lines
    assert "changed" in lines
    assert all(np.isfinite(list(results(campaign).values())).ravel())


def test_a_preview_trains_few_trials(study: Path) -> None:
    study.write_text(TUNED_STUDY.replace("trials = 3", "trials = 30"), "utf-8")
    preview = planned(make("small.toml", Changes(preview=True)))
    assert {cell.trial for cell in preview.missing} == set(range(5))
