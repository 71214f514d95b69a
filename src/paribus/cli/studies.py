"""`paribus studies`: the studies that come with Paribus."""

from __future__ import annotations

import json

import click

from paribus.cli.options import json_option
from paribus.errors import UserError
from paribus.spec.files import built_in_studies, read_study


@click.command()
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the built-in studies; or, given a NAME, print that study's file, to read or to start
    your own from: paribus studies mnist > my-study.toml"""
    texts = built_in_studies()
    if name is not None:
        if name not in texts:
            raise UserError(f'there is no built-in study "{name}"; known are {", ".join(texts)}')
        click.echo(texts[name], nl=False)
        return
    studies = {name: read_study(text, name) for name, text in texts.items()}
    if as_json:
        facts = {
            name: {"title": s.title, "data": s.data, "experiments": list(s.experiments)}
            for name, s in studies.items()
        }
        click.echo(json.dumps(facts, indent=2))
        return
    for name, study in studies.items():
        click.echo(f"{name}  {study.title}; {len(study.experiments)} experiments on {study.data}")
