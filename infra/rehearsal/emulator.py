import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

_LOOPBACK: Final = "127.0.0.1"


@contextmanager
def emulator() -> Iterator[str]:
    """Run moto on a free port of loopback until this ends; its address.

    What moto holds is the process's, not the server's: two emulators in one process see each other's buckets, and all
    stays until the process ends. Whoever makes something gives it a name of its own.
    """
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # nobody starts machines here, and they take seconds
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else it tells of every request
    app = _DynamoInTurn(DomainDispatcherApplication(create_backend_app))
    server = make_server(_LOOPBACK, 0, app, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, name="moto", daemon=True)
    thread.start()
    try:
        yield f"http://{_LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _DynamoInTurn:
    # moto looks at a condition and writes without a lock between, so that of two conditional writes at once both may
    # hold. DynamoDB's never do, and who wins a race is what the ledger is for.
    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self._turn = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB"):
            return self._app(environ, start_response)
        with self._turn:
            return self._app(environ, start_response)
