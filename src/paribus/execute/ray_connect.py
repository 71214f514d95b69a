"""Connects this process to a Ray cluster, or says why it cannot, or is so no longer."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from paribus.allotment import available_cores
from paribus.errors import ParibusError, UserError

_LOCAL = "local"
"""The address of a cluster that is started on this machine and ends with the command."""
_AUTO = "auto"
"""That of the cluster that this machine is a node of."""
_HIGHEST_PORT = 65535
_TOKEN = "AuthenticationError"
"""In what Ray says of a cluster whose token this process has not."""
_VERSIONS = re.compile(r"Ray: (\S+)\s+Python: (\S+)")
"""In what Ray says of a cluster of other versions: first the cluster's, then this process's."""
_FAILURES = (OSError, RuntimeError)
"""What Ray raises besides errors of its own."""


def connect(address: str) -> None:
    """Connect to a cluster, "" for that of this machine. Raises `UserError` if there is none, or
    none that lets this process in."""
    # It would send reports on its use to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if ray.is_initialized():
        raise UserError(
            f"--ray {address or _AUTO}: this process is connected to a Ray cluster already; call "
            "ray.shutdown() first"
        )
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == _LOCAL:
            ray.init(
                _LOCAL,
                num_cpus=available_cores(),
                include_dashboard=False,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
            return
        _knock(_found() if address in ("", _AUTO) else address)
        ray.init(address or _AUTO, **quiet)
    except (*_FAILURES, ValueError, ray.exceptions.RayError) as error:
        ray.shutdown()  # Of what it has begun.
        raise _refused(address or _AUTO, error) from None


@contextmanager
def reached(address: str) -> Iterator[None]:
    """Turn into `ParibusError` what Ray raises of a cluster that does not do what it is asked."""
    from ray import exceptions

    place = f"--ray {address or _AUTO}"
    try:
        yield
    except (exceptions.ObjectStoreFullError, exceptions.OutOfDiskError) as error:
        raise ParibusError(
            f"{place}: Ray has no room for the images on this machine ({type(error).__name__}); "
            "give its object store more with `ray start --object-store-memory BYTES`, or make room "
            "on the disk of its temporary folder, and run the same command again"
        ) from None
    except (*_FAILURES, exceptions.RayError) as error:
        raise ParibusError(
            f"{place}: the cluster fails ({_line(error)}); every finished epoch is kept: look "
            "into Ray's logs, start the cluster again if it is gone, and run the same command again"
        ) from None


def head_answers() -> bool:
    """Return whether the head of the cluster still listens that this process is connected to."""
    import ray

    try:
        _listen(ray.get_runtime_context().gcs_address)
    except OSError:
        return False
    return True


def _refused(address: str, error: Exception) -> UserError:
    place = f"--ray {address}"
    if _TOKEN in f"{type(error)} {error.__cause__}":
        return UserError(
            f"{place}: the cluster asks for a token that this command does not give; set "
            "RAY_AUTH_MODE=token, and on a machine that is not the cluster's head copy "
            "~/.ray/auth_token from there"
        )
    if len(versions := _VERSIONS.findall(str(error))) == 2:
        theirs, ours = (f"Ray {ray} and Python {python}" for ray, python in versions)
        return UserError(
            f"{place}: the cluster has {theirs}, this command {ours}; use the same versions of "
            "both on all machines"
        )
    if address == _LOCAL:
        return UserError(
            f"{place}: no Ray cluster can be started on this machine ({_line(error)}); call the "
            "command without --ray, which trains on the same cores"
        )
    return UserError(
        f"{place}: no Ray cluster answers there ({_line(error)}); call the command on a node "
        "of the cluster, or use --ray local"
    )


def _line(error: Exception) -> str:
    """The first line of what an error says, or its kind if it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).removesuffix(".")


def _found() -> str:
    """Return the address of the cluster of this machine, as Ray finds it. Raises `ConnectionError`
    if there is none."""
    from ray._private import services

    return services.canonicalize_bootstrap_address(_AUTO) or ""


def _knock(address: str) -> None:
    """Raise `OSError` if nobody listens at an address, which Ray would try for minutes; raise
    `ValueError` if it is none, and Ray's error if what listens is no cluster or asks for another
    token: Ray would try that 20 times."""
    from ray._private.services import GcsClient

    host, _, port = address.rpartition(":")
    is_port = port.isdecimal() and int(port) <= _HIGHEST_PORT
    if not (host and is_port) or "/" in host:
        raise ValueError("an address is HOST:PORT, auto or local")
    _listen(address)
    GcsClient(address=address)


def _listen(address: str) -> None:
    """Raise `OSError` if nobody listens at an address."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except OSError as error:
        raise OSError(f"{address}: {error.strerror or error}") from None
