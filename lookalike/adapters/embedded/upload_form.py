import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lookalike.adapters.embedded.durable_file import reported, write_file
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import Upload, UploadId
from lookalike.errors import CatalogueDamagedError, ForbiddenError
from lookalike.ports.photo_store import UploadForm

_SIGNATURE: Final = "x-lookalike-signature"
_FIELDS: Final = frozenset({"key", "Content-Type", "policy", _SIGNATURE})
_SECRET_BYTES: Final = 32
KEY_FILE: Final = "upload-forms.secret"
"""The file in a catalogue's folder that `load_secret` reads."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a form whose signature holds lets its holder do."""

    catalogue: CatalogueId
    upload: UploadId
    content_type: str
    max_bytes: int


class UploadForms:
    """Pre-signed POST forms in S3's shape: a policy in Base64 JSON, signed with HMAC-SHA256.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html. Whoever holds the form
    may send exactly one upload's bytes until it expires; nothing needs to be stored to check it. `url` is
    where to, ``{id}`` standing for the upload.
    """

    def __init__(self, secret: bytes, url: str = "/v1/uploads/{id}/bytes") -> None:
        self._secret = secret
        self._url = url

    def presign(self, upload: Upload, max_bytes: int, expires_at: datetime) -> UploadForm:
        """A form for this upload, good for 0 to `max_bytes` bytes (an empty file is refused later, with its reason)."""
        key = f"uploads/{upload.catalogue}/{upload.id}"
        policy = _encode_policy(key, upload.content_type, max_bytes, expires_at)
        fields = {"key": key, "Content-Type": upload.content_type, "policy": policy, _SIGNATURE: self._sign(policy)}
        return UploadForm(self._url.replace("{id}", upload.id), fields, max_bytes, expires_at)

    def read(self, fields: Mapping[str, str], now: datetime) -> Allowance:
        """What the form allows, to be asked before its file is read. Raises `ForbiddenError`."""
        if set(fields) != _FIELDS:
            raise ForbiddenError("the upload form must have exactly the fields that were given out")
        if not hmac.compare_digest(self._sign(fields["policy"]).encode(), _bytes(fields[_SIGNATURE])):
            raise ForbiddenError("the upload form was changed or is not one of ours")
        expires_at, key, content_type, max_bytes = _decode_policy(fields["policy"])
        if now >= expires_at:
            raise ForbiddenError("the upload form has expired: request another")
        if (fields["key"], fields["Content-Type"]) != (key, content_type):
            raise ForbiddenError("the upload form allows another key or content type")
        _, catalogue, upload = key.split("/")
        return Allowance(CatalogueId(catalogue), UploadId(upload), content_type, max_bytes)

    def verify(
        self, fields: Mapping[str, str], content_type: str, byte_count: int, now: datetime
    ) -> tuple[CatalogueId, UploadId]:
        """Whose bytes these are. Raises `ForbiddenError` where the form does not allow this type or size, now."""
        allowance = self.read(fields, now)
        if content_type != allowance.content_type:
            raise ForbiddenError(f"the upload form allows {allowance.content_type} only")
        if byte_count > allowance.max_bytes:
            raise ForbiddenError(f"the upload form allows at most {allowance.max_bytes} bytes")
        return allowance.catalogue, allowance.upload

    def _sign(self, policy: str) -> str:
        return hmac.new(self._secret, _bytes(policy), hashlib.sha256).hexdigest()


def load_secret(path: Path) -> bytes:
    """The secret kept in this file, which only its owner can read; made at the first call.

    Raises `CatalogueDamagedError` where the file holds something else.
    """
    if not path.exists():
        write_file(path, secrets.token_bytes(_SECRET_BYTES), mode=0o600)
    with reported(path):
        secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        remedy = "delete it, or run `lookalike doctor --repair`, to have a new one made"
        raise CatalogueDamagedError(f"{path} should hold {_SECRET_BYTES} bytes; {remedy}")
    return secret


def drop_bad_secret(path: Path) -> bool:
    """Delete the file where it holds something else than a secret, for a new one to be made; whether it did."""
    with reported(path):
        if not path.is_file() or path.stat().st_size == _SECRET_BYTES:
            return False
        path.unlink()
        return True


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # a hostile form may hold what is not Unicode


def _encode_policy(key: str, content_type: str, max_bytes: int, expires_at: datetime) -> str:
    expiration = expires_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    conditions = [{"key": key}, {"Content-Type": content_type}, ["content-length-range", 0, max_bytes]]
    policy = json.dumps({"expiration": expiration, "conditions": conditions})
    return base64.b64encode(policy.encode()).decode()


def _decode_policy(policy: str) -> tuple[datetime, str, str, int]:
    # Only called once the signature holds, so this is what `_encode_policy` wrote.
    document: dict[str, Any] = json.loads(base64.b64decode(policy))
    key, content_type, length = document["conditions"]
    return datetime.fromisoformat(document["expiration"]), key["key"], content_type["Content-Type"], length[2]
