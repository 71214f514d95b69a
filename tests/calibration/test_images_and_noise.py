"""Coverage for new images, the noise floor and the flip ledger, by simulation.

Fixed seeds; Monte Carlo standard errors are stated where a tolerance rests on them.
`PARIBUS_CALIBRATION` as in test_error_rates.py.
"""

# Axes: R studies, S seeds, N images.

from __future__ import annotations

import os
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from paribus.stats.flips import Flip, flip_ledger
from paribus.stats.new_images import two_way
from paribus.stats.noise import noise_floor

BATCHES = int(os.environ.get("PARIBUS_CALIBRATION", "1"))
SEEDS = [3, 5, 10, 20]
# SDs of the differences over seeds, over images and of what is left; with 60 images the seeds
# then make about a tenth, two fifths and five sixths of the variance.
SOURCES = {
    "images": lambda seeds: (0.04 * seeds**0.5, 1.0, 0.3),
    "both": lambda seeds: (0.1 * seeds**0.5, 1.0, 0.3),
    "seeds": lambda seeds: (0.3 * seeds**0.5, 1.0, 0.3),
}

Floats = NDArray[np.float64]


def generator(*cell: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(cell).encode()))


def effects(rng: np.random.Generator, shape: str, size: tuple[int, ...]) -> Floats:
    """Mean 0, SD 1, skewness 0 or 2."""
    return rng.normal(size=size) if shape == "normal" else rng.exponential(size=size) - 1


@pytest.mark.parametrize("shape", ["normal", "skewed"])
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("seeds", SEEDS)
def test_intervals_for_new_images_cover(
    seeds: int, source: str, correlation: float, shape: str
) -> None:
    # 20,000 studies at 3 seeds (standard error 0.15 points) to 8,000 at 20 (0.24 points).
    studies, images = max(1000, 7500 // seeds), 60
    rng = generator("new images", seeds, source, correlation, shape)
    sd_seed, sd_image, sd_rest = SOURCES[source](seeds)
    rates = []
    for _ in range(8 * BATCHES):
        shared_RS1 = correlation**0.5 * effects(rng, shape, (studies, seeds, 1))
        a_RS1, b_RS1 = (
            shared_RS1 + (1 - correlation) ** 0.5 * effects(rng, shape, (studies, seeds, 1))
            for _ in "ab"
        )
        image_R1N = sd_image * effects(rng, shape, (studies, 1, images))
        rest_RSN = sd_rest * rng.normal(size=(studies, seeds, images))
        w = two_way(sd_seed * (b_RS1 - a_RS1) / 2**0.5 + image_R1N + rest_RSN + 0.2)
        rates.append(((w.low <= 0.2) & (w.high >= 0.2)).mean())
    print(f"coverage, new images, {seeds=} {source} {correlation=} {shape}: {np.mean(rates):.4f}")
    low, high = (0.94, 0.96) if shape == "normal" else (0.92, 1.0)
    assert low <= np.mean(rates) <= high


@pytest.mark.thorough
@pytest.mark.parametrize("change", ["none on average", "helps some images", "helps all alike"])
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_intervals_for_new_images_cover_with_right_and_wrong_answers(
    seeds: int, change: str
) -> None:
    # 1,000 images of differing difficulty, about 95% classified right. Right or wrong is far
    # from a bell curve, and few images decide: 93 to 97% here. 3,000 studies a batch: standard
    # error 0.4 points.
    sd_change, shift = {
        "none on average": (2.0, 0.0),
        "helps some images": (0.7, 0.2),
        "helps all alike": (0.1, 0.3),
    }[change]
    level, sd_image, sd_run = 7.0, 3.5, 0.1
    rng = generator("answers", seeds, change)
    true = expected_accuracy(level + shift, [sd_image, sd_change, sd_run]) - expected_accuracy(
        level, [sd_image, sd_change, sd_run]
    )
    rates = []
    for _ in range(30 * BATCHES):
        image_R1N = level + sd_image * rng.normal(size=(100, 1, 1000))
        answers = []
        for own in (0.0, shift):
            logit_RSN = image_R1N + own + sd_change * rng.normal(size=(100, 1, 1000))
            logit_RSN = logit_RSN + sd_run * rng.normal(size=(100, seeds, 1))
            answers.append(rng.random(logit_RSN.shape) < expit(logit_RSN))
        w = two_way(answers[1].astype(float) - answers[0])
        rates.append(((w.low <= true) & (true <= w.high)).mean())
    print(f"coverage, new images, answers, {seeds=} {change}: {np.mean(rates):.4f}")
    assert 0.93 <= np.mean(rates) <= 0.97


def expected_accuracy(level: float, sds: list[float]) -> float:
    """The mean of the logistic function of a normal variable, by Gauss-Hermite quadrature."""
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    return float(expit(level + np.hypot.reduce(sds) * node) @ weight / weight.sum())


@pytest.mark.parametrize("seeds", [3, 5, 20])
def test_the_noise_floor_holds_for_two_new_runs_in_95_of_100_cases(seeds: int) -> None:
    rng = generator("floor", seeds)
    studies = 4000 * BATCHES
    below = 0
    for value_S in rng.normal(size=(studies, seeds + 2)):
        floor = noise_floor(value_S[:seeds])
        below += abs(value_S[-1] - value_S[-2]) < floor.between_runs
    # Standard error 0.35 points.
    print(f"two new runs under the floor, {seeds=}: {below / studies:.4f}")
    assert below / studies == pytest.approx(0.95, abs=0.0105)


@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_the_flip_ledger_of_a_change_that_does_nothing_is_empty(seeds: int) -> None:
    # 300 studies a batch: standard error 1.3 points at 5%, hence 9% at most.
    rng = generator("flips", seeds)
    studies = 300 * BATCHES
    called = 0
    for _ in range(studies):
        probability_N = rng.beta(0.3, 0.3, size=300)
        correct_AN, correct_BN = rng.random((2, seeds, 300)) < probability_N
        counts = flip_ledger(correct_AN, correct_BN).counts()
        called += counts[Flip.FIXED] + counts[Flip.BROKEN] > 0
    print(f"flip ledgers that call noise a change, {seeds=}: {called / studies:.4f}")
    assert called / studies <= 0.09


@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_of_the_images_called_fixed_or_broken_few_are_luck(seeds: int) -> None:
    # A hundred images truly fixed or broken among 300 that luck decides.
    rng = generator("false flips", seeds)
    shares, found = [], []
    for _ in range(100 * BATCHES):
        luck_N = rng.beta(0.3, 0.3, size=300)
        a_N = np.concatenate([luck_N, np.full(50, 0.05), np.full(50, 0.95)])
        b_N = np.concatenate([luck_N, np.full(50, 0.95), np.full(50, 0.05)])
        ledger = flip_ledger(
            rng.random((seeds, 400)) < a_N,
            rng.random((seeds, 400)) < b_N,
        )
        called_N = np.isin(ledger.category_N, [Flip.FIXED, Flip.BROKEN])
        shares.append(called_N[:300].sum() / max(1, called_N.sum()))
        found.append(called_N[300:].mean())
    print(f"false flips, {seeds=}: {np.mean(shares):.4f}, found {np.mean(found):.4f}")
    assert np.mean(shares) <= 0.05
    assert np.mean(found) > 0.7
