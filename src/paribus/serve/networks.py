"""The answers of every finished run to one image, through the engines' own evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset
from paribus.engines.base import Predictor
from paribus.engines.choose import choose_to_predict
from paribus.engines.normalized import predictor_of_run
from paribus.errors import ParibusError, UserError
from paribus.measure.built_in_metrics import TEST_ACCURACY
from paribus.measure.runs import StudyResult
from paribus.spec.code import code_digest, import_code
from paribus.spec.experiment import Experiment
from paribus.spec.functions import UNTRUSTED
from paribus.spec.network import ModuleNetwork
from paribus.spec.plan import plan_of
from paribus.store.open import open_store
from paribus.store.reader import Reader
from paribus.text import command, plural

# S seeds, K classes, C channels, H rows, W columns


@dataclass(frozen=True)
class Answers:
    """What the finished runs of an experiment say of an image."""

    name: str
    seeds: tuple[int, ...]
    probabilities_SK: NDArray[np.float32]
    words: str
    learned: tuple[bool, ...]
    """Whether each seed's network knows more than the commonest class, see `has_learned`."""

    @property
    def agree(self) -> bool:
        """Whether all say the same."""
        return len(set(self.probabilities_SK.argmax(1).tolist())) == 1


@dataclass(frozen=True)
class AllAnswers:
    """What the finished runs of a study say of an image."""

    experiments: tuple[Answers, ...] = ()
    problems: tuple[str, ...] = ()
    """Why some runs say nothing, a line each."""


@dataclass(frozen=True)
class _Problem:
    """Why a network says nothing."""

    words: str
    code: str
    """The digest of the code that was tried: other code is tried again."""
    of_store: bool = False
    """Whether the reason is the store's, not this network's."""


_UNPACKED = _Problem(
    "The store was unpacked and has no weights of the runs that it got so: they do not answer.",
    code="",
    of_store=True,
)


_LEARNED = 0.1


class Networks:
    """The trained networks of a study, each loaded once."""

    def __init__(self, folder: Path, dataset: Dataset, modules: Path, *, trusted: bool) -> None:
        """modules: what custom modules are imported from. trusted: whether the user has named the
        study; else none is imported."""
        self._trusted = trusted
        self._folder, self._dataset, self._modules = folder, dataset, modules
        self._networks: dict[str, Predictor | _Problem] = {}
        self._lock = Lock()

    def answers(self, result: StudyResult, image_CHW: NDArray[np.float32]) -> AllAnswers:
        """What the finished runs of each experiment say; and why some say nothing."""
        with self._lock:
            self._load(result)
            image_1CHW = np.ascontiguousarray(image_CHW[None])
            found, problems = [], []
            for name, experiment in result.experiments.items():
                seeds, rows, learned = [], [], []
                for run in experiment.finished:
                    network = self._networks[run.id]
                    if isinstance(network, _Problem):
                        of = "" if network.of_store else f"{name}, seed {run.seed}: "
                        problems.append(of + network.words)
                        continue
                    seeds.append(run.seed)
                    rows.append(network(image_1CHW)[0])
                    accuracy = TEST_ACCURACY.value(run)
                    learned.append(has_learned(accuracy, self._dataset.test_labels))
                if rows:
                    words = votes([int(row.argmax()) for row in rows], self._dataset.class_names)
                    answers = Answers(name, tuple(seeds), np.array(rows), words, tuple(learned))
                    found.append(answers)
            return AllAnswers(tuple(found), tuple(dict.fromkeys(problems)))

    def _load(self, result: StudyResult) -> None:
        missing = [
            (run.id, experiment.experiment)
            for experiment in result.experiments.values()
            for run in experiment.finished
            if self._is_missing(run.id, experiment.experiment)
        ]
        if not missing:
            return
        with open_store(self._folder, "read") as store:
            for run, experiment in missing:
                if store.is_unpacked(run):
                    self._networks[run] = _UNPACKED
                    continue
                try:
                    self._networks[run] = self._network(run, experiment, store)
                except ParibusError as error:
                    code = code_digest(experiment, self._modules)
                    self._networks[run] = _Problem(str(error), code)

    def _is_missing(self, run: str, experiment: Experiment) -> bool:
        network = self._networks.get(run)
        if isinstance(network, _Problem) and isinstance(experiment.network, ModuleNetwork):
            return network.code != code_digest(experiment, self._modules)
        return network is None

    def _network(self, run: str, experiment: Experiment, store: Reader) -> Predictor:
        """Load a run's network. Raises `ParibusError` where it cannot answer, e.g. as the code of a
        custom module has changed since it was trained."""
        data, stored = self._dataset, store.run(run)
        tensors: dict[str, Any] | None = store.weights(run)
        if tensors is None or stored is None:
            raise UserError("its weights are not in the store")
        if isinstance(experiment.network, ModuleNetwork):
            if not self._trusted:
                raise UserError(
                    f"it is a custom module, and {UNTRUSTED}: "
                    f"`{command('serve', 'STUDY', store=store.folder)}`"
                )
            trained = store.identity(stored.experiment).code
            import_code(experiment.network, self._modules, trained)
        network = plan_of(experiment, data.image_shape, data.classes)
        engine = choose_to_predict(network, experiment)
        predict = predictor_of_run(engine, network, tensors)
        # What is wrong with a custom module shows when it is first asked.
        answer = predict(np.zeros((1, *data.image_shape), np.float32))
        if answer.shape != (1, data.classes):
            raise UserError(f"it answers {answer.shape[1]} classes, the data has {data.classes}")
        return predict


def has_learned(accuracy: float, label_N: NDArray[np.int64]) -> bool:
    """Return whether a network has come a tenth of the way from naming the commonest class every
    time to being right every time; one that has not is not counted among the trained.

    >>> ten = np.arange(1000) % 10
    >>> has_learned(0.11, ten), has_learned(0.2, ten)
    (False, True)
    """
    guess = float(np.bincount(label_N).max()) / len(label_N)
    return accuracy >= guess + _LEARNED * (1 - guess)


def votes(answers_S: Sequence[int], class_names: Sequence[str]) -> str:
    """How many seeds say what, in words.

    >>> votes([7, 7, 1, 7, 7], "0123456789")
    '4 of 5 seeds say 7, 1 says 1'
    >>> votes([7], "0123456789"), votes([2, 2], "0123456789")
    ('its one seed says 7', 'both seeds say 2')
    >>> votes([0, 5, 3], "0123456789")
    'no two seeds agree: 0, 5, 3'
    """
    counts = Counter(answers_S).most_common()
    n, (first, most) = len(answers_S), counts[0]
    if n == 1:
        return f"its one seed says {class_names[first]}"
    if most == n:
        return f"{'both' if n == 2 else f'all {n}'} seeds say {class_names[first]}"
    if most == 1:
        return f"no two seeds agree: {', '.join(class_names[said] for said, _ in counts)}"
    others = [
        f"{times} {plural(times, 'says', 'say')} {class_names[said]}" for said, times in counts[1:]
    ]
    return f"{most} of {n} seeds say {class_names[first]}, {', '.join(others)}"


def most_often_wrong(result: StudyResult, most: int = 100) -> list[int]:
    """The test images that most finished runs get wrong, by their index; those first."""
    labels_N = result.dataset.test_labels
    wrong_N = np.zeros(len(labels_N), np.int64)
    for experiment in result.experiments.values():
        for run in experiment.finished:
            if run.predictions is not None:
                wrong_N += ~run.predictions.correct
    order = np.argsort(-wrong_N, kind="stable")[:most]
    return [int(image) for image in order if wrong_N[image]]
