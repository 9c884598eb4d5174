import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

log = logging.getLogger(__name__)


class Background(ABC):
    """Work in a thread of its own, from `start` until `stop`."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; call once."""
        self._thread.start()

    def stop(self) -> None:
        """Let what is under way come to an end, and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Work until `_stopping` is set."""


class Periodic(Background):
    """Does something at once and then every `seconds`, counted from its end, until stopped.

    `action` is given a function that tells whether to stop. What it raises is logged, and it is tried again when
    the time has come.
    """

    def __init__(self, name: str, action: Callable[[Callable[[], bool]], object], seconds: float) -> None:
        super().__init__(name)
        self._action = action
        self._seconds = seconds

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._action(self._stopping.is_set)
            except Exception:
                log.exception("%s failed and is tried again in %s seconds", self._thread.name, self._seconds)
            self._stopping.wait(self._seconds)
