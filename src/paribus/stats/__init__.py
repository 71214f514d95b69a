"""Which differences between experiments are real: arrays in, findings out.

Knows nothing of networks, stores or files. `judge_family` answers the questions of a study;
docs/statistics.md says how, what it assumes, and when it misleads.
"""

from paribus.stats.comparison import Comparison
from paribus.stats.evidence import Evidence, Measured
from paribus.stats.flips import Flip, FlipLedger, flip_ledger
from paribus.stats.holm import holm
from paribus.stats.images import NewImages, compare_on_new_images
from paribus.stats.metric import Metric
from paribus.stats.noise import NoiseFloor, RunVariance, noise_floor, run_variance
from paribus.stats.paired import PairedComparison, compare_pairs
from paribus.stats.power import (
    power_of_difference,
    power_of_equivalence,
    seeds_to_decide,
    seeds_to_plan,
)
from paribus.stats.replay import Replay, replay
from paribus.stats.sign_flip import SignFlip, sign_flip
from paribus.stats.times import Ratio, TimeComparison, TimeFinding, judge_times, p_of
from paribus.stats.verdict import Finding, Verdict, judge, judge_family

__all__ = [
    "Comparison",
    "Evidence",
    "Finding",
    "Flip",
    "FlipLedger",
    "Measured",
    "Metric",
    "NewImages",
    "NoiseFloor",
    "PairedComparison",
    "Ratio",
    "Replay",
    "RunVariance",
    "SignFlip",
    "TimeComparison",
    "TimeFinding",
    "Verdict",
    "compare_on_new_images",
    "compare_pairs",
    "flip_ledger",
    "holm",
    "judge",
    "judge_family",
    "judge_times",
    "noise_floor",
    "p_of",
    "power_of_difference",
    "power_of_equivalence",
    "replay",
    "run_variance",
    "seeds_to_decide",
    "seeds_to_plan",
    "sign_flip",
]
