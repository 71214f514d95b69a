"""Augmentation and the kept epoch as they are written: what is read, hashed and refused."""

from __future__ import annotations

from typing import cast

import pytest

from paribus.campaign.engines import fitting_networks
from paribus.data.facts import DataFacts
from paribus.data.named import known_facts
from paribus.errors import UserError
from paribus.present.what_differs import difference_words
from paribus.spec.diff import differences
from paribus.spec.experiment import Experiment
from paribus.spec.files import read_study
from paribus.spec.identity import identity, read_canonical, step_keys
from paribus.spec.recipe import Sgd

BASE = Experiment(
    network=["flatten", "linear 10"],  # type: ignore[arg-type]
    optimizer=Sgd(lr=0.01),
    epochs=2,
)
MNIST = cast(DataFacts, known_facts("mnist"))
FILE = """
title = "t"
[experiments.base]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1 }
epochs = 2
augment = AUGMENT
[experiments.other]
from = "base"
epochs = 3
"""


def mistakes(augment: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        read_study(FILE.replace("AUGMENT", augment), "s.toml")
    return str(caught.value).split("\n")


def test_it_is_read_and_inherited() -> None:
    study = read_study(FILE.replace("AUGMENT", '[" crop  04", "flip"]'), "s.toml")
    assert {e.augment for e in study.experiments.values()} == {("crop 4", "flip")}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('["crop"]', '[1]: "crop" takes an integer from 1 to 1,000 (pixels), got "crop"; write '
                     'e.g. "crop 4"'),
        ('["crop 0"]', '[1]: "crop" takes an integer from 1 to 1,000 (pixels), got "crop 0"; '
                       'write e.g. "crop 4"'),
        ('["flip", "rotate 1.5"]', '[2]: "rotate" takes an integer from 1 to 180 (degrees), got '
                                   '"rotate 1.5"; write e.g. "rotate 10"'),
        ('["cutout 8 8"]', '[1]: "cutout" takes an integer from 1 to 1,000 (pixels), got '
                           '"cutout 8 8"; write e.g. "cutout 8"'),
        ('["flip 0.5"]', '[1]: "flip" takes no number, got "flip 0.5"; write "flip"'),
        ('["RandomHorizontalFlip"]',
         '[1]: there is no augmentation "RandomHorizontalFlip"; did you mean "flip"?'),
        ('["crpo 4"]', '[1]: there is no augmentation "crpo"; did you mean "crop"?'),
        ('[""]', '[1]: there is no augmentation ""; known are crop, shift, flip, cutout, rotate'),
        ('["flip", "crop 2", "crop 4"]', ': "crop" is written twice; leave one out'),
        ('"flip"', ': must be a list, got "flip"; write ["flip"]'),
        ("[4]", "[1]: must be text in quotes, got 4"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_place(written: str, said: str) -> None:
    assert mistakes(written) == [f"s.toml, experiments.base.augment{said} (so too other)"]


@pytest.mark.parametrize("text", ["crop 28", "shift 28", "cutout 30"])
def test_what_does_not_fit_the_images_is_reported_before_training(text: str) -> None:
    with pytest.raises(UserError) as caught:
        fitting_networks({"a": BASE.but(augment=["flip", text]), "b": BASE}, MNIST, "s.toml")
    amount = text.split()[1]
    assert str(caught.value) == (
        f's.toml, experiments.a.augment: "{text}" needs images of more than {amount} × {amount} '
        "pixels, and these are 28 × 28; write a smaller number"
    )
    fitting_networks({"a": BASE.but(augment=["crop 27", "rotate 180"])}, MNIST)


def test_it_is_part_of_the_identity_and_of_a_step() -> None:
    augmented = BASE.but(augment=["crop 4", "flip"])
    assert identity(augmented, "data").form["augment"] == ["crop 4", "flip"]
    assert identity(BASE.but(augment=[]), "data") == identity(BASE, "data")
    assert read_canonical(identity(augmented, "data").canonical, "mnist") == augmented
    keys, plain = (step_keys(e, (1, 28, 28)) for e in (augmented, BASE))
    assert not set(keys) & set(plain)


def test_a_difference_in_words() -> None:
    augmented = BASE.but(augment=["crop 4", "flip"])
    (difference,) = differences(BASE, augmented)
    assert difference.is_about(["augment"])
    assert difference_words(difference) == "augmentation none → crop 4 and flip"


def test_a_grid_of_augmentations() -> None:
    study = read_study(
        FILE.replace("AUGMENT", "[]").split("[experiments.other]")[0]
        + '\n[grid]\naugment = [[], ["flip"], ["crop 4", "flip"]]',
        "s.toml",
    )
    assert {name: e.augment for name, e in study.experiments.items()} == {
        "base": (),
        "base-augment-flip": ("flip",),
        "base-augment-crop4-flip": ("crop 4", "flip"),
    }


def test_a_best_epoch_needs_validation_images() -> None:
    kept = BASE.but(best_by="validation_accuracy")
    with pytest.raises(UserError) as caught:
        fitting_networks({"a": kept, "b": BASE}, MNIST, "s.toml")
    assert str(caught.value) == (
        's.toml, experiments.a.best_by: "validation_accuracy" needs validation images, and mnist '
        "has none; hold out training images, e.g. with validation = 6000"
    )
    fitting_networks({"a": kept.but(validation=100)}, MNIST)
