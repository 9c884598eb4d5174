from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.bucket import close_to_the_public, encrypt, keep_versions
from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.log_bucket import LogBucket
from infra.components.photo_lifecycle import LEAST_MOVED, photo_lifecycle
from infra.components.photo_replication import PhotoReplication, Versioned
from infra.components.statement import Conditions, Statement, document, only_over_tls
from infra.components.work_queue import WorkQueue
from lookalike.adapters.aws.object_key import UPLOADS

_FORM_CACHED_S: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoStoreArgs:
    """Originals are archived after `archive_after_days` and, unless that is None, gone after `expire_after_days`.

    What is replaced or deleted stays for `noncurrent_days`. Who asked for what is written into `log`.
    """

    key: DataKey
    archive_after_days: int
    noncurrent_days: int
    protect: bool
    expire_after_days: int | None = None
    log: LogBucket | None = None


class PhotoStore(pulumi.ComponentResource):
    """The private bucket: originals under ``uploads/``, what the model sees under ``prepared/``, ``thumbnails/``.

    Nobody but the roles that were allowed reaches it, over TLS only, encrypted with the data key and no other, every
    version kept for a while.
    """

    name: pulumi.Output[str]
    bucket: aws.s3.Bucket
    """For a queue to say that it takes this bucket's notifications."""
    form_origin: pulumi.Output[str]
    """Where forms are posted to, ``https://`` and a host."""

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
        self._versioning = self._keep(args)
        self._tell(args.log)
        self.form_origin = pulumi.Output.concat("https://", self.bucket.bucket_regional_domain_name)
        self.register_outputs({"name": self.name})

    def notify(self, queue: WorkQueue) -> None:
        """Tell `queue`, which is fed by this bucket, of every original that arrives."""
        aws.s3.BucketNotification(
            self._logical_name,
            bucket=self.bucket.id,
            queues=[{"queue_arn": queue.arn, "events": ["s3:ObjectCreated:*"], "filter_prefix": f"{UPLOADS}/"}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[queue.policy]),
        )

    def replicate_to(self, *others: "PhotoStore", account: pulumi.Input[str]) -> None:
        """Copy all that arrives and all that is deleted from now on into `others`, of other regions; to be said once.

        The copy's own region is told of it as of any photo that arrives there.
        """
        PhotoReplication(
            self._logical_name,
            source=self.versioned,
            targets=[other.versioned for other in others],
            account=account,
            opts=self._child,
        )

    def open_to(self, origins: Sequence[pulumi.Input[str]]) -> None:
        """Let pages of `origins` post forms; without any, no page may."""
        if not origins:
            return
        rule = aws.s3.BucketCorsConfigurationCorsRuleArgs(
            allowed_methods=["POST"],
            allowed_origins=list(origins),
            allowed_headers=["content-type"],
            max_age_seconds=_FORM_CACHED_S,
        )
        aws.s3.BucketCorsConfiguration(self._logical_name, bucket=self.bucket.id, cors_rules=[rule], opts=self._child)

    def allow_read(self, role: ExecutionRole, *kinds: str) -> None:
        """Let `role` read objects of these kinds, and learn that something is not there."""
        read = Statement(("s3:GetObject",), self._under(kinds))
        # Without it, S3 says 403 where 404 would be true, and a missing photo looks like a broken deployment. For the
        # whole bucket, as a read carries no `s3:prefix` that a condition could ask for.
        tell = Statement(("s3:ListBucket",), (self.bucket.arn,))
        role.grant("reads-photos", read, tell, self._key.decrypting("s3"))

    def allow_read_originals(self, role: ExecutionRole) -> None:
        """Let `role` read originals as they first came in, whatever was posted over them."""
        read = Statement(("s3:GetObjectVersion",), self._under((UPLOADS,)))
        find = Statement(("s3:ListBucketVersions",), (self.bucket.arn,))
        role.grant("reads-originals", read, find, self._key.decrypting("s3"))

    def allow_write(self, role: ExecutionRole, *kinds: str) -> None:
        """Let `role` write objects of these kinds, and sign forms that do."""
        write = Statement(("s3:PutObject",), self._under(kinds))
        role.grant("writes-photos", write, self._key.encrypting("s3"))

    def allow_tag(self, role: ExecutionRole, *kinds: str) -> None:
        """Let `role` sign forms that give objects of these kinds a tag."""
        role.grant("tags-photos", Statement(("s3:PutObjectTagging",), self._under(kinds)))

    def allow_delete(self, role: ExecutionRole, *kinds: str) -> None:
        """Let `role` delete objects of these kinds; versions stay for a while."""
        role.grant("deletes-photos", Statement(("s3:DeleteObject",), self._under(kinds)))

    def _under(self, kinds: tuple[str, ...]) -> tuple[pulumi.Output[str], ...]:
        return tuple(pulumi.Output.concat(self.bucket.arn, "/", kind, "/*") for kind in kinds)

    def _close(self) -> None:
        close_to_the_public(self._logical_name, self.bucket, self._child)
        objects = pulumi.Output.concat(self.bucket.arn, "/*")
        policy = document(only_over_tls(self.bucket.arn, objects, action="s3:*"), *_only_with(self._key, objects))
        aws.s3.BucketPolicy(self._logical_name, bucket=self.bucket.id, policy=policy, opts=self._child)

    def _encrypt(self) -> None:
        encrypt(self._logical_name, self.bucket, self._key, self._child)

    def _keep(self, args: PhotoStoreArgs) -> aws.s3.BucketVersioning:
        versioning = keep_versions(self._logical_name, self.bucket, self._child)
        aws.s3.BucketLifecycleConfiguration(
            self._logical_name,
            bucket=self.bucket.id,
            rules=photo_lifecycle(
                archive_after_days=args.archive_after_days,
                expire_after_days=args.expire_after_days,
                noncurrent_days=args.noncurrent_days,
            ),
            transition_default_minimum_object_size=LEAST_MOVED,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        return versioning

    def _tell(self, log: LogBucket | None) -> None:
        if log is None:
            return
        aws.s3.BucketLogging(
            self._logical_name,
            bucket=self.bucket.id,
            target_bucket=log.name,
            target_prefix=f"{self._logical_name}/",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log.policy]),
        )

    @property
    def versioned(self) -> Versioned:
        """What copying from or into this bucket stands on."""
        return Versioned(bucket=self.bucket, key=self._key, versioning=self._versioning)


def _only_with(key: DataKey, objects: pulumi.Output[str]) -> tuple[Statement, ...]:
    """Refuse what asks for another key, or brings one; who asks for none gets ours.

    A header that is missing would differ from anything, hence the word about its being there.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    header = "s3:x-amz-server-side-encryption"
    other_kind: Conditions = {"Null": {header: "false"}, "StringNotEquals": {header: "aws:kms"}}
    named = f"{header}-aws-kms-key-id"
    other_key: Conditions = {"Null": {named: "false"}, "StringNotEquals": {named: key.arn}}
    own_key: Conditions = {"Null": {f"{header}-customer-algorithm": "false"}}
    denied = (other_kind, other_key, own_key)
    return tuple(Statement(("s3:PutObject",), (objects,), "Deny", "*", conditions) for conditions in denied)
