"""Grids in study files: the variants that they make, questions about them, and mistakes."""

from __future__ import annotations

import pytest

from paribus.errors import UserError
from paribus.spec.experiment import Experiment
from paribus.spec.files import read_study
from paribus.spec.identity import recipe_key
from paribus.spec.question import BestQuestion, Question
from paribus.spec.recipe import Sgd

STUDY = """
title = "Grid"
data = "digits"

[experiments.mlp]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1, momentum = 0.9 }
batch_size = 32
epochs = 4

[grid]
"""


def refusal(grid: str, more: str = "") -> str:
    with pytest.raises(UserError) as caught:
        read_study(f"{STUDY}{grid}\n{more}", "s.toml")
    return str(caught.value)


def test_every_combination_is_a_variant() -> None:
    study = read_study(f"{STUDY}lr = [0.01, 0.1]\nbatch_size = [16, 32, 64]", "s.toml")
    assert list(study.experiments) == [
        "mlp",
        "mlp-lr-0.01-batch_size-16",
        "mlp-lr-0.01-batch_size-32",
        "mlp-lr-0.01-batch_size-64",
        "mlp-lr-0.1-batch_size-16",
        "mlp-lr-0.1-batch_size-64",
    ]
    variant = study.experiments["mlp-lr-0.01-batch_size-64"]
    assert variant.optimizer == Sgd(lr=0.01, momentum=0.9)
    assert (variant.batch_size, variant.epochs) == (64, 4)
    assert study.bases["mlp-lr-0.01-batch_size-64"] == "mlp"
    assert study.grid is not None
    # The combination that the base has is the base.
    assert study.grid.cells["mlp"] == (1, 1)
    assert len(study.grid.cells) == 6
    assert [factor.name for factor in study.grid.factors] == ["optimizer.lr", "batch_size"]
    assert study.grid.factors[1].numbers == (16, 32, 64)


def test_variant_is_what_one_would_write() -> None:
    study = read_study(f"{STUDY}lr = [0.01, 0.02]", "s.toml")
    by_hand = Experiment(
        network=["flatten", "linear 10"],  # type: ignore[arg-type]
        optimizer=Sgd(lr=0.02, momentum=0.9),
        batch_size=32,
        epochs=4,
        data="digits",
    )
    assert recipe_key(study.experiments["mlp-lr-0.02"]) == recipe_key(by_hand)


@pytest.mark.parametrize(
    ("grid", "names"),
    [
        ('optimizer = [{ name = "sgd", lr = 0.1 }, { name = "adam", lr = 0.01 }]', "sgd adam"),
        ('optimizer = [{ name = "sgd", lr = 1 }, { name = "sgd", lr = 2 }]', "sgd-1 sgd-2"),
        ('schedule = [{ name = "constant" }, { name = "cosine" }]', "cosine"),
        ("optimizer.momentum = [0.0, 0.9]", "momentum-0.0"),
        ("nesterov = [true, false]", "nesterov-true"),
        ('network = [["flatten", "linear 10"], ["flatten", "linear 9", "linear 10"]]', "2"),
        (
            'network = { a = ["flatten", "relu", "linear 10"], b = ["flatten", "linear 10"] }',
            "a",
        ),
        ('initialisation = ["torch", "he"]', "initialisation-he"),
        ("lr = [1e-5, 1e+5]", "lr-1e-05 lr-100000.0"),
    ],
)
def test_variants_are_named_by_what_differs(grid: str, names: str) -> None:
    study = read_study(STUDY + grid, "s.toml")
    assert [name for name in study.experiments if name != "mlp"] == [
        f"mlp-{name}" for name in names.split()
    ]


def test_setting_of_a_table_goes_into_each_table() -> None:
    grid = 'lr = [0.3, 0.4]\noptimizer = [{ name = "sgd", lr = 1 }, { name = "adam", lr = 1 }]'
    study = read_study(STUDY + grid, "s.toml")
    optimizer = study.experiments["mlp-lr-0.4-adam"].optimizer
    assert (optimizer.name, optimizer.lr) == ("adam", 0.4)


def test_questions_range_over_the_grid() -> None:
    best = '[[questions]]\nask = "Which?"\nbest = "grid"\nmatters = 0.01\n'
    each = '[[questions]]\nask = "Better?"\ncompare = ["mlp", "grid"]\nmatters = 0.01\n'
    study = read_study(f"{STUDY}lr = [0.01, 0.1, 0.2]\n{best}{each}", "s.toml")
    first, *others = study.questions
    assert isinstance(first, BestQuestion)
    assert set(first.best) == {"mlp", "mlp-lr-0.01", "mlp-lr-0.2"}
    assert first.about == ("optimizer.lr",)
    assert [(q.ask, q.compare) for q in others if isinstance(q, Question)] == [
        ("Better? (mlp-lr-0.01)", ("mlp", "mlp-lr-0.01")),
        ("Better? (mlp-lr-0.2)", ("mlp", "mlp-lr-0.2")),
    ]


def test_grid_of_the_experiments_that_are_left() -> None:
    study = read_study(f"{STUDY}lr = [0.01, 0.1, 0.2]", "s.toml")
    some = study.only(("mlp", "mlp-lr-0.2"))
    assert some.grid is not None
    assert some.grid.cells == {"mlp": (1,), "mlp-lr-0.2": (2,)}
    assert study.only(("mlp",)).grid is None
    # In a preview these are one experiment.
    few = read_study(f"{STUDY}epochs = [2, 4, 400]", "s.toml").as_preview(100)
    assert list(few.experiments) == ["mlp", "mlp-epochs-400"]
    assert few.grid is not None
    assert few.grid.cells == {"mlp": (1,), "mlp-epochs-400": (2,)}


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("lr = [0.01, -1]\nbatch_size = [8, 16]", "grid.lr[2]: must be above 0, got -1"),
        ('epochs = [1, "x"]', 'grid.epochs[2]: must be an integer, got "x"'),
        (
            "lr = 0.1",
            "grid.lr: must be a list of at least 2 values, got 0.1; write e.g. lr = [0.01, 0.1]",
        ),
        ("momentum = [0.5]", "grid.momentum: must be a list of at least 2 values, got [0.5]; "),
        ("lr = [0.1, 0.2, 0.1]", "grid.lr: holds 0.1 twice; leave one out"),
        ("learning_rate = [0.1, 0.2]", 'grid.learning_rate: unknown key; did you mean "lr"?'),
        ("data = ['a', 'b']", "grid.data: unknown key; known are from, label, network, "),
        ("optimizer.lrr = [1, 2]", 'grid.optimizer.lrr: unknown key; did you mean "lr"?'),
        ("lr = [1, 2]\noptimizer.lr = [1, 2]", "grid.optimizer.lr: is written twice; leave one"),
        ("", "grid: varies nothing; write e.g. lr = [0.01, 0.03, 0.1]"),
        (
            'optimizer = [{ name = "sgd", lr = 1 }, { name = "adam" }]',
            "grid.optimizer[2].lr: is missing; write the learning rate, e.g. lr = 0.01",
        ),
        (
            'network = [["flatten", "linear 10"], ["lineer 10"]]',
            'grid.network[2]: layer 1 "lineer 10": there is no layer "lineer"; did you mean',
        ),
        (
            'optimizer = [{ name = "sgd", lr = 1 }, "adam"]\nlr = [1, 2]',
            'grid.optimizer[2]: must be a table with a name, e.g. { name = "sgd" }, got "adam"',
        ),
        (
            'optimizer = [{ name = "sgd", lr = 1 }, { name = "sgd", lr = 2 }]\nlr = [3, 4]',
            "grid: mlp-sgd-1-lr-3 and mlp-sgd-2-lr-3 are the same; leave out a setting that chan",
        ),
        ("lr = [1, 2]\nfrom = 'mpl'", 'grid.from: there is no experiment "mpl"; name the exp'),
        (
            f"lr = {list(range(1, 16))}\nbatch_size = {list(range(1, 16))}",
            "grid: makes 225 variants; write at most 200",
        ),
        ("lr = [1, 2]\n[experiments.other]\nfrom = 'mlp'\nepochs = 1", "grid.from: is missing; "),
        (
            "from = 'mlp'\nlr = [1, 2]\n[experiments.mlp-lr-1]\nfrom = 'mlp'\nepochs = 1",
            "grid: there are two experiments mlp-lr-1; rename one",
        ),
        (
            "from = 'mlp'\nlr = [1, 2]\n[experiments.grid]\nfrom = 'mlp'\nepochs = 1",
            "experiments.grid: is what a grid is called; rename it",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(grid: str, message: str) -> None:
    (line, *others) = refusal(grid).split("\n")
    assert line.startswith(f"s.toml, {message}")
    assert not others


def test_faulty_grid_makes_no_mistakes_of_its_questions() -> None:
    question = '[[questions]]\nask = "Which?"\nbest = "grid"\nmatters = 0.01'
    assert refusal("lr = [0.1, -1]", question) == "s.toml, grid.lr[2]: must be above 0, got -1"


def test_number_of_a_question_is_that_of_the_file() -> None:
    each = '[[questions]]\nask = "Better?"\ncompare = ["mlp", "grid"]\nmatters = 0.01\n'
    faulty = each.replace('"grid"', '"mpl"')
    line = refusal("lr = [0.01, 0.1, 0.2]", each + faulty).split("\n")[0]
    assert line.startswith("s.toml, question 2.")


def test_grid_must_be_a_table() -> None:
    text = "grid = 3\n" + STUDY.replace("[grid]\n", "")
    with pytest.raises(UserError, match=r"s.toml, grid: must be a table; write \[grid\] with from"):
        read_study(text, "s.toml")


def test_two_combinations_that_are_the_base_are_a_mistake() -> None:
    grid = """lr = [0.1, 0.2]
optimizer = [
    { name = "sgd", lr = 1, momentum = 0.9 },
    { name = "sgd", lr = 2, momentum = 0.9 },
]
"""
    assert refusal(grid) == (
        "s.toml, grid: mlp-lr-0.1-sgd-1-0.9 and mlp-lr-0.1-sgd-2-0.9 are the same; leave out a "
        "setting that changes nothing"
    )


def test_variants_are_called_by_their_settings() -> None:
    grid = """lr = [0.01, 0.02]
batch_size = [16, 64]
network = { small = ["flatten", "linear 10"], large = ["flatten", "linear 8", "linear 10"] }"""
    study = read_study(STUDY + grid, "s.toml")
    name = "mlp-lr-0.02-batch_size-64-large"
    assert study.label(name) == "mlp, lr 0.02, batch size 64, large"
    called = STUDY.replace("epochs = 4", 'epochs = 4\nlabel = "Perceptron"')
    assert read_study(called + grid, "s.toml").label(name) == (
        "Perceptron, lr 0.02, batch size 64, large"
    )
    stated = read_study(f'{STUDY}label = "{{network}}: {{lr}} × {{batch_size}}"\n{grid}', "s.toml")
    assert stated.label(name) == "large: 0.02 × 64"
    # The base keeps its own, and a label that is too long is none.
    assert study.label("mlp") == "mlp"
    long = read_study(called.replace("Perceptron", "P" * 95) + "lr = [0.01, 0.02]", "s.toml")
    assert list(long.labels) == ["mlp"]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ('"{batch}"', "grid.label: {batch} is not a setting of the grid; known are {lr}"),
        (
            '"rate"',
            "grid.label: variants that differ in lr alone would have one label; add {lr}",
        ),
        ("3", 'grid.label: must be a text such as "lr {lr}"'),
    ],
)
def test_a_wrong_label_of_a_grid_is_an_error(label: str, message: str) -> None:
    assert refusal(f"lr = [0.01, 0.02]\nlabel = {label}") == f"s.toml, {message}"
