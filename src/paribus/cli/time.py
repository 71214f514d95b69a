"""`paribus time`: which of two experiments takes longer for a training step, on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from paribus.spec.code import code_digest, import_code
from paribus.spec.network import ModuleNetwork
from paribus.spec.question import ASPECTS, Question
from paribus.store.open import open_store
from paribus.store.timings import keep_timing
from paribus.text import percent


@click.command(short_help="Time training steps of two experiments, in turns.")
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
    help="Engine of both, or of A and of B, in place of the study's.",
)
@click.option("--rounds", type=click.IntRange(5, 10_000), default=30, show_default=True)
@click.option(
    "--matters",
    type=click.FloatRange(0, min_open=True),
    metavar="X",
    help=f"The smallest share that matters, e.g. 0.05 for {percent(0.05)}.",
)
@store_option
@json_option
def command(
    a: str,
    b: str,
    study: str,
    engines: str | None,
    rounds: int,
    matters: float | None,
    store_folder: Path,
    as_json: bool,
) -> None:
    """Time training steps of experiments A and B of a study on this machine, in turns in one
    process, and say how many times as long one of B takes: with an interval, and beside it the
    same of A against itself. Best on a machine that does nothing else.

    The result is kept in the store, where questions about step times find it.
    """
    from paribus.campaign.timing import Side, time_steps
    from paribus.engines.choose import make_engine
    from paribus.execute.tasks import TaskMaker
    from paribus.present import wording
    from paribus.present.as_json import plain
    from paribus.questions.family import judge
    from paribus.questions.kind import Context

    campaign = make(study)
    experiments, dataset = campaign.study.experiments, campaign.dataset
    for name in (a, b):
        if name not in experiments:
            known = did_you_mean(name, list(experiments))
            raise UserError(f'{study}: there is no experiment "{name}"; {known}')
    maker = TaskMaker(dataset)
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
        experiment, engine = asked[key].but(engine=chosen[key]), make_engine(chosen[key])
        code = code_digest(experiment, campaign.folder)
        if isinstance(experiment.network, ModuleNetwork):
            import_code(experiment.network, campaign.folder)
        result = described(name, experiment, dataset, code=code)
        sides.append(Side(result.step_keys[0], engine, maker.make(experiment, seed=0)))
        results.append(result)
    if (sides[0].key, chosen[names[0]]) == (sides[1].key, chosen[names[1]]):
        raise UserError(
            f"{a} and {b} have the same training step; every timing shows the first of the two "
            "against itself already. Name two that differ, or two engines, e.g. "
            "--engine numpy,torch"
        )
    with open_store(store_folder, "create") as store:
        with _progress(rounds) as listen:
            timing = time_steps(sides[0], sides[1], rounds, listen)
        path = keep_timing(store.folder, timing)
    question = Question(
        ask=f"Does a training step of {b} take longer than one of {a}?",
        compare=names,
        about=ASPECTS,
        metric="step_time",
        matters=matters or 0,
    )
    context = Context(
        experiments=dict(zip(names, results, strict=True)),
        train_images=len(dataset.train_labels),
        timings=(timing,),
    )
    (finding,) = judge([question], context)
    if as_json:
        click.echo(json.dumps(plain(finding) | {"timing": asdict(timing)}, indent=2))
        return
    click.echo(click.style(wording.sentence(finding), bold=True))
    for name, side, seconds in (
        (a, sides[0], timing.a_seconds),
        (b, sides[1], timing.b_seconds),
    ):
        step = f"{median(seconds) * 1000:.3f} ms a step of {side.task.batch_size} images"
        click.echo(f"  {name}, engine {side.engine.name}: {step} (median)")
    for reason in wording.reasons(finding):
        click.echo(f"  {reason}")
    click.echo(f"Kept in {path}")


def _engines(text: str | None) -> tuple[str | None, str | None]:
    """The engines that --engine names for A and for B."""
    if text is None:
        return None, None
    names = [option_engine(part.strip()) for part in text.split(",")]
    if len(names) > 2:
        raise UserError(f"--engine {text}: names {len(names)} engines; write one, or A's,B's")
    return names[0], names[-1]


@contextmanager
def _progress(rounds: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Timing in turns", total=rounds)
        yield lambda done: bar.update(task, completed=done)
