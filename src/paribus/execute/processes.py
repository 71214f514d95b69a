"""Starts processes of Paribus: spawned, without the caller's script, out of reach of Ctrl-C."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from paribus.errors import ParibusError, UserError

# A process computes on one core. Some libraries read the number of threads only as they load, so
# it is set before.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_NOTHING: Mapping[str, str] = {}

Given = TypeVar("Given")
Answer = TypeVar("Answer")


# Of linux/prctl.h: the signal that this process gets when the thread that started it ends.
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class _Answered:
    content: Any


@dataclass(frozen=True)
class _Failed:
    reason: str


@dataclass(frozen=True)
class _Ended:
    """Nothing more comes."""


_Message = _Answered | _Failed | _Ended


def start(
    target: Callable[[Connection], None], environment: Mapping[str, str] = _NOTHING
) -> tuple[BaseProcess, Connection]:
    """Start a process that computes on one core; return it and the other end of its connection.

    target: called in the process with its end of the connection. environment: variables that it
    gets beside ours. Raises `UserError` in a process that may have none.
    """
    if multiprocessing.current_process().daemon:
        raise UserError(
            "a worker of multiprocessing.Pool may start no processes, and training needs some; "
            "train in the main process, or use concurrent.futures.ProcessPoolExecutor"
        )
    # Spawned, not forked: a fork of a process with threads can hang.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs,), daemon=True)
    # Before Ctrl-C is held back: it would be let through again by the start of this one.
    ensure_running()
    try:
        with _environment({**_ONE_THREAD, **environment}), _no_caller(), _ctrl_c_held_back():
            process.start()
    except BaseException:
        # Ctrl-C came meanwhile: nobody would know of this process any more.
        if process.pid is not None:
            process.kill()
        raise
    theirs.close()
    return process, ours


def belong_to_parent() -> None:
    """Leave Ctrl-C to the process that started this one, and end with it, however it ends."""
    # Ctrl-C reaches every process of the terminal; the parent decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # The thread below notices nothing while this process is stopped; Linux does.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def ended_unexpectedly(process: BaseProcess) -> str:
    """Return the error for a process that ended without an answer."""
    return f"its process ended unexpectedly (exit code {process.exitcode})"


def answers_of(work: Callable[[Given], Iterator[Answer]], given: Given) -> Iterator[Answer]:
    """Yield what `work(given)` yields in a process of its own, as it comes.

    Raise `ParibusError` with what it raises, and where its process ends without a word.
    """
    process, connection = start(_answer)
    try:
        connection.send((work, given))
        while True:
            try:
                message: _Message = connection.recv()
            except (EOFError, OSError):
                process.join()
                raise ParibusError(ended_unexpectedly(process)) from None
            match message:
                case _Answered(content):
                    yield content
                case _Failed(reason):
                    raise ParibusError(reason)
                case _Ended():
                    return
    finally:
        process.kill()
        process.join()
        connection.close()


def _answer(connection: Connection) -> None:
    belong_to_parent()
    work, given = connection.recv()
    try:
        for answer in work(given):
            connection.send(_Answered(answer))
        connection.send(_Ended())
    except ParibusError as error:
        connection.send(_Failed(str(error)))
    except (Exception, SystemExit) as error:
        # A custom module may raise anything.
        connection.send(_Failed(f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    """End this process at once if its parent dies, even in the middle of an epoch."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Let Ctrl-C wait until a process has been started: cut off within, it would fall with a
    traceback. It never gets one itself, though a terminal sends it to all: it inherits the mask.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows has none.
        yield
        return
    held: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    # The mask is of this thread alone; a library's thread may take the signal all the same, and
    # Python then runs the handler here. Only the main thread has one.
    ours = callable(handler) and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, handler)
    if held:
        signal.raise_signal(signal.SIGINT)


@contextmanager
def _no_caller() -> Iterator[None]:
    """Keep a process that is started from running the caller's script again, as it would
    without `if __name__ == "__main__"`, and from importing from the current folder, as an
    interactive Python does: a worker needs nothing of either."""
    main, path = sys.modules["__main__"], sys.path
    sys.modules["__main__"] = ModuleType("__main__")
    sys.path = [*filter(None, path), str(Path(__file__).parents[2])]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.path = main, path


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
