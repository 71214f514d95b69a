"""Figures while they are being drawn: here, or in several processes where that is faster.

To draw the figures of a large study takes most of a report's time, nearly all of it Python's own,
so that threads would not help. A helper takes half a second to start: it pays from about a dozen
figures on. It is started afresh, since to fork a process that has threads is unsafe, and by its own
command, since `multiprocessing` would run a script of the caller's again.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import count
from typing import IO, Any, Protocol, Self

from paribus.allotment import available_cores
from paribus.errors import NotInstalledError, lacking
from paribus.present.figures.protocol import FileRequest, Kind, SvgRequest, Svgs
from paribus.present.figures.shown import Shown

_FEWEST = 12
"""Figures that are worth the start of helpers."""
_MOST_HELPERS = 4
_COMMAND = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from paribus.present.figures.helper import main; main()"
)
# matplotlib's settings are those of the process.
_HERE = threading.RLock()


class DrawnFigures(Protocol):
    """Figures by their number, each drawn once; None without matplotlib. A context manager."""

    def svgs(self, number: int) -> Svgs | None: ...

    def file(self, number: int, kind: Kind) -> bytes | None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def draw(
    shown: Sequence[Shown], *, kinds: Sequence[Kind] = (), helpers: int | None = None
) -> DrawnFigures:
    """Begin to draw figures.

    kinds: of files that are wanted besides SVG. helpers: processes that draw; by default one per
    core where there are several of both.
    """
    if undrawable() is not None:
        return _Undrawn()
    if helpers is None:
        helpers = min(available_cores(), _MOST_HELPERS) if len(shown) >= _FEWEST else 0
        helpers = helpers if helpers > 1 else 0
    return _Elsewhere(shown, kinds, helpers) if helpers and sys.executable else _Here(shown)


def undrawable() -> NotInstalledError | None:
    """Return why figures cannot be drawn; None if they can."""
    return lacking("figures", "drawing figures")


class _Undrawn:
    """Figures that cannot be drawn."""

    def svgs(self, number: int) -> None: ...

    def file(self, number: int, kind: Kind) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


class _Here:
    """Draws in this process, when a figure is asked for."""

    def __init__(self, shown: Sequence[Shown]) -> None:
        self._shown = shown
        self._drawn: dict[int, Any] = {}
        self._svgs: dict[int, Svgs] = {}

    def svgs(self, number: int) -> Svgs:
        with _HERE:
            if number not in self._svgs:
                self._svgs[number] = self._figure(number).svgs()
            return self._svgs[number]

    def file(self, number: int, kind: Kind) -> bytes:
        with _HERE:
            drawn: bytes = self._figure(number).file(kind)
        return drawn

    def _figure(self, number: int) -> Any:
        from paribus.present.figures.draw import Drawn

        if number not in self._drawn:
            self._drawn[number] = Drawn(self._shown[number])
        return self._drawn[number]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drawn.clear()


class _Elsewhere:
    """Has helpers draw, a thread to talk to each. What a helper fails to draw is drawn here."""

    def __init__(self, shown: Sequence[Shown], kinds: Sequence[Kind], helpers: int) -> None:
        self._shown, self._kinds = shown, kinds
        self._here = _Here(shown)
        self._svgs: list[Future[Svgs | None]] = [Future() for _ in shown]
        self._files: dict[tuple[int, Kind], Future[bytes | None]] = {
            (number, kind): Future() for number in range(len(shown)) for kind in kinds
        }
        self._next = count()
        self._helpers: list[subprocess.Popen[bytes]] = []
        try:
            for _ in range(helpers):
                self._start()
        except OSError:
            pass  # No more processes may be had; without any, all is drawn here.
        self._left = len(self._helpers)
        self._ended = threading.Lock()
        self._threads = [
            threading.Thread(target=self._talk, args=(helper,), daemon=True)
            for helper in self._helpers
        ]
        for thread in self._threads:
            thread.start()
        if not self._helpers:
            self._give_up()

    def svgs(self, number: int) -> Svgs:
        return self._svgs[number].result() or self._here.svgs(number)

    def file(self, number: int, kind: Kind) -> bytes:
        return self._files[number, kind].result() or self._here.file(number, kind)

    def _start(self) -> None:
        # In a session of its own: Ctrl-C is for this process, which then ends it.
        helper = subprocess.Popen(
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._helpers.append(helper)

    def _talk(self, helper: subprocess.Popen[bytes]) -> None:
        """Have a helper draw figures until none is left: their SVG first, the page waits for it."""
        assert helper.stdin is not None
        assert helper.stdout is not None
        mine: list[int] = []
        try:
            _send(helper.stdin, sys.path)
            while (number := next(self._next)) < len(self._shown):
                mine.append(number)
                _send(helper.stdin, SvgRequest(number, self._shown[number], bool(self._kinds)))
                self._svgs[number].set_result(pickle.load(helper.stdout))
            for number in mine:
                for kind in self._kinds:
                    _send(helper.stdin, FileRequest(number, kind, kind == self._kinds[-1]))
                    self._files[number, kind].set_result(pickle.load(helper.stdout))
        except (OSError, EOFError, pickle.PickleError):
            pass  # It has ended; what it owes is drawn here.
        finally:
            for number in mine:
                _settle(self._svgs[number])
                for kind in self._kinds:
                    _settle(self._files[number, kind])
            with self._ended:
                self._left -= 1
                if not self._left:
                    self._give_up()

    def _give_up(self) -> None:
        """Leave all that no helper has drawn to this process."""
        for svg in self._svgs:
            _settle(svg)
        for file in self._files.values():
            _settle(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.kill()
        for thread, helper in zip(self._threads, self._helpers, strict=True):
            thread.join()
            # Closes the pipes, at whose end nobody is any more.
            helper.communicate()


def _send(pipe: IO[bytes], request: object) -> None:
    pickle.dump(request, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _settle(future: Future[Any]) -> None:
    """Say that there is no answer, where none has come."""
    if not future.done():
        future.set_result(None)
