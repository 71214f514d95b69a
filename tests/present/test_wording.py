"""What findings say in words: the same as in tests/golden/wordings.txt.

After a change of words that is meant, `PARIBUS_WRITE_GOLDEN=1 pytest tests/present/test_wording.py`
writes the file anew; its difference is what to review.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paribus.present import wording
from paribus.questions.finding import Finding
from tests.support.wording_cases import cases

GOLDEN = Path(__file__).parent.parent / "golden" / "wordings.txt"


def words(name: str, finding: Finding) -> str:
    lines = [
        f"== {name}",
        f"{wording.verdict_words(finding.verdict)} | {wording.badge(finding)} | "
        f"{wording.table_verdict(finding)} | {wording.subject(finding)}",
        wording.sentence(finding),
        *(f"- {reason}" for reason in wording.reasons(finding)),
    ]
    if said := wording.noise(finding):
        lines.append(f"noise: {said}")
    if said := wording.agreement(finding):
        lines.append(f"original: {said}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    return {name: words(name, finding) for name, finding in cases().items()}


@pytest.fixture(scope="module")
def golden(now: dict[str, str]) -> dict[str, str]:
    if os.environ.get("PARIBUS_WRITE_GOLDEN"):
        GOLDEN.write_text("\n".join(now.values()), "utf-8")
    parts = GOLDEN.read_text("utf-8").removeprefix("== ").split("\n\n== ")
    return {part.partition("\n")[0]: f"== {part.rstrip()}\n" for part in parts}


def test_no_case_is_added_or_lost(now: dict[str, str], golden: dict[str, str]) -> None:
    assert list(now) == list(golden)


@pytest.mark.parametrize("name", cases())
def test_wording(name: str, now: dict[str, str], golden: dict[str, str]) -> None:
    assert now[name] == golden[name]


def test_finding_of_an_unknown_kind_says_what_is_missing() -> None:
    class Unworded(Finding):
        pass

    finding = next(iter(cases().values()))
    unworded = Unworded(finding.question, finding.verdict, None, False)
    with pytest.raises(NotImplementedError, match="no wording is registered for Unworded"):
        wording.sentence(unworded)
    assert wording.badge(unworded) == "better"
    assert wording.reasons(unworded) == ()
