"""What S3 checks of a pre-signed POST and does with its tags, and moto does not.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import base64
import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from infra.rehearsal.runner.listener import WsgiApp

_FREE: Final = frozenset({"policy", "x-amz-signature", "file", "awsaccesskeyid"})
"""Fields that need no condition; so do those whose names begin with ``x-ignore-``."""
_RANGE: Final = "content-length-range"


class RefusedError(Exception):
    """The form does not allow this; `code` is S3's word."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class BucketDoor:
    """A WSGI application that lets forms through to `emulator` only as S3 would, and everything else as it is."""

    def __init__(self, emulator: WsgiApp, secret: str) -> None:
        """`secret` is the key that forms are signed with."""
        self._emulator = emulator
        self._secret = secret

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        if environ["REQUEST_METHOD"] != "POST" or "multipart/form-data" not in environ.get("CONTENT_TYPE", ""):
            return self._emulator(environ, start_response)
        body = Request(environ).get_data()
        try:
            fields = check_form(environ, body, self._secret)
        except RefusedError as error:
            refusal = f"<Error><Code>{error.code}</Code><Message>{escape(str(error))}</Message></Error>"
            return Response(refusal, error.status, content_type="application/xml")(environ, start_response)
        answer = self._emulator({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        if "tagging" in fields:
            self._tag(environ, fields)
        return answer

    def _tag(self, environ: dict[str, Any], fields: Mapping[str, str]) -> None:
        tagging = fields["tagging"].encode()
        path = f"/{str(environ['PATH_INFO']).strip('/').split('/')[0]}/{fields['key']}"
        signed = f"AWS4-HMAC-SHA256 Credential={fields['x-amz-credential']}"
        asked = {"REQUEST_METHOD": "PUT", "PATH_INFO": path, "QUERY_STRING": "tagging", "RAW_URI": path}
        asked |= {"REQUEST_URI": f"{path}?tagging", "HTTP_AUTHORIZATION": signed}
        body = {
            "CONTENT_TYPE": "application/xml",
            "CONTENT_LENGTH": str(len(tagging)),
            "wsgi.input": io.BytesIO(tagging),
        }
        self._emulator({**environ, **asked, **body}, lambda *_: None)


def check_form(environ: Mapping[str, Any], body: bytes, secret: str) -> Mapping[str, str]:
    """The form's fields, by their names in lower case. Raises `RefusedError` where S3 would refuse this form."""
    fields, size = _parsed(environ, body)
    bucket = str(environ["PATH_INFO"]).strip("/").split("/")[0]
    if "policy" not in fields or "x-amz-signature" not in fields:
        raise RefusedError(403, "AccessDenied", "Access Denied")
    if not hmac.compare_digest(_signature(fields, secret), fields["x-amz-signature"]):
        raise RefusedError(403, "SignatureDoesNotMatch", "The signature we calculated does not match yours.")
    policy = _policy(fields["policy"])
    if datetime.fromisoformat(policy["expiration"]) <= datetime.now(UTC):
        raise RefusedError(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    _check_conditions(policy["conditions"], {**fields, "bucket": bucket}, size)
    return fields


def _parsed(environ: Mapping[str, Any], body: bytes) -> tuple[dict[str, str], int]:
    """The form's fields, their names in lower case, and the file's size."""
    with Request({**environ, "wsgi.input": io.BytesIO(body)}) as request:
        fields = {name.lower(): value for name, value in request.form.items()}
        file = request.files.get("file")
        if file is None and "file" not in fields:
            raise RefusedError(400, "InvalidArgument", "POST requires exactly one file upload per request.")
        data = file.read() if file is not None else fields.pop("file").encode()
    return fields, len(data)


def _policy(encoded: str) -> Any:
    try:
        return json.loads(base64.b64decode(encoded))
    except ValueError as error:
        raise RefusedError(400, "InvalidPolicyDocument", "The policy is not JSON in base64.") from error


def _signature(fields: Mapping[str, str], secret: str) -> str:
    key = f"AWS4{secret}".encode()
    # The credential's scope: key id, date, region, service, "aws4_request".
    for part in fields.get("x-amz-credential", "").split("/")[1:]:
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.new(key, fields["policy"].encode(), hashlib.sha256).hexdigest()


def _check_conditions(conditions: list[Any], fields: Mapping[str, str], size: int) -> None:
    covered = {"bucket"}
    for condition in conditions:
        if isinstance(condition, list) and condition[0] == _RANGE:
            _check_size(size, int(condition[1]), int(condition[2]))
            continue
        how, name, value = _read(condition)
        given = fields.get(name, "")
        covered.add(name)
        if not (given.startswith(value) if how == "starts-with" else given == value):
            raise RefusedError(403, "AccessDenied", f"Invalid according to Policy: Policy Condition failed: {name}")
    extra = {name for name in fields if not name.startswith("x-ignore-")} - covered - _FREE
    if extra:
        raise RefusedError(403, "AccessDenied", f"Invalid according to Policy: Extra input fields: {min(extra)}")


def _check_size(size: int, least: int, most: int) -> None:
    if size > most:
        raise RefusedError(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    if size < least:
        raise RefusedError(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")


def _read(condition: Any) -> tuple[str, str, str]:
    if isinstance(condition, dict):
        ((name, value),) = condition.items()
        return "eq", name.lower(), value
    how, name, value = condition
    return how, name.removeprefix("$").lower(), value
