"""How to read findings and their picture: what pages of studies and of judged results both say."""

from __future__ import annotations

from paribus.text import percent

_SHOW_NO_MORE = "“Undecided” and “no verdict” say that the numbers do not show more."


def how_to_read(*, estimate: str, right: str = "", band: str = "", axes: str) -> str:
    """Return how to read the picture.

    estimate: what the mark is. right: what is reversed so that better is to the right, band: what
    is to be known of the gray band, each as a clause to append. axes: sentences on the axes.
    """
    return (
        f"The mark is the estimate: {estimate}; filled where it is decided. Better is always to "
        f"the right{right}. The line is the {percent(0.95)} interval of this question alone (for "
        f"“equal” the {percent(0.90)} one, on which that verdict rests). The verdict allows for "
        "all questions: a line can miss 0 and the question be undecided. The gray band holds "
        f"differences too small to matter{band}. {axes} Rows go from the largest improvement "
        "down; open one to see all that it rests on."
    )


def introduction(of: str, intervals: str) -> str:
    """Return what the verdicts assume. of: what there is a number of. intervals: sentences on what
    stands in brackets."""
    return (
        f"The verdicts keep their word if the questions, with metric, number of {of} and the "
        f"smallest difference that matters, were fixed before the numbers were seen. {intervals} "
        f"{_SHOW_NO_MORE}"
    )
