"""Mutated study files, each given to `paribus check`.

PYTHONPATH=. python tests/robustness/study_files.py --count 12000 --folder /tmp/fuzz
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from paribus.spec.files import built_in_studies
from tests.support.commands import call
from tests.support.small import SMALL_STUDY, write_small
from tests.support.trials import Trials, main

EXTREMES = (
    "0", "-1", "1", "1e308", "1e-308", "inf", "nan", "-0.0", "true", '""', "[]", "{}", "''",
    "99999999999", "99999999999999999999", "-9223372036854775808", "1" * 5000, "0." + "1" * 5000,
    "0x" + "f" * 40, "1979-05-27", "07:32:00", "[[]]", "[{}]", '"\\u0000"', '"\\ud800"', '"é"',
    '"\\n"', '"../../x"', '"/dev/zero"', '"/"', '"~"', '"a:b"', '"x test=0.2"', "0.5", "1000000",
)  # fmt: skip
MILD = ("1", "2", "3", "5", "7", "9", "10", "16", "0.001", "0.1", "0.9")
MILD_LAYERS = ("relu", "tanh", "batchnorm", "dropout 0.5", "residual [relu]", "repeat 2 [relu]",
               "silu", "leakyrelu", "residual [relu] skip=[tanh]")  # fmt: skip
LAYERS = (
    "conv", "conv 8", "conv 99999999999", "conv 1000000", "linear 10", "linear 100000000", "relu",
    "maxpool 2", "maxpool 999", "avgpool 1", "dropout 1", "dropout 0.5", "batchnorm", "flatten",
    "residual [relu] skip=[", "residual [relu] skip=", "concat [[", "concat [[], []]",
    "leakyrelu 9", "concat [[relu], [repeat 1000 [tanh]], [repeat 1000 [relu]]]", "globalavgpool",
    "residual [relu]", "residual []", "residual [", "repeat 100 [relu]", "softmax", "konv 8", "",
    "repeat 1000 [residual [repeat 1000 [relu]]]", "repeat 9 [" * 30, "residual [" * 30, "]",
    "conv 8 kernel=1e9", "conv 8 kernel=4", "conv 8 8", "linear -1", "repeat 0 [relu]", "🐱",
    "repeat 100 [residual [repeat 100 [residual [relu]]]]", "conv 1_000", "conv ٣", " " * 5000,
)  # fmt: skip
LINES = (
    "[experiments.x]", "[[questions]]", "[experiments]", "[[experiments]]", "[a.b.c.d]",
    "seeds = 1000", "seeds = 1001", "test = 0.5", "validation = 10", "images = 10", "epochs = 1",
    "x = " + "[" * 3000, "x = " + "[" * 1500 + "]" * 1500, "x = " + "{a=" * 500, 'from = "x"',
    '"""', "'''", "#", "=", "\x00", "\ufeff", "\\", "batch_size = 1", "a." * 3000 + "a = 1",
    'schedule = { name = "cosine" }',
    'optimizer = { name = "adam", lr = 0.1 }', "learning_rate = 1", 'metric = "epochs_to 0.9"',
    'metric = "step_time"', 'kind = "best"', 'data = "kmnist test=0.1"', 'engine = "torch"',
)  # fmt: skip

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
VALUE = re.compile(r"(?<==)[^\n]*")
TEXT = re.compile(r'"[^"\n]*"')
WORD = re.compile(r"[A-Za-z_]{3,}")

Mutation = Callable[[str, np.random.Generator], str]


def replaced(pattern: re.Pattern[str], options: tuple[str, ...]) -> Mutation:
    """Replace one of what a pattern finds by one of some texts."""

    def mutate(text: str, rng: np.random.Generator) -> str:
        found = list(pattern.finditer(text))
        if not found:
            return text
        spot = found[rng.integers(len(found))]
        return text[: spot.start()] + options[rng.integers(len(options))] + text[spot.end() :]

    return mutate


def exchanged(pattern: re.Pattern[str]) -> Mutation:
    """Put one of what a pattern finds in place of another."""

    def mutate(text: str, rng: np.random.Generator) -> str:
        found = list(pattern.finditer(text))
        if len(found) < 2:
            return text
        source, target = (found[i] for i in rng.integers(len(found), size=2))
        return f"{text[: target.start()]}{source.group()}{text[target.end() :]}"

    return mutate


def bytes_changed(text: str, rng: np.random.Generator) -> str:
    raw = bytearray(text.encode("utf-8", "surrogateescape"))
    for _ in range(rng.integers(1, 4)):
        spot = int(rng.integers(len(raw) + 1))
        match rng.integers(4):
            case 0:
                raw[spot : spot + 1] = bytes([rng.integers(256)])
            case 1:
                del raw[spot : spot + int(rng.integers(1, 30))]
            case 2:
                raw[spot:spot] = raw[: int(rng.integers(1, 30))]
            case _:
                raw[spot:spot] = bytes(rng.integers(256, size=rng.integers(1, 5)).tolist())
    return bytes(raw).decode("utf-8", "surrogateescape")


def lines_changed(text: str, rng: np.random.Generator) -> str:
    lines = text.splitlines()
    spot, other = rng.integers(len(lines) + 1, size=2)
    match rng.integers(5):
        case 0:
            del lines[spot : spot + 1]
        case 1:
            lines.insert(spot, LINES[rng.integers(len(LINES))])
        case 2:
            lines[spot:spot] = lines[other : other + int(rng.integers(1, 6))]
        case 3:
            del lines[spot:]
        case _:
            lines[spot:spot] = [lines[other % len(lines)]] * int(rng.integers(2, 3000))
    return "\n".join(lines)


MUTATIONS: tuple[Mutation, ...] = (
    replaced(NUMBER, MILD),
    replaced(TEXT, tuple(f'"{layer}"' for layer in MILD_LAYERS)),
    replaced(NUMBER, EXTREMES),
    replaced(VALUE, EXTREMES),
    replaced(TEXT, tuple(f'"{layer}"' for layer in LAYERS)),
    replaced(TEXT, EXTREMES),
    exchanged(VALUE),
    exchanged(TEXT),
    exchanged(WORD),
    bytes_changed,
    lines_changed,
    lines_changed,
)


def run(trials: Trials, rng: np.random.Generator, count: int, folder: Path) -> None:
    """Write so many mutated studies into a folder, and check each."""
    # Nothing is downloaded: a name with a letter changed may be another dataset's.
    os.environ |= {"http_proxy": "http://127.0.0.1:9", "PARIBUS_CACHE": str(folder / "cache")}
    write_small(folder)
    small = [SMALL_STUDY.replace('data = "small.npz"', f'data = "{data}"') for data in
             ("small.npz", "mnist")]  # fmt: skip
    originals = [*built_in_studies().values(), *small, *small, *small]
    for number in range(count):
        text = originals[rng.integers(len(originals))]
        for _ in range((1, 1, 1, 2, 4)[rng.integers(5)]):
            text = MUTATIONS[rng.integers(len(MUTATIONS))](text, rng) or " "
        path = folder / "study.toml"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        if trials.run(f"study {number}", partial(check, path)) == "faults":
            path.rename(folder / f"fault-{number}.toml")


def check(path: Path) -> None:
    result = call("check", path)
    if result.exception is not None:
        raise result.exception


if __name__ == "__main__":
    main(run, "mutated study files")
