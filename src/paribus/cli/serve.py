"""`paribus serve`: the report as a live page, and a pad to draw on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paribus.campaign.campaign import Campaign
from paribus.cli.options import optional_study_options, store_option
from paribus.errors import need

if TYPE_CHECKING:
    from paribus.serve.server import Address


@click.command()
@optional_study_options
@store_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; by default only this machine can reach it.",
)
def command(campaign: Campaign | None, store_folder: Path, port: int, host: str) -> None:
    """Show STUDY, a file or a built-in name, in the browser: how its training gets on, findings and
    curves as they come, the report, and a pad where every trained network answers what you draw.

    Without STUDY, the studies that the store has. Nothing is trained, and the store is only read:
    call it before, while or after `paribus run` trains. Ctrl-C ends it.
    """
    need("serve", "`paribus serve`")
    from paribus.serve.server import serve

    try:
        serve(
            store_folder,
            campaign,
            host=host,
            port=port,
            ready=lambda address: click.echo(_ready(address)),
        )
    except KeyboardInterrupt:
        click.echo("\nStopped.", err=True)


def _ready(address: Address) -> str:
    if address.token:
        return (
            f"Paribus is at {address.plain}?token={address.token}. Every machine that reaches this "
            "one can look and draw with that address; without the token it gets nothing. Ctrl-C "
            "stops it."
        )
    return f"Paribus is at {address.plain}, the pad at {address.plain}pad. Ctrl-C stops it."
