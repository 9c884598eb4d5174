from typing import Final

import pulumi_aws as aws

from lookalike.adapters.aws.object_key import PREPARED, QUERY_TAG, THUMBNAILS, UPLOADS

Rule = aws.s3.BucketLifecycleConfigurationRuleArgsDict

LEAST_MOVED: Final = "all_storage_classes_128K"
"""Smaller objects stay where they are: colder classes count them as 128 KB, and the move itself costs.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""
_STALE_DAYS: Final = 1
_SELDOM_READ_DAYS: Final = 30


def photo_lifecycle(*, archive_after_days: int, expire_after_days: int | None, noncurrent_days: int) -> list[Rule]:
    """When objects move to cheaper storage, and when they go."""
    return [
        _originals(archive_after_days, expire_after_days),
        *(_tiers(kind) for kind in (PREPARED, THUMBNAILS)),
        _queries(),
        {
            "id": "forget",
            "status": "Enabled",
            "filter": {},
            "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _STALE_DAYS},
            "expiration": {"expired_object_delete_marker": True},
        },
    ]


def _originals(archive_after_days: int, expire_after_days: int | None) -> Rule:
    rule: Rule = {
        "id": "archive-originals",
        "status": "Enabled",
        "filter": {"prefix": f"{UPLOADS}/"},
        # Glacier Instant Retrieval: a rebuild for a new model reads originals, and must not wait hours for them.
        "transitions": [{"days": archive_after_days, "storage_class": "GLACIER_IR"}],
    }
    return rule if expire_after_days is None else {**rule, "expiration": {"days": expire_after_days}}


def _tiers(kind: str) -> Rule:
    # Which of them are still looked at, nobody knows but S3, which moves each back for nothing when it is read.
    return {
        "id": f"tier-{kind}",
        "status": "Enabled",
        "filter": {"prefix": f"{kind}/"},
        "transitions": [{"days": _SELDOM_READ_DAYS, "storage_class": "INTELLIGENT_TIERING"}],
    }


def _queries() -> Rule:
    key, value = QUERY_TAG
    return {
        "id": "forget-queries",
        "status": "Enabled",
        "filter": {"tag": {"key": key, "value": value}},
        # What a shopper asked with is nobody's to bring back: S3 keeps no version of it for longer than it must.
        "expiration": {"days": 1},
        "noncurrent_version_expiration": {"noncurrent_days": 1},
    }
