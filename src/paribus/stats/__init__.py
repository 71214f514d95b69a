"""The formulas that decide which differences are real: arrays in, numbers out.

Knows nothing of networks, stores, metrics or verdicts; `questions` puts these parts together.
docs/statistics.md says how, what it assumes, and when it misleads. The names below are the public
interface; each is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paribus.stats.equivalence import inside_margin as inside_margin
    from paribus.stats.flips import Flip as Flip
    from paribus.stats.flips import FlipLedger as FlipLedger
    from paribus.stats.flips import flip_ledger as flip_ledger
    from paribus.stats.holm import holm as holm
    from paribus.stats.images import NewImages as NewImages
    from paribus.stats.images import compare_on_new_images as compare_on_new_images
    from paribus.stats.noise import NoiseFloor as NoiseFloor
    from paribus.stats.noise import RunVariance as RunVariance
    from paribus.stats.noise import noise_floor as noise_floor
    from paribus.stats.noise import run_variance as run_variance
    from paribus.stats.paired import PairedComparison as PairedComparison
    from paribus.stats.paired import compare_pairs as compare_pairs
    from paribus.stats.power import power_of_difference as power_of_difference
    from paribus.stats.power import power_of_equivalence as power_of_equivalence
    from paribus.stats.power import seeds_to_decide as seeds_to_decide
    from paribus.stats.power import seeds_to_plan as seeds_to_plan
    from paribus.stats.ratio import Ratio as Ratio
    from paribus.stats.ratio import ratio_of_times as ratio_of_times
    from paribus.stats.replay import Replay as Replay
    from paribus.stats.replay import replay as replay
    from paribus.stats.rule import Decision as Decision
    from paribus.stats.rule import decide as decide
    from paribus.stats.sign_flip import SignFlip as SignFlip
    from paribus.stats.sign_flip import sign_flip as sign_flip

_MODULES = {
    "equivalence": ("inside_margin",),
    "flips": ("Flip", "FlipLedger", "flip_ledger"),
    "holm": ("holm",),
    "images": ("NewImages", "compare_on_new_images"),
    "noise": ("NoiseFloor", "RunVariance", "noise_floor", "run_variance"),
    "paired": ("PairedComparison", "compare_pairs"),
    "power": ("power_of_difference", "power_of_equivalence", "seeds_to_decide", "seeds_to_plan"),
    "ratio": ("Ratio", "ratio_of_times"),
    "replay": ("Replay", "replay"),
    "rule": ("Decision", "decide"),
    "sign_flip": ("SignFlip", "sign_flip"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f'module "paribus.stats" has no attribute "{name}"')
    return getattr(import_module(f"paribus.stats.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
