"""All questions of a study together: their p values are adjusted once, then each is concluded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from paribus.measure.runs import StudyResult
from paribus.questions.finding import EarlierStates, Finding, NoVerdict, PairFinding, Verdict
from paribus.questions.kind import Context, Prepared, kind_of
from paribus.questions.looks import at_last_look, next_look
from paribus.questions.next_look import NextLook
from paribus.questions.raised import as_raised
from paribus.spec.question import BaseQuestion
from paribus.spec.study_plan import AskedQuestion, StudyPlan, What
from paribus.stats.adjustment import holm
from paribus.stats.limits import VERDICT_LEVEL


def judge_study(result: StudyResult) -> list[Finding]:
    """Return the findings of all questions of a study, in their order, judged as one family with
    all that it has ever asked, by its recorded plan."""
    asked, context = result.study.questions, Context.of(result)
    plan = result.recorded_plan
    if plan is None:
        return judge(asked, context)
    gone = _gone(plan, asked)
    prepared = _all_prepared(result, gone, context)
    found = _judged(prepared, context)
    since = {once.key: finding for once, finding in zip(gone, found[len(asked) :], strict=False)}
    findings = []
    for number, (question, finding) in enumerate(zip(asked, found, strict=False)):
        before = _before(question, plan)
        late = plan.original.asked_late(question) and finding.needs_training
        changed = _changed(plan, question, result) if finding.needs_training else None
        finding = replace(finding, exploratory=before is None or late, changed=changed)
        if before is None:
            pass
        elif before.key != AskedQuestion.of(question).key:
            finding = replace(finding, as_recorded=since.get(before.key))
        elif _other_terms(before, question) and before.question is not None:
            # Its p-value is the same, so that it counts once in the family.
            once_more = [*prepared]
            once_more[number] = _prepared(before.question, context)
            finding = replace(finding, as_recorded=_judged(once_more, context)[number])
        findings.append(finding)
    return findings


def next_look_of(result: StudyResult) -> NextLook:
    """Return what the looks of a study call for by now.

    Judged by the looks of the study itself, which a run is about to record if none has.
    """
    looks, asked = result.study.looks, result.study.questions
    context = replace(Context.of(result), looks=looks, images=False)
    plan = result.recorded_plan
    gone = [] if plan is None else _gone(plan, asked)
    stands = at_last_look(_all_prepared(result, gone, context), looks)[: len(asked)]
    return next_look(result.experiments, asked, stands, looks)


def judge(questions: Sequence[BaseQuestion], context: Context) -> list[Finding]:
    """Return the findings of questions, in their order, judged as one family.

    `questions` must be all that the study asks: leaving some out after seeing the numbers undoes
    the adjustment.
    """
    return _judged([_prepared(question, context) for question in questions], context)


def _judged(prepared: Sequence[Prepared], context: Context) -> list[Finding]:
    planned = context.raised_from
    stands = (
        at_last_look(prepared, context.looks)
        if planned is None
        else as_raised(prepared, planned, context.looks)
    )
    findings = conclude(stands)
    return [
        replace(finding, preview=context.preview and finding.needs_training) for finding in findings
    ]


def _prepared(question: BaseQuestion, context: Context) -> Prepared:
    return kind_of(question).prepare(question, context)


def _all_prepared(
    result: StudyResult, gone: Sequence[AskedQuestion], context: Context
) -> list[Prepared]:
    """The questions of a study, those that it has asked once, and those that it has asked of
    experiments as they were before they changed."""
    return [
        *(_prepared(question, context) for question in result.study.questions),
        *(_recorded(once, context) for once in gone),
        *_of_earlier_experiments(result, gone),
    ]


def _of_earlier_experiments(
    result: StudyResult, gone: Sequence[AskedQuestion]
) -> Iterator[Prepared]:
    """Their numbers are not read: an earlier experiment may be stored or not."""
    plan = result.recorded_plan
    if plan is None:
        return
    for question in result.study.questions:
        once = AskedQuestion.of(question)
        yield from (_Unknown(once) for _ in plan.once_asked(once, _changed_names(result)))
    for once in gone:
        # One of them is the question itself.
        yield from (_Unknown(once) for _ in plan.once_asked(once, _changed_names(result))[1:])


def _changed_names(result: StudyResult) -> set[str]:
    """The experiments that are not as the last run has recorded them."""
    return {one.subject for one in result.pending if one.what is What.EXPERIMENT_CHANGED}


def _changed(plan: StudyPlan, question: BaseQuestion, result: StudyResult) -> EarlierStates | None:
    pending = _changed_names(result)
    before = plan.once_asked(AskedQuestion.of(question), pending)
    now = plan.now.experiments
    names = tuple(
        name
        for name in question.experiments
        if any(name in pending or one.get(name) != now.get(name) for one in before)
    )
    times = len(before) if kind_of(question).tested else 0
    return EarlierStates(names, times) if before else None


def _recorded(once: AskedQuestion, context: Context) -> Prepared:
    """A question that is not asked any more, with its numbers if its experiments are there."""
    question = once.question
    if question is None or not set(question.experiments) <= set(context.experiments):
        return _Unknown(once)
    return _prepared(question, context)


@dataclass(frozen=True)
class _Unknown:
    """A question that was asked once, and of which there are no numbers: it counts all the same."""

    once: AskedQuestion

    @property
    def p_values(self) -> tuple[float, ...]:
        question = self.once.question
        return (1.0,) if question is None or kind_of(question).tested else ()

    def conclude(self, adjusted: tuple[float, ...], family: int) -> Finding:
        question = self.once.question or BaseQuestion(ask=self.once.ask)
        return Finding(question, Verdict.NONE, NoVerdict.UNFINISHED, False)


def _gone(plan: StudyPlan, asked: Sequence[BaseQuestion]) -> list[AskedQuestion]:
    """The questions that were asked once and are not any more; they count all the same."""
    keys = {AskedQuestion.of(question).key for question in asked}
    return [once for once in plan.ever_asked() if once.key not in keys]


def _before(question: BaseQuestion, plan: StudyPlan) -> AskedQuestion | None:
    """What a question was when the plan was recorded; None if it was added later."""
    return plan.original.asked_as(AskedQuestion.of(question))


def _other_terms(once: AskedQuestion, question: BaseQuestion) -> bool:
    asked = AskedQuestion.of(question)
    return any(once.term(term) != asked.term(term) for term in ("matters", "about"))


def conclude(prepared: Sequence[Prepared]) -> list[Finding]:
    """Adjust the p values of prepared questions for one another (Holm), and conclude each.

    Those without a p value do not count: a count, and a question that is known to be confounded
    before anything is trained. Those without a test yet (too few seeds, say) count with p = 1.

    >>> conclude([])
    []
    """
    p_values = [p for question in prepared for p in question.p_values]
    adjusted = holm(p_values).tolist()
    findings, at = [], 0
    for question in prepared:
        end = at + len(question.p_values)
        findings.append(question.conclude(tuple(adjusted[at:end]), len(p_values)))
        at = end
    return _on_new_images(findings, len(p_values))


def _on_new_images(findings: list[Finding], family: int) -> list[Finding]:
    """Say of each difference whether it is expected for new images too: a second claim, adjusted
    for as many questions as the first."""
    claims = [
        finding.evidence.measured.new_images_p
        if isinstance(finding, PairFinding)
        and finding.evidence.measured is not None
        and finding.evidence.adjusted_p is not None
        else None
        for finding in findings
    ]
    p_values = [p for p in claims if p is not None]
    adjusted = iter(holm([*p_values, *[1.0] * (family - len(p_values))]).tolist())
    return [
        finding
        if p is None or not isinstance(finding, PairFinding)
        else _claimed(finding, adjusted)
        for finding, p in zip(findings, claims, strict=True)
    ]


def _claimed(finding: PairFinding, adjusted: Iterator[float]) -> PairFinding:
    p = next(adjusted)
    finding = replace(finding, evidence=replace(finding.evidence, new_images_adjusted_p=p))
    if finding.verdict not in (Verdict.BETTER, Verdict.WORSE):
        return finding
    return replace(finding, shown_for_new_images=p <= VERDICT_LEVEL)
