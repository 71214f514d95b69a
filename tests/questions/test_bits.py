"""Pairs of runs that versions of one engine have trained: named, since rounding differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paribus.measure.runs import Run
from paribus.present.wording import reasons
from paribus.questions.family import judge_study
from paribus.questions.finding import PairFinding
from tests.support.made_up import DATA, make_result, run

A, B = "cnn", "pool-first"


def finding(bits_of_b: Sequence[str], engine_of_b: str = "native") -> PairFinding:
    """What is found with three seeds; all runs of A are of bits 2. bits_of_b: of each run of B."""

    def made(name: str, seed: int) -> Run:
        bits, engine = (bits_of_b[seed], engine_of_b) if name == B else ("2", "native")
        return run(seed, 4, "finished", DATA, bits=bits, engine=engine)

    result = make_result([A, B], runs=made, data=DATA)
    found = judge_study(replace(result, study=result.study.only((A, B))))
    (pair,) = (f for f in found if isinstance(f, PairFinding) and f.metric.key == "test_accuracy")
    return pair


def test_pairs_of_other_bits_are_named() -> None:
    found = finding("121")
    assert found.other_bits == (0, 2)
    (line,) = (line for line in reasons(found) if "versions of one engine" in line)
    assert line.startswith("The runs of cnn and pool-first with seeds 0 and 2 are by versions of")


def test_nothing_is_said_of_runs_whose_bits_were_not_recorded() -> None:
    assert finding(["2", "", "2"]).other_bits == ()


def test_nothing_is_said_of_pairs_of_the_same_bits() -> None:
    assert finding("222").other_bits == ()
    assert not any("versions of one engine" in line for line in reasons(finding("222")))


def test_another_engine_is_another_matter() -> None:
    assert finding("111", engine_of_b="torch").other_bits == ()
