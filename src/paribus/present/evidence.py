"""What a report says of findings and of luck: sentences and tables, for page and Markdown alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch

from paribus.measure.runs import StudyResult
from paribus.measure.suspects import FEWEST_RUNS, Suspects, suspects
from paribus.present import differences, latex, wording
from paribus.present.as_json import NUMBERS, counts, plain
from paribus.questions import original
from paribus.questions.family import judge_study
from paribus.questions.finding import (
    CountFinding,
    Finding,
    PairFinding,
    StepTimeFinding,
)
from paribus.text import count, percent, plural, signed

# N images

_SUSPECTS_NAMED = 40


@dataclass(frozen=True, eq=False)
class Evidence:
    """A study's result with its findings and its label suspects, and what is to be said of them."""

    result: StudyResult
    findings: list[Finding]
    suspects: Suspects | None

    @property
    def has_original(self) -> bool:
        """Whether an earlier report's answers are to be shown."""
        return any(finding.question.original for finding in self.findings)

    def introduction(self) -> str:
        """What the findings are of, and what was fixed before they were known."""
        study = self.result.study
        n = len(self.findings)
        text = (
            f"{count(n, 'question')} of the study, with metric, number of seeds and the "
            "smallest difference that matters; the verdicts keep their word if these were fixed "
            "before the numbers were seen. The second experiment is judged against the first. "
            "In brackets an interval that holds the true difference in 95 of 100 such studies (90, "
            "where it says so). "
            "“Undecided” and “no verdict” are answers too: the numbers do not show more."
        )
        if self.has_original:
            origin = study.origin or "an earlier report"
            text += f" Beside ours, the answers of {origin}."
        return text

    def agreement(self) -> str | None:
        """How many of an earlier report's answers stand; None where there are none."""
        held = [
            original.agreement(finding).agrees
            for finding in self.findings
            if finding.question.original
        ]
        if not held:
            return None
        agrees, disagrees = held.count(True), held.count(False)
        open_ = len(held) - agrees - disagrees
        return (
            f"Of the original’s {len(held)} answers, {count(agrees, 'is', 'are')} confirmed and "
            f"{count(disagrees, 'is', 'are')} contradicted; of {open_} it cannot be told."
        )

    def replays(self) -> list[tuple[PairFinding, str]]:
        """For each question, what one training of each experiment would have told."""
        return [
            (finding, f"{percent(replay.opposite_share)} of {replay.pairs}")
            for finding in self._pairs()
            if (replay := finding.evidence.replay) is not None
        ]

    def noise_floors(self) -> list[tuple[str, str, str, int]]:
        """How far runs of one experiment lie apart in accuracy: for each that a question starts
        from its name, the noise floor, what luck on single images alone would make, seeds."""
        found = {}
        for finding in self._pairs():
            noise = finding.noise
            if noise is not None and finding.metric.key == "test_accuracy":
                luck = "–" if noise.predicted is None else _points(noise.predicted)
                found[finding.a] = finding.a, _floor(noise.between_runs), luck, noise.n
        return list(found.values())

    def ledgers(self) -> list[tuple[PairFinding, dict[str, int | None]]]:
        """For each question of accuracy, how many test images a change fixed, broke, and so on."""
        return [
            (finding, counts(finding.ledger))
            for finding in self._pairs()
            if finding.ledger is not None
        ]

    def _pairs(self) -> list[PairFinding]:
        return [finding for finding in self.findings if isinstance(finding, PairFinding)]

    def suspects_sentence(self) -> str | None:
        """The images that no run gets right."""
        found = self.suspects
        if found is None:
            return None
        if found.runs >= FEWEST_RUNS and not found.telling:
            return (
                f"{len(found.images):,} of {found.tested:,} test images are wrong in all "
                f"{found.runs} finished runs: these networks are too weak to suspect labels by."
            )
        if not found.telling:
            return (
                f"{count(found.runs, 'finished run is', 'finished runs are')} too few to suspect "
                f"labels by; it takes {FEWEST_RUNS}."
            )
        of = "one experiment" if found.experiments == 1 else f"{found.experiments} experiments"
        runs = f"all {found.runs} finished runs of {of}"
        if not found.images:
            return f"No test image is wrong in {runs}."
        n = len(found.images)
        shown = ", ".join(map(str, found.images[:_SUSPECTS_NAMED]))
        more = f" and {n - _SUSPECTS_NAMED} more" if n > _SUSPECTS_NAMED else ""
        text = (
            f"{count(n, 'test image is', 'test images are')} wrong in {runs}: either hard for "
            f"these networks, or labelled wrongly (numbers from 0): {shown}{more}."
        )
        if found.rejected:
            text += (
                f" Of the {len(found.rejected)} test images whose label the annotators of "
                f"Northcutt et al. 2021 rejected, {len(found.known)} "
                f"{plural(len(found.known), 'is', 'are')} among these"
                f"{': ' + ', '.join(map(str, found.known)) if found.known else ''}; getting one of "
                "them “right” may be a mistake."
            )
        return text

    def findings_csv(self) -> str:
        """A row for each question, as plain numbers in the metric's raw unit."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([
            "question", "a", "b", "metric", "matters", "verdict", "less_than_matters", *NUMBERS,
            "confounds", "original", "agrees", "agreement", "sentence",
        ])  # fmt: skip
        for finding in self.findings:
            question = finding.question
            facts = plain(finding)
            keys = ("a", "b", "metric", "matters", "verdict", "less_than_matters", *NUMBERS)
            values = [facts[key] for key in keys]
            writer.writerow([
                question.ask, *("" if value is None else value for value in values),
                "; ".join(facts["confounds"]), question.original,
                "" if facts["agrees"] is None else facts["agrees"], facts["agreement"],
                facts["sentence"],
            ])  # fmt: skip
        return text.getvalue()

    def findings_latex(self, notes: Sequence[str]) -> str:
        """A tabular of the findings for LaTeX's package booktabs, notes as comments above it."""
        rows = []
        for finding in self.findings:
            rows.append([finding.question.ask, *_shown(finding), wording.table_verdict(finding)])
        return latex.tabular(
            # Questions are long, verdicts may be: both need lines.
            r"p{0.36\linewidth}rrrp{0.2\linewidth}",
            ["question", "n", "difference", f"{percent(0.95)} interval", "verdict"],
            rows,
            [
                "The second experiment less the first; for times, how many times as long a step of "
                "it takes. n counts seeds, for times rounds. The verdicts allow for all questions, "
                "the intervals are those of each question alone; “equal” rests on "
                f"{percent(0.9)} intervals.",
                *notes,
            ],
        )

    def flips_csv(self) -> str:
        """A row for each question of accuracy and test image that not all runs get right."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(
            ["a", "b", "image", "label", "share_a", "share_b", "category", "label_rejected"]
        )
        for row in self._flips():
            writer.writerow(row)
        return text.getvalue()

    def _flips(self) -> Iterator[list[object]]:
        data = self.result.dataset
        seen = set()
        for finding in self._pairs():
            ledger = finding.ledger
            if ledger is None or (finding.a, finding.b) in seen:
                continue
            seen.add((finding.a, finding.b))
            for image, category in enumerate(ledger.category_N.tolist()):
                if category != "always right":
                    yield [
                        finding.a, finding.b, image, data.class_names[data.test_labels[image]],
                        float(ledger.share_A_N[image]), float(ledger.share_B_N[image]), category,
                        image in data.label_errors,
                    ]  # fmt: skip


_NOTHING = "–"


@singledispatch
def _shown(finding: Finding) -> tuple[str, str, str]:
    """n, the difference and its 95 % interval, as texts; a dash for what there is not."""
    return _NOTHING, _NOTHING, _NOTHING


@_shown.register
def _(finding: CountFinding) -> tuple[str, str, str]:
    before, after = finding.count_a, finding.count_b
    if before is None or after is None:
        return _NOTHING, _NOTHING, _NOTHING
    return _NOTHING, signed(after - before), _NOTHING


@_shown.register
def _(finding: StepTimeFinding) -> tuple[str, str, str]:
    ratio = finding.ratio
    if ratio is None:
        return _NOTHING, _NOTHING, _NOTHING
    return str(ratio.n), differences.ratio(ratio), differences.ratio_interval(ratio)


@_shown.register
def _(finding: PairFinding) -> tuple[str, str, str]:
    evidence, metric = finding.evidence, finding.metric
    if evidence.mean is None:
        return _NOTHING, _NOTHING, _NOTHING
    n = str(evidence.n)
    if evidence.measured is None:
        return n, differences.difference(metric, evidence.mean), _NOTHING
    paired = evidence.measured.paired
    interval = differences.interval(metric, paired.low, paired.high)
    return n, differences.estimate(metric, paired.mean, paired.low, paired.high), interval


def evidence_of(result: StudyResult) -> Evidence:
    """The findings on a study's questions, and what else is said of its runs."""
    return Evidence(result, judge_study(result), suspects(result))


def _floor(share: float) -> str:
    if share == 0:
        return "cannot be told"
    return "no limit" if share >= 1 else _points(share)


def _points(share: float) -> str:
    return f"{share * 100:.2f} points"
