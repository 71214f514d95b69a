"""Words of findings about step times."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.measure.runs import Timing
from paribus.present.estimates import p_value, ratio_with_interval
from paribus.present.wording.generic import differ_in, reasons, sentence
from paribus.present.wording.shared import confounded, less_than, rules_out
from paribus.questions.finding import StepTimeFinding, Verdict
from paribus.stats.limits import VERDICT_LEVEL
from paribus.stats.step_times import FEWEST_PROCESSES, Ratio
from paribus.text import command, count, percent, plural


@sentence.register
def step_time_sentence(finding: StepTimeFinding) -> str:
    """Return what to believe of two step times."""
    a, b = _names(finding)
    ratio, control = finding.ratio, finding.control
    if ratio is None or control is None:
        return f"No verdict: {_timed_so_far(finding)}{_how(finding)}."
    shown = ratio_with_interval(ratio)
    match finding.verdict:
        case Verdict.CONFOUNDED:
            return confounded(a, b, differ_in(finding), shown)
        case Verdict.EQUAL:
            return _equal(finding, ratio)
        case Verdict.UNDECIDED:
            return (
                f"{undecided(finding, ratio)}; {a} against itself: {ratio_with_interval(control)}; "
                f"more processes on a quiet machine may decide it{_how(finding)}."
            )
    slower = "slower" if finding.verdict is Verdict.WORSE else "faster"
    but = ""
    if finding.less_than_matters and finding.matters is not None:
        but = less_than(percent(finding.matters, "g"))
    return f"A training step of {b} is {slower} than one of {a}{but}: {shown}."


def undecided(finding: StepTimeFinding, ratio: Ratio) -> str:
    """Return that neither has the faster step, with their ratio; no full stop."""
    a, b = _names(finding)
    shown = ratio_with_interval(ratio)
    return f"Undecided which of {a} and {b} has the faster training step: {shown}"


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
                f"takes {VERDICT_LEVEL} or less, and a ratio farther from 1 than that of {a} "
                "against itself."
            )
    if finding.ratio is not None:
        lines += [_how_timed(finding), disturbances(finding.timings)]
    return tuple(filter(None, lines))


def _names(finding: StepTimeFinding) -> tuple[str, str]:
    """A and B, each with its engine where the two were timed with different ones."""
    for timing in finding.timings[:1]:
        if timing.a_engine != timing.b_engine:
            # Else a reader would attribute to the experiment what is due to the engine.
            return f"{finding.a} by {timing.a_engine}", f"{finding.b} by {timing.b_engine}"
    return finding.a, finding.b


def _timed_so_far(finding: StepTimeFinding) -> str:
    a, b = _names(finding)
    if not finding.timings:
        return f"steps of {a} and {b} have not been timed"
    processes = count(len(finding.timings), "process", "processes")
    return (
        f"steps of {a} and {b} were timed in {processes}, and a verdict requires {FEWEST_PROCESSES}"
    )


def _how_timed(finding: StepTimeFinding) -> str:
    (a, b), timings = _names(finding), finding.timings
    first = timings[0]
    engines: dict[str, list[str]] = {}
    for device, engine in (
        (first.device("a"), first.a_engine),
        (first.device("b"), first.b_engine),
    ):
        on = engines.setdefault(device or "an unknown processor", [])
        if engine not in on:
            on.append(engine)
    where = " and ".join(f"{' and '.join(names)} on {device}" for device, names in engines.items())
    number = sum(map(len, engines.values()))
    return (
        f"Timed apart from training, in {len(timings)} processes; in each, {a}, {b} and {a} again "
        f"took turns, with the {plural(number, 'engine')} {where}."
    )


def disturbances(timings: Sequence[Timing]) -> str:
    """Return what ran beside timings, in a sentence; "" if that was next to nothing."""
    found = [timing.disturbed for timing in timings if timing.disturbed]
    if not found:
        return ""
    of = f"{len(found)} of {count(len(timings), 'process', 'processes')}"
    # Records hold a sentence each. The last stands for all.
    return f"In {of}, {found[-1][:1].lower()}{found[-1][1:]}"


def _how(finding: StepTimeFinding) -> str:
    if not finding.study_name:
        return ""
    words = (finding.a, finding.b, "--study", finding.study_name)
    return f"; run `{command('time', *words, store=finding.store_folder)}`"


def _equal(finding: StepTimeFinding, ratio: Ratio) -> str:
    assert finding.matters is not None
    a, b = _names(finding)
    return (
        f"Training steps of {a} and {b} are equally fast for practical purposes: "
        f"{ratio_with_interval(ratio, 0.90)}, {rules_out(percent(finding.matters, 'g'))}."
    )
