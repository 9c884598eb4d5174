import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.rehearsal.making.names import physical_name, tag_list
from infra.rehearsal.plan import Declared, Plan, Resource
from infra.rehearsal.policy import allows
from infra.rehearsal.stage import Create, Created, RehearsalError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_S3: Final = "s3.amazonaws.com"
_FILTERS: Final = (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))


def creators(s3: "S3Client") -> Mapping[str, Create]:
    """Of buckets, and of all that is said about them."""
    makers = _Buckets(s3)
    return {
        "aws:s3/bucket:Bucket": makers.bucket,
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": makers.access_block,
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls": makers.ownership,
        "aws:s3/bucketPolicy:BucketPolicy": makers.policy,
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": makers.encryption,
        "aws:s3/bucketVersioning:BucketVersioning": makers.versioning,
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": makers.lifecycle,
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": makers.cors,
        "aws:s3/bucketLogging:BucketLogging": makers.logging,
        "aws:s3/bucketNotification:BucketNotification": makers.notification,
        "aws:s3/bucketObjectv2:BucketObjectv2": makers.thing,
    }


class _Buckets:
    def __init__(self, s3: "S3Client") -> None:
        self._s3: Any = s3  # requests are built from what the program says, in S3's own words

    def bucket(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name, region = physical_name(declared, "bucket"), self._s3.meta.region_name
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self._s3.create_bucket(Bucket=name, **place)
        self._s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(declared)})
        host = f"{name}.s3.{region}.amazonaws.com"
        told = {"arn": f"arn:aws:s3:::{name}", "bucketRegion": region, "bucketRegionalDomainName": host}
        return Created(name, {"bucket": name, **told})

    def access_block(self, declared: Declared, plan: Plan) -> Created:
        del plan
        names = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        said = {_pascal(name): declared.inputs.get(name, False) for name in names}
        self._s3.put_public_access_block(Bucket=_bucket(declared), PublicAccessBlockConfiguration=said)
        return Created(_bucket(declared))

    def ownership(self, declared: Declared, plan: Plan) -> Created:
        del plan
        controls = {"Rules": [pascal_case(declared.inputs["rule"])]}
        self._s3.put_bucket_ownership_controls(Bucket=_bucket(declared), OwnershipControls=controls)
        return Created(_bucket(declared))

    def policy(self, declared: Declared, plan: Plan) -> Created:
        del plan
        policy = json.loads(declared.inputs["policy"])
        # The emulator looks at no condition: it would refuse everybody.
        rest = [_plain(said) for said in policy["Statement"] if said["Effect"] != "Deny"]
        if rest:
            self._s3.put_bucket_policy(Bucket=_bucket(declared), Policy=json.dumps({**policy, "Statement": rest}))
        return Created(_bucket(declared))

    def encryption(self, declared: Declared, plan: Plan) -> Created:
        del plan
        configuration = {"Rules": [_encrypted(rule) for rule in declared.inputs["rules"]]}
        self._s3.put_bucket_encryption(Bucket=_bucket(declared), ServerSideEncryptionConfiguration=configuration)
        return Created(_bucket(declared))

    def versioning(self, declared: Declared, plan: Plan) -> Created:
        del plan
        said = pascal_case(declared.inputs["versioningConfiguration"])
        self._s3.put_bucket_versioning(Bucket=_bucket(declared), VersioningConfiguration=said)
        return Created(_bucket(declared))

    def lifecycle(self, declared: Declared, plan: Plan) -> Created:
        del plan
        rules = [_rule(rule) for rule in declared.inputs["rules"]]
        self._s3.put_bucket_lifecycle_configuration(Bucket=_bucket(declared), LifecycleConfiguration={"Rules": rules})
        return Created(_bucket(declared))

    def cors(self, declared: Declared, plan: Plan) -> Created:
        del plan
        rules = [pascal_case(rule) for rule in declared.inputs["corsRules"]]
        self._s3.put_bucket_cors(Bucket=_bucket(declared), CORSConfiguration={"CORSRules": rules})
        return Created(_bucket(declared))

    def logging(self, declared: Declared, plan: Plan) -> Created:
        del plan
        said = {"TargetBucket": declared.inputs["targetBucket"], "TargetPrefix": declared.inputs["targetPrefix"]}
        self._s3.put_bucket_logging(Bucket=_bucket(declared), BucketLoggingStatus={"LoggingEnabled": said})
        return Created(_bucket(declared))

    def thing(self, declared: Declared, plan: Plan) -> Created:
        del plan
        said = declared.inputs
        kind = {"ContentType": said["contentType"]} if "contentType" in said else {}
        self._s3.put_object(Bucket=said["bucket"], Key=said["key"], Body=Path(said["source"].path).read_bytes(), **kind)
        return Created(said["key"])

    def notification(self, declared: Declared, plan: Plan) -> Created:
        for queue in declared.inputs["queues"]:
            _assure_writable(declared, plan, queue["queueArn"])
        said = {"QueueConfigurations": [_told(queue) for queue in declared.inputs["queues"]]}
        self._s3.put_bucket_notification_configuration(Bucket=_bucket(declared), NotificationConfiguration=said)
        return Created(_bucket(declared))


def _assure_writable(declared: Declared, plan: Plan, queue_arn: str) -> None:
    # AWS sends a test message when a notification is set. Only policies that the notification waits for count: one
    # that merely happened to be there would not be the next time.
    queue = next(queue for queue in plan.of("aws:sqs/queue:Queue") if queue.attributes["arn"] == queue_arn)
    policies = [
        json.loads(policy.inputs["policy"])
        for policy in plan.before(declared, "aws:sqs/queuePolicy:QueuePolicy")
        if policy.inputs["queueUrl"] == queue.attributes["url"]
    ]
    context = _notifying(declared, plan)
    if not allows(policies, "sqs:SendMessage", queue_arn, service=_S3, context=context):
        raise RehearsalError(
            f"AWS would refuse the notification {declared.name}, 'Unable to validate the following destination "
            f"configurations': no queue policy that it waits for lets S3 send to {queue_arn}"
        )
    key = next((k for k in plan.of("aws:kms/key:Key") if k.attributes["arn"] == queue.inputs["kmsMasterKeyId"]), None)
    if key is None or not _may_encrypt(key, context):
        raise RehearsalError(f"notifications to {queue_arn} would be lost: its key does not let S3 encrypt")


def _may_encrypt(key: Resource, context: Mapping[str, str]) -> bool:
    policy = json.loads(key.inputs["policy"])
    needed = ("kms:GenerateDataKey", "kms:Decrypt")
    return all(allows([policy], action, key.attributes["arn"], service=_S3, context=context) for action in needed)


def _notifying(declared: Declared, plan: Plan) -> Mapping[str, str]:
    bucket = next(b for b in plan.of("aws:s3/bucket:Bucket") if b.id == declared.inputs["bucket"])
    account = plan.of("aws:kms/key:Key")[0].attributes["arn"].split(":")[4]
    return {
        "aws:SourceArn": bucket.attributes["arn"],
        "aws:SourceAccount": account,
        "aws:SecureTransport": "true",
    }


def _told(queue: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"QueueArn": queue["queueArn"], "Events": queue["events"]}
    rules = [{"Name": name, "Value": queue[key]} for name, key in _FILTERS if queue.get(key)]
    return {**said, "Filter": {"Key": {"FilterRules": rules}}} if rules else said


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = pascal_case({name: value for name, value in rule.items() if name not in {"id", "filter"}})
    return {**said, "ID": rule["id"], "Filter": pascal_case(rule["filter"]) or {"Prefix": ""}}


def _plain(statement: Mapping[str, Any]) -> dict[str, Any]:
    # Where one may log into a bucket, the emulator looks for a resource that is no list.
    where = statement["Resource"]
    return {**statement, "Resource": where[0] if len(where) == 1 else where}


def _encrypted(rule: Mapping[str, Any]) -> dict[str, Any]:
    said = rule["applyServerSideEncryptionByDefault"]
    key = {"KMSMasterKeyID": said["kmsMasterKeyId"]} if "kmsMasterKeyId" in said else {}
    return {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": said["sseAlgorithm"], **key},
        "BucketKeyEnabled": rule.get("bucketKeyEnabled", False),
    }


def _bucket(declared: Declared) -> str:
    return str(declared.inputs["bucket"])


def pascal_case(value: Any) -> Any:
    """Names as AWS's calls have them, from Pulumi's: ``storageClass`` becomes ``StorageClass``."""
    if isinstance(value, Mapping):
        return {_pascal(name): pascal_case(inner) for name, inner in value.items() if inner is not None}
    return [pascal_case(inner) for inner in value] if isinstance(value, list) else value


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]
