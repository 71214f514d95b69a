"""A process that draws figures for another: pickled requests come in, pickled answers go out."""

from __future__ import annotations

import os
import pickle
import sys

from paribus.present.figures.draw import Drawn
from paribus.present.figures.protocol import FileRequest, SvgRequest


def main() -> None:
    """Answer requests until there are no more."""
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints would stand among the answers.
    os.dup2(2, 1)
    drawn: dict[int, Drawn] = {}
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        match request:
            case SvgRequest(number, shown, keep):
                figure = Drawn(shown)
                answer: object = figure.svgs()
                if keep:
                    drawn[number] = figure
            case FileRequest(number, kind, last):
                answer = drawn[number].file(kind)
                if last:
                    del drawn[number]
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
