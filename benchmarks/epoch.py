"""An epoch of the built-in study's networks: Paribus's engines against other tools, side by side.

    python -m venv build/peers
    build/peers/bin/pip install -c constraints.txt -r benchmarks/peers.txt -e .
    build/peers/bin/python -m benchmarks.epoch [--cases cnn mlp] [--rounds 5] [--json FILE]
        [--contenders native "PyTorch tuned,"]

The built-in study's networks, small and large batches of two of them, and residual networks as one
has them on CIFAR's images (cases.py). All contenders on all cases take about an hour: some take a
hundred times as long as others.

Every contender has processes of its own that live through all rounds; in each round each contender
takes one turn, an epoch over part of the images, while the others wait. So whatever else the
machine does falls on all alike. "2 × 1" is two processes of one thread that train a run each at the
same time, counted as half their time a run; "1 × 2" is one process of two threads. Medians over the
rounds, scaled to 60,000 images; ratios are medians of the ratios within a round. A tool that is not
installed is left out, and said to be. "Compiled" is what torch.compile makes of the tuned loop's
module.

GFLOP/s count three times the multiply-adds of the forward pass (forward, and the gradients of
inputs and weights), two operations each, as a direct computation would make them: Winograd's
convolutions make fewer, and may pass the peak. The peak is what a loop of nothing but multiply-adds
reaches on each core, compiled with the kernels' flags. The arithmetic limit is the time that what
the native kernels really compute would take at that peak (arithmetic.py).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.arithmetic import operations
from benchmarks.cases import CASES, Case

ROOT = Path(__file__).resolve().parent.parent
IMAGES = 60_000


@dataclass(frozen=True)
class Contender:
    """One way to train."""

    name: str
    processes: int
    maker: str
    """What makes it in contenders.py, as an expression."""


CONTENDERS = [
    Contender("native, 2 × 1", 2, "engine('native')"),
    Contender("torch engine, 2 × 1", 2, "engine('torch')"),
    Contender("numpy engine, 2 × 1", 2, "engine('numpy')"),
    Contender("PyTorch tuned, 1 × 2", 1, "tuned(2)"),
    Contender("PyTorch tuned, 2 × 1", 2, "tuned(1)"),
    Contender("PyTorch compiled, 1 × 2", 1, "tuned(2, compiled=True)"),
    Contender("PyTorch compiled, 2 × 1", 2, "tuned(1, compiled=True)"),
    Contender("PyTorch tuned bfloat16, 1 × 2", 1, "tuned(2, bfloat16=True)"),
    Contender("PyTorch tuned bfloat16, 2 × 1", 2, "tuned(1, bfloat16=True)"),
    Contender("DataLoader loop, 1 × 2", 1, "data_loader"),
    Contender("PyTorch Lightning, 1 × 2", 1, "lightning"),
    Contender("skorch, 1 × 2", 1, "skorch"),
    Contender("Keras on torch, 1 × 2", 1, "keras('torch')"),
    Contender("Keras on JAX, 1 × 2", 1, "keras('jax')"),
    Contender("JAX jitted scan, 1 × 2", 1, "jax_scan"),
    Contender("JAX jitted scan, 2 × 1", 2, "jax_scan"),
    Contender("scikit-learn, 1 × 2", 1, "scikit_learn"),
    Contender("scikit-learn, 2 × 1", 2, "scikit_learn"),
]
FLOAT32_PYTORCH = (
    *("PyTorch tuned, 1 × 2", "PyTorch tuned, 2 × 1"),
    *("PyTorch compiled, 1 × 2", "PyTorch compiled, 2 × 1"),
)
BARS: dict[str, list[tuple[tuple[str, ...], float]]] = {
    "mlp": [
        (FLOAT32_PYTORCH, 4.5),
        (("numpy engine, 2 × 1",), 2.0),
        (("JAX jitted scan, 1 × 2", "JAX jitted scan, 2 × 1"), 2.0),
        (("scikit-learn, 1 × 2", "scikit-learn, 2 × 1"), 2.0),
    ],
    "cnn": [(FLOAT32_PYTORCH, 3.3)],
    "residual": [(FLOAT32_PYTORCH, 2.7)],
    "residual-bn": [(FLOAT32_PYTORCH, 2.4)],
    "cifar-residual-16": [(FLOAT32_PYTORCH, 2.4)],
    "cifar-residual-32": [(FLOAT32_PYTORCH, 2.1)],
}
"""How many times as fast as the best of some contenders the native engine is to be."""


def work(contender: Contender, case: Case, core: int | None, pipe: Connection) -> None:
    """What a contender's process does: make the training, then an epoch whenever told to."""
    if core is not None:
        threads = "1"
        os.sched_setaffinity(0, {core})
    else:
        threads = "2"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = threads
    try:
        from benchmarks import contenders  # PyTorch and others read the variables when imported

        maker: Callable[..., Callable[[], float]] = eval(contender.maker, vars(contenders))
        turn = maker(case, case.images())
        turn(), turn()  # memory, caches, compilation
    except NotImplementedError:
        pipe.send("has no such network")
        return
    except ImportError as error:
        pipe.send(f"is not installed ({error})")
        return
    pipe.send(None)
    while pipe.recv():
        pipe.send(turn())


def measure(case: Case, rounds: int, contenders: list[Contender]) -> dict[str, list[float]]:
    """Seconds per run and epoch of each contender in each round."""
    context = multiprocessing.get_context("spawn")
    cores = sorted(os.sched_getaffinity(0))[:2]
    ready: dict[str, list[tuple[Any, Connection]]] = {}
    for contender in contenders:
        workers = []
        for number in range(contender.processes):
            here, there = context.Pipe()
            core = cores[number] if contender.processes > 1 else None
            process = context.Process(target=work, args=(contender, case, core, there))
            process.start()
            there.close()
            workers.append((process, here))
        reasons = [_hear(pipe) for _, pipe in workers]
        if reasons[0] is None:
            ready[contender.name] = workers
        else:
            print(f"  {contender.name}: {reasons[0]}")
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(rounds):
        for name, workers in ready.items():
            for _, pipe in workers:
                pipe.send(True)
            slowest = max(float(pipe.recv()) for _, pipe in workers)
            seconds[name].append(slowest / len(workers) * IMAGES / case.turn)
    for workers in ready.values():
        for process, pipe in workers:
            pipe.send(False)
            process.join()
    return seconds


def _hear(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return "did not start"


def peak() -> float | None:
    """GFLOP/s that multiply-adds alone reach on a core; None without a compiler."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        return None
    kernels = ROOT / "src/paribus/engines/native/kernels"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        source = Path(__file__).with_name("peak.cpp")
        flags = ["-std=c++17", "-O3", "-march=native", f"-I{kernels}"]
        subprocess.run([compiler, *flags, str(source), "-o", str(program)], check=True)
        return float(subprocess.run([program], capture_output=True, check=True).stdout)


def main() -> None:
    """Measure, print, and write what `--json` asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contenders", nargs="+", default=[""], help="how their names begin")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    top = peak()
    result: dict[str, Any] = {
        "date": date.today().isoformat(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "rounds": arguments.rounds,
        "load_before": os.getloadavg()[0],
        "peak_gflops_per_core": top,
        "cases": {},
    }
    print(f"{result['processor']}, peak {top} GFLOP/s a core; medians of {arguments.rounds} rounds")
    chosen = [c for c in CONTENDERS if c.name.startswith(("native", *arguments.contenders))]
    for name_of_case in arguments.cases:
        case = CASES[name_of_case]
        print(f"\n{name_of_case}: seconds an epoch and run", flush=True)
        seconds = measure(case, arguments.rounds, chosen)
        direct = 6 * case.plan.multiply_adds * IMAGES
        native = seconds["native, 2 × 1"]
        rows = {}
        for name, times in seconds.items():
            ratio = median(t / n for t, n in zip(times, native, strict=True))
            gflops = direct / median(times) / 1e9
            share = "" if top is None else f"{gflops / top / 2:5.0%} of the peak"
            rows[name] = {"seconds": times, "times_native": ratio, "gflops": gflops}
            print(
                f"  {name:30} {median(times):7.3f} s [{min(times):.3f}, {max(times):.3f}]  "
                f"{ratio:6.2f} × native  {gflops:6.1f} GFLOP/s  {share}"
            )
        result["cases"][name_of_case] = rows
        if top is not None:
            # Two cores, and two operations in each multiply-add.
            limit = operations(case.plan) * IMAGES / (top * 1e9 / 2) / 2
            print(f"  native takes {median(native) / limit:.2f} times the arithmetic limit "
                  f"of {limit:.3f} s")  # fmt: skip
        for rivals, bar in BARS.get(name_of_case, []):
            present = [name for name in rivals if name in rows]
            if present:
                best = min(present, key=lambda name: median(seconds[name]))
                print(f"  native is {rows[best]['times_native']:.2f} times as fast as "
                      f"{best} (bar {bar})")  # fmt: skip
        if arguments.json:  # each time: what has been measured is kept whatever comes
            arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def processor() -> str:
    """What the processor calls itself."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    return next(line.split(": ")[1] for line in text.splitlines() if "model name" in line)


if __name__ == "__main__":
    main()
