"""Serves the pages on a port until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from paribus.campaign.campaign import Campaign
from paribus.errors import ParibusError, UserError
from paribus.serve.app import Site, make_app
from paribus.serve.connections import BoundedProtocol, most_connections
from paribus.serve.token import Token, is_loopback


@dataclass(frozen=True)
class Address:
    """Where the pages are."""

    plain: str
    token: str
    """"" where only this machine can reach them."""


def serve(
    folder: Path,
    campaign: Campaign | None,
    *,
    host: str,
    port: int,
    ready: Callable[[Address], None],
) -> None:
    """Serve a store's pages until Ctrl-C; `ready` is called with their address.

    campaign: the one study to show; None: all that the store has. port: 0 takes a free one. Raises
    `UserError` where it cannot listen there, or cannot show what was asked for.
    """
    site = Site(folder, campaign)
    if campaign is None:
        site.followed(None)
    asyncio.run(_serve(site, host, port, ready))


async def _serve(site: Site, host: str, port: int, ready: Callable[[Address], None]) -> None:
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    token = None if is_loopback(host) else Token(port)
    BoundedProtocol.most = most_connections()
    config = uvicorn.Config(
        make_app(site, host, port, token),
        lifespan="off",
        ws="none",
        http=BoundedProtocol,
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, site)
    shown = "localhost" if host in ("0.0.0.0", "::", "") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    ready(Address(address, "" if token is None else token.text))
    with listening:
        await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Closes the connections of live pages as soon as it is asked to stop."""

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._site.stopping.set)
        # What is cut off now, a report in the making say, is no error.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        super().handle_exit(signal.Signals(sig), frame)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise UserError(
            f'--host "{host}": there is no such address on this machine; leave it out, or write '
            "e.g. --host 0.0.0.0 for all of them"
        ) from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise _cannot_listen(host, port, error) from None
    listening.setblocking(False)
    return listening


def _cannot_listen(host: str, port: int, error: OSError) -> ParibusError:
    if error.errno == errno.EADDRINUSE:
        return UserError(
            f"port {port}: already in use by another program; choose another with --port, e.g. "
            "--port 0 for any free port"
        )
    if error.errno == errno.EACCES:
        return UserError(f"port {port}: may not be used; name one above 1023 with --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return UserError(
            f'--host "{host}": is not an address of this machine; leave it out, or write '
            "--host 0.0.0.0 for all of them"
        )
    return ParibusError(f"cannot listen on {host}, port {port}: {error.strerror}")
