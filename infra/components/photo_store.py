from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.statement import Statement, document, only_over_tls
from infra.components.work_queue import WorkQueue
from lookalike.adapters.aws.object_key import UPLOADS

_FORM_CACHED_S: Final = 3600
_STALE_DAYS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoStoreArgs:
    """`origins` may post forms from their pages; originals are archived after `archive_after_days`."""

    key: DataKey
    origins: tuple[str, ...]
    archive_after_days: int
    noncurrent_days: int
    protect: bool


class PhotoStore(pulumi.ComponentResource):
    """The private bucket: originals under ``uploads/``, what the model sees under ``prepared/``, ``thumbnails/``.

    Nobody but the roles that were allowed reaches it, over TLS only, encrypted with the data key, every version kept
    for a while.
    """

    name: pulumi.Output[str]
    bucket: aws.s3.Bucket
    """For a queue to say that it takes this bucket's notifications."""

    def __init__(self, name: str, args: PhotoStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:PhotoStore", name, None, opts)
        self._logical_name, self._key = name, args.key
        self._child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            name,
            force_destroy=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.name = self.bucket.bucket
        self._close()
        self._encrypt()
        self._keep(args)
        self._open_to(args.origins)
        self.register_outputs({"name": self.name})

    def notify(self, queue: WorkQueue) -> None:
        """Tell `queue`, which is fed by this bucket, of every original that arrives."""
        aws.s3.BucketNotification(
            self._logical_name,
            bucket=self.bucket.id,
            queues=[{"queue_arn": queue.arn, "events": ["s3:ObjectCreated:*"], "filter_prefix": f"{UPLOADS}/"}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[queue.policy]),
        )

    def allow_read(self, role: ExecutionRole, *kinds: str) -> None:
        """Let `role` read objects of these kinds, and learn that something is not there."""
        read = Statement(("s3:GetObject",), self._under(kinds))
        # Without it, S3 says 403 where 404 would be true, and a missing photo looks like a broken deployment. For the
        # whole bucket, as a read carries no `s3:prefix` that a condition could ask for.
        tell = Statement(("s3:ListBucket",), (self.bucket.arn,))
        role.grant("reads-photos", read, tell, self._key.decrypting("s3"))

    def allow_write(self, role: ExecutionRole, *kinds: str) -> None:
        """Let `role` write objects of these kinds, and sign forms that do."""
        write = Statement(("s3:PutObject",), self._under(kinds))
        role.grant("writes-photos", write, self._key.encrypting("s3"))

    def allow_delete(self, role: ExecutionRole, *kinds: str) -> None:
        """Let `role` delete objects of these kinds; versions stay for a while."""
        role.grant("deletes-photos", Statement(("s3:DeleteObject",), self._under(kinds)))

    def _under(self, kinds: tuple[str, ...]) -> tuple[pulumi.Output[str], ...]:
        return tuple(pulumi.Output.concat(self.bucket.arn, "/", kind, "/*") for kind in kinds)

    def _close(self) -> None:
        aws.s3.BucketPublicAccessBlock(
            self._logical_name,
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        aws.s3.BucketOwnershipControls(
            self._logical_name,
            bucket=self.bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._child,
        )
        everything = (self.bucket.arn, pulumi.Output.concat(self.bucket.arn, "/*"))
        policy = document(only_over_tls(*everything, action="s3:*"))
        aws.s3.BucketPolicy(self._logical_name, bucket=self.bucket.id, policy=policy, opts=self._child)

    def _encrypt(self) -> None:
        encryption: aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict = {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": self._key.arn,
            },
            "bucket_key_enabled": True,
        }
        aws.s3.BucketServerSideEncryptionConfiguration(
            self._logical_name, bucket=self.bucket.id, rules=[encryption], opts=self._child
        )

    def _keep(self, args: PhotoStoreArgs) -> None:
        versioning = aws.s3.BucketVersioning(
            self._logical_name,
            bucket=self.bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=self._child,
        )
        aws.s3.BucketLifecycleConfiguration(
            self._logical_name,
            bucket=self.bucket.id,
            rules=_lifecycle(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _open_to(self, origins: tuple[str, ...]) -> None:
        if not origins:
            return
        rule = aws.s3.BucketCorsConfigurationCorsRuleArgs(
            allowed_methods=["POST"],
            allowed_origins=list(origins),
            allowed_headers=["content-type"],
            max_age_seconds=_FORM_CACHED_S,
        )
        aws.s3.BucketCorsConfiguration(self._logical_name, bucket=self.bucket.id, cors_rules=[rule], opts=self._child)


def _lifecycle(args: PhotoStoreArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    return [
        {
            "id": "archive-originals",
            "status": "Enabled",
            "filter": {"prefix": f"{UPLOADS}/"},
            # Glacier Instant Retrieval: a rebuild for a new model reads originals, and must not wait hours for them.
            "transitions": [{"days": args.archive_after_days, "storage_class": "GLACIER_IR"}],
        },
        {
            "id": "forget",
            "status": "Enabled",
            "filter": {},
            "noncurrent_version_expiration": {"noncurrent_days": args.noncurrent_days},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _STALE_DAYS},
            "expiration": {"expired_object_delete_marker": True},
        },
    ]
