from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import Any, Final

from werkzeug.serving import WSGIRequestHandler, make_server

LOOPBACK: Final = "127.0.0.1"
WsgiApp = Callable[..., Any]


class Silent(WSGIRequestHandler):
    """Writes no line a request."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Requests are nobody's news."""


class Listener:
    """An application that can be taken away and come back at the same address."""

    def __init__(self, app: WsgiApp, name: str, port: int = 0) -> None:
        self._app, self._name = app, name
        self._running = ExitStack()
        self.address = self._running.enter_context(listening(app, name, port))

    def stop(self) -> None:
        """Refuse connections; stopping twice is fine."""
        self._running.close()

    def start_again(self) -> None:
        """Answer again."""
        port = int(self.address.rpartition(":")[2])
        self._running.enter_context(listening(self._app, self._name, port))


@contextmanager
def listening(app: WsgiApp, name: str, port: int = 0, handler: type[WSGIRequestHandler] = Silent) -> Iterator[str]:
    """Serve `app` on loopback, a thread a request, until this ends; ``host:port``. 0 takes a free port."""
    server = make_server(LOOPBACK, port, app, threaded=True, request_handler=handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name=name, daemon=True)
    thread.start()
    try:
        yield f"{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
