"""The questions of a study, answered: its runs go to the statistics, and come back as sentences."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from paribus.analysis.results import ExperimentResult, Run, StudyResult
from paribus.analysis.values import Scores, stats_metric, value
from paribus.data.dataset import Dataset
from paribus.seeding import stream
from paribus.spec.diff import consequences, differences
from paribus.spec.experiment import Experiment
from paribus.spec.metric import metric_kind
from paribus.spec.study import Question, Study
from paribus.stats import (
    Comparison,
    Finding,
    FlipLedger,
    NoiseFloor,
    Replay,
    TimeComparison,
    TimeFinding,
    Verdict,
    flip_ledger,
    holm,
    judge_family,
    judge_times,
    noise_floor,
    p_of,
)
from paribus.stats.paired import FEWEST_SEEDS
from paribus.store.timings import Timing
from paribus.text import count, plural

# S seeds, N images


@dataclass(frozen=True)
class Answer:
    """A question and what came out of it.

    `sentence` has estimate, interval and n; `reasons` are sentences that say what it rests on.
    `differences` are all, `confounds` those that the question is not about. `agrees`: with the
    report that the study repeats; None where it cannot be told, and `agreement` says why.
    `finding`, `times` or `counts` (A's and B's parameters) hold the numbers, `noise` and `ledger`
    what else there is to see.
    """

    question: Question
    a: str
    b: str
    verdict: Verdict
    sentence: str
    reasons: tuple[str, ...]
    less_than_matters: bool
    differences: tuple[str, ...]
    confounds: tuple[str, ...]
    consequences: tuple[str, ...]
    agrees: bool | None
    agreement: str
    finding: Finding | None = None
    counts: tuple[int, int] | None = None
    times: TimeFinding | None = None
    noise: NoiseFloor | None = None
    noise_sentence: str = ""
    ledger: FlipLedger | None = None

    @property
    def replay(self) -> Replay | None:
        """What one training of each would have told."""
        return None if self.finding is None else self.finding.evidence.replay

    @property
    def badge(self) -> str:
        """The verdict in a word or two. "Better" beside a number of parameters could be misread:
        it says which way the second experiment differs."""
        kind, _ = metric_kind(self.question.metric)
        words = {Verdict.BETTER: kind.better, Verdict.WORSE: kind.worse}
        return words.get(self.verdict, str(self.verdict))


@dataclass(frozen=True)
class Surroundings:
    """What questions are answered in: the data, the seeds planned (None: those there are), whether
    it is a preview, the timings there are, what a command would call the study, and whether runs
    are compared of the same seeds."""

    dataset: Dataset
    planned: int | None = None
    preview: bool = False
    timings: tuple[Timing, ...] = ()
    study_name: str = ""
    same_seeds: bool = True


def too_few_seeds(study: Study) -> str:
    """What is to be said, before anything is trained, of seeds that allow no verdict; or ""."""
    if not study.questions or study.preview or study.seeds >= FEWEST_SEEDS:
        return ""
    seeds = count(study.seeds, "seed")
    return f"With {seeds} no question about runs gets a verdict; it takes at least {FEWEST_SEEDS}."


def answers(result: StudyResult) -> list[Answer]:
    """The answers to all questions of a study, in their order, judged as one family."""
    study = result.study
    where = Surroundings(
        result.dataset, study.seeds, study.preview, result.timings, result.study_name
    )
    pairs = [
        (question, result.experiments[question.compare[0]], result.experiments[question.compare[1]])
        for question in study.questions
    ]
    return answer_family(pairs, where)


def answer_family(
    pairs: Sequence[tuple[Question, ExperimentResult, ExperimentResult]], where: Surroundings
) -> list[Answer]:
    """Answer questions, each with its two experiments, adjusted for one another (Holm).

    Counts, such as parameters, are no measurements: they take no seeds and are no part of the
    family.
    """
    scores = Scores(where.dataset.test_labels)
    begun = [_begin(question, a, b, where) for question, a, b in pairs]
    of_seeds, of_times = {}, {}
    for i, (question, a, b) in enumerate(pairs):
        if question.metric == "step_time":
            of_times[i] = _times(begun[i], a, b, where)
        elif metric_kind(question.metric)[0].from_runs:
            of_seeds[i] = _comparison(begun[i], a, b, where, scores)
    counted = {i: t for i, t in of_times.items() if not t.confounds}
    findings = dict(
        zip(
            of_seeds,
            judge_family(
                list(of_seeds.values()),
                stream(0, "sign flips"),
                beside=[p_of(t) for t in counted.values()],
            ),
            strict=True,
        )
    )
    others = [f.evidence.p for i, f in findings.items() if not of_seeds[i].confounds]
    adjusted = holm([*(p_of(t) for t in counted.values()), *others])
    adjusted_of: Mapping[int, float] = dict(zip(counted, adjusted.tolist(), strict=False))
    done = []
    for i, (_, a, b) in enumerate(pairs):
        if i in findings:
            answer = _from_seeds(begun[i], findings[i], of_seeds[i], a, b, scores)
        elif i in of_times:
            times = judge_times(of_times[i], adjusted_of.get(i), len(adjusted))
            timing = _timing(a, b, where)
            answer = _from_times(begun[i], times, timing)
        else:
            answer = _count(begun[i], a, b)
        done.append(_held_against_the_original(answer))
    return done


def _begin(
    question: Question, a: ExperimentResult, b: ExperimentResult, where: Surroundings
) -> Answer:
    """The question with its differences, still without an answer."""
    first, second = _resolved(a), _resolved(b)
    found = differences(first, second)
    if "auto" in (first.engine, second.engine):
        # Nobody knows yet what will train it.
        found = [d for d in found if d.aspect != "engine"]
    train_images = len(where.dataset.train_labels) - a.experiment.validation
    follows: list[str] = []
    if a.plan is not None and b.plan is not None:
        follows = consequences((first, a.plan), (second, b.plan), train_images)
    return Answer(
        question=question,
        a=a.name,
        b=b.name,
        verdict=Verdict.NONE,
        sentence="",
        reasons=(),
        less_than_matters=False,
        differences=tuple(d.words for d in found),
        confounds=tuple(d.words for d in found if not d.is_about(question.about)),
        consequences=tuple(follows),
        agrees=None,
        agreement="",
    )


def _resolved(result: ExperimentResult) -> Experiment:
    """The experiment with the engine that trained it, where it leaves the choice."""
    if result.experiment.engine != "auto" or not result.runs:
        return result.experiment
    return result.experiment.but(engine=result.runs[0].engine)


def _paired(a: ExperimentResult, b: ExperimentResult) -> tuple[list[Run], list[Run]]:
    """The runs of both of the seeds with which both have ended, by seed."""
    ended_a, ended_b = ({run.seed: run for run in r.runs if run.ended} for r in (a, b))
    seeds = sorted(ended_a.keys() & ended_b.keys())
    return [ended_a[seed] for seed in seeds], [ended_b[seed] for seed in seeds]


def _comparison(
    begun: Answer, a: ExperimentResult, b: ExperimentResult, where: Surroundings, scores: Scores
) -> Comparison:
    metric = begun.question.metric
    runs_a, runs_b = _paired(a, b)
    a_SN, b_SN = scores.of_metric(runs_a, metric), scores.of_metric(runs_b, metric)
    both = a_SN is not None and b_SN is not None
    return Comparison(
        a.name,
        b.name,
        stats_metric(metric),
        np.array([value(run, metric) for run in runs_a]),
        np.array([value(run, metric) for run in runs_b]),
        matters=begun.question.matters or None,
        planned=where.planned,
        confounds=begun.confounds,
        a_SN=a_SN if both else None,
        b_SN=b_SN if both else None,
        preview=where.preview,
        same_seeds=where.same_seeds,
    )


def _from_seeds(
    begun: Answer,
    finding: Finding,
    asked: Comparison,
    a: ExperimentResult,
    b: ExperimentResult,
    scores: Scores,
) -> Answer:
    answer = replace(
        begun,
        verdict=finding.verdict,
        sentence=finding.sentence,
        reasons=finding.reasons,
        less_than_matters=finding.less_than_matters,
        finding=finding,
    )
    runs_a, runs_b = _paired(a, b)
    is_accuracy = begun.question.metric == "test_accuracy"
    correct_a, correct_b = (
        scores.correct([run for run in runs if run.status == "finished"])
        for runs in (runs_a, runs_b)
    )
    a_S = np.asarray(asked.a_S)
    if len(a_S) >= FEWEST_SEEDS and np.isfinite(a_S).all():
        floor = noise_floor(a_S, correct_a if is_accuracy else None)
        sentence = floor.sentence(a.name, asked.metric)
        answer = replace(answer, noise=floor, noise_sentence=sentence)
    if is_accuracy and correct_a is not None and correct_b is not None:
        answer = replace(answer, ledger=flip_ledger(correct_a, correct_b))
    return answer


def _times(
    begun: Answer, a: ExperimentResult, b: ExperimentResult, where: Surroundings
) -> TimeComparison:
    command = ""
    if where.study_name:
        names = (a.name, b.name, "--study", where.study_name)
        command = f"`paribus time {' '.join(map(shlex.quote, names))}`"
    timing = _timing(a, b, where)
    one, other = a.name, b.name
    if timing is not None and timing.a_engine != timing.b_engine:
        # Else a reader would put down to the experiment what is the engine's.
        one, other = f"{one} by {timing.a_engine}", f"{other} by {timing.b_engine}"
    return TimeComparison(
        one,
        other,
        timing.a_seconds if timing else (),
        timing.b_seconds if timing else (),
        timing.control_seconds if timing else (),
        matters=begun.question.matters or None,
        confounds=begun.confounds,
        preview=where.preview,
        how=command,
    )


def _timing(a: ExperimentResult, b: ExperimentResult, where: Surroundings) -> Timing | None:
    first, second = _resolved(a), _resolved(b)
    key = (first.step_hash, first.engine, second.step_hash, second.engine)
    return next((timing for timing in where.timings if timing.is_of(*key)), None)


def _from_times(begun: Answer, times: TimeFinding, timing: Timing | None) -> Answer:
    reasons = times.reasons
    if timing is not None:
        engines = dict.fromkeys((timing.a_engine, timing.b_engine))
        processor = timing.environment.get("processor", "an unknown processor")
        reasons += (
            f"Timed apart from training, in turns in one process, with the "
            f"{plural(len(engines), 'engine')} {' and '.join(engines)} on {processor}; what "
            "training runs took beside one another is no part of it.",
        )
        if timing.disturbed:
            reasons += (timing.disturbed,)
    return replace(
        begun,
        verdict=times.verdict,
        sentence=times.sentence,
        reasons=reasons,
        less_than_matters=times.less_than_matters,
        times=times,
    )


def _count(begun: Answer, a: ExperimentResult, b: ExperimentResult) -> Answer:
    """The one answer that needs no training."""
    # Only the network has parameters; the recipe cannot confound their number.
    begun = replace(begun, confounds=())
    if a.parameters is None or b.parameters is None:
        which = a.name if a.parameters is None else b.name
        return replace(
            begun,
            sentence=f"No verdict: {which} is a module of your own, whose parameters Paribus "
            "does not count.",
        )
    before, after = a.parameters, b.parameters
    begun = replace(begun, counts=(before, after))
    if before == after:
        return replace(
            begun,
            verdict=Verdict.EQUAL,
            sentence=f"{a.name} and {b.name} have the same number of parameters: {before:,}. "
            "A count needs no seeds.",
        )
    return replace(
        begun,
        verdict=Verdict.BETTER if after < before else Verdict.WORSE,
        sentence=f"{b.name} has {'fewer' if after < before else 'more'} parameters than {a.name}: "
        f"{after:,} against {before:,}. A count needs no seeds.",
    )


def _held_against_the_original(answer: Answer) -> Answer:
    """Whether the report that the study repeats had concluded the same."""
    said = answer.question.original_verdict
    if not said:
        unsaid = "for you to judge" if answer.question.original else ""
        return replace(answer, agreement=unsaid)
    if answer.verdict is Verdict.CONFOUNDED:
        return replace(answer, agreement="cannot be told: more differs than was asked about")
    if answer.verdict in (Verdict.NONE, Verdict.UNDECIDED):
        return replace(answer, agreement="neither confirmed nor contradicted")
    small = answer.less_than_matters
    found = "equal" if answer.verdict is Verdict.EQUAL else str(answer.verdict)
    if found == said:
        words = "agrees, though by less than matters" if small else "agrees"
        return replace(answer, agrees=True, agreement=words)
    if said == "equal" and small:
        return replace(answer, agrees=True, agreement="agrees: the difference is less than matters")
    return replace(answer, agrees=False, agreement="disagrees")
