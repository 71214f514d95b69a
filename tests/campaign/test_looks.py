"""Studies with planned looks, trained for real: what is trained when, and what is said of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from scipy.stats import t as student

from paribus.campaign.campaign import Campaign, make
from paribus.campaign.cells import Schedule
from paribus.campaign.changes import Changes
from paribus.campaign.progress import Clock, Ended, Listener, News
from paribus.campaign.run import Outcome
from paribus.campaign.train import Show, train
from paribus.measure.runs import StudyResult
from paribus.present import wording
from paribus.present.plan_text import plan_lines
from paribus.present.report_text import complete, progress
from paribus.questions.family import judge_study
from paribus.questions.finding import NoVerdict, PairFinding, Verdict
from paribus.serve.follow import Followed
from paribus.store.open import open_store
from tests.support.commands import call, epochs_in, read_json
from tests.support.small import write_small
from tests.support.small_looks import LOOKS_STUDY
from tests.support.undrawn import Undrawn

pytestmark = pytest.mark.usefixtures("undrawn")

FIRST, SECOND = ("mlp", "still"), ("mlp", "adam")


class StoppedError(Exception):
    """Training was stopped from outside."""


@contextmanager
def quiet(schedule: Schedule, model: Clock) -> Iterator[Listener]:
    yield lambda news: None


def trained(campaign: Campaign, show: Show = quiet, jobs: int = 2) -> Outcome:
    with open_store(campaign.store_folder, "create") as store:
        return train(campaign, campaign.known(store), store, show=show, jobs=jobs)


def stopped_after(runs: int, campaign: Campaign) -> None:
    """Train until so many more runs have ended, one after another."""
    ended: list[News] = []

    def listen(news: News) -> None:
        ended.extend([news] * isinstance(news, Ended))
        if len(ended) == runs:
            raise StoppedError

    @contextmanager
    def show(schedule: Schedule, model: Clock) -> Iterator[Listener]:
        yield listen

    with pytest.raises(StoppedError):
        trained(campaign, show, jobs=1)


def result_of(campaign: Campaign) -> StudyResult:
    with open_store(campaign.store_folder, "read") as store:
        return campaign.result(store, campaign.known(store))


def findings(campaign: Campaign) -> dict[tuple[str, str], PairFinding]:
    found = judge_study(result_of(campaign))
    return {(f.a, f.b): f for f in found if isinstance(f, PairFinding)}


def seeds_in(campaign: Campaign) -> dict[str, list[int]]:
    """The seeds with which runs have ended, by experiment."""
    experiments = result_of(campaign).experiments
    return {name: [run.seed for run in e.runs if run.ended] for name, e in experiments.items()}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder once it has been trained as planned."""
    folder = tmp_path_factory.mktemp("looks")
    write_small(folder, LOOKS_STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("paribus.present.write.draw", Undrawn)
        done = call("run", "small.toml", "--no-timing")
    assert done.exit_code == 0, done.output
    (folder / "stderr").write_text(done.stderr, "utf-8")
    return folder


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study, not trained yet."""
    monkeypatch.chdir(tmp_path)
    return write_small(tmp_path, LOOKS_STUDY)


@pytest.fixture
def whole(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study, trained as planned."""
    folder = tmp_path / "whole"
    shutil.copytree(once, folder)
    monkeypatch.chdir(folder)
    return folder / "small.toml"


@pytest.mark.slow
def test_an_experiment_trains_on_only_while_a_question_needs_it(whole: Path) -> None:
    seeds = {name: len(seeds) for name, seeds in seeds_in(make("small.toml")).items()}
    assert seeds == {"mlp": 10, "still": 5, "adam": 10}
    said = (whole.parent / "stderr").read_text("utf-8")
    assert "Training 15 of 15 runs" in said
    assert (
        "Look 1 of 2, after 5 seeds: 1 of 2 questions has ended; the other needs 10 seeds of mlp "
        "and adam." in said
    )
    assert "Training 10 of 25 runs" in said
    again = call("run", "small.toml", "--no-timing").stderr
    assert "Look 2 of 2, after 10 seeds: 2 of 2 questions have ended." in again
    assert "Nothing to train: all runs of this study are complete." in again
    assert "Nothing more is to be trained: the looks spared 5 of 30 runs." in again


def test_the_terminal_says_what_was_found_at_which_look(whole: Path) -> None:
    said = " ".join(call("report", "small.toml").stdout.split())
    assert "2 of 3 questions answered: 1 worse, 1 equal. Not answered: 1 no verdict." in said
    assert "n = 5 " in said
    assert (
        "Looks were planned after 5 and 10 seeds; n says at which of them a question was judged."
        in said
    )


def test_a_question_is_judged_from_the_seeds_of_the_look_at_which_it_ended(whole: Path) -> None:
    campaign = make("small.toml")
    runs = result_of(campaign).experiments
    found = findings(campaign)
    loss = {name: runs[name].final("test_loss") for name in FIRST}
    d_S = loss["still"][:5] - loss["mlp"][:5]
    evidence = found[FIRST].evidence
    assert evidence.measured is not None
    assert found[FIRST].verdict is Verdict.WORSE
    assert evidence.n == 5
    w = 0.5**1.5
    error = d_S.std(ddof=1) / 5**0.5
    t = d_S.mean() / error
    # Of three questions the one with the smallest p, so that Holm multiplies it by 3.
    assert evidence.adjusted_p == pytest.approx(3 * 2 * student.sf(abs(t), 4) / w)
    half = student.ppf(1 - 0.025 * w, 4) * error
    paired = evidence.measured.paired
    assert (paired.low, paired.high) == pytest.approx((d_S.mean() - half, d_S.mean() + half))
    assert "Decided at look 1 of 2, after 5 seeds of at most 10; the difference tends to be " in (
        wording.sentence(found[FIRST])
    )
    d_S = runs["adam"].final("test_accuracy") - runs["mlp"].final("test_accuracy")
    evidence = found[SECOND].evidence
    assert evidence.measured is not None
    assert found[SECOND].verdict is Verdict.EQUAL
    assert evidence.n == 10
    # The 90% interval of the last look has 0.75 of the 5%.
    half = student.ppf(1 - 0.05 * 0.75, 9) * d_S.std(ddof=1) / 10**0.5
    low, high = evidence.measured.low_90, evidence.measured.high_90
    assert (low, high) == pytest.approx((d_S.mean() - half, d_S.mean() + half))


def test_reports_say_at_which_look_of_which_plan_it_was_decided(whole: Path) -> None:
    assert call("report", "small.toml").exit_code == 0
    for file in ("index.html", "report.md"):
        text = (whole.parent / "report" / file).read_text("utf-8")
        for words in (
            "3 experiments, looks after 5 and 10 seeds, on",
            "3 questions, 3 experiments, looks after 5 and 10 seeds.",
            "Decided at look 1 of 2, after 5 seeds of at most 10",
            "Decided at look 2 of 2, after 10 seeds.",
            "the looks spared 5 of 30 runs",
        ):
            assert words in text, (file, words)
    table = (whole.parent / "report" / "tables" / "findings.csv").read_text("utf-8").splitlines()
    looks = [dict(zip(table[0].split(","), line.split(","), strict=False)) for line in table[1:]]
    assert [(row["look"], row["looks"]) for row in looks] == [
        ("1", "5 10"),
        ("2", "5 10"),
        ("", ""),
    ]
    assert "; look 1 of 2" in (whole.parent / "report" / "tables" / "findings.tex").read_text(
        "utf-8"
    )
    asked = read_json("compare", "mlp", "still", "--metric", "test_loss", "--json")
    assert (asked["look"], asked["looks"], asked["n"]) == (1, [5, 10], 5)


@pytest.mark.slow
def test_stopped_at_any_moment_it_goes_on_to_the_same_runs_and_verdicts(
    whole: Path, study: Path
) -> None:
    planned = make(str(whole), store_folder=whole.parent / "runs")
    expected, seeds = findings(planned), seeds_in(planned)
    campaign = make(str(study), store_folder=study.parent / "cut")
    for runs in (4, 7, 9):
        stopped_after(runs, campaign)
    assert not complete(result_of(campaign))
    assert trained(campaign).failed == {}
    assert seeds_in(campaign) == seeds
    found = findings(campaign)
    assert {pair: wording.sentence(f) for pair, f in found.items()} == {
        pair: wording.sentence(f) for pair, f in expected.items()
    }


@pytest.mark.thorough
def test_killed_at_any_moment_it_goes_on_to_the_same_runs_and_verdicts(
    whole: Path, study: Path
) -> None:
    planned = make(str(whole), store_folder=whole.parent / "runs")
    command = [sys.executable, "-m", "paribus", "run", "small.toml", "--no-timing"]
    for epochs in (3, 9, 15, 19):
        process = subprocess.Popen(
            command, cwd=study.parent, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and epochs_in(Path("runs")) < epochs:
            time.sleep(0.01)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, cwd=study.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    campaign = make("small.toml")
    assert seeds_in(campaign) == seeds_in(planned)
    assert {pair: wording.sentence(f) for pair, f in findings(campaign).items()} == {
        pair: wording.sentence(f) for pair, f in findings(planned).items()
    }


@pytest.mark.slow
def test_between_looks_there_is_no_verdict(study: Path) -> None:
    campaign = make("small.toml")
    stopped_after(8, campaign)
    for finding in findings(campaign).values():
        assert (finding.verdict, finding.why_none) == (Verdict.NONE, NoVerdict.UNFINISHED)
        assert "of 5 seeds of the first look are trained" in wording.sentence(finding)
    assert "Questions that are open get their next verdict after 5 seeds." in progress(
        result_of(campaign)
    )
    stopped_after(11, campaign)
    ended = seeds_in(campaign)
    assert {name: len(seeds) for name, seeds in ended.items()} == {
        "mlp": 7, "still": 5, "adam": 7,
    }  # fmt: skip
    found = findings(campaign)
    assert found[FIRST].verdict is Verdict.WORSE
    assert (found[SECOND].verdict, found[SECOND].why_none) == (Verdict.NONE, NoVerdict.OPEN)
    said = wording.sentence(found[SECOND])
    assert "No verdict yet: undecided between mlp and adam at look 1 of 2 (final test acc" in said
    assert "n = 5 seeds); the next verdict comes after 10 seeds, of which 7 are trained." in said
    assert read_json("compare", "mlp", "adam", "--json")["sentence"] == said
    status = call("status", "small.toml").stdout
    assert "; the other needs 10 seeds of mlp and adam." in status
    assert "7 of 10 finished" in status
    assert "5 of 5 finished" in status
    report = " ".join(call("report", "small.toml").stdout.split())
    assert "1 of 3 questions answered: 1 worse. Not answered: 1 open, 1 no verdict." in report
    assert "1 question is open: the next verdict comes after 10 seeds." in report
    live = Followed(Path("runs"), campaign)
    assert '"planned": 25' in live.progress()
    assert "at look 1 of 2" in live.results()
    # What is being looked at must not depend on what lies beyond the look.
    evidence = found[SECOND].evidence
    assert evidence.n == evidence.runs == 5


@pytest.mark.slow
def test_only_some_experiments_are_trained_as_far_as_the_plan_takes_them(study: Path) -> None:
    only = make("small.toml", Changes(only="mlp,adam"))
    trained(only)
    assert {name: len(seeds) for name, seeds in seeds_in(only).items()} == {"mlp": 10, "adam": 10}
    # Its other question has not been judged: its runs are missing.
    campaign = make("small.toml")
    assert findings(campaign)[FIRST].why_none is NoVerdict.UNFINISHED
    trained(make("small.toml", Changes(only="still")))
    assert len(seeds_in(campaign)["still"]) == 5
    assert findings(campaign)[FIRST].verdict is Verdict.WORSE
    assert complete(result_of(campaign))


@pytest.mark.slow
def test_a_look_waits_for_the_runs_of_other_processes(study: Path) -> None:
    campaign = make("small.toml")
    stopped_after(3, campaign)
    with open_store(Path("runs"), "write") as store, ExitStack() as claim:
        look = campaign.next_look(store)
        assert look is not None
        known = campaign.known(store)
        still = known.identities["still"].hash
        run_id = store.run_id(still, "numpy", 4)
        assert claim.enter_context(store.claim(run_id))
        waited = threading.Event()

        @contextmanager
        def show(schedule: Schedule, model: Clock) -> Iterator[Listener]:
            if schedule.elsewhere:
                assert [cell.run_id for cell in schedule.elsewhere] == [run_id]
                waited.set()
                # The other process ends without having trained it.
                claim.close()
            yield lambda news: None

        with open_store(Path("runs"), "write") as other:
            train(campaign, known, other, show=show, jobs=2)
        assert waited.is_set()
    assert {name: len(seeds) for name, seeds in seeds_in(campaign).items()} == {
        "mlp": 10, "still": 5, "adam": 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seeds", "amendment"),
    [
        ("{ looks = [5, 10, 20] }", "look after 20 seeds added"),
        ("{ looks = [5, 7, 10, 20] }", "looks after 7 and 20 seeds added"),
        ("{ looks = [7, 10] }", "look after 7 seeds added"),
        ("10", "10 seeds judged once in place of looks after 5 and 10 seeds"),
    ],
)
def test_changed_looks_are_amendments(whole: Path, seeds: str, amendment: str) -> None:
    before = {pair: wording.sentence(f) for pair, f in findings(make("small.toml")).items()}
    whole.write_text(LOOKS_STUDY.replace("{ looks = [5, 10] }", seeds), "utf-8")
    campaign = make("small.toml")
    # Looks that nobody has planned are not taken.
    assert {pair: wording.sentence(f) for pair, f in findings(campaign).items()} == before
    with open_store(Path("runs"), "write") as store:
        identities = campaign.known(store).identities
        kept = store.keep_study("small.toml", identities, data="small.npz", folder=Path())
        campaign.record(store, kept, "2026-12-01T00:00:00+00:00")
    lines = plan_lines(result_of(campaign))
    assert f"Amended on 2026-12-01, when 25 runs had ended: {amendment}." in lines
    removed = "Amended on 2026-12-01, when 25 runs had ended: look after 5 seeds removed."
    assert (removed in lines) == (seeds == "{ looks = [7, 10] }")


@pytest.mark.slow
def test_a_number_of_seeds_on_the_command_line_ends_the_looks(whole: Path) -> None:
    done = call("run", "small.toml", "--no-timing", "--seeds", "10")
    assert "--seeds 10 takes the place of the study's looks" in done.stderr
    assert "10 seeds judged once in place of looks after 5 and 10 seeds." in done.stderr
    assert all(len(seeds) == 10 for seeds in seeds_in(make("small.toml")).values())


def test_check_shows_the_looks(study: Path) -> None:
    said = call("check", "small.toml").stdout
    assert (
        "3 experiments × 5 to 10 seeds = 15 to 30 runs, with looks after 5 and 10 seeds, on" in said
    )
    assert read_json("check", "small.toml", "--json")["looks"] == [5, 10]
    study.write_text(LOOKS_STUDY.partition("[[questions]]")[0], "utf-8")
    assert "No question compares runs, so that the looks decide nothing" in (
        call("check", "small.toml").stdout
    )


@pytest.mark.slow
def test_fresh_seeds_can_have_looks(study: Path) -> None:
    text = LOOKS_STUDY.replace("looks = [5, 10]", "first = 3, looks = [5, 10]")
    study.write_text(text, "utf-8")
    campaign = make("small.toml")
    trained(campaign)
    seeds = seeds_in(campaign)
    assert seeds["still"] == [3, 4, 5, 6, 7]
    assert findings(campaign)[FIRST].evidence.n == 5
    assert findings(campaign)[FIRST].verdict is not Verdict.NONE
    assert complete(result_of(campaign))
