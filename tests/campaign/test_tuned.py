"""Tuned experiments, trained for real: what is trained when, and which trial is chosen by what."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from paribus.campaign.campaign import Campaign, make
from paribus.campaign.cells import Schedule, schedule
from paribus.campaign.changes import Changes
from paribus.campaign.progress import Clock, Ended, Listener, News, Remarked, clock
from paribus.campaign.train import train
from paribus.errors import UserError
from paribus.measure.runs import Run, StudyResult
from paribus.present.plan_text import plan_lines
from paribus.serve.follow import Followed
from paribus.spec.files import load_study
from paribus.spec.identity import identity
from paribus.spec.trials import draw_trials, trial_seed
from paribus.store.open import open_store
from tests.support.commands import call, read_json
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


@pytest.mark.thorough
@pytest.mark.parametrize("runs", [17, 33])
def test_a_study_that_was_stopped_goes_on_to_the_same_runs(
    runs: int, study: Path, once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[News] = []

    @contextmanager
    def show(planned: Schedule, model: Clock) -> Iterator[Listener]:
        def listen(news: News) -> None:
            assert not isinstance(news, Remarked)
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


@pytest.mark.thorough
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


# What commands say of it


def test_status_counts_trials_and_the_winners_runs(whole: Path, once: Path) -> None:
    said = call("status", "small.toml").output
    assert "sgd   5 of 5 finished, 15 of 15 trials ended\n" in said
    facts = read_json("status", "small.toml", "--json")
    adam, sgd = (facts["experiments"][name] for name in ("adam", "sgd"))
    assert adam["trials"] == {"asked": 15, "ended": 15, "diverged": 0, "failed": 0}
    runs = [run["epochs"] for experiment in (adam, sgd) for run in experiment["runs"]]
    assert facts["epochs_trained"] == sum(runs) + 60


def test_check_says_what_is_tuned_and_how_many_runs_that_is(whole: Path) -> None:
    said = call("check", "small.toml").output
    assert "2 experiments × 5 seeds = 40 runs with the trials" in said
    assert "  sgd; tuned in 3 trials, learning rate 0.001 to 10 (log); batches of " in said
    assert "search space: learning rate 0.001 to 10 (log) → initialisation torch or he, " in said


def test_winners_are_found_by_the_experiment_and_the_seed(whole: Path) -> None:
    runs = result_of(make("small.toml")).experiments["adam"].runs
    for run in runs[:2]:
        assert read_json("show", f"adam/{run.seed}", "--json")["id"] == run.id
    first = read_json("show", "adam~0.1/10000000", "--json")
    assert first["seed"] == trial_seed(0)
    assert first["names"] == ["adam~0.1"]
    assert "tune" not in first["experiment"]


def test_the_findings_numbers_are_those_of_the_winners(whole: Path) -> None:
    experiments = result_of(make("small.toml")).experiments
    found = read_json("compare", "sgd", "adam", "--json")
    means = [float(experiments[name].final("test_accuracy").mean()) for name in ("sgd", "adam")]
    assert found["estimate"] == pytest.approx(means[1] - means[0])
    for side, name in zip(found["tuning"], ("sgd", "adam"), strict=True):
        assert (side["experiment"], side["trials"], side["runs"]) == (name, 3, 20)
        assert [one["trials"] for one in side["curve"]] == [1, 2, 3]
        winners_ = [one.winner for one in experiments[name].replicates]
        assert [one["trial"] - 1 for one in side["winners"]] == winners_


def test_a_report_has_the_curves_the_trials_and_the_budget(whole: Path) -> None:
    assert call("report", "small.toml").exit_code == 0
    page = (whole / "report" / "index.html").read_text("utf-8")
    assert '<section id="tuning">' in page
    assert "Each was tuned with 3 settings: sgd from learning rate 0.001 to 10 (log)" in page
    assert "sgd: 20 runs in " in page
    assert "The winners of adam" in page
    with (whole / "report" / "tables" / "trials.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == RUNS
    for row in rows:
        assert (row["initialisation"] == "") == (row["experiment"] == "sgd")
    won = [row for row in rows if row["winner"] == "True"]
    assert len(won) == 2 * 10
    text = (whole / "report" / "tables" / "tuning.tex").read_text("utf-8")
    assert r"sgd & 3 $\times$ 5 & 20 & " in text
    curves = (whole / "report" / "tables" / "tuning-curves.csv").read_text("utf-8").splitlines()
    assert len(curves) == 1 + 2 * 3


def test_the_live_page_counts_trials(whole: Path) -> None:
    progress = json.loads(Followed(Path("runs"), make("small.toml")).progress())
    assert (progress["planned"], progress["ended"], progress["left"]) == (RUNS, RUNS, None)
    assert progress["state"] == "finished"


def test_a_pack_has_the_trials(whole: Path) -> None:
    before = results(make("small.toml"))
    assert call("pack", "--into", "packed").exit_code == 0
    shutil.rmtree("runs")
    assert call("unpack", "packed", "--into", "runs").exit_code == 0
    assert results(make("small.toml")) == before
    assert planned(make("small.toml")).missing == ()


def test_python_has_trials_curves_and_the_settings_of_winners(whole: Path) -> None:
    study, folder = load_study("small.toml")
    found = study.run(store="runs", relative_to=folder, quiet=True)
    trials = found.trials()
    assert len(trials) == RUNS
    final = trials[trials.trial.isna() & (trials.experiment == "sgd")]
    runs = found.runs()
    assert runs[runs.experiment == "sgd"]["optimizer.lr"].tolist() == (
        final["optimizer.lr"].tolist()
    )
    assert found.tuning_curves().axes[0].get_ylabel() == "final test accuracy"
    with pytest.raises(UserError, match="question 2 has no tuning curves"):
        found.tuning_curves(2)
