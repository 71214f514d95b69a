"""What is said of a study before anything is trained."""

from __future__ import annotations

from paribus.spec.study import Study
from paribus.stats.limits import FEWEST_SEEDS
from paribus.text import count


def too_few_seeds(study: Study) -> str:
    """Return what has to be said of seeds that allow no verdict, or ""."""
    if not study.questions or study.preview or study.seeds >= FEWEST_SEEDS:
        return ""
    seeds = count(study.seeds, "seed")
    return f"With {seeds} no question about runs gets a verdict; it takes at least {FEWEST_SEEDS}."
