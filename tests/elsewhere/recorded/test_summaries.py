"""Rows that are means of others, and experiments that are copies of others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paribus.elsewhere.notices import RowOfMeans, SameValues
from paribus.elsewhere.terms import Terms
from paribus.errors import UserError
from paribus.present.notices import remarks
from tests.support.elsewhere import BETTER, PLAIN, judged, rows, two

_MEANS = [round(float(np.mean(values)), 4) for values in (PLAIN, BETTER)]


def _lines(seeds: list[str]) -> list[str]:
    return [
        f"{name},{seed},{value}"
        for name, values, mean in (("a", PLAIN, _MEANS[0]), ("b", BETTER, _MEANS[1]))
        for seed, value in zip(seeds, [*values, mean], strict=True)
    ]


@pytest.mark.parametrize("called", ["mean", "Avg.", "Mean (n=5)", "std"])
@pytest.mark.parametrize("column", ["seed", "run"])
def test_a_mean_is_no_run(tmp_path: Path, called: str, column: str) -> None:
    lines = _lines(["0", "1", "2", "3", "4", called])
    with pytest.raises(UserError) as error:
        judged(tmp_path, rows(*lines, header=f"method,{column},test_acc"))
    assert str(error.value) == (
        f'{tmp_path / "results.csv"}:7: {column} "{called}" of a is, by its name, a summary of '
        "other rows, not a run (so is 1 more row); remove them"
    )
    seeds, sides = [*"01234", called], ([*PLAIN, _MEANS[0]], [*BETTER, _MEANS[1]])
    wide = [f"{seed},{a},{b}" for seed, a, b in zip(seeds, *sides, strict=True)]
    with pytest.raises(UserError, match="a summary of other rows, not a run"):
        judged(tmp_path, rows(*wide, header=f"{column},a,b"), Terms(wide="test_acc"))


def test_a_run_may_be_called_like_a_method_with_a_mean(tmp_path: Path) -> None:
    lines = _lines(["mean-teacher-0", "mean-teacher-1", *"234", "best model"])
    found = judged(tmp_path, rows(*lines, header="method,run,test_acc"))
    assert len(found.experiments[0].runs) == 6


def test_a_last_row_of_means_without_a_name_is_a_warning(tmp_path: Path) -> None:
    found = judged(tmp_path, rows(*_lines([*"01234", ""])))
    file = tmp_path / "results.csv"
    assert RowOfMeans("test_acc", (f"{file}:7", f"{file}:13")) in found.notices
    assert "are the means of those above them, and count as runs" in " ".join(remarks(found))
    # One experiment, or coarse values, may have such a row by chance.
    one = _lines([*"01234", ""])[:-1]
    coarse = [f"{name},{value}" for name in "ab" for value in (0.91, 0.93, 0.92, 0.92)]
    for text in (rows(*one), rows(*coarse, header="method,test_acc")):
        assert not [n for n in judged(tmp_path, text).notices if type(n) is RowOfMeans]


def test_two_experiments_with_the_same_values_are_a_warning(tmp_path: Path) -> None:
    found = judged(tmp_path, two(PLAIN, PLAIN))
    assert SameValues("test_acc", ("plain", "new"), 5) in found.notices
    assert "plain and new have the same 5 values of test_acc; check" in " ".join(remarks(found))
    # Other seeds, or a metric at its limit, are no copies.
    for values in (PLAIN[::-1], BETTER, [1.0] * 5):
        notices = judged(tmp_path, two(PLAIN, values)).notices
        assert not [n for n in notices if type(n) is SameValues]


def test_a_table_of_means_is_no_table_of_runs(tmp_path: Path) -> None:
    text = rows("a,91.2,0.2,5", "b,92.1,0.3,5", header="method,mean,std,n")
    with pytest.raises(UserError, match="mean: is, by its name, a summary of several runs; a verd"):
        judged(tmp_path, text)
