"""`paribus data`: the datasets that have a name, and fetching them."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from paribus.cli.options import json_option
from paribus.data.dataset import Dataset
from paribus.data.sources import OTHERS, known, load


@click.command()
@click.argument("source", required=False)
@json_option
def command(source: str | None, as_json: bool) -> None:
    """List the datasets that have a name; or load SOURCE, a name or a path, and say what is in
    it. A named one that is not here yet is downloaded.

    A study names its data as `data = "..."`: a name, a folder of IDX files, a folder with
    train/CLASS/ and test/CLASS/ of images, or an .npz file. With `test = 0.2` in the study, or
    SOURCE as "pictures test=0.2", a fifth of each class are test images.
    """
    if source is not None:
        _tell(load(source), as_json)
        return
    descriptions = known()
    if as_json:
        facts = [asdict(d) | {"folder": str(d.folder)} for d in descriptions]
        click.echo(json.dumps(facts, indent=2))
        return
    for d in descriptions:
        where = "here" if d.present else f"{d.download_bytes / 1e6:.0f} MB to download"
        shape = "×".join(map(str, d.image_shape))
        click.echo(
            f"{click.style(d.name, bold=True)}  {d.title}\n"
            f"  {d.train_images:,} training and {d.test_images:,} test images, {shape}, "
            f"{d.classes} classes\n"
            f"  {d.license}; {where}: {d.folder}"
        )
    for name in OTHERS.names():
        click.echo(f"{click.style(name, bold=True)}  from another package")


def _tell(dataset: Dataset, as_json: bool) -> None:
    facts = {
        "name": dataset.name,
        "train_images": len(dataset.train_labels),
        "test_images": len(dataset.test_labels),
        "image_shape": list(dataset.image_shape),
        "classes": list(dataset.class_names),
        "fingerprint": dataset.fingerprint,
        "attribution": dataset.attribution,
        "notes": list(dataset.notes),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    shape = "×".join(map(str, dataset.image_shape))
    click.echo(
        f"{dataset.name}: {facts['train_images']:,} training and {facts['test_images']:,} test "
        f"images, {shape}, {dataset.classes} classes: {', '.join(dataset.class_names)}\n"
        f"fingerprint {dataset.fingerprint}"
    )
    if dataset.attribution:
        click.echo(dataset.attribution)
    for line in dataset.warnings:
        click.echo(line, err=True)
