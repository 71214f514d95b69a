"""Tables with a column for each experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

import paribus
from paribus.elsewhere.notices import EndsOfColumns, ExperimentsGuessed, WithoutValue
from paribus.elsewhere.terms import Missing, Stated, Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from paribus.present.guesses import guesses
from paribus.questions.finding import NoVerdict
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


def test_the_message_names_no_columns_that_wide_refuses(tmp_path: Path) -> None:
    lines = [f"0.1,{seed},{seed % 2},{7 + seed},{row}" for seed, row in enumerate(ROWS)]
    with pytest.raises(UserError, match="If plain, new and same are experiments, add --wide NAME"):
        judged(tmp_path, rows(*lines, header="lr,n,fold,cfg/kept_epoch,plain,new,same"))


@pytest.mark.parametrize(
    ("text", "terms", "message"),
    [
        (
            WIDE.replace("0.9188", "bad"), Terms(wide="acc"),
            'results.csv:4: new: "bad" is not a number, and with --wide each column is an '
            "experiment but those of seeds and run IDs; leave the column out: --ignore new",
        ),
        (
            rows("0,1", "1,2", header="seed,plain"), Terms(wide="acc"),
            "results.csv: --wide needs a column for each of two experiments, got plain",
        ),
        (
            rows("0,0.9,0.8", "1,0.91,0.82", "2,0.93,0.81", header="part,adam,sgd"),
            Terms(wide="acc"),
            "--wide: part counts from 0 to 2, unlike what is measured; add --ignore part. If it is "
            "an experiment, give a row for each run, with the experiment in a column",
        ),
        (
            rows("0,0.9,0.8,10,0.1", "1,0.91,0.82,10,0.1", header="seed,adam,sgd,epochs,lr"),
            Terms(wide="acc"),
            "--wide: lr is 0.1 in each row, unlike what is measured; add --ignore lr",
        ),
        (
            WIDE, Terms(Stated(experiment=("new",)), wide="acc"),
            "--experiment new: with --wide each column is an experiment; leave --experiment out",
        ),
        (
            WIDE, Terms(Stated(metric=("new",)), wide="acc"),
            "--metric new: --wide acc names the metric already; leave --metric out",
        ),
        (
            WIDE, Terms(Stated(seed="seeds"), wide="acc"),
            '--seed seeds: there is no column "seeds"; ',
        ),
        (
            WIDE.replace("new", "experiment"), Terms(wide="acc"),
            'there is a column "experiment" already',
        ),
        (WIDE, Terms(wide="seed"), "--wide seed: is another column"),
        (LONG, Terms(wide="test_acc"), "so that a row is a run; leave --wide out"),
        (LONG, Terms(wide="acc"), "if a row is a run of method, leave --wide out, else leave"),
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


@pytest.mark.parametrize("part", ["fold", "Split"])
def test_parts_of_the_data_are_no_experiments(tmp_path: Path, part: str) -> None:
    text = rows(
        *(f"{place},{row}" for place, row in enumerate(ROWS)), header=f"{part},plain,new,same"
    )
    found = judged(tmp_path, text, Terms(wide="test_acc"))
    assert ExperimentsGuessed(("plain", "new", "same")) in found.notices
    assert guesses(found).startswith(
        "Guessed: plain, new and same are experiments (else `--ignore`)"
    )
    assert plain(found.findings[0])["estimate"] == pytest.approx(0.00758)


@pytest.mark.parametrize("missing", [None, *Missing])
@pytest.mark.parametrize("empty", ["", "nan"])
@pytest.mark.parametrize("seeds", [True, False])
def test_an_empty_cell_is_a_run_without_a_value(
    tmp_path: Path, seeds: bool, empty: str, missing: Missing | None
) -> None:
    wide, long = (text.replace("0.9188", empty) for text in (WIDE, LONG))
    if not seeds:
        wide = rows(*ROWS, header="plain,new,same").replace("0.9188", empty)
    found = judged(tmp_path, wide, Terms(wide="test_acc", missing=missing))
    right = judged(tmp_path, long, Terms(missing=missing))
    assert list(map(plain, found.findings)) == list(map(plain, right.findings))
    assert WithoutValue("new", "test_acc", 1, 5, missing) in found.notices


def test_ends_of_columns_are_no_runs_unless_it_is_said(tmp_path: Path) -> None:
    text = rows(*ROWS, header="plain,new,same").replace("0.9202", "")
    found = judged(tmp_path, text, Terms(wide="test_acc"))
    assert EndsOfColumns((("new", 1),)) in found.notices
    failed = judged(tmp_path, text, Terms(wide="test_acc", missing=Missing.FAILED))
    assert failed.findings[0].why_none is NoVerdict.MISSING_VALUES
    assert not any(isinstance(one, EndsOfColumns) for one in failed.notices)


def test_a_log_ends_at_its_last_value(tmp_path: Path) -> None:
    """A run of fewer epochs has not failed, and its end is a setting that differs."""
    lines = [f"{seed},{epoch},{a},{b if epoch < 3 else ''}"
             for seed, (a, b) in enumerate(zip(PLAIN, BETTER, strict=True))
             for epoch in (1, 2, 3)]  # fmt: skip
    found = judged(tmp_path, rows(*lines, header="seed,epoch,plain,new"), Terms(wide="test_acc"))
    assert [one.settings["epoch"] for one in found.experiments] == ["3", "2"]
    assert not any(isinstance(one, WithoutValue) for one in found.notices)


def test_a_column_beside_names_experiments_too(tmp_path: Path) -> None:
    lines = [f"{lr},{row}" for lr in (1, 2) for row in ROWS]
    columns = Stated(experiment=("lr", "experiment"))
    found = judged(tmp_path, rows(*lines, header="lr,plain,new,same"), Terms(columns, wide="acc"))
    assert [len(one.runs) for one in found.experiments] == [5] * 6
