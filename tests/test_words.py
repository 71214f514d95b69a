"""The field's words: no text of the package or its documentation has one that another replaces."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENDINGS = {".py", ".md", ".j2", ".js", ".css", ".h", ".cpp", ".toml", ".yml"}

WORDS = {
    r"slopes?": "gradient, derivative",
    r"data sets?": "dataset",
    r"data frames?": "DataFrame",
    r"gr[e]y\w*": "gray",
    r"\w*neighbour\w*": "neighbor",
    r"(mis)?labelled": "labeled",
    r"\w*colour\w*": "color",
    r"cent(re|red|ring)": "center",
    r"\w*(normal|regular|optim|standard|minim|maxim|summar|random)is(e[drs]?|ing|ation)": "-ize",
    r"whole numbers?": "integer",
    r"equal for practical purposes": "practically equivalent",
    r"flatter\w*": "biased in favor of, optimistically biased",
    r"put down to": "attribute to",
    r"for want of": "because … is missing",
    r"(is |are |be |ever )?(written|write|writes) over": "overwrite",
    r"to the bit|bit for bit|the same bytes": "bit-identical",
    r"user's own modules?|modules? of one's own": "custom module",
    r"train (loss|accuracy)": "training loss, training accuracy",
    r"no finite number": "not finite",
    r"under way": "in progress, running",
    r"reckon\w*": "estimate, compute",
    r"on the way back": "in the backward pass",
    r"pull the plug": "interrupt",
    r"per cent": "percent, %",
    r"(as|than|for) the one seen": "the observed one",
    r"mistakes?": "error; misclassified",
    r"(from|than|by) luck": "chance; luck is in the tagline alone",
    r"(a run|a line|one) a (run|core|line|seed)|images a (step|run)": "per",
    r"(timed?|them|both|again|steps) in turns": "interleaved",
    r"beside one another": "in parallel",
    r"cannot run (this|the) network": "does not support",
    r"(store|study|folder|it|layer) (has|had) not (the|that|a)": "lacks, does not have",
    r"(is|are) there already": "already exists, is already in",
    r"call the command again": "run … again",
    r"verdict takes|it takes at least": "requires",
    r"lets? go of|came to": "releases; results in",
    r"labeled wrongly": "mislabeled",
    r"[}:it>] is no (array|file|number|share|percentage|class|setting|address|path)": "is not a",
}
"""What is not written, and what is written instead: the field's terms, in American spelling."""

HELD = re.compile(
    # Names in files of users, and in the hashes of experiments.
    r"initialisation|generalisation_gap|aria-labelledby|did_you_mean\(\"optimiser"
)


def texts() -> list[Path]:
    """The files that are read: sources, with comments and docstrings, and the documentation."""
    listed = subprocess.run(
        ["git", "ls-files", "src", "docs", "*.md", ".github"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    # The plan of the built-in study and its file were fixed before its first run, and its report
    # repeats the questions; suggestions are made of what users mistype.
    fixed = (
        "docs/study/plan.md",
        "docs/study/results/report.md",
        "src/paribus/studies/mnist.toml",
        "src/paribus/spec/suggestions.py",
    )
    return [
        ROOT / name
        for name in listed
        if Path(name).suffix in ENDINGS and name not in fixed and "/uplot/" not in name
    ]


@pytest.mark.parametrize("word", WORDS)
def test_no_text_has_a_word_that_another_replaces(word: str) -> None:
    pattern = re.compile(rf"\b(?:{word})\b".replace(" ", r"\s+"), re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: “{match[0]}”"
        for path in texts()
        for match in pattern.finditer(HELD.sub("", path.read_text("utf-8")))
    ]
    assert found == [], f"write: {WORDS[word]}"
