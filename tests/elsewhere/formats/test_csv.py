"""CSV files as spreadsheets and scripts write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.judge import judge
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Terms
from paribus.errors import UserError
from paribus.present.as_json import plain
from tests.support.elsewhere import BETTER, PLAIN, judged, two

TEXT = two(PLAIN, BETTER)


def semicolons(text: str) -> str:
    return text.replace(",", ";").replace(".", ",")


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        ("\ufeff" + TEXT).encode(),
        TEXT.encode("utf-16"),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        semicolons(TEXT).encode(),
        ("# of today\n#\n\n" + TEXT).encode(),
        ("# " + TEXT).encode(),
        (TEXT + "\n\n").encode(),
        TEXT.replace("method,", "#,method,").replace("plain,", "1,plain,").replace(
            "new,", "2,new,").encode(),
    ],
)  # fmt: skip
def test_what_spreadsheets_and_scripts_write_is_read(content: bytes, tmp_path: Path) -> None:
    (expected,) = judged(tmp_path, TEXT, Terms(paired=True)).findings
    (tmp_path / "odd.csv").write_bytes(content)
    (finding,) = judge(read([tmp_path / "odd.csv"]), Terms(paired=True)).findings
    for name in ("a", "b", "estimate", "low", "n"):
        assert plain(finding)[name] == plain(expected)[name]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            TEXT.partition("\n")[2].encode(),
            "odd.csv:1: must name the columns, got plain, 0, 0.9132",
        ),
        (b"# no, header\nplain,1,2\nnew,2,3\n", "odd.csv:2: must name the columns"),
        (TEXT.replace("new", "neü").encode("latin-1"), "odd.csv:7: is not text in UTF-8"),
        (b"\xff\xfea", "odd.csv:1: is not text in UTF-8"),
        (b"\n \n", "odd.csv: is empty"),
        (b"seed,plain,new\n0,0.91,0.92\n1,0.92,0.93\n", "a row is a run, with the name of its exp"),
        (
            b'method,seed,reward\na,0,"89,912"\nb,0,"90,113"\n',
            'odd.csv:2: reward: "89,912" is not a number',
        ),
        (
            b"method;seed;reward\na;0;1,012\nb;0;987\n",
            'odd.csv:2: reward: "1,012" is not a number for',
        ),
        (
            b"method;seed;reward;loss\na;0;987;0,3\nb;0;1.012;0,4\n",
            'odd.csv:3: reward: "1.012" may be 1012, as decimals have a comma in other cells',
        ),
    ],
)
def test_what_cannot_be_read_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_bytes(content)
    with pytest.raises(UserError) as error:
        judge(read([tmp_path / "odd.csv"]), Terms())
    assert message in str(error.value)


def test_a_comma_that_may_divide_thousands_is_named(tmp_path: Path) -> None:
    text = "method;seed;reward\na;0;1,012\nb;0;987\n"
    with pytest.raises(
        UserError, match='"1,012" is not a number for certain: its comma may divide'
    ):
        judged(tmp_path, text, metric=("reward",))


def test_a_comma_is_decimal_where_any_cell_shows_it(tmp_path: Path) -> None:
    lines = ["a;0;1,234;0,5", "a;1;1,250;0,25", "b;0;1,5;2", "b;1;1,125;1e-3"]
    (tmp_path / "odd.csv").write_text("\n".join(["method;seed;loss;lr", *lines]))
    frame = read([tmp_path / "odd.csv"])
    assert frame.columns["loss"] == ["1.234", "1.250", "1.5", "1.125"]
