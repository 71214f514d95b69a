"""`paribus compare`: is experiment B better than experiment A, by the runs that a store has?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from paribus.campaign.lookup import (
    FoundExperiment,
    Reference,
    common_data,
    common_study,
    find_pair,
    folder_of,
)
from paribus.cli.options import UNSET, json_option, looking, of_study_option, store_option, tell
from paribus.data.dataset import Dataset
from paribus.errors import UserError, did_you_mean
from paribus.measure.from_store import described, read_run
from paribus.measure.runs import ExperimentResult
from paribus.present.name_notes import name_notes
from paribus.spec.aspects import ASPECTS
from paribus.spec.diff import differences
from paribus.spec.metric_names import check_matters, check_metric
from paribus.spec.question import Question
from paribus.store.known import present_code
from paribus.store.reader import Reader


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--metric", default="test_accuracy", show_default=True, help="What is compared.")
@click.option(
    "--matters",
    type=click.FloatRange(0, min_open=True),
    metavar="X",
    help=f"The smallest difference that matters; {UNSET}.",
)
@click.option(
    "--about",
    metavar="X,Y",
    help="What is meant to differ, e.g. network or optimizer.  [default: what differs first]",
)
@click.option("--seeds", "seeds_a", metavar="N-M", help="Only these seeds.  [default: all]")
@click.option(
    "--against", "seeds_b", metavar="N-M", help="Other seeds for B: as many as in --seeds."
)
@of_study_option
@store_option
@json_option
def command(
    *,
    a: str,
    b: str,
    metric: str,
    matters: float | None,
    about: str | None,
    seeds_a: str | None,
    seeds_b: str | None,
    study_named: str,
    store_folder: Path,
    as_json: bool,
) -> None:
    """Say whether experiment B is better than experiment A, by the runs in a store, and why.

    A and B are names that a study gives them now, or the first six or more letters of their
    hashes; `NAME@ENGINE` names the engine where runs of several are kept. An experiment can be
    compared with itself on other seeds: `paribus compare cnn cnn --seeds 0-4 --against 5-9`.
    """
    from paribus.campaign.compared import check_runs_no_code, planned_finding, planned_pairs
    from paribus.present.as_json import plain
    from paribus.questions.family import judge
    from paribus.questions.finding import CountFinding, Verdict
    from paribus.questions.kind import Context

    first_seeds = _range("--seeds", seeds_a)
    second_seeds = first_seeds if seeds_b is None else _range("--against", seeds_b)
    if seeds_b is not None and (first_seeds is None or len(first_seeds) != len(second_seeds or ())):
        raise UserError(
            f"--against {seeds_b}: needs as many seeds in --seeds; "
            "write e.g. --seeds 0-4 --against 5-9"
        )
    if seeds_b is not None and set(first_seeds or ()) & set(second_seeds or ()):
        raise UserError(
            f"--against {seeds_b}: has seeds of --seeds {seeds_a} too; "
            "write ranges without a seed in common"
        )
    trusted = folder_of(study_named)
    with looking(store_folder) as store:
        first, second = find_pair(
            Reference(a, first_seeds, study_named), Reference(b, second_seeds, study_named), store
        )
        pairs = list(planned_pairs(first, second, store))
        if trusted is None:
            check_runs_no_code(metric, (first, second), pairs, store)
        dataset = common_data(first, second, store, trusted)
        one, other = (_read(side, store, dataset, trusted) for side in (first, second))
        timings = store.timings()
        study = common_study(first, second, store)
        changed = [present_code(side.hash, store).changed for side in (first, second)]
        known = len(pairs[0].plan.now.experiments) if pairs else 0
        finding = None
        if seeds_a is None and seeds_b is None and about is None:
            own = (planned_finding(pair, metric, matters, store, trusted=trusted) for pair in pairs)
            finding = next(filter(None, own), None)
    if seeds_b is not None:
        one = replace(one, name=f"{one.name} (seeds {seeds_a})")
        other = replace(other, name=f"{other.name} (seeds {seeds_b})")
    elif (first.hash, one.experiment.engine) == (second.hash, other.experiment.engine):
        raise UserError(
            f"{a} and {b} are the same runs; compare them on different seeds, "
            "e.g. --seeds 0-4 --against 5-9"
        )
    question = _question(one, other, metric=metric, matters=matters, about=about)
    # Seeds that were named are the plan: an answer from some of them depends on when one looks.
    planned = None if first_seeds is None else len(first_seeds)
    design = raised = None
    if pairs and seeds_b is None:
        plan = pairs[0].plan
        planned = max(planned or 0, plan.fewest_seeds)
        if first_seeds is None:
            design = plan.now
            raised = plan.raised_from(design.seed_range)
            one, other = (_only(side, design.seed_range) for side in (one, other))
            planned = max(planned, design.seeds)
    context = Context(
        experiments={one.name: one, other.name: other},
        train_images=len(dataset.train_labels),
        planned=planned,
        preview=first.preview or second.preview,
        timings=timings,
        study_name=study,
        store_folder=store_folder,
        same_seeds=seeds_b is None,
        looks=() if design is None else (raised or design).looks,
        first_seed=0 if design is None else design.first_seed,
        raised_from=None if raised is None else raised.seeds,
    )
    if finding is None:
        (finding,) = judge([question], context)
        if known and not isinstance(finding, CountFinding) and finding.verdict is not Verdict.NONE:
            finding = replace(finding, possible_pairs=known * (known - 1) // 2)
    told = (name_notes(side.notes, store_folder) for side in (first, second))
    tell(*dict.fromkeys((*told, *changed)))
    if as_json:
        click.echo(json.dumps(plain(finding), indent=2))
    else:
        from paribus.present.terminal import print_finding

        print_finding(finding)


def _range(option: str, text: str | None) -> range | None:
    """The seeds that "3-7" means, None if nothing was said."""
    if text is None:
        return None
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not (first.isdecimal() and last.isdecimal()) or not int(first) <= int(last) < 10**6:
        raise UserError(f'{option}: needs seeds from-to, e.g. "0-4", got "{text}"')
    return range(int(first), int(last) + 1)


def _read(
    side: FoundExperiment, store: Reader, dataset: Dataset, folder: Path | None
) -> ExperimentResult:
    """The experiment with its runs. folder: of the study that the user names, from which a metric
    of theirs is imported; none that a store names."""
    return described(
        side.text,
        side.experiment,
        dataset,
        tuple(read_run(run, store, dataset, folder) for run in side.runs),
        code=store.identity(side.hash).code,
        called=store.data_names(side.hash),
    )


def _only(side: ExperimentResult, seeds: range) -> ExperimentResult:
    """The experiment with the runs of some seeds."""
    return replace(side, runs=tuple(run for run in side.runs if run.seed in seeds))


def _question(
    a: ExperimentResult,
    b: ExperimentResult,
    *,
    metric: str,
    matters: float | None,
    about: str | None,
) -> Question:
    try:
        metric = check_metric(metric)
    except ValueError as error:
        raise UserError(f"--metric: {error}") from None
    try:
        matters = check_matters(matters or 0, metric)
    except ValueError as error:
        raise UserError(f"--matters: {error}") from None
    if about is None:
        found = differences(a.experiment, b.experiment)
        aspects = tuple(d.aspect.partition(".")[0] for d in found[:1]) or ("network",)
    else:
        aspects = tuple(part.strip() for part in about.split(",") if part.strip())
        for aspect in aspects:
            if aspect not in ASPECTS:
                raise UserError(
                    f'--about: nothing is called "{aspect}"; {did_you_mean(aspect, ASPECTS)}'
                )
    question = Question(
        ask=f"Is {b.name} better than {a.name}?",
        compare=(a.name, b.name),
        about=aspects or ("network",),
        metric=metric,
        matters=matters,
    )
    if problems := question.problems({a.name: a.experiment, b.name: b.experiment}):
        raise UserError("\n".join(f"--metric: {problem}" for problem in problems))
    return question
