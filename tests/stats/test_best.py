"""The best of several: the definition written out, and its limits."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.stats.adjustment import holm
from paribus.stats.best import all_within, best_set, ranks
from paribus.stats.distributions import critical_t
from paribus.stats.paired import t_intervals

RNG = np.random.default_rng(61)


def studies(E: int = 5, S: int = 6, R: int = 40) -> np.ndarray:
    return RNG.normal(size=(R, E, S)) * RNG.uniform(0.3, 1, size=(R, E, 1)) + RNG.normal(
        size=(R, E, 1)
    )


def test_set_and_intervals_are_the_definition_written_out() -> None:
    for value_ES in studies():
        E, S = value_ES.shape
        c = float(critical_t(2 * 0.05 / (E - 1), S - 1))

        def end(j: int, i: int, side: int, *, v: np.ndarray = value_ES, c: float = c) -> float:
            d = v[j] - v[i]
            return float(d.mean() + side * c * d.std(ddof=1) / len(d) ** 0.5)

        best = best_set(value_ES)
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
