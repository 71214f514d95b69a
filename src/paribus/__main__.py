"""The command `paribus`, and `python -m paribus`: Ctrl-C ends it at any moment with one message.

Also while it loads, which takes a second; so this imports nothing that is slow to load.
"""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_STOPPED = "Stopped."
_RUN_STOPPED = (
    "Stopped. Every finished epoch is kept: the same command goes on from here, and "
    "`paribus report` shows what there is."
)


def main() -> None:
    """Run the command that was typed; 130 is the exit status of one that Ctrl-C has ended."""
    signal.signal(signal.SIGINT, _on_ctrl_c)
    try:
        os.getcwd()
    except FileNotFoundError:
        sys.exit("Error: the current folder has been removed; change to another one, e.g. cd ~")
    _leave_current_folder()
    try:
        from paribus.cli.main import main as command

        command()
    except KeyboardInterrupt:
        _end()
    finally:
        # What is left is Python's own tidying up, and the status stands.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _leave_current_folder() -> None:
    """Take what Python was started with off its path: the current folder (`python -m`), or the
    command's own. Modules of a study are the same from wherever it is called."""
    if not sys.flags.safe_path:
        del sys.path[:1]
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if home not in sys.path:
        sys.path.append(home)


def _on_ctrl_c(number: int, frame: FrameType | None) -> None:
    # A module in the middle of its loading may swallow an exception, or make another of it (C
    # modules "initialization failed"); and it has nothing yet that must be left in order.
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            _end()
        frame = frame.f_back
    raise KeyboardInterrupt


def _end() -> NoReturn:
    # Written at once: the interrupted command may be in the middle of a `print`.
    os.write(2, f"\n{_RUN_STOPPED if sys.argv[1:2] == ['run'] else _STOPPED}\n".encode())
    # Not `sys.exit`: after an interrupt within `exec` Python would end by the signal all the same.
    os._exit(130)


if __name__ == "__main__":
    main()
