"""What a replicate of a tuned experiment trains: trials, and then the winner once more."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.seeding import stream
from paribus.spec.bounds import HIGHEST_SEED, MOST_SEEDS
from paribus.spec.experiment import Experiment
from paribus.spec.identity import tuning_key
from paribus.spec.tune import Settings

FIRST_TRIAL_SEED = 10 * HIGHEST_SEED
"""Above all seeds of studies, so that the winner is trained with a seed that no trial had."""
assert FIRST_TRIAL_SEED >= HIGHEST_SEED + MOST_SEEDS


@dataclass(frozen=True)
class DrawnTrial:
    """One trial of a replicate."""

    settings: Settings
    experiment: Experiment
    """With these settings, and the replicate's validation images."""


def draw_trials(tuned: Experiment, replicate: int) -> tuple[DrawnTrial, ...]:
    """Return the trials of a replicate, which is a seed of the study. Each experiment and replicate
    draws from a stream of its own. Raise ValueError if the experiment is not tuned."""
    if tuned.tune is None:
        raise ValueError("the experiment is not tuned")
    drawn = tuned.tune.drawn(stream(replicate, "tuning", tuning_key(tuned)))
    return tuple(
        DrawnTrial(settings, tuned.with_settings(settings, replicate)) for settings in drawn
    )


def trial_seed(replicate: int) -> int:
    """Return the seed of all trials of a replicate; its winner is trained with the replicate's own.

    >>> trial_seed(3)
    10000003
    """
    return FIRST_TRIAL_SEED + replicate
