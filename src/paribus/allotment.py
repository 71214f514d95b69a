"""How many cores and how much memory this process may use.

A machine has more than a container, a batch system or `taskset` allows a process: a worker for each
core of the machine would then crowd a few of them, and memory would run out.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from paribus.mounts import mounts

_PROC = Path("/proc/self")
_MEGABYTE = 2**20


def available_cores(proc: Path = _PROC, environ: Mapping[str, str] = os.environ) -> int:
    """Return how many cores this process may use, at least one: those of its affinity, and no more
    than its control groups and Slurm allow. A part of a core counts as one.

    proc: where Linux tells of this process; environ: the environment's variables.
    """
    return max(1, math.ceil(min([_affinity(), *_cpu_quotas(proc), *_slurm_cores(environ)])))


def available_memory(proc: Path = _PROC, environ: Mapping[str, str] = os.environ) -> int | None:
    """Return how many bytes of memory this process may still take: what is free on the machine, and
    no more than its control groups and Slurm allow. None where it is not known, as on macOS.

    proc, environ: as in `available_cores`.
    """
    found = [*_free(proc.parent / "meminfo"), *_memory_limits(proc), *_slurm_memory(environ)]
    return min(found, default=None)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_quotas(proc: Path) -> Iterator[float]:
    """How many cores' time each control group may use, where it is limited."""
    for group in _groups(proc, "cpu"):
        v1 = [*_words(group / "cpu.cfs_quota_us"), *_words(group / "cpu.cfs_period_us")]
        match _words(group / "cpu.max") or v1:
            # Where there is no limit, v2 has "max", v1 "-1".
            case [quota, period] if quota.isdecimal():
                yield int(quota) / int(period)


def _memory_limits(proc: Path) -> Iterator[int]:
    """How much more memory each control group may take, where it is limited. The cache of files
    that nobody has open counts as free: it gives way."""
    names = (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.high", "memory.current", "inactive_file"),  # Above it, all is slowed down.
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    )
    for group in _groups(proc, "memory"):
        for limit, usage, cache in names:
            match (_words(group / limit), _words(group / usage)):
                case ([most], [taken]) if most.isdecimal():
                    stat = _words(group / "memory.stat")
                    idle = dict(zip(stat[::2], stat[1::2], strict=False)).get(cache, "0")
                    yield max(0, int(most) - int(taken) + int(idle))


def _groups(proc: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's control groups, v2 or v1, from its own up to the outermost that
    is seen here: each limits those within."""
    table = mounts(_text(proc / "mountinfo"))
    for line in filter(None, _text(proc / "cgroup").split("\n")):
        _, controllers, path = line.split(":", 2)
        for mount in table:
            v2 = controllers == "" and mount.type == "cgroup2"
            v1 = controller in controllers.split(",") and controller in mount.options
            if not (v2 or (v1 and mount.type == "cgroup")):
                continue
            # In a container the path may be that of the host, whose groups are not seen here.
            inside = Path(path).is_relative_to(mount.root)
            below = Path(path).relative_to(mount.root) if inside else Path()
            for part in (below, *below.parents):
                yield mount.point / part


def _slurm_cores(environ: Mapping[str, str]) -> Iterator[int]:
    """What Slurm allots to a task: where it does not bind tasks to cores, its word alone holds."""
    for name in ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        if environ.get(name, "").isdecimal():
            yield int(environ[name])
            return


def _slurm_memory(environ: Mapping[str, str]) -> Iterator[int]:
    if environ.get("SLURM_MEM_PER_NODE", "").isdecimal():
        yield int(environ["SLURM_MEM_PER_NODE"]) * _MEGABYTE or _WHOLE_NODE
    elif environ.get("SLURM_MEM_PER_CPU", "").isdecimal():
        for cores in _slurm_cores(environ):
            yield int(environ["SLURM_MEM_PER_CPU"]) * _MEGABYTE * cores or _WHOLE_NODE


_WHOLE_NODE = 2**63
"""Slurm writes 0 for all memory of the node."""


def _free(meminfo: Path) -> Iterator[int]:
    words = _words(meminfo)  # "MemAvailable: 20971520 kB"
    if "MemAvailable:" in words:
        yield int(words[words.index("MemAvailable:") + 1]) * 1024


def _words(path: Path) -> list[str]:
    return _text(path).split()


def _text(path: Path) -> str:
    try:
        return os.fsdecode(path.read_bytes())  # Names of groups and folders may be of any bytes.
    except OSError:
        return ""
