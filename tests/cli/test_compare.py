"""`paribus compare` on runs that a store really has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paribus.errors import UserError
from tests.support.commands import call, read_json


@pytest.fixture(autouse=True)
def in_the_folder(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)


def test_two_seeds_have_no_verdict() -> None:
    facts = read_json("compare", "mlp", "cnn", "--json")
    assert facts["verdict"] == "no verdict"
    assert re.fullmatch(
        r"No verdict from 2 seeds \(final test accuracy [+−]?\d+\.\d+ points, n = 2 seeds\); a "
        r"verdict requires at least 3 to tell a difference from chance\.",
        facts["sentence"],
    )
    assert facts["n"] == 2
    assert facts["confounds"] == []
    assert (facts["flips"]["fixed"], facts["flips"]["broken"]) == (None, None)
    assert sum(filter(None, facts["flips"].values())) == 40
    assert "dropout 0.2 added" in facts["differences"]


def test_what_is_not_asked_about_is_a_confound() -> None:
    facts = read_json("compare", "cnn", "adam", "--json", "--metric", "train_loss")
    assert facts["metric"] == "train_loss"
    assert "learning rate 0.1 → 0.01" in facts["confounds"]
    everything = read_json("compare", "cnn", "adam", "--json", "--about", "network, optimizer")
    assert everything["confounds"] == []


def test_parameters_need_no_seeds() -> None:
    told = call("compare", "mlp", "cnn", "--metric", "parameters").output
    assert re.search(r"cnn has fewer parameters than mlp: \d+ against \d+\.", told)


def test_what_was_not_timed_says_what_would() -> None:
    sentence = read_json("compare", "mlp", "cnn", "--metric", "step_time", "--json")["sentence"]
    assert sentence.endswith("have not been timed; run `paribus time mlp cnn --study small.toml`.")


def test_for_people() -> None:
    told = call("compare", "mlp", "cnn").output
    assert told.startswith("No verdict from 2 seeds")
    for title in ("What differs", "What follows from it", "Test images"):
        assert title in told


def test_an_experiment_against_itself() -> None:
    facts = read_json("compare", "mlp", "mlp", "--seeds", "0", "--against", "1", "--json")
    assert (facts["a"], facts["b"]) == ("mlp (seeds 0)", "mlp (seeds 1)")
    assert (facts["n_a"], facts["n_b"], facts["differences"]) == (1, 1, [])
    assert facts["sentence"].startswith("No verdict from 1 run of mlp (seeds 0) and 1 run of mlp")
    later = read_json("compare", "mlp", "cnn", "--seeds", "0-1", "--against", "2-3", "--json")
    assert "of 2 runs each, 2 of mlp (seeds 0-1) and 0 of cnn" in later["sentence"]


def test_seeds_that_were_named_are_all_waited_for() -> None:
    sentence = read_json("compare", "mlp", "cnn", "--seeds", "0-3", "--json")["sentence"]
    assert sentence.startswith("No verdict yet: 2 of 4 seeds are trained (final test accuracy ")


def test_means_are_told_with_their_spread() -> None:
    facts = read_json("compare", "mlp", "cnn", "--json")
    assert facts["mean_b"] - facts["mean_a"] == pytest.approx(facts["estimate"])
    assert facts["sd_a"] >= 0


def test_a_hash_and_an_engine_will_do() -> None:
    run = read_json("show", "cnn/0", "--json")["id"]
    facts = read_json("compare", "mlp@numpy", run.partition("-")[0], "--json")
    assert facts["n"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mlp", "cnm"], 'there is no experiment "cnm" here; did you mean "cnn"?'),
        (["mlp", "mlp"], "are the same runs; compare them on different seeds"),
        (["mlp", "cnn@torch"], "no runs of it by that engine; it has runs by numpy"),
        (["mlp", "cnn", "--metric", "accuracy"], '--metric: there is no metric "accuracy"'),
        (["mlp", "cnn", "--about", "netwrok"], '--about: nothing is called "netwrok"; did you'),
        (["mlp", "cnn", "--seeds", "a"], '--seeds: needs seeds from-to, e.g. "0-4", got "a"'),
        (["mlp", "mlp", "--seeds", "0-1", "--against", "2"], "needs as many seeds in --seeds"),
        (["mlp", "mlp", "--seeds", "0-1", "--against", "1-2"], "has seeds of --seeds 0-1 too"),
        (["mlp", "cnn", "--matters", "nan"], "--matters: must be a finite number, got nan"),
        (["mlp", "cnn", "--matters", "50"], "--matters: accuracies lie between 0 and 1, so none"),
        (["mlp", "cnn", "--store", "nowhere"], "no store found"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    error = call("compare", *arguments).exception
    assert isinstance(error, UserError)
    assert message in str(error)
