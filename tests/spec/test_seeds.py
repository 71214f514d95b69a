"""The seeds of a study as they are written: a number, fresh ones, planned looks."""

from __future__ import annotations

from typing import Any

import pytest

from paribus import Study, UserError
from paribus.spec import bounds
from paribus.spec.files import read_study
from paribus.spec.study_plan import StudyPlan
from paribus.stats import looks

STUDY = """
title = "Seeds"
seeds = {seeds}

[experiments.mlp]
network = ["flatten", "linear 10"]
optimizer = {{ name = "sgd", lr = 0.1 }}
epochs = 20
"""


def read(seeds: str) -> Study:
    return read_study(STUDY.format(seeds=seeds), "s.toml")


def test_looks_are_numbers_of_seeds_of_which_the_last_ends_the_study() -> None:
    study = read("{ looks = [5, 10, 20] }")
    assert (study.looks, study.seeds, study.seed_range) == ((5, 10, 20), 20, range(20))
    fresh = read("{ first = 5, looks = [5, 10] }")
    assert (fresh.looks, fresh.seed_range) == ((5, 10), range(5, 15))
    assert read("7").looks == ()


def test_looks_can_be_written_in_python() -> None:
    given: dict[str, Any] = {"title": "Seeds", "experiments": dict(read("5").experiments)}
    study = Study(seeds={"looks": [5, 10]}, **given)  # type: ignore[arg-type]
    assert (study.looks, study.seeds) == ((5, 10), 10)
    assert "seeds: 5, 10" in study._repr_html_()
    with pytest.raises(UserError, match="each look needs more seeds than the one before"):
        Study(seeds={"looks": [10, 5]}, **given)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="looks: end at 10 seeds, but there are 8"):
        Study(seeds=8, looks=(5, 10), **given)


def test_a_number_of_seeds_or_a_preview_takes_the_place_of_looks() -> None:
    study = read("{ looks = [5, 10] }")
    assert (study.with_seeds(20).looks, study.with_seeds(20).seeds) == ((), 20)
    assert (study.as_preview(60_000).looks, study.as_preview(60_000).seeds) == ((), 5)
    assert study.with_each(epochs=3).looks == (5, 10)


@pytest.mark.parametrize(
    ("seeds", "problem"),
    [
        (
            "{ looks = [10, 5] }",
            "seeds.looks: each look needs more seeds than the one before, got 5 after 10",
        ),
        (
            "{ looks = [3, 10] }",
            "seeds.looks: the first look needs at least 5 seeds, got 3: with fewer it could decide "
            "next to nothing",
        ),
        (
            "{ looks = [10] }",
            "seeds.looks: needs at least 2 numbers of seeds, got [10]; for a single number write "
            "seeds = 10",
        ),
        ("{ looks = [] }", "seeds.looks: needs at least 2 numbers of seeds, got []; write e.g. "
            "[5, 10]"),
        (
            "{ looks = 5 }",
            "seeds.looks: must be a list of integers, got 5; write e.g. looks = [5, 10]",
        ),
        (
            "{ looks = [5, 7.5] }",
            "seeds.looks: must be a list of integers, got [5, 7.5]; write e.g. looks = [5, 10]",
        ),
        ("{ looks = [5, 1001] }", "seeds.looks: must be at most 1,000 seeds, got 1,001"),
        (
            f"{{ looks = {list(range(5, 26))} }}",
            "seeds.looks: has 21 looks; write at most 20",
        ),
        ("[5, 10]", "seeds: is a list; for looks write seeds = { looks = [5, 10] }"),
        (
            "{ looks = [5, 10], count = 10 }",
            "seeds: needs the keys first and count, or looks; write e.g. { first = 5, count = 20 } "
            "or { looks = [5, 10, 20] }",
        ),
        (
            "{ first = -1, looks = [5, 10] }",
            "seeds.first: must be an integer from 0 to 1,000,000, got -1",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_what_to_write(seeds: str, problem: str) -> None:
    with pytest.raises(UserError) as error:
        read(seeds)
    assert str(error.value) == f"s.toml: {problem}"


def test_the_bound_of_the_first_look_is_that_of_the_statistics() -> None:
    assert bounds.FEWEST_AT_FIRST_LOOK == looks.FEWEST_AT_FIRST_LOOK


def test_a_plan_that_was_recorded_before_there_were_looks_has_none() -> None:
    design = {
        "at": "", "ended": 0, "first_seed": 0, "seeds": 3, "experiments": {}, "questions": [],
    }  # fmt: skip
    (kept,) = StudyPlan.from_json([design]).designs
    assert kept.looks == ()
    looked = StudyPlan.from_json([{**design, "seeds": 10, "looks": [5, 10]}])
    assert looked.now.looks == (5, 10)
    assert StudyPlan.from_json(looked.to_json()) == looked
