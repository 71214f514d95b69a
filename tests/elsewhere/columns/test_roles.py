"""Which column is what: by its name, by its cells, as the user says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paribus.elsewhere.columns.metrics import metric_of
from paribus.elsewhere.columns.roles import Roles, experiments_of, roles_of
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import Confounded, Folds, PairsInOneColumn, SeedsNotPaired
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present.guesses import guesses
from paribus.present.notices import remarks
from tests.support.elsewhere import BETTER, PLAIN, judged, rows, two


def frame(**columns: list[object]) -> Frame:
    length = len(next(iter(columns.values())))
    return Frame("t.csv", columns, [f"t.csv:{row + 2}" for row in range(length)])  # type: ignore[arg-type]


TWO: dict[str, list[object]] = {"model": ["a", "a", "b", "b"], "acc": ["0.1", "0.2", "0.3", "0.4"]}


def roles(stated: Stated | None = None, **columns: list[object]) -> Roles:
    return roles_of(frame(**TWO, **columns), stated or Stated())


def test_columns_are_known_by_their_names() -> None:
    found = roles(Seed=[0, 1, 0, 1], Epoch=[5, 6, 5, 6], lr=["0.1", "0.1", "0.2", "0.2"])
    assert found.experiment == ("model",)
    assert (found.seed, found.epoch, found.run) == ("Seed", "Epoch", "")
    assert found.metric == ("acc",)
    assert found.config == ("lr",)
    assert found.guessed == ("experiment", "seed", "epoch", "metric")


@pytest.mark.parametrize("name", ["epochs", "epoch", "steps"])
@pytest.mark.parametrize("seed", [{}, {"seed": [0, 1, 0, 1]}])
def test_a_planned_number_of_epochs_is_a_setting(name: str, seed: dict[str, Any]) -> None:
    columns: dict[str, Any] = {**seed, name: [20, 20, 30, 30]}
    found = roles(**columns, kept_epoch=[7, 7, 9, 9])
    assert (found.epoch, found.kept, found.config) == ("", "", (name,))
    assert found.unused == ("kept_epoch",)
    stated = roles(Stated(epoch=name), **columns)
    assert (stated.epoch, stated.config) == (name, ())


def test_a_column_that_counts_is_the_epoch_beside_one_that_was_planned() -> None:
    found = roles(epoch=[20, 20, 20, 20], step=[1, 2, 1, 2], kept_epoch=[2, 2, 1, 1])
    assert (found.epoch, found.kept, found.config) == ("step", "kept_epoch", ("epoch",))


def test_a_row_for_each_run_needs_no_seeds_beside_planned_epochs(tmp_path: Path) -> None:
    lines = [f"{name},20,{v}" for name, side in (("a", PLAIN), ("b", BETTER)) for v in side]
    found = judged(tmp_path, rows(*lines, header="method,epochs,test_acc"))
    assert [len(one.runs) for one in found.experiments] == [5, 5]
    assert found.experiments[0].settings == {"epochs": "20"}
    assert found.findings[0].verdict.value == "better"


def test_what_is_stated_is_taken() -> None:
    stated = Stated(experiment=("lr",), metric=("time",), seed="trial_no")
    found = roles(stated, lr=["1", "1", "2", "2"], trial_no=[1, 2, 1, 2], time=["3", "4", "5", "6"])
    assert (found.experiment, found.metric, found.seed) == (("lr",), ("time",), "trial_no")
    assert found.guessed == ()


def test_test_metrics_come_before_others_and_accuracies_before_losses() -> None:
    numbers: list[object] = ["1", "2", "3", "4"]
    found = roles(train_acc=numbers, test_loss=numbers, test_acc=numbers, time=numbers)
    assert found.metric == ("test_acc",)
    assert set(found.unused) == {"acc", "train_acc", "test_loss", "time"}


def test_words_that_repeat_are_experiments_whatever_their_name() -> None:
    table = frame(which=["a", "a", "b"], acc=["0.1", "0.2", "0.3"])
    assert roles_of(table, Stated()).experiment == ("which",)


def test_several_columns_together_name_an_experiment(tmp_path: Path) -> None:
    text = rows(
        *(f"{m},{lr},{s},0.{s}{m}{lr}" for m in (1, 2) for lr in (3, 4) for s in (5, 6, 7)),
        header="m,lr,seed,acc",
    )
    found = judged(tmp_path, text, experiment=("m", "lr"))
    assert [one.name for one in found.experiments] == [
        "m=1, lr=3", "m=1, lr=4", "m=2, lr=3", "m=2, lr=4",
    ]  # fmt: skip
    # Each pair differs in one of them, all else being equal; others are asked by name.
    pairs = [finding.question.experiments for finding in found.findings]
    assert pairs == [
        ("m=1, lr=3", "m=1, lr=4"), ("m=1, lr=3", "m=2, lr=3"),
        ("m=1, lr=4", "m=2, lr=4"), ("m=2, lr=3", "m=2, lr=4"),
    ]  # fmt: skip
    assert PairsInOneColumn(("m", "lr")) in found.notices
    crossed = Terms(Stated(experiment=("m", "lr")), compare=(("m=1, lr=3", "m=2, lr=4"),))
    (finding,) = judged(tmp_path, text, crossed).findings
    assert finding.question.experiments == crossed.compare[0]


def test_experiments_that_differ_in_all_their_columns_are_all_compared(tmp_path: Path) -> None:
    """As the methods of several files that have one each."""
    sides = (("x", "a", PLAIN), ("y", "b", BETTER), ("z", "c", PLAIN))
    text = rows(*(f"{f},{m},{v}" for f, m, side in sides for v in side), header="f,m,acc")
    found = judged(tmp_path, text, experiment=("f", "m"))
    assert len(found.findings) == 3
    assert not any(isinstance(one, PairsInOneColumn) for one in found.notices)


@pytest.mark.parametrize(
    "sides", [(("a, b", "c"), ("a", "b, c")), (("1, n=2", "3"), ("1", "2, n=3"))]
)
def test_commas_in_words_merge_no_experiments(
    tmp_path: Path, sides: tuple[tuple[str, str], ...]
) -> None:
    lines = [f'"{m}","{n}",{v}' for (m, n), side in zip(sides, (PLAIN, BETTER), strict=True)
             for v in side]  # fmt: skip
    found = judged(tmp_path, rows(*lines, header="m,n,acc"), experiment=("m", "n"))
    assert [one.name for one in found.experiments] == [f'm="{m}", n="{n}"' for m, n in sides]
    assert [len(one.runs) for one in found.experiments] == [5, 5]


def test_an_experiment_that_differs_from_all_in_two_columns_is_compared(tmp_path: Path) -> None:
    """As of methods that have a learning rate of their own each."""
    sides = (("sgd", 0.1, PLAIN), ("adam", 0.001, BETTER), ("adam", 0.01, PLAIN))
    text = rows(*(f"{m},{lr},{v}" for m, lr, side in sides for v in side), header="opt,lr,acc")
    found = judged(tmp_path, text, experiment=("opt", "lr"))
    pairs = [finding.question.experiments for finding in found.findings]
    sgd, adam, fast = "sgd, lr=0.1", "adam, lr=0.001", "adam, lr=0.01"
    assert pairs == [(sgd, adam), (sgd, fast), (adam, fast)]
    assert not any(isinstance(one, PairsInOneColumn) for one in found.notices)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (Stated(metric=("ac",)), '--metric ac: there is no column "ac"; did you mean "acc"?'),
        (Stated(seed="s"), '--seed s: there is no column "s"'),
        (Stated(seed="model", experiment=("model",)), "the column is named for two purposes"),
        (Stated(ignored=("x",)), '--ignore x: there is no column "x"'),
    ],
)
def test_a_column_that_is_not_there_is_an_error(stated: Stated, message: str) -> None:
    with pytest.raises(UserError) as error:
        roles(stated)
    assert message in str(error.value)


def test_without_experiments_or_metrics_the_columns_are_listed() -> None:
    with pytest.raises(UserError, match=r"name it with --experiment; there are x, acc"):
        roles_of(frame(x=["1", "2"], acc=["0.1", "0.2"]), Stated())
    with pytest.raises(UserError, match="name it with --metric; there are model, note"):
        roles_of(frame(model=["a", "b"], note=["good", "bad"]), Stated())


@pytest.mark.parametrize("metric", [(), ("test_acc",)])
def test_a_word_among_numbers_is_named_with_its_place(
    tmp_path: Path, metric: tuple[str, ...]
) -> None:
    lines = two(PLAIN, BETTER).replace("0.9188", "0.91B8").splitlines()
    # Another column could be taken for the metric, but is not.
    values = [f"{line},0.9{n}" for n, line in enumerate(lines[1:])]
    text = "\n".join([lines[0] + ",val_acc", *values])
    with pytest.raises(UserError) as error:
        judged(tmp_path, text, metric=metric)
    assert str(error.value) == (
        f'{tmp_path / "results.csv"}:9: test_acc: "0.91B8" is not a number; correct it, or leave '
        "the cell empty if the run has no value"
    )


def test_a_word_in_a_column_of_no_known_name_is_named_too(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER).replace("0.9188", "oops").replace("test_acc", "result")
    with pytest.raises(UserError, match=r'results\.csv:9: result: "oops" is not a number$'):
        judged(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("test_accuracy", "0.91", (True, 100, "points")),
        ("val_acc", "91.2", (True, 1, "points")),
        ("test_loss", "0.3", (False, 1, "")),
        ("eval_f1", "0.5", (True, 100, "points")),
        ("wer", "12.5", (False, 1, "points")),
        ("episode_reward", "311", (True, 1, "")),
        ("perplexity", "17.1", (False, 1, "")),
    ],
)
def test_metrics_are_known_by_name_and_values(
    name: str, value: str, expected: tuple[bool, float, str]
) -> None:
    found = metric_of(name, [value], None)
    assert (found.higher_is_better, found.scale, found.unit) == expected


def test_direction_of_an_unknown_metric_must_be_stated(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER).replace("test_acc", "fancy")
    with pytest.raises(UserError, match="Add --better higher or --better lower"):
        judged(tmp_path, text, metric=("fancy",))


def test_what_trackers_put_before_a_name_is_no_part_of_it(tmp_path: Path) -> None:
    """As of `mlflow.search_runs().to_csv()`."""
    sides = {"bert": PLAIN, "roberta": BETTER}
    lines = [
        f"{n}{s},FINISHED,{v},{n},{s}" for n, side in sides.items() for s, v in enumerate(side)
    ]
    text = rows(*lines, header="run_id,status,metrics.test_acc,params.model,params.seed")
    found = judged(tmp_path, text)
    assert (found.roles.experiment, found.roles.seed) == (("params.model",), "params.seed")
    assert found.metrics[0].label == "test acc"
    assert SeedsNotPaired(5) in found.notices


def test_a_loss_comes_after_any_metric_that_is_known() -> None:
    numbers: list[object] = ["1", "2", "3", "4"]
    table = {"model": TWO["model"], "val/loss": numbers, "val/top1": numbers}
    assert roles_of(frame(**table), Stated()).metric == ("val/top1",)
    table = {"model": TWO["model"], "eval_loss": numbers, "eval_bleu": numbers}
    assert roles_of(frame(**table), Stated()).metric == ("eval_bleu",)


def test_settings_that_differ_at_once_are_named_with_the_option(tmp_path: Path) -> None:
    lines = [
        f"{name},{seed},{'sgd' if name == 'a' else 'adam'},{0.1 if name == 'a' else 0.001},{v}"
        for name, side in (("a", PLAIN), ("b", BETTER)) for seed, v in enumerate(side)
    ]  # fmt: skip
    text = rows(*lines, header="method,seed,optimizer,lr,acc")
    found = judged(tmp_path, text)
    assert Confounded(("optimizer", "lr")) in found.notices
    assert "Add `--about optimizer,lr` if all are meant" in " ".join(remarks(found))
    assert found.findings[0].verdict.value == "confounded"
    meant = judged(tmp_path, text, Terms(about=("optimizer", "lr")))
    assert meant.findings[0].verdict.value == "better"
    assert not [one for one in meant.notices if isinstance(one, Confounded)]


def test_words_name_experiments_without_their_column() -> None:
    words: list[object] = ["adam", "adam", "sgd", "sgd"]
    numbers: list[object] = ["1", "2", "1", "2"]
    table = frame(opt=words, lr=numbers, net=["a", "b", "a", "b"], base=["sgd", "a", "c", "d"])
    assert experiments_of(table, ("opt", "lr"))[0] == "adam, lr=1"
    assert experiments_of(table, ("opt", "net"))[0] == "adam, a"
    # A word of two columns tells neither.
    assert experiments_of(table, ("opt", "base"))[0] == "opt=adam, base=sgd"
    assert experiments_of(table, ("lr",)) == ["1", "2", "1", "2"]


def test_settings_that_may_name_experiments_are_suggested(tmp_path: Path) -> None:
    lines = [f"{aug},{bn},{seed},0.9{seed}{aug}{bn}"
             for aug in (0, 1) for bn in (0, 1) for seed in range(3)]  # fmt: skip
    text = rows(*lines, header="use_aug,use_bn,seed,acc")
    told = "if use_aug and use_bn together name one, add --experiment use_aug,use_bn"
    with pytest.raises(UserError, match=told):
        judged(tmp_path, text)
    assert len(judged(tmp_path, text, experiment=("use_aug", "use_bn")).experiments) == 4


def test_folds_stand_for_seeds_and_are_a_warning(tmp_path: Path) -> None:
    text = two(PLAIN, BETTER).replace("seed", "fold")
    for paired in (False, True):
        found = judged(tmp_path, text, Terms(paired=paired))
        assert found.roles.seed == "fold"
        assert Folds("fold") in found.notices
        assert "they are not independent runs" in " ".join(remarks(found))
    both = rows("a,0,0,0.1", "a,1,0,0.2", "b,0,0,0.3", "b,1,0,0.4", header="method,seed,fold,acc")
    assert not [n for n in judged(tmp_path, both).notices if type(n) is Folds]


def test_of_a_log_it_is_said_which_value_counts(tmp_path: Path) -> None:
    lines = [f"{m},{seed},{epoch},0.{epoch}{seed}"
             for m in "ab" for seed in range(3) for epoch in range(10, 20)]  # fmt: skip
    text = rows(*lines, header="method,seed,epoch,acc")
    told = "of each run the value at its highest epoch counts, not its best"
    assert told in guesses(judged(tmp_path, text))
