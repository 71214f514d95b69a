"""Explanations by hand of findings: each names the verdicts that it explains, and is left out of
the page until there is one of them. A verdict that nothing explains stops the rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from paribus.questions.finding import Finding, Verdict
from paribus.text import listed


class UnexplainedError(Exception):
    """A finding has a verdict that the page has no explanation of."""


class Explanations:
    """The explanations of a study's findings; questions are known by their numbers from 1."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._findings = findings
        self._written: dict[int, set[Verdict]] = {}

    def because(self, question: int, *verdicts: str, caller: Callable[[], str]) -> str:
        """Return an explanation if the question has one of the verdicts, else ""."""
        meant = set(map(Verdict, verdicts))
        self._written.setdefault(question, set()).update(meant)
        return caller() if self._findings[question - 1].verdict in meant else ""

    def judged(self, *questions: int) -> bool:
        """Return whether all of the questions have a verdict."""
        return all(self._findings[one - 1].verdict is not Verdict.NONE for one in questions)

    def check(self, questions: Iterable[int] = ()) -> None:
        """Raise `UnexplainedError` if some of these questions, or of those that have an
        explanation, have a verdict without one."""
        lines = []
        for question in sorted({*questions, *self._written}):
            finding, written = self._findings[question - 1], self._written.get(question, set())
            if finding.verdict not in {*written, Verdict.NONE}:
                there = listed(sorted(written)) or "nothing"
                lines.append(
                    f"question {question}, “{finding.question.ask}”, has the verdict "
                    f"{finding.verdict}; explained: {there}"
                )
        if lines:
            raise UnexplainedError(
                "verdicts without an explanation; read what the page says of these questions, and "
                "write one:\n" + "\n".join(lines)
            )
