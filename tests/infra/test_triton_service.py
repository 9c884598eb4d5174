"""Servers take work when they are warm, lose none when they go, and may do nothing beside."""

import re
from typing import Any

import pytest

from inference.serving.parse import parse_pbtxt
from inference.serving.spec import Backend, Device
from infra.components.model_store import shipped_model
from infra.components.triton import draining
from infra.components.triton.names import GRPC, METRICS, NODE_GRPC, NODE_HEALTH
from infra.policy.rules import pods
from infra.rehearsal.plan import Plan
from tests.infra.cluster_programs import ACCOUNT, CLIENTS, REGION, of_service, previewed_service
from tests.infra.triton_pods import DEPLOYMENT, SCALED, granted, pod, scaled, server

SERVICE = "kubernetes:core/v1:Service"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
TARGET = "aws:lb/targetGroup:TargetGroup"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
LIMIT_OF_SPOT_S = 120


@pytest.fixture(scope="module")
def plan() -> Plan:
    return of_service()


@pytest.fixture(scope="module")
def small() -> Plan:
    return of_service(gpu=False)


def argument(plan: Plan, name: str) -> str:
    (found,) = [given for given in server(plan)["args"] if given.startswith(f"--{name}=")]
    return str(found).partition("=")[2]


def test_a_preview_shows_every_object(plan: Plan) -> None:
    before = previewed_service()
    made = {(r.type, r.name) for r in plan.resources.values()}
    assert {(r.type, r.name) for r in before.resources.values()} == made
    assert {deployment.inputs["metadata"]["namespace"] for deployment in before.of(DEPLOYMENT)} == {"triton"}


def test_each_server_has_a_whole_gpu_on_a_node_that_is_kept_for_it(plan: Plan) -> None:
    assert server(plan)["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert pod(plan)["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    affinity = pod(plan)["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    # Not on spot: a search that a shopper waits for is not for machines that may be taken away.
    assert term["matchExpressions"] == [{"key": "lookalike/pool", "operator": "In", "values": ["baseline", "burst"]}]
    (preferred,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred["preference"]["matchExpressions"][0]["values"] == ["baseline"]


def test_there_are_two_at_least_in_as_many_zones_as_can_be(plan: Plan) -> None:
    assert plan.one(DEPLOYMENT, "triton").inputs["spec"]["replicas"] == 2
    assert scaled(plan)["minReplicaCount"] == 2
    spread = {each["topologyKey"]: each for each in pod(plan)["topologySpreadConstraints"]}
    assert spread["topology.kubernetes.io/zone"]["maxSkew"] == 1
    (budget,) = plan.of("kubernetes:policy/v1:PodDisruptionBudget")
    assert budget.inputs["spec"]["maxUnavailable"] == 1


def test_traffic_comes_when_the_model_is_loaded_and_warm(plan: Plan) -> None:
    said = server(plan)
    for probe in ("startupProbe", "readinessProbe"):
        assert said[probe]["httpGet"] == {"path": "/v2/health/ready", "port": "http"}
    assert said["livenessProbe"]["httpGet"]["path"] == "/v2/health/live"
    assert argument(plan, "strict-readiness") == "true"
    assert argument(plan, "exit-on-error") == "true"
    started = said["startupProbe"]
    assert started["periodSeconds"] * started["failureThreshold"] >= 120


def test_nobody_who_reaches_it_can_unload_the_model(plan: Plan) -> None:
    assert argument(plan, "model-control-mode") == "none"


def test_a_server_goes_when_nobody_sends_to_it_any_more(plan: Plan) -> None:
    sleep = server(plan)["lifecycle"]["preStop"]["sleep"]["seconds"]
    check = plan.one(TARGET, "triton").inputs["healthCheck"]
    noticed = check["interval"] * check["unhealthyThreshold"]
    connections = int(argument(plan, "grpc-max-connection-age")) / 1000
    assert sleep >= noticed + connections
    finishing = int(argument(plan, "exit-timeout-secs"))
    assert sleep + finishing < pod(plan)["terminationGracePeriodSeconds"] < LIMIT_OF_SPOT_S
    # What waited longest in the queue may still be answered.
    (spec,) = [parse_pbtxt(path.read_text()) for path in _configurations() if path.parts[-3] == "model_repo"]
    assert finishing * 1_000_000 >= spec.batching.queue.timeout_us
    assert int(argument(plan, "grpc-max-connection-age-grace")) * 1000 >= spec.batching.queue.timeout_us


def test_the_balancer_asks_nodes_for_pods_that_stay_and_spares_connections(plan: Plan) -> None:
    target = plan.one(TARGET, "triton").inputs
    assert (target["port"], target["targetType"], target["preserveClientIp"]) == (NODE_GRPC, "instance", "true")
    assert (target["healthCheck"]["port"], target["healthCheck"]["path"]) == (str(NODE_HEALTH), "/healthz")
    (state,) = target["targetHealthStates"]
    assert state == {
        "enableUnhealthyConnectionTermination": False,
        "unhealthyDrainingInterval": draining.GRACE_S,
    }
    service = plan.one(SERVICE, "triton").inputs["spec"]
    assert (service["externalTrafficPolicy"], service["healthCheckNodePort"]) == ("Local", NODE_HEALTH)
    assert service["ports"][0]["nodePort"] == NODE_GRPC
    assert service["loadBalancerClass"] == "lookalike/declared"  # so that no controller makes another


def test_the_model_has_one_name_inside_the_network(plan: Plan) -> None:
    balancer = plan.one("aws:lb/loadBalancer:LoadBalancer", "triton")
    assert (balancer.inputs["internal"], balancer.inputs["loadBalancerType"]) == (True, "network")
    assert plan.outputs["endpoint"] == f"{balancer.attributes['dnsName']}:{GRPC}"
    groups = {g.inputs["autoscalingGroupName"] for g in plan.of("aws:autoscaling/attachment:Attachment")}
    serving = [plan.one("aws:eks/nodeGroup:NodeGroup", f"gpu-{pool}") for pool in ("baseline", "burst")]
    assert groups == {g.attributes["resources"][0]["autoscalingGroups"][0]["name"] for g in serving}


def test_only_those_who_were_admitted_reach_the_balancer_and_it_alone_the_nodes(plan: Plan) -> None:
    ids = {group.id: group.name for group in plan.of(GROUP)}
    let_in = {
        (ids[r.inputs["referencedSecurityGroupId"]], ids[r.inputs["securityGroupId"]], r.inputs["fromPort"])
        for r in plan.of(INGRESS)
    }
    about = {rule for rule in let_in if rule[1] in ("triton-balancer", "gpu-nodes")}
    assert about == {
        ("search", "triton-balancer", GRPC),
        ("triton-balancer", "gpu-nodes", NODE_GRPC),
        ("triton-balancer", "gpu-nodes", NODE_HEALTH),
    }


def test_pods_let_in_functions_and_who_measures_them(plan: Plan) -> None:
    rules = {policy.inputs["metadata"]["name"]: policy.inputs["spec"] for policy in plan.of(POLICY)}
    assert rules["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    asking, watching = rules["triton"]["ingress"]
    assert [peer["ipBlock"]["cidr"] for peer in asking["from"]] == list(CLIENTS)
    assert [port["port"] for port in asking["ports"]] == [GRPC]
    telemetry, keda = watching["from"]
    assert telemetry["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "telemetry"
    assert keda["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "keda"}
    assert [port["port"] for port in watching["ports"]] == [METRICS]
    labels = plan.one(DEPLOYMENT, "triton").inputs["spec"]["template"]["metadata"]["labels"]
    assert rules["triton"]["podSelector"]["matchLabels"].items() <= labels.items()
    # DNS, Pod Identity's agent, S3.
    assert {port["port"] for rule in rules["triton"]["egress"] for port in rule["ports"]} == {53, 80, 443}


def test_pods_start_behind_their_policies(plan: Plan) -> None:
    deployment = plan.one(DEPLOYMENT, "triton")
    for each in (deployment, plan.one(DEPLOYMENT, "triton-telemetry")):
        before = {policy.name for policy in plan.before(each.declared, POLICY)}
        assert before == {"triton-nobody", "triton-telemetry", "triton-triton"}


def test_pods_keep_the_restricted_standard(plan: Plan, small: Plan) -> None:
    for each in (plan, small):
        (restricted, bounded, _) = pods.RULES
        for deployment in each.of(DEPLOYMENT):
            for rule in (restricted, bounded):
                assert list(rule.check(deployment.type, deployment.inputs)) == []  # type: ignore[call-arg, arg-type]
        spec = pod(each)
        assert spec["automountServiceAccountToken"] is False
        written = {volume["name"] for volume in spec["volumes"] if set(volume) == {"name", "emptyDir"}}
        assert written == {"models", "scratch", "shared"}
        mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in server(each)["volumeMounts"]}
        assert mounts == {"/models": True, "/tmp": False, "/dev/shm": False}  # noqa: S108 - inside the pod
    for space in plan.of("kubernetes:core/v1:Namespace"):
        assert space.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_images_are_named_by_digest(plan: Plan) -> None:
    (telemetry,) = plan.one(DEPLOYMENT, "triton-telemetry").inputs["spec"]["template"]["spec"]["containers"]
    for container in (*pod(plan)["initContainers"], *pod(plan)["containers"], telemetry):
        assert DIGEST.fullmatch(container["image"])
    for tag in plan.one("kubernetes:helm.sh/v3:Release", "triton-keda").inputs["values"]["image"].values():
        if isinstance(tag, dict):
            assert DIGEST.fullmatch(tag["tag"])


def test_an_image_of_the_shops_own_registry_is_taken() -> None:
    copy = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/tritonserver@sha256:{'0' * 64}"
    assert server(of_service(image=copy))["image"] == copy


def test_models_are_read_by_pod_identity_and_nothing_else_is_allowed(plan: Plan) -> None:
    (association,) = [a for a in plan.of("aws:eks/podIdentityAssociation:PodIdentityAssociation") if a.name == "triton"]
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("triton", "triton")
    assert pod(plan)["serviceAccountName"] == "triton"
    bucket = plan.one("aws:s3/bucket:Bucket", "models").attributes["arn"]
    allowed = {(action, r) for s in granted(plan, "triton") for action in s["Action"] for r in s["Resource"]}
    key = plan.one("aws:kms/key:Key", "data").attributes["arn"]
    assert allowed == {("s3:GetObject", f"{bucket}/*"), ("s3:ListBucket", bucket), ("kms:Decrypt", key)}


def test_on_processors_it_asks_for_no_gpu_and_scales_nothing(small: Plan) -> None:
    assert "nvidia.com/gpu" not in server(small)["resources"]["limits"]
    assert not pod(small).get("tolerations")
    assert small.of(SCALED) == []
    # One after the other: there is no room for a second one.
    assert small.one(DEPLOYMENT, "triton").inputs["spec"]["strategy"]["rollingUpdate"] == {
        "maxSurge": 0,
        "maxUnavailable": 1,
    }


def test_what_is_served_on_processors_needs_nothing_that_the_image_lacks() -> None:
    specs = {path.parts[-3]: parse_pbtxt(path.read_text()) for path in _configurations()}
    assert specs["model_repo_cloud_cpu"].backend is Backend.ONNX_RUNTIME
    assert {group.device for group in specs["model_repo_cloud_cpu"].instances} == {Device.CPU}
    assert {group.device for group in specs["model_repo"].instances} == {Device.GPU}


def _configurations() -> list[Any]:
    return [shipped_model(gpu=gpu).files["embedder/config.pbtxt"] for gpu in (True, False)]
