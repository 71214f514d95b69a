"""The course of a study with looks, question by question."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.adjustment import holm
from paribus.stats.course import Course, follow
from paribus.stats.looks import Looks, at_looks, futile
from paribus.stats.rule import Decision

LOOKS = Looks((5, 10, 20))


def plain(
    difference_QS: np.ndarray, matters: float, *, futility: bool = True
) -> list[tuple[int, int, float]]:
    """One study, written out: decision, look and adjusted p of every question."""
    Q = len(difference_QS)
    p, equal, direction = [1.0] * Q, [1.0] * Q, [0.0] * Q
    stopped: list[int | None] = [None] * Q
    at = [0] * Q
    for look, n in enumerate(LOOKS.seeds):
        for q in range(Q):
            if stopped[q] is None:
                numbers = at_looks(difference_QS[q, :n], LOOKS, matters)
                p[q] = float(numbers.sequential_p[-1])
                equal[q] = float(numbers.equality_p[-1])
                direction[q] = float(numbers.mean[numbers.decisive[-1]])
                at[q] = look
        adjusted = holm(p)
        for q in range(Q):
            if stopped[q] is None:
                d = difference_QS[q, :n]
                done = adjusted[q] <= 0.04 or equal[q] <= 0.05 or n == 20
                hopeless = futile(
                    d.mean(), d.std(ddof=1), look, LOOKS, matters=matters, level=0.04 / Q
                )
                if done or (futility and hopeless):
                    stopped[q] = look
    adjusted = holm(p)
    found = []
    for q in range(Q):
        decision = Decision.UNDECIDED
        if adjusted[q] <= 0.04:
            decision = Decision.HIGHER if direction[q] > 0 else Decision.LOWER
        elif equal[q] <= 0.05:
            decision = Decision.EQUAL
        found.append((int(decision), at[q], float(adjusted[q])))
    return found


@pytest.mark.parametrize("matters", [0.4, 1.0])
def test_many_studies_at_once_are_the_rules_written_out(matters: float) -> None:
    rng = np.random.default_rng(5)
    shift_RQ1 = rng.choice([0, 0.5, 1.0, 3.0], size=(60, 4, 1))
    difference_RQS = rng.normal(size=(60, 4, 20)) + shift_RQ1
    course = follow(difference_RQS, LOOKS, matters=matters)
    for r, difference_QS in enumerate(difference_RQS):
        expected = plain(difference_QS, matters)
        assert course.decision[r].tolist() == [e[0] for e in expected]
        assert course.stopped[r].tolist() == [e[1] for e in expected]
        np.testing.assert_allclose(course.adjusted_p[r], [e[2] for e in expected])
    assert not course.open.any()
    assert course.futile.any() == (matters == 0.4)
    assert set(course.decision.ravel()) >= {0, 2}
    assert set(course.stopped.ravel()) == {0, 1, 2}


def test_futile_questions_whose_seeds_are_trained_take_the_later_looks() -> None:
    rng = np.random.default_rng(5)
    shift_RQ1 = rng.choice([0, 0.5, 1.0, 3.0], size=(60, 4, 1))
    difference_RQS = rng.normal(size=(60, 4, 20)) + shift_RQ1
    stops = follow(difference_RQS, LOOKS, matters=0.4)
    course = follow(difference_RQS, LOOKS, matters=0.4, futile_go_on=True)
    for r, difference_QS in enumerate(difference_RQS):
        expected = plain(difference_QS, 0.4, futility=False)
        assert course.decision[r].tolist() == [e[0] for e in expected]
        assert course.stopped[r].tolist() == [e[1] for e in expected]
        np.testing.assert_allclose(course.adjusted_p[r], [e[2] for e in expected])
    assert not course.open.any()
    assert not course.futile.any()
    decided_later = (stops.decision == Decision.UNDECIDED) & (course.decision > Decision.EQUAL)
    assert (stops.futile & decided_later).any()


def test_a_futile_question_without_more_seeds_stays_as_it_was() -> None:
    rng = np.random.default_rng(5)
    difference_QS = rng.normal(size=(4, 20)) + np.array([0, 0.5, 1.0, 3.0])[:, None]
    first = follow(difference_QS[:, :5], LOOKS, matters=0.4)
    assert first.futile.any()
    for seeds in (5, 9):
        same(follow(difference_QS[:, :seeds], LOOKS, matters=0.4, futile_go_on=True), first)


def same(one: Course, other: Course) -> None:
    for name in ("decision", "open", "stopped", "futile", "adjusted_p", "decisive"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_what_comes_after_a_question_stopped_is_not_read() -> None:
    rng = np.random.default_rng(6)
    difference_QS = rng.normal(size=(6, 20)) + np.array([0, 0, 2, -3, 6, 1])[:, None]
    course = follow(difference_QS, LOOKS, matters=1.0)
    trained_QS = difference_QS.copy()
    for q, look in enumerate(course.stopped):
        trained_QS[q, LOOKS.seeds[look] :] = np.nan
    same(follow(trained_QS, LOOKS, matters=1.0), course)
    assert len(set(course.stopped)) > 1


def test_a_study_under_way_is_open_where_it_will_go_on() -> None:
    rng = np.random.default_rng(7)
    difference_QS = rng.normal(size=(5, 20)) + np.array([0, 0.6, 2, -4, 0.3])[:, None]
    whole = follow(difference_QS, LOOKS, matters=1.0)
    for look, n in enumerate(LOOKS.seeds[:-1]):
        for seeds in (n, n + 3):
            so_far = follow(difference_QS[:, :seeds], LOOKS, matters=1.0)
            np.testing.assert_array_equal(so_far.open, whole.stopped > look)
    assert follow(difference_QS[:, :4], LOOKS).open.all()


def test_a_stopped_question_can_still_become_different_by_holm() -> None:
    noise_S = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    shift = next(m for m in np.arange(0, 20, 0.01) if _sequential_p(noise_S + m) <= 0.03)
    # Shown to be small at the first look; its distance from 0 is enough alone, not beside others.
    small_S = np.r_[0.001 * (noise_S + shift), np.zeros(15)]
    late_S = np.r_[noise_S * 3, 9 + np.resize(noise_S, 15)]
    first = follow(np.stack([small_S, late_S])[:, :5], LOOKS, matters=[0.5, 5.0])
    assert first.decision.tolist() == [Decision.EQUAL, Decision.UNDECIDED]
    assert first.open.tolist() == [False, True]
    end = follow(np.stack([small_S, late_S]), LOOKS, matters=[0.5, 5.0])
    assert end.decision.tolist() == [Decision.HIGHER, Decision.HIGHER]
    assert end.stopped[0] == 0
    assert end.adjusted_p[0] == pytest.approx(_sequential_p(small_S[:5]))


def _sequential_p(difference_S: np.ndarray) -> float:
    return float(at_looks(difference_S, LOOKS).sequential_p[-1])


def test_a_question_ends_where_more_seeds_could_decide_nothing() -> None:
    difference_QS = np.random.default_rng(7).normal(size=(3, 20)) + np.array([[0.6], [0.6], [4]])
    whole = follow(difference_QS, LOOKS, matters=1.0)
    ended = follow(difference_QS, LOOKS, matters=1.0, ends_Q=[2, 0, 1])
    assert whole.stopped[1] > 0
    assert ended.stopped.tolist() == [whole.stopped[0], 0, whole.stopped[2]]
    assert ended.decision[1] == Decision.UNDECIDED
    assert not ended.futile[1]
    assert not ended.open.any()


def test_a_look_is_taken_for_a_question_once_its_seeds_are_trained() -> None:
    difference_QS = np.random.default_rng(7).normal(size=(3, 20)) + np.array([[4.0], [4.0], [4.0]])
    course = follow(difference_QS, LOOKS, seeds_Q=[4, 5, 9])
    alone = follow(difference_QS[1:, :5], LOOKS, beside=[1.0])
    assert course.stopped.tolist() == [-1, 0, 0]
    assert course.open.tolist() == [True, *alone.open.tolist()]
    assert course.adjusted_p.tolist() == [1.0, *alone.adjusted_p.tolist()]


def test_questions_beside_make_it_harder() -> None:
    difference_QS = np.random.default_rng(9).normal(1.2, 1.0, size=(1, 20))
    alone = follow(difference_QS, LOOKS)
    beside = follow(difference_QS, LOOKS, beside=np.ones(19))
    assert beside.stopped[0] > alone.stopped[0]
    difference_QS = difference_QS[:, :5]
    adjusted = follow(difference_QS, LOOKS, beside=np.ones(19)).adjusted_p[0]
    assert adjusted == pytest.approx(min(1, 20 * _sequential_p(difference_QS[0])))
