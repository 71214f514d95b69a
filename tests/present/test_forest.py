"""Where findings lie in the first picture."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from paribus.measure.runs import StudyResult
from paribus.present.figures.draw import Drawn
from paribus.present.figures.shown import Forest, ForestGroup, ForestRow
from paribus.present.forest import forest
from paribus.present.forest_view import GroupView, group_views
from paribus.questions.finding import Finding
from tests.support.judged import (
    CLEAR,
    LOSS,
    TINY,
    counted,
    found,
    question,
    time_found,
    timed_steps,
)
from tests.support.made_up import Make
from tests.support.wording_cases import ONE_CONFOUND


@pytest.fixture
def result(make: Make) -> StudyResult:
    return make(["mlp"])


def drawn(result: StudyResult, *findings: Finding) -> Forest:
    picture = forest(findings, preview=result.study.preview)
    assert picture is not None
    return picture


def only_group(result: StudyResult, *findings: Finding) -> ForestGroup:
    (group,) = drawn(result, *findings).groups
    return group


def test_places_are_in_the_unit_of_the_metric(result: StudyResult) -> None:
    (row,) = only_group(result, found(CLEAR, matters=0.001)).rows
    assert row.estimate == pytest.approx(0.38)
    assert row.band == pytest.approx(0.1)
    assert row.low is not None
    assert row.high is not None
    assert row.low < 0.38 < row.high
    assert row.dots == pytest.approx([0.4, 0.3, 0.5, 0.4, 0.3])
    assert (row.word, row.numbers, row.n) == ("better", "+0.38 [0.28, 0.48]", "n = 5")


def test_better_is_to_the_right_where_less_is_better(result: StudyResult) -> None:
    (row,) = only_group(result, found(CLEAR, LOSS)).rows
    assert row.verdict == "worse"
    assert row.estimate == pytest.approx(-0.0038)
    (ticks,) = (group.ticks for group in drawn(result, found(CLEAR, LOSS)).groups)
    assert ticks[0].text.startswith("+")
    assert ticks[0].at < 0
    assert ticks[-1].text.startswith("−")


def test_ratios_of_times_are_logarithmic_and_faster_to_the_right(result: StudyResult) -> None:
    slower, faster = time_found(timed_steps(2.0)), time_found(timed_steps(0.5))
    group = only_group(result, slower, faster)
    assert [row.word for row in group.rows] == ["faster", "slower"]
    first, second = (row.estimate for row in group.rows)
    assert first == pytest.approx(math.log(2), abs=0.02)
    assert second == pytest.approx(-math.log(2), abs=0.02)
    assert group.rows[0].band == pytest.approx(math.log(1.05))
    assert (group.left, group.right) == ("slower", "faster")
    assert group.ticks[0].text == group.ticks[-1].text
    assert all(len(row.dots) == 5 for row in group.rows)


def test_equal_shows_the_interval_that_it_rests_on(result: StudyResult) -> None:
    equal = found(TINY, matters=0.001)
    (row,) = only_group(result, equal).rows
    assert row.verdict == "equal"
    assert equal.evidence.measured is not None
    assert row.high == pytest.approx(100 * equal.evidence.measured.high_90)


def test_an_axis_holds_three_quarters_and_a_far_effect_breaks_off(result: StudyResult) -> None:
    near = [found(CLEAR, matters=0.001) for _ in range(3)]
    far = found([0.5, 0.6, 0.55, 0.5, 0.6], matters=0.001)
    group = only_group(result, *near, far)
    assert group.limit == pytest.approx(0.5)
    (view,) = views(drawn(result, *near, far))
    first, *others = view.rows
    assert first.off == 1
    assert first.off_text == "+55.00"
    assert first.interval is None
    # Its dots are beyond the axis, too: they stand with the mark, none is lost.
    assert first.mark is not None
    assert list(first.dots) == [first.mark] * 5
    assert all(row.off == 0 and row.interval is not None for row in others)
    assert all(0 <= place <= 100 for row in others for place in row.dots)


def test_a_confounded_row_names_what_else_differs(result: StudyResult) -> None:
    (row,) = only_group(result, found(CLEAR, confounds=ONE_CONFOUND)).rows
    assert row.word == "confounded: differs in epochs, too"


def test_a_group_says_what_does_not_matter_where_its_rows_agree(result: StudyResult) -> None:
    same = found(CLEAR, matters=0.001), found(TINY, matters=0.001)
    assert only_group(result, *same).small == "differences under 0.10 points do not matter"
    assert only_group(result, *same, found(TINY, matters=0.002)).small == ""
    assert only_group(result, time_found(timed_steps(1.3))).small == (
        "differences under 5 % do not matter"
    )


def test_a_band_too_narrow_to_see_is_not_drawn(result: StudyResult) -> None:
    (wide,) = views(drawn(result, found(CLEAR, matters=0.001)))
    (narrow,) = views(drawn(result, found([0.5, 0.6, 0.55], matters=0.001)))
    assert [view.rows[0].shows_band for view in (wide, narrow)] == [True, False]


def test_a_dot_beyond_the_drawing_stands_at_its_edge(result: StudyResult) -> None:
    near = [found(CLEAR, matters=0.001) for _ in range(3)]
    (view,) = views(drawn(result, *near, found([0.001, 0.002, -0.002, 0.03, -0.03])))
    (spread,) = (row for row in view.rows if row.row.number == 4)
    assert len(spread.dots) == 5
    assert (min(spread.dots), max(spread.dots)) == (2, 98)


def views(picture: Forest) -> tuple[GroupView, ...]:
    return group_views(picture)


def test_the_original_claim_starts_at_the_edge_of_the_band(result: StudyResult) -> None:
    said = {}
    for claim in ("better", "worse", "equal"):
        asked = question("test_accuracy", 0.001, original="So it was.", original_verdict=claim)
        (group,) = views(drawn(result, found(CLEAR, asked=asked)))
        (row,) = group.rows
        assert row.band is not None
        said[claim] = (row.claim, row.band)
    at, band = said["better"]
    assert at == pytest.approx(band.end)
    assert said["worse"][0] == pytest.approx(band.start)
    assert said["equal"][0] == 50


def test_counts_are_not_drawn(result: StudyResult) -> None:
    group = only_group(result, counted(42_310, 21_578))
    assert (group.limit, group.ticks) == (0, ())
    assert group.rows[0].nothing == "a count: no seeds, no interval"
    assert forest([], preview=False) is None


def test_it_is_drawn_for_papers_whatever_users_write(result: StudyResult) -> None:
    asked = question(
        "test_accuracy", 0.001, original="<b>", ask="Is $x & <y> “é” 100 % better? " * 4
    )
    findings = [
        found(CLEAR, asked=asked, names=("a" * 60, "b" * 60)),
        replace(found(CLEAR), exploratory=True),
        time_found(timed_steps(1.3)),
        counted(2, 1),
        found([0.5, 0.6, 0.55]),
    ]
    picture = Drawn(drawn(result, *findings))
    svg = picture.svgs().wide.decode()
    assert "Is $x &amp; &lt;y&gt;" in svg
    assert "better, exploratory" in svg
    assert picture.png().startswith(b"\x89PNG")


def test_rows_go_from_the_best_effect_down(result: StudyResult) -> None:
    rows: tuple[ForestRow, ...] = only_group(
        result, found(TINY), found([-x for x in CLEAR]), found(CLEAR)
    ).rows
    assert [row.number for row in rows] == [3, 1, 2]
