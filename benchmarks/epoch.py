"""An epoch of the built-in study's networks: Paribus's engines against other tools, side by side.

    python -m venv build/peers
    build/peers/bin/pip install -c constraints.txt -r benchmarks/peers.txt -e .
    build/peers/bin/python benchmarks/epoch.py [--networks cnn mlp] [--rounds 5] [--json FILE]
        [--contenders native "PyTorch tuned,"]

All contenders on all networks take about half an hour: some take a hundred times as long as others.

Every contender has processes of its own that live through all rounds; in each round each contender
takes one turn, an epoch over part of the images, while the others wait. So whatever else the
machine does falls on all alike. "2 × 1" is two processes of one thread that train a run each at the
same time, counted as half their time a run; "1 × 2" is one process of two threads. Medians over the
rounds, scaled to 60,000 images; ratios are medians of the ratios within a round. A tool that is not
installed is left out, and said to be.

GFLOP/s count three times the multiply-adds of the forward pass (forward, and the gradients of
inputs and weights), two operations each, as a direct computation would make them: Winograd's
convolutions make fewer, and may pass the peak. The peak is what a loop of nothing but multiply-adds
reaches on each core, compiled with the kernels' flags.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGES = 60_000
# Images in a turn: about half a second of the native engine.
TURN = {"mlp": 60_000, "cnn": 12_800, "residual": 2_560, "residual-bn": 2_560}


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
    Contender("PyTorch tuned bfloat16, 1 × 2", 1, "tuned(2, True)"),
    Contender("PyTorch tuned bfloat16, 2 × 1", 2, "tuned(1, True)"),
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
FLOAT32_PYTORCH = ("PyTorch tuned, 1 × 2", "PyTorch tuned, 2 × 1")
BARS: dict[str, list[tuple[tuple[str, ...], float]]] = {
    "cnn": [(FLOAT32_PYTORCH, 2.5), (("DataLoader loop, 1 × 2",), 4.5)],
    "mlp": [
        (("numpy engine, 2 × 1",), 2.0),
        (FLOAT32_PYTORCH, 2.0),
        (("JAX jitted scan, 1 × 2", "JAX jitted scan, 2 × 1"), 2.0),
    ],
    "residual": [(FLOAT32_PYTORCH, 1.5)],
    "residual-bn": [(FLOAT32_PYTORCH, 1.6)],
}


def work(contender: Contender, network: str, core: int | None, pipe: Connection) -> None:
    """What a contender's process does: make the training, then an epoch whenever told to."""
    if core is not None:
        threads = "1"
        os.sched_setaffinity(0, {core})
    else:
        threads = "2"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = threads
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks import contenders

        maker: Callable[..., Callable[[], float]] = eval(contender.maker, vars(contenders))
        turn = maker(network, images_of_a_turn(network))
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


def images_of_a_turn(network: str) -> Any:
    """The training images of a turn."""
    import numpy as np

    from paribus.engines.base import Split

    folder = ROOT / "src/paribus/data/mnist"
    count = TURN[network]
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + count * 784), np.uint8, offset=16)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(8 + count), np.uint8, offset=8)
    images = (pixels / np.float32(255)).astype(np.float32).reshape(-1, 1, 28, 28)
    return Split(images, labels.astype(np.int64))


def measure(
    network: str, rounds: int, contenders: list[Contender] = CONTENDERS
) -> dict[str, list[float]]:
    """Seconds per run and epoch of each contender in each round."""
    context = multiprocessing.get_context("spawn")
    cores = sorted(os.sched_getaffinity(0))[:2]
    ready: dict[str, list[tuple[Any, Connection]]] = {}
    for contender in contenders:
        workers = []
        for number in range(contender.processes):
            here, there = context.Pipe()
            core = cores[number] if contender.processes > 1 else None
            process = context.Process(target=work, args=(contender, network, core, there))
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
            seconds[name].append(slowest / len(workers) * IMAGES / TURN[network])
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
        flags = ["-std=c++17", "-O3", "-march=native", "-ffp-contract=fast", f"-I{kernels}"]
        subprocess.run([compiler, *flags, str(source), "-o", str(program)], check=True)
        return float(subprocess.run([program], capture_output=True, check=True).stdout)


def main() -> None:
    """Measure, print, and write what `--json` asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=TURN, default=list(TURN))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contenders", nargs="+", default=[""], help="how their names begin")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from benchmarks.contenders import plan_of

    top = peak()
    result: dict[str, Any] = {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "rounds": arguments.rounds,
        "load_before": os.getloadavg()[0],
        "peak_gflops_per_core": top,
        "networks": {},
    }
    print(f"{result['processor']}, peak {top} GFLOP/s a core; medians of {arguments.rounds} rounds")
    chosen = [c for c in CONTENDERS if c.name.startswith(("native", *arguments.contenders))]
    for network in arguments.networks:
        print(f"\n{network}: seconds an epoch and run")
        seconds = measure(network, arguments.rounds, chosen)
        operations = 6 * plan_of(network).multiply_adds * IMAGES
        native = seconds["native, 2 × 1"]
        rows = {}
        for name, times in seconds.items():
            ratio = median(t / n for t, n in zip(times, native, strict=True))
            gflops = operations / median(times) / 1e9
            share = "" if top is None else f"{gflops / top / 2:5.0%} of the peak"
            rows[name] = {"seconds": times, "times_native": ratio, "gflops": gflops}
            print(
                f"  {name:30} {median(times):7.3f} s [{min(times):.3f}, {max(times):.3f}]  "
                f"{ratio:6.2f} × native  {gflops:6.1f} GFLOP/s  {share}"
            )
        result["networks"][network] = rows
        for rivals, bar in BARS[network]:
            present = [name for name in rivals if name in rows]
            if present:
                best = min(present, key=lambda name: median(seconds[name]))
                print(f"  native is {rows[best]['times_native']:.2f} times as fast as "
                      f"{best} (bar {bar})")  # fmt: skip
        if arguments.json:  # each time: what has been measured is kept whatever comes
            arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    return next(line.split(": ")[1] for line in text.splitlines() if "model name" in line)


if __name__ == "__main__":
    main()
