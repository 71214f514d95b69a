"""Faulty tables: each fault is named for what it is, and none ends in a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.notices import (
    AlikeNames,
    BestOfSeveral,
    DifferentEnds,
    MeansInARow,
    NotEnded,
    OneValueEach,
    SummaryOfRuns,
    WithoutValue,
)
from paribus.elsewhere.terms import Missing, Stated, Terms
from paribus.errors import UserError
from paribus.present import wording
from paribus.present.as_json import plain
from paribus.questions.finding import NoVerdict, Verdict
from tests.support.elsewhere import BETTER, PLAIN, SAME, judged, rows, two


def test_a_seed_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER) + "new,2,0.9\n"
    with pytest.raises(UserError) as error:
        judged(tmp_path, text)
    file = tmp_path / "results.csv"
    assert str(error.value) == (
        f"{file}:12: seed 2 of new is already in {file}:9; a run counts once: remove one, "
        "or name the column that tells them apart with --run, --seed or --epoch"
    )


def test_a_run_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    text = rows("a,x1,0.1", "a,x1,0.1", "b,x2,0.2", header="method,run,acc")
    with pytest.raises(UserError, match="run x1 of a is already in"):
        judged(tmp_path, text)


def test_a_seed_of_two_runs_is_an_error(tmp_path: Path) -> None:
    text = rows("a,x1,0,0.1", "a,x2,0,0.2", "b,x3,0,0.2", header="method,run_id,seed,acc")
    with pytest.raises(UserError, match="seed 0 of a is already in"):
        judged(tmp_path, text)


def test_a_setting_that_tells_rows_apart_is_named(tmp_path: Path) -> None:
    text = rows("a,sgd,0,0.1", "a,adam,0,0.2", "b,sgd,0,0.2", header="method,optim,seed,acc")
    with pytest.raises(UserError, match="write --experiment method,optim, else remove one"):
        judged(tmp_path, text)


def test_a_setting_of_few_numbers_tells_rows_apart_and_what_is_measured_does_not(
    tmp_path: Path,
) -> None:
    lines = [
        f"{name},{lr},{seed},{seed * 7 + lr * 3},0.9{seed}{int(lr * 10)}"
        for name in "ab"
        for seed in range(4)
        for lr in (0.1, 0.2)
    ]
    text = rows(*lines, header="method,lr,seed,wall,acc")
    with pytest.raises(UserError, match="write --experiment method,lr, else remove one"):
        judged(tmp_path, text)


def test_settings_that_tell_rows_apart_only_together_are_all_named(tmp_path: Path) -> None:
    recipes = [(0.1, 5), (0.01, 5), (0.1, 1)]
    lines = [f"a,{lr},{wd},{seed},0.9{seed}{n}"
             for n, (lr, wd) in enumerate(recipes) for seed in range(4)]  # fmt: skip
    with pytest.raises(UserError, match="write --experiment method,lr,wd, else remove one"):
        judged(tmp_path, rows(*lines, header="method,lr,wd,seed,acc"))


@pytest.mark.parametrize("percent", ["", "%"])
def test_shares_and_percentages_in_one_column_are_an_error(tmp_path: Path, percent: str) -> None:
    other = "".join(f"third,{seed},{100 * value:.2f}{percent}\n" for seed, value in enumerate(SAME))
    with pytest.raises(UserError) as error:
        judged(tmp_path, two(PLAIN, BETTER) + other)
    file = tmp_path / "results.csv"
    assert str(error.value) == (
        f"{file}:2: test_acc: 0.9132 has no %, and others, such as 91.34%, have; write all in one "
        "unit"
        if percent
        else f"{file}:2: test_acc: plain has values up to 0.9158 and third from 91.19; write all "
        "in one unit; if these are percentages already, write a % behind each, or into the name of "
        "the column"
    )


def test_small_percentages_are_no_shares(tmp_path: Path) -> None:
    low = [0.98, 1.02, 0.99]
    signed = rows(
        *(f"{name},{seed},{value * times}%" for name, times in (("a", 0.9), ("b", 70))
          for seed, value in enumerate(low))
    )  # fmt: skip
    (finding,) = judged(tmp_path, signed).findings
    assert plain(finding)["estimate"] == pytest.approx(69.1 * sum(low) / 3)
    # Errors of about 1% lie on both sides of 1.
    errors = rows("a,0,0.8", "a,1,0.9", "a,2,0.7", "b,0,1.8", "b,1,1.9", "b,2,1.7")
    assert len(judged(tmp_path, errors.replace("test_acc", "test_error")).findings) == 1
    # One method may err 30 times as often as another.
    errors = rows("a,0,1.1", "a,1,1.2", "a,2,1.3", "b,0,33", "b,1,34", "b,2,35")
    assert len(judged(tmp_path, errors.replace("test_acc", "test_error")).findings) == 1


def test_names_that_are_alike_and_rows_of_means_are_named(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER).replace("plain,0", "Plain ,0") + "mean,,0.92\n"
    notices = judged(tmp_path, text).notices
    assert AlikeNames(("Plain", "plain")) in notices
    assert MeansInARow("mean") in notices


@pytest.mark.parametrize("cell", ["", "NaN", "nan", "inf", "N/A"])
@pytest.mark.parametrize("paired", [False, True])
def test_a_run_without_a_value_is_worse_than_any(tmp_path: Path, cell: str, paired: bool) -> None:
    text = two(PLAIN, BETTER)
    terms = Terms(paired=paired)
    of_better = judged(tmp_path, text.replace("0.9188", cell), terms)
    assert WithoutValue("new", "test_acc", 1, 5, None) in of_better.notices
    (finding,) = of_better.findings
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.MISSING_VALUES)
    assert "1 of 5 runs of new ended without a value" in wording.sentence(finding)
    (against,) = judged(tmp_path, text.replace("0.9111", cell), terms).findings
    assert against.verdict is Verdict.BETTER


@pytest.mark.parametrize("paired", [False, True])
def test_an_unreported_value_blocks_every_verdict(tmp_path: Path, paired: bool) -> None:
    terms = Terms(paired=paired, missing=Missing.UNREPORTED)
    for gone in ("0.9188", "0.9111"):
        (finding,) = judged(tmp_path, two(PLAIN, BETTER).replace(gone, ""), terms).findings
        assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.MISSING_VALUES)
        assert "went unreported" in wording.sentence(finding)


def test_failed_runs_have_no_value_and_running_ones_are_left_out(tmp_path: Path) -> None:
    text = rows(
        *(f"a,{s},finished,{v}" for s, v in enumerate(PLAIN)),
        *(f"b,{s},finished,{v}" for s, v in enumerate(BETTER)),
        "b,5,crashed,0.5",
        "b,6,running,0.6",
        header="method,seed,state,acc",
    )
    found = judged(tmp_path, text)
    assert NotEnded("b", 1) in found.notices
    assert WithoutValue("b", "acc", 1, 6, None, 1) in found.notices


@pytest.mark.parametrize("paired", [False, True])
def test_values_rounded_beyond_their_spread_have_no_verdict(tmp_path: Path, paired: bool) -> None:
    text = two([0.91, 0.91, 0.91, 0.92, 0.91], [0.93, 0.93, 0.94, 0.93, 0.93])
    (finding,) = judged(tmp_path, text, Terms(paired=paired)).findings
    assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.ROUNDED)
    assert "rounded to 1.00 points" in wording.sentence(finding)


@pytest.mark.parametrize("paired", [False, True])
def test_values_rounded_beyond_their_spread_decide_what_holds_for_all_that_they_may_be(
    tmp_path: Path, paired: bool
) -> None:
    coarse = two([0.91, 0.91, 0.91, 0.92, 0.91], [0.98, 0.98, 0.99, 0.98, 0.98])
    terms = Terms(paired=paired, matters=(0.15,))
    (finding,) = judged(tmp_path, coarse, terms).findings
    assert (finding.verdict, finding.less_than_matters) == (Verdict.BETTER, True)
    assert "the interval hold whatever they were before" in " ".join(wording.reasons(finding))
    numbers = plain(finding)
    # Half a step more for each mean, and the SDs of both roundings.
    assert (numbers["low"], numbers["high"]) == pytest.approx(
        (0.07 - 0.0327, 0.07 + 0.0327) if paired else (0.07 - 0.0277, 0.07 + 0.0277), abs=1e-4
    )
    exact = coarse.replace("0.92", "0.9200")
    assert plain(judged(tmp_path, exact, terms).findings[0])["low"] > 0.06


def test_one_row_per_method_has_no_verdict(tmp_path: Path) -> None:
    text = rows("a,0.912,90", "b,0.934,120", "c,0.907,80", header="method,acc,params")
    found = judged(tmp_path, text)
    assert OneValueEach(3) in found.notices
    assert {finding.why_none for finding in found.findings} == {NoVerdict.TOO_FEW_SEEDS}
    sentence = wording.sentence(found.findings[0])
    assert "No verdict from 1 run of a and 1 run of b" in sentence
    assert "the best of 5 lies 1.16 SD from their mean" in sentence


def test_a_mean_with_its_spread_is_no_run(tmp_path: Path) -> None:
    text = rows("a,91.2 ± 0.3", "b,92.1 ± 0.2", header="method,acc")
    with pytest.raises(UserError, match=r'"91.2 ± 0.3" is a mean with its spread'):
        judged(tmp_path, text)
    means = judged(tmp_path, rows("a,91,0.3", "b,92,0.2", header="method,acc_mean,acc_std"))
    assert SummaryOfRuns("acc_mean") in means.notices


def test_a_log_that_was_sampled_is_refused(tmp_path: Path) -> None:
    text = rows(
        *(f"{m},0,{e},0.{e}" for m in "ab" for e in (1, 2, 5, 6, 9, 10)),
        header="method,seed,epoch,acc",
    )
    with pytest.raises(UserError, match=r"has gaps \(it has 1, 2, 5, 6, 9 …\), so it was sampled"):
        judged(tmp_path, text)


def test_the_last_epoch_is_taken_and_a_best_one_warned_of(tmp_path: Path) -> None:
    text = rows(
        *(f"{m},{s},{e},{v}" for m in "ab" for s in (0, 1, 2)
          for e, v in ((1, 0.5), (2, 0.9), (3, 0.6 + s / 100))),
        header="method,seed,epoch,best_acc",
    )  # fmt: skip
    found = judged(tmp_path, text)
    assert [one.value for one in found.experiments[0].series["best_acc"]] == [0.6, 0.61, 0.62]
    assert BestOfSeveral("best_acc") in found.notices


def test_runs_that_end_at_different_epochs_are_named(tmp_path: Path) -> None:
    text = rows("a,0,3,0.1", "a,1,3,0.2", "b,0,3,0.3", "b,1,2,0.4", header="m,seed,epoch,acc")
    found = judged(tmp_path, text, experiment=("m",))
    assert DifferentEnds("b", "epoch", 2, 3) in found.notices
    assert plain(found.findings[0])["differences"] == ["epoch 3 → 2 to 3"]


def test_an_epoch_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    lines = ("a,0,1,0.1", "a,0,1,0.2", "a,0,2,0.2", "b,0,1,0.3")
    text = rows(*lines, header="method,seed,epoch,acc")
    with pytest.raises(UserError, match="epoch 1 of seed 0 of a is already in"):
        judged(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("method,seed,acc\n", "has a header and no rows"),
        ("a,b,a\n1,2,3\n", 'two columns are called "a"'),
        ("method,acc\na,1,2\n", "has 3 cells, but the header names 2 columns"),
        ('method,acc\n"a,1\n', "is not CSV"),
        ("method,acc\na,0.1\nb,x\n", '"x" is not a number'),
        ("method,acc\n,0.1\nb,0.2\n", "method is empty; each row needs an experiment"),
        ("method,acc\na,0.1\na,0.2\n", "has one experiment (a); a comparison needs two"),
        ("0.1,0.2\n0.3,0.4\n", "the first line must name the columns"),
        ("method,epoch,acc\na,x,0.1\na,y,0.2\nb,1,0.2\n", '"x" is no epoch'),
    ],
)
def test_what_is_no_table_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        judged(tmp_path, text, Terms(Stated(metric=("acc",) if "acc" in text else ())))
    assert message in str(error.value)


@pytest.mark.parametrize("content", [b"\xff\xfem", b"m,acc\na,\xe9\n", b"\0\0\0"])
def test_what_is_no_text_is_an_error(tmp_path: Path, content: bytes) -> None:
    from paribus.elsewhere.readers import read

    (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(UserError, match="is not text"):
        read([tmp_path / "r.csv"])


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER)
    turned = text.replace(",", ";").replace(".", ",")
    with_comma, with_point = (judged(tmp_path, one).findings[0] for one in (turned, text))
    assert plain(with_comma) == plain(with_point)
