"""Rows that are there twice: copies are refused, runs that are equal by themselves are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.notices import EqualValues
from paribus.errors import UserError
from paribus.present.notices import remarks
from tests.support.elsewhere import BETTER, PLAIN, SAME, judged, rows, two


def test_equal_values_without_ids_are_a_warning(tmp_path: Path) -> None:
    lines = [f"{name},{v}" for name, side in (("a", PLAIN), ("b", BETTER)) for v in side]
    found = judged(tmp_path, rows(*lines, lines[0], header="method,acc"))
    assert EqualValues("a", "acc", 2, 6, False) in found.notices
    assert "2 of 6 values of acc of a occur more than once" in " ".join(remarks(found))
    assert not [n for n in judged(tmp_path, two(PLAIN, BETTER)).notices if type(n) is EqualValues]


def test_copies_under_other_seeds_are_a_warning(tmp_path: Path) -> None:
    found = judged(tmp_path, two(PLAIN * 2, BETTER + SAME))
    assert [n for n in found.notices if type(n) is EqualValues] == [
        EqualValues("plain", "test_acc", 10, 10, True)
    ]


@pytest.mark.parametrize("copies", [2, 3])
def test_copied_rows_are_an_error(tmp_path: Path, copies: int) -> None:
    sides = (("a", PLAIN), ("b", BETTER))
    lines = [f"{name},{v}" for name, side in sides for v in side]
    file = tmp_path / "results.csv"
    with pytest.raises(UserError) as error:
        judged(tmp_path, rows(*lines * copies, header="method,acc"))
    assert str(error.value) == (
        f"{file}:12: the same row is already in {file}:2, and {5 * (copies - 1) - 1} more "
        "rows of a as well; a run counts once: remove the copies, or, if these are runs of their "
        "own, add a column of seeds or run IDs, or name it with --run"
    )
    # One experiment alone, an index, and seeds of others do not hide it.
    indexed = [f"{number},{line}," for number, line in enumerate(lines[:5] * copies)]
    for text in (
        rows(*lines[:5] * copies, *lines[5:], header="method,acc"),
        rows(*indexed, "20,b,0.91,0", "21,b,0.92,1", "22,b,0.93,2", header=",method,acc,seed"),
    ):
        with pytest.raises(UserError, match="the same row is already in"):
            judged(tmp_path, text)


@pytest.mark.parametrize(
    "name",
    ["Index", "index", "Kept epoch", "no"],
)
@pytest.mark.parametrize("begin", [0, 1])
def test_a_column_that_counts_rows_hides_no_copies(tmp_path: Path, name: str, begin: int) -> None:
    lines = [f"{m},{v}" for m, side in (("a", PLAIN * 2), ("b", BETTER)) for v in side]
    counted = [f"{n},{line}" for n, line in enumerate(lines, begin)]
    for table in (counted, counted[::-1]):
        with pytest.raises(UserError, match="the same row is already in"):
            judged(tmp_path, rows(*table, header=f"{name},method,acc"), metric=("acc",))


def test_rows_that_agree_in_two_measured_columns_are_copies(tmp_path: Path) -> None:
    lines = [
        f"{name},{v},{1 - v:.4f}" for name, side in (("a", PLAIN), ("b", BETTER)) for v in side
    ]
    one = judged(tmp_path, rows(*lines, lines[2], header="method,acc,loss"))
    assert EqualValues("a", "acc", 2, 6, False) in one.notices
    text = rows(*lines, lines[2], lines[4], header="method,acc,loss")
    with pytest.raises(UserError, match=r":12: the same row is already in .*:4, and 1 more"):
        judged(tmp_path, text)


@pytest.mark.parametrize(
    ("odd", "equal"),
    [
        (["a,,", "a,,"], None),
        (["a,0.1,2.303", "a,0.1,2.303"], EqualValues("a", "acc", 2, 7, False)),
    ],
)
def test_runs_that_diverged_or_collapsed_are_no_copies(
    tmp_path: Path, odd: list[str], equal: EqualValues | None
) -> None:
    lines = [
        f"{name},{v},{1 - v:.4f}" for name, side in (("a", PLAIN), ("b", BETTER)) for v in side
    ]
    found = judged(tmp_path, rows(*lines, *odd, header="method,acc,loss"))
    assert len(found.experiments[0].runs) == 7
    assert [one for one in found.notices if type(one) is EqualValues] == ([equal] if equal else [])


@pytest.mark.parametrize(
    "twice",
    [["a,,", "a,,", "a,0.91,0.2", "a,0.91,0.2"], ["a,0.91,1", "a,0.91,1", "a,0.92,1", "a,0.92,1"]],
    ids=["without values", "the same everywhere"],
)
def test_what_says_nothing_of_a_run_makes_no_copies(tmp_path: Path, twice: list[str]) -> None:
    lines = ["a,0.90,1", "b,0.93,1", "b,0.94,1", "b,0.95,1"]
    found = judged(tmp_path, rows(*twice, *lines, header="method,acc,train_acc"))
    assert len(found.experiments[0].runs) == 5


def test_coarse_values_are_no_copies(tmp_path: Path) -> None:
    coarse = {"a": (0.90, 0.91, 0.91, 0.90), "b": (0.93, 0.95, 0.94, 0.92)}
    lines = [f"{name},{v}" for name, side in coarse.items() for v in side]
    found = judged(tmp_path, rows(*lines, header="method,acc"))
    assert EqualValues("a", "acc", 4, 4, False) in found.notices


def test_equal_values_of_all_runs_are_no_copies(tmp_path: Path) -> None:
    """As of a task that every run solves."""
    lines = [f"{name},{v}" for name, side in (("a", PLAIN), ("b", [1.0] * 5)) for v in side]
    found = judged(tmp_path, rows(*lines, header="method,acc"))
    assert EqualValues("b", "acc", 5, 5, False) in found.notices
