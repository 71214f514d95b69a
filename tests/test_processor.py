"""Names of processors, from recorded texts of Linux and a stand-in for a command of macOS."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from paribus.processor import name_in, processor

X86 = """\
processor\t: {}
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz
stepping\t: 7

"""
ARM = """\
processor\t: {}
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: {}
CPU revision\t: 1

"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    processor.cache_clear()
    yield
    processor.cache_clear()


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        (X86.format(0) + X86.format(1), "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz"),
        (ARM.format(0, "0xd0c") + ARM.format(1, "0xd0c"), "ARM implementer 0x41 part 0xd0c"),
        (
            ARM.format(0, "0xd0b") + ARM.format(1, "0xd05"),
            "ARM implementer 0x41 part 0xd05 and ARM implementer 0x41 part 0xd0b",
        ),
        ("", ""),
        ("processor\t: 0\nhart\t: 2\nisa\t: rv64imafdc\n", ""),
    ],
    ids=["x86", "arm", "two kinds of cores", "none", "risc-v"],
)
def test_linux_names_the_model_or_the_numbers_of_its_cores(cpuinfo: str, name: str) -> None:
    assert name_in(cpuinfo) == name


def test_macos_is_asked_for_the_brand(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "Apple M2 Pro\n", "")

    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("subprocess.run", run)  # There is no other way to ask here.
    assert processor() == "Apple M2 Pro"
    assert asked == [["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS reports it")
def test_macos_that_does_not_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.processor", lambda: "arm")
    assert processor() == "arm"
