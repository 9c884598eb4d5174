import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws
import pytest

from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.execution_role import ExecutionRole
from infra.components.log_bucket import LogBucket, LogBucketArgs, LogWriter
from infra.components.photo_store import PhotoStore, PhotoStoreArgs
from infra.rehearsal.plan import Plan, Resource
from tests.infra.small_programs import ACCOUNT, REGION, drawn, foreseen

HEADER: Final = "s3:x-amz-server-side-encryption"
AWAY: Final = "ap-southeast-2"


def a_store(
    name: str = "photos", *, region: str = REGION, log: LogBucket | None = None, expire_after_days: int | None = None
) -> PhotoStore:
    away = None if region == REGION else pulumi.ResourceOptions(provider=aws.Provider(region, region=region))
    key = DataKey(f"{name}-key", DataKeyArgs(account=ACCOUNT, region=region, protect=True), away)
    args = PhotoStoreArgs(
        key=key,
        archive_after_days=30,
        expire_after_days=expire_after_days,
        noncurrent_days=14,
        protect=True,
        log=log,
    )
    return PhotoStore(name, args, away)


def declare() -> None:
    reads = LogWriter(service="logging.s3.amazonaws.com", account=ACCOUNT, source_arn="arn:aws:s3:::*")
    log = LogBucket("logs", LogBucketArgs(writers=[reads], keep_days=30, protect=True))
    store = a_store(log=log)
    store.open_to(["https://www.shop.example"])
    store.allow_write(ExecutionRole("uploads"), "uploads")
    store.replicate_to(a_store("away", region=AWAY), account=ACCOUNT)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return drawn(declare)


def about(plan: Plan, kind: str, bucket: str = "photos") -> Resource:
    return plan.one(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}", bucket)


def arn(plan: Plan, bucket: str = "photos") -> str:
    return str(about(plan, "Bucket", bucket).attributes["arn"])


def key_arn(plan: Plan, bucket: str = "photos") -> str:
    return str(plan.one("aws:kms/key:Key", f"{bucket}-key").attributes["arn"])


def statements(resource: Resource) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(resource.inputs["policy"])["Statement"]
    return found


def test_nobody_can_make_it_public(plan: Plan) -> None:
    block = about(plan, "BucketPublicAccessBlock").inputs
    for what in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        assert block[what] is True
    assert about(plan, "BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert all(statement["Effect"] == "Deny" for statement in statements(about(plan, "BucketPolicy")))


def test_it_is_reached_over_tls_only(plan: Plan) -> None:
    denied = [s for s in statements(about(plan, "BucketPolicy")) if "Bool" in s["Condition"]]
    (insecure,) = denied
    assert insecure["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (insecure["Principal"], insecure["Action"]) == ("*", ["s3:*"])
    assert insecure["Resource"] == [arn(plan), f"{arn(plan)}/*"]


def test_it_is_encrypted_with_our_key_which_is_asked_for_seldom(plan: Plan) -> None:
    (rule,) = about(plan, "BucketServerSideEncryptionConfiguration").inputs["rules"]
    default = rule["applyServerSideEncryptionByDefault"]
    assert default == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key_arn(plan)}
    assert rule["bucketKeyEnabled"] is True


def refuses(plan: Plan, **headers: str) -> bool:
    """Whether an upload with these encryption headers is refused, as IAM reads Null and StringNotEquals."""
    said = {f"{HEADER}{name}": value for name, value in headers.items()}
    return any(
        all((key not in said) is (value == "true") for key, value in statement["Condition"].get("Null", {}).items())
        and all(said.get(key) != value for key, value in statement["Condition"].get("StringNotEquals", {}).items())
        for statement in statements(about(plan, "BucketPolicy"))
        if "s3:PutObject" in statement["Action"] and f"{arn(plan)}/*" in statement["Resource"]
    )


def test_uploads_with_another_key_are_refused(plan: Plan) -> None:
    kind, named, own = "", "-aws-kms-key-id", "-customer-algorithm"
    assert not refuses(plan), "the bucket's own key is the default"
    assert not refuses(plan, **{kind: "aws:kms", named: key_arn(plan)})
    assert refuses(plan, **{kind: "AES256"})
    assert refuses(plan, **{kind: "aws:kms", named: key_arn(plan, "away")})
    assert refuses(plan, **{own: "AES256"})


def test_every_version_stays_for_a_while(plan: Plan) -> None:
    assert about(plan, "BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    forget = rules(plan)["forget"]
    assert forget["filter"] == {}
    assert forget["noncurrentVersionExpiration"] == {"noncurrentDays": 14}
    assert forget["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    assert forget["expiration"] == {"expiredObjectDeleteMarker": True}


def rules(plan: Plan) -> dict[str, Mapping[str, Any]]:
    lifecycle = about(plan, "BucketLifecycleConfiguration").inputs
    assert lifecycle["transitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert {rule["status"] for rule in lifecycle["rules"]} == {"Enabled"}
    return {rule["id"]: rule for rule in lifecycle["rules"]}


def test_originals_are_archived_where_a_rebuild_still_reads_them_at_once(plan: Plan) -> None:
    archive = rules(plan)["archive-originals"]
    assert archive["filter"] == {"prefix": "uploads/"}
    assert archive["transitions"] == [{"days": 30, "storageClass": "GLACIER_IR"}]
    assert "expiration" not in archive


def test_originals_go_where_the_shop_says_so() -> None:
    plan = drawn(lambda: a_store(expire_after_days=365) and None)
    assert rules(plan)["archive-originals"]["expiration"] == {"days": 365}


@pytest.mark.parametrize("kind", ["prepared", "thumbnails"])
def test_what_is_seldom_read_costs_less(plan: Plan, kind: str) -> None:
    tier = rules(plan)[f"tier-{kind}"]
    assert tier["filter"] == {"prefix": f"{kind}/"}
    assert tier["transitions"] == [{"days": 30, "storageClass": "INTELLIGENT_TIERING"}]


def test_what_shoppers_asked_with_is_forgotten_after_a_day(plan: Plan) -> None:
    queries = rules(plan)["forget-queries"]
    assert queries["filter"] == {"tag": {"key": "purpose", "value": "query"}}
    assert queries["expiration"] == {"days": 1}
    assert queries["noncurrentVersionExpiration"] == {"noncurrentDays": 1}


def test_pages_of_the_shop_may_post_and_no_others(plan: Plan) -> None:
    (rule,) = about(plan, "BucketCorsConfiguration").inputs["corsRules"]
    assert (rule["allowedOrigins"], rule["allowedMethods"]) == (["https://www.shop.example"], ["POST"])
    assert rule["allowedHeaders"] == ["content-type"]
    assert plan.of("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration") == [about(plan, "BucketCorsConfiguration")]


def test_who_read_what_is_written_down(plan: Plan) -> None:
    logging = about(plan, "BucketLogging")
    assert logging.inputs["targetBucket"] == about(plan, "Bucket", "logs").attributes["bucket"]
    assert logging.inputs["targetPrefix"] == "photos/"
    assert about(plan, "BucketPolicy", "logs") in plan.before(logging.declared, "aws:s3/bucketPolicy:BucketPolicy")


def test_it_refuses_to_be_deleted(plan: Plan) -> None:
    assert about(plan, "Bucket").declared.protect is True
    assert about(plan, "Bucket").inputs["forceDestroy"] is False
    assert plan.one("aws:kms/key:Key", "photos-key").declared.protect is True


def test_everything_is_copied_away_encrypted_with_the_key_of_there(plan: Plan) -> None:
    copying = about(plan, "BucketReplicationConfig")
    (rule,) = copying.inputs["rules"]
    assert copying.inputs["bucket"] == about(plan, "Bucket").id
    assert (rule["status"], rule["filter"], rule["deleteMarkerReplication"]) == (
        "Enabled",
        {"prefix": ""},
        {"status": "Enabled"},
    )
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
    assert rule["destination"] == {
        "bucket": arn(plan, "away"),
        "encryptionConfiguration": {"replicaKmsKeyId": key_arn(plan, "away")},
    }
    versioned = plan.before(copying.declared, "aws:s3/bucketVersioning:BucketVersioning")
    assert {versioning.name for versioning in versioned} == {"photos", "away"}


def test_who_copies_may_read_here_and_write_there_and_nothing_else(plan: Plan) -> None:
    role = plan.one("aws:iam/role:Role", "photos-copies")
    assert about(plan, "BucketReplicationConfig").inputs["role"] == role.attributes["arn"]
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "s3.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    may = {
        action: (statement["Resource"], statement.get("Condition"))
        for statement in statements(plan.one("aws:iam/rolePolicy:RolePolicy", "photos-copies"))
        for action in statement["Action"]
    }
    here, there = arn(plan), arn(plan, "away")
    assert {action: where for action, (where, _) in may.items()} == {
        "s3:GetReplicationConfiguration": [here],
        "s3:ListBucket": [here],
        "s3:GetObjectVersionAcl": [f"{here}/*"],
        "s3:GetObjectVersionForReplication": [f"{here}/*"],
        "s3:GetObjectVersionTagging": [f"{here}/*"],
        "s3:ReplicateDelete": [f"{there}/*"],
        "s3:ReplicateObject": [f"{there}/*"],
        "s3:ReplicateTags": [f"{there}/*"],
        "kms:Decrypt": [key_arn(plan)],
        "kms:Encrypt": [key_arn(plan, "away")],
    }
    assert may["kms:Decrypt"][1] == {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    assert may["kms:Encrypt"][1] == {"StringEquals": {"kms:ViaService": f"s3.{AWAY}.amazonaws.com"}}


def test_a_key_is_turned_every_year_and_can_be_saved_for_a_month(plan: Plan) -> None:
    for key in plan.of("aws:kms/key:Key"):
        assert key.inputs["enableKeyRotation"] is True
        assert key.inputs["deletionWindowInDays"] == 30


def test_the_first_preview_shows_the_same_resources(plan: Plan) -> None:
    assert set(foreseen(declare).resources) == set(plan.resources)
