"""What study files may ask for: all beyond is one line, and takes neither time nor memory."""

from __future__ import annotations

import json
import os
import time
import tomllib
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.errors import UserError
from paribus.spec.files import load_study, read_study
from paribus.spec.toml import parse

BASE = """
title = "t"
[experiments.base]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1 }
epochs = 2
"""


def refusal(text: str) -> str:
    started = time.process_time()
    with pytest.raises(UserError) as caught:
        read_study(text, "s.toml")
    assert time.process_time() - started < 5
    said = str(caught.value)
    assert all(line.isprintable() and len(line) < 1000 for line in said.split("\n"))
    return said


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            '"linear 10"',
            '"conv 99999999999"',
            'experiments.base.network: layer 2 "conv 99999999999": channels must be at most '
            '1,000,000, got 99999999999; write e.g. "conv 16"',
        ),
        (
            '"linear 10"',
            '"linear 100000000"',
            'experiments.base.network: layer 2 "linear 100000000": features must be at most '
            '1,000,000, got 100000000; write e.g. "linear 10"',
        ),
        (
            '"flatten"',
            '"repeat 100 [residual [repeat 100 [residual [relu]]]]"',
            'experiments.base.network: layer 1 "repeat 100 [residual [repeat 100 [residual '
            '[relu]]]]": has more than 2,000 layers, those in blocks included; repeat '
            "less",
        ),
        (
            "epochs = 2",
            "epochs = 99999999999999999999",
            "experiments.base.epochs: must be at most 100,000, got 99999999999999999999",
        ),
        (
            "epochs = 2",
            "epochs = 2\nbatch_size = 99999999999",
            "experiments.base.batch_size: must be at most 100,000,000, got 99999999999",
        ),
        (
            "epochs = 2",
            "epochs = 2\nschedule = { name = 'step', every = 1000000 }",
            "experiments.base.schedule.every: must be at most 100,000, got 1000000",
        ),
        (
            "lr = 0.1",
            f"lr = 1{'0' * 90}",
            "",
        ),
        ("lr = 0.1", "lr = inf", "experiments.base.optimizer.lr: must be a finite number, got inf"),
        ("lr = 0.1", "lr = nan", "experiments.base.optimizer.lr: must be a finite number, got nan"),
        (
            "lr = 0.1",
            "lr = 1e999",
            "experiments.base.optimizer.lr: must be a finite number, got inf",
        ),
    ],
)
def test_numbers(before: str, after: str, message: str) -> None:
    text = BASE.replace(before, after)
    if message:
        assert refusal(text) == f"s.toml, {message}"
    else:
        assert read_study(text, "s.toml")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"x = {'1' * 5000}", "a number has 5,000 characters; write at most 100"),
        (f"x = -{'1' * 5000}", "a number has 5,001 characters; write at most 100"),
        (f"x = 0x{'f' * 5000}", "a number has 5,002 characters; write at most 100"),
        (f"x = 0.{'1' * 5000}", "a number has 5,000 characters; write at most 100"),
        (f"x = {'[' * 1500}", "brackets are nested more than 10 deep"),
        (f"x = {'[' * 3000}{']' * 3000}", "brackets are nested more than 10 deep"),
        (f"x = {'{a=' * 3000}", "brackets are nested more than 10 deep"),
        (f"{'a.' * 100_000}a = 1", "a key has more than 10 parts"),
        (f"[{'a.' * 100_000}a]", "a key has more than 10 parts"),
        ('"a"."b".' * 10_000 + "a = 1", "a key has more than 10 parts"),
    ],
)
def test_nesting_and_digits(line: str, message: str) -> None:
    assert refusal(f"# [[[[[[[[[[[[\n{BASE}{line}") == f"s.toml, line 8: {message}"


def test_brackets_and_dots_in_text_are_no_nesting() -> None:
    text = BASE.replace('"t"', f"'''{'[' * 50}\n{'a.' * 50}'''") + f"# {'[' * 50}"
    text = text.replace('"flatten"', '"residual [residual [residual [relu]]]", "flatten"')
    assert read_study(text.replace('"linear 10"]', f'"linear 10"] # "{"[" * 50}'), "s.toml")
    assert read_study(BASE.replace('"t"', f'"{"1" * 500} \\" {"[" * 50}"'), "s.toml")


def test_lists_of_numbers_are_no_keys_of_many_parts() -> None:
    numbers = ", ".join(["0.5"] * 50)
    assert parse(f"x = [{numbers}]\ny = {{a = 0.5, b.c = 0.5, d.e.f = 1.5}}", "s.toml")
    assert parse("a.b . c .d.e.f.g.h.i = 1.5", "s.toml")
    assert parse("x = 1979-05-27T07:32:00.999999-07:00", "s.toml")


# What turns the order of the characters behind it: refused, as control characters are.
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
quoted = partial(json.dumps, ensure_ascii=False)
bare = st.text("abz09_-", min_size=1, max_size=5)
toml_values = st.recursive(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1).map(str),
        st.floats(allow_nan=False).map(str),
        st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=TURNING)).map(
            quoted
        ),
        st.text("ab[]{}.#\n", max_size=20).map(lambda text: f"'''{text}'''"),
        st.sampled_from(["true", "false", "1979-05-27", "0x1F", "1_000"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(lambda parts: f"[ {', '.join(parts)} ] "),
        st.dictionaries(bare, inner, max_size=4).map(
            lambda table: f"{{ {', '.join(f'{key} = {value}' for key, value in table.items())} }}"
        ),
    ),
    max_leaves=30,
)


@given(st.dictionaries(bare, toml_values, max_size=6), st.text("#[{. x", max_size=20))
def test_what_is_within_bounds_is_read_as_tomllib_reads_it(
    table: dict[str, str], comment: str
) -> None:
    lines = [f"{key} = {value}  # {comment}" for key, value in table.items()]
    text = "\n".join(lines)
    expected = tomllib.loads(text)
    try:
        found = parse(text, "s.toml")
    except UserError as error:
        assert "nested more than 10 deep" in str(error)
    else:
        assert found == expected


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text, "s.toml")
    except UserError as error:
        assert str(error).isprintable()
    else:
        assert found == tomllib.loads(text.removeprefix("\ufeff"))


HUGE = {
    "many experiments": "title = 't'\n" + "".join(f"[experiments.e{n}]\n" for n in range(2000)),
    "many questions": BASE + "[[questions]]\n" * 2000,
    "many layers in all": BASE
    + "".join(
        f"[experiments.e{n}]\nfrom='base'\nnetwork=['repeat {999 - n} [relu]']\n"
        for n in range(900)
    ),
    "unknown keys": "".join(f"k{n} = 1\n" for n in range(9_000)),
    "unknown keys of one": BASE + "".join(f"k{n} = 1\n" for n in range(9_000)),
    "faulty layers": BASE.replace('"flatten"', ", ".join(['"x"'] * 9_000)),
    "faulty layers of many": BASE.replace('"flatten"', ", ".join(['"x"'] * 1900))
    + "".join(f"[experiments.e{n}]\nfrom='base'\nepochs={n + 9}\n" for n in range(900)),
    "a long layer": BASE.replace('"flatten"', f'"relu{" " * 400_000}x"'),
    "a long residual": BASE.replace('"flatten"', f'"residual [{"relu, " * 9_000}relu]"'),
    "a long name": BASE.replace("experiments.base", f"experiments.{'x' * 400_000}"),
    "a long unknown key": BASE + f"{'x' * 400_000} = 1",
    "long compare": BASE + "[[questions]]\nask='?'\ncompare=[" + '"b",' * 20_000 + "]\n",
    "long about": BASE + f"[[questions]]\nask='?'\ncompare=['a','b']\nabout=[{'1,' * 20_000}]\n",
    "arguments": BASE.replace(
        '["flatten", "linear 10"]',
        "{ module = 'a:B', arguments = {" + ", ".join(f"a{n} = []" for n in range(9_000)) + "} }",
    ),
    "a chain of from": BASE
    + "".join(f"[experiments.e{n}]\nfrom='e{n + 1}'\n" for n in range(900))
    + "[experiments.e900]\nfrom='base'\nepochs='x'\n",
    "a circle of from": "title = 't'\n"
    + "".join(f"[experiments.e{n}]\nfrom='e{(n + 1) % 900}'\n" for n in range(900)),
    "a large file": "#" * 1_000_000,
    "a wide table": BASE.replace("lr = 0.1", ", ".join(f"k{n} = 1" for n in range(9_000))),
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_large_files(text: str) -> None:
    assert refusal(text).count("\n") <= 50


def test_the_bounds_are_said() -> None:
    assert refusal(HUGE["many experiments"]) == (
        "s.toml, experiments: has 2,000 keys; write at most 1,000"
    )
    assert refusal(HUGE["many questions"]) == (
        "s.toml, questions: has 2,000 entries; write at most 1,000"
    )
    assert refusal(HUGE["a wide table"]) == (
        "s.toml, experiments.base.optimizer: has 9,001 keys; write at most 1,000"
    )
    assert refusal(HUGE["long about"]) == (
        "s.toml, questions.1.about: has 20,000 entries; write at most 10,000"
    )
    assert refusal(HUGE["many layers in all"]) == (
        "s.toml, experiments: the networks have more than 50,000 layers altogether; use fewer or "
        "smaller ones"
    )
    assert refusal(HUGE["a large file"]) == "s.toml: is longer than 500,000 characters"


def test_of_many_mistakes_the_first_are_reported() -> None:
    lines = refusal("".join(f"k{n} = 1\n" for n in range(900))).split("\n")
    assert lines[0].startswith("s.toml, k0: unknown key; ")
    assert lines[49:] == [lines[49], "s.toml: there are more errors; fix these first"]


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert load_study(str(file))[0].title == "t"
    assert read_study(f"\ufeff{BASE}", "s.toml").title == "t"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(f"\ufeff{BASE}".encode(encoding))
    with pytest.raises(UserError) as caught:
        load_study(str(file))
    assert str(caught.value) == f"{file}: is text in UTF-16; save it as UTF-8"


def test_the_line_of_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(b"title = 'a'\n# caf\xe9")
    with pytest.raises(UserError) as caught:
        load_study(str(file))
    assert str(caught.value) == (
        f"{file}, line 2: is not text in UTF-8; a study is a TOML file, saved as UTF-8"
    )


def said_of(path: str) -> str:
    with pytest.raises(UserError) as caught:
        load_study(path)
    return str(caught.value)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path / "pipe.toml", Path("/dev/zero")):
        assert said_of(str(path)) == (
            f"{path}: is not a regular file, but a pipe or device; save it first"
        )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", ": is a folder; name the study file in it"),
        ("a\0b", "a\\x00b: is not a path that a file can have"),
        ("caf\udce9", "caf\\xe9: there is no such file, nor a built-in study of that name; "),
        ("a\nb", "a\\nb: there is no such file, nor a built-in study of that name; "),
        ("x" * 5000, f"{'x' * 200}...{'x' * 150}: cannot be read: File name too long"),
        ("MNIST", "MNIST: there is no such file, nor a built-in study of that name; did you mean "),
    ],
)
def test_names_of_studies(name: str, said: str) -> None:
    assert said_of(name).startswith(said)


def test_a_name_that_no_store_could_hold(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.toml"))
    path.write_text(BASE)
    assert said_of(str(path)) == (
        f"{tmp_path}/caf\\xe9.toml: is a name that is not valid UTF-8; rename it"
    )


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "s.toml").open("wb") as stream:
        stream.truncate(10**11)
    assert said_of(str(tmp_path / "s.toml")) == (
        f"{tmp_path}/s.toml: is larger than 500,000 bytes; a study is a TOML file"
    )
