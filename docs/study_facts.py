"""The numbers of docs/study/account.md, each taken from the findings and runs of a study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from docs.study_pack import Packed
from docs.study_reported import MissedFigure, ReportedRow, missed_figures, reported_rows
from paribus.measure.misclassified import confusion, predicted_classes
from paribus.present import estimates, short, wording
from paribus.present.findings import agreement_line
from paribus.present.look_text import looks_note
from paribus.present.luck import NoiseFloorView, luck_view
from paribus.present.tables import escape_markdown
from paribus.present.wording.step_time import disturbances, undecided
from paribus.questions import original
from paribus.questions.finding import (
    Finding,
    NoVerdict,
    PairFinding,
    StepTimeFinding,
    Verdict,
)
from paribus.questions.original import Agreement
from paribus.text import count, listed, percent, plural, spread

# R runs, S seeds, N test images, K classes

CONCLUSIONS = {
    "NumPy and PyTorch reach similar accuracy; PyTorch ends with the lower loss": (1, 2),
    "PyTorch is about 1.4 times slower than NumPy on a CPU": (3,),
    "The CNN has half the weights of the MLP, and is more accurate": (4, 5),
    "Pooling before ReLU leaves accuracy unchanged, and trains slower": (6, 7),
    "Tanh learns slower than ReLU, and ends about as accurate": (8, 9),
    "Adam is better and much faster to get there; it then overfits": (10, 11, 12),
    "Residual connections improve accuracy, cost little time, and let deep networks train": (
        13, 14, 15, 23,
    ),
    "Batch normalization improves it again, and takes much longer": (16, 17, 18),
    "The tuned Adam is slightly better than the default one": (19,),
    "Batch normalization with Adam is worse than with SGD": (20, 21),
    "`residual-bn` is the best of the eleven": (22,),
}  # fmt: skip
"""The original's conclusions, and the study's questions about each, by their numbers from 1."""

QUESTIONS = [question for about in CONCLUSIONS.values() for question in about]


@dataclass(frozen=True)
class ConclusionView:
    """A conclusion of the original, and what became of it."""

    number: int
    title: str
    found: str
    standing: str


@dataclass(frozen=True)
class ReplayRow:
    """What one run of each of two experiments would have told about their accuracy."""

    question: int
    sides: str
    opposite: str
    pairs: int
    equals: str


@dataclass(frozen=True)
class SameWeights:
    """The final weights of two experiments, by seed: how each digest begins."""

    seeds: tuple[tuple[int, str, str], ...]

    @property
    def all(self) -> bool:
        return bool(self.seeds) and all(a == b for _, a, b in self.seeds)


class Facts:
    """What templates ask for."""

    def __init__(self, packed: Packed) -> None:
        self.result, self.findings = packed.result, packed.findings
        self._weights = packed.weights

    def finding(self, question: int) -> Finding:
        return self.findings[question - 1]

    @property
    def ended(self) -> int:
        """Runs that have ended."""
        return sum(run.ended for one in self.result.experiments.values() for run in one.runs)

    @property
    def needed(self) -> int:
        """Runs that are to be trained by now."""
        return self.result.runs_needed

    @property
    def judged(self) -> int:
        """Questions about trained runs that have a verdict."""
        about_runs = [one for one in self.findings if one.needs_training]
        return sum(one.verdict is not Verdict.NONE for one in about_runs)

    @property
    def looks(self) -> str:
        return looks_note(self.findings)

    @property
    def agreement(self) -> str:
        """How many of the original's answers stand."""
        return agreement_line(self.findings)

    @property
    def conclusions(self) -> Iterator[ConclusionView]:
        for number, (title, questions) in enumerate(CONCLUSIONS.items(), start=1):
            findings = [self.finding(question) for question in questions]
            told = [one for one in findings if one.question.original]
            found = "<br>".join(map(self._found, told))
            yield ConclusionView(number, title, found, standing(findings))

    def table(self, conclusion: int) -> str:
        """Return the findings about a conclusion as a table, and when open ones are judged next."""
        questions = list(CONCLUSIONS.values())[conclusion - 1]
        lines = [
            "| question | compared | the original | found | does it stand? |",
            "| --- | --- | --- | --- | --- |",
        ]
        for question in questions:
            finding = self.finding(question)
            said = escape_markdown(finding.question.original) or "–"
            stands = wording.agreement(finding) or "–"
            what = f"{_compared(finding)}: {short.group(finding).lower()}"
            lines.append(f"| {question} | {what} | {said} | {self._found(finding)} | {stands} |")
        for question in questions:
            if self.finding(question).why_none is NoVerdict.OPEN:
                lines += ["", f"Question {question}: {self.sentence(question)}"]
        return "\n".join(lines)

    def sentence(self, question: int) -> str:
        return escape_markdown(wording.sentence(self.finding(question)))

    def timing(self, question: int) -> str:
        """Return what was found about step times, beside A against itself; "" before they are
        measured."""
        finding = self._steps(question)
        if finding.control is None:
            return ""
        words = wording.sentence(finding)
        if finding.verdict is Verdict.UNDECIDED:
            assert finding.ratio is not None
            # The finding's sentence says how to time more.
            words = f"{undecided(finding, finding.ratio)}."
        control = estimates.ratio_with_interval(finding.control)
        return f"{words} For comparison, {finding.a} against itself: {control}."

    def slowest(self, question: int) -> float:
        """Return the upper end of the interval of a ratio of step times."""
        ratio = self._steps(question).ratio
        assert ratio is not None
        return ratio.high

    @property
    def timed(self) -> Sequence[str]:
        """Where each question's steps were timed, a line each."""
        found = []
        for question in QUESTIONS:
            finding = self.finding(question)
            if not isinstance(finding, StepTimeFinding) or not finding.timings:
                continue
            first, n = finding.timings[0], len(finding.timings)
            engines = listed(list(dict.fromkeys((first.a_engine, first.b_engine))))
            word = plural(len({first.a_engine, first.b_engine}), "engine")
            line = f"Question {question}: {word} {engines}, {n} processes on {first.device('a')}."
            found.append(" ".join(filter(None, (line, disturbances(finding.timings)))))
        return found

    def estimate(self, question: int) -> str:
        """Return the difference with its interval and n."""
        return _numbers(self.finding(question))

    def mean(self, name: str, curve: str = "test_accuracy") -> str:
        """Return mean ± SD over an experiment's runs at their end, in percent."""
        value_R = self.result.experiments[name].final(curve)
        return f"{spread(value_R, '.2f', 100)}% (n = {len(value_R)})"

    def span(self, name: str) -> str:
        """Return between which test accuracies an experiment's runs end."""
        value_R = self.result.experiments[name].final("test_accuracy")
        return f"{percent(value_R.min(), '.2f')} and {percent(value_R.max(), '.2f')}"

    def levels(self, question: int) -> tuple[str, str]:
        """Return mean and SD of the metric for A and for B."""
        finding = self._pair(question)
        a, b = finding.evidence.level_a, finding.evidence.level_b
        assert a is not None
        assert b is not None
        return estimates.level(finding.metric, *a), estimates.level(finding.metric, *b)

    def reversed(self, question: int) -> str:
        """Return how often one run of each would have told the opposite."""
        found = self._pair(question).evidence.replay
        if found is None:
            return "one run of each would have shown no difference at all"
        return (
            f"one run of each would have shown the opposite order in "
            f"{percent(found.opposite_share)} of the {count(found.pairs, 'pair')}"
        )

    def points_to_both_sides(self, question: int) -> bool:
        """Return whether most pairs of runs show the order that the means do not have."""
        found = self._pair(question).evidence.replay
        return found is not None and found.opposite_share > 0.5

    def floor(self, question: int) -> str:
        """Return below which difference single runs of A cannot be told from noise."""
        finding = self._pair(question)
        assert finding.noise is not None
        return estimates.amount(finding.metric, finding.noise.between_runs)

    @property
    def replays(self) -> Iterator[ReplayRow]:
        """Of each comparison of accuracies."""
        for number, finding in enumerate(self.findings, start=1):
            if not isinstance(finding, PairFinding) or finding.question.metric != "test_accuracy":
                continue
            evidence = finding.evidence
            is_early = finding.why_none not in (None, NoVerdict.OPEN)
            if evidence.replay is None or is_early or len(finding.question.experiments) > 2:
                continue
            found, equals = evidence.replay, evidence.replay_of_equals
            yield ReplayRow(
                number,
                short.sides(finding),
                percent(found.opposite_share),
                found.pairs,
                "–" if equals is None else percent(equals),
            )

    @property
    def noise_floors(self) -> Sequence[NoiseFloorView]:
        """How far runs of an experiment lie apart by the seed alone."""
        return luck_view(self.findings, None).noise_floors

    @property
    def experiments(self) -> int:
        return len(self.result.experiments)

    @property
    def eleven(self) -> Sequence[str]:
        """The original's networks."""
        return self.finding(22).question.experiments

    @property
    def reported(self) -> Sequence[ReportedRow]:
        """The accuracies that the original reported."""
        return list(reported_rows(self.result))

    @property
    def missed(self) -> Sequence[MissedFigure]:
        """Those of them that one more run of ours would not be expected to show."""
        return list(missed_figures(self.result))

    def same_weights(self, a: str, b: str) -> SameWeights:
        of_a, of_b = self._weights[a], self._weights[b]
        seeds = sorted(set(of_a) & set(of_b))
        return SameWeights(tuple((seed, of_a[seed][:16], of_b[seed][:16]) for seed in seeds))

    def wins(self, name: str, question: int) -> str:
        """Return in how many races of one run of each contender an experiment is alone in front:
        over all combinations of runs."""
        results = self.result.experiments
        mine_R = results[name].final("test_accuracy")
        share_R = np.ones(len(mine_R))
        for other in self.finding(question).question.experiments:
            if other != name:
                theirs_R = results[other].final("test_accuracy")
                share_R *= (theirs_R[None, :] < mine_R[:, None]).mean(1)
        return percent(float(share_R.mean()))

    def commonest_class(self) -> str:
        """Return the share of the class that most test images are of."""
        label_N = self.result.dataset.test_labels
        return percent(float(np.bincount(label_N).max() / len(label_N)), ".2f")

    def since_lowest_loss(self, name: str) -> str:
        """Return by how many points the test accuracy of an experiment has changed, on average,
        from the epoch of the lowest test loss to the end."""
        changes = [
            run.curves.test_accuracy[-1] - run.curves.test_accuracy[run.curves.test_loss.argmin()]
            for run in self.result.experiments[name].finished
        ]
        return f"{np.mean(changes) * 100:+.2f} points".replace("-", "−")

    def parts_of_errors(self, name: str) -> list[tuple[str, float]]:
        """Return the share of an experiment's errors that each class has a part in, as the true or
        the predicted class, the largest first; and its class."""
        data = self.result.dataset
        predicted_SN = predicted_classes(self.result.experiments[name])
        assert predicted_SN is not None
        errors_KK = confusion(predicted_SN, data.test_labels, data.classes)
        errors_KK *= 1 - np.eye(data.classes)
        part_K = (errors_KK.sum(0) + errors_KK.sum(1)) / errors_KK.sum()
        order = np.argsort(-part_K, kind="stable")
        return [(data.class_names[one], float(part_K[one])) for one in order]

    def confusions(self, name: str) -> str:
        """Return `parts_of_errors` as a list."""
        parts = [f"{label} in {percent(part)}" for label, part in self.parts_of_errors(name)]
        return listed(parts, most=len(parts))

    def places(self, name: str, classes: Sequence[str]) -> list[int]:
        """Return where classes stand in `parts_of_errors`, 1 for the one with the largest part."""
        order = [label for label, _ in self.parts_of_errors(name)]
        return [order.index(one) + 1 for one in classes]

    def may_be_best(self, question: int) -> str:
        names = [f"`{name}`" for name in short.sides(self.finding(question)).split(", ")]
        return listed(names, most=len(names))

    def _found(self, finding: Finding) -> str:
        words = f"**{short.verdict(finding)}**"
        if finding.why_none not in (None, NoVerdict.OPEN):
            return ": ".join(filter(None, (words, short.why(finding))))
        if finding.less_than_matters:
            words += " by less than matters"
        return ": ".join(filter(None, (words, _numbers(finding))))

    def _steps(self, question: int) -> StepTimeFinding:
        finding = self.finding(question)
        assert isinstance(finding, StepTimeFinding)
        return finding

    def _pair(self, question: int) -> PairFinding:
        finding = self.finding(question)
        assert isinstance(finding, PairFinding)
        return finding


def standing(findings: Sequence[Finding]) -> str:
    """Return whether a conclusion stands, by the findings about its parts.

    What the original said without a verdict, readers judge for themselves; it does not count.
    """
    left_out = (Agreement.NOTHING_STATED, Agreement.NOT_COMPARABLE)
    told = [original.agreement(one) for one in findings]
    held = [one.agrees for one in told if one not in left_out]
    stand, fall, open_ = (held.count(kind) for kind in (True, False, None))
    if stand == len(held):
        return "stands"
    if fall == len(held):
        return "does not stand"
    if open_ == len(held):
        return "open"
    parts = [f"{stand} of {len(held)} parts {plural(stand, 'stands', 'stand')}"]
    parts += [f"{fall} {plural(fall, 'does', 'do')} not"] * bool(fall)
    parts += [f"{open_} {plural(open_, 'is', 'are')} open"] * bool(open_)
    return ", ".join(parts)


def _numbers(finding: Finding) -> str:
    """The difference with its interval and n; "" of findings without one."""
    numbers = short.numbers(finding)
    each = "processes" if isinstance(finding, StepTimeFinding) else "seeds"
    n = f"n = {numbers.n} {each}" if numbers.n else ""
    parts = (numbers.with_unit, numbers.interval)
    return ", ".join(filter(None, (" ".join(map(_unbroken, filter(None, parts))), _unbroken(n))))


def _unbroken(text: str) -> str:
    """A text that no line ends in."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _compared(finding: Finding) -> str:
    if len(finding.question.experiments) > 4:
        return f"all {len(finding.question.experiments)}"
    return short.sides(finding)
