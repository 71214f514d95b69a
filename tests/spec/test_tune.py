"""Tuning in study files: spaces, trials that are drawn, and what is refused."""

from __future__ import annotations

import json
from decimal import Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import paribus
from paribus.errors import UserError
from paribus.seeding import stream
from paribus.spec import bounds
from paribus.spec.diff import Size, SizeChanged, consequences, differences
from paribus.spec.experiment import Experiment
from paribus.spec.files import read_study
from paribus.spec.identity import identity, read_canonical, tuning_key
from paribus.spec.model import SpecError
from paribus.spec.plan import Plan, plan_of
from paribus.spec.recipe import Sgd
from paribus.spec.trials import draw_trials, trial_seed
from paribus.spec.tune import Space, Tune
from paribus.stats import tuning

GOLDEN = Path(__file__).parent.parent / "golden" / "trials.json"

FILE = """
title = "t"
validation = 50
seeds = 5

[experiments.sgd]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd" }
epochs = 2
[experiments.sgd.tune]
trials = 4
optimizer.lr = { log = [0.001, 1.0] }
batch_size = { choice = [16, 32] }

[experiments.adam]
from = "sgd"
optimizer = { name = "adam" }

[experiments.plain]
from = "sgd"
optimizer = { name = "adamw" }
"""
QUESTION = "[[questions]]\nask='?'\ncompare=['sgd','{b}']\nabout=['optimizer']\nmatters=0.01\n"


def tuned(**changes: Any) -> Experiment:
    settings: dict[str, Any] = {
        "network": ["flatten", "linear 10"],
        "optimizer": {"name": "sgd"},
        "epochs": 2,
        "validation": 50,
        "tune": {"trials": 4, "space": {"optimizer.lr": {"log": [0.001, 1.0]}}},
    }
    return Experiment.model_validate({**settings, **changes})


def problems(**changes: Any) -> str:
    with pytest.raises(ValidationError) as error:
        tuned(**changes)
    return str(error.value)


def test_a_file_writes_settings_as_they_are_called() -> None:
    study = read_study(FILE, "tune.toml")
    tune = study.experiments["sgd"].tune
    assert tune == Tune(
        trials=4,
        space={"optimizer.lr": Space(log=(0.001, 1.0)), "batch_size": Space(choice=(16, 32))},
    )
    assert study.experiments["adam"].tune == tune  # Taken from the other.


def test_python_states_the_same() -> None:
    space = {"optimizer.lr": paribus.Space(log=(0.001, 1.0))}
    made = paribus.Experiment(
        network=(paribus.Flatten(), paribus.Linear(features=10)),
        optimizer=paribus.Sgd(lr=0.3),
        epochs=2,
        validation=50,
        tune=paribus.Tune(trials=4, space=space),
    )
    assert identity(made, "data") == identity(tuned(), "data")


def test_what_is_written_for_a_tuned_setting_says_nothing() -> None:
    written = tuned(optimizer={"name": "sgd", "lr": 0.3})
    assert written == tuned()
    assert identity(written, "data") == identity(tuned(), "data")
    assert written.optimizer.lr == 0.001


def test_a_stored_form_is_read_back() -> None:
    known = identity(tuned(), "data")
    assert read_canonical(known.canonical, "mnist") == tuned()


@pytest.mark.parametrize(
    ("space", "low", "high"),
    [
        (Space(log=(0.001, 1.0)), 0.001, 1.0),
        (Space(linear=(-2.0, 3.0)), -2.0, 3.0),
    ],
)
def test_draws_are_uniform_on_the_scale_of_a_range(space: Space, low: float, high: float) -> None:
    values = np.array([space.at(share) for share in np.linspace(0, 1, 1001)[:-1]], float)
    assert ((values >= low) & (values <= high)).all()
    scaled = np.log(values) if space.log else values
    steps = np.diff(scaled)
    np.testing.assert_allclose(steps, steps[0])


def test_draws_on_a_logarithmic_scale_are_the_nearest_numbers() -> None:
    """So no digit of a setting depends on the C library, and neither does a trial's hash."""
    with localcontext(Context(prec=100)):
        for low, high in ((0.001, 1.0), (0.1, 0.3), (1e-8, 7.0)):
            for share in np.random.default_rng(0).random(300):
                exact = Decimal(low) * (Decimal(high) / Decimal(low)) ** Decimal(float(share))
                assert Space(log=(low, high)).at(float(share)) == float(exact)


@pytest.mark.parametrize("ends", [(0.001, 1.0), (0.1, 0.3), (5e-324, 1.7e308)])
def test_draws_stay_between_the_ends(ends: tuple[float, float]) -> None:
    for space in (Space(log=ends), Space(linear=ends)):
        assert space.at(0.0) == ends[0]
        assert ends[0] < float(space.at(1 - 2**-53)) <= ends[1]


def test_a_choice_draws_each_value_as_often() -> None:
    space = Space(choice=("torch", "he", "glorot"))
    drawn = [space.at(share / 300) for share in range(300)]
    assert [drawn.count(value) for value in space.ends] == [100, 100, 100]


def test_integers_stay_integers() -> None:
    tune = {"trials": 30, "space": {"batch_size": {"log": [8, 100]}}}
    sizes = {
        trial.experiment.batch_size
        for trial in draw_trials(tuned(tune=tune, optimizer=Sgd(lr=0.1)), 0)
    }
    assert all(isinstance(size, int) and 8 <= size <= 100 for size in sizes)


def test_more_trials_begin_with_the_same_ones() -> None:
    few = draw_trials(tuned(), 3)
    more = {"trials": 9, "space": {"optimizer.lr": {"log": [0.001, 1.0]}}}
    assert draw_trials(tuned(tune=more), 3)[:4] == few


def test_each_replicate_and_each_side_draws_its_own() -> None:
    sides = [tuned(), tuned(epochs=3)]
    drawn = [trial.settings["optimizer.lr"] for side in sides for r in range(5) for trial in
             draw_trials(side, r)]  # fmt: skip
    assert len(set(drawn)) == len(drawn)


def test_replicates_share_neither_runs_nor_seeds() -> None:
    """Even of a space so small that the same settings are drawn again."""
    tune = {"trials": 6, "space": {"label_smoothing": {"choice": [0.0, 0.1]}}}
    runs = [
        {(identity(trial.experiment, "data").hash, trial_seed(r)) for trial in draw_trials(side, r)}
        for r in range(5)
        for side in [tuned(tune=tune, optimizer={"name": "sgd", "lr": 0.1})]
    ]
    assert all(len(found) == 2 for found in runs)  # Within a replicate each is trained once.
    assert len(set.union(*runs)) == 10
    assert trial_seed(0) > bounds.HIGHEST_SEED + bounds.MOST_SEEDS


def test_trials_stay_what_they_are() -> None:
    """Never edit tests/golden/trials.json: stores have trained the trials that it holds."""
    golden = json.loads(GOLDEN.read_text("utf-8"))
    for entry in golden:
        experiment = Experiment.model_validate(entry["experiment"])
        for replicate, settings in entry["trials"].items():
            drawn = [dict(trial.settings) for trial in draw_trials(experiment, int(replicate))]
            assert drawn == settings


def test_the_number_of_trials_is_no_part_of_what_draws_them() -> None:
    assert tuning_key(tuned()) != tuning_key(tuned(epochs=3))
    assert stream(0, "tuning", tuning_key(tuned())).random() != (
        stream(1, "tuning", tuning_key(tuned())).random()
    )


@pytest.mark.parametrize(
    ("tune", "said"),
    [
        ({"trials": 1, "optimizer": {"lr": {"log": [0.1, 1]}}}, "trials"),
        ({"trials": 3}, "space"),
        ({"trials": 3, "replicates": 5}, "a replicate for each seed of the study"),
        (
            {"trials": 3, "epochs": {"choice": [1, 2]}},
            '"epochs" cannot be tuned',
        ),
        ({"trials": 3, "network": {"choice": ["a", "b"]}}, '"network" cannot be tuned'),
        ({"trials": 3, "optimizer": {"name": {"choice": ["sgd", "adam"]}}}, "cannot be tuned"),
        ({"trials": 3, "optimizer": {"lr": {"log": [1.0, 0.1]}}}, "a smaller and a larger"),
        ({"trials": 3, "optimizer": {"lr": {"log": [0.0, 0.1]}}}, "positive numbers"),
        ({"trials": 3, "optimizer": {"lr": {}}}, "one of log, linear and choice"),
        ({"trials": 3, "optimizer": {"lr": {"choice": [0.1]}}}, "at least 2 values"),
        ({"trials": 3, "optimizer": {"lr": {"linear": [-1.0, 0.1]}}}, "greater than 0"),
        ({"trials": 3, "optimizer": {"momentum": {"linear": [0.0, 1.5]}}}, "momentum"),
        ({"trials": 3, "optimizer": {"speed": {"linear": [0.0, 1.5]}}}, "speed"),
    ],
)
def test_what_makes_no_sense_is_refused(tune: dict[str, Any], said: str) -> None:
    assert said in problems(tune=tune, optimizer={"name": "sgd", "lr": 0.1})


def test_tuning_needs_validation_images_and_replicates() -> None:
    assert "needs validation images to choose by" in problems(validation=0)
    assert "leave out validation_split" in problems(validation_split=2)
    with pytest.raises(UserError, match="needs at least 5, got 4"):
        read_study(FILE.replace("seeds = 5", "seeds = 4"), "tune.toml")
    assert bounds.FEWEST_REPLICATES == tuning.FEWEST_REPLICATES


def test_a_split_of_no_validation_images_has_no_effect() -> None:
    with pytest.raises(SpecError, match="no effect without validation"):
        Experiment(
            network=["flatten", "linear 10"],  # type: ignore[arg-type]
            optimizer=Sgd(lr=0.1),
            epochs=1,
            validation_split=1,
        )


def test_the_values_that_are_tuned_are_no_difference_and_spaces_are() -> None:
    study = read_study(FILE, "tune.toml")
    sgd = study.experiments["sgd"]
    wider = Tune(trials=4, space={**sgd.tune.space, "optimizer.lr": Space(log=(0.01, 9.0))})  # type: ignore[union-attr]
    assert [d.aspect for d in differences(sgd, sgd.but(tune=wider))] == ["tune.space"]
    more = Tune(trials=5, space=sgd.tune.space)  # type: ignore[union-attr]
    assert [d.aspect for d in differences(sgd, sgd.but(tune=more))] == ["tune.trials"]
    assert differences(sgd, sgd) == []


def test_nothing_follows_from_values_that_stand_in_the_place_of_tuned_ones() -> None:
    plain = {"optimizer": {"name": "sgd", "lr": 0.1}, "tune": None}
    tune = {"trials": 3, "batch_size": {"choice": [8, 16]}, "initialisation": {"choice": ["he",
            "torch"]}}  # fmt: skip
    first, second = tuned(**plain), tuned(**{**plain, "tune": tune})
    plan = plan_of(first, (1, 4, 4), 10)
    assert isinstance(plan, Plan)
    assert consequences((first, plan), (second, plan), 100) == []
    fixed = second.but(tune=None)
    assert (fixed.batch_size, fixed.initialisation) == (8, "he")
    sizes = [c.size for c in consequences((first, plan), (fixed, plan), 100)
             if isinstance(c, SizeChanged)]  # fmt: skip
    assert sizes == [Size.UPDATE_STEPS]


def test_tuned_is_not_compared_with_untuned() -> None:
    plain = FILE.replace("[experiments.plain]\nfrom = \"sgd\"", "[experiments.plain]\n"
                         'network = ["flatten", "linear 10"]\nepochs = 2')  # fmt: skip
    plain = plain.replace('"adamw"', '"adamw", lr = 0.1')
    with pytest.raises(UserError, match="sgd is tuned and plain is not"):
        read_study(plain + QUESTION.format(b="plain"), "tune.toml")
    timed = QUESTION.format(b="adam") + "metric = 'step_time'\n"
    with pytest.raises(UserError, match="its training steps are not all alike"):
        read_study(FILE + timed, "tune.toml")


def test_a_preview_has_few_trials() -> None:
    many = FILE.replace("trials = 4", "trials = 40")
    preview = read_study(many, "tune.toml").as_preview(60_000)
    assert {e.tune.trials for e in preview.experiments.values() if e.tune} == {5}
