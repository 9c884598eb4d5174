"""Services that run side by side, one call of a port at a time, in an order that a test chooses."""

import threading
from collections.abc import Callable, Iterable
from itertools import chain, repeat
from typing import Any

from service_harness import Works


class Actor(threading.Thread):
    """Does its `work` over the same stores as everybody, pausing before each call of a port."""

    def __init__(self, works: Works, work: Callable[[Works], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self.is_done = False
        self.error: BaseException | None = None
        ports = ("ledger", "items", "photos", "index", "received", "to_embed", "events")
        shared = {name: Paused(getattr(works, name), self._pause) for name in ports}
        self._works = Works(clock=works.clock, embedder=works.embedder, **shared)  # type: ignore[arg-type]

    def _pause(self) -> None:
        self._paused.release()
        self._go.acquire()

    def run(self) -> None:
        self._go.acquire()
        try:
            self._work(self._works)
        except BaseException as error:  # noqa: BLE001 - raised again where the test is
            self.error = error
        self.is_done = True
        self._paused.release()

    def step(self) -> None:
        """Let it do one call, up to the next."""
        self._go.release()
        self._paused.acquire()
        if self.error is not None:
            raise self.error


class Paused:
    """A port whose every call waits for its turn."""

    def __init__(self, port: object, pause: Callable[[], None]) -> None:
        self._port, self._pause = port, pause

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)

        def when_it_is_time(*args: object, **options: object) -> object:
            self._pause()
            return call(*args, **options)

        return when_it_is_time


def take_turns(actors: list[Actor], order: Iterable[int]) -> None:
    """Run all to their end: in `order`, numbers of those that are not done yet, then one after the other."""
    for actor in actors:
        actor.start()
    for turn in chain(order, repeat(0)):
        waiting = [actor for actor in actors if not actor.is_done]
        if not waiting:
            return
        waiting[turn % len(waiting)].step()
