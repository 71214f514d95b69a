"""What `paribus check` shows of a study, and that it tells all mistakes of a file at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.present.recipe_text import recipe
from paribus.spec.experiment import Experiment
from paribus.spec.notation import parse_layers
from paribus.spec.recipe import Cosine, OneCycle, RmsProp, Sgd, Step
from tests.support.commands import call, read_json

STUDY = """
title = "Checked"
data = "digits"
validation = 300

[experiments.base]
network = ["conv 4", "relu", "flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1, momentum = 0.9 }
epochs = 12
best_by = "validation_loss"
patience = 3
normalize = "channel"
augment = ["shift 1"]

[experiments.few]
from = "base"
images = 500

[experiments.flat]
from = "base"
network = ["flatten", "linear 10"]
patience = "none"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def test_check_shows_the_images_and_the_whole_recipe_of_a_base(study: Path) -> None:
    said = call("check", study).stdout
    assert (
        "500 to 1,137 training images, 300 validation images, 360 test images; 8 × 8 pixels, "
        "1 channel, 10 classes\n"
    ) in said
    base = said.partition("\nbase ")[2].partition("\n\n")[0]
    assert (
        "sgd, learning rate 0.1, momentum 0.9; batches of 128; at most 12 epochs; the epoch with "
        "the lowest validation loss is kept, training ends after 3 epochs without a better one; "
        "normalized by channel; augmented by shift 1"
    ) in " ".join(base.split())
    assert all(len(line) <= 100 for line in base.splitlines())
    facts = read_json("check", study, "--json")["experiments"]["base"]
    assert facts["recipe"].startswith("sgd, learning rate 0.1, momentum 0.9; ")


def test_check_shows_of_variants_what_differs(study: Path) -> None:
    said = call("check", study).stdout
    few = said.partition("\nfew ")[2].partition("\n\n")[0]
    assert few.endswith("\n  from base: training images all → 500")
    flat = said.partition("\nflat ")[2].partition("\n\n")[0]
    assert "\n  from base: conv 4 removed; relu removed; patience 3 → none\n" in flat
    assert flat.count("linear 10") == 1
    # Without its base, a variant has a recipe of its own.
    alone = call("check", study, "--only", "few").stdout
    assert "sgd, learning rate 0.1, momentum 0.9; " in alone
    assert "500 training images" in alone
    assert "from base" not in alone


BASE = Experiment(network=parse_layers(["flatten", "linear 10"]), optimizer=Sgd(lr=0.1), epochs=5)
CHANGES = {
    "optimizer": (
        Sgd(lr=0.2),
        Sgd(lr=0.1, momentum=0.9),
        Sgd(lr=0.1, momentum=0.9, nesterov=True),
        Sgd(lr=0.1, weight_decay=0.1),
        RmsProp(lr=0.1),
        RmsProp(lr=0.1, alpha=0.5),
    ),
    "epochs": (6,),
    "batch_size": (64,),
    "schedule": (
        Step(every=2),
        Step(every=2, factor_each=0.5),
        Cosine(),
        Cosine(final=0.1),
        OneCycle(),
        OneCycle(rise=0.1),
    ),
    "initialisation": ("he", "glorot"),
    "label_smoothing": (0.1,),
    "ema": (0.9,),
    "best_by": ("validation_loss", "validation_accuracy"),
    "normalize": ("channel",),
    "augment": (("flip",), ("flip", "crop 4")),
    "images": (100,),
}
NOT_IN_IT = {"network", "data", "test", "validation", "validation_split", "tune", "engine"}


def test_a_recipe_says_every_setting_that_is_no_default() -> None:
    assert {*CHANGES, *NOT_IN_IT, "patience"} == set(Experiment.model_fields)
    made = [BASE.but(**{key: one}) for key, values in CHANGES.items() for one in values]
    made.append(BASE.but(best_by="validation_loss", patience=3))
    texts = list(map(recipe, [BASE, *made]))
    assert len(set(texts)) == len(texts)


def test_all_mistakes_of_a_file_are_told_at_once(study: Path) -> None:
    faulty = STUDY.replace("lr = 0.1", "lr = -1").replace('"validation_loss"', '"none"')
    alone = (
        '\n[experiments.alone]\nnetwork = ["flatten", "linear 9"]\n'
        'optimizer = { name = "sgd", lr = 0.1 }\nepochs = 2\naugment = ["crop 9"]\n'
        'best_by = "validation_loss"\n'
    )
    study.write_text(faulty.replace("validation = 300", "") + alone)
    said = str(call("check", study).exception).replace(str(study), "study").split("\n")
    assert [line.partition(": ")[0].removeprefix("study, experiments.") for line in said] == [
        "base.optimizer.lr",
        "base.patience",
        "alone.network",
        "alone.best_by",
        "alone.augment",
    ]


def test_questions_and_networks_are_told_together(study: Path) -> None:
    question = (
        '\n[[questions]]\nask = "?"\ncompare = ["base", "flat"]\nabout = ["network"]\n'
        'metric = "class_accuracy cat"\nmatters = 0.01\n'
    )
    study.write_text(
        STUDY.replace('["flatten", "linear 10"]', '["flatten", "linear 9"]') + question
    )
    first, second = str(call("check", study).exception).split("\n")
    assert 'there is no class "cat"' in first
    assert "experiments.flat.network: the network ends with shape 9" in second
