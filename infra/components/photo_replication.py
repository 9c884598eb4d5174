from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.statement import Conditions, Statement, document


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """A bucket, the key that it is encrypted with, and what has made it keep versions, which copying stands on."""

    bucket: aws.s3.Bucket
    key: DataKey
    versioning: aws.s3.BucketVersioning


class PhotoReplication(pulumi.ComponentResource):
    """Copies whatever is written to one bucket into others, in other regions, encrypted anew with the key of each.

    What is a copy is not copied on, so that buckets may copy into each other. Deletions are copied too: a photo that a
    shop takes back is taken back everywhere. A bucket has one configuration, which names all its targets.
    """

    def __init__(
        self,
        name: str,
        *,
        source: Versioned,
        targets: Sequence[Versioned],
        account: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lookalike:components:PhotoReplication", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(f"{name}-copies", assume_role_policy=document(_assumed_by_s3(account)), opts=child)
        statements = [*_reading(source), *(statement for target in targets for statement in _writing(target))]
        granted = aws.iam.RolePolicy(f"{name}-copies", role=role.name, policy=document(*statements), opts=child)
        versioned = [source.versioning, *(target.versioning for target in targets)]
        aws.s3.BucketReplicationConfig(
            name,
            bucket=source.bucket.id,
            role=role.arn,
            rules=[_rule(number, target) for number, target in enumerate(targets)],
            # S3 refuses a bucket that keeps no versions, and tries the role.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[granted, *versioned]),
        )
        self.register_outputs({})


def _assumed_by_s3(account: pulumi.Input[str]) -> Statement:
    ours: Conditions = {"StringEquals": {"aws:SourceAccount": account}}
    return Statement(("sts:AssumeRole",), (), principals={"Service": "s3.amazonaws.com"}, conditions=ours)


def _reading(source: Versioned) -> tuple[Statement, ...]:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    bucket, objects = source.bucket.arn, pulumi.Output.concat(source.bucket.arn, "/*")
    versions = ("s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging")
    return (
        Statement(("s3:GetReplicationConfiguration", "s3:ListBucket"), (bucket,)),
        Statement(versions, (objects,)),
        source.key.decrypting("s3"),
    )


def _writing(target: Versioned) -> tuple[Statement, ...]:
    objects = pulumi.Output.concat(target.bucket.arn, "/*")
    copies = ("s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags")
    return Statement(copies, (objects,)), target.key.replicating("s3")


def _rule(number: int, target: Versioned) -> aws.s3.BucketReplicationConfigRuleArgsDict:
    return {
        "id": f"to-{number}",
        "priority": number,
        "status": "Enabled",
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Enabled"},
        # Without the word, S3 passes by all that is encrypted with a key of KMS's: here, everything.
        "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        "destination": {
            "bucket": target.bucket.arn,
            "encryption_configuration": {"replica_kms_key_id": target.key.arn},
        },
    }
