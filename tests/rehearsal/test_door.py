"""Forms are checked as S3 checks them."""

import io
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import boto3
import pytest
from botocore.config import Config
from werkzeug.test import EnvironBuilder

from infra.rehearsal.runner.door import RefusedError, check_form
from infra.rehearsal.runner.gate import SECRET

KEY = "uploads/shop/abcdefgh12345678"
TYPE = {"Content-Type": "image/jpeg"}


def form(
    seconds: int = 600, least: int = 0, most: int = 100, fixed: Mapping[str, str] = MappingProxyType(TYPE)
) -> dict[str, str]:
    s3 = boto3.client(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id="ASIAUPLOADS",
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4"),
    )
    conditions: list[Any] = [*({name: value} for name, value in fixed.items()), ["content-length-range", least, most]]
    made = s3.generate_presigned_post("bucket", KEY, Fields=dict(fixed), Conditions=conditions, ExpiresIn=seconds)
    return dict(made["fields"])


def send(fields: Mapping[str, str], data: bytes = b"photo", bucket: str = "bucket") -> None:
    """Raises what the door raises."""
    builder = EnvironBuilder(f"/{bucket}", method="POST", data={**fields, "file": (io.BytesIO(data), "photo")})
    environ = builder.get_environ()
    body = environ["wsgi.input"].read()
    builder.close()
    check_form({**environ, "CONTENT_LENGTH": str(len(body))}, body, SECRET)


def refusal(fields: Mapping[str, str], data: bytes = b"photo", bucket: str = "bucket") -> tuple[int, str]:
    with pytest.raises(RefusedError) as raised:
        send(fields, data, bucket)
    return raised.value.status, raised.value.code


def test_a_form_as_it_was_made_is_let_in() -> None:
    send(form())
    send(form(most=5), b"photo")
    send({**form(), "x-ignore-this": "please"})


def test_an_expired_form_is_refused() -> None:
    fields = form(seconds=1)
    time.sleep(1.1)
    assert refusal(fields) == (403, "AccessDenied")


def test_a_form_for_another_bucket_is_refused() -> None:
    assert refusal(form(), bucket="another") == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": f"{KEY}x"}, "AccessDenied"),
        ({"Content-Type": "image/png"}, "AccessDenied"),
        ({"acl": "public-read"}, "AccessDenied"),
        ({"tagging": "x"}, "AccessDenied"),
        ({"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
        ({"x-amz-credential": "ASIAUPLOADS/20200101/eu-central-1/s3/aws4_request"}, "SignatureDoesNotMatch"),
        ({"policy": "e30="}, "SignatureDoesNotMatch"),
    ],
)
def test_a_changed_form_is_refused(changed: Mapping[str, str], code: str) -> None:
    assert refusal({**form(), **changed}) == (403, code)


def test_a_tag_is_part_of_the_form() -> None:
    tag = {"tagging": "<Tagging><TagSet><Tag><Key>purpose</Key><Value>query</Value></Tag></TagSet></Tagging>"}
    fields = form(fixed={**TYPE, **tag})
    send(fields)
    without = {name: value for name, value in fields.items() if name != "tagging"}
    assert refusal(without) == (403, "AccessDenied")
    assert refusal({**fields, "tagging": tag["tagging"].replace("query", "other")}) == (403, "AccessDenied")


def test_size_is_kept_to() -> None:
    assert refusal(form(most=4)) == (400, "EntityTooLarge")
    assert refusal(form(least=6)) == (400, "EntityTooSmall")


def test_a_form_without_a_file_is_refused() -> None:
    builder = EnvironBuilder("/bucket", method="POST", data=form(), content_type="multipart/form-data")
    environ = builder.get_environ()
    body = environ["wsgi.input"].read()
    builder.close()
    with pytest.raises(RefusedError, match="exactly one file"):
        check_form(environ, body, SECRET)
