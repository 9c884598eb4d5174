"""A real HTTP server of a site on a free port of this machine, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lookalike.contract.asgi import Site
from lookalike.contract.serve import Server


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serve until the context ends; gives the address."""
    started = threading.Event()
    server = Server(site, started.set)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        assert started.wait(30)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
        assert not thread.is_alive()
