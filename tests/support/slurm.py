"""A real Slurm on this machine: munged, slurmctld and slurmd on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")
_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def why_no_slurm() -> str:
    """Return why no Slurm can be started here; "" if one can."""
    missing = [name for name in _PROGRAMS if shutil.which(name, path=_PLACES) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: slurm-wlm, munge)"
    return "" if os.geteuid() == 0 else "slurmd needs root"


@dataclass(frozen=True)
class Slurm:
    """A running Slurm of one node, whose four cores may be more than the machine has."""

    folder: Path
    environ: Mapping[str, str]
    """With which its commands find it."""

    def call(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Call a command, which must succeed; return what it prints."""
        done = subprocess.run(
            list(map(str, arguments)),
            env=dict(self.environ),
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def jobs(self) -> dict[str, dict[str, str]]:
        """Return the facts of each job, by its id; of each task of an array by ARRAY_TASK."""
        found = {}
        for line in self.call("scontrol", "show", "jobs", "--oneliner").splitlines():
            facts = dict(word.partition("=")[::2] for word in line.split())
            if "JobId" in facts:
                task = facts.get("ArrayTaskId")
                found[f"{facts['ArrayJobId']}_{task}" if task else facts["JobId"]] = facts
        return found

    def logs(self) -> str:
        """Return what its daemons have logged last."""
        return "\n".join(
            f"{path.name}: {path.read_text(errors='replace')[-3000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )


@contextmanager
def slurm(folder: Path) -> Iterator[Slurm]:
    """Yield a Slurm that is ready; end all of it afterwards. folder: for all that it writes."""
    for name in ("state", "spool", "run"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "slurm.conf").write_text(_configuration(folder), "utf-8")
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    environ = {**os.environ, "PATH": _PLACES, "SLURM_CONF": str(folder / "slurm.conf")}
    made = Slurm(folder, environ)
    with ExitStack() as stack:
        daemons: dict[str, list[str]] = {
            "munged": [
                "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket",
                f"--pid-file={folder}/run/munged.pid", f"--log-file={folder}/munged.log",
                f"--seed-file={folder}/run/munged.seed",
            ],
            "slurmctld": ["-D", "-c", "-i"],
            "slurmd": ["-D", "-N", "node"],
        }  # fmt: skip
        for name, options in daemons.items():
            stack.enter_context(_daemon(name, options, environ, folder))
            if name == "munged":
                wait_for((folder / "munge.socket").exists, made)
        wait_for(lambda: "State=IDLE" in _node(environ), made)
        yield made


def _node(environ: Mapping[str, str]) -> str:
    asked = subprocess.run(
        ["scontrol", "show", "node", "node"],
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout


def wait_for(what: Callable[[], bool], slurm: Slurm, seconds: float = 120) -> None:
    """Wait until something holds. Raises `AssertionError` with the logs if it never does."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, slurm.logs()
        time.sleep(0.2)


@contextmanager
def _daemon(
    name: str, options: list[str], environ: Mapping[str, str], folder: Path
) -> Iterator[None]:
    path = shutil.which(name, path=_PLACES)
    assert path is not None
    with open(folder / f"{name}.out.log", "w") as out:
        process = subprocess.Popen([path, *options], env=dict(environ), stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _configuration(folder: Path) -> str:
    host = socket.gethostname().partition(".")[0]
    controller, daemon = _free_port(), _free_port()
    return f"""
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,batch_sched_delay=0,bf_interval=1
MpiDefault=none
ReturnToService=2
KillWait=5
MinJobAge=600
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 Port={daemon} CPUs=4 RealMemory=8000
PartitionName=all Nodes=node Default=YES MaxTime=INFINITE State=UP
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
