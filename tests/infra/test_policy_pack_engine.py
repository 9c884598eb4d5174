"""The pack as Pulumi's engine runs it: a process that is spoken to in the engine's protocol."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
import yaml  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2 as proto
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

from infra.policy.rules import RULES

PACK: Final = Path(__file__).parents[2] / "infra" / "policy"
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a string that a preview does not know.
https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go"""
BUCKET: Final = "urn:pulumi:shop::lookalike::aws:s3/bucket:Bucket::photos"
BLOCKED: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@pytest.fixture(scope="module")
def engine() -> Iterator[AnalyzerStub]:
    # As pulumi-analyzer-policy-python does it: in the pack's folder, with the engine's address, which goes unused.
    command = [sys.executable, "-W", "ignore", "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    with subprocess.Popen(command, cwd=PACK, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                yield AnalyzerStub(channel)
        finally:
            process.terminate()


def written(inputs: Mapping[str, Any]) -> Struct:
    struct = Struct()
    struct.update(dict(inputs))
    return struct


def analysed(engine: AnalyzerStub, kind: str, **inputs: Any) -> dict[str, Any]:
    request = proto.AnalyzeRequest(type=kind, urn=f"urn:{kind}::it", name="it", properties=written(inputs))
    return {diagnostic.policyName: diagnostic for diagnostic in engine.Analyze(request).diagnostics}


def a_bucket() -> proto.AnalyzerResource:
    return proto.AnalyzerResource(urn=BUCKET, type="aws:s3/bucket:Bucket", name="photos", properties=written({}))


def its_block(*, acls: bool = True) -> proto.AnalyzerResource:
    inputs = {**dict.fromkeys(BLOCKED, True), "blockPublicAcls": acls, "bucket": UNKNOWN}
    kind = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    uses = {"bucket": proto.AnalyzerPropertyDependencies(urns=[BUCKET])}
    return proto.AnalyzerResource(
        urn=f"urn:{kind}::photos", type=kind, name="photos", properties=written(inputs), propertyDependencies=uses
    )


def found(engine: AnalyzerStub, *resources: proto.AnalyzerResource) -> list[str]:
    answer = engine.AnalyzeStack(proto.AnalyzeStackRequest(resources=resources))
    return [d.message.split(": ", 1)[1] for d in answer.diagnostics if d.policyName == "buckets-are-private"]


def test_the_engine_learns_of_every_rule(engine: AnalyzerStub) -> None:
    info = engine.GetAnalyzerInfo(proto.google_dot_protobuf_dot_empty__pb2.Empty())
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]
    assert {policy.enforcementLevel for policy in info.policies} == {proto.MANDATORY}


def test_what_breaks_a_rule_stops_the_deployment(engine: AnalyzerStub) -> None:
    found = analysed(engine, "aws:sqs/queue:Queue", tags={"project": "lookalike", "stack": "shop"})
    assert set(found) == {"stores-are-encrypted"}
    said = found["stores-are-encrypted"]
    assert said.enforcementLevel == proto.MANDATORY
    assert "kmsMasterKeyId is not set" in said.message


def test_what_a_preview_does_not_know_yet_is_not_held_against_it(engine: AnalyzerStub) -> None:
    tags = {"project": "lookalike", "stack": "shop"}
    assert analysed(engine, "aws:sqs/queue:Queue", tags=tags, kmsMasterKeyId=UNKNOWN) == {}
    assert analysed(engine, "aws:iam/rolePolicy:RolePolicy", policy=UNKNOWN) == {}


def test_an_unknown_value_hides_nothing_beside_it(engine: AnalyzerStub) -> None:
    found = analysed(
        engine,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        securityGroupId=UNKNOWN,
        cidrIpv4="0.0.0.0/0",
    )
    assert "no-ingress-from-the-internet" in found


def test_who_guards_whom_is_known_in_a_preview(engine: AnalyzerStub) -> None:
    assert found(engine, a_bucket(), its_block()) == ["has access lists; BucketOwnerEnforced ends them"]
    assert "has no public-access block" in found(engine, a_bucket())
    assert "blockPublicAcls is off" in found(engine, a_bucket(), its_block(acls=False))


def test_the_pack_runs_in_the_projects_own_environment() -> None:
    options = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())["runtime"]["options"]
    project = yaml.safe_load((PACK.parents[1] / "Pulumi.yaml").read_text())["runtime"]["options"]
    assert (PACK / options["virtualenv"]).resolve() == (PACK.parents[1] / project["virtualenv"]).resolve()
