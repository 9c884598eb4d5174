"""What is at rest is encrypted with a key of this account that is rotated."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.rules.exposure import BUCKET
from infra.policy.rules.logs import takes_logs
from infra.policy.subject import Estate, Inputs, is_true, known, listed, look

_BUCKET_ENCRYPTION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

STORES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:sqs/queue:Queue": ("kmsMasterKeyId",),
    "aws:sns/topic:Topic": ("kmsMasterKeyId",),
    "aws:dynamodb/table:Table": ("serverSideEncryption.enabled", "serverSideEncryption.kmsKeyArn"),
    "aws:cloudwatch/logGroup:LogGroup": ("kmsKeyId",),
    "aws:opensearch/domain:Domain": ("encryptAtRest.enabled", "encryptAtRest.kmsKeyId"),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("atRestEncryptionEnabled", "kmsKeyId"),
    "aws:elasticache/serverlessCache:ServerlessCache": ("kmsKeyId",),
    "aws:eks/cluster:Cluster": ("encryptionConfig.provider.keyArn",),
    "aws:ebs/volume:Volume": ("encrypted", "kmsKeyId"),
    "aws:secretsmanager/secret:Secret": ("kmsKeyId",),
    "aws:ecr/repository:Repository": ("encryptionConfigurations",),
    "aws:xray/encryptionConfig:EncryptionConfig": ("keyId",),
    "aws:kms/key:Key": ("enableKeyRotation",),
    # Keys of a function's environment are the account's own as well.
    "aws:lambda/function:Function": ("kmsKeyArn",),
}
"""What holds something, and which of its inputs have to be set for that to be encrypted with a key of our own."""


def _at_rest(kind: str, inputs: Inputs) -> Iterator[str]:
    for path in STORES.get(kind, ()):
        if not look(inputs, path) or look(inputs, path) == "false":
            yield f"is not encrypted with a key of this account: {path} is not set"
    if kind == "aws:eks/cluster:Cluster" and "secrets" not in listed(look(inputs, "encryptionConfig.resources")):
        yield "does not encrypt its secrets"
    yield from _disks(kind, inputs)


def _disks(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == "aws:ec2/launchTemplate:LaunchTemplate":
        mapped = listed(inputs.get("blockDeviceMappings"))
        if not mapped:
            yield "leaves its disks to the image, which may not encrypt them"
        for disk in mapped:
            # By the account's own EBS key: a machine's disk holds programs, and nothing of a shop.
            if not is_true(look(disk, "ebs.encrypted")):
                yield f"{disk.get('deviceName')} is not encrypted"
    if kind == "kubernetes:storage.k8s.io/v1:StorageClass" and look(inputs, "parameters.encrypted") != "true":
        yield "its disks are not encrypted"


def _buckets(estate: Estate) -> Iterator[Finding]:
    for bucket in estate.of(BUCKET):
        settings = estate.about(bucket, _BUCKET_ENCRYPTION, "bucket")
        rules = [rule for setting in settings for rule in listed(look(setting.inputs, "rules"))]
        if not rules:
            yield bucket, "does not say how it is encrypted"
        # Not every service that delivers logs takes another key than S3's own.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        check = _some_key if takes_logs(estate, bucket) else _own_key
        yield from ((bucket, said) for rule in rules if known(rule) for said in check(rule))


def _some_key(rule: Inputs) -> Iterable[str]:
    if not look(rule, "applyServerSideEncryptionByDefault.sseAlgorithm"):
        yield "is not encrypted"


def _own_key(rule: Inputs) -> Iterable[str]:
    used = rule.get("applyServerSideEncryptionByDefault", {})
    if look(used, "sseAlgorithm") not in ("aws:kms", "aws:kms:dsse") or not look(used, "kmsMasterKeyId"):
        yield "is not encrypted with a key of this account"
    if rule.get("bucketKeyEnabled") is not True:
        yield "asks KMS for every object: bucketKeyEnabled is off"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(
        name="stores-are-encrypted", says="Whatever holds data encrypts it with a key of this account.", check=_at_rest
    ),
    EstateRule(name="buckets-are-encrypted", says="Every bucket encrypts with a key of this account.", check=_buckets),
)
