"""Mistakes in study files: names from elsewhere, and what others inherit."""

from __future__ import annotations

import pytest

from paribus.errors import UserError
from paribus.spec.files import read_study

BASE = """
title = "t"
[experiments.base]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1 }
epochs = 2
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        read_study(text, "s.toml")
    return str(caught.value).split("\n")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("lr = 0.1", "learning_rate = 0.1", 'learning_rate: unknown key; did you mean "lr"?'),
        ("lr = 0.1", "lr = 0.1, l2 = 0.1", 'l2: unknown key; did you mean "weight_decay"?'),
        ('"sgd"', '"SGD"', 'there is no "SGD"; did you mean "sgd"?'),
    ],
)
def test_names_from_elsewhere_in_an_optimizer(before: str, after: str, message: str) -> None:
    said = mistakes(BASE.replace(before, after))
    joint = ": " if message.startswith("there") else "."
    assert said[0] == f"s.toml, experiments.base.optimizer{joint}{message}" or message in said[-1]
    assert any(line.endswith(message) for line in said)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("num_epochs", "epochs"),
        ("batch", "batch_size"),
        ("batchSize", "batch_size"),
        ("scheduler", "schedule"),
        ("init", "initialisation"),
        ("initialization", "initialisation"),
        ("model", "network"),
        ("optimiser", "optimizer"),
        ("smoothing", "label_smoothing"),
        ("base", "from"),
    ],
)
def test_names_from_elsewhere_in_an_experiment(key: str, meant: str) -> None:
    assert mistakes(f"{BASE}\n{key} = 1") == [
        f's.toml, experiments.base.{key}: unknown key; did you mean "{meant}"?'
    ]


@pytest.mark.parametrize(
    ("key", "meant"),
    [("dataset", "data"), ("n_seeds", "seeds"), ("repeats", "seeds"), ("variants", "experiments")],
)
def test_names_from_elsewhere_at_the_top(key: str, meant: str) -> None:
    assert mistakes(f"{key} = 1\n{BASE}") == [
        f's.toml, {key}: unknown key; did you mean "{meant}"?'
    ]


@pytest.mark.parametrize(
    ("key", "meant"), [("between", "compare"), ("threshold", "matters"), ("delta", "matters")]
)
def test_names_from_elsewhere_in_a_question(key: str, meant: str) -> None:
    said = mistakes(f"{BASE}\n[[questions]]\nask = 'x'\n{key} = 1")
    assert f's.toml, question 1.{key}: unknown key; did you mean "{meant}"?' in said


def test_a_key_under_another_name_is_not_missing_too() -> None:
    assert mistakes(BASE.replace("lr = 0.1", "learning_rate = 0.1")) == [
        's.toml, experiments.base.optimizer.learning_rate: unknown key; did you mean "lr"?'
    ]


def test_softmax_is_part_of_the_loss() -> None:
    assert mistakes(BASE.replace('"linear 10"', '"linear 10", "softmax"')) == [
        's.toml, experiments.base.network: layer 3 "softmax": "softmax" is part of the loss; '
        "remove it"
    ]


def test_a_mistake_that_others_inherit_is_reported_once() -> None:
    text = BASE.replace("epochs = 2", 'epochs = "2"') + (
        '\n[experiments.a]\nfrom = "base"\nbatch_size = 64'
        '\n[experiments.b]\nfrom = "a"\nbatch_size = 32'
        '\n[experiments.c]\nfrom = "b"\nepochs = 5'
    )
    assert mistakes(text) == [
        's.toml, experiments.base.epochs: must be an integer, got "2" (so too a, b)'
    ]


def test_a_mistake_in_a_table_that_others_change_is_reported_once() -> None:
    text = BASE.replace("lr = 0.1", "lr = 0.1, momentun = 0.9") + (
        '\n[experiments.a]\nfrom = "base"\noptimizer = { lr = 0.2 }'
        '\n[experiments.b]\nfrom = "base"\noptimizer = { name = "adam", lr = 0.2 }'
    )
    assert mistakes(text) == [
        's.toml, experiments.base.optimizer.momentun: unknown key; did you mean "momentum"? '
        "(so too a)"
    ]


def test_what_is_missing_in_a_base_is_missing_once() -> None:
    text = BASE.replace("epochs = 2", "") + '\n[experiments.a]\nfrom = "base"\nbatch_size = 64'
    assert mistakes(text) == [
        "s.toml, experiments.base.epochs: is missing; write how often the training images are "
        "seen, e.g. epochs = 10 (so too a)"
    ]


ASKED = """
[experiments.tuned]
from = "base"
validation = 100
schedule = { name = "step", every = 10 }
[experiments.tuned.tune]
trials = 3
optimizer.lr = { log = [0.1, 1.0] }
[experiments.betas]
from = "base"
optimizer = { name = "adam", lr = 0.1, betas = [0.9, 0.999] }
[[questions]]
ask = "?"
compare = ["base", "betas"]
about = ["optimizer"]
matters = 0.1
[[questions]]
ask = "?"
best = ["base", "betas"]
about = ["optimizer"]
matters = 0.1
"""


@pytest.mark.parametrize(
    ("gone", "place"),
    [
        ('title = "t"', "title"),
        ('network = ["flatten", "linear 10"]', "experiments.base.network"),
        ('optimizer = { name = "sgd", lr = 0.1 }', "experiments.base.optimizer"),
        (", lr = 0.1 }", "experiments.base.optimizer.lr"),
        ("epochs = 2", "experiments.base.epochs"),
        (", every = 10", "experiments.tuned.schedule.every"),
        ("trials = 3", "experiments.tuned.tune.trials"),
        ("optimizer.lr = { log = [0.1, 1.0] }", "experiments.tuned.tune"),
        (", 1.0", "experiments.tuned.tune.optimizer.lr.log[2]"),
        (", 0.999", "experiments.betas.optimizer.betas[2]"),
        ('ask = "?"', "question 1.ask"),
        ('compare = ["base", "betas"]', "question 1.compare"),
        (', "betas"]\nabout', "question 1.compare[2]"),
        ('about = ["optimizer"]', "question 1.about"),
        ("matters = 0.1", "question 1.matters"),
    ],
)
def test_what_is_missing_is_named_with_an_example(gone: str, place: str) -> None:
    text = BASE + ASKED
    kept = {", lr = 0.1 }": " }", ', "betas"]\nabout': "]\nabout"}.get(gone, "")
    assert gone in text
    said = mistakes(text.replace(gone, kept, 1))
    (found,) = (line for line in said if line.startswith(f"s.toml, {place}: "))
    assert ": is missing; write " in found or ": is empty; write " in found
    assert " e.g. " in found
    key = place.rpartition(".")[2].partition("[")[0]
    assert f"{key} = " in found or key == "tune"


def test_what_a_question_may_be_about_is_named_where_it_is_missing() -> None:
    said = mistakes((BASE + ASKED).replace('about = ["optimizer"]', "", 1))
    assert said[0].startswith(
        "s.toml, question 1.about: is missing; write in what the experiments may differ, e.g. "
        'about = ["network"]; known are network, optimizer, schedule, batch_size, epochs, '
    )


@pytest.mark.parametrize("key", ["seeds = 5", "questions = []", 'title = "t"'])
def test_a_key_of_the_study_under_a_table_is_told_where_it_belongs(key: str) -> None:
    name = key.partition(" ")[0]
    assert mistakes(f"{BASE}{key}") == [
        f"s.toml, experiments.base.{name}: is a key of the study; write it above the first [table] "
        "of the file"
    ]


def test_a_mistake_written_twice_is_reported_twice() -> None:
    text = BASE.replace("epochs = 2", "epochs = 0") + '\n[experiments.a]\nfrom = "base"\nepochs = 0'
    assert mistakes(text) == [
        "s.toml, experiments.base.epochs: must be at least 1, got 0",
        "s.toml, experiments.a.epochs: must be at least 1, got 0",
    ]


def test_a_base_may_stand_behind_its_variants() -> None:
    text = f"{BASE.replace('epochs = 2', 'epochs = 0')}".replace(
        "[experiments.base]", '[experiments.a]\nfrom = "base"\n[experiments.base]'
    )
    assert mistakes(text) == [
        "s.toml, experiments.base.epochs: must be at least 1, got 0 (so too a)"
    ]


def test_a_mistake_at_the_top_is_reported_there() -> None:
    text = f'images = "many"\n{BASE}\n[experiments.a]\nfrom = "base"\nepochs = 3'
    assert mistakes(text) == ['s.toml, images: must be an integer or "all", got "many"']


def test_an_unknown_base_is_reported_where_it_is_named() -> None:
    text = f'{BASE}\n[experiments.a]\nfrom = "bse"\n[experiments.b]\nfrom = "a"\nepochs = 3'
    assert mistakes(text) == [
        's.toml, experiments.a.from: there is no experiment "bse"; did you mean "base"? (so too b)'
    ]


def test_a_circle_is_reported_once() -> None:
    text = "title = 't'\n" + "\n".join(
        f"[experiments.{name}]\nfrom = '{base}'" for name, base in ("xa", "ab", "bc", "ca", "yx")
    )
    assert mistakes(text) == [
        "s.toml, experiments.a.from: circular reference: a → b → c → a; change one of these `from` "
        "settings (so too x, y)"
    ]


@pytest.mark.parametrize("odd", ["\\u0000", "\\n", "x" * 5000, "\\u001b[31m", "\\u2028"])
@pytest.mark.parametrize("key", ["compare", "about", "metric", "original_verdict", "ask"])
def test_what_is_quoted_can_be_shown(key: str, odd: str) -> None:
    question = {"compare": "['base', 'b']", "about": "['epochs']", "metric": "'test_accuracy'"}
    question |= {key: f'["base", "{odd}"]' if key in ("compare", "about") else f'"{odd}"'}
    lines = [f"{name} = {value}" for name, value in question.items()]
    said = mistakes("\n".join([BASE, "[[questions]]", *lines]))
    assert all(line.isprintable() and len(line) < 2000 for line in said)


@pytest.mark.parametrize("name", ["a b", "é", "-a", "x" * 101, "a/b", ""])
def test_names_of_experiments(name: str) -> None:
    said = mistakes(BASE.replace("experiments.base", f'experiments."{name}"'))
    assert len(said) == 1
    assert said[0].startswith(f"s.toml, experiments.{name}: ") or len(name) > 100


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("3", 'must be a list of layers, e.g. ["flatten", "linear 10"], got 3'),
        ("[3]", 'layer 1 must be a layer, e.g. "conv 16", got 3'),
        ('["relu", ["relu"]]', "layer 2 must be a layer, e.g. \"conv 16\", got ['relu']"),
        ("[]", 'a network needs layers; write e.g. ["flatten", "linear 10"]'),
        (
            "{ module = 'a' }",
            '"a" is not an import path of a module; write e.g. "my_package.nets:SmallNet"',
        ),
        ("{ module = 3 }", "module must be text in quotes, got 3"),
        (
            "{ module = 'a:B', arguments = 3 }",
            "arguments must be a table, got 3",
        ),
        (
            "{ module = 'a:B', arguments = { width = [1] } }",
            "arguments.width must be a number, a text, true or false, got [1]",
        ),
        (
            "{ module = 'a:B', arguments = { width = inf } }",
            "arguments.width must be a finite number, got inf",
        ),
    ],
)
def test_networks(network: str, message: str) -> None:
    said = mistakes(BASE.replace('["flatten", "linear 10"]', network))
    assert said == [f"s.toml, experiments.base.network: {message}"]


@pytest.mark.parametrize("kind", ['["best"]', "{ a = 1 }", "3", '"bset"'])
def test_a_kind_of_question_that_is_none(kind: str) -> None:
    (line,) = mistakes(f'{BASE}\n[[questions]]\nask = "?"\nkind = {kind}\n')
    assert line.startswith("s.toml, question 1")
    assert "there is no kind" in line


def test_patience_waits_for_something() -> None:
    assert mistakes(f"{BASE}\npatience = 3") == [
        "s.toml, experiments.base.patience: has no effect without best_by; "
        'add e.g. best_by = "validation_loss", or write patience = "none"'
    ]


def test_a_mistake_of_a_grids_variant_names_the_setting() -> None:
    base = f'{BASE}\nvalidation = 100\nbest_by = "validation_loss"\npatience = 3\n'
    said = mistakes(f'{base}[grid]\nbest_by = ["none", "validation_accuracy"]')
    assert [line.partition(": ")[0] for line in said] == [
        "s.toml, grid, base-best_by-none.patience"
    ]


def test_a_variant_takes_back_the_numbers_of_its_base() -> None:
    base = f'{BASE}\nvalidation = 100\nimages = 500\nbest_by = "validation_loss"\npatience = 3\n'
    again = '[experiments.a]\nfrom = "base"\nbest_by = "none"\npatience = "none"\nimages = "all"\n'
    study = read_study(base + again, "s.toml")
    assert (study.experiments["a"].patience, study.experiments["a"].images) == (None, None)
    assert study.experiments["a"] == study.experiments["base"].but(
        best_by="none", patience=None, images=None
    )


@pytest.mark.parametrize("key", ["images", "validation"])
def test_a_share_of_images_is_told_as_such(key: str) -> None:
    assert mistakes(f"{key} = 0.2\n{BASE}") == [
        f"s.toml, {key}: is a number of images, not a share, got 0.2; write e.g. 300"
    ]


def test_one_augmentation_is_a_list_too() -> None:
    assert mistakes(f'{BASE}\naugment = "flip"') == [
        's.toml, experiments.base.augment: must be a list, got "flip"; write ["flip"]'
    ]


def test_settings_that_cannot_be_tuned_are_told_where_they_are_written() -> None:
    tune = 'trials = 1\naugment = { choice = ["flip"] }\nimages = { choice = [100, 200] }'
    said = mistakes(f"{BASE}\nvalidation = 100\n[experiments.base.tune]\n{tune}")
    assert [line.partition(" cannot be tuned")[0] for line in said] == [
        "s.toml, experiments.base.tune.trials: must be at least 2, got 1",
        's.toml, experiments.base.tune: "augment"',
        's.toml, experiments.base.tune: "images"',
    ]


def test_early_stopping_by_its_other_names() -> None:
    for key, meant in (("early_stopping", "patience"), ("restore_best_weights", "best_by")):
        assert mistakes(f"{BASE}\n{key} = 1") == [
            f's.toml, experiments.base.{key}: unknown key; did you mean "{meant}"?'
        ]
