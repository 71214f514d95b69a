"""A store that `paribus export` wrote in other tools' formats is judged as it is itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import call, read_json, train_here
from tests.support.once import copied
from tests.support.small import MORE, SMALL_STUDY, write_small

WITHOUT_TIMES = MORE[: MORE.index('[[questions]]\nask = "Is a step')]
PAIRS = (("mlp", "cnn", "network"), ("mlp", "adam", "optimizer"), ("mlp", "wild", "optimizer"))
METRICS = {
    "csv": ("test_accuracy", "test_loss"),
    "mlflow": ("test_accuracy", "test_loss"),
    "tensorboard": ("accuracy/test", "loss/test"),
}
NUMBERS = ("mean_a", "mean_b", "sd_a", "sd_b", "estimate", "low", "high", "n", "opposite_share",
           "sign_flip_p")  # fmt: skip


def _train(folder: Path) -> None:
    study = SMALL_STUDY.replace("epochs = 4", "epochs = 1")
    train_here(write_small(folder, study + WITHOUT_TIMES), seeds=5)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of four experiments over five seeds, one of which diverges."""
    return copied(tmp_path_factory, "five-seeds", _train)


@pytest.mark.thorough
@pytest.mark.parametrize("form", METRICS)
def test_verdicts_and_numbers_are_the_same(
    form: str, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store)
    out = tmp_path / "out"
    assert call("export", "--to", form, "--output", out).exit_code == 0
    for ours, theirs in zip(METRICS["csv"], METRICS[form], strict=True):
        for a, b, about in PAIRS:
            trained = read_json(
                "compare", a, b, "--metric", ours, "--about", about, "--matters", "0.01", "--json",
                "--seeds", "0-4",
            )  # fmt: skip
            judged = judge_exported(out, (a, b), theirs, tmp_path)
            assert judged["verdict"] == trained["verdict"], (ours, b)
            for name in NUMBERS:
                if trained[name] is None:
                    assert judged[name] is None, name
                else:
                    assert judged[name] == pytest.approx(trained[name], abs=1e-9), (name, ours, b)


def judge_exported(out: Path, pair: tuple[str, str], metric: str, folder: Path) -> Any:
    """The finding about two experiments of an export, about all settings that may differ."""
    options = ("--metric", metric, "--paired", "--compare", *pair, "--matters", "0.01", "--json")
    about = {
        "cnn": "network",
        "adam": "optimizer,optimizer.lr,optimizer.momentum,optimizer.nesterov,optimizer.betas,"
        "optimizer.eps,optimizer.weight_decay",
        "wild": "optimizer.lr,optimizer.momentum",
    }[pair[1]]
    found = read_json("judge", out, *options, "--about", about, "--report", folder / "report")
    (finding,) = found["findings"]
    return finding
