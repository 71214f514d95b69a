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
from paribus.present.sides import NO_BREAK
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
from tests.support.kinds import interaction
from tests.support.made_up import Make
from tests.support.wording_cases import ONE_CONFOUND, cases


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


def test_an_axis_holds_all_that_its_rows_draw(result: StudyResult) -> None:
    near = [found(CLEAR, matters=0.001) for _ in range(3)]
    far = found([0.010, 0.012, 0.011, 0.010, 0.012], matters=0.001)
    group = only_group(result, *near, far)
    assert group.limit == pytest.approx(1)
    assert group.scaled == ""
    (view,) = views(drawn(result, *near, far))
    places = [place for row in view.rows for place in (row.mark, *row.dots) if place is not None]
    # To scale: 0.38 points lie 0.38 of the way to the axis's end.
    assert view.rows[1].mark == pytest.approx(50 + 37 * 0.38)
    assert view.rows[0].dots == pytest.approx([50 + 37 * d for d in (1, 1.2, 1.1, 1, 1.2)])
    assert all(0 < place < 100 for place in places)


def test_small_differences_beside_large_ones_get_an_axis_of_their_own(result: StudyResult) -> None:
    near = [found(CLEAR, matters=0.001) for _ in range(3)]
    far = found([0.5, 0.6, 0.55, 0.5, 0.6], matters=0.001)
    large, small = drawn(result, *near, far).groups
    assert [[row.number for row in group.rows] for group in (large, small)] == [[4], [1, 2, 3]]
    assert (large.limit, small.limit) == pytest.approx((50, 0.5))
    assert small.scaled == "the smaller differences, drawn 100 times larger than above"
    assert [(group.ticks[0].text, group.ticks[-1].text) for group in (large, small)] == [
        ("−50", "+50"),
        ("−0.5", "+0.5"),
    ]
    # A single small one is no reason for a second axis.
    assert len(drawn(result, near[0], far).groups) == 1


def test_a_row_names_both_means(result: StudyResult) -> None:
    (row,) = only_group(result, found(CLEAR)).rows
    assert row.sides == "cnn 98.20% → adam 98.58%"
    (row,) = only_group(result, time_found(timed_steps(2.0))).rows
    a, b = (float(part.split()[1].removesuffix("%")) for part in row.sides.split(" → "))
    assert b / a == pytest.approx(2, rel=0.02)
    (row,) = only_group(result, counted(42_310, 21_578)).rows
    assert row.sides == "cnn 42,310 → adam 21,578"
    (row,) = only_group(result, interaction(TINY, CLEAR)).rows
    assert f"+0.002{NO_BREAK}points, " in row.sides
    assert row.sides.endswith(f"+0.38{NO_BREAK}points")


def test_equal_runs_are_told_from_equal_means(result: StudyResult) -> None:
    cases_ = cases()
    said = {
        name: only_group(result, cases_[name]).rows[0].why
        for name in ("equal", "the same on every image", "the same probabilities")
    }
    assert said == {
        "equal": "",
        "the same on every image": "the same score on all test images",
        "the same probabilities": "identical on all test images",
    }


def test_an_undecided_row_says_why(result: StudyResult) -> None:
    rows = {
        name: only_group(result, cases()[name]).rows[0].why
        for name in (
            "undecided",
            "undecided although the interval leaves out 0",
            "step time: undecided",
            "best: two of four",
        )
    }
    assert rows == {
        "undecided": "may go either way",
        "undecided although the interval leaves out 0": "not clear enough",
        "step time: undecided": "may go either way",
        "best: two of four": "may be the best",
    }


def test_a_row_without_a_verdict_says_why(result: StudyResult) -> None:
    (row,) = only_group(result, cases()["the same value in every run"]).rows
    assert (row.word, row.why) == ("no verdict", "exactly 0.00 in every run")
    (row,) = only_group(result, found(CLEAR[:2])).rows
    assert row.why == "too few runs"


def test_a_confounded_row_names_what_else_differs(result: StudyResult) -> None:
    (row,) = only_group(result, found(CLEAR, confounds=ONE_CONFOUND)).rows
    assert (row.word, row.why) == ("confounded", "differs in epochs, too")


def test_a_group_says_what_does_not_matter_where_its_rows_agree(result: StudyResult) -> None:
    same = found(CLEAR, matters=0.001), found(TINY, matters=0.001)
    assert only_group(result, *same).small == "differences under 0.10 points do not matter"
    other = only_group(result, *same, found(TINY, matters=0.002), found(TINY, matters=None))
    assert other.small == ""
    assert {row.number: row.small for row in other.rows} == {
        1: "under 0.10 points does not matter",
        2: "under 0.10 points does not matter",
        3: "under 0.20 points does not matter",
        4: "",
    }
    assert only_group(result, time_found(timed_steps(1.3))).small == (
        "differences under 5% do not matter"
    )


def test_a_band_too_narrow_to_see_is_not_drawn(result: StudyResult) -> None:
    (wide,) = views(drawn(result, found(CLEAR, matters=0.001)))
    (narrow,) = views(drawn(result, found([0.5, 0.6, 0.55], matters=0.001)))
    assert [view.rows[0].shows_band for view in (wide, narrow)] == [True, False]


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
        "test_accuracy", 0.001, original="<b>", ask="Is $x & <y> “é” 100% better? " * 4
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
    assert picture.file("png").startswith(b"\x89PNG")


def test_rows_go_from_the_best_effect_down(result: StudyResult) -> None:
    rows: tuple[ForestRow, ...] = only_group(
        result, found(TINY), found([-x for x in CLEAR]), found(CLEAR)
    ).rows
    assert [row.number for row in rows] == [3, 1, 2]


def words_of(result: StudyResult, *findings: Finding) -> str:
    return Drawn(drawn(result, *findings)).svgs().wide.decode()


def test_a_wide_drawing_cuts_no_question_of_two_lines(result: StudyResult) -> None:
    ask = "Do skip connections let a deep network train where a plain one without them fails?"
    svg = words_of(result, found(CLEAR, asked=question("test_accuracy", 0.001, ask=ask)))
    assert "Do skip connections let a deep network train where a plain" in svg
    assert "one without them fails?" in svg


def test_a_drawing_says_why_a_row_has_no_mark(result: StudyResult) -> None:
    assert "a count: no seeds, no interval" in words_of(result, counted(42_310, 21_578))


def test_a_number_of_the_original_stays_beside_its_unit(result: StudyResult) -> None:
    asked = question("test_accuracy", 0.001, original="slower: 204 s against 146 s")
    (row,) = only_group(result, found(CLEAR, asked=asked)).rows
    assert row.original == f"slower: 204{NO_BREAK}s against 146{NO_BREAK}s"
