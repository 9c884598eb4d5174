from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.bucket import close_to_the_public, keep_versions
from infra.components.statement import Conditions, Statement, document, only_over_tls

_STALE_DAYS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWriter:
    """A service of AWS's that may write, on behalf of this `account` and of sources that look like `source_arn`."""

    service: str
    account: pulumi.Input[str]
    source_arn: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBucketArgs:
    """Logs of `writers` are kept for `keep_days`. Some services ask for a name that begins in their way: `prefix`."""

    writers: Sequence[LogWriter]
    keep_days: int
    protect: bool
    prefix: str | None = None


class LogBucket(pulumi.ComponentResource):
    """Where services leave their logs: private, over TLS only, written by them alone, and emptied by itself.

    Encrypted with S3's own key: services that write logs take no other everywhere.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    policy: aws.s3.BucketPolicy
    """For who sets up a delivery to wait for."""

    def __init__(self, name: str, args: LogBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:LogBucket", name, None, opts)
        self._logical_name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self._bucket = aws.s3.Bucket(
            name,
            bucket_prefix=args.prefix,
            force_destroy=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.name, self.arn = self._bucket.bucket, self._bucket.arn
        self._close()
        self._keep(args.keep_days)
        self.policy = self._admit(args.writers)
        self.register_outputs({"name": self.name})

    def _close(self) -> None:
        close_to_the_public(self._logical_name, self._bucket, self._child)
        aws.s3.BucketServerSideEncryptionConfiguration(
            self._logical_name,
            bucket=self._bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self._child,
        )

    def _keep(self, days: int) -> None:
        versioning = keep_versions(self._logical_name, self._bucket, self._child)
        rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
            "id": "forget",
            "status": "Enabled",
            "filter": {},
            "expiration": {"days": days},
            "noncurrent_version_expiration": {"noncurrent_days": _STALE_DAYS},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _STALE_DAYS},
        }
        aws.s3.BucketLifecycleConfiguration(
            self._logical_name,
            bucket=self._bucket.id,
            rules=[rule],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _admit(self, writers: Sequence[LogWriter]) -> aws.s3.BucketPolicy:
        objects = pulumi.Output.concat(self.arn, "/*")
        writing = [_writing(writer, objects) for writer in writers]
        reading = [_looking(writer, self.arn) for writer in writers]
        policy = document(only_over_tls(self.arn, objects, action="s3:*"), *writing, *reading)
        return aws.s3.BucketPolicy(self._logical_name, bucket=self._bucket.id, policy=policy, opts=self._child)


def _writing(writer: LogWriter, objects: pulumi.Output[str]) -> Statement:
    return Statement(("s3:PutObject",), (objects,), principals={"Service": writer.service}, conditions=_for(writer))


def _looking(writer: LogWriter, bucket: pulumi.Output[str]) -> Statement:
    # Deliveries look first whether the bucket is theirs to write to.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
    return Statement(("s3:GetBucketAcl",), (bucket,), principals={"Service": writer.service}, conditions=_for(writer))


def _for(writer: LogWriter) -> Conditions:
    return {
        "StringEquals": {"aws:SourceAccount": writer.account},
        "ArnLike": {"aws:SourceArn": writer.source_arn},
    }
