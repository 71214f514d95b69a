"""Tables with a column for each experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

import paribus
from paribus.elsewhere.columns import Stated
from paribus.elsewhere.terms import Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from tests.support.elsewhere import BETTER, PLAIN, SAME, judged, rows

SIDES = {"plain": PLAIN, "new": BETTER, "same": SAME}
ROWS = [",".join(map(str, row)) for row in zip(*SIDES.values(), strict=True)]
WIDE = rows(*(f"{seed},{row}" for seed, row in enumerate(ROWS)), header="seed,plain,new,same")
LONG = rows(*(f"{m},{seed},{v}" for m, side in SIDES.items() for seed, v in enumerate(side)))


@pytest.mark.parametrize("paired", [False, True])
def test_a_wide_table_is_the_long_one(tmp_path: Path, paired: bool) -> None:
    wide = judged(tmp_path, WIDE, Terms(wide="test_acc", paired=paired, best=True))
    long = judged(tmp_path, LONG, Terms(paired=paired, best=True))
    assert list(map(plain, wide.findings)) == list(map(plain, long.findings))
    assert [metric.label for metric in wide.metrics] == ["test acc"]


def test_columns_of_different_lengths(tmp_path: Path) -> None:
    text = rows(*ROWS, header="plain,new,same").replace("0.9202", "")
    found = judged(tmp_path, text, Terms(wide="test_acc"))
    assert [len(one.runs) for one in found.experiments] == [5, 4, 5]
    assert plain(found.findings[0])["n_b"] == 4


def test_the_message_shows_what_a_table_looks_like(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        judged(tmp_path, WIDE)
    assert str(error.value) == (
        f"{tmp_path / 'results.csv'}: no column looks like the names of experiments; name it with "
        "--experiment; there are seed, plain, new, same.\n"
        "If plain, new and same are experiments, add --wide NAME with what they hold, e.g. --wide "
        "test_acc. Else a row is a run, with the name of its experiment in a column:\n"
        "  experiment,seed,test_acc\n"
        "  plain,0,0.9132\n"
        "  new,0,0.9205\n"
        "  …"
    )
    # What it shows is read.
    shown = str(error.value).split("column:\n")[1].replace("  ", "").replace("…", "")
    assert len(judged(tmp_path, shown).experiments) == 2


@pytest.mark.parametrize(
    ("text", "terms", "message"),
    [
        (
            WIDE.replace("0.9188", "bad"), Terms(wide="acc"),
            'results.csv:4: new: "bad" is not a number, and with --wide each column is an '
            "experiment but those of seeds and run IDs; leave it out: --ignore new",
        ),
        (
            rows("0,1", "1,2", header="seed,plain"), Terms(wide="acc"),
            "results.csv: --wide needs a column for each of two experiments, got plain",
        ),
        (WIDE, Terms(wide="seed"), "--wide seed: is another column"),
        (WIDE, Terms(wide="fancy"), "Add --better higher or --better lower"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, text: str, terms: Terms, message: str) -> None:
    with pytest.raises(UserError) as error:
        judged(tmp_path, text, terms)
    assert message in str(error.value)


def test_columns_that_are_no_experiments_are_left_out(tmp_path: Path) -> None:
    terms = Terms(Stated(ignored=("same",)), wide="test_acc")
    assert [one.name for one in judged(tmp_path, WIDE, terms).experiments] == ["plain", "new"]


def test_in_python() -> None:
    found = paribus.judge({"run": range(5), **SIDES}, wide="test_acc", baseline="plain")
    assert found.sentences[0].startswith("new is better than plain: test acc +0.76 points")
