import io
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from infra.rehearsal.policy import allows
from infra.rehearsal.registry import RoleSpec
from infra.rehearsal.runner.door import BucketDoor
from infra.rehearsal.runner.needs import needs_of

log = logging.getLogger(__name__)

SECRET: Final = "testing"  # noqa: S105 - moto takes any; forms are checked against it
_KEY: Final = re.compile(r"Credential=ASIA([A-Z0-9]+)/")
_SERVICES: Final = {"DynamoDB": "dynamodb", "AmazonSQS": "sqs"}


@dataclass(frozen=True, slots=True)
class AwsCall:
    """What a function asked of AWS, e.g. ``prepare`` and ``dynamodb:UpdateItem``; of S3 the method, ``s3:PUT``."""

    function: str
    action: str


class Gate:
    """Where functions reach AWS: moto, behind S3's check of forms, each function told by its access key.

    A function may do what its role's policies allow, and nothing else. `after` is called when a call has been done,
    before its answer goes out: whoever kills a process there has killed it between two of its side effects.
    """

    def __init__(self, roles: Mapping[str, RoleSpec], region: str, account: str) -> None:
        """`roles` are the functions' own."""
        self.after: Callable[[AwsCall], None] = lambda _: None
        self.refused: list[str] = []
        self._roles, self._region, self._account = roles, region, account
        self._emulator = BucketDoor(DomainDispatcherApplication(create_backend_app), SECRET)
        self._turn = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer one request."""
        call = _call(environ)
        if call is None:
            return list(self._emulator(environ, start_response))
        body = Request(environ).get_data()
        environ = {**environ, "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
        if (missing := self._missing(call.function, environ, body)) is not None:
            return list(_refusal(call, missing)(environ, start_response))
        answer = self._answer(call, environ, start_response)
        self.after(call)
        return answer

    def _missing(self, function: str, environ: dict[str, Any], body: bytes) -> str | None:
        """What the function's role would have to allow besides."""
        policies = self._roles[function].policies.values()
        needs = needs_of(environ, body, region=self._region, account=self._account)
        if not needs:
            raise ValueError(f"a call of {function}'s seems to need no permission: {environ['PATH_INFO']}")
        for action, resource in needs:
            if not allows(policies, action, resource, context={"aws:SecureTransport": "true"}):
                self.refused.append(f"{function} may not {action} on {resource}")
                log.error(self.refused[-1])
                return self.refused[-1]
        return None

    def _answer(self, call: AwsCall, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if not call.action.startswith("dynamodb:"):
            return list(self._emulator(environ, start_response))
        # moto looks at a condition and writes without a lock between; DynamoDB does not.
        with self._turn:
            return list(self._emulator(environ, start_response))


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


def _refusal(call: AwsCall, message: str) -> Response:
    if call.action.startswith("s3:"):
        return Response("<Error><Code>AccessDenied</Code></Error>", 403, content_type="application/xml")
    told = {"__type": "AccessDeniedException", "message": message}
    return Response(json.dumps(told), 400, content_type="application/x-amz-json-1.0")
