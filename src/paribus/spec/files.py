"""Study files: TOML in, a `Study` out, every problem of a file told at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paribus.errors import UserError
from paribus.spec import grid, toml
from paribus.spec.bounds import (
    MOST_LAYERS_OF_STUDY,
    MOST_QUESTIONS,
    MOST_TOLD,
)
from paribus.spec.experiment import Experiment, FaultyStudyError
from paribus.spec.explain import LONGEST_LINE, Problem, explain, problems_of
from paribus.spec.grid import Grid
from paribus.spec.identity import recipe_key
from paribus.spec.layers import count_layers
from paribus.spec.network import ModuleNetwork
from paribus.spec.question import BaseQuestion, no_experiment, question_model
from paribus.spec.study import Labeled, Reported, Study
from paribus.spec.suggestions import suggest
from paribus.text import shown

_TOP = (
    "title", "data", "test", "seeds", "validation", "images", "origin", "experiments", "grid",
    "questions",
)  # fmt: skip
# Written once for all experiments of a study.
_SHARED = ("data", "test", "validation", "images")
# In the table of an experiment, beside its settings.
_BESIDE = ("from", "label", "reported")

Tables = dict[str, dict[str, Any]]


def built_in_studies() -> dict[str, str]:
    """Return the text of each study that comes with Paribus, by name."""
    folder = resources.files("paribus.studies")
    return {
        file.name.removesuffix(".toml"): file.read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


def load_study(name: str) -> tuple[Study, Path]:
    """Return the study of a built-in name or of a file, and the folder its paths are relative to.

    Raises `UserError` with every problem of the file, one per line.
    """
    built_in = built_in_studies()
    if (text := built_in.get(name)) is not None:
        return read_study(text, name), Path()
    path = Path(name)
    text = toml.read_text(path, name, list(built_in))
    try:
        name.encode()
    except UnicodeEncodeError:  # The store, which knows studies by name, could not hold it.
        raise UserError(f"{shown(name)}: is a name that is not valid UTF-8; rename it") from None
    return read_study(text, name), path.parent


def read_study(text: str, where: str) -> Study:
    """Return the study that a TOML text states. `where` names it in messages.

    Raises `UserError` with every problem of the text, one per line; of very many, the first.
    """
    where = shown(where)
    table = toml.parse(text, where)
    problems = _Problems()
    for key in table:
        if key not in _TOP and not problems.enough:
            problems.add(f"{where}, {shown(key)}: unknown key; {suggest(key, _TOP)}")
    written = _tables(table, "experiments", dict, where=where, problems=problems)
    asked = _tables(table, "questions", list, where=where, problems=problems)
    if len(asked) > MOST_QUESTIONS:
        raise UserError(
            f"{where}, questions: has {len(asked):,} entries; write at most {MOST_QUESTIONS:,}"
        )
    variants = grid.read(table["grid"], written) if "grid" in table else grid.Written()
    for line in variants.problems:
        problems.add(f"{where}, {line}")
    written = {**written, **variants.tables}
    experiments = _Experiments(where, written, {k: table[k] for k in _SHARED if k in table})
    experiments.read(problems, variants)
    made = experiments.made_grid(variants)
    ranging = grid.questions(asked, made, faulty="grid" in table and made is None)
    questions = _questions(where, ranging, list(experiments.written), problems)
    sound = experiments.sound
    told = experiments.faulty or any(x.startswith(f"{where}, experiments:") for x in problems.lines)
    try:
        study = Study.model_validate(
            {
                "experiments": sound,
                # A reference to a faulty experiment is not another error.
                "questions": tuple(q for q in questions if set(q.experiments) <= set(sound)),
                "labels": {
                    name: label for name, label in experiments.labels.items() if name in sound
                },
                "reported": {name: r for name, r in experiments.reported.items() if name in sound},
                "bases": {
                    name: settings["from"]
                    for name, settings in experiments.written.items()
                    if name in sound and "from" in settings
                },
                "grid": made,
                **{key: table[key] for key in ("title", "seeds", "origin") if key in table},
            }
        )
    except ValidationError as error:
        for line in explain(error, where, Study):
            # That none is left follows from what has been said of them.
            if not (line.startswith(f"{where}, experiments: ") and told):
                problems.add(line)
    if problems:
        raise FaultyStudyError(problems.text(where), sound)
    return study


@dataclass
class _Problems:
    """Messages, a line each, none twice."""

    lines: dict[str, None] = field(default_factory=dict)

    def add(self, line: str) -> None:
        self.lines[shown(line, 2 * LONGEST_LINE)] = None

    def __bool__(self) -> bool:
        return bool(self.lines)

    @property
    def enough(self) -> bool:
        """Whether there are so many that no more need be looked for."""
        return len(self.lines) > MOST_TOLD

    def text(self, where: str) -> str:
        lines = list(self.lines)
        if self.enough:
            lines = [*lines[:MOST_TOLD], f"{where}: there are more errors; fix these first"]
        return "\n".join(lines)


class _Experiments:
    """The experiments of a file, and what is wrong with them.

    An error that others inherit `from` an experiment is reported once, where it is written.
    """

    def __init__(self, where: str, written: Tables, shared: dict[str, Any]) -> None:
        self._where = where
        self._written = written
        self._shared = shared
        self._problems: dict[str, list[Problem]] = {}
        # Of each experiment whose chain of `from` has no end: the one whose `from` is wrong, or the
        # circle that it leads into.
        self._blamed: dict[str, list[str]] = {}
        # Variants of a grid that are the same as another experiment, and which.
        self._same: dict[str, str] = {}
        self.sound: dict[str, Experiment] = {}
        self.labels: dict[str, str] = {}
        self.reported: dict[str, Reported] = {}

    @property
    def written(self) -> Tables:
        """Their tables, but those of variants that are the same as another experiment."""
        return {n: table for n, table in self._written.items() if n not in self._same}

    def read(self, problems: _Problems, variants: grid.Written) -> None:
        """Validate all of them, and add what is wrong. variants: those of a grid."""
        layers = found = 0
        for name, settings in self._written.items():
            self._problems[name] = self._read(name, settings)
            found += len(self._problems[name])
            experiment = self.sound.get(name)
            if experiment is not None and not isinstance(experiment.network, ModuleNetwork):
                layers += count_layers(experiment.network)
            if layers > MOST_LAYERS_OF_STUDY:
                raise UserError(
                    f"{self._where}, experiments: the networks have more than "
                    f"{MOST_LAYERS_OF_STUDY:,} layers altogether; use fewer or smaller ones"
                )
            # What was not validated is not sound, so a file with errors is refused all the same.
            if found > MOST_TOLD:
                break
        for line in self._lines(variants):
            problems.add(line)
        self._find_same(variants, problems)

    def made_grid(self, variants: grid.Written) -> Grid | None:
        """Return the grid that variants are of; None if some are faulty, or there is none."""
        cells = {self._same.get(name, name): cell for name, cell in variants.cells.items()}
        if not cells or any(name not in self.sound for name in cells):
            return None
        return Grid(factors=variants.factors, cells=cells)

    def _find_same(self, variants: grid.Written, problems: _Problems) -> None:
        """Let a variant that is the same as an experiment of the file be that experiment; two of a
        grid are an error."""
        keys = {
            (recipe_key(experiment), experiment.engine): name
            for name, experiment in reversed(self.sound.items())
            if name not in variants.cells
        }
        stands_for: dict[str, str] = {}
        told = False
        for name in variants.cells:
            if (variant := self.sound.get(name)) is None:
                continue
            same = keys.setdefault((recipe_key(variant), variant.engine), name)
            first = stands_for.setdefault(same, name)
            if first != name and not told:
                told = True
                problems.add(
                    f"{self._where}, {grid.NAME}: {first} and {name} are the same; leave out a "
                    "setting that changes nothing"
                )
            if same != name:
                self._same[name] = same
                del self.sound[name]

    @property
    def faulty(self) -> bool:
        """Whether something is wrong with any of them."""
        return any(self._problems.values())

    def _read(self, name: str, settings: dict[str, Any]) -> list[Problem]:
        problems = []
        if "label" in settings:
            try:
                self.labels[name] = Labeled.model_validate({"label": settings["label"]}).label
            except ValidationError as error:
                problems += problems_of(error, Labeled)
        if "reported" in settings:
            try:
                self.reported[name] = Reported.model_validate(settings["reported"])
            except ValidationError as error:
                problems += [
                    Problem(("reported", *p.path), f"reported.{p.place}".rstrip("."), p.text)
                    for p in problems_of(error, Reported)
                ]
        chain, wrong = self._chain(name)
        if wrong is not None:
            return [*problems, wrong]
        resolved = {**self._shared, **_merged([self._written[link] for link in reversed(chain)])}
        try:
            self.sound[name] = Experiment.model_validate(resolved)
        except ValidationError as error:
            problems += problems_of(error, Experiment, _BESIDE)
        return problems

    def _chain(self, name: str) -> tuple[list[str], Problem | None]:
        """Return the experiment and those it is stated as changes to, the nearest first; and what
        is wrong with a `from` among them."""
        chain = [name]
        while "from" in self._written[chain[-1]]:
            base = self._written[chain[-1]]["from"]
            if not isinstance(base, str) or base not in self._written:
                others = [other for other in self._written if other != chain[-1]]
                self._blamed[name] = chain[-1:]
                return chain, Problem(("from",), "from", no_experiment(shown(base), others))
            if base in chain:
                circle = chain[chain.index(base) :]
                first = min(circle, key=list(self._written).index)
                circle = circle[circle.index(first) :] + circle[: circle.index(first)]
                self._blamed[name] = circle
                round_ = " → ".join([*circle[:10], *["..."] * (len(circle) > 10), first])
                words = f"circular reference: {round_}; change one of these `from` settings"
                return chain, Problem(("from",), "from", words)
            chain.append(base)
        return chain, None

    def _lines(self, variants: grid.Written) -> Iterator[str]:
        heirs: dict[tuple[str, Problem], list[str]] = {}
        for name, problems in self._problems.items():
            for problem in problems:
                heirs.setdefault((self._origin(name, problem), problem), []).append(name)
        for (origin, problem), names in heirs.items():
            if not origin:
                yield problem.at(self._where)
                continue
            if origin in variants.cells:
                yield f"{self._where}, {variants.place(origin, problem.path)}: {problem.text}"
                continue
            blamed = self._blamed.get(origin, [origin]) if problem.path == ("from",) else [origin]
            others = [name for name in names if name not in blamed]
            also = f" (so too {_few(others)})" if others else ""
            yield problem.at(f"{self._where}, experiments.{shown(origin)}", ".") + also

    def _origin(self, name: str, problem: Problem) -> str:
        """Return the experiment that a problem is taken over from; "" if it is written on top."""
        if problem.path == ("from",):
            return self._blamed[name][0]
        key = problem.path[0] if problem.path else ""
        if key in self._shared and not self._writes(name, key):
            return ""
        while not _own(self._written[name], problem.path):
            base = self._written[name].get("from")
            if base is None or problem not in self._problems.get(base, ()):
                break
            name = base
        return name

    def _writes(self, name: str, key: str) -> bool:
        """Whether an experiment, or one that it is stated as changes to, has a key."""
        return any(key in self._written[link] for link in self._chain(name)[0])


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"{', '.join(names[:10])}{more}"


def _own(settings: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a table writes what is at the end of a path itself, and not by changing another's."""
    here: Any = settings
    for key in path:
        if not isinstance(here, dict) or key not in here:
            return False
        here = here[key]
    return not isinstance(here, dict) or "name" in here or "module" in here


def _merged(chain: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the settings of tables of which each changes those before it."""
    settings: dict[str, Any] = {}
    for link in chain:
        for key, value in link.items():
            if key in _BESIDE:
                continue
            before = settings.get(key)
            # A table without a name changes the base's: { lr = 0.025 } keeps the optimizer.
            if isinstance(value, dict) and isinstance(before, dict) and "name" not in value:
                value = {**before, **value}
            settings[key] = value
    return settings


def _questions(
    where: str, asked: list[tuple[int, dict[str, Any]]], names: list[str], problems: _Problems
) -> list[BaseQuestion]:
    questions = []
    for number, table in asked:
        if problems.enough:
            break
        here = f"{where}, question {number}"
        question = None
        try:
            model = question_model(table)
        except ValueError as error:
            problems.add(f"{here}.kind: {error}")
            continue
        try:
            question = model.model_validate(table)
            questions.append(question)
        except ValidationError as error:
            for line in explain(error, here, model, ("kind",)):
                problems.add(line)
        place = f"{here}.{model.key}" if model.key else here
        for name in _named(table, question):
            if name not in names:
                problems.add(f"{place}: {no_experiment(name, names)}")
    return questions


def _named(written: dict[str, Any], question: BaseQuestion | None) -> list[str]:
    """Return the experiments that a question names, as far as one can tell of a faulty one."""
    if question is not None:
        return list(question.experiments)
    return [
        name
        for key in ("compare", "best")
        if isinstance(entries := written.get(key), list)
        for entry in entries[:MOST_TOLD]
        for name in (entry[:MOST_TOLD] if isinstance(entry, list) else [entry])
        if isinstance(name, str)
    ]


def _tables(table: dict[str, Any], key: str, kind: type, *, where: str, problems: _Problems) -> Any:
    """Return `table[key]`, a table (dict) or list of tables, or an empty one if it is neither."""
    value = table.get(key, kind())
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(value, kind) or not all(isinstance(part, dict) for part in inner):
        form = f"[[{key}]]" if kind is list else f"[{key}.NAME]"
        problems.add(f"{where}, {key}: must be tables; write each under {form}")
        return kind()
    return value
