"""`paribus export`: a run's network, or a whole store, for other tools."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from paribus.campaign.lookup import find_run, folder_of
from paribus.cli.options import json_option, looking, of_study_option, store_option, tell
from paribus.errors import UserError
from paribus.export.formats import FORMATS, StoreFormat
from paribus.export.run import export_run
from paribus.export.trained import read_trained
from paribus.export.whole_store import export_store
from paribus.export.writing import refuse_existing
from paribus.present.name_notes import name_notes
from paribus.text import count

_FOLDER = Path("export")


@click.command()
@click.argument("run", required=False)
@click.option(
    "--to",
    "form",
    default="onnx",
    show_default=True,
    type=click.Choice(FORMATS.names()),
    help="The format.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Where to write to.  [default: export/RUN.onnx and the like, export/csv and the like]",
)
@of_study_option
@store_option
@json_option
def command(
    *,
    run: str | None,
    form: str,
    output: Path | None,
    study_named: str,
    store_folder: Path,
    as_json: bool,
) -> None:
    """Write the trained network of RUN to a file, or all runs of the store to a folder.

    \b
    RUN, as `paribus show` takes it, e.g. cnn/0:
      onnx         a model for ONNX runtimes
      torch        state dict (safetensors), and the source of the PyTorch module that loads it
      numpy        all tensors in one .npz file
    The whole store, without RUN:
      csv          tables of runs and epochs
      tensorboard  event files, a folder for each run
      mlflow       a tracking database

    A network is checked after it is written: the file is asked for the probabilities of all test
    images, which must be those that were stored. Existing files are never overwritten.
    """
    chosen = FORMATS.get(form)
    with looking(store_folder) as store:
        if isinstance(chosen, StoreFormat):
            if run is not None:
                raise UserError(
                    f'--to {form} exports the whole store and takes no RUN, got "{run}"; remove it'
                )
            target = output or _FOLDER / form
            exported = export_store(store, chosen, target)
            facts = {"path": str(target), **asdict(exported)}
            told = f"{count(exported.runs, 'run')}: {target}\nRead it with {exported.read_with}."
        else:
            if run is None:
                raise UserError(
                    f"--to {form} writes the network of one run; name it as `paribus show` takes "
                    "it, e.g. `paribus export cnn/0`"
                )
            found = find_run(run, store, study_named)
            target = output or _FOLDER / f"{found.run.id}{chosen.suffix}"
            refuse_existing(target)
            tell(name_notes(found.notes, store_folder))
            trained = read_trained(found.run, store, folder_of(study_named))
            check = export_run(trained, chosen, target)
            tell(trained.code_changed)
            facts = {"path": str(target), "run": found.run.id, "check": asdict(check)}
            told = f"Run {found.run.id}: {target}\n{check.sentence}"
    click.echo(json.dumps(facts, indent=2) if as_json else told)
