"""The findings as lines of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from paribus.measure.metric import named
from paribus.measure.runs import StudyResult
from paribus.present.as_json import plain
from paribus.present.finding_lines import WIDTH, finding_lines, next_lines
from paribus.present.forest import forest
from paribus.present.look_text import looks_note
from paribus.present.short import direction
from paribus.questions.family import judge_study
from paribus.questions.finding import Finding, Verdict
from tests.support.judged import (
    CLEAR,
    TINY,
    VAGUE,
    at_looks,
    counted,
    differing,
    family_of,
    found,
    raised,
    time_found,
    timed_steps,
)
from tests.support.made_up import DATA, Make, trained
from tests.support.wording_cases import cases


@pytest.fixture
def result(make: Make) -> StudyResult:
    return make(seeds=5, runs=lambda name, seed: trained(name, seed, 0.7), data=DATA)


def texts(result: StudyResult, findings: Sequence[Finding]) -> list[str]:
    return [line.text for line in finding_lines(findings, preview=result.study.preview)]


def test_each_finding_is_a_line_with_verdict_numbers_and_n(result: StudyResult) -> None:
    small = found(CLEAR, matters=0.01)
    asked_later = replace(found(VAGUE), exploratory=True)
    findings = [small, asked_later, time_found(timed_steps(1.3)), found(TINY), counted(42, 21)]
    lines = texts(result, findings)
    assert [" ".join(line.split()) for line in lines] == [
        "4 of 5 questions answered: 1 better, 1 worse, 1 equal, 1 fewer. Not answered: 1",
        "undecided.",
        "",
        "Test accuracy (points)",
        "better* cnn → adam +0.38 [0.28, 0.48] n = 5",
        "undecided‡ cnn → adam +0.10 [−0.42, 0.62] n = 5",
        "equal cnn → adam +0.002 [−0.018, 0.022] n = 5",
        "",
        "Time of a training step (ratio, below 1 is faster)",
        "slower cnn → bn 1.302 [1.298, 1.307] n = 5",
        "",
        "Number of parameters (fewer is better)",
        "fewer cnn → adam −21",
        "",
        "* by less than matters",
        "",
        "‡ exploratory: asked after runs had ended",
    ]
    # Numbers stand below one another.
    assert {len(line) for line in lines if line.endswith("n = 5")} == {WIDTH}
    assert len({line.index("cnn →") for line in lines if "→" in line}) == 1


ALIKE = [f"cnn-lr-0.{n}-with-a-long-recipe-of-many-parts-batch-size-32" for n in range(3)]


def rows_of_names(result: StudyResult, width: int | None, *names: tuple[str, str]) -> list[str]:
    findings = [found(CLEAR, names=pair) for pair in names]
    lines = [line.text for line in finding_lines(findings, preview=False, width=width)]
    return lines[3:]


def test_names_that_would_be_shortened_to_the_same_are_whole(result: StudyResult) -> None:
    a, b, c = ALIKE
    assert rows_of_names(result, 80, (a, b), ("cnn", c)) == [
        f"  better  {a} →",
        f"          {b}",
        f"{'+0.38 [0.28, 0.48]  n = 5':>80}",
        "  better  cnn → cnn-lr-0.2-with-a-…arts-batch-size-32  +0.38 [0.28, 0.48]  n = 5",
    ]


def test_a_wider_terminal_and_a_pipe_have_names_whole(result: StudyResult) -> None:
    a, b, _ = ALIKE
    whole = f"  better  {a} → {b}  +0.38 [0.28, 0.48]  n = 5"
    assert rows_of_names(result, None, (a, b)) == [whole]
    assert rows_of_names(result, 200, (a, b)) == [whole]
    assert rows_of_names(result, len(whole), (a, b)) == [whole]
    assert len(rows_of_names(result, WIDTH, (a, b))) == 3
    (line,) = rows_of_names(result, 200, ("cnn", "adam"))
    assert len(line) == WIDTH


def test_an_undecided_row_whose_interval_leaves_out_0_says_why(result: StudyResult) -> None:
    alone = [0.0063, 0.0004, 0.0041, 0.0008, 0.0042]
    family = family_of([differing(alone)] + [differing(VAGUE)] * 7)
    lines = texts(result, family)
    assert [line.split()[0] for line in lines if "cnn → adam" in line] == [
        "undecided§", *["undecided"] * 7,
    ]  # fmt: skip
    assert " ".join(lines).endswith(
        "§ the interval leaves out 0, but among 8 questions one may do so by chance: not clear "
        "enough"
    )
    assert texts(result, [found(alone)])[-1].startswith("§ the interval leaves out 0, but hardly: ")
    assert not any("§" in line for line in texts(result, [found(VAGUE), found(CLEAR)]))


def test_a_row_that_stopped_undecided_says_why(result: StudyResult) -> None:
    futile = at_looks(VAGUE * 2, seeds=5)
    lines = [line.strip() for line in texts(result, [futile, at_looks(CLEAR * 2)])]
    (at,) = (place for place, line in enumerate(lines) if line.startswith("undecided"))
    assert lines[at + 1] == "stopped: 10 seeds would hardly decide it"
    drawn = forest([futile], preview=False)
    assert drawn is not None
    assert drawn.groups[0].rows[0].why == lines[at + 1]
    stopped = (
        "question{} stopped undecided at an earlier look: the last one would hardly have decided"
    )
    assert looks_note([futile]).endswith(f" 1 {stopped.format('')} it.")
    assert looks_note([futile, futile]).endswith(f" 2 {stopped.format('s')} them.")
    assert looks_note([at_looks(CLEAR * 2)]).endswith("was judged.")
    assert plain(futile)["stopped_as_futile"]
    assert not plain(at_looks(CLEAR * 2))["stopped_as_futile"]


def test_a_row_whose_seeds_were_raised_says_which_of_them_judge_it(result: StudyResult) -> None:
    def below(finding: Finding) -> str:
        lines = texts(result, [finding])
        (at,) = (place for place, line in enumerate(lines) if "cnn → adam" in line)
        return lines[at + 1].strip()

    by_plan = "seeds raised from 5 to 10: judged from the 5 planned"
    assert below(raised([*CLEAR, *VAGUE], planned=5)) == by_plan
    stricter = "seeds raised from 5 to 10 without a plan: a stricter test"
    assert below(raised(VAGUE * 2, planned=5)) == stricter


def test_every_line_fits_whatever_the_names(result: StudyResult) -> None:
    long = "a-network-with-a-very-long-name-that-goes-on-and-on"
    findings: list[Finding] = [
        found(CLEAR, names=(long, f"{long}-with-more")),
        found(CLEAR, names=("cnn", f"{long}-with-more")),
        found([1000.0, 2000.0, 3000.0]),
    ]
    lines = list(finding_lines([*judge_study(result), *findings], preview=False))
    assert all(len(line.text) <= WIDTH for line in lines)
    told = [line for line in lines if line.verdict is not None and line.text[2] != " "]
    assert len(told) == len(judge_study(result)) + 3
    assert any(" cnn → a-network-with-a" in line.text for line in told)
    assert {line.verdict for line in lines if " better" in line.text[:9]} == {Verdict.BETTER}


def test_the_count_of_verdicts_fits_too() -> None:
    findings = [replace(found(CLEAR), verdict=verdict) for verdict in Verdict for _ in range(11)]
    lines = [line.text for line in finding_lines(findings, preview=True)]
    opening = lines[: lines.index("")]
    assert opening[0].startswith("In this preview, 33 of 66 questions answered: 11 better, ")
    assert len(" ".join(opening)) > WIDTH
    assert all(len(line) <= WIDTH for line in lines)


def test_a_preview_says_so_and_leads_to_the_full_study(make: Make, tmp_path: Path) -> None:
    preview = replace(make(), study=make().study.as_preview(200))
    assert texts(preview, [found(CLEAR)])[0] == (
        "In this preview, 1 of 1 question answered: 1 better."
    )
    full = make(["mlp"])
    shortened = full.study.as_preview(200).with_seeds(3)
    short = replace(full, study=shortened, options=("--preview",))
    page = tmp_path / "index.html"
    assert list(next_lines(short, [], page)) == [
        f"Report: {page}",
        "Next:",
        "  paribus run mnist              train the full study",
        "  paribus serve mnist --preview  explore the runs, and draw images for them",
    ]


def test_what_is_next_depends_on_what_there_is(make: Make, result: StudyResult) -> None:
    page = Path("report/index.html")
    complete = list(next_lines(result, judge_study(result), page))
    assert complete[0] == f"Report: {page.absolute()}"
    assert complete[2].startswith("  paribus compare mlp-numpy mlp ")
    begun = make(["mlp"], seeds=5, runs=lambda name, seed: None)
    assert list(next_lines(begun, [], page))[2].startswith("  paribus run mnist ")
    in_python = replace(result, study_name="")
    assert list(next_lines(in_python, [], page)) == [f"Report: {page.absolute()}"]


def test_a_study_that_asks_nothing_prints_nothing(result: StudyResult) -> None:
    assert texts(result, []) == []


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("test_accuracy", ""),
        ("calibration_error", "lower is better"),
        ("test_loss", "lower is better"),
        ("generalisation_gap", "smaller is better"),
        ("epochs_to 0.9", "fewer is better"),
    ],
)
def test_a_title_says_which_numbers_are_better(metric: str, words: str) -> None:
    assert direction(replace(found(CLEAR), metric=named(metric))) == words


def test_a_best_and_an_interaction_are_counted_by_the_words_of_their_rows() -> None:
    every = cases()
    names = ("best: one", "interaction: gains less", "interaction: gains more", "better")
    opening = next(finding_lines([every[name] for name in names], preview=False)).text
    assert opening.startswith("4 of 4 questions answered: 1 best, 1 gains more, 1 better, 1 gains")
