"""The same bits from every instruction set, compiler and number of threads, stopped or not."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from paribus.engines.native import library
from paribus.engines.native.build import INSTRUCTION_SETS
from tests.support.kernels import Build, builds, program

# For each PARIBUS_BITS (kernels/api.h) the digests of what bits.cpp writes, one a group of
# networks. Where the kernels' results change, raise PARIBUS_BITS and add a row; what is there stays
# as long as the group.
GOLDEN: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parents[2] / "golden/kernel_bits.json").read_text()
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(library.library_path() is None, reason="the kernels were not built"),
]


def digest(command: list[str], threads: int, resumed: bool) -> str:
    ran = subprocess.run([*command, str(threads), str(int(resumed))], capture_output=True)
    assert ran.returncode == 0, ran.stderr
    return hashlib.sha256(ran.stdout).hexdigest()


@pytest.mark.parametrize("group", GOLDEN["1"])
@pytest.mark.parametrize("build", builds(), ids=str)
def test_networks_have_the_same_bits(build: Build, group: str) -> None:
    """Weights, moments, gradients, losses and probabilities after two epochs; some diverge."""
    expected = GOLDEN[library.describe(library.load())["bits"]][group]
    command = [*program("bits", build), group]
    assert digest(command, threads=1, resumed=False) == expected
    if build.compiler:
        return
    for threads in (1, 2, 3, 4):
        assert digest(command, threads, resumed=True) == expected
    assert digest(command, threads=4, resumed=False) == expected


@pytest.mark.skipif("avx2" not in INSTRUCTION_SETS, reason="it reads the flags of x86 processors")
def test_diverging_networks_meet_no_denormal_numbers() -> None:
    """Or hardly ever: a training that fails must not take several times as long for it."""
    command = program("denormals", next(build for build in builds() if not build.compiler))
    ran = subprocess.run(command, capture_output=True, check=True)
    assert int(ran.stdout) <= 10
