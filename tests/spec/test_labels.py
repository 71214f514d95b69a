"""Labels: what figures and tables call experiments, which changes nothing else of them."""

from __future__ import annotations

import pytest

from paribus.errors import UserError
from paribus.spec.files import read_study
from paribus.spec.identity import identity

STUDY = """
title = "Labels"

[experiments.cnn]
network = ["conv 4", "relu", "flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.05 }
epochs = 2
label = "CNN (baseline), 3 × 3"

[experiments.cnn-slow]
from = "cnn"
optimizer = { lr = 0.01 }
"""


def test_a_label_is_the_experiments_own_and_no_part_of_its_identity() -> None:
    study = read_study(STUDY, "study.toml")
    assert study.labels == {"cnn": "CNN (baseline), 3 × 3"}
    assert (study.label("cnn"), study.label("cnn-slow")) == ("CNN (baseline), 3 × 3", "cnn-slow")
    plain = read_study(STUDY.replace('label = "CNN (baseline), 3 × 3"', ""), "study.toml")
    assert not plain.labels
    for name, experiment in study.experiments.items():
        mine = identity(experiment, data="f00d")
        assert mine == identity(plain.experiments[name], data="f00d")


def test_labels_stay_when_a_study_is_reduced() -> None:
    study = read_study(STUDY, "study.toml")
    assert study.as_preview(60_000).labels == study.labels
    assert not study.only(("cnn-slow",)).labels
    # The second is the first then, and goes.
    assert study.with_each(optimizer=study.experiments["cnn"].optimizer).labels == study.labels


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ('""', "study.toml, experiments.cnn.label: is empty; write what figures call it, e.g. "),
        ("3", "study.toml, experiments.cnn.label: must be text in quotes, got 3"),
        *(
            (
                label,
                "study.toml, experiments.cnn.label: must be one line without spaces at its ends",
            )
            for label in ('" x"', '"x "', r'"a\nb"', r'"a\tb"')
        ),
        (f'"{"x" * 101}"', "study.toml, experiments.cnn.label: must have at most 100 characters"),
        (
            '"cnn-slow"',
            'study.toml: labels: cnn-slow and cnn are both "cnn-slow"; change one',
        ),
    ],
)
def test_a_label_that_cannot_be_one(label: str, problem: str) -> None:
    with pytest.raises(UserError) as error:
        read_study(STUDY.replace('"CNN (baseline), 3 × 3"', label), "study.toml")
    assert str(error.value).startswith(problem)
