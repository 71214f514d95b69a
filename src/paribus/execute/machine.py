"""Where a run is trained: versions, machine, and whether anything runs beside it."""

from __future__ import annotations

import os
import platform

from paribus.allotment import available_cores
from paribus.processor import processor

_PACKAGES = ("paribus", "numpy", "torch")


def environment() -> dict[str, str]:
    """Return a description of this process's environment."""
    return {
        **{package: _version(package) for package in _PACKAGES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": processor(),
        "cores": str(available_cores()),
        "load before": _load(),
    }


def _version(package: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _load() -> str:
    """The machine's mean number of busy processes over the minute before, where it is known."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
