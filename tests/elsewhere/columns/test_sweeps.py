"""Sweeps over epochs, whose rows are runs, and logs, whose rows are moments of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.notices import LogGuessed, PairsInOneColumn, SweepGuessed
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from paribus.present.guesses import guesses
from paribus.present.notices import remarks
from tests.support.elsewhere import BETTER, PLAIN, judged, rows

SIDES = {"a": PLAIN, "b": BETTER}


def value(name: str, seed: int, epochs: float) -> float:
    """More epochs help, in each run by another amount."""
    return round(SIDES[name][seed] + epochs / 1000 + seed * epochs / 1e5, 6)


def table(epochs: Sequence[float], column: str = "epochs", *, ids: str = "seed") -> str:
    """A row for each method, seed and number of epochs. ids: "seed", "run", one of each row, or
    "" for neither."""
    lines, row = [], 0
    for name in SIDES:
        for seed in range(5):
            for n in epochs:
                row += 1
                cells = {"seed": f"{seed},", "run": f"r{row},", "": ""}[ids]
                lines.append(f"{name},{cells}{n},{value(name, seed, n)}")
    return rows(*lines, header=",".join(filter(None, ("method", ids, column, "test_acc"))))


def difference(epochs: float) -> float:
    a, b = (np.mean([value(name, seed, epochs) for seed in range(5)]) for name in SIDES)
    return float(b - a)


def is_sweep(found: Judgement) -> bool:
    return found.roles.budgets != ()


SWEEPS = [(5, 10, 20), (5, 20), (1, 10, 100), (10, 20, 40, 80)]


@pytest.mark.parametrize(
    ("column", "ids"),
    [("epochs", "seed"), ("epochs", "run"), ("epochs", ""), ("epoch", "run"), ("steps", "run")],
)
@pytest.mark.parametrize("epochs", SWEEPS)
def test_a_sweep_is_recognised(
    tmp_path: Path, epochs: tuple[int, ...], column: str, ids: str
) -> None:
    found = judged(tmp_path, table(epochs, column, ids=ids))
    assert found.roles.experiment == ("method", column)
    assert found.roles.epoch == ""
    assert SweepGuessed(column, tuple(map(float, epochs))) in found.notices
    assert {len(one.runs) for one in found.experiments} == {5}
    assert f"a, {column}={epochs[0]}" in [one.name for one in found.experiments]
    told = guesses(found)
    assert f"experiment = method + {column} (`--experiment`)" in told
    assert f" and {epochs[-1]} {column.removesuffix('s')}s (else add `--epoch {column}`, " in told


@pytest.mark.parametrize("ids", ["seed", ""])
@pytest.mark.parametrize("column", ["epoch", "steps", "step", "iteration"])
@pytest.mark.parametrize("epochs", [*SWEEPS, (1, 2, 5, 10, 20, 50, 100), (10, 20, 25)])
def test_what_may_be_a_sweep_or_a_log_is_asked(
    tmp_path: Path, epochs: tuple[int, ...], column: str, ids: str
) -> None:
    """Checkpoints of one run are no independent runs."""
    text = table(epochs, column, ids=ids)
    with pytest.raises(UserError) as error:
        judged(tmp_path, text)
    assert str(error.value).endswith(
        f" and {epochs[-1]}: if every row is a separate run, write --experiment method,{column}; "
        f"if it is a moment of a run, write --epoch {column}"
    )
    sweep = judged(tmp_path, text, experiment=("method", column))
    assert len(sweep.experiments) == 2 * len(epochs)
    if ids and len(epochs) <= 4:
        log = judged(tmp_path, text, Terms(Stated(epoch=column)))
        (finding,) = log.findings
        assert plain(finding)["estimate"] == pytest.approx(difference(epochs[-1]))


@pytest.mark.parametrize("stated", [(), ("method", "epochs")])
def test_a_run_of_a_sweep_without_its_epochs_is_an_error(
    tmp_path: Path, stated: tuple[str, ...]
) -> None:
    text = table((10, 20), ids="") + "a,,0.82\n"
    with pytest.raises(UserError) as error:
        judged(tmp_path, text, experiment=stated)
    assert str(error.value) == (
        f"{tmp_path / 'results.csv'}:22: epochs is empty; each run of a sweep needs its number; "
        "add it, or remove the row"
    )


def test_no_number_of_epochs_that_one_method_has_alone_is_left_out(tmp_path: Path) -> None:
    text = "".join(line for line in table((5, 10)).splitlines(True) if line[:2] != "b,") + "".join(
        line for line in table((10, 20)).splitlines(True) if line[:2] == "b,"
    )
    found = judged(tmp_path, text)
    assert len(found.experiments) == 4
    assert len(found.findings) == 6


def test_methods_are_compared_at_each_budget(tmp_path: Path) -> None:
    found = judged(tmp_path, table((5, 10, 20)))
    assert PairsInOneColumn(("method",)) in found.notices
    assert "differ in method alone" in " ".join(remarks(found))
    pairs = {finding.question.experiments: plain(finding) for finding in found.findings}
    assert len(pairs) == 3
    for epochs in (5, 10, 20):
        shown = pairs[f"a, epochs={epochs}", f"b, epochs={epochs}"]
        assert shown["estimate"] == pytest.approx(difference(epochs), abs=1e-12)
        assert (shown["n_a"], shown["n_b"]) == (5, 5)


def test_budgets_of_a_single_method_are_compared(tmp_path: Path) -> None:
    one = "\n".join(line for line in table((5, 10, 20)).splitlines() if line[:2] != "b,")
    assert len(judged(tmp_path, one).findings) == 3


@pytest.mark.parametrize(
    ("epochs", "column"),
    [
        ((1, 2, 3), "epoch"), ((1, 2, 3), "epochs"), ((0, 1, 2, 3), "step"), ((10, 20), "epoch"),
        ((5, 10, 15), "epoch"), ((0, 10, 20, 25), "epoch"), ((49, 99, 149), "step"),
        (tuple(range(10, 130, 10)), "steps"), ((500, 1000, 1500, 2000), "steps"),
    ],
)  # fmt: skip
def test_a_log_stays_one(tmp_path: Path, epochs: tuple[int, ...], column: str) -> None:
    found = judged(tmp_path, table(epochs, column))
    assert not is_sweep(found)
    (finding,) = found.findings
    assert plain(finding)["estimate"] == pytest.approx(difference(epochs[-1]))
    few = len(epochs) <= 8
    assert (LogGuessed(column, ("method",)) in found.notices) == few
    assert (f"add `--experiment method,{column}`" in guesses(found)) == few
    assert (f"of each run the row of the highest {column} counts" in guesses(found)) == few


def test_epochs_that_came_about_by_themselves_are_no_budgets(tmp_path: Path) -> None:
    """As of early stopping: a row for each run, with the number of its epochs."""
    lines = [
        f"{name},{seed},{17 + (3 * seed + n) % 7},{v}"
        for n, (name, side) in enumerate(SIDES.items())
        for seed, v in enumerate(side)
    ]
    found = judged(tmp_path, rows(*lines, header="method,seed,epochs,test_acc"))
    assert not is_sweep(found)
    assert [one.name for one in found.experiments] == ["a", "b"]


def test_either_is_taken_where_it_is_stated(tmp_path: Path) -> None:
    sweep = table((5, 10, 20))
    log = judged(tmp_path, sweep, Terms(Stated(epoch="epochs")))
    assert [one.name for one in log.experiments] == ["a", "b"]
    assert not is_sweep(log)
    even = table((10, 20, 30), "epoch")
    stated = judged(tmp_path, even, Terms(Stated(experiment=("method", "epoch"))))
    assert len(stated.experiments) == 6
    with pytest.raises(UserError) as error:
        judged(tmp_path, sweep, Terms(Stated(experiment=("method",))))
    assert str(error.value) == (
        f"{tmp_path / 'results.csv'}: the values of epochs are 5, 10 and 20: if every row is a "
        "separate run, write --experiment method,epochs; if it is a moment of a run, write "
        "--epoch epochs"
    )
