import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from lookalike.domain.photo import PhotoId
from lookalike.errors import OverloadedError, PhotoRejectedError
from lookalike.ports.embedder import Pixels

_MOST: Final = 32
"""Of 224 x 224 x 3 bytes each: 5 MB."""


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """What the model sees of a photo that was asked with, or of a part of it; `key` names just that."""

    key: PhotoId
    pixels: Pixels
    perceptual_hash: int | None
    is_whole: bool


class _Flight(Future["PreparedQuery | PhotoRejectedError"]):
    """A photo that is being prepared, or was."""

    def __init__(self) -> None:
        super().__init__()
        self.is_large = False


class PreparedQueries:
    """The photos asked with last, so that asking again decodes nothing; those that are refused are kept in mind too.

    Callers that meet at one photo wait for the first of them (single flight). A large one, which takes long, may hold
    up `most_waiting` of them: each stands still with its thread, which others need.
    """

    def __init__(self, most: int = _MOST, most_waiting: int = 2) -> None:
        self._most = most
        self._kept: OrderedDict[PhotoId, _Flight] = OrderedDict()
        self._lock = threading.Lock()
        self._seats = threading.Semaphore(most_waiting)

    def get(self, key: PhotoId, make: Callable[[Callable[[], None]], PreparedQuery]) -> PreparedQuery:
        """The photo as it was made last; `make` is given what it has to call where it finds the photo large.

        Raises what `make` raises, to all who waited for it, and `OverloadedError` where too many wait.
        """
        with self._lock:
            found = self._kept.get(key)
            flight = found or _Flight()
            self._put(key, flight)
        if found is None:
            self._fly(key, flight, make)
        made = self._land(flight)
        if isinstance(made, PhotoRejectedError):
            raise PhotoRejectedError(made.code, made.message)
        return made

    def find(self, key: PhotoId) -> PreparedQuery | None:
        """The photo, where it is made already."""
        with self._lock:
            flight = self._kept.get(key)
        made = flight.result() if flight is not None and flight.done() and not flight.exception() else None
        return made if isinstance(made, PreparedQuery) else None

    def keep(self, made: PreparedQuery) -> None:
        """Keep a photo that was made elsewhere."""
        flight = _Flight()
        flight.set_result(made)
        with self._lock:
            self._put(made.key, flight)

    def _put(self, key: PhotoId, flight: _Flight) -> None:
        self._kept[key] = flight
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def _fly(self, key: PhotoId, flight: _Flight, make: Callable[[Callable[[], None]], PreparedQuery]) -> None:
        def found_large() -> None:
            flight.is_large = True

        try:
            flight.set_result(make(found_large))
        except PhotoRejectedError as rejection:
            flight.set_result(rejection.with_traceback(None))
        except BaseException as error:  # noqa: BLE001 (raised where it is waited for, here as well)
            with self._lock:
                if self._kept.get(key) is flight:  # it may have been made elsewhere meanwhile
                    del self._kept[key]
            flight.set_exception(error)

    def _land(self, flight: _Flight) -> PreparedQuery | PhotoRejectedError:
        if flight.done() or not flight.is_large:
            return flight.result()
        if not self._seats.acquire(blocking=False):
            raise OverloadedError("many wait for this photo already")
        try:
            return flight.result()
        finally:
            self._seats.release()
