"""One event loop for all catalogues of a process, so that calls that block can be given a deadline.

A blocking read can be bounded, a sum of them cannot: a server that sends a byte a second, of a name's look-up, of its
TLS handshake, of headers or body, would hold a call for ever. A task can be cancelled wherever it stands. fsspec does
the same for the same reason (https://filesystem-spec.readthedocs.io/en/latest/async.html).
"""

import asyncio
import os
import threading
from functools import cache

_starting = threading.Lock()


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop, running in a thread of its own; a forked process gets its own."""
    with _starting:
        return _start(os.getpid())


@cache
def _start(_pid: int) -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_debug(False)  # which would write to the terminal, in Python's development mode, what is not the user's
    threading.Thread(target=loop.run_forever, name="lookalike-client", daemon=True).start()
    return loop
