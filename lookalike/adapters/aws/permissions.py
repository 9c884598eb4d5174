"""The actions of AWS that the adapters take, as IAM names them, for whoever writes the roles.

A transaction has no action of its own: it needs those of its parts. ``s3:ListBucket`` is never called; without it,
S3 answers 403 instead of 404 for an object that is not there. Where the bucket or a queue is encrypted with a key of
the account's, its writers need ``kms:GenerateDataKey`` and ``kms:Decrypt`` besides, its readers ``kms:Decrypt``.
"""

from dataclasses import dataclass
from typing import Final

from lookalike.adapters.aws.tables import EVENTS, ITEM_PHOTOS, ITEMS, PHOTOS, UPLOADS


@dataclass(frozen=True, slots=True)
class Access:
    """The actions of those who only look, and those that come on top for writers."""

    read: frozenset[str]
    write: frozenset[str]


def _access(service: str, read: str, write: str) -> Access:
    actions = [frozenset(f"{service}:{action}" for action in actions.split()) for actions in (read, write)]
    return Access(*actions)


BUCKET: Final = _access("s3", "GetObject GetObjectVersion ListBucket ListBucketVersions", "PutObject DeleteObject")
"""Originals are read by version. Making a form takes ``s3:PutObject`` of whoever makes it, and
``s3:PutObjectTagging`` for a photo to search with: it lends its own rights."""
QUEUE: Final = _access("sqs", "", "SendMessage")
TABLE_ACCESS: Final = {
    UPLOADS.name: _access("dynamodb", "BatchGetItem Query", "UpdateItem BatchWriteItem"),
    PHOTOS.name: _access("dynamodb", "BatchGetItem", "UpdateItem BatchWriteItem"),
    ITEMS.name: _access("dynamodb", "BatchGetItem Query", "UpdateItem DeleteItem"),
    ITEM_PHOTOS.name: _access("dynamodb", "Query", "PutItem DeleteItem"),
    EVENTS.name: _access("dynamodb", "Query", "BatchWriteItem"),
}
"""By the name of the table in `lookalike.adapters.aws.tables`; queries go to its indexes (``…/index/*``) too."""
