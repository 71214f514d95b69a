"""What a process may use: affinity, control groups as Linux shows them, Slurm's word."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from paribus.allotment import available_cores, available_memory

GB = 2**30
MANY = 64


@pytest.fixture(autouse=True)
def many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The affinity of a large machine."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(MANY)), raising=False)


def linux(folder: Path, groups: str, mounted: str, files: Mapping[str, object]) -> Path:
    """Write a /proc/self with control groups below a folder; return its path.

    mounted: lines of mountinfo, in which FOLDER stands for the folder.
    """
    proc = folder / "proc" / "self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(groups)
    (proc / "mountinfo").write_text(mounted.replace("FOLDER", str(folder)))
    (proc.parent / "meminfo").write_text("MemTotal: 99 kB\nMemAvailable:    16777216 kB\n")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return proc


V2 = "31 23 0:28 / FOLDER/cg rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "32 31 0:29 / FOLDER/cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / FOLDER/cg/memory rw - cgroup cgroup rw,memory\n"
)


def test_nothing_limits(tmp_path: Path) -> None:
    proc = linux(tmp_path, "0::/a\n", V2, {"cg/a/cpu.max": "max 100000", "cg/a/memory.max": "max"})
    assert available_cores(proc, {}) == MANY
    assert available_memory(proc, {}) == 16 * GB


def test_where_nothing_is_told(tmp_path: Path) -> None:
    assert available_cores(tmp_path / "self", {}) == MANY
    assert available_memory(tmp_path / "self", {}) is None


def test_affinity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 9}, raising=False)
    assert available_cores(tmp_path, {}) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    assert available_cores(tmp_path, {}) == os.cpu_count()


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("400000 100000", 4), ("150000 100000", 2), ("20000 100000", 1), ("99000000 100000", MANY)],
)
def test_quota_of_version_2(tmp_path: Path, quota: str, cores: int) -> None:
    proc = linux(tmp_path, "0::/a/b\n", V2, {"cg/a/b/cpu.max": quota})
    assert available_cores(proc, {}) == cores


def test_an_outer_group_limits_too(tmp_path: Path) -> None:
    files = {
        "cg/a/cpu.max": "200000 100000",
        "cg/a/b/cpu.max": "800000 100000",
        "cg/a/memory.max": 3 * GB,
        "cg/a/memory.current": GB,
        "cg/a/b/memory.max": "max",
        "cg/a/b/memory.current": GB,
    }
    proc = linux(tmp_path, "0::/a/b\n", V2, files)
    assert available_cores(proc, {}) == 2
    assert available_memory(proc, {}) == 2 * GB


def test_version_1(tmp_path: Path) -> None:
    files = {
        "cg/cpu,cpuacct/a/cpu.cfs_quota_us": 300000,
        "cg/cpu,cpuacct/a/cpu.cfs_period_us": 100000,
        "cg/memory/c/memory.limit_in_bytes": 4 * GB,
        "cg/memory/c/memory.usage_in_bytes": 3 * GB,
        "cg/memory/c/memory.stat": f"cache 5\ntotal_inactive_file {GB}",
    }
    proc = linux(tmp_path, "7:cpu,cpuacct:/a\n4:memory:/c\n0::/x\n", V1, files)
    assert available_cores(proc, {}) == 3
    assert available_memory(proc, {}) == 2 * GB  # The cache of files gives way.


def test_version_1_without_limits(tmp_path: Path) -> None:
    files = {
        "cg/cpu,cpuacct/a/cpu.cfs_quota_us": -1,
        "cg/cpu,cpuacct/a/cpu.cfs_period_us": 100000,
        "cg/memory/c/memory.limit_in_bytes": 9223372036854771712,
        "cg/memory/c/memory.usage_in_bytes": GB,
    }
    proc = linux(tmp_path, "7:cpu,cpuacct:/a\n4:memory:/c\n", V1, files)
    assert available_cores(proc, {}) == MANY
    assert available_memory(proc, {}) == 16 * GB


def test_a_container_that_names_a_group_of_its_host(tmp_path: Path) -> None:
    mounted = "31 23 0:28 /docker/f00 FOLDER/cg rw - cgroup2 cgroup2 rw\n"
    files = {"cg/cpu.max": "500000 100000"}
    host = linux(tmp_path / "1", "0::/docker/f00\n", mounted, files)
    unseen = linux(tmp_path / "2", "0::/elsewhere\n", mounted, files)
    assert [available_cores(proc, {}) for proc in (host, unseen)] == [5, 5]


def test_slurm(tmp_path: Path) -> None:
    proc = linux(tmp_path, "", "", {})
    assert available_cores(proc, {"SLURM_CPUS_PER_TASK": "4", "SLURM_CPUS_ON_NODE": "16"}) == 4
    assert available_cores(proc, {"SLURM_CPUS_ON_NODE": "16"}) == 16
    assert available_memory(proc, {"SLURM_MEM_PER_NODE": "2048"}) == 2 * GB
    assert available_memory(proc, {"SLURM_MEM_PER_NODE": "0"}) == 16 * GB
    per_core = {"SLURM_MEM_PER_CPU": "512", "SLURM_CPUS_ON_NODE": "8"}
    assert available_memory(proc, per_core) == 4 * GB


def test_memory_above_which_all_is_slowed_down(tmp_path: Path) -> None:
    files = {"cg/a/memory.max": 8 * GB, "cg/a/memory.high": 5 * GB, "cg/a/memory.current": GB}
    proc = linux(tmp_path, "0::/a\n", V2, files)
    assert available_memory(proc, {}) == 4 * GB


def test_names_of_any_bytes(tmp_path: Path) -> None:
    proc = linux(tmp_path, "", V2, {})
    group = tmp_path / "cg" / os.fsdecode(b"caf\xe9\x0c\xc2\x85")
    group.mkdir(parents=True)
    (group / "cpu.max").write_text("300000 100000")
    (proc / "cgroup").write_bytes(b"0::/caf\xe9\x0c\xc2\x85\n")
    with (proc / "mountinfo").open("ab") as table:
        table.write(b"9 1 8:1 / /media/B\xfccher rw - ext4 /dev/sdb rw\n")
    assert available_cores(proc, {}) == 3


def test_this_machine() -> None:
    memory = available_memory()
    assert memory is None or memory > 0
    assert 1 <= available_cores() <= MANY
