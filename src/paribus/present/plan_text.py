"""The plan of a study and what has been amended, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.measure.runs import StudyResult
from paribus.present.report_text import complete
from paribus.spec.study_plan import Amendment, Design, StudyPlan, What
from paribus.text import count, listed, plural, series


def plan_lines(result: StudyResult) -> list[str]:
    """Return the plan of a study in a line, then what has changed since, a line each; nothing where
    no run has recorded one."""
    plan = result.recorded_plan
    if plan is None or not plan.recorded:
        return []
    changes = [*plan.amendments(), *result.pending]
    return [_plan(plan), *_amendments(plan, changes), *_looks_so_far(result)]


def _looks_so_far(result: StudyResult) -> list[str]:
    """What planned looks have saved, once nothing is left to train, and what they wait for."""
    if not result.study.looks or not result.needed or not complete(result):
        return []
    settled = [name for name in result.experiments if name not in result.waiting]
    each = {name: result.experiments[name].experiment.runs_per_seed for name in settled}
    planned = result.study.seeds * sum(each.values())
    spared = planned - sum(_seeds_had(name, result) * runs for name, runs in each.items())
    lines = []
    if spared:
        end = "Nothing more is to be trained: the" if not result.waiting else "The"
        of = f" of {listed(settled)}" if result.waiting else ""
        lines.append(f"{end} looks spared {spared} of {count(planned, 'run')}{of}.")
    if left_out := [name for name in result.waiting if name in result.unselected]:
        lines.append(
            f"Questions are open that need runs of {listed(left_out)}, too, which "
            f"{plural(len(left_out), 'is', 'are')} not selected: run the study without --only."
        )
    return lines


def _seeds_had(name: str, result: StudyResult) -> int:
    """The seeds that an experiment was to be trained with, or was all the same."""
    seeds = result.study.seed_range
    trained = sum(run.ended and run.seed in seeds for run in result.experiments[name].runs)
    return max(result.seeds_of(name), trained)


def _plan(plan: StudyPlan) -> str:
    first = plan.designs[0]
    when = (
        f"when {count(first.ended, 'of its run', 'of its runs')} had ended"
        if first.ended
        else "before any run had ended"
    )
    if any(once.question and first.asked_late(once.question) for once in first.questions):
        when += ", so what is asked of these is exploratory"
    return (
        f"Planned on {_day(first.at)}, {when}: {count(len(first.questions), 'question')}, "
        f"{count(len(first.experiments), 'experiment')}, {_seeds(first)}."
    )


def _seeds(design: Design) -> str:
    seeds = count(design.seeds, "seed")
    if design.looks:
        seeds = f"looks after {series(design.looks)} seeds"
    if not design.first_seed:
        return seeds
    return f"{seeds} from {design.first_seed} on"


def _amendments(plan: StudyPlan, changes: Sequence[Amendment]) -> Iterator[str]:
    """A line each, in the order in which they were recorded, whatever the clock said."""
    latest = _day(plan.designs[0].at)
    for change in changes:
        day = _day(change.at)
        yield _amendment(change, set_back=bool(day) and day < latest)
        latest = max(latest, day)


def _amendment(change: Amendment, *, set_back: bool) -> str:
    ended = f"{count(change.ended, 'run')} had ended"
    # The next run records when.
    when = f"on {_day(change.at)}" if change.at else "since the last run"
    when += " (by a clock that was set back)" if set_back else ""
    return f"Amended {when}, when {ended}: {_what(change)}."


def _what(change: Amendment) -> str:
    match change.what:
        case What.FRESH_SEEDS:
            return f"fresh seeds, {change.after} in place of {change.before}"
        case What.SEEDS_MOVED:
            return f"seeds {change.before} → {change.after}"
        case What.SEEDS_RAISED:
            return f"seeds raised from {change.before} to {change.after}"
        case What.SEEDS_LOWERED:
            return f"seeds lowered from {change.before} to {change.after}"
        case What.LOOKS_ADDED:
            return f"{_looks(change.after)} added"
        case What.LOOKS_REMOVED:
            return f"{_looks(change.before)} removed"
        case What.LOOKS_BEGUN:
            return f"{_looks(change.after)} in place of {change.before} seeds judged once"
        case What.LOOKS_ENDED:
            return f"{change.after} seeds judged once in place of {_looks(change.before)}"
        case What.TERMS:
            return f"{change.term} {change.before} → {change.after} in “{change.subject}”"
        case What.QUESTION_ADDED:
            return f"question “{change.subject}” added"
        case What.QUESTION_REMOVED:
            return f"question “{change.subject}” removed, which still counts"
        case What.EXPERIMENT_ADDED:
            return f"experiment {change.subject} added"
        case What.EXPERIMENT_CHANGED:
            return f"experiment {change.subject} changed"
    return f"experiment {change.subject} removed"


def _looks(written: str) -> str:
    numbers = [int(number) for number in written.split(",")]
    return f"{plural(len(numbers), 'look')} after {series(numbers)} seeds"


def _day(at: str) -> str:
    return at.partition("T")[0]
