"""TensorRT's engines are built ahead, once, by a job for each type of GPU, that may do nothing beside."""

import json
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from inference.compile.tensorrt import Batches, Gpu, Precision, Recipe
from inference.serving.parse import parse_pbtxt
from inference.serving.spec import Backend
from infra.components.model_store import shipped_model
from infra.components.triton.images import TRITON
from infra.config import NodeGroupConfig
from infra.judges.manifests import manifests
from infra.judges.parliament import lint, policies
from infra.rehearsal.plan import Plan
from infra.rehearsal.policy import allows
from tests.infra.engine_programs import SOURCE, TWO_GPUS, drawn, foreseen
from tests.infra.triton_pods import DEPLOYMENT, pod

JOB = "kubernetes:batch/v1:Job"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
GRAPH = "graphs/0123456789ab.onnx"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return drawn()


def job(plan: Plan, name: str = "engines-l4") -> Any:
    return plan.one(JOB, name).inputs


def steps(plan: Plan, name: str = "engines-l4") -> tuple[Any, Any, Any]:
    spec = job(plan, name)["spec"]["template"]["spec"]
    (fetch, build), (upload,) = spec["initContainers"], spec["containers"]
    return fetch, build, upload


def engine(plan: Plan, name: str = "engines-l4") -> str:
    """The key that a job leaves its engine under."""
    return str(steps(plan, name)[2]["command"][-1])


def folder(plan: Plan) -> str:
    """Where Triton's pods take their repository from, in the bucket."""
    (fetch,) = pod(plan)["initContainers"]
    *_, source, _ = fetch["args"]
    return str(source).split("/", 3)[3]


def test_a_preview_shows_every_object(plan: Plan) -> None:
    made = {(r.type, r.name) for r in plan.resources.values()}
    assert {(r.type, r.name) for r in foreseen().resources.values()} == made


def test_a_job_follows_the_recipe_by_tritons_own_image(plan: Plan) -> None:
    _, build, _ = steps(plan)
    recipe = Recipe(Gpu.L4, Precision.FP16, 224, Batches(1, 8, 32), workspace_mib=1024)
    said = recipe.container(Path("/scratch/graph.onnx"), Path("/scratch/engine.plan"), "/usr/src/tensorrt/bin/trtexec")
    assert build["command"][3:] == [*said["command"], *said["args"]]
    assert build["resources"]["limits"].items() >= said["resources"]["limits"].items()
    (server,) = pod(plan)["containers"]
    assert build["image"] == server["image"] == TRITON


def test_an_engines_key_says_model_image_and_gpu(plan: Plan) -> None:
    image = TRITON.rpartition(":")[2][:12]
    made_from = r"[0-9a-f]{12}"
    expected = f"engines/{shipped_model(gpu=True).revision}/{image}/{made_from}/embedder/1/L4\\.plan"
    assert re.fullmatch(expected, engine(plan))
    assert engine(plan).startswith(f"{folder(plan)}/")


def test_whatever_an_engine_is_made_from_gives_it_another_key(plan: Plan) -> None:
    same = drawn()
    others = [
        drawn(best_batch=16),
        drawn(workspace_mib=2048),
        drawn(image=f"example.org/triton@sha256:{'1' * 64}"),
        drawn(TWO_GPUS),
    ]
    assert engine(same) == engine(plan)
    assert len({folder(each) for each in (plan, *others)}) == 5


def test_what_is_needed_is_there_before_a_job_starts(plan: Plan) -> None:
    declared = plan.one(JOB, "engines-l4").declared
    keys = {each.inputs["key"] for each in plan.before(declared, OBJECT)}
    assert keys == {GRAPH, f"{folder(plan)}/embedder/config.pbtxt"}
    for kind, name in (
        ("aws:iam/rolePolicy:RolePolicy", "engines-builds-engines"),
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "engines"),
        ("kubernetes:core/v1:ServiceAccount", "engines"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "engines"),
    ):
        assert name in {each.name for each in plan.before(declared, kind)}, kind


def test_servers_start_when_engines_are_there_and_fetch_nothing_else(plan: Plan) -> None:
    assert [each.name for each in plan.before(plan.one(DEPLOYMENT, "triton").declared, JOB)] == ["engines-l4"]
    bucket = plan.one("aws:s3/bucket:Bucket", "models").attributes["bucket"]
    (fetch,) = pod(plan)["initContainers"]
    assert fetch["args"][-2:] == [f"s3://{bucket}/{folder(plan)}", "/models"]


def test_triton_serves_engines_as_it_would_the_graph(plan: Plan) -> None:
    (config,) = [each.inputs for each in plan.of(OBJECT) if each.inputs["key"].startswith("engines/")]
    spec = parse_pbtxt(config["source"]["text"] if isinstance(config["source"], dict) else config["source"].text)
    assert (spec.backend, spec.batching.preferred_sizes) == (Backend.TENSORRT, (8,))
    assert spec.plans == {"8.9": "L4.plan"}
    assert (spec.parameters, spec.batching.queue) == (SOURCE.served.parameters, SOURCE.served.batching.queue)


def test_each_type_of_gpu_has_its_job_on_its_nodes() -> None:
    plan = drawn(TWO_GPUS)
    for name, gpu, pools in (("engines-l4", "L4", ["baseline"]), ("engines-a10g", "A10G", ["burst"])):
        affinity = job(plan, name)["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
        (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        assert term["matchExpressions"] == [{"key": "lookalike/pool", "operator": "In", "values": pools}]
        assert engine(plan, name) == f"{folder(plan)}/embedder/1/{gpu}.plan"
    assert len(plan.of(JOB)) == 2


@pytest.mark.parametrize(
    ("types", "sentence"),
    [
        (("g6.xlarge", "g5.xlarge"), "burst has GPUs of several types (A10G, L4)"),
        (("g6f.large",), "no engine is built for the GPUs of g6f (burst)"),
        (("g6e.xlarge",), "Triton cannot tell L4 and L40S apart"),
    ],
    ids=["mixed", "unknown", "alike"],
)
def test_gpus_that_no_engine_can_be_built_for_are_refused(types: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        drawn({"burst": NodeGroupConfig(instance_types=types, least=0, most=2)})


def test_a_batch_beyond_the_models_is_refused() -> None:
    with pytest.raises(ValueError, match="batches must be in order"):
        drawn(best_batch=SOURCE.served.max_batch_size + 1)


def test_a_job_ends_and_is_forgotten(plan: Plan) -> None:
    spec = job(plan)["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (2, 2700, 86_400)
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert job(plan)["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}


def test_jobs_read_one_graph_write_below_one_prefix_and_may_do_nothing_else(plan: Plan) -> None:
    role = plan.one("aws:iam/role:Role", "engines").attributes["name"]
    grants = plan.of("aws:iam/rolePolicy:RolePolicy")
    documents = [json.loads(grant.inputs["policy"]) for grant in grants if grant.inputs["role"] == role]
    bucket = plan.one("aws:s3/bucket:Bucket", "models").attributes["arn"]
    revision = shipped_model(gpu=True).revision

    def may(action: str, key: str, **context: str) -> bool:
        return allows(documents, action, f"{bucket}/{key}" if key else bucket, context=context)

    assert may("s3:GetObject", GRAPH)
    assert may("s3:PutObject", engine(plan))
    assert allows(documents, "s3:ListBucket", bucket, context={"s3:prefix": engine(plan)})
    assert not allows(documents, "s3:ListBucket", bucket, context={"s3:prefix": revision})
    assert not allows(documents, "s3:ListBucket", bucket)
    for key in (f"{revision}/embedder/1/model.onnx", engine(plan)):
        assert not may("s3:GetObject", key)
    for key in (f"{revision}/embedder/1/model.onnx", GRAPH, "engines/0123456789ab/x/y/embedder/1/L4.plan"):
        assert not may("s3:PutObject", key)
    actions = {action for document in documents for said in document["Statement"] for action in said["Action"]}
    assert actions == {"s3:GetObject", "s3:PutObject", "s3:ListBucket", "kms:Decrypt", "kms:GenerateDataKey"}
    (association,) = [
        a.inputs for a in plan.of("aws:eks/podIdentityAssociation:PodIdentityAssociation") if a.name == "engines"
    ]
    there = (association["namespace"], association["serviceAccount"])
    assert there == (job(plan)["metadata"]["namespace"], job(plan)["spec"]["template"]["spec"]["serviceAccountName"])


def test_jobs_are_in_a_room_that_nobody_reaches(plan: Plan) -> None:
    shut = plan.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "engines").inputs["spec"]
    assert (shut["podSelector"], shut["policyTypes"]) == ({}, ["Ingress", "Egress"])
    assert "ingress" not in shut
    assert {port["port"] for rule in shut["egress"] for port in rule["ports"]} == {53, 80, 443}


def test_every_object_is_what_kubernetes_takes(plan: Plan) -> None:
    mine = [m for m in manifests(plan) if "engines" in (m["metadata"].get("namespace"), m["metadata"]["name"])]
    assert {manifest["kind"] for manifest in mine} == {"Job", "Namespace", "NetworkPolicy", "ServiceAccount"}
    for manifest in mine:
        assert kubernetes_validate.validate(manifest, "1.36", strict=True) == "1.36"


def test_its_permissions_are_sound(plan: Plan) -> None:
    mine = {name: document for name, document in policies(plan).items() if "engines" in name}
    assert len(mine) >= 2
    assert [remark for remark in lint(mine) if remark.is_grave] == []
