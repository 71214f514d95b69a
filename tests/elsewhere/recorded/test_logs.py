"""Logs: which value of a run counts, where it ends, and whether all were trained for as long."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.notices import BestEpochs, DifferentLengths, Pooled, WithoutValue
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from paribus.present.guesses import guesses
from paribus.present.notices import remarks
from tests.support.elsewhere import BETTER, PLAIN, judged, rows

SIDES = {"plain": PLAIN, "new": BETTER}


def log(folder: Path, change: dict[tuple[str, int, int], str], terms: Terms | None = None,
        ends: dict[str, int] | None = None) -> Judgement:  # fmt: skip
    """Judge a log of four epochs. change: cells by method, seed and epoch. ends: last epochs."""
    lines = [
        f"{name},{seed},{epoch},{change.get((name, seed, epoch), value - (4 - epoch) / 50)}"
        for name, side in SIDES.items()
        for seed, value in enumerate(side)
        for epoch in range(1, (ends or {}).get(name, 4) + 1)
    ]
    return judged(folder, rows(*lines, header="method,seed,epoch,acc"), terms)


@pytest.mark.parametrize("from_epoch", [2, 4])
def test_a_log_without_values_at_its_end_has_no_final_one(tmp_path: Path, from_epoch: int) -> None:
    """As of a run that diverged: a DataFrame leaves NaN empty."""
    empty = {("new", 1, epoch): "" for epoch in range(from_epoch, 5)}
    for change in (empty, dict.fromkeys(empty, "nan")):
        found = log(tmp_path, change)
        assert WithoutValue("new", "acc", 1, 5, None) in found.notices
        assert plain(found.findings[0])["verdict"] == "no verdict"


def test_epochs_at_which_nothing_was_measured_end_no_run(tmp_path: Path) -> None:
    empty = {(name, seed, epoch): "" for name in SIDES for seed in range(5) for epoch in (1, 2, 4)}
    found = log(tmp_path, empty)
    assert plain(found.findings[0])["mean_a"] == pytest.approx(sum(PLAIN) / 5 - 1 / 50)


def test_methods_that_were_trained_for_different_lengths_are_confounded(tmp_path: Path) -> None:
    found = log(tmp_path, {}, ends={"plain": 3})
    assert DifferentLengths("epoch", (("plain", "3"), ("new", "4"))) in found.notices
    assert "logs end at different values of epoch: plain at 3 and new at 4" in " ".join(
        remarks(found)
    )
    (shown,) = map(plain, found.findings)
    assert (shown["verdict"], shown["confounds"]) == ("confounded", ["epoch 3 → 4"])
    meant = log(tmp_path, {}, Terms(about=("epoch",)), ends={"plain": 3})
    assert plain(meant.findings[0])["verdict"] == "better"
    assert not [one for one in meant.notices if type(one) is DifferentLengths]


def test_what_else_is_logged_for_longer_makes_no_run_longer(tmp_path: Path) -> None:
    """As MLflow's system metrics, which have steps of their own."""
    lines = [
        f"{name},{seed},{epoch},{value if epoch < 3 else ''},{epoch}"
        for name, side in SIDES.items()
        for seed, value in enumerate(side)
        for epoch in range(1, 6 if name == "new" else 3)
    ]
    found = judged(tmp_path, rows(*lines, header="method,seed,step,acc,cpu"))
    assert plain(found.findings[0])["verdict"] == "better"
    assert not [one for one in found.notices if type(one) is DifferentLengths]


def test_the_last_state_of_a_run_counts(tmp_path: Path) -> None:
    lines = [
        f"{name},{seed},{epoch},{value},{'crashed' if (seed, epoch) == (1, 1) else ''}"
        for name, side in SIDES.items()
        for seed, value in enumerate(side)
        for epoch in range(1, 4)
    ]
    found = judged(tmp_path, rows(*lines, header="method,seed,epoch,acc,status"))
    assert [run.lost for run in found.experiments[0].runs] == [False, True, False, False, False]


@pytest.mark.parametrize("epochs", [4, 12])
def test_a_column_that_numbers_rows_makes_no_runs_of_epochs(tmp_path: Path, epochs: int) -> None:
    lines = [
        f"{name},{seed},{epoch},{value - (epochs - epoch) / 100}"
        for name, side in SIDES.items()
        for seed, value in enumerate(side)
        for epoch in range(1, epochs + 1)
    ]
    numbered = [f"{place},{line}" for place, line in enumerate(lines)]
    found = judged(tmp_path, rows(*numbered, header="id,method,seed,epoch,acc"))
    assert [len(one.runs) for one in found.experiments] == [5, 5]
    assert found.roles.run == ""
    stated = Terms(Stated(run="id", epoch="epoch"))
    few = judged(tmp_path, rows(*numbered[::epochs], header="id,method,seed,epoch,acc"), stated)
    assert few.roles.run == "id"


def test_a_column_of_best_epochs_may_be_the_kept_ones(tmp_path: Path) -> None:
    lines = [f"{m},{seed},{epoch},0.{epoch}{seed},{2 + seed % 2}"
             for m in "ab" for seed in range(4) for epoch in range(1, 5)]  # fmt: skip
    text = rows(*lines, header="method,seed,epoch,acc,best_epoch")
    found = judged(tmp_path, text)
    assert [type(one) for one in found.notices if type(one) in (BestEpochs, Pooled)] == [BestEpochs]
    assert "add `--kept best_epoch`" in " ".join(remarks(found))
    assert "of each run the row of the highest epoch counts" in guesses(found)
    kept = judged(tmp_path, text, kept="best_epoch")
    assert not [one for one in kept.notices if type(one) is BestEpochs]
    assert "the row of the highest epoch counts" not in guesses(kept)


def test_rows_of_several_splits_are_no_experiments(tmp_path: Path) -> None:
    lines = [f"{m},{seed},{split},0.9{seed}" for m in "ab" for seed in range(3)
             for split in ("train", "test")]  # fmt: skip
    with pytest.raises(UserError, match="keep the rows of one split"):
        judged(tmp_path, rows(*lines, header="method,seed,split,acc"))


def test_steps_within_an_epoch_are_named(tmp_path: Path) -> None:
    lines = [
        f"{name},{seed},{step // 2},{step},{value - (6 - step) / 50}"
        for name, side in SIDES.items()
        for seed, value in enumerate(side)
        for step in range(1, 7)
    ]
    text = rows(*lines, header="method,seed,epoch,step,acc")
    with pytest.raises(UserError, match="if it is another moment of the run, write --epoch step"):
        judged(tmp_path, text)
    found = judged(tmp_path, text, epoch="step")
    assert plain(found.findings[0])["mean_a"] == pytest.approx(sum(PLAIN) / 5)
