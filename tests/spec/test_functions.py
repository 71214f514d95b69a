"""Functions of a user's own: what they print, and what they leave behind."""

import os
import sys
import warnings
from pathlib import Path

from paribus.spec.functions import set_apart


def test_several_print_aside_at_once_in_any_order() -> None:
    stdout = sys.stdout
    first, second = set_apart(), set_apart()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.stdout is sys.stderr
    second.__exit__(None, None, None)
    assert sys.stdout is stdout


def test_the_current_folder_and_the_filters_of_warnings_are_given_back(tmp_path: Path) -> None:
    before = os.getcwd(), list(warnings.filters)
    with set_apart():
        os.chdir(tmp_path)
        warnings.simplefilter("error")
    assert (os.getcwd(), list(warnings.filters)) == before
