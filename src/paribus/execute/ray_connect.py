"""Connects this process to a Ray cluster, or says why it cannot."""

from __future__ import annotations

import os
import socket

from paribus.allotment import available_cores
from paribus.errors import UserError

_LOCAL = "local"
"""The address of a cluster that is started on this machine and ends with the command."""
_AUTO = "auto"
"""That of the cluster that this machine is a node of."""
_HIGHEST_PORT = 65535
_TOKEN = "AuthenticationError"
"""In what Ray says of a cluster whose token this process has not."""


def connect(address: str) -> None:
    """Connect to a cluster, "" for that of this machine. Raises `UserError` if there is none, or
    none that lets this process in."""
    # It would send reports on its use to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == _LOCAL:
        ray.init(
            _LOCAL,
            num_cpus=available_cores(),
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
        return
    try:
        _knock(_found() if address in ("", _AUTO) else address)
        ray.init(address or _AUTO, **quiet)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise _refused(address or _AUTO, error) from None


def _refused(address: str, error: Exception) -> UserError:
    if _TOKEN in f"{type(error)} {error.__cause__}":
        return UserError(
            f"--ray {address}: the cluster asks for a token that this command does not give; copy "
            "~/.ray/auth_token from the cluster's head, and set RAY_AUTH_MODE=token"
        )
    return UserError(
        f"--ray {address}: no Ray cluster answers there ({error}); call the command on a node "
        "of the cluster, or use --ray local"
    )


def _found() -> str:
    """Return the address of the cluster of this machine, as Ray finds it. Raises `ConnectionError`
    if there is none."""
    from ray._private import services

    return services.canonicalize_bootstrap_address(_AUTO) or ""


def _knock(address: str) -> None:
    """Raise `OSError` if nobody listens at an address, which Ray would try for minutes; raise
    `ValueError` if it is none."""
    host, _, port = address.rpartition(":")
    is_port = port.isdecimal() and int(port) <= _HIGHEST_PORT
    if not (host and is_port) or "/" in host:
        raise ValueError("an address is HOST:PORT, auto or local")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except OSError as error:
        raise OSError(f"{address}: {error.strerror or error}") from None
