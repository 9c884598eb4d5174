"""Imports without end, from a process of their own, as another machine would send them."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Final

from inference.bench.noise import noise
from lookalike.adapters.triton.client import open_client
from lookalike.adapters.triton.embedder import TritonEmbedder
from lookalike.ports.embedder import Priority

_IMPORTERS: Final = 2
_PHOTOS: Final = 128


@contextmanager
def imports(address: str, side: int) -> Iterator[None]:
    """More bulk work at once, for the length of the block, than the server at `address` has instances.

    Raises `RuntimeError` where an import failed: the server would have been idle.
    """
    spawn = multiprocessing.get_context("spawn")
    under_way, ended = spawn.Event(), spawn.Event()
    process = spawn.Process(target=_import, args=(address, side, under_way, ended))
    process.start()
    try:
        while process.is_alive() and not under_way.wait(1):
            pass  # one that died has an exit code, below
        yield
    finally:
        ended.set()
        process.join()
    if process.exitcode:
        raise RuntimeError("an import failed")


def _import(address: str, side: int, under_way: Event, ended: Event) -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # another machine would take nothing of the server's
    with open_client(address) as client, ThreadPoolExecutor(_IMPORTERS) as threads:
        embedder, photos = TritonEmbedder(client), noise(_PHOTOS, side)

        def work() -> None:
            while not ended.is_set():
                embedder.embed_many(photos, Priority.BULK)

        importers = [threads.submit(work) for _ in range(_IMPORTERS)]
        time.sleep(1)  # the queue fills
        under_way.set()
        for importer in importers:
            importer.result()
