"""Functions of a user's own: what they print."""

import sys

from paribus.spec.functions import printing_aside


def test_several_print_aside_at_once_in_any_order() -> None:
    stdout = sys.stdout
    first, second = printing_aside(), printing_aside()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.stdout is sys.stderr
    second.__exit__(None, None, None)
    assert sys.stdout is stdout
