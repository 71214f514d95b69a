"""The formulas that decide which differences are real: arrays in, numbers out.

Knows nothing of networks, stores, metrics or verdicts; `questions` puts these parts together.
docs/statistics.md says how, what it assumes, and when it misleads. The names below are the public
interface; each is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paribus.stats.adjustment import holm as holm
    from paribus.stats.best import BestSet as BestSet
    from paribus.stats.best import Ranks as Ranks
    from paribus.stats.best import all_within as all_within
    from paribus.stats.best import best_set as best_set
    from paribus.stats.best import ranks as ranks
    from paribus.stats.course import Course as Course
    from paribus.stats.course import follow as follow
    from paribus.stats.e_process import ConfidenceSequence as ConfidenceSequence
    from paribus.stats.e_process import anytime_p as anytime_p
    from paribus.stats.e_process import confidence_sequence as confidence_sequence
    from paribus.stats.e_process import log_e_values as log_e_values
    from paribus.stats.e_process import rescue_p as rescue_p
    from paribus.stats.equivalence import inside_margin as inside_margin
    from paribus.stats.failures import FarRuns as FarRuns
    from paribus.stats.failures import far_from_siblings as far_from_siblings
    from paribus.stats.failures import unseen_failure_rate as unseen_failure_rate
    from paribus.stats.flips import Flip as Flip
    from paribus.stats.flips import FlipLedger as FlipLedger
    from paribus.stats.flips import flip_ledger as flip_ledger
    from paribus.stats.looks import AtLooks as AtLooks
    from paribus.stats.looks import Looks as Looks
    from paribus.stats.looks import at_looks as at_looks
    from paribus.stats.looks import futile as futile
    from paribus.stats.new_images import NewImages as NewImages
    from paribus.stats.new_images import compare_on_new_images as compare_on_new_images
    from paribus.stats.new_images import p_for_new_images as p_for_new_images
    from paribus.stats.noise import NoiseFloor as NoiseFloor
    from paribus.stats.noise import RunVariance as RunVariance
    from paribus.stats.noise import noise_floor as noise_floor
    from paribus.stats.noise import run_variance as run_variance
    from paribus.stats.paired import PairedComparison as PairedComparison
    from paribus.stats.paired import compare_pairs as compare_pairs
    from paribus.stats.planning import SeedPlan as SeedPlan
    from paribus.stats.planning import plan_seeds as plan_seeds
    from paribus.stats.planning import plan_seeds_as_seen as plan_seeds_as_seen
    from paribus.stats.planning import sd_upper_limit as sd_upper_limit
    from paribus.stats.power import power_of_difference as power_of_difference
    from paribus.stats.power import power_of_equivalence as power_of_equivalence
    from paribus.stats.power import seeds_to_decide as seeds_to_decide
    from paribus.stats.power import seeds_to_plan as seeds_to_plan
    from paribus.stats.replay_of_equals import reversal_rate_of_equals as reversal_rate_of_equals
    from paribus.stats.rule import Decision as Decision
    from paribus.stats.rule import decide as decide
    from paribus.stats.sign_flips import SignFlip as SignFlip
    from paribus.stats.sign_flips import sign_flip as sign_flip
    from paribus.stats.single_run import Replay as Replay
    from paribus.stats.single_run import replay as replay
    from paribus.stats.step_times import Ratio as Ratio
    from paribus.stats.step_times import decide_times as decide_times
    from paribus.stats.step_times import ratio_over_processes as ratio_over_processes
    from paribus.stats.tuning import TunedDifference as TunedDifference
    from paribus.stats.tuning import TuningCurve as TuningCurve
    from paribus.stats.tuning import at_edge as at_edge
    from paribus.stats.tuning import chosen as chosen
    from paribus.stats.tuning import compare_tuned as compare_tuned
    from paribus.stats.tuning import shared_settings as shared_settings
    from paribus.stats.tuning import tuning_curve as tuning_curve
    from paribus.stats.tuning import winners as winners
    from paribus.stats.unpaired import Unpaired as Unpaired
    from paribus.stats.unpaired import best_of_normal as best_of_normal
    from paribus.stats.unpaired import compare_unpaired as compare_unpaired

_MODULES = {
    "best": ("BestSet", "Ranks", "all_within", "best_set", "ranks"),
    "course": ("Course", "follow"),
    "e_process": (
        "ConfidenceSequence",
        "anytime_p",
        "confidence_sequence",
        "log_e_values",
        "rescue_p",
    ),
    "equivalence": ("inside_margin",),
    "failures": ("FarRuns", "far_from_siblings", "unseen_failure_rate"),
    "flips": ("Flip", "FlipLedger", "flip_ledger"),
    "adjustment": ("holm",),
    "looks": ("AtLooks", "Looks", "at_looks", "futile"),
    "new_images": ("NewImages", "compare_on_new_images", "p_for_new_images"),
    "noise": ("NoiseFloor", "RunVariance", "noise_floor", "run_variance"),
    "paired": ("PairedComparison", "compare_pairs"),
    "planning": ("SeedPlan", "plan_seeds", "plan_seeds_as_seen", "sd_upper_limit"),
    "power": ("power_of_difference", "power_of_equivalence", "seeds_to_decide", "seeds_to_plan"),
    "single_run": ("Replay", "replay"),
    "replay_of_equals": ("reversal_rate_of_equals",),
    "rule": ("Decision", "decide"),
    "sign_flips": ("SignFlip", "sign_flip"),
    "step_times": ("Ratio", "decide_times", "ratio_over_processes"),
    "tuning": (
        "TunedDifference",
        "TuningCurve",
        "at_edge",
        "chosen",
        "compare_tuned",
        "shared_settings",
        "tuning_curve",
        "winners",
    ),
    "unpaired": ("Unpaired", "best_of_normal", "compare_unpaired"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f'module "paribus.stats" has no attribute "{name}"')
    return getattr(import_module(f"paribus.stats.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
