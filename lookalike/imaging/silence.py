import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_silenced = warnings.catch_warnings()


@contextmanager
def pillow_silenced() -> Iterator[None]:
    """Keep Pillow's remarks on odd tags and animations from the user, who can do nothing about them.

    Warning filters belong to the whole process: the first to enter sets one, for Pillow's modules alone, and the
    last to leave takes it back, whatever the order of threads. Where they belong to a context, each takes its own.
    """
    if getattr(sys.flags, "context_aware_warnings", False):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _silenced  # noqa: PLW0603 (it guards a process-wide setting)
    with _lock:
        if _inside == 0:
            _silenced = warnings.catch_warnings()
            _silenced.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.")
        _inside += 1


def _leave() -> None:
    global _inside  # noqa: PLW0603 (as above)
    with _lock:
        _inside -= 1
        if _inside == 0:
            _silenced.__exit__(None, None, None)
