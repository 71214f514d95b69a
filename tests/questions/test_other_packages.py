"""Another package adds a metric and a kind of question, each by one file and one entry point."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paribus.registry import Registry
from paribus.spec.files import read_study
from paribus.spec.metric import METRICS
from paribus.spec.question import KINDS
from tests.support.commands import call
from tests.support.small import SMALL_STUDY, write_small

METRIC = '''
"""The accuracy on the test images of the worst class."""

import numpy as np

from paribus.measure.metric import Metric


def worst_class(run):
    predictions = run.predictions
    if predictions is None:
        return float("nan")
    classes = np.unique(predictions.label_N)
    return min(predictions.correct[predictions.label_N == k].mean() for k in classes)


WORST_CLASS = Metric(
    key="worst_class",
    label="accuracy of the worst class",
    higher_is_better=True,
    better="better worst class",
    worse="worse worst class",
    unit="points",
    scale=100,
    widest=1,
    read=worst_class,
)
'''

KIND = '''
"""Has each of some experiments finished all its seeds?"""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from paribus.present.wording import sentence
from paribus.questions.finding import Finding, NoVerdict, Verdict
from paribus.questions.kind import Kind
from paribus.spec.question import BaseQuestion


class Complete(BaseQuestion):
    key: ClassVar[str] = "complete"

    complete: tuple[str, ...] = Field(strict=False, min_length=1)

    @property
    def kind(self):
        return "complete"

    @property
    def experiments(self):
        return self.complete

    def renamed(self, names):
        return self.model_copy(update={"complete": tuple(names[n] for n in self.complete)})


@dataclass(frozen=True, eq=False)
class Completeness(Finding):
    finished: int


@dataclass(frozen=True)
class Counted:
    question: Complete
    finished: int
    p_values = ()

    def conclude(self, adjusted, family):
        return Completeness(self.question, Verdict.NONE, NoVerdict.UNFINISHED, False, self.finished)


@sentence.register
def _(finding: Completeness) -> str:
    return f"{finding.finished} runs of {', '.join(finding.question.experiments)} have finished."


def prepare(question, context):
    results = (context.experiments[name] for name in question.experiments)
    return Counted(question, sum(len(result.finished) for result in results))


COMPLETE = Kind(Complete, prepare)
'''

QUESTIONS = """
[[questions]]
ask = "Which has the better worst class?"
compare = ["mlp", "cnn"]
about = ["network"]
metric = "worst_class"
matters = 0.01

[[questions]]
ask = "Is everything there?"
complete = ["mlp", "cnn"]
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another package with both, as pip would have installed it."""
    place = tmp_path / "site"
    info = place / "their_package-1.dist-info"
    info.mkdir(parents=True)
    (place / "their_metric.py").write_text(METRIC)
    (place / "their_kind.py").write_text(KIND)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[paribus.metrics]\nworst_class = their_metric:WORST_CLASS\n"
        "[paribus.questions]\ncomplete = their_kind:COMPLETE\n"
    )
    monkeypatch.syspath_prepend(place)
    _forget(METRICS, KINDS)
    yield
    for name in ("their_metric", "their_kind"):
        sys.modules.pop(name, None)
    _forget(METRICS, KINDS)


def _forget(*registries: Registry) -> None:  # type: ignore[type-arg]
    for registry in registries:
        registry._loaded.clear()
        registry.__dict__.pop("_registered", None)


@pytest.mark.usefixtures("installed")
def test_both_are_asked_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = write_small(tmp_path, SMALL_STUDY.replace("seeds = 2", "seeds = 3") + QUESTIONS)
    checked = json.loads(call("check", str(study), "--json").output)["questions"]
    assert checked[-2]["metric"] == "worst_class"
    assert checked[-1]["kind"] == "complete"
    assert checked[-1]["experiments"] == ["mlp", "cnn"]
    assert call("check", str(study)).exit_code == 0
    only = ("--epochs", "1", "--only", "mlp,cnn")
    assert call("run", str(study), *only).exit_code == 0
    report = Path("report/report.md").read_text("utf-8")
    assert "accuracy of the worst class" in report
    assert "6 runs of mlp, cnn have finished." in report
    page = Path("report/index.html").read_text("utf-8")
    assert "6 runs of mlp, cnn have finished." in page
    assert Path("report/tables/findings.csv").read_text("utf-8").count("\n") >= 3
    compared = json.loads(call("compare", "mlp", "cnn", "--metric", "worst_class", "--json").output)
    assert compared["metric"] == "worst_class"


@pytest.mark.usefixtures("installed")
def test_unknown_experiments_of_another_kind_are_told_with_their_place() -> None:
    text = SMALL_STUDY + '\n[[questions]]\nask = "?"\ncomplete = ["mlp", "cnm"]\n'
    with pytest.raises(Exception, match=r"question \d+.complete: there is no experiment \"cnm\""):
        read_study(text, "s.toml")
