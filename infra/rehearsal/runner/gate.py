import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from infra.rehearsal.runner.door import BucketDoor

SECRET: Final = "testing"  # noqa: S105 - moto takes any; forms are checked against it
_KEY: Final = re.compile(r"Credential=ASIA([A-Z0-9]+)/")
_SERVICES: Final = {"DynamoDB": "dynamodb", "AmazonSQS": "sqs"}


@dataclass(frozen=True, slots=True)
class AwsCall:
    """What a function asked of AWS, e.g. ``prepare`` and ``dynamodb:UpdateItem``; of S3 the method, ``s3:PUT``."""

    function: str
    action: str

    @property
    def changes(self) -> bool:
        """Whether it can leave something changed."""
        name = self.action.rpartition(":")[2]
        return not name.startswith(("BatchGet", "Get", "GET", "HEAD", "Query", "Receive"))


class Gate:
    """Where functions reach AWS: moto, behind S3's check of forms, each function told by its access key.

    `after` is called when a call has been done, before its answer goes out: whoever kills a process there has killed
    it between two of its side effects.
    """

    def __init__(self) -> None:
        self.after: Callable[[AwsCall], None] = lambda _: None
        self._emulator = BucketDoor(DomainDispatcherApplication(create_backend_app), SECRET)
        self._turn = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer one request."""
        call = _call(environ)
        if call is None or not call.action.startswith("dynamodb:"):
            answer = list(self._emulator(environ, start_response))
        else:
            # moto looks at a condition and writes without a lock between; DynamoDB does not.
            with self._turn:
                answer = list(self._emulator(environ, start_response))
        if call is not None:
            self.after(call)
        return answer


def access_key(function: str) -> str:
    """The id of the key that a function calls AWS with."""
    return f"ASIA{function.upper()}"


def _call(environ: dict[str, Any]) -> AwsCall | None:
    key = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    if key is None:
        return None
    target, _, action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    service = next((name for prefix, name in _SERVICES.items() if target.startswith(prefix)), "s3")
    return AwsCall(key[1].lower(), f"{service}:{action or environ['REQUEST_METHOD']}")
