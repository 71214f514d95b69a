"""False verdicts on step times under load that changes. Figures of docs/statistics.md.

Two trainings of the same thing, and a third for the control, timed in turns of a round.
"""

# Axes: R studies, P processes, T turns (three a round).

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.signal import lfilter

from paribus.campaign import timing
from paribus.campaign.turns import interleaved
from paribus.measure.runs import Timing
from paribus.questions.finding import Verdict
from paribus.stats.paired import t_intervals
from tests.support import judged
from tests.support.judged import PROCESSES, time_found, timed
from tests.support.simulated import BATCHES, Floats, at_most, generator, say

STUDIES = 2000
LOADS = ["ar1", "bursts", "periodic 2.7", "periodic 3", "periodic 9", "periodic 18"]
LASTING = 0.01
"""SD of what a training takes longer for as long as it lives: 1%."""


def slowdown(rng: np.random.Generator, load: str, studies: int, turns: int) -> Floats:
    """The logarithm of how much slower each turn is, (studies, turns)."""
    if load == "ar1":
        noise = rng.normal(size=(studies, turns + 100)) * 0.05 * (1 - 0.9**2) ** 0.5
        return np.asarray(lfilter([1], [1, -0.9], noise, axis=1)[:, 100:])
    if load == "bursts":
        begins = rng.random((studies, turns)) < 0.03
        slow = np.zeros((studies, turns), dtype=bool)
        for turn in range(4):
            slow[:, turn:] |= begins[:, : turns - turn]
        return 0.5 * slow
    period = float(load.split()[1])
    phase = rng.random((studies, 1)) * period
    return np.asarray(0.3 * ((np.arange(turns) + phase) % period < period / 2))


def log_ratios(
    rng: np.random.Generator, load: str, size: tuple[int, int], *, order: str, lasting: float
) -> tuple[Floats, Floats]:
    """Log ratios B/A and A/A of every round, (*size, rounds)."""
    rounds = timing.ROUNDS if size[1] > 1 else 100
    n = size[0] * size[1]
    slow = slowdown(rng, load, n, 3 * rounds).reshape(n, rounds, 3)
    slow = slow + 0.01 * rng.normal(size=slow.shape)
    if order == "random":
        turn = rng.permuted(np.tile(np.arange(3), (n, rounds, 1)), axis=-1)
    else:
        # Every order, one after the other.
        orders = np.array(list(permutations(range(3))))
        turn = np.tile(orders[np.arange(rounds) % 6], (n, 1, 1))
    time = np.take_along_axis(slow, turn, axis=-1) + lasting * rng.normal(size=(n, 1, 3))
    b, control = (time[..., i] - time[..., 0] for i in (1, 2))
    return b.reshape(*size, rounds), control.reshape(*size, rounds)


def false_verdicts(b: Floats, control: Floats) -> int:
    """How many studies say that B is slower or faster: as `decide_times`, many at once."""
    t, c = t_intervals(b), t_intervals(control)
    floor = np.maximum(np.abs(c.low), np.abs(c.high))
    return int(((t.p <= 0.04) & (np.abs(t.mean) > floor)).sum())


@pytest.mark.parametrize("processes", [5, 10])
@pytest.mark.parametrize("load", LOADS)
def test_processes_with_a_random_order_keep_the_level(load: str, processes: int) -> None:
    rng = generator("times", load, processes)
    claimed = by_t = 0
    for _ in range(BATCHES):
        b, control = log_ratios(rng, load, (STUDIES, processes), order="random", lasting=LASTING)
        claimed += false_verdicts(b.mean(axis=-1), control.mean(axis=-1))
        by_t += int((t_intervals(b.mean(axis=-1)).p <= 0.04).sum())
    studies = STUDIES * BATCHES
    say("step times", load=load, processes=processes, rate=claimed / studies, t=by_t / studies)
    assert at_most(by_t / studies, 0.05, studies)
    assert at_most(claimed / studies, 0.01, studies)


@pytest.mark.parametrize("load", LOADS)
def test_what_is_wired_keeps_the_level(load: str) -> None:
    """Turns as `campaign.turns` takes them, timings as they are kept, judged as a question is."""
    rng = generator("wired", load)
    studies, claimed = 250 * BATCHES, 0
    for _ in range(studies):
        slow = slowdown(rng, load, PROCESSES, 3 * timing.ROUNDS)
        finding = time_found(timed([timed_process(rng, slow_T) for slow_T in slow]))
        claimed += finding.verdict in (Verdict.BETTER, Verdict.WORSE)
    say("step times, wired", load=load, processes=PROCESSES, rate=claimed / studies)
    assert at_most(claimed / studies, 0.05, studies)


def timed_process(rng: np.random.Generator, slow_T: Floats) -> Timing:
    """Time two equal trainings and the control under a load, as a process does."""
    clock = iter(slow_T.tolist())
    lasting = rng.normal(size=3) * LASTING
    turns = [
        lambda own=own: math.exp(next(clock) + own + 0.01 * rng.normal())
        for own in lasting.tolist()
    ]
    a_R, b_R, control_R = interleaved(turns, timing.ROUNDS, rng)
    return judged.timing(a_R, b_R, control_R)


def test_a_real_difference_is_still_found() -> None:
    rng = generator("wired", "difference")
    found = 0
    for _ in range(100):
        slow = slowdown(rng, "ar1", PROCESSES, 3 * timing.ROUNDS)
        timings = [timed_process(rng, slow_T) for slow_T in slow]
        slower = [
            replace(one, b_seconds=[1.15 * second for second in one.b_seconds]) for one in timings
        ]
        found += time_found(timed(slower)).verdict is Verdict.WORSE
    assert found >= 95


@pytest.mark.parametrize(
    ("load", "order", "lasting"),
    [("periodic 9", "fixed", 0.0), ("periodic 18", "fixed", 0.0), ("ar1", "random", LASTING)],
)
def test_rounds_of_one_process_do_not(load: str, order: str, lasting: float) -> None:
    # A fixed order of turns against a periodic load, or trainings that differ for as long as
    # they live, which more rounds show only more clearly.
    rng = generator("one process", load, order)
    b, control = log_ratios(rng, load, (STUDIES, 1), order=order, lasting=lasting)
    rate = false_verdicts(b[:, 0], control[:, 0]) / STUDIES
    say("one process", load=load, order=order, lasting=lasting, rate=rate)
    assert 0.12 <= rate <= 0.30
