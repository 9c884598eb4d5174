"""What calls to AWS ask for, in IAM's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Asked = tuple[str, str]
"""An action and the ARN of what it is done to."""

_SIMPLE: Final = {"Query": "Query", "UpdateItem": "UpdateItem", "PutItem": "PutItem", "GetItem": "GetItem"}
_BATCHES: Final = {"BatchGetItem", "BatchWriteItem"}
_PARTS: Final = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
_OBJECTS: Final = {"PutObject": "PutObject", "GetObject": "GetObject", "HeadObject": "GetObject"}


@dataclass
class CallLog:
    """Listens to boto3's clients and notes what each call needs to be allowed. Knows no call that it was not taught."""

    account: str
    region: str
    asked: set[Asked] = field(default_factory=set)

    def listen(self, client: Any) -> Any:
        """The client, with somebody listening."""
        client.meta.events.register("provide-client-params.*.*", self._note)
        return client

    def _note(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        self.asked.update(self._needs(model.name, params))

    def _needs(self, call: str, params: Mapping[str, Any]) -> Iterator[Asked]:
        if call in _SIMPLE:
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            yield f"dynamodb:{_SIMPLE[call]}", self._table(params["TableName"]) + index
        elif call in _BATCHES:
            yield from ((f"dynamodb:{call}", self._table(name)) for name in params["RequestItems"])
        elif call == "TransactWriteItems":
            parts = ((kind, what["TableName"]) for part in params["TransactItems"] for kind, what in part.items())
            yield from ((f"dynamodb:{_PARTS[kind]}", self._table(name)) for kind, name in parts)
        elif call in _OBJECTS:
            version = "Version" if "VersionId" in params else ""
            yield f"s3:{_OBJECTS[call]}{version}", f"arn:aws:s3:::{params['Bucket']}/{params['Key']}"
        elif call == "ListObjectVersions":
            yield "s3:ListBucketVersions", f"arn:aws:s3:::{params['Bucket']}"
        elif call == "DeleteObjects":
            for thing in params["Delete"]["Objects"]:
                yield "s3:DeleteObject", f"arn:aws:s3:::{params['Bucket']}/{thing['Key']}"
        elif call == "SendMessageBatch":
            name = params["QueueUrl"].rsplit("/", 1)[1]
            yield "sqs:SendMessage", f"arn:aws:sqs:{self.region}:{self.account}:{name}"
        elif call != "CreateBucket":  # under this name botocore prepares a pre-signed form, and calls nothing
            raise AssertionError(f"nobody has said what {call} needs to be allowed")

    def _table(self, name: str) -> str:
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{name}"
