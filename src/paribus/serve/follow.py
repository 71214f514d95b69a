"""What has been trained of a study so far, read anew whenever its store changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from paribus.campaign.campaign import Campaign
from paribus.errors import ParibusError
from paribus.measure.runs import StudyResult
from paribus.serve.progress_view import named_runs, progress_view
from paribus.spec.code import code_digest
from paribus.store.open import open_store, signature

if TYPE_CHECKING:
    from paribus.present.explore import AllCurves
    from paribus.serve.view import ResultsView

# E epochs, R runs

T = TypeVar("T")


@dataclass(frozen=True)
class Kept(Generic[T]):
    """Something that was made, and the version of what it was made from."""

    version: object
    made: T


class Followed:
    """A study in a store that others write to. Everything it gives is JSON, but for the report."""

    def __init__(self, folder: Path, campaign: Campaign) -> None:
        self.folder, self.campaign = folder, campaign
        self._lock = RLock()
        self._seen: object = None
        self._result: StudyResult | None = None
        self._problem = ""
        self._notes: tuple[str, ...] = ()
        """What has changed since the runs were trained."""
        self._kept: dict[str, Kept[str]] = {}
        self._making = {what: Lock() for what in ("curves", "results", "report")}

    @property
    def command(self) -> str:
        """What trains what is missing."""
        return self.campaign.command

    @property
    def report_address(self) -> str:
        """Where the report of this study is served."""
        return f"/report?study={quote(self.campaign.label)}"

    def result(self) -> StudyResult | None:
        """What there is now; None where there is no store yet or it cannot be read (`problem`)."""
        with self._lock:
            campaign = self.campaign
            written = signature(self.folder)
            code = [code_digest(e, campaign.folder) for e in campaign.study.experiments.values()]
            now = (written, code)
            if now == self._seen:
                return self._result
            self._result, self._problem, self._notes = None, "", ()
            if written:
                try:
                    with open_store(self.folder, "read") as store:
                        known = campaign.known(store)
                        self._result = campaign.result(store, known)
                        self._notes = *known.notes, *filter(None, [store.damage_note])
                except ParibusError as error:
                    # A store in the making; or one that stays so, and then the page says it.
                    self._problem = str(error)
                    return None
            self._seen = now
            return self._result

    def finished(self) -> tuple[str, ...]:
        """The runs that have finished."""
        result = self.result()
        if result is None:
            return ()
        return tuple(run.id for e in result.experiments.values() for run in e.finished)

    def progress(self) -> str:
        """How far it is, and what is being trained at this moment."""
        with self._lock:
            result = self.result()
            runs = named_runs(result) if result else []
            claimed = self._claimed([one.run.id for one in runs if one.run.status == "running"])
            problem = self._problem or " ".join(self._notes)
            study = self.campaign.study
            first = study.looks[0] if study.looks else study.seeds
            needed = result.needed if result else dict.fromkeys(study.experiments, first)
            view = progress_view(
                self.campaign, runs, needed=needed, claimed=claimed, problem=problem
            )
            return json.dumps(asdict(view))

    def _claimed(self, runs: list[str]) -> set[str]:
        if not runs:
            return set()
        try:
            with open_store(self.folder, "read") as store:
                return {run for run in runs if store.is_claimed(run)}
        except ParibusError:
            return set()

    def curves(self) -> str:
        """Test accuracy and loss of each experiment over its epochs, as the report has them."""

        def make(result: StudyResult | None) -> AllCurves:
            from paribus.present.explore import AllCurves, curves

            return AllCurves({}, [], []) if result is None else curves(result)

        return self._made("curves", make)

    def results(self) -> str:
        """The findings, as HTML, and the summary of the report."""

        def make(result: StudyResult | None) -> ResultsView:
            from paribus.serve.view import ResultsView, results_view

            return ResultsView() if result is None else results_view(result, self.report_address)

        return self._made("results", make)

    def report(self) -> str | None:
        """The report's page, as `paribus report` would write it now; None before there is a store.

        Raises `ParibusError` where it cannot be made.
        """

        def make(result: StudyResult | None) -> str | None:
            from paribus.present.write import report_page

            return None if result is None else report_page(result)

        page: str | None = json.loads(self._made("report", make))
        return page

    def _made(self, what: str, make: Callable[[StudyResult | None], Any]) -> str:
        """Something as JSON, made anew only when what it is made of has changed."""
        # A report takes seconds; progress and curves go on meanwhile.
        with self._making[what]:
            with self._lock:
                result = self.result()
                # Findings need no new look before another run ends.
                version = self._ends() if what == "results" else self._seen
            kept = self._kept.get(what)
            if kept is None or kept.version != version:
                made = make(result)
                is_record = is_dataclass(made) and not isinstance(made, type)
                shown = asdict(made) if is_record else made
                kept = self._kept[what] = Kept(version, json.dumps(shown))
            return kept.made

    def _ends(self) -> object:
        """Changes when a run is begun or ends."""
        result = self.result()
        if result is None:
            return None
        return [(one.run.id, one.run.status) for one in named_runs(result)]
