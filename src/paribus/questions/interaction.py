"""Does a change do as much in the second place as in the first? Two differences over seeds.

Of every seed there are four runs, without and with the change in either place, and one number:
(B2 - A2) - (B1 - A1). It is judged as any difference between two experiments is, `compare`.
"""

# Axes: C the four experiments A1, B1, A2, B2; S seeds.

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from paribus.measure import table
from paribus.measure.metric import asked
from paribus.questions.compare import Comparison
from paribus.questions.finding import CellLevel, Evidence, InteractionFinding, Pair
from paribus.questions.guard import two_changes
from paribus.questions.kind import Context, Kind
from paribus.questions.pair import other_bits, together, with_engine
from paribus.spec.question import InteractionQuestion
from paribus.stats.levels import mean_and_sd

NEAR_CEILING = 0.99
"""Above this share, an equal gain in points is a much larger one in log-odds."""


def prepare(question: InteractionQuestion, context: Context) -> Interaction:
    """Return the interaction over the seeds whose runs of all four have ended."""
    metric = asked(question)
    results = [context.experiments[name] for name in question.experiments]
    rows = together(results, metric, context)
    cell_CS = np.array([table.values(side) for side in rows])
    scores = [table.scores(side) if context.images else None for side in rows]
    known = [score_SN for score_SN in scores if score_SN is not None]
    changed = two_changes([with_engine(result) for result in results], question.about)
    a_1, b_1, a_2, b_2 = question.experiments
    return Interaction(
        question=question,
        pair=Pair(a_1, a_2, differences=changed.places, confounds=changed.confounds),
        metric=metric,
        a_S=cell_CS[1] - cell_CS[0],
        b_S=cell_CS[3] - cell_CS[2],
        planned=context.planned,
        a_SN=known[1] - known[0] if len(known) == len(rows) else None,
        b_SN=known[3] - known[2] if len(known) == len(rows) else None,
        next_seed=context.next_seed,
        other_bits=other_bits(results),
        changes=(
            Pair(a_1, b_1, differences=changed.first),
            Pair(a_2, b_2, differences=changed.second),
        ),
        cell_CS=cell_CS,
    )


INTERACTION = Kind(InteractionQuestion, prepare)


@dataclass(frozen=True, eq=False)
class Interaction(Comparison):
    """A comparison of what a change does in two places; a `Prepared`.

    `a_S`, `b_S`: what it does in the first and in the second, NaN where one of the two runs has no
    value. `cell_CS`: the values of the four, (4, S) or more seeds.
    """

    question: InteractionQuestion
    changes: tuple[Pair, Pair] = field(kw_only=True)
    cell_CS: NDArray[np.float64] = field(kw_only=True)

    def favoring(self, evidence: Evidence, *, b_is_better: bool) -> int:
        """Return the seeds left out: a missing value on either side of a change raises or
        lowers what the change seems to do."""
        return evidence.runs - evidence.n

    def conclude(self, adjusted: tuple[float, ...], family: int) -> InteractionFinding:
        """Return the finding, once the adjusted p is known."""
        finding = super().conclude(adjusted, family)
        value_CS = self.cell_CS[:, : self.paired.size][:, self.paired]
        metric, names = self.metric, self.question.experiments
        high_C = value_CS.mean(axis=1) > NEAR_CEILING if value_CS.size else np.zeros(4, np.bool_)
        bounded = metric.is_share and metric.higher_is_better
        # How far effects lie apart is no noise of single runs.
        facts = vars(replace(finding, noise=None))
        return InteractionFinding(
            **facts,
            changes=self.changes,
            cells=tuple(
                CellLevel(name, mean_and_sd(value_S))
                for name, value_S in zip(names, value_CS, strict=True)
            ),
            near_ceiling=tuple(
                name for name, high in zip(names, high_C, strict=True) if bounded and high
            ),
        )
