"""How many seeds a new study would take to decide what this one has not."""

from __future__ import annotations

from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.paired import PairedComparison
from paribus.stats.planning import SeedPlan, plan_seeds, plan_seeds_as_seen


def seeds_to_decide(
    paired: PairedComparison, family: int, matters: float | None
) -> tuple[SeedPlan, int | None]:
    """Return the seeds of a new study that would decide it, more than this one has; and those that
    would do if the true difference were as large as the observed one, where they are not more.

    family: the number of questions. matters: in the unit of the differences.
    """
    # The hardest of Holm's steps: what the question needs if no other one is decided.
    level = VERDICT_LEVEL / family
    seen = plan_seeds_as_seen(paired.mean, paired.sd, paired.n, matters=matters, level=level)
    least = paired.n + 1
    seen = SeedPlan(*(n if n is None else max(n, least) for n in (seen.as_observed, seen.cautious)))
    as_seen = seen.cautious
    if matters is not None:
        planned = plan_seeds(paired.sd, paired.n, matters, level)
        # The estimate is not used as long as that will do: it is as uncertain as the verdict.
        if planned.cautious is None or planned.cautious > paired.n:
            fewer = as_seen is not None and (planned.cautious is None or as_seen < planned.cautious)
            return planned, as_seen if fewer else None
    return seen, as_seen
