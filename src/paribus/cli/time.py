"""`paribus time`: which of two experiments takes longer for a training step, on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from statistics import median

import click

from paribus.campaign.campaign import make
from paribus.campaign.changes import option_engine
from paribus.campaign.engines import choose_engines, fitting_networks
from paribus.cli.options import json_option, store_option
from paribus.errors import UserError, did_you_mean
from paribus.measure.from_store import described
from paribus.questions.step_time import FEWEST_PROCESSES
from paribus.spec.aspects import ASPECTS
from paribus.spec.code import code_digest
from paribus.spec.question import Question
from paribus.store.open import open_store
from paribus.text import count, percent


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--study",
    default="mnist",
    show_default=True,
    help="The study that they are from: file or name.",
)
@click.option(
    "--engine",
    "engines",
    metavar="E[,F]",
    help="Engine of both, or of A and of B. Overrides the study.",
)
@click.option(
    "--processes",
    type=click.IntRange(FEWEST_PROCESSES, 1_000),
    default=FEWEST_PROCESSES,
    show_default=True,
    help="Processes that time, one after the other.",
)
@click.option(
    "--rounds",
    type=click.IntRange(3, 10_000),
    default=6,
    show_default=True,
    help="Rounds in each process.",
)
@click.option(
    "--matters",
    type=click.FloatRange(0, min_open=True),
    metavar="X",
    help=f"The smallest share that matters, e.g. 0.05 for {percent(0.05)}.",
)
@store_option
@json_option
def command(
    *,
    a: str,
    b: str,
    study: str,
    engines: str | None,
    processes: int,
    rounds: int,
    matters: float | None,
    store_folder: Path,
    as_json: bool,
) -> None:
    """Time training steps of experiments A and B of a study on this machine, and report the ratio
    of the times with its interval, beside that of A to itself. Each of several processes times
    both, interleaved. Best on a machine that does nothing else.

    The store keeps every timing. A second call adds to the first, and questions about step times
    use them all.
    """
    from paribus.campaign.timing import Side, TimedPair, time_pairs
    from paribus.present import wording
    from paribus.present.as_json import plain
    from paribus.present.progress import timing_progress
    from paribus.questions.family import judge
    from paribus.questions.kind import Context

    campaign = make(study, store_folder=store_folder)
    experiments = campaign.study.experiments
    for name in (a, b):
        if name not in experiments:
            known = did_you_mean(name, list(experiments))
            raise UserError(f'{study}: there is no experiment "{name}"; {known}')
    # Keys that differ even where an experiment is timed by two engines.
    names = (a, b if b != a else f"{b} again")
    asked = {
        key: experiment if wanted is None else experiment.but(engine=wanted)
        for key, experiment, wanted in zip(
            names, (experiments[a], experiments[b]), _engines(engines), strict=True
        )
    }
    chosen = choose_engines(fitting_networks(asked, campaign.facts, study), asked).names
    sides, results = [], []
    for key, name in zip(names, (a, b), strict=True):
        experiment = asked[key].but(engine=chosen[key])
        code = code_digest(experiment, campaign.folder)
        result = described(name, experiment, campaign.dataset, code=code)
        sides.append(Side.of(result, code))
        results.append(result)
    if (sides[0].key, chosen[names[0]]) == (sides[1].key, chosen[names[1]]):
        raise UserError(
            f"{a} and {b} have the same training step; every timing shows the first of the two "
            "against itself already. Name two that differ, or two engines, e.g. "
            "--engine numpy,torch"
        )
    pair = TimedPair(*sides)
    with open_store(store_folder, "create") as store:
        with timing_progress(1, processes) as listen:
            new = time_pairs(
                campaign, [pair], store, processes=processes, rounds=rounds, listen=listen
            )
        timings = store.timings()
    question = Question(
        ask=f"Is a training step of {b} faster than one of {a}?",
        compare=names,
        about=ASPECTS,
        metric="step_time",
        matters=matters or 0,
    )
    context = Context(
        experiments=dict(zip(names, results, strict=True)),
        train_images=len(campaign.dataset.train_labels),
        timings=timings,
    )
    (finding,) = judge([question], context)
    if as_json:
        click.echo(json.dumps(plain(finding) | {"timings": list(map(asdict, new))}, indent=2))
        return
    click.echo(click.style(wording.sentence(finding), bold=True))
    for name, side, seconds in (
        (a, sides[0], [time for one in new for time in one.a_seconds]),
        (b, sides[1], [time for one in new for time in one.b_seconds]),
    ):
        step = f"{median(seconds) * 1000:.3f} ms a step of {side.experiment.batch_size} images"
        click.echo(f"  {name}, engine {side.experiment.engine}: {step} (median)")
    for reason in wording.reasons(finding):
        click.echo(f"  {reason}")
    click.echo(f"Kept {count(len(new), 'timing')} in {store_folder / 'timings'}")


def _engines(text: str | None) -> tuple[str | None, str | None]:
    """The engines that --engine names for A and for B."""
    if text is None:
        return None, None
    names = [option_engine(part.strip()) for part in text.split(",")]
    if len(names) > 2:
        raise UserError(f"--engine {text}: names {len(names)} engines; write one, or A's,B's")
    return names[0], names[-1]
