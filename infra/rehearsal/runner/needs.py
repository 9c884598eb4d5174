"""Which permissions a call of AWS needs, as IAM names them; of S3, DynamoDB and SQS, what our adapters call."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree as ET

_S3: Final = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}
_TRANSACTION: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

Need = tuple[str, str]
"""An action and the ARN of what it is done to."""


def needs_of(environ: Mapping[str, Any], body: bytes, *, region: str, account: str) -> list[Need]:
    """Every permission that this signed request asks for. Raises `ValueError` for a call that nobody thought about."""
    target, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if target.startswith("DynamoDB_"):
        tables = f"arn:aws:dynamodb:{region}:{account}:table/"
        return [(f"dynamodb:{action}", tables + name) for action, name in _of_dynamodb(operation, json.loads(body))]
    if target == "AmazonSQS":
        name = json.loads(body)["QueueUrl"].rpartition("/")[2]
        return [(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{region}:{account}:{name}")]
    return list(_of_s3(environ, body))


def _of_dynamodb(operation: str, asked: Mapping[str, Any]) -> Iterator[Need]:
    if operation == "TransactWriteItems":
        for part in asked["TransactItems"]:
            for kind, what in part.items():
                yield _TRANSACTION[kind], what["TableName"]
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        yield from ((operation, table) for table in asked["RequestItems"])
    elif "IndexName" in asked:
        yield operation, f"{asked['TableName']}/index/{asked['IndexName']}"
    else:
        yield operation, asked["TableName"]


def _of_s3(environ: Mapping[str, Any], body: bytes) -> Iterator[Need]:
    method, (bucket, _, key) = environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if key and method in _S3:
        yield f"{_S3[method]}{'Version' if 'versionId' in query else ''}", f"{arn}/{key}"
    elif method == "POST" and "delete" in query:
        for element in ET.fromstring(body).iterfind(".//{*}Key"):  # noqa: S314 - written by our own functions
            yield "s3:DeleteObject", f"{arn}/{element.text}"
    elif method == "GET":
        yield f"s3:ListBucket{'Versions' if 'versions' in query else ''}", arn
    else:
        raise ValueError(f"{method} {environ['PATH_INFO']} is a call of S3's that nobody thought about")
