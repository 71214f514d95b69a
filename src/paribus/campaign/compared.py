"""What the plans of a store say of two experiments that are compared."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.campaign.lookup import FoundExperiment
from paribus.campaign.stored import readable_as, stored_campaign
from paribus.data.sources import is_function
from paribus.errors import UserError
from paribus.questions.family import judge_study
from paribus.questions.finding import Finding
from paribus.spec.functions import UNTRUSTED
from paribus.spec.question import Question
from paribus.spec.study_plan import StudyPlan
from paribus.store.reader import Reader
from paribus.store.rows import NamedStudy
from paribus.text import is_import_path


@dataclass(frozen=True)
class PlannedPair:
    """Two experiments of a study with a plan, by their names in it."""

    study: NamedStudy
    plan: StudyPlan
    compare: tuple[str, str]


def planned_pairs(a: FoundExperiment, b: FoundExperiment, store: Reader) -> Iterator[PlannedPair]:
    """Yield the studies with a plan that have both experiments."""
    for named in store.named_studies():
        plan = store.plan(named.study.id)
        if plan is not None:
            names = {hash_: name for name, hash_ in plan.now.experiments.items()}
            if a.hash in names and b.hash in names:
                yield PlannedPair(named, plan, (names[a.hash], names[b.hash]))


def check_runs_no_code(
    metric: str, sides: Sequence[FoundExperiment], pairs: Sequence[PlannedPair], store: Reader
) -> None:
    """Raise `UserError` where to compare two experiments takes a function of the user's own and
    nobody has named its study: all questions of a study are judged together, and no code is run
    because a store names it. The message has the option to add.

    metric: the one that is asked about. pairs: as `planned_pairs` has them.
    """
    asked = [once for pair in pairs for once in pair.plan.ever_asked() if once.calls_function]
    places = [store.places(side.hash) for side in sides]
    functions = [
        *filter(is_import_path, metric.split()[:1]),
        *(once.term("metric").split()[0] for once in asked),
        # Where the same data lie at another place, too, they are read there.
        *(
            of_side[0].source
            for of_side in places
            if of_side and all(is_function(one.source, one.folder) for one in of_side)
        ),
    ]
    if not functions:
        return
    names = [name for pair in pairs for name in readable_as(pair.study.study, store)]
    file = next((name for name in names if Path(name).is_file()), "STUDY")
    raise UserError(
        f"{functions[0]}: is a function, and {UNTRUSTED}: add --study {shlex.quote(file)}"
    )


def planned_finding(
    pair: PlannedPair,
    metric: str,
    matters: float | None,
    store: Reader,
    *,
    trusted: Path | None = None,
) -> Finding | None:
    """Return the finding of a study's own question about two experiments, judged in its family as a
    report does; None if no plan asks it, or asks it of what the study's file has now and not of
    these runs.

    trusted: as in `sources.find`.
    """

    def is_asked(question: object) -> bool:
        return (
            isinstance(question, Question)
            and question.compare == pair.compare
            and question.metric == metric
            and matters in (None, question.matters)
        )

    if not any(is_asked(asked.question) for asked in pair.plan.ever_asked()):
        return None
    campaign = stored_campaign(pair.study, pair.study.study.label, store, trusted, edited=True)
    known = campaign.known(store)
    for name in pair.compare:
        now = known.identities.get(name)
        if now is None or now.hash != pair.plan.now.experiments[name]:
            return None
    found = judge_study(campaign.result(store, known))
    return next((finding for finding in found if is_asked(finding.question)), None)
