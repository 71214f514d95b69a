"""The best of several: the definition written out, and its limits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from paribus.stats import every_pair
from paribus.stats.adjustment import holm
from paribus.stats.best import (
    BestSet,
    all_within,
    best_set,
    best_set_of,
    pair_tests_of,
    ranks,
    ranks_of,
)
from paribus.stats.distributions import critical_t
from paribus.stats.paired import t_intervals
from paribus.stats.unpaired import compare_unpaired

RNG = np.random.default_rng(61)


def studies(E: int = 5, S: int = 6, R: int = 40) -> np.ndarray:
    return RNG.normal(size=(R, E, S)) * RNG.uniform(0.3, 1, size=(R, E, 1)) + RNG.normal(
        size=(R, E, 1)
    )


def check_by_definition(best: BestSet, end: Callable[[int, int, int], float]) -> None:
    """Check a set and its intervals against the definition written out.

    end: the lower (-1) or upper (1) end of the interval of one experiment less another one.
    """
    E = len(best.may_be_best)
    may = [all(end(i, j, -1) <= 0 for i in range(E) if i != j) for j in range(E)]
    assert best.may_be_best.tolist() == may
    G = [j for j in range(E) if may[j]]
    for j in range(E):
        others = [i for i in range(E) if i != j]
        assert best.high[j] == pytest.approx(max(0, min(end(j, i, 1) for i in others)))
        low = 0.0
        if len(G) > 1 or not may[j]:
            low = min(0, min(end(j, i, -1) for i in G if i != j))
        assert best.low[j] == pytest.approx(low)


def test_set_and_intervals_are_the_definition_written_out() -> None:
    for value_ES in studies():
        E, S = value_ES.shape
        c = float(critical_t(2 * 0.05 / (E - 1), S - 1))

        def end(j: int, i: int, side: int, *, v: np.ndarray = value_ES, c: float = c) -> float:
            d = v[j] - v[i]
            return float(d.mean() + side * c * d.std(ddof=1) / len(d) ** 0.5)

        check_by_definition(best_set(value_ES), end)


def test_of_two_it_is_the_one_sided_paired_test() -> None:
    for value_ES in studies(E=2):
        t = t_intervals(value_ES[1] - value_ES[0], 0.90)
        assert best_set(value_ES).may_be_best.tolist() == [t.low <= 0, t.high >= 0]


def test_many_studies_at_once_are_each_alone() -> None:
    value_RES = studies()
    best, rank = best_set(value_RES), ranks(value_RES)
    for r, value_ES in enumerate(value_RES):
        np.testing.assert_array_equal(best.low[r], best_set(value_ES).low)
        np.testing.assert_array_equal(best.may_be_best[r], best_set(value_ES).may_be_best)
        np.testing.assert_array_equal(rank.first[r], ranks(value_ES).first)
        assert all_within(value_RES, 1.0)[r] == all_within(value_ES, 1.0)


def test_the_leader_is_never_left_out() -> None:
    value_RES = studies()
    leader_R = value_RES.mean(axis=-1).argmax(axis=-1)
    assert best_set(value_RES).may_be_best[np.arange(len(value_RES)), leader_R].all()


def circle(*more: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Three experiments of which each two share other seeds, and each is better than the next and
    the third better than the first; then further ones. Values and the seeds that each has."""
    good, bad, nan = [0.95, 0.951, 0.953], [0.9, 0.902, 0.901], [np.nan] * 3
    value_ES = np.array([[*good, *nan, *bad], [*bad, *good, *nan], [*nan, *bad, *good], *more])
    return value_ES, np.isfinite(value_ES)


def test_differences_that_form_a_circle_exclude_none() -> None:
    pairs = every_pair.paired(*circle())
    best, rank = best_set_of(pairs), ranks_of(*pair_tests_of(pairs))
    assert (pairs.p[~np.eye(3, dtype=np.bool_)] < 0.01).all()
    assert best.may_be_best.all()
    assert (best.low < 0).all()
    assert (best.high > 0).all()
    assert not rank.better.any()
    # A fourth one, over seeds of its own, is not the best because others contradict each other.
    other = best_set_of(every_pair.paired(*circle([np.nan] * 7 + [0.5, 0.5])))
    assert other.may_be_best.all()
    # One that is worse than all of them is still excluded.
    worse = best_set_of(every_pair.paired(*circle([0.5, 0.504, 0.502] * 3)))
    assert worse.may_be_best.tolist() == [True, True, True, False]


def test_equal_values_stay_together_and_constant_differences_decide_nothing() -> None:
    value_S = RNG.normal(size=6)
    best = best_set(np.stack([value_S, value_S, value_S + 0.5]))
    assert best.may_be_best.all()
    assert best.high.tolist() == [0.0, 0.0, np.inf]
    assert best.low.tolist() == [-np.inf, -np.inf, -np.inf]
    assert ranks(np.stack([value_S, value_S + 0.5])).last.tolist() == [2, 2]
    assert bool(all_within(np.stack([value_S, value_S]), 0.1))
    assert not all_within(np.stack([value_S, value_S + 0.05]), 0.1)


def test_ranks_count_the_pairs_that_holm_shows() -> None:
    for value_ES in studies():
        E = len(value_ES)
        pairs = [(i, j) for i in range(E) for j in range(i + 1, E)]
        tests = [t_intervals(value_ES[j] - value_ES[i]) for i, j in pairs]
        shown = holm([float(t.p) for t in tests]) <= 0.04
        above, below = np.zeros(E, int), np.zeros(E, int)
        for (i, j), t, different in zip(pairs, tests, shown, strict=True):
            if different:
                winner, loser = (j, i) if t.mean > 0 else (i, j)
                above[loser] += 1
                below[winner] += 1
        r = ranks(value_ES)
        assert r.first.tolist() == (1 + above).tolist()
        assert r.last.tolist() == (E - below).tolist()


def test_all_within_takes_every_pair() -> None:
    for value_ES in studies(E=3):
        furthest = 0.0
        for i in range(3):
            for j in range(3):
                if i != j:
                    furthest = max(
                        furthest, float(t_intervals(value_ES[j] - value_ES[i], 0.9).high)
                    )
        assert bool(all_within(value_ES, furthest * 1.001))
        assert not all_within(value_ES, furthest * 0.999)


@pytest.mark.parametrize("shape", [(1, 5), (3, 2), (5,)])
def test_wrong_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 2 experiments × 3 seeds"):
        best_set(np.ones(shape))


def test_infinite_values_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be infinite"):
        ranks([[1.0, 2.0, np.inf], [1.0, 2.0, 3.0]])


def test_runs_without_a_value_count_against_their_experiment_alone() -> None:
    nan = np.nan
    good, bad = [1.0, 1.1, 0.9, 1.0], [0.5, 0.4, 0.5, nan]
    best = best_set([good, bad])
    assert best.may_be_best.tolist() == [True, False]
    # Over its other runs it leads, which says nothing of the runs that it lacks.
    led = best_set([bad, [2.0, 2.1, 1.9, nan]])
    assert led.may_be_best.tolist() == [True, True]
    assert led.high.tolist() == [np.inf, np.inf]
    assert not ranks([[*bad[:3], 0.5], [2.0, 2.1, 1.9, nan]]).better.any()
    assert best_set([good, [nan] * 4]).may_be_best.tolist() == [True, False]
    assert not all_within([good, [*good[:3], nan]], 10.0)


def test_compared_with_more_others_less_is_excluded() -> None:
    value_RES = studies()
    few, many = best_set(value_RES), best_set(value_RES, others=10)
    assert (many.may_be_best >= few.may_be_best).all()
    assert (many.may_be_best > few.may_be_best).any()
    assert (many.high >= few.high).all()


def unpaired_studies() -> list[list[np.ndarray]]:
    """Of each study its experiments, with different numbers of runs and spreads."""
    return [
        [RNG.normal(RNG.normal(), RNG.uniform(0.3, 1), size=n) for n in (3, 4, 7, 20)]
        for _ in range(40)
    ]


def test_without_shared_seeds_it_is_the_definition_with_hajeks_degrees_of_freedom() -> None:
    for values in unpaired_studies():

        def end(j: int, i: int, side: int, *, v: list[np.ndarray] = values) -> float:
            c = float(critical_t(2 * 0.05 / 3, min(len(v[j]), len(v[i])) - 1))
            error = (v[j].var(ddof=1) / len(v[j]) + v[i].var(ddof=1) / len(v[i])) ** 0.5
            return float(v[j].mean() - v[i].mean() + side * c * error)

        check_by_definition(best_set(values, paired=False), end)


def test_without_shared_seeds_pairs_are_those_of_the_unpaired_test() -> None:
    for values in unpaired_studies():
        pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
        tests = [compare_unpaired(values[i], values[j]) for i, j in pairs]
        r = ranks(values, paired=False)
        adjusted = holm([float(test.p) for test in tests])
        assert [r.adjusted_p[pair] for pair in pairs] == pytest.approx(adjusted.tolist())
        furthest = max(float(max(-test.low_90, test.high_90)) for test in tests)
        assert bool(all_within(values, furthest * 1.001, paired=False))
        assert not all_within(values, furthest * 0.999, paired=False)


def test_without_shared_seeds_many_studies_at_once_are_each_alone() -> None:
    values = [RNG.normal(size=(30, n)) for n in (3, 5, 10)]
    best, rank = best_set(values, paired=False), ranks(values, paired=False)
    for study in range(30):
        alone = [value_RN[study] for value_RN in values]
        np.testing.assert_array_equal(best.low[study], best_set(alone, paired=False).low)
        np.testing.assert_array_equal(rank.last[study], ranks(alone, paired=False).last)


def test_without_shared_seeds_lone_values_and_failed_runs_exclude_nothing() -> None:
    nan = np.nan
    good, bad = [1.0, 1.1, 0.9, 1.0], [0.5, 0.4, 0.5]
    # A published number, however good, is not compared.
    best = best_set([good, bad, [9.9]], paired=False)
    assert best.may_be_best.tolist() == [True, False, True]
    assert best.high.tolist() == pytest.approx([0.7601, 0.0, np.inf], abs=1e-4)
    assert best.low.tolist() == [-np.inf, -np.inf, -np.inf]
    assert ranks([good, bad, [9.9]], paired=False).last.tolist() == [2, 3, 3]
    # Worse over its other runs it is excluded; better over them it excludes nothing.
    assert best_set([good, [*bad, nan]], paired=False).may_be_best.tolist() == [True, False]
    assert best_set([[*good, nan], bad], paired=False).may_be_best.tolist() == [True, True]
    assert best_set([good, [nan] * 4], paired=False).may_be_best.tolist() == [True, False]
    assert not all_within([good, [*good, nan]], 10.0, paired=False)
    same = [1.0, 1.0, 1.0]
    assert best_set([same, same, good], paired=False).may_be_best.tolist() == [True, True, True]
    for wrong in ([good], [good, []], [1.0, 2.0]):
        with pytest.raises(ValueError, match="at least 2 experiments with a run each"):
            best_set(wrong, paired=False)
    with pytest.raises(ValueError, match="must not be infinite"):
        best_set([good, [1.0, 2.0, np.inf]], paired=False)
