import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lookalike.cli.exit_code import ExitCode


@contextmanager
def second_ctrl_c_ends_at_once() -> Iterator[None]:
    """The first Ctrl-C raises `KeyboardInterrupt`, so that what is under way is finished; the second does not wait.

    Ending at once is safe: a catalogue survives being killed at any moment. Not at once but half way through closing
    would not be: threads of the index and the model would meet an interpreter that is gone, and abort.
    """
    ordinary = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ordinary or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _first(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _second)
    signal.default_int_handler(number, frame)


def _second(number: int, frame: FrameType | None) -> None:
    del number, frame
    os._exit(ExitCode.INTERRUPTED)
