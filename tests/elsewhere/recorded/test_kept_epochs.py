"""A log of all epochs is judged by the epochs that its runs keep, if it says which these are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paribus import UserError, judge
from tests.support.commands import call, read_json
from tests.support.keeping import train_keeping
from tests.support.once import copied

NUMBERS = ("mean_a", "mean_b", "sd_a", "sd_b", "estimate", "low", "high", "n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory, "keeping", train_keeping)


@pytest.fixture
def _there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


@pytest.mark.thorough
@pytest.mark.usefixtures("_there")
@pytest.mark.parametrize(
    ("form", "file", "metrics"),
    [
        ("csv", "", ("test_accuracy", "test_loss")),
        ("csv", "epochs.csv", ("test_accuracy", "test_loss")),
        ("mlflow", "", ("test_accuracy", "test_loss")),
        ("tensorboard", "", ("accuracy/test", "loss/test")),
    ],
)
def test_exports_are_judged_as_the_store(
    form: str, file: str, metrics: tuple[str, str], tmp_path: Path
) -> None:
    assert call("export", "--to", form, "--output", tmp_path / "out").exit_code == 0
    for ours, theirs in zip(("test_accuracy", "test_loss"), metrics, strict=True):
        pair = ("patient", "last", "--json", "--about", "best_by,patience", "--metric", ours)
        trained = read_json("compare", *pair)
        # Epochs alone have no recipe, so nothing that differs.
        about = () if file else ("--about", "best_by,patience")
        options = ("--compare", "patient", "last", "--paired", "--metric", theirs, *about, "--json")
        report = ("--report", tmp_path / "report")
        (judged,) = read_json("judge", tmp_path / "out" / file, *options, *report)["findings"]
        assert judged["verdict"] == trained["verdict"]
        for name in NUMBERS:
            assert judged[name] == pytest.approx(trained[name], abs=1e-9), name


LOG: dict[str, list[Any]] = {
    "model": [name for name in ("a", "b") for _ in range(9)],
    "seed": [seed for _ in range(2) for seed in range(3) for _ in range(3)],
    "epoch": [1, 2, 3] * 6,
    "kept_epoch": [2, 2, 2, 1, 1, 1, 3, 3, 3] * 2,
    "acc": [0.1, 0.5, 0.2, 0.6, 0.1, 0.2, 0.1, 0.2, 0.7, 0.1, 0.8, 0.2, 0.9, 0.1, 0.3, 0.1, 0.2, 1],
}


def test_the_values_are_those_of_the_epochs_that_are_named() -> None:
    judged = judge(LOG)
    (finding,) = judged.numbers()
    assert (finding["mean_a"], finding["mean_b"]) == pytest.approx((0.6, 0.9))
    assert (
        "4 runs are judged by the epoch that kept_epoch names, not by the last one. It must have "
        "been chosen on validation data."
    ) in judged.notices
    # The last epochs, where the column is no such thing.
    (last,) = judge(LOG, ignore=["kept_epoch"]).numbers()
    assert last["mean_a"] == pytest.approx((0.2 + 0.2 + 0.7) / 3)
    renamed = {"chosen" if name == "kept_epoch" else name: column for name, column in LOG.items()}
    (stated,) = judge(renamed, kept="chosen").numbers()
    assert stated["mean_b"] == pytest.approx(0.9)


def test_the_page_does_not_call_them_values_of_last_epochs(tmp_path: Path) -> None:
    text = " ".join(judge(LOG).report(tmp_path).read_text("utf-8").split())
    assert "after its last epoch or the one that it keeps." in text


@pytest.mark.parametrize(
    ("kept", "got"), [([4, 4, 4], "4"), ([1, 2, 1], "1 and 2"), (["x"] * 3, "x")]
)
def test_an_epoch_that_a_run_has_not_is_an_error(kept: list[object], got: str) -> None:
    wrong = {**LOG, "kept_epoch": [*kept, *LOG["kept_epoch"][3:]]}
    with pytest.raises(UserError) as error:
        judge(wrong)
    assert str(error.value) == (
        f"row 1: kept_epoch must be one epoch of the run, the same in all its rows, got {got}"
    )


def test_a_run_that_names_none_is_judged_by_its_last_epoch() -> None:
    some = {**LOG, "kept_epoch": [None, None, None, *LOG["kept_epoch"][3:]]}
    (finding,) = judge(some).numbers()
    assert finding["mean_a"] == pytest.approx((0.2 + 0.6 + 0.7) / 3)


def test_a_run_of_a_log_without_the_row_of_its_epoch_is_an_error() -> None:
    """Its only row is its last epoch, which is not the one that counts."""
    rows = [row for row in range(18) if row not in (0, 1)]
    short = {name: [column[row] for row in rows] for name, column in LOG.items()}
    with pytest.raises(UserError, match=r"^row 1: kept_epoch must be one epoch of the run, .* 2$"):
        judge(short)


def test_a_metric_without_a_value_at_the_epoch_is_an_error() -> None:
    """It was measured, so that the run must not count as one that failed."""
    some = {**LOG, "acc": [0.1, None, *LOG["acc"][2:]]}
    with pytest.raises(UserError) as error:
        judge(some)
    assert str(error.value) == (
        "row 1: acc has values at other epochs and none at epoch 2, which kept_epoch names; export "
        "every epoch"
    )
    # A run without any value is one that failed.
    none = {**LOG, "acc": [None, None, None, *LOG["acc"][3:]]}
    (finding,) = judge(none).numbers()
    assert (finding["n_a"], finding["verdict"]) == (2, "no verdict")
