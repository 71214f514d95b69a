"""What a report says of findings and of luck: sentences and tables, for page and Markdown alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paribus.analysis import StudyResult
from paribus.analysis.findings import Answer, answers
from paribus.analysis.plain import NUMBERS, counts, numbers
from paribus.analysis.suspects import FEWEST_RUNS, Suspects, suspects
from paribus.analysis.values import stats_metric
from paribus.present import latex
from paribus.text import count, percent, plural, signed

# N images

_SUSPECTS_NAMED = 40


@dataclass(frozen=True, eq=False)
class Evidence:
    """A study's result with its answers and its label suspects, and what is to be said of them."""

    result: StudyResult
    answers: list[Answer]
    suspects: Suspects | None

    @property
    def has_original(self) -> bool:
        """Whether an earlier report's answers are to be shown."""
        return any(answer.question.original for answer in self.answers)

    def introduction(self) -> str:
        """What the findings are of, and what was fixed before they were known."""
        study = self.result.study
        n = len(self.answers)
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
        held = [answer for answer in self.answers if answer.question.original]
        if not held:
            return None
        agrees = sum(answer.agrees is True for answer in held)
        disagrees = sum(answer.agrees is False for answer in held)
        open_ = len(held) - agrees - disagrees
        return (
            f"Of the original’s {len(held)} answers, {count(agrees, 'is', 'are')} confirmed and "
            f"{count(disagrees, 'is', 'are')} contradicted; of {open_} it cannot be told."
        )

    def replays(self) -> list[tuple[Answer, str]]:
        """For each question, what one training of each experiment would have told."""
        return [
            (
                answer,
                f"{percent(answer.replay.opposite_share)} of {answer.replay.pairs}",
            )
            for answer in self.answers
            if answer.replay is not None
        ]

    def noise_floors(self) -> list[tuple[str, str, str, int]]:
        """How far runs of one experiment lie apart in accuracy: for each that a question starts
        from its name, the noise floor, what luck on single images alone would make, seeds."""
        found = {}
        for answer in self.answers:
            noise = answer.noise
            if noise is not None and answer.question.metric == "test_accuracy":
                luck = "–" if noise.predicted is None else _points(noise.predicted)
                found[answer.a] = answer.a, _floor(noise.between_runs), luck, noise.n
        return list(found.values())

    def ledgers(self) -> list[tuple[Answer, dict[str, int | None]]]:
        """For each question of accuracy, how many test images a change fixed, broke, and so on."""
        return [
            (answer, counts(answer.ledger)) for answer in self.answers if answer.ledger is not None
        ]

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
        for answer in self.answers:
            question = answer.question
            values = ("" if v is None else v for v in numbers(answer).values())
            writer.writerow([
                question.ask, answer.a, answer.b, question.metric, question.matters or "",
                answer.verdict, answer.less_than_matters, *values, "; ".join(answer.confounds),
                question.original, "" if answer.agrees is None else answer.agrees,
                answer.agreement, answer.sentence,
            ])  # fmt: skip
        return text.getvalue()

    def findings_latex(self, notes: Sequence[str]) -> str:
        """A tabular of the findings for LaTeX's package booktabs, notes as comments above it."""
        rows = []
        for answer in self.answers:
            rows.append([answer.question.ask, *_shown(answer), _verdict(answer)])
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
        for answer in self.answers:
            ledger = answer.ledger
            if ledger is None or (answer.a, answer.b) in seen:
                continue
            seen.add((answer.a, answer.b))
            for image, category in enumerate(ledger.category_N.tolist()):
                if category != "always right":
                    yield [
                        answer.a, answer.b, image, data.class_names[data.test_labels[image]],
                        float(ledger.share_A_N[image]), float(ledger.share_B_N[image]), category,
                        image in data.label_errors,
                    ]  # fmt: skip


def _shown(answer: Answer) -> tuple[str, str, str]:
    """n, the difference and its 95 % interval, as texts; a dash for what there is not."""
    nothing = "–"
    if answer.counts is not None:
        before, after = answer.counts
        return nothing, signed(after - before), nothing
    if answer.times is not None and answer.times.ratio is not None:
        ratio = answer.times.ratio
        return str(ratio.n), ratio.times(), ratio.interval()
    evidence = None if answer.finding is None else answer.finding.evidence
    if evidence is None or evidence.mean is None:
        return nothing, nothing, nothing
    metric, n = stats_metric(answer.question.metric), str(evidence.n)
    if evidence.measured is None:
        return n, metric.difference(evidence.mean), nothing
    paired = evidence.measured.paired
    interval = metric.interval(paired.low, paired.high)
    return n, metric.estimate(paired.mean, paired.low, paired.high), interval


def _verdict(answer: Answer) -> str:
    """The verdict with what is to be said of it in a table."""
    words = answer.badge
    if answer.less_than_matters:
        words += ", by less than matters"
    if answer.finding is not None and answer.finding.shown_for_new_images is False:
        words += "; not shown for new images"
    return words


def evidence_of(result: StudyResult) -> Evidence:
    """The answers to a study's questions, and what else is said of its runs."""
    return Evidence(result, answers(result), suspects(result))


def _floor(share: float) -> str:
    if share == 0:
        return "cannot be told"
    return "no limit" if share >= 1 else _points(share)


def _points(share: float) -> str:
    return f"{share * 100:.2f} points"
