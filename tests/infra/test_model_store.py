"""Models are uploaded by their bytes, kept, and served by a name that says which bytes."""

import hashlib
import json
from pathlib import Path

import pytest

from infra.components.model_store import ModelRepository, shipped_model
from infra.rehearsal.plan import Plan
from lookalike.adapters.embedded.silent_onnxruntime import ort
from tests.infra.cluster_programs import of_service

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return of_service()


def precision(model: Path) -> str:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return str(session.get_modelmeta().custom_metadata_map.get("precision", "fp32"))


def fetched(plan: Plan) -> str:
    (container,) = plan.one(DEPLOYMENT, "triton").inputs["spec"]["template"]["spec"]["initContainers"]
    *_, source, target = container["args"]
    assert target == "/models"
    return str(source)


def test_the_whole_repository_is_uploaded_under_its_revision(plan: Plan) -> None:
    revision = shipped_model(gpu=True).revision
    keys = {each.inputs["key"] for each in plan.of(OBJECT)}
    assert keys == {f"{revision}/embedder/config.pbtxt", f"{revision}/embedder/1/model.onnx"}
    weights = next(each.inputs for each in plan.of(OBJECT) if each.inputs["key"].endswith("model.onnx"))
    shipped = Path(__file__).parents[2] / "model_repo" / "embedder" / "1" / "model.onnx"
    assert weights["sourceHash"] == hashlib.sha256(shipped.read_bytes()).hexdigest()


def test_servers_fetch_that_revision_and_wait_until_it_is_there(plan: Plan) -> None:
    bucket = plan.one("aws:s3/bucket:Bucket", "models").attributes["bucket"]
    assert fetched(plan) == f"s3://{bucket}/{shipped_model(gpu=True).revision}"
    assert len(list(plan.before(plan.one(DEPLOYMENT, "triton").declared, OBJECT))) == 2


def test_going_back_is_to_name_an_older_revision() -> None:
    plan = of_service(revision="0123456789ab")
    assert fetched(plan).endswith("/0123456789ab")
    # The model of this checkout stays where it is, for going forward again.
    assert {each.inputs["key"].partition("/")[0] for each in plan.of(OBJECT)} == {shipped_model(gpu=True).revision}


@pytest.mark.parametrize("revision", ["latest", "0123456789AB", "../other", "0123456789abc"])
def test_what_is_no_revision_is_refused(revision: str) -> None:
    with pytest.raises(ValueError, match="is 12 hexadecimal digits, not"):
        of_service(revision=revision)


def test_any_other_byte_or_path_is_another_revision(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"weights")
    (tmp_path / "b").write_bytes(b"weights.")
    one, other = tmp_path / "a", tmp_path / "b"
    revisions = {
        ModelRepository({"m/1/model.onnx": one}).revision,
        ModelRepository({"m/1/model.onnx": other}).revision,
        ModelRepository({"m/2/model.onnx": one}).revision,
        ModelRepository({"m/1/model.onnx": one, "m/config.pbtxt": one}).revision,
    }
    assert len(revisions) == 4
    assert all(len(revision) == 12 for revision in revisions)
    assert ModelRepository({"m/1/model.onnx": one}).revision in revisions


def test_gpus_are_served_fp16_and_processors_int8() -> None:
    gpu, cpu = (shipped_model(gpu=gpu).files["embedder/1/model.onnx"] for gpu in (True, False))
    assert [precision(model) for model in (gpu, cpu)] == ["fp16", "int8"]


def test_the_bucket_is_private_encrypted_kept_and_spoken_to_over_tls_only(plan: Plan) -> None:
    bucket = plan.one("aws:s3/bucket:Bucket", "models")
    key = plan.one("aws:kms/key:Key", "data").attributes["arn"]
    assert bucket.declared.protect
    assert bucket.inputs["forceDestroy"] is False
    block = plan.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "models").inputs
    assert {block[what] for what in block if what != "bucket"} == {True}
    (rule,) = plan.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "models"
    ).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    versions = plan.one("aws:s3/bucketVersioning:BucketVersioning", "models").inputs
    assert versions["versioningConfiguration"] == {"status": "Enabled"}
    (denied,) = json.loads(plan.one("aws:s3/bucketPolicy:BucketPolicy", "models").inputs["policy"])["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    for each in plan.of(OBJECT):
        assert (each.inputs["serverSideEncryption"], each.inputs["kmsKeyId"]) == ("aws:kms", key)
