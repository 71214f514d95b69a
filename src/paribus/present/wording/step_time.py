"""Words of findings about step times."""

from __future__ import annotations

import shlex

from paribus.present.estimates import p_value, ratio_with_interval
from paribus.present.wording.generic import differ_in, reasons, sentence
from paribus.questions.finding import StepTimeFinding, Verdict
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.ratio import Ratio
from paribus.text import percent, plural


@sentence.register
def step_time_sentence(finding: StepTimeFinding) -> str:
    """Return what to believe of two step times."""
    a, b = _names(finding)
    ratio, control = finding.ratio, finding.control
    if ratio is None or control is None:
        return f"No verdict: steps of {a} and {b} have not been timed side by side{_how(finding)}."
    takes = f"a training step of {b} takes {ratio_with_interval(ratio)}, as long as one of {a}"
    match finding.verdict:
        case Verdict.CONFOUNDED:
            return (
                f"Confounded: {a} and {b} also differ in {differ_in(finding)}, so the difference "
                f"cannot be put down to what was asked about: {takes}."
            )
        case Verdict.EQUAL:
            return _equal(finding, ratio)
        case Verdict.UNDECIDED:
            return (
                f"Undecided between {a} and {b}: {takes}; {a} against itself: "
                f"{ratio_with_interval(control)}; more rounds on a quiet machine would probably "
                "decide it."
            )
    longer = "longer" if finding.verdict is Verdict.WORSE else "less long"
    but = ""
    if finding.less_than_matters and finding.matters is not None:
        but = f", but by less than matters ({percent(finding.matters, 'g')})"
    return (
        f"A training step of {b} takes {longer} than one of {a}{but}: {ratio_with_interval(ratio)}."
    )


@reasons.register
def step_time_reasons(finding: StepTimeFinding) -> tuple[str, ...]:
    """Return what the verdict on two step times rests on."""
    lines = []
    if finding.control is not None:
        a, _ = _names(finding)
        lines.append(f"{a} against itself: {ratio_with_interval(finding.control)}.")
        if finding.adjusted_p is not None and finding.verdict is not Verdict.NONE:
            of = f", adjusted for {finding.family} questions" if finding.family > 1 else ""
            lines.append(
                f"Paired t test of log ratios: {p_value(finding.adjusted_p)}{of}; faster or slower "
                f"takes {VERDICT_LEVEL} or less, and a ratio that the first against itself does "
                "not reach."
            )
    if (timing := finding.timing) is not None:
        engines = dict.fromkeys((timing.a_engine, timing.b_engine))
        processor = timing.environment.get("processor", "an unknown processor")
        lines.append(
            f"Timed apart from training, in turns in one process, with the "
            f"{plural(len(engines), 'engine')} {' and '.join(engines)} on {processor}; what "
            "training runs took beside one another is no part of it."
        )
        if timing.disturbed:
            lines.append(timing.disturbed)
    return tuple(lines)


def _names(finding: StepTimeFinding) -> tuple[str, str]:
    """A and B, each with its engine where the two were timed with different ones."""
    timing = finding.timing
    if timing is not None and timing.a_engine != timing.b_engine:
        # Else a reader would put down to the experiment what is the engine's.
        return f"{finding.a} by {timing.a_engine}", f"{finding.b} by {timing.b_engine}"
    return finding.a, finding.b


def _how(finding: StepTimeFinding) -> str:
    if not finding.study_name:
        return ""
    words = (finding.a, finding.b, "--study", finding.study_name)
    return f"; `paribus time {' '.join(map(shlex.quote, words))}` does that"


def _equal(finding: StepTimeFinding, ratio: Ratio) -> str:
    assert finding.matters is not None
    a, b = _names(finding)
    return (
        f"A training step of {b} takes as long as one of {a} for practical purposes: "
        f"{ratio_with_interval(ratio, 0.90)}, which rules out differences as large as the "
        f"{percent(finding.matters, 'g')} that matter."
    )
