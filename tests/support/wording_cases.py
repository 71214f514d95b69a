"""Findings of every kind and verdict, by name; tests/golden/wordings.txt keeps their words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.questions.best_finding import NotAskedAbout
from paribus.questions.contested import Groups, OwnSeeds
from paribus.questions.finding import Finding, PairFinding
from tests.support.judged import (
    ACCURACY,
    BASE_S,
    CLEAR,
    EPOCHS,
    FEWER_EPOCHS,
    LOSS,
    LOWER_RATE,
    SHAKY,
    TINY,
    VAGUE,
    at_looks,
    compared,
    counted,
    differing,
    family_of,
    finding_of,
    found,
    question,
    raised,
    time_found,
    timed,
    timed_steps,
    timings,
)
from tests.support.kinds import best_of, interaction
from tests.support.tuned import tuned_cases
from tests.support.unpaired import unpaired_cases

LOOKS = (5, 10)
TWO_CONFOUNDS = (LOWER_RATE, FEWER_EPOCHS)
ONE_CONFOUND = (FEWER_EPOCHS,)


def cases() -> dict[str, Finding]:
    """Return every case by its name."""
    return {
        **dict(_verdicts()),
        **dict(_interactions()),
        **dict(_best()),
        **dict(_preview()),
        **dict(_none()),
        **dict(_looks()),
        **dict(_raised()),
        **dict(_missing_values()),
        **dict(_images()),
        **dict(_reasons()),
        **dict(_far()),
        **dict(_noise()),
        **dict(_original()),
        **dict(_step_times()),
        **dict(_counts()),
        **unpaired_cases(),
        **tuned_cases(),
    }


def _verdicts() -> Iterator[tuple[str, Finding]]:
    yield "better", found(CLEAR)
    yield "worse", found([-d for d in CLEAR])
    yield "worse, where lower is better", found(CLEAR, LOSS)
    yield "better by less than matters", found(CLEAR, matters=0.01)
    yield "better by perhaps less than matters", found(CLEAR, matters=0.004)
    yield "equal", found(TINY)
    yield "undecided", found(VAGUE)
    leaves_out_zero = [0.0063, 0.0004, 0.0041, 0.0008, 0.0042]
    yield "undecided although the interval leaves out 0", found(leaves_out_zero)
    family = family_of([differing(SHAKY)] + [differing(VAGUE)] * 7)
    yield "undecided as one of 8 questions", family[0]
    yield "undecided beyond 10,000 seeds", found(VAGUE, matters=1e-5)
    nearly_none = [0.004, -0.004, 0.003, -0.003, 0.00001]
    yield "undecided beyond 10,000 seeds at any rate", found(nearly_none, matters=None)
    without_matters = [0.004, -0.001, 0.005, -0.002, 0.003]
    yield "undecided, seeds from the estimate alone", found(without_matters, matters=None)
    fewer = [-0.01, -0.09, -0.002, -0.05, -0.06]
    yield "undecided, fewer seeds for what was seen", found(fewer, matters=0.003)
    yield "confounded", found(CLEAR, confounds=TWO_CONFOUNDS)


def _interactions() -> Iterator[tuple[str, Finding]]:
    yield "interaction: gains more", interaction(TINY, CLEAR)
    yield "interaction: gains less", interaction(CLEAR, TINY)
    yield "interaction: as much", interaction(CLEAR, [0.004, 0.0032, 0.0048, 0.0041, 0.0029])
    yield "interaction: undecided", interaction(TINY, VAGUE)
    yield "interaction: near the ceiling", interaction(TINY, CLEAR, base=0.991)
    yield "interaction: confounded", interaction(TINY, CLEAR, confounds=ONE_CONFOUND)
    yield "interaction: 2 seeds", interaction(TINY[:2], CLEAR[:2])
    yield "interaction: preview", replace(interaction(TINY, CLEAR), preview=True)


def _best() -> Iterator[tuple[str, Finding]]:
    led = {"cnn": BASE_S, "adam": BASE_S + CLEAR, "mlp": BASE_S - CLEAR}
    tied = led | {"tanh": BASE_S + CLEAR + TINY}
    close = {"cnn": BASE_S, "adam": BASE_S + TINY, "mlp": BASE_S - TINY[::-1]}
    yield "best: one", best_of(led)
    yield "best: one, by less than matters", best_of(led, matters=0.05)
    yield "best: two of four", best_of(tied)
    yield "best: all may be", best_of(close, matters=1e-5)
    yield "best: all equal", best_of(close, matters=0.005)
    yield "best: a diverged run", best_of(led | {"tanh": [*BASE_S[:4], np.nan]})
    yield "best: 3 of 5 seeds", best_of({n: v[:3] for n, v in led.items()}, planned=5)
    yield "best: 2 seeds", best_of({name: value_S[:2] for name, value_S in led.items()})
    confounds = (NotAskedAbout("adam", ONE_CONFOUND), NotAskedAbout("mlp", TWO_CONFOUNDS))
    yield "best: confounded", best_of(led, confounds=confounds)
    yield "best: before the first look", best_of({n: v[:3] for n, v in led.items()}, looks=LOOKS)
    yield "best: open after the first look", best_of(tied, looks=LOOKS)
    yield "best: one at the first look", best_of(led, looks=LOOKS)
    ten = {name: np.resize(value_S, 10) for name, value_S in tied.items()}
    uneven = {**tied, "mlp": tied["mlp"][:3], "paper": np.array([0.99])}
    yield "best: unpaired", best_of({**tied, "mlp": tied["mlp"][:3]}, runs=Groups)
    yield "best: unpaired, one with a lone value", best_of(uneven, runs=Groups)
    yield "best: unpaired, lone values", best_of({"a": [0.9], "b": [0.8]}, runs=Groups)
    some = {name: np.r_[value_S, [np.nan] * 5] for name, value_S in tied.items()}
    alone = {**some, "paper": np.r_[[np.nan] * 5, BASE_S]}
    ran = tuple(np.isfinite(value_S) for value_S in alone.values())

    def with_twin(values: tuple[NDArray[np.float64], ...]) -> OwnSeeds:
        return OwnSeeds(values, (*ran, ran[-1]))

    yield "best: one on other seeds", best_of(alone, runs=lambda values: OwnSeeds(values, ran))
    yield (
        "best: one on other seeds, one without values",
        best_of({**alone, "twin": alone["paper"] * np.nan}, runs=with_twin),
    )
    yield "best: rounded", best_of(tied, step=0.01)
    yield "best: two at the last look", best_of(ten | {"mlp": tied["mlp"]}, looks=LOOKS)


def _preview() -> Iterator[tuple[str, Finding]]:
    asked = question("test_accuracy", 0.001, original="So it was.", original_verdict="better")
    yield "preview: better", replace(finding_of(differing(CLEAR, asked=asked)), preview=True)
    yield "preview: equal", replace(found(TINY), preview=True)
    yield "preview: undecided", replace(found(VAGUE), preview=True)
    yield "preview: confounded", replace(found(CLEAR, confounds=ONE_CONFOUND), preview=True)
    yield "preview: 3 of 5 seeds", replace(found(CLEAR[:3], planned=5), preview=True)


def _none() -> Iterator[tuple[str, Finding]]:
    for seeds in range(3):
        yield f"{seeds} seeds", found(CLEAR[:seeds])
    yield "2 seeds, confounded", found(CLEAR[:2], confounds=ONE_CONFOUND)
    yield "1 of 2 seeds", found(CLEAR[:1], planned=2)
    yield "3 of 5 seeds", found(CLEAR[:3], planned=5)
    yield "3 of 5 seeds, confounded", found(CLEAR[:3], planned=5, confounds=ONE_CONFOUND)
    same = compared([20, 21, 22], [50, 51, 52], EPOCHS, matters=5, names=("relu", "tanh"))
    yield "the same difference in every seed", finding_of(same)
    yield "the same value in every run", finding_of(compared([0.0] * 5, [0.0] * 5, LOSS))


def _looks() -> Iterator[tuple[str, Finding]]:
    small = [5 * d for d in TINY]
    yield "looks: better at the first", at_looks(CLEAR * 2, seeds=7)
    yield "looks: better at the last", at_looks([*SHAKY, *CLEAR])
    yield "looks: equal at the first", at_looks(TINY * 2)
    yield "looks: equal at the last", at_looks(small * 2)
    yield "looks: stopped as futile", at_looks(VAGUE * 2, seeds=5)
    yield "looks: undecided at the last", at_looks([*small, *VAGUE])
    yield "looks: open after the first", at_looks(small, seeds=5)
    yield "looks: open, with more seeds trained", at_looks(small * 2, seeds=7)
    yield "looks: before the first", at_looks(CLEAR, seeds=3)
    yield "looks: confounded", at_looks(CLEAR * 2, confounds=ONE_CONFOUND)
    yield "looks: a diverged run of B", at_looks([*CLEAR[:4], np.nan])


def _raised() -> Iterator[tuple[str, Finding]]:
    yield "raised: better by the plan", raised([*CLEAR, *VAGUE], planned=5)
    yield "raised: better by the seeds after it", raised([*VAGUE, *CLEAR * 5], planned=5)
    yield "raised: equal by the plan", raised([*TINY, *VAGUE], planned=5)
    yield "raised: equal by the seeds after it", raised([*VAGUE, *TINY * 30], planned=5)
    yield "raised: undecided", raised(VAGUE * 2, planned=5)
    yield "raised: too few seeds to say more", raised(VAGUE[:4], planned=3)
    yield "raised: better at a look", raised([*CLEAR * 2, *VAGUE], planned=10, looks=(5, 10))
    yield "raised: before the planned seeds are trained", raised(CLEAR[:4], planned=5)


def _missing_values() -> Iterator[tuple[str, Finding]]:
    nan = np.nan
    yield "a diverged run of B", found([*CLEAR[:4], nan])
    yield "worse, with a diverged run of B", found([*(-d for d in CLEAR[:4]), nan], matters=0.01)
    a_S = np.array([nan, nan, *BASE_S])
    b_S = np.array([0.98, 0.98, *(BASE_S + CLEAR)])
    yield "better, with diverged runs of A", finding_of(compared(a_S, b_S))
    yield "all runs of B diverged", found([nan] * 5)
    never = compared([nan] * 3, [nan] * 3, EPOCHS, names=("relu", "tanh"))
    yield "neither ever got there", finding_of(never)
    yield "runs of both diverged", finding_of(compared([nan, *BASE_S], [*BASE_S, nan]))


def _images() -> Iterator[tuple[str, Finding]]:
    # Four images of a hundred are always fixed, and three always broken: a fifth pair would do.
    a_SN, b_SN = np.ones((4, 100)), np.ones((4, 100))
    a_SN[:, :4] = 0
    b_SN[:, 4:7] = 0
    b_SN[0, 7] = b_SN[1, 8] = 0
    a_SN[2, 9] = a_SN[2, 10] = a_SN[3, 11] = a_SN[3, 12] = a_SN[0, 13] = a_SN[0, 14] = 0
    a_SN[1, 15] = a_SN[1, 16] = 0
    yield "better, not shown for new images", _of_images(a_SN, b_SN)
    rng = np.random.default_rng(6)
    a_SN, b_SN = rng.random((2, 5, 2000)) < np.array([0.8, 0.9])[:, None, None]
    yield "better, shown for new images", _of_images(a_SN, b_SN)
    rng = np.random.default_rng(7)
    a_SN = np.repeat(rng.random((1, 500)) < 0.9, 4, axis=0)
    b_SN = np.repeat(rng.permutation(a_SN[0])[None], 4, axis=0)
    for seed in (0, 1):
        b_SN[seed, np.flatnonzero(b_SN[seed])[0]] = False
    yield "equal, not shown for new images", _of_images(a_SN, b_SN, matters=0.01)
    correct_SN = np.random.default_rng(0).integers(0, 2, (3, 50))
    yield "the same on every image", _of_images(correct_SN, correct_SN)
    yield "the same probabilities", _of_images(correct_SN, correct_SN, same_probabilities=True)


def _of_images(a_SN: np.ndarray, b_SN: np.ndarray, **rest: Any) -> PairFinding:
    a_S, b_S = a_SN.mean(1), b_SN.mean(1)
    return finding_of(compared(a_S, b_S, a_SN=a_SN, b_SN=b_SN, **rest))


def _reasons() -> Iterator[tuple[str, Finding]]:
    yield "8 seeds", finding_of(compared(np.zeros(8), np.arange(1.0, 9.0), EPOCHS))
    saves_nothing = compared([0.0, 1.0, 2.0, 3.0], [3.0, 0.6, 0.0, 3.3], EPOCHS)
    yield "pairing that saves nothing", finding_of(saves_nothing)
    yield "runs of other bits", finding_of(compared([0.1] * 3, [0.2, 0.3, 0.4], other_bits=(0, 2)))


def _far() -> Iterator[tuple[str, Finding]]:
    same, lower = [0.1135] * 4, [0.1028]
    yield (
        "a run far from others that are all the same",
        finding_of(compared([*same, *lower], [0.93, 0.94, 0.935, 0.92, 0.93])),
    )


def _noise() -> Iterator[tuple[str, Finding]]:
    b_S = [0.1, 0.2, 0.4]
    yield "runs of A far apart", finding_of(compared([0.1, 0.9, 0.4], b_S))
    yield "runs of A all the same", finding_of(compared([0.1135] * 3, b_S))
    correct_SN = np.array([[1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 0]])
    wide = replace(ACCURACY, widest=np.inf)
    on_images = compared([0.75, 0.76, 0.77], b_S, wide, correct_a_SN=correct_SN)
    yield "luck on single images", finding_of(on_images)


def _original() -> Iterator[tuple[str, Finding]]:
    for name, said, difference_S, matters in (
        ("agrees", "better", CLEAR, 0.001),
        ("agrees, by less than matters", "better", CLEAR, 0.01),
        ("agrees, as it is less than matters", "equal", CLEAR, 0.01),
        ("disagrees", "equal", CLEAR, 0.001),
        ("open", "better", VAGUE, 0.001),
        ("to be judged by readers", "", CLEAR, 0.001),
    ):
        asked = question("test_accuracy", matters, original="So it was.", original_verdict=said)
        yield f"original: {name}", finding_of(differing(difference_S, asked=asked))
    asked = question("test_accuracy", 0.001, original="So it was.", original_verdict="worse")
    yield "original: confounded", finding_of(differing(CLEAR, asked=asked, confounds=ONE_CONFOUND))


def _step_times() -> Iterator[tuple[str, Finding]]:
    yield "step time: slower", time_found(timed_steps(1.3))
    yield "step time: faster", time_found(timed_steps(0.7))
    yield "step time: slower by less than matters", time_found(timed_steps(1.03))
    yield "step time: equal", time_found(timed_steps(1.0))
    yield "step time: undecided", time_found(timed_steps(1.02, noise=0.5))
    yield "step time: confounded", time_found(timed_steps(1.3, confounds=ONE_CONFOUND))
    yield "step time: preview", replace(time_found(timed_steps(1.3)), preview=True)
    yield "step time: not timed", time_found(timed())
    yield "step time: not timed, in no study", time_found(timed(study_name=""))
    yield "step time: too few processes", time_found(timed(timings(1.3)[:3]))
    yield "step time: one of 20 questions", timed_steps(1.3).conclude((0.5,), 20)
    loud = "The machine was not quiet: others kept 0.9 of 2 cores busy meanwhile."
    first, *others = timings(1.2, engine="torch")
    two_engines = (replace(first, disturbed=loud), *others)
    yield "step time: two engines", time_found(timed(two_engines))
    gpu = {"processor": "a processor", "device a": "cpu", "device b": "a GPU"}
    on_gpu = timings(0.5, engine="torch", environment=gpu)
    yield "step time: one engine on a GPU", time_found(timed(on_gpu))


def _counts() -> Iterator[tuple[str, Finding]]:
    yield "count: fewer", counted(42_310, 21_578)
    yield "count: more", counted(21_578, 42_310)
    yield "count: the same", counted(42_310, 42_310)
    yield "count: a module of one's own", counted(None, 42_310)
