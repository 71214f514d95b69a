"""Study files: TOML in, a `Study` out, every problem of a file told at once."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paribus.errors import UserError, did_you_mean
from paribus.spec.experiment import Experiment
from paribus.spec.explain import explain
from paribus.spec.model import Spec
from paribus.spec.question import BaseQuestion, no_experiment, question_model
from paribus.spec.study import Reported, Study

_TOP = ("title", "data", "seeds", "validation", "images", "origin", "experiments", "questions")
# Written once for all experiments of a study.
_SHARED = ("data", "validation", "images")


def built_in_studies() -> dict[str, str]:
    """Text of each study that comes with Paribus, by name."""
    folder = resources.files("paribus.studies")
    return {
        file.name.removesuffix(".toml"): file.read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


def load_study(name: str) -> tuple[Study, Path]:
    """The study of a built-in name or of a file, and the folder its paths are relative to.

    Raises `UserError` with every problem of the file, one a line.
    """
    if (text := built_in_studies().get(name)) is not None:
        return read_study(text, name), Path()
    path = Path(name)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        known = did_you_mean(name, list(built_in_studies()))
        raise UserError(
            f"{name}: there is no such file, nor a built-in study of that name; {known}"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{name}: is not text in UTF-8; a study is a TOML file") from None
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror}") from None
    return read_study(text, name), path.parent


def read_study(text: str, where: str) -> Study:
    """The study that a TOML text states. `where` names it in messages."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{where}: is not valid TOML: {error}") from None
    problems: list[str] = [
        f"{where}, {key}: unknown key; {did_you_mean(key, _TOP)}"
        for key in table
        if key not in _TOP
    ]
    written = _tables(table, "experiments", dict, where, problems)
    asked = _tables(table, "questions", list, where, problems)
    shared = {key: table[key] for key in _SHARED if key in table}

    experiments: dict[str, Experiment] = {}
    reported: dict[str, Reported] = {}
    for name, settings in written.items():
        here = f"{where}, experiments.{name}"
        try:
            resolved = {**shared, **_resolve(name, written, here)}
        except UserError as error:
            problems.append(str(error))
            continue
        _add(experiments, name, Experiment, resolved, here, problems)
        if "reported" in settings:
            _add(reported, name, Reported, settings["reported"], f"{here}.reported", problems)
    questions: dict[str, BaseQuestion] = {}
    for number, question in enumerate(asked, start=1):
        here = f"{where}, question {number}"
        try:
            model = question_model(question)
        except ValueError as error:
            problems.append(f"{here}.kind: {error}")
            continue
        _add(questions, here, model, question, here, problems)
        key = f"{here}.{model.key}" if model.key else here
        named = _named(question, questions.get(here))
        problems += [f"{key}: {no_experiment(n, list(written))}" for n in named if n not in written]

    # What refers to a faulty experiment is no further mistake.
    sound = [q for q in questions.values() if set(q.experiments) <= set(experiments)]
    try:
        study = Study(
            experiments=experiments,
            questions=tuple(sound),
            reported={name: r for name, r in reported.items() if name in experiments},
            bases={name: s["from"] for name, s in written.items() if "from" in s},
            **{key: table[key] for key in ("title", "seeds", "origin") if key in table},
        )
    except ValidationError as error:
        said = explain(error, where, Study)
        if any(line.startswith(f"{where}, experiments") for line in problems):
            # That none is left follows from what has been said of them.
            said = [line for line in said if not line.startswith(f"{where}, experiments: ")]
        problems += said
    if problems:
        raise UserError("\n".join(problems))
    return study


def _named(written: dict[str, Any], question: BaseQuestion | None) -> list[str]:
    """The experiments that a question names, as far as one can tell of one with mistakes."""
    if question is not None:
        return list(question.experiments)
    compare = written.get("compare")
    return [name for name in compare if isinstance(name, str)] if isinstance(compare, list) else []


def _tables(table: dict[str, Any], key: str, kind: type, where: str, problems: list[str]) -> Any:
    """`table[key]`, a table (dict) or list of tables, or an empty one if it is not of that kind."""
    value = table.get(key, kind())
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(value, kind) or not all(isinstance(part, dict) for part in inner):
        form = f"[[{key}]]" if kind is list else f"[{key}.NAME]"
        problems.append(f"{where}, {key}: must be tables; write each under {form}")
        return kind()
    return value


def _resolve(name: str, written: dict[str, dict[str, Any]], where: str) -> dict[str, Any]:
    """The settings of an experiment with those of the ones it is stated as changes to."""
    chain = [name]
    while "from" in written[chain[-1]]:
        base = written[chain[-1]]["from"]
        if not isinstance(base, str) or base not in written:
            others = [other for other in written if other != name]
            raise UserError(f"{where}.from: {no_experiment(str(base), others)}")
        if base in chain:
            raise UserError(f"{where}.from: goes round in a circle: {' → '.join([*chain, base])}")
        chain.append(base)
    settings: dict[str, Any] = {}
    for link in reversed(chain):
        for key, value in written[link].items():
            if key in ("from", "reported"):
                continue
            before = settings.get(key)
            # A table without a name changes the base's: { lr = 0.025 } keeps the optimizer.
            if isinstance(value, dict) and isinstance(before, dict) and "name" not in value:
                value = {**before, **value}
            settings[key] = value
    return settings


def _add(
    into: dict[str, Any],
    key: str,
    model: type[Spec],
    settings: dict[str, Any],
    where: str,
    problems: list[str],
) -> None:
    try:
        into[key] = model.model_validate(settings)
    except ValidationError as error:
        problems += explain(error, where, model)
