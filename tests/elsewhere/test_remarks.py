"""Rows that may be no runs of their experiment: of other settings, states, or without a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.notices import (
    AboutGuessed,
    AlikeNames,
    Confounded,
    Notice,
    Pooled,
    UnknownStates,
    Unnamed,
)
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present.as_json import plain as shown
from paribus.present.guesses import guesses
from paribus.present.notices import remarks
from tests.support.elsewhere import BETTER, PLAIN, judged, rows

SIDES = {"plain": PLAIN, "new": BETTER}
RUNS = [(name, seed, value) for name, side in SIDES.items() for seed, value in enumerate(side)]
ON_TWO = [f"{name},{data},{value}" for name, _, value in RUNS for data in ("mnist", "cifar")]


@pytest.mark.parametrize("by", ["dataset", "lr"])
def test_runs_of_one_experiment_that_differ_in_a_setting_are_said(tmp_path: Path, by: str) -> None:
    lines = [line.replace("mnist", "0.1").replace("cifar", "0.2") for line in ON_TWO]
    values = ("mnist", "cifar") if by == "dataset" else ("0.1", "0.2")
    text = rows(*(ON_TWO if by == "dataset" else lines), header=f"method,{by},acc")
    found = judged(tmp_path, text, metric=("acc",))
    (notice,) = (one for one in found.notices if type(one) is Pooled)
    assert dict(notice.columns) == {by: values}
    assert f"add `--experiment method,{by}`" in " ".join(remarks(found))
    ignored = judged(tmp_path, text, metric=("acc",), ignored=(by,))
    assert not [one for one in ignored.notices if type(one) is Pooled]
    several = judged(tmp_path, text, metric=("acc",), experiment=("method", by))
    assert len(several.experiments) == 4
    assert not [one for one in several.notices if type(one) is Pooled]


@pytest.mark.parametrize(
    ("column", "verdict", "notice"),
    [
        ("dataset", "confounded", Confounded(("dataset",))),
        ("Split", "confounded", Confounded(("Split",))),
        ("optimizer", "better", AboutGuessed(("optimizer",))),
    ],
)
def test_what_one_difference_is_taken_for_is_said(
    tmp_path: Path, column: str, verdict: str, notice: Notice
) -> None:
    """Methods that were measured on different data are not compared."""
    lines = [f"{name},{seed},{value},of-{name}" for name, seed, value in RUNS]
    text = rows(*lines, header=f"method,seed,acc,{column}")
    found = judged(tmp_path, text)
    assert shown(found.findings[0])["verdict"] == verdict
    assert notice in found.notices
    said = " ".join([guesses(found), *remarks(found)])
    assert (f"{column} is meant to differ (`--about`)" in said) == (verdict == "better")
    assert (f"{column}, on which they were measured" in said) == (verdict == "confounded")
    stated = judged(tmp_path, text, Terms(about=(column,)))
    assert shown(stated.findings[0])["verdict"] == "better"
    assert not [one for one in stated.notices if type(one) is type(notice)]


def test_what_changes_within_a_run_is_no_setting(tmp_path: Path) -> None:
    lines = [
        f"{name},{seed},{epoch},{value},{'a' if seed % 2 else 'b'},{(epoch + seed) % 3}"
        for name, seed, value in RUNS
        for epoch in range(1, 4)
    ]
    found = judged(tmp_path, rows(*lines, header="method,seed,epoch,acc,host,phase"))
    (notice,) = (one for one in found.notices if type(one) is Pooled)
    assert dict(notice.columns) == {"host": ("b", "a")}


def test_what_is_measured_of_runs_is_no_setting(tmp_path: Path) -> None:
    lines = [
        f"{name},{seed},{value},{seed % 2},2026-11-{seed + 1:02}" for name, seed, value in RUNS
    ]
    found = judged(tmp_path, rows(*lines, header="method,seed,acc,loss,date"))
    assert not [one for one in found.notices if type(one) is Pooled and "loss" in one.columns]


@pytest.mark.parametrize("state", ["cancelled", "CANCELLED by 1000", "TIMEOUT", "OUT_OF_MEMORY"])
def test_the_states_of_schedulers_are_known(tmp_path: Path, state: str) -> None:
    lines = [f"{name},{seed},{value},COMPLETED" for name, seed, value in RUNS]
    lines[0] = lines[0].replace("COMPLETED", state)
    found = judged(tmp_path, rows(*lines, header="method,seed,acc,state"))
    assert found.experiments[0].runs[0].lost
    lines[0] = lines[0].replace(state, "WAITING")
    found = judged(tmp_path, rows(*lines, header="method,seed,acc,state"))
    assert len(found.experiments[0].runs) == 4


def test_a_state_that_is_not_known_is_said(tmp_path: Path) -> None:
    lines = [f"{name},{seed},{value},{'odd' if seed == 3 else 'ok'}" for name, seed, value in RUNS]
    found = judged(tmp_path, rows(*lines, header="method,seed,acc,state"))
    assert UnknownStates("state", ("odd",)) in found.notices
    assert len(found.experiments[0].runs) == 5


@pytest.mark.parametrize("again", ["3.0", "03"])
def test_a_seed_is_the_same_however_it_is_written(tmp_path: Path, again: str) -> None:
    lines = [f"{name},{seed},{value}" for name, seed, value in RUNS]
    with pytest.raises(UserError, match="seed 3 of plain is already in"):
        judged(tmp_path, rows(*lines, f"plain,{again},0.914"))
    other = [line.replace("new,3,", f"new,{again},") for line in lines]
    found, same = (judged(tmp_path, rows(*text), Terms(paired=True)) for text in (other, lines))
    assert list(map(shown, found.findings)) == list(map(shown, same.findings))


def test_rows_without_a_name_among_others_are_said(tmp_path: Path) -> None:
    lines = [f"{name},{seed},{value}" for name, seed, value in RUNS]
    found = judged(tmp_path, rows(*lines, "new,,0.92"))
    assert Unnamed("new", 1) in found.notices
    without = [f"{name},,{value}" for name, _, value in RUNS]
    assert not [n for n in judged(tmp_path, rows(*without)).notices if type(n) is Unnamed]


def test_a_word_for_a_mean_among_numbers_is_an_error(tmp_path: Path) -> None:
    lines = [f"{name},{seed},{value}" for name, seed, value in RUNS]
    with pytest.raises(UserError, match='fold "all" of new is, by its name, a summary'):
        judged(tmp_path, rows(*lines, "new,all,0.92", header="method,fold,acc"))
    pools = [f"{name},{seed},{value},{'max' if seed % 2 else 'mean'}" for name, seed, value in RUNS]
    assert len(judged(tmp_path, rows(*pools, header="method,seed,acc,pooling")).experiments) == 2


@pytest.mark.parametrize(
    "names", [("0.1", "1e-1"), ("10", "10.0"), ("Adam", "adam"), ("1", "1\u200b")]
)
def test_names_that_may_be_one_are_said(tmp_path: Path, names: tuple[str, str]) -> None:
    lines = [f"{names[name == 'new']},{seed},{value}" for name, seed, value in RUNS]
    found = judged(tmp_path, rows(*lines, header="lr,seed,acc"), Terms(Stated(experiment=("lr",))))
    assert AlikeNames(names) in found.notices


def test_names_in_other_scripts_are_not_alike(tmp_path: Path) -> None:
    lines = [f"{'混合' if name == 'new' else '基线'},{seed},{value}" for name, seed, value in RUNS]
    assert not [n for n in judged(tmp_path, rows(*lines)).notices if type(n) is AlikeNames]
