"""Study files: what is read, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.errors import UserError
from paribus.spec.experiment import Experiment
from paribus.spec.files import load_study, read_study
from paribus.spec.identity import identity
from paribus.spec.recipe import Adam, Sgd

SMALL = """
title = "Two"
seeds = 3
validation = 100

[experiments.base]
network = ["flatten", "linear 10"]
optimizer = { name = "adam", lr = 0.01, betas = [0.8, 0.9] }
epochs = 4

[experiments.slow]
from = "base"
optimizer = { lr = 0.001 }

[experiments.sgd]
from = "slow"
optimizer = { name = "sgd", lr = 0.1 }
"""


def test_a_file_and_python_give_the_same_hashes() -> None:
    study = read_study(SMALL, "small.toml")
    base = Experiment(
        network=["flatten", "linear 10"],  # type: ignore[arg-type]
        optimizer=Adam(lr=0.01, betas=(0.8, 0.9)),
        epochs=4,
        validation=100,
    )
    expected = {
        "base": base,
        "slow": base.but(optimizer=Adam(lr=0.001, betas=(0.8, 0.9))),
        "sgd": base.but(optimizer=Sgd(lr=0.1)),
    }
    for name, experiment in expected.items():
        assert identity(study.experiments[name], "data") == identity(experiment, "data")


def test_the_hash_covers_all_settings_but_the_engine() -> None:
    base = read_study(SMALL, "small.toml").experiments["base"].but(validation=100)
    assert identity(base.but(engine="numpy"), "data") == identity(base, "data")
    changes = {
        "network": ["flatten", "linear 5", "linear 10"],
        "optimizer": Sgd(lr=0.01),
        "epochs": 5,
        "batch_size": 64,
        "schedule": {"name": "cosine"},
        "initialisation": "he",
        "label_smoothing": 0.1,
        "ema": 0.9,
        "best_by": "validation_loss",
        "normalize": "channel",
        "augment": ["flip"],
        "images": 1000,
        "validation": 50,
        "validation_split": 1,
        "tune": {"trials": 5, "space": {"label_smoothing": {"linear": (0.0, 0.1)}}},
    }
    hashes = {identity(base.but(**{key: value}), "data").hash for key, value in changes.items()}
    assert len(hashes | {identity(base, "data").hash}) == len(changes) + 1
    patient = base.but(best_by="validation_loss", patience=5)
    assert identity(patient, "data").hash not in hashes
    assert set(changes) | {"engine", "data", "test", "patience"} == set(Experiment.model_fields)


def test_a_preview_has_a_twentieth_of_the_epochs_on_few_images() -> None:
    study = load_study("mnist")[0]
    preview = study.as_preview(60_000)
    cnn = preview.experiments["cnn"]
    assert (cnn.epochs, cnn.images, preview.seeds, preview.preview) == (5, 12_000, 5, True)
    assert preview.experiments["residual-bn-adam"].epochs == 2


def test_experiments_that_a_change_makes_the_same_are_one() -> None:
    questions = "".join(
        f"\n[[questions]]\nask='{a} {b}?'\ncompare=['{a}','{b}']\nabout=['epochs']\nmatters=0\n"
        for a, b in (("base", "long"), ("long", "other"))
    )
    text = f"""{SMALL}
[experiments.long]
from = "base"
epochs = 9
[experiments.other]
from = "long"
batch_size = 64
{questions}"""
    study = read_study(text, "s.toml")
    for changed in (study.with_each(epochs=1), study.as_preview(1000)):
        assert "long" not in changed.experiments
        assert [q.experiments for q in changed.questions] == [("base", "other")]
        assert changed.bases["other"] == "base"
        assert changed.same_as == {"long": "base"}
    assert study.with_each(epochs=1).with_each(batch_size=64).same_as == {
        "long": "base", "other": "base",
    }  # fmt: skip
    assert study.with_each(epochs=1).only(("other",)).same_as == {}
    assert "long" in study.with_each(batch_size=32).experiments


def test_only_keeps_the_questions_among_the_experiments_left() -> None:
    study = load_study("mnist")[0].only(("cnn", "cnn-adam"))
    assert list(study.experiments) == ["cnn", "cnn-adam"]
    assert {question.experiments for question in study.questions} == {("cnn", "cnn-adam")}


EMPTY = (
    "s.toml, experiments: is empty; write a table for each, e.g. [experiments.base] with network, "
    "optimizer and epochs"
)
MISTAKES = {
    "title = 3\n[experiments.a]\nnetwork=['flatten']\nepochs=1\noptimizer={name='sgd',lr=1.0}": [
        "s.toml, title: must be text in quotes, got 3"
    ],
    "title = 't'": [EMPTY],
    "titel = 't'\n": [
        's.toml, titel: unknown key; did you mean "title"?',
        's.toml, title: is missing; write e.g. title = "Does batch normalization help?"',
        EMPTY,
    ],
    "title='t'\nexperiments = 3": [
        "s.toml, experiments: must be tables; write each under [experiments.NAME]"
    ],
    "title='t'\n[experiments.a]\nnetwork=['conv']\nepochs='5'\nbatchsize=3\n"
    "optimizer={name='sdg'}": [
        's.toml, experiments.a.network: layer 1 "conv": needs a channel count; '
        'write e.g. "conv 16"',
        's.toml, experiments.a.optimizer: there is no "sdg"; did you mean "sgd"?',
        's.toml, experiments.a.epochs: must be an integer, got "5"',
        's.toml, experiments.a.batchsize: unknown key; did you mean "batch_size"?',
    ],
    "title='t'\n[experiments.a]\nfrom='b'": [
        's.toml, experiments.a.from: there is no experiment "b"; none is known'
    ],
    "title='t'\n[experiments.a]\nfrom='b'\n[experiments.b]\nfrom='a'": [
        "s.toml, experiments.a.from: circular reference: a → b → a; "
        "change one of these `from` settings",
    ],
    SMALL + "\n[experiments.twin]\nfrom='base'": [
        's.toml: experiments "base" and "twin" are the same; remove one'
    ],
    SMALL + "\n[experiments.n]\nfrom='sgd'\noptimizer={nesterov=true}": [
        "s.toml, experiments.n.optimizer.nesterov: has no effect without momentum; "
        "add e.g. momentum = 0.9"
    ],
    SMALL + "\n[[questions]]\nask='?'\ncompare=['base','fast']\nabout=['optimiser']\nmatters=-1": [
        's.toml, question 1.about: nothing is called "optimiser"; did you mean "optimizer"?',
        "s.toml, question 1.matters: must be at least 0, got -1",
        's.toml, question 1.compare: there is no experiment "fast"; known are base, slow, sgd',
    ],
    SMALL + "\n[[questions]]\nask='?'\ncompare=['base','fast','slow']\nabout=['epochs']\n"
    "matters=5": [
        "s.toml, question 1.matters: accuracies lie between 0 and 1, so none differs by 5; "
        "write 0.05 for 5 points",
        "s.toml, question 1.compare: takes 2, got ['base', 'fast', 'slow']",
        's.toml, question 1.compare: there is no experiment "fast"; known are base, slow, sgd',
    ],
    SMALL + "\n[[questions]]\nask='?'\ncompare=['base','slw']\nabout=['epochs']\nmatters=0": [
        's.toml, question 1.compare: there is no experiment "slw"; did you mean "slow"?'
    ],
    SMALL + "\n[[questions]]\nask='?'\ncompare=['base','base']\nabout=['epochs']\nmatters=0": [
        's.toml, question 1.compare: compares "base" with itself; name two experiments'
    ],
    "title=3\nseeds=0\n[experiments.a]\nnetwork=['conv']\nepochs=1\noptimizer={name='sgd',lr=1.0}\n"
    "[[questions]]\nask='?'\ncompare=['a','b']\nabout=['optimiser']\nmatters=0": [
        's.toml, experiments.a.network: layer 1 "conv": needs a channel count; '
        'write e.g. "conv 16"',
        's.toml, question 1.about: nothing is called "optimiser"; did you mean "optimizer"?',
        's.toml, question 1.compare: there is no experiment "b"; known are a',
        "s.toml, title: must be text in quotes, got 3",
        "s.toml, seeds: must be at least 1, got 0",
    ],
    SMALL + "\n[experiments.m]\nfrom='base'\nnetwork={modul='a:B'}": [
        "s.toml, experiments.m.network: a network given as a table names a module of your own; "
        'write e.g. { module = "my_package.nets:SmallNet", arguments = { width = 32 } }'
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "messages"), MISTAKES.items())
def test_messages(text: str, messages: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        read_study(text, "s.toml")
    assert str(caught.value).split("\n") == messages


def test_broken_toml() -> None:
    with pytest.raises(UserError, match=r"s.toml: is not valid TOML: .*line 2"):
        read_study("title = 't'\ntitle == 3", "s.toml")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file, nor a built-in study"):
        load_study(str(tmp_path / "none.toml"))
    with pytest.raises(UserError, match='did you mean "mnist"'):
        load_study("mnits")


def test_a_folder_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        load_study(str(tmp_path))
    (tmp_path / "x.toml").write_bytes(b"\x80\x00")
    with pytest.raises(UserError, match="is not text in UTF-8"):
        load_study(str(tmp_path / "x.toml"))


toml_values = st.recursive(
    st.one_of(
        st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False), st.sampled_from(["", "sgd"])
    ).map(lambda v: str(v).lower() if isinstance(v, bool | int | float) else f'"{v}"'),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
    max_leaves=4,
)
KEYS = ["network", "optimizer", "epochs", "schedule", "from", "reported", "batch_size", "data"]


@given(st.dictionaries(st.sampled_from(KEYS), toml_values), toml_values)
def test_wrong_types_anywhere_are_told(settings: dict[str, str], seeds: str) -> None:
    lines = [f"{key} = {value}" for key, value in settings.items()]
    text = "\n".join(["title = 't'", f"seeds = {seeds}", "[experiments.a]", *lines])
    with pytest.raises(UserError) as caught:
        read_study(text, "s.toml")
    assert all(line.startswith("s.toml") for line in str(caught.value).split("\n"))
