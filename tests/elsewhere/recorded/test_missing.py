"""Runs without a value: an empty cell and a seed without a row are the same where it is said what
they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.notices import AbsentSeeds, NotEnded, PairsDropped, WithoutValue
from paribus.elsewhere.terms import Missing, Terms
from paribus.errors import UserError
from paribus.present import wording
from paribus.present.as_json import plain
from paribus.present.notices import remarks
from paribus.questions.best_finding import BestFinding
from paribus.questions.finding import NoVerdict, Verdict
from tests.support.elsewhere import BETTER, PLAIN, judged, rows, three, two

OF_BETTER, OF_PLAIN = "new,2,0.9188", "plain,2,0.9111"


def both(folder: Path, text: str, row: str, **terms: Any) -> list[Judgement]:
    """The table with an empty cell in a row, and without the row."""
    empty = text.replace(row, row[: row.rindex(",") + 1])
    return [judged(folder, one, Terms(**terms)) for one in (empty, text.replace(f"{row}\n", ""))]


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("missing", list(Missing))
@pytest.mark.parametrize("row", [OF_BETTER, OF_PLAIN])
def test_an_empty_cell_is_a_missing_row(
    tmp_path: Path, row: str, missing: Missing, paired: bool
) -> None:
    empty, gone = both(tmp_path, two(PLAIN, BETTER), row, paired=paired, missing=missing)
    (first,), (second,) = empty.findings, gone.findings
    assert plain(first) == plain(second)
    none = missing is Missing.UNREPORTED or (missing is Missing.FAILED and row == OF_BETTER)
    assert first.verdict is (Verdict.NONE if none else Verdict.BETTER)
    assert first.why_none is (NoVerdict.MISSING_VALUES if none else None)
    if missing is Missing.ABSENT:
        # Nothing is left of it: as if the others alone were there.
        sides = [PLAIN[:2] + PLAIN[3:], BETTER[:2] + BETTER[3:]] if paired else [PLAIN, BETTER]
        if not paired:
            place = int(row == OF_BETTER)
            sides[place] = sides[place][:2] + sides[place][3:]
        (alone,) = judged(tmp_path, two(*sides), Terms(paired=paired)).findings
        assert plain(first)["low"] == pytest.approx(plain(alone)["low"], abs=1e-12)


def test_without_a_word_a_row_is_a_run_that_failed_and_no_row_is_none(tmp_path: Path) -> None:
    """A run that was made and has no value is no seed that was never trained; each says how to
    declare it to be the other."""
    empty, gone = both(tmp_path, two(PLAIN, BETTER), OF_BETTER, paired=True)
    assert [empty.findings[0].verdict, gone.findings[0].verdict] == [Verdict.NONE, Verdict.BETTER]
    assert WithoutValue("new", "test_acc", 1, 5, None) in empty.notices
    assert PairsDropped((("plain", "new"),), 4, ("2",)) in gone.notices
    assert "`--missing absent` if it was never made" in " ".join(remarks(empty))
    assert "if they failed, add `--missing failed`" in " ".join(remarks(gone))


def test_what_was_declared_is_said(tmp_path: Path) -> None:
    for missing in Missing:
        for found in both(tmp_path, two(PLAIN, BETTER), OF_BETTER, missing=missing):
            told = " ".join(remarks(found))
            assert "--missing" not in told or missing is Missing.ABSENT
            assert ("new lacks seed 2" in told or "1 of 5 runs of new has no" in told) is True
            if missing is not Missing.ABSENT:
                assert WithoutValue("new", "test_acc", 1, 5, missing) in found.notices
                assert not any(isinstance(one, AbsentSeeds) for one in found.notices)
    (finding,) = both(tmp_path, two(PLAIN, BETTER), OF_BETTER, missing=Missing.UNREPORTED)[
        1
    ].findings
    assert "went unreported" in wording.sentence(finding)


def test_a_run_that_is_said_to_have_failed_is_never_absent(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER).replace("\n", ",ok\n").replace("test_acc,ok", "test_acc,status")
    failed = text.replace("0.9188,ok", ",failed")
    for missing in (None, Missing.ABSENT):
        (finding,) = judged(tmp_path, failed, Terms(paired=True, missing=missing)).findings
        assert finding.why_none is NoVerdict.MISSING_VALUES
        told = remarks(judged(tmp_path, failed, Terms(missing=missing)))
        assert "1 of 5 runs of new failed: it counts as worse than any other run." in told


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("missing", [Missing.FAILED, Missing.ABSENT])
def test_best_sets_are_of_the_same_runs(tmp_path: Path, missing: Missing, paired: bool) -> None:
    found = both(tmp_path, three(), "b,2,0.9188", paired=paired, missing=missing, best=True)
    first, second = (one.findings[-1] for one in found)
    assert isinstance(first, BestFinding)
    assert plain(first) == plain(second)
    assert first.contenders[1].missing == (missing is Missing.FAILED)


def test_an_experiment_of_absent_runs_alone_is_an_error(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER)
    for value in BETTER:
        text = text.replace(str(value), "")
    with pytest.raises(UserError, match="--missing absent: no run of new has a value of test_acc"):
        judged(tmp_path, text, Terms(missing=Missing.ABSENT, best=True))


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("missing", [None, *Missing])
def test_a_run_that_has_not_ended_is_not_missing(
    tmp_path: Path, missing: Missing | None, paired: bool
) -> None:
    text = two(PLAIN, BETTER).replace("\n", ",finished\n").replace("acc,finished", "acc,state")
    running = text.replace("0.9202,finished", ",running")
    terms = Terms(missing=missing, paired=paired)
    found = judged(tmp_path, running, terms)
    assert NotEnded("new", 1) in found.notices
    said = (WithoutValue, AbsentSeeds, PairsDropped)
    assert not any(isinstance(one, said) for one in found.notices)
    (finding,) = found.findings
    assert finding.verdict is Verdict.BETTER
    assert [len(one.runs) for one in found.experiments] == [5, 4]
    # Seeds of others that have not even begun are missing all the same.
    failed = judged(tmp_path, running.replace("new,3,0.9226,finished\n", ""), terms)
    if missing is Missing.FAILED:
        assert failed.findings[0].why_none is NoVerdict.MISSING_VALUES
        assert WithoutValue("new", "test_acc", 1, 4, missing) in failed.notices
    elif missing is None:
        dropped = PairsDropped((("plain", "new"),), 3, ("3",))
        assert (dropped if paired else AbsentSeeds((("new", ("3",)),))) in failed.notices


def test_empty_seeds_are_no_seed_in_common(tmp_path: Path) -> None:
    sides = [("plain", ["1", "2", "3", ""], PLAIN), ("new", ["11", "12", "13", ""], BETTER)]
    lines = [
        f"{name},{seed},{value}"
        for name, seeds, values in sides
        for seed, value in zip(seeds, values, strict=False)
    ]
    for missing in (None, Missing.FAILED):
        found = judged(tmp_path, rows(*lines), Terms(missing=missing))
        assert [len(one.runs) for one in found.experiments] == [4, 4]
        assert found.findings[0].verdict is Verdict.BETTER
        assert not any(isinstance(one, AbsentSeeds | WithoutValue) for one in found.notices)
    first_empty = rows(*(line.replace("plain,1,", "plain,,") for line in lines))
    with pytest.raises(UserError) as error:
        judged(tmp_path, first_empty, Terms(paired=True))
    assert str(error.value) == (
        f"{tmp_path / 'results.csv'}:2: --paired needs the seed of each run, and seed is empty; "
        "fill it in, or leave --paired out"
    )
