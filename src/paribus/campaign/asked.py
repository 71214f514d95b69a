"""Whether questions can be asked of a study's data, before anything is trained."""

from __future__ import annotations

from pathlib import Path

from paribus.data.facts import DataFacts
from paribus.errors import UserError
from paribus.measure.metric import named
from paribus.spec.question import MetricQuestion
from paribus.spec.study import Study


def check_questions(study: Study, facts: DataFacts, folder: Path, where: str = "") -> None:
    """Raise `UserError` with every question whose metric the data do not have.

    folder: what paths in the study start from. where: the study's file or name, for messages. A
    file alone does not say: data may bring validation images, and name their classes.
    """
    held_out = next(iter(study.experiments.values())).validation
    lines: dict[str, None] = {}
    for number, question in enumerate(study.questions, start=1):
        if not isinstance(question, MetricQuestion):
            continue
        place = f"{where}: question {number}: " if where else f"question {number}: "
        if question.needs_validation and not held_out and not facts.validation_images:
            lines[
                f'{place}metric "{question.metric}" needs validation images, and {facts.name} has '
                "none; hold out training images, e.g. with validation = "
                f"{max(1, facts.train_images // 10)}"
            ] = None
        check = named(question.metric).check_data
        if check is not None:
            try:
                check(facts.class_names, folder)
            except UserError as error:
                lines[f"{place}{error}"] = None
    if lines:
        raise UserError("\n".join(lines))
