"""Figures as addresses of images: the same figure in fewer characters."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote

import pytest

from paribus.present.write import report_page, write_report
from tests.support.made_up import Make


@pytest.mark.thorough
def test_figures_in_the_page_say_what_their_files_say(make: Make, tmp_path: Path) -> None:
    page = write_report(make(["cnn", "cnn-adam"]), tmp_path)
    images = re.findall(
        r'class="([^"]*)" src="data:image/svg\+xml,([^"]*)"', page.read_text("utf-8")
    )
    addresses = [address for _, address in images]
    inside = [unquote(address) for kind, address in images if "narrow" not in kind]
    narrow = [unquote(address) for kind, address in images if "narrow" in kind]
    # The page draws its findings itself.
    files = [
        path.read_text("utf-8")
        for path in (tmp_path / "figures").glob("*.svg")
        if path.stem != "findings"
    ]
    assert sorted(map(texts, inside)) == sorted(map(texts, files))
    assert len(narrow) == 3
    told = {text for svg in inside for text in texts(svg)}
    # On a phone the same values stand beside the same names.
    assert {t for svg in narrow for t in texts(svg) if "n = " in t} <= told
    assert all(character not in address for address in addresses for character in '<>"#\n')


@pytest.mark.thorough
def test_commands_in_sentences_are_set_as_code(make: Make) -> None:
    text = report_page(make(["cnn", "pool-first"]))
    assert "; run <code>paribus time cnn pool-first --study mnist</code>" in text


def texts(svg: str) -> list[str]:
    """Every text of a figure, numbers among them."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [" ".join("".join(text.itertext()).split()) for text in found]
