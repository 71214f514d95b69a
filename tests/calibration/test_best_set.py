"""The set of the best, the intervals to the best, and ranks. Figures of docs/statistics.md."""

# Axes: R studies, E experiments, S seeds.

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.stats import every_pair
from paribus.stats.best import all_within, best_set, best_set_of, ranks, ranks_with_set
from tests.support.simulated import BATCHES, Floats, at_most, effects, generator, say

SEEDS = [3, 5, 10, 20]


def values(
    rng: np.random.Generator, studies: int, experiments: int, seeds: int, *, shape: str
) -> Floats:
    """(R, E, S) runs with mean 0: correlated over experiments by about a half, SDs from 1 to 3.

    "half exponential": every second experiment has a long tail of bad runs.
    """
    own_RES = rng.normal(size=(studies, experiments, seeds))
    if shape == "half exponential":
        tail = effects(rng, "exponential", (studies, experiments, seeds))
        own_RES[:, ::2] = -tail[:, ::2]
    sd_E1 = np.linspace(1, 3, experiments)[:, None]
    shared_R1S = rng.normal(size=(studies, 1, seeds))
    return np.asarray(sd_E1 * (own_RES + shared_R1S) / 2**0.5)


@pytest.mark.parametrize("shape", ["normal", "half exponential"])
@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("experiments", [3, 8, 20])
def test_a_tied_best_is_seldom_missing(experiments: int, seeds: int, shape: str) -> None:
    rng = generator("best", experiments, seeds, shape)
    batch = 40_000 // (experiments * seeds // 3)
    missed_E, wrong = np.zeros(experiments), 0.0
    for _ in range(BATCHES):
        best = best_set(values(rng, batch, experiments, seeds, shape=shape))
        missed_E += (~best.may_be_best).mean(axis=0) / BATCHES
        # All true differences to the best other one are 0.
        wrong += float(((best.low > 0) | (best.high < 0)).any(axis=1).mean()) / BATCHES
    say("best set", k=experiments, seeds=seeds, shape=shape, worst=missed_E.max(),
        mean=missed_E.mean(), intervals=wrong)  # fmt: skip
    studies = batch * BATCHES
    # The largest of k rates: a little more than three standard errors.
    bound = 0.057 if shape == "normal" else 0.105
    assert missed_E.max() <= bound + 4 * np.sqrt(bound / studies)
    assert at_most(missed_E.mean(), 0.05 if shape == "normal" else 0.075, studies)


@pytest.mark.parametrize(("experiments", "seeds"), [(3, 5), (8, 10), (20, 10)])
def test_a_tied_best_is_seldom_missing_where_seeds_are(experiments: int, seeds: int) -> None:
    """Each experiment lacks up to a third of the seeds, others than its neighbors lack."""
    rng = generator("best, seeds missing", experiments, seeds)
    batch, missed_E = 40_000 // (experiments * seeds // 3), np.zeros(experiments)
    place_ES = np.arange(seeds) + 2 * np.arange(experiments)[:, None]
    ran_ES = place_ES % seeds >= seeds // 3
    for _ in range(BATCHES):
        value_RES = values(rng, batch, experiments, seeds, shape="normal")
        pairs = every_pair.paired(np.where(ran_ES, value_RES, np.nan), ran_ES)
        missed_E += (~best_set_of(pairs).may_be_best).mean(axis=0) / BATCHES
    say("best set, seeds missing", k=experiments, seeds=seeds, worst=missed_E.max(),
        mean=missed_E.mean())  # fmt: skip
    studies = batch * BATCHES
    assert missed_E.max() <= 0.057 + 4 * np.sqrt(0.057 / studies)
    assert at_most(missed_E.mean(), 0.05, studies)


@pytest.mark.parametrize("shape", ["normal", "half exponential"])
@pytest.mark.parametrize("runs", [(3, 3), (3, 20), (20, 20)])
@pytest.mark.parametrize("experiments", [3, 20])
def test_without_shared_seeds_a_tied_best_is_seldom_missing(
    experiments: int, runs: tuple[int, int], shape: str
) -> None:
    """SDs from 1 to 3, and from few to many runs: the experiments that vary least have fewest, or
    most."""
    rng = generator("best unpaired", experiments, runs, shape)
    batch = 200_000 // (experiments * max(runs))
    n_E = np.linspace(*runs, experiments).round().astype(int)
    missed_E, wrong = np.zeros((2, experiments)), np.zeros(2)
    for _ in range(BATCHES):
        for turned in (0, 1):
            values = unpaired_values(rng, batch, n_E[::-1] if turned else n_E, shape)
            best = best_set(values, paired=False)
            missed_E[turned] += (~best.may_be_best).mean(axis=0) / BATCHES
            wrong[turned] += ((best.low > 0) | (best.high < 0)).any(axis=1).mean() / BATCHES
    say("best set, unpaired", k=experiments, runs=runs, shape=shape, worst=missed_E.max(),
        mean=missed_E.mean())  # fmt: skip
    studies = batch * BATCHES
    bound = 0.05 if shape == "normal" else 0.112
    assert missed_E.max() <= bound + 4 * np.sqrt(bound / studies)
    assert all(at_most(rate, 0.05, studies) for rate in wrong)


def unpaired_values(
    rng: np.random.Generator, studies: int, n_E: NDArray[np.int64], shape: str
) -> list[Floats]:
    """(R, n) runs of each experiment with mean 0, SDs from 1 to 3; shapes as of `values`."""
    sd_E = np.linspace(1, 3, len(n_E))
    sides = []
    for e, (n, sd) in enumerate(zip(n_E, sd_E, strict=True)):
        tail = shape == "half exponential" and e % 2 == 0
        own = -effects(rng, "exponential", (studies, n)) if tail else rng.normal(size=(studies, n))
        sides.append(np.asarray(sd * own))
    return sides


@pytest.mark.parametrize(("experiments", "seeds"), [(3, 3), (8, 5), (8, 20), (20, 5)])
def test_intervals_to_the_best_cover_all_at_once(experiments: int, seeds: int) -> None:
    rng = generator("mcb", experiments, seeds)
    true_E = np.r_[0.0, -0.2, -np.linspace(0.5, 3, experiments - 2)]
    others = [np.delete(true_E, j).max() for j in range(experiments)]
    to_best_E = true_E - np.array(others)
    batch, covered = 2000, 0
    for _ in range(BATCHES):
        value_RES = values(rng, batch, experiments, seeds, shape="normal") + true_E[:, None]
        best = best_set(value_RES)
        covered += int(((best.low <= to_best_E) & (to_best_E <= best.high)).all(axis=1).sum())
    say("intervals to the best", k=experiments, seeds=seeds, rate=covered / (batch * BATCHES))
    assert at_most(1 - covered / (batch * BATCHES), 0.05, batch * BATCHES)


@pytest.mark.parametrize("gap", [0.001, 0.3, 1.0])
@pytest.mark.parametrize(("experiments", "seeds"), [(3, 3), (3, 10), (8, 5), (20, 10)])
def test_ranks_beside_the_set_hold(experiments: int, seeds: int, gap: float) -> None:
    """Each experiment is as much behind the one before it. The set's 5% and the pairs' 4% add up
    to 9% at most."""
    rng = generator("ranks beside the set", experiments, seeds, gap)
    rank_E = 1 + np.arange(experiments)
    true_E = -gap * rank_E
    batch, wrong = 20_000 // (experiments * seeds // 3), 0.0
    for _ in range(BATCHES):
        value_RES = values(rng, batch, experiments, seeds, shape="normal") + true_E[:, None]
        may_RE = best_set(value_RES).may_be_best
        first_RE, last_RE = ranks_with_set(ranks(value_RES), may_RE)
        assert ((first_RE == 1) == may_RE).all()
        wrong += ((first_RE > rank_E) | (last_RE < rank_E)).any(axis=1).mean() / BATCHES
    say("ranks beside the set", k=experiments, seeds=seeds, gap=gap, rate=wrong)
    assert at_most(wrong, 0.09, batch * BATCHES)


@pytest.mark.parametrize(("experiments", "seeds"), [(3, 3), (8, 5), (20, 10)])
def test_ranks_of_equal_experiments_stay_open(experiments: int, seeds: int) -> None:
    rng = generator("ranks", experiments, seeds)
    batch, wrong = 1000, 0
    for _ in range(BATCHES):
        r = ranks(values(rng, batch, experiments, seeds, shape="normal"))
        wrong += int((r.first > 1).any(axis=1).sum())
    say("ranks", k=experiments, seeds=seeds, rate=wrong / (batch * BATCHES))
    assert at_most(wrong / (batch * BATCHES), 0.04, batch * BATCHES)


@pytest.mark.parametrize("experiments", [2, 8])
def test_all_within_is_wrong_in_at_most_five_percent(experiments: int) -> None:
    rng = generator("within", experiments)
    batch, claimed = 4000, 0
    for _ in range(BATCHES):
        # The first is worse than the others by exactly what matters, which is much.
        value_RES = values(rng, batch, experiments, 10, shape="normal")
        value_RES[:, 0] -= 4.0
        claimed += int(all_within(value_RES, 4.0).sum())
    say("all within", k=experiments, rate=claimed / (batch * BATCHES))
    assert at_most(claimed / (batch * BATCHES), 0.05, batch * BATCHES)


def test_a_lead_of_one_sd_with_five_seeds_excludes_few() -> None:
    rng = generator("lead")
    # Runs of a seed correlate by a half.
    value_RES = (rng.normal(size=(4000, 8, 5)) + rng.normal(size=(4000, 1, 5))) / 2**0.5
    value_RES[:, 0] += 1.0
    size = best_set(value_RES).may_be_best.sum(axis=1).mean()
    say("size of the set", k=8, seeds=5, lead="1 SD", size=size)
    assert 6 <= size <= 7
    unpaired = list(np.moveaxis(rng.normal(size=(4000, 8, 5)), 1, 0))
    unpaired[0] += 1.0
    size = best_set(unpaired, paired=False).may_be_best.sum(axis=1).mean()
    say("size of the set, unpaired", k=8, runs=5, lead="1 SD", size=size)
    assert 7 <= size <= 7.8


@pytest.mark.parametrize(("seeds", "studies"), [(3, 5000), (20, 2000)])
def test_a_pooled_variance_would_miss_the_best(seeds: int, studies: int) -> None:
    # Dunnett's comparison with one common variance, where one of 20 has three times the SD.
    rng = generator("pooled", seeds)
    critical = np.quantile(_pooled_t(rng.normal(size=(studies, 20, seeds))), 0.95)
    sd_E1 = np.r_[np.ones(19), 3.0][:, None]
    value_RES = sd_E1 * rng.normal(size=(studies, 20, seeds))
    missed = (_pooled_t(value_RES) > critical).mean()
    own = (~best_set(value_RES).may_be_best[:, -1]).mean()
    say("pooled variance", k=20, seeds=seeds, missed=missed, own_variances=own)
    assert 0.17 <= missed <= 0.23
    assert at_most(own, 0.057, studies)


def _pooled_t(value_RES: Floats) -> Floats:
    """How far the last experiment is behind the leader, in standard errors of a pooled variance."""
    E, S = value_RES.shape[-2:]
    centered = value_RES - value_RES.mean(axis=-1, keepdims=True)
    left = centered - centered.mean(axis=-2, keepdims=True)
    variance_R = np.square(left).sum(axis=(-2, -1)) / ((E - 1) * (S - 1))
    mean_RE = value_RES.mean(axis=-1)
    return np.asarray((mean_RE.max(axis=-1) - mean_RE[:, -1]) / np.sqrt(2 * variance_R / S))
