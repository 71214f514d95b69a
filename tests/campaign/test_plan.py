"""The plan of a study: recorded at its first run, amended by later ones, held by every report."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest

from paribus.campaign.campaign import make
from paribus.campaign.changes import Changes
from paribus.measure.runs import StudyResult
from paribus.present import wording
from paribus.present.plan_text import plan_lines
from paribus.questions.family import judge_study
from paribus.questions.finding import Finding, PairFinding
from paribus.spec.study_plan import StudyPlan
from paribus.store.open import open_store
from paribus.store.rows import EPOCH_COLUMNS
from tests.support.commands import call, read_json
from tests.support.small import SMALL_STUDY, write_small
from tests.support.undrawn import Undrawn

pytestmark = pytest.mark.usefixtures("undrawn")

TINY = SMALL_STUDY.replace("epochs = 4", "epochs = 1").replace("seeds = 2", "seeds = 3")
SECOND = """
[[questions]]
ask = "Is Adam better?"
compare = ["mlp", "adam"]
about = ["optimizer"]
matters = 0.01
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_small(tmp_path, TINY)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder once it has been trained as planned."""
    folder = tmp_path_factory.mktemp("planned")
    write_small(folder, TINY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("paribus.present.write.draw", Undrawn)
        trained()
    return folder


@pytest.fixture
def planned(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study, trained as planned."""
    folder = tmp_path / "planned"
    shutil.copytree(once, folder)
    monkeypatch.chdir(folder)
    return folder / "small.toml"


def trained(*options: str, of: str = "small.toml") -> None:
    done = call("run", of, *options)
    assert done.exit_code == 0, done.output


def reported(*, of: str = "small.toml", **options: object) -> StudyResult:
    campaign = make(of, Changes(**options))  # type: ignore[arg-type]
    with open_store(Path("runs"), "write") as store:
        return campaign.result(store, campaign.known(store))


def findings(*, of: str = "small.toml", **options: object) -> list[Finding]:
    return judge_study(reported(of=of, **options))


def lines(*, of: str = "small.toml", **options: object) -> list[str]:
    return plan_lines(reported(of=of, **options))


def family(finding: Finding) -> int:
    assert isinstance(finding, PairFinding)
    return finding.evidence.family


@pytest.mark.slow
def test_seeds_raised_twice_are_two_amendments(planned: Path) -> None:
    (first,) = lines()
    assert "before any run had ended: 1 question, 3 experiments, 3 seeds." in first
    trained("--seeds", "5")
    trained("--seeds", "6")
    first, second, third = lines(seeds=6)
    assert second.endswith(", when 9 runs had ended: seeds raised from 3 to 5.")
    assert third.endswith(", when 15 runs had ended: seeds raised from 5 to 6.")
    page = call("report", "small.toml", "--seeds", "6")
    for line in (first, second, third):
        assert line in page.stderr
        assert line in Path("report/index.html").read_text("utf-8")
        assert line in Path("report/report.md").read_text("utf-8")
    # Three of them were planned: the others take a stricter test.
    (finding,) = findings(seeds=6)
    assert isinstance(finding, PairFinding)
    assert "Seeds were raised from 3 to 6 without a plan: " in wording.sentence(finding)
    assert finding.evidence.raised is not None
    assert "a look after every one" in wording.sentence(finding) or finding.evidence.n == 3
    (finding,) = findings(seeds=3)
    assert isinstance(finding, PairFinding)
    assert (finding.evidence.n, finding.evidence.raised) == (3, None)
    # Fewer seeds than were ever planned depend on when one looks.
    (finding,) = findings(seeds=2)
    assert "2 of 3 seeds are trained" in wording.sentence(finding)


@pytest.mark.slow
def test_seeds_raised_before_a_question_could_be_judged_are_judged_as_planned(study: Path) -> None:
    trained("--only", "mlp")
    trained("--seeds", "4")
    assert "when 3 runs had ended: seeds raised from 3 to 4." in lines(seeds=4)[1]
    (finding,) = findings(seeds=4)
    assert isinstance(finding, PairFinding)
    assert finding.evidence.raised is None
    assert finding.evidence.n == 4


def test_nothing_is_amended_before_a_run_has_ended(study: Path) -> None:
    campaign = make("small.toml")
    with open_store(Path("runs"), "create") as store:
        known = campaign.known(store)
        kept = store.keep_study("small.toml", known.identities, data="small.npz", folder=Path())
        campaign.record(store, kept, "2026-01-01T00:00:00+00:00")
    study.write_text(TINY.replace("seeds = 3", "seeds = 4"), "utf-8")
    campaign = make("small.toml")
    with open_store(Path("runs"), "write") as store:
        campaign.record(store, kept, "2026-01-02T00:00:00+00:00")
    assert lines() == [
        "Planned on 2026-01-02, before any run had ended: 1 question, 3 experiments, 4 seeds."
    ]


def test_a_change_is_amended_again_before_a_run_of_it_has_ended(study: Path) -> None:
    """What counts is how far the study was when it was changed first."""
    for number, text in enumerate(
        [TINY, TINY.replace("epochs = 1", "epochs = 2"), TINY.replace("epochs = 1", "epochs = 3")]
    ):
        study.write_text(text.replace("seeds = 3", f"seeds = {3 + number}"), "utf-8")
        campaign = make("small.toml")
        with open_store(Path("runs"), "write" if number else "create") as store:
            known = campaign.known(store)
            kept = store.keep_study("small.toml", known.identities, data="small.npz", folder=Path())
            campaign.record(store, kept, f"2026-01-0{number + 1}T00:00:00+00:00")
            if not number:
                mlp = known.identities["mlp"].hash
                store.diverge(
                    store.begin(mlp, 0, "numpy", {}).id, 1, dict.fromkeys(EPOCH_COLUMNS, 0.5), ""
                )
            plan = campaign.plan(store)
    assert [design.seeds for design in plan.designs] == [3, 5]
    assert (plan.now.ended, plan.now.judged) == (1, 0)
    assert plan.raised_from(range(5)) is None


def test_a_plan_is_read_and_written_in_one_transaction(study: Path) -> None:
    """Of two commands at once, neither takes the place of what the other has recorded."""
    campaign = make("small.toml")
    with open_store(Path("runs"), "create") as store:
        known = campaign.known(store)
        kept = store.keep_study("small.toml", known.identities, data="small.npz", folder=Path())
        plan = StudyPlan((campaign.design(store, "2026-01-01T00:00:00+00:00"),))

        def amended(before: StudyPlan | None) -> StudyPlan:
            assert before is None
            with (
                closing(sqlite3.connect("runs/paribus.db", timeout=0)) as other,
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                other.execute("BEGIN IMMEDIATE")
            return plan

        store.amend_plan(kept, "", amended)
        assert store.plan(kept) == plan
        store.amend_plan(kept, "", lambda before: before or plan)
        with pytest.raises(ZeroDivisionError):
            store.amend_plan(kept, "", lambda before: 1 / 0)  # type: ignore[arg-type, return-value]
        assert store.plan(kept) == plan


@pytest.mark.slow
def test_a_changed_matters_keeps_the_recorded_verdict_beside_the_new_one(planned: Path) -> None:
    planned.write_text(TINY.replace("matters = 0.01", "matters = 0.9"), "utf-8")
    change = ", when 9 runs had ended: matters 0.01 → 0.9 in “Is the CNN better?”."
    # A report says it at once, a run records when.
    assert lines()[1:] == [f"Amended since the last run{change}"]
    assert len(lines(seeds=2)) == 1
    trained()
    _, amendment = lines()
    assert amendment.startswith("Amended on ")
    assert amendment.endswith(": matters 0.01 → 0.9 in “Is the CNN better?”.")
    (finding,) = findings()
    assert family(finding) == 1
    assert not finding.exploratory
    assert finding.as_recorded is not None
    assert "As first planned (matters 0.01): " in wording.sentence(finding)
    assert "(as first planned: " in wording.badge(finding)
    before = wording.as_first_planned(finding)
    assert before == "as first planned (matters 0.01): undecided"
    printed = call("report", planned).stdout
    assert re.search(f"^  equal¶ .*\n +{re.escape(before)}$", printed, re.M)
    assert "amended after runs had ended;\nas first planned: 1 undecided." in printed
    assert "¶ amended: asked in other terms, or of another experiment, after runs had" in printed
    page = Path("report/index.html").read_text("utf-8")
    assert "equal, amended" in page
    latex = Path("report/tables/findings.tex").read_text("utf-8")
    assert "(as first planned: undecided)" in latex
    markdown = Path("report/report.md").read_text("utf-8")
    assert "1 question was amended after runs had ended; as first planned: 1 undecided." in markdown


def test_a_clock_that_is_set_back_leaves_the_order_of_what_was_asked(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for year, matters in ((2026, "0.01"), (1970, "0.02"), (2030, "0.03"), (2026, "0.04")):
        monkeypatch.setattr("paribus.campaign.run.datetime", clock_of(year))
        study.write_text(TINY.replace("matters = 0.01", f"matters = {matters}"), "utf-8")
        trained("--no-timing")
    ended = "when 9 runs had ended: matters"
    asked = "in “Is the CNN better?”."
    assert lines() == [
        "Planned on 2026-03-01, before any run had ended: 1 question, 3 experiments, 3 seeds.",
        f"Amended on 1970-03-01 (by a clock that was set back), {ended} 0.01 → 0.02 {asked}",
        f"Amended on 2030-03-01, {ended} 0.02 → 0.03 {asked}",
        f"Amended on 2026-03-01 (by a clock that was set back), {ended} 0.03 → 0.04 {asked}",
    ]
    (finding,) = findings()
    assert finding.as_recorded is not None
    assert wording.as_first_planned(finding).startswith("as first planned (matters 0.01): ")


def clock_of(year: int) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(year, 3, 1, tzinfo=tz)

    return Clock


def test_a_changed_metric_counts_as_another_question(planned: Path) -> None:
    planned.write_text(
        TINY.replace("matters = 0.01", 'metric = "test_loss"\nmatters = 0.01'), "utf-8"
    )
    trained()
    _, amendment = lines()
    assert amendment.endswith(": metric test_accuracy → test_loss in “Is the CNN better?”.")
    (finding,) = findings()
    assert family(finding) == 2
    assert "As first planned (metric test_accuracy): " in wording.sentence(finding)


def test_a_question_added_later_is_exploratory_and_one_removed_still_counts(planned: Path) -> None:
    planned.write_text(TINY + SECOND, "utf-8")
    trained()
    assert lines()[1].endswith(", when 9 runs had ended: question “Is Adam better?” added.")
    first, second = findings()
    assert (first.exploratory, second.exploratory) == (False, True)
    assert family(first) == family(second) == 2
    assert wording.sentence(second).startswith("Exploratory (asked after runs had ended): ")
    assert wording.badge(second).endswith(", exploratory")
    planned.write_text(TINY.partition("[[questions]]")[0] + SECOND, "utf-8")
    trained()
    assert lines()[2].endswith("question “Is the CNN better?” removed, which still counts.")
    (left,) = findings()
    assert left.exploratory
    assert family(left) == 2


def test_a_copy_of_the_file_has_the_plan_of_the_study(planned: Path) -> None:
    planned.write_text(TINY + SECOND, "utf-8")
    trained()
    shutil.copy(planned, "copy.toml")
    before = lines()
    assert lines(of="copy.toml") == before  # Of a report alone.
    trained(of="copy.toml")
    assert lines(of="copy.toml") == before
    assert [one.exploratory for one in findings(of="copy.toml")] == [False, True]


def test_what_is_first_asked_when_its_runs_had_ended_is_exploratory(planned: Path) -> None:
    other = TINY.replace("Is the CNN better?", "Is it better?").replace("seeds = 3", "seeds = 2")
    Path("other.toml").write_text(other, "utf-8")
    assert [one.exploratory for one in findings(of="other.toml")] == [True]
    trained(of="other.toml")
    (finding,) = findings(of="other.toml")
    assert finding.exploratory
    assert wording.badge(finding).endswith(", exploratory")
    (line,) = lines(of="other.toml")
    assert ", when 6 of its runs had ended, so what is asked of these is exploratory: " in line
    # The study that planned them keeps its word.
    assert [one.exploratory for one in findings()] == [False]


def test_a_new_experiment_beside_a_known_one_is_asked_about_beforehand(planned: Path) -> None:
    other = TINY.replace('compare = ["mlp", "cnn"]', 'compare = ["mlp", "adam"]')
    other = other.replace('about = ["network"]', 'about = ["optimizer"]')
    Path("other.toml").write_text(other.replace("lr = 0.01", "lr = 0.02"), "utf-8")
    assert [one.exploratory for one in findings(of="other.toml")] == [False]


@pytest.mark.slow
def test_only_changes_what_is_trained_and_not_what_is_asked(study: Path) -> None:
    study.write_text(TINY + SECOND, "utf-8")
    trained("--only", "mlp,cnn")
    assert len(lines()) == 1
    assert "2 questions, 3 experiments" in lines()[0]
    (finding,) = findings(only="mlp,cnn")
    assert family(finding) == 2
    trained()
    assert len(lines()) == 1


@pytest.mark.slow
def test_fresh_seeds_begin_anew(planned: Path) -> None:
    assert reported().next_seed == 3
    planned.write_text(
        (TINY + SECOND).replace("seeds = 3", "seeds = { first = 3, count = 3 }"), "utf-8"
    )
    trained()
    assert lines()[1].endswith(": fresh seeds, 3–5 in place of 0–2.")
    result = reported()
    assert [run.seed for run in result.experiments["mlp"].runs] == [3, 4, 5]
    assert not any(finding.exploratory for finding in judge_study(result))
    assert result.next_seed == 6


@pytest.mark.slow
def test_a_shorter_study_has_a_plan_of_its_own(planned: Path) -> None:
    trained("--images", "60", "--seeds", "4")
    assert "4 seeds" in lines(images=60, seeds=4)[0]
    assert len(lines(images=60, seeds=4)) == len(lines()) == 1


def test_a_pair_that_no_question_asks_about_is_exploratory(planned: Path) -> None:
    asked = read_json("compare", "mlp", "cnn", "--json")
    (finding,) = findings()
    assert asked["sentence"] == wording.sentence(finding)
    other = read_json("compare", "mlp", "adam", "--about", "optimizer", "--json")
    assert other["sentence"].startswith("Exploratory, unadjusted (3 such pairs are possible): ")
    some = read_json("compare", "mlp", "adam", "--seeds", "0-1", "--json")
    assert "2 of 3 seeds are trained" in some["sentence"]


def test_compare_gives_the_finding_of_a_report_though_the_file_has_changed(planned: Path) -> None:
    """Other experiments were removed, or changed, and none was run since."""
    without_adam = re.sub(r"\[experiments\.adam\][^\[]*", "", TINY)
    changed_adam = TINY.replace("[experiments.adam]", "[experiments.adam]\nbatch_size = 32")
    assert TINY not in (without_adam, changed_adam)
    for text in (without_adam, changed_adam):
        planned.write_text(text, "utf-8")
        found = read_json("compare", "mlp", "cnn", "--json")
        assert found["sentence"] == wording.sentence(findings()[0])
        assert found["ask"] == "Is the CNN better?"
