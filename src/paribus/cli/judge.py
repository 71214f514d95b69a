"""`paribus judge`: which differences are real, in results that were made elsewhere?"""

from __future__ import annotations

import json
import math
from pathlib import Path

import click

from paribus.cli.options import UNSET, json_option, pdf_option, tell
from paribus.elsewhere.terms import Missing, Unit
from paribus.errors import UserError


class _Columns(click.ParamType[tuple[str, ...]]):
    """Names of columns, with commas between them."""

    name = "columns"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):  # The default.
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class _Sizes(click.ParamType[tuple[float, ...]]):
    """Positive numbers, with commas between them."""

    name = "numbers"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):  # The default.
            return value
        try:
            sizes = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            sizes = ()
        if not sizes or not all(0 < size < math.inf for size in sizes):
            self.fail(f"needs positive numbers with commas between them, got {value}", param, ctx)
        return sizes


class _Units(click.ParamType[tuple[Unit, ...]]):
    """Units, with commas between them."""

    name = "units"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Unit, ...]:
        if isinstance(value, tuple):  # The default.
            return value
        try:
            return tuple(Unit(part.strip()) for part in str(value).split(","))
        except ValueError:
            known = ", ".join(unit.value for unit in Unit)
            self.fail(f"needs one of {known} for each metric, got {value}", param, ctx)


_COLUMNS, _SIZES, _UNITS = _Columns(), _Sizes(), _Units()


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option(
    "--experiment",
    type=_COLUMNS,
    default=(),
    metavar="COL,…",
    help="Columns that together name an experiment.  [default: guessed]",
)
@click.option(
    "--metric",
    type=_COLUMNS,
    default=(),
    metavar="COL,…",
    help="Columns that are compared.  [default: guessed]",
)
@click.option(
    "--wide",
    default="",
    metavar="NAME",
    help="The table has a column for each experiment, or for each seed; NAME is what their cells "
    "are, e.g. test_acc.",
)
@click.option(
    "--better",
    type=click.Choice(["higher", "lower"]),
    help="Which values of the metric are better.  [default: by its name]",
)
@click.option(
    "--unit",
    "units",
    type=_UNITS,
    default=(),
    metavar="U,…",
    help="percent, share (from 0 to 1) or number: what the values of each metric are.  [default: "
    "by its name and values]",
)
@click.option("--seed", default="", metavar="COL", help="Column of seeds.  [default: guessed]")
@click.option("--run", default="", metavar="COL", help="Column of run IDs.  [default: guessed]")
@click.option(
    "--epoch",
    default="",
    metavar="COL",
    help="Column of epochs or steps, where a row is one of them.  [default: guessed]",
)
@click.option(
    "--kept",
    default="",
    metavar="COL",
    help="Column of the epoch that counts for a run, chosen on validation data.  [default: "
    "kept_epoch if there is such a column, else the last epoch counts]",
)
@click.option(
    "--status",
    default="",
    metavar="COL",
    help="Column that says how runs ended.  [default: guessed]",
)
@click.option(
    "--correct",
    default="",
    metavar="COL",
    help="Column of files that say which test examples a run gets right, for new test examples.",
)
@click.option(
    "--ignore",
    type=_COLUMNS,
    default=(),
    metavar="COL,…",
    help="Columns that are not settings of an experiment.",
)
@click.option(
    "--about",
    type=_COLUMNS,
    default=(),
    metavar="COL,…",
    help="Settings that are meant to differ.  [default: the only one that does]",
)
@click.option(
    "--matters",
    type=_SIZES,
    default=(),
    metavar="X,…",
    help=f"The smallest difference that matters, in the file's unit, for each metric; {UNSET}.",
)
@click.option(
    "--paired",
    is_flag=True,
    help="Runs of one seed share what the seed decides: compare them in pairs.",
)
@click.option(
    "--compare",
    "compare",
    multiple=True,
    type=(str, str),
    metavar="A B",
    help="Compare these two experiments; may be repeated.  [default: every pair]",
)
@click.option("--baseline", metavar="A", help="Compare every experiment with this one.")
@click.option("--best", is_flag=True, help="Ask which of all may be the best, too.")
@click.option(
    "--missing",
    type=click.Choice([one.value for one in Missing]),
    help="What runs without a value are, whether of an empty cell or of a seed without a row: "
    "failed, and worse than any other; unreported; or absent, never made.  [default: failed with a "
    "row, absent without]",
)
@click.option(
    "--format", "form", metavar="NAME", help="Format of the files.  [default: recognised]"
)
@click.option("--title", help="Title of the page.  [default: the file's name]")
@click.option(
    "--report",
    "report_folder",
    type=click.Path(path_type=Path),
    help="Folder that the page is written to.  [default: report, or report-FILE where that has "
    "another report]",
)
@pdf_option
@json_option
def command(
    *,
    files: tuple[Path, ...],
    experiment: tuple[str, ...],
    metric: tuple[str, ...],
    wide: str,
    better: str | None,
    units: tuple[Unit, ...],
    seed: str,
    run: str,
    epoch: str,
    kept: str,
    status: str,
    correct: str,
    ignore: tuple[str, ...],
    about: tuple[str, ...],
    matters: tuple[float, ...],
    paired: bool,
    compare: tuple[tuple[str, str], ...],
    baseline: str | None,
    best: bool,
    missing: str | None,
    form: str | None,
    title: str | None,
    report_folder: Path | None,
    pdf: bool,
    as_json: bool,
) -> None:
    """Say which differences are real in results that were made elsewhere, and write a page.

    FILE is a CSV file with a header and a row for each run, or for each epoch of each run; or a
    database of MLflow, a folder of TensorBoard's event files or of Lightning's CSVLogger, a CSV
    export of Weights & Biases, or Hugging Face's trainer_state.json. All pairs of experiments are
    judged together, unless --compare or --baseline name fewer.
    """
    from paribus.elsewhere.judge import judge
    from paribus.elsewhere.readers import read
    from paribus.elsewhere.terms import Stated, Terms

    if compare and baseline is not None:
        raise UserError("--baseline: has no effect beside --compare; leave one out")
    terms = Terms(
        columns=Stated(
            experiment=experiment,
            seed=seed,
            run=run,
            epoch=epoch,
            kept=kept,
            status=status,
            metric=metric,
            ignored=ignore,
            correct=correct,
        ),
        wide=wide,
        better=better,
        units=units,
        paired=paired,
        matters=matters,
        about=about,
        compare=compare,
        baseline=baseline,
        best=best,
        missing=None if missing is None else Missing(missing),
    )
    judgment = judge(read(files, form), terms)
    from paribus.present.as_json import plain
    from paribus.present.guesses import guesses
    from paribus.present.judged import write_judgment
    from paribus.present.notices import UNCHECKED, remarks
    from paribus.present.own_folder import (
        keep_mark_of_files,
        name_of_files,
        own_folder_of_files,
    )
    from paribus.present.report_text import undrawn
    from paribus.present.terminal import print_judgment

    title = title or name_of_files(files)
    folder = report_folder or own_folder_of_files(files)
    tell(guesses(judgment), *remarks(judgment), undrawn())
    if not as_json:
        print_judgment(judgment.findings)
        click.echo(f"\n{UNCHECKED}\n")
    page = write_judgment(judgment, title, folder, pdf=pdf)
    keep_mark_of_files(files, folder)
    if as_json:
        findings = list(map(plain, judgment.findings))
        click.echo(json.dumps({"findings": findings, "report": str(page)}, indent=2))
    else:
        click.echo(f"Report: {page.resolve()}")
