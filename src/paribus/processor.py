"""Which processor this machine has: what engines compute can depend on it."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from pathlib import Path


@cache
def processor() -> str:
    """Return the name of this machine's processor; "unknown" where the system does not report
    it."""
    name = _of_mac() if platform.system() == "Darwin" else name_in(_cpuinfo())
    return name or platform.processor() or "unknown"


def name_in(cpuinfo: str) -> str:
    """Return the processor's name in a text of /proc/cpuinfo; "" if there is none.

    Linux names the model on x86, but on 64-bit ARM only numbers: of who designed each core, and of
    the design. Stored runs carry this name, so a word of it that changes makes another processor.
    """
    fields = [
        (key.strip(), value.strip())
        for key, _, value in (line.partition(":") for line in cpuinfo.splitlines())
    ]
    for key, value in fields:
        if key == "model name":
            return value
    makers = [value for key, value in fields if key == "CPU implementer"]
    parts = [value for key, value in fields if key == "CPU part"]
    # A machine may have cores of two kinds.
    kinds = sorted(set(zip(makers, parts, strict=False)))
    return " and ".join(f"ARM implementer {maker} part {part}" for maker, part in kinds)


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return ""


def _of_mac() -> str:
    """Return what macOS names the processor, e.g. "Apple M2"; "" if it does not report it."""
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
