"""The gate lets a function do what its role allows, and tells each permission that a call needs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import MotoRequestHandler

from infra.rehearsal.registry import RoleSpec
from infra.rehearsal.runner.gate import SECRET, Gate, access_key
from infra.rehearsal.runner.listener import listening
from infra.rehearsal.runner.needs import needs_of

REGION, ACCOUNT = "eu-central-1", "123456789012"
TABLES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table"


def role(*statements: tuple[str, str]) -> RoleSpec:
    said = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    return RoleSpec(name="role", arn="arn", policies={"does": {"Statement": said}})


@pytest.fixture
def gate() -> Iterator[tuple[Gate, str]]:
    gate = Gate({"reader": role(("s3:GetObject", "arn:aws:s3:::gated/kept/*"))}, REGION, ACCOUNT)
    with listening(gate, "gate", handler=MotoRequestHandler) as address:
        yield gate, f"http://{address}"


def client(service: str, address: str) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=address,
        aws_access_key_id=access_key("reader"),
        aws_secret_access_key=SECRET,
    )


def test_what_the_role_does_not_allow_is_refused_and_not_done(gate: tuple[Gate, str]) -> None:
    s3 = client("s3", gate[1])
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="gated", Key="kept/1", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket="gated", Key="other/1")
    with pytest.raises(ClientError, match="NoSuchBucket"):  # allowed, but nobody made one
        s3.get_object(Bucket="gated", Key="kept/1")
    with pytest.raises(ClientError, match="AccessDenied"):
        client("dynamodb", gate[1]).get_item(TableName="t", Key={"key": {"S": "1"}})
    with pytest.raises(ClientError, match="AccessDenied"):
        client("sqs", gate[1]).send_message(QueueUrl=f"{gate[1]}/{ACCOUNT}/q", MessageBody="x")
    assert [line.split(" on ")[0].removeprefix("reader may not ") for line in gate[0].refused] == [
        "s3:PutObject",
        "s3:GetObject",
        "dynamodb:GetItem",
        "sqs:SendMessage",
    ]


@pytest.mark.parametrize(
    ("operation", "asked", "needed"),
    [
        ("UpdateItem", {"TableName": "t"}, [("dynamodb:UpdateItem", f"{TABLES}/t")]),
        ("Query", {"TableName": "t", "IndexName": "i"}, [("dynamodb:Query", f"{TABLES}/t/index/i")]),
        (
            "BatchGetItem",
            {"RequestItems": {"a": {}, "b": {}}},
            [("dynamodb:BatchGetItem", f"{TABLES}/a"), ("dynamodb:BatchGetItem", f"{TABLES}/b")],
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Update": {"TableName": "a"}}, {"Put": {"TableName": "b"}}]},
            [("dynamodb:UpdateItem", f"{TABLES}/a"), ("dynamodb:PutItem", f"{TABLES}/b")],
        ),
    ],
)
def test_a_call_of_dynamodb_needs(operation: str, asked: Mapping[str, Any], needed: list[tuple[str, str]]) -> None:
    environ = {"HTTP_X_AMZ_TARGET": f"DynamoDB_20120810.{operation}", "REQUEST_METHOD": "POST", "PATH_INFO": "/"}
    assert needs_of(environ, json.dumps(asked).encode(), region=REGION, account=ACCOUNT) == needed


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "needed"),
    [
        ("GET", "/b/uploads/c/1", "", b"", [("s3:GetObject", "arn:aws:s3:::b/uploads/c/1")]),
        ("GET", "/b/uploads/c/1", "versionId=v", b"", [("s3:GetObjectVersion", "arn:aws:s3:::b/uploads/c/1")]),
        ("GET", "/b", "prefix=uploads&versions", b"", [("s3:ListBucketVersions", "arn:aws:s3:::b")]),
        ("PUT", "/b/a%20b", "", b"", [("s3:PutObject", "arn:aws:s3:::b/a b")]),
        ("GET", "/b", "list-type=2", b"", [("s3:ListBucket", "arn:aws:s3:::b")]),
        (
            "POST",
            "/b",
            "delete",
            b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>x</Key></Object></Delete>',
            [("s3:DeleteObject", "arn:aws:s3:::b/x")],
        ),
    ],
)
def test_a_call_of_s3_needs(method: str, path: str, query: str, body: bytes, needed: list[tuple[str, str]]) -> None:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    assert needs_of(environ, body, region=REGION, account=ACCOUNT) == needed


def test_a_call_that_nobody_thought_about_is_an_error() -> None:
    with pytest.raises(ValueError, match="nobody thought"):
        needs_of({"REQUEST_METHOD": "PUT", "PATH_INFO": "/bucket"}, b"", region=REGION, account=ACCOUNT)
