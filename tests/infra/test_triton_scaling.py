"""There are as many servers as needed, soon enough, and what they say of themselves reaches who asks."""

import json

import pytest

from inference.serving.parse import parse_pbtxt
from infra.components.model_store import shipped_model
from infra.components.triton.names import METRICS
from infra.components.triton.scaling import Scaling
from infra.rehearsal.plan import Plan
from tests.infra.cluster_programs import REGION, of_service
from tests.infra.triton_pods import DEPLOYMENT, GRANT, SCALED, granted, scaled, server

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SERVICE = "kubernetes:core/v1:Service"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return of_service()


def test_the_autoscaler_measures_one_queue_and_nothing_else(plan: Plan) -> None:
    (measure,) = granted(plan, "triton-keda")
    queue = plan.one("aws:sqs/queue:Queue", "to-embed").attributes["arn"]
    assert (measure["Action"], measure["Resource"]) == (["sqs:GetQueueAttributes"], [queue])
    assert plan.one("kubernetes:helm.sh/v3:Release", "triton-keda").inputs["values"]["watchNamespace"] == "triton"


def test_it_grows_by_what_waits_in_triton_and_in_the_queue(plan: Plan) -> None:
    waiting, queued = scaled(plan)["triggers"]
    assert waiting["metadata"]["valueLocation"] == 'nv_inference_pending_request_count{model="embedder"}'
    assert (waiting["metadata"]["aggregationType"], waiting["metricType"]) == ("sum", "AverageValue")
    gauge = plan.one(SERVICE, "triton-metrics").inputs
    host = f"{gauge['metadata']['name']}.{gauge['metadata']['namespace']}.svc.cluster.local"
    assert waiting["metadata"]["url"] == f"http://{host}:{METRICS}/metrics"
    assert gauge["spec"]["clusterIP"] == "None"
    assert queued["metadata"]["queueURL"] == plan.one("aws:sqs/queue:Queue", "to-embed").attributes["url"]
    # At 400 photos a second: 80 ms in Triton, a minute in the queue.
    assert (waiting["metadata"]["targetValue"], queued["metadata"]["queueLength"]) == ("32", "24000")


def test_the_model_that_is_measured_is_all_that_a_cloud_serves(plan: Plan) -> None:
    waiting, _ = scaled(plan)["triggers"]
    for gpu in (True, False):
        (config,) = [file for name, file in shipped_model(gpu=gpu).files.items() if name.endswith("config.pbtxt")]
        spec = parse_pbtxt(config.read_text(encoding="utf-8"))
        assert f'{{model="{spec.name}"}}' in waiting["metadata"]["valueLocation"]
        assert "bulk_model" not in spec.parameters  # what it takes would wait unseen


def test_a_flash_sale_is_answered_in_seconds_and_left_in_minutes(plan: Plan) -> None:
    said = scaled(plan)
    assert (said["pollingInterval"], said["cooldownPeriod"]) == (5, 120)
    behaviour = said["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behaviour["scaleUp"]["stabilizationWindowSeconds"] == 0
    doubling = [p for p in behaviour["scaleUp"]["policies"] if p["type"] == "Percent"]
    assert doubling == [{"type": "Percent", "value": 100, "periodSeconds": 15}]
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] >= 300
    assert behaviour["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


def test_when_metrics_fail_there_are_enough(plan: Plan) -> None:
    said = scaled(plan)
    assert said["fallback"] == {"failureThreshold": 3, "replicas": 4, "behavior": "currentReplicasIfHigher"}
    # KEDA falls back only on averages: https://keda.sh/docs/2.20/reference/scaledobject-spec/#fallback
    assert {trigger["metricType"] for trigger in said["triggers"]} == {"AverageValue"}


def test_a_service_that_may_sleep_is_woken_by_its_queue() -> None:
    plan = of_service(scaling=Scaling(least=0, most=4, rate=400))
    assert [trigger["type"] for trigger in scaled(plan)["triggers"]] == ["aws-sqs-queue"]


def test_a_fixed_number_of_servers_needs_nobody_to_scale_it() -> None:
    kept = of_service(scaling=Scaling(least=2, most=2, rate=400))
    assert kept.of(SCALED) == []
    assert not [r for r in kept.resources.values() if r.name == "triton-keda"]
    assert kept.one(DEPLOYMENT, "triton").inputs["spec"]["replicas"] == 2


def test_what_scales_waits_for_who_scales(plan: Plan) -> None:
    (found,) = plan.of(SCALED)
    waited = {r.name for kind in ("kubernetes:helm.sh/v3:Release", GRANT) for r in plan.before(found.declared, kind)}
    assert waited >= {"triton-keda", "triton-keda-measures-to-embed"}


def test_what_servers_say_of_themselves_reaches_cloudwatch_and_nothing_else_is_allowed(plan: Plan) -> None:
    (container,) = plan.one(DEPLOYMENT, "triton-telemetry").inputs["spec"]["template"]["spec"]["containers"]
    config = json.loads({variable["name"]: variable["value"] for variable in container["env"]}["AOT_CONFIG_CONTENT"])
    (scraped,) = config["receivers"]["prometheus"]["config"]["scrape_configs"]
    (everyone,) = scraped["dns_sd_configs"]
    assert (everyone["names"], everyone["port"]) == (["triton-metrics.triton.svc.cluster.local"], METRICS)
    (kept,) = scraped["metric_relabel_configs"]
    assert {"nv_gpu_utilization", "nv_inference_queue_duration_us"} <= set(kept["regex"].split("|"))
    log = plan.one("aws:cloudwatch/logGroup:LogGroup", "triton-telemetry")
    written = config["exporters"]["awsemf"]
    assert (written["log_group_name"], written["region"]) == (log.attributes["name"], REGION)
    assert (log.inputs["retentionInDays"], bool(log.inputs["kmsKeyId"])) == (90, True)
    (tells,) = granted(plan, "triton-telemetry")
    assert tells["Resource"] == [f"{log.attributes['arn']}:*"]
    assert all(action.startswith("logs:") for action in tells["Action"])


def test_an_operators_monitor_is_there_where_one_is_run(plan: Plan) -> None:
    kind = "kubernetes:monitoring.coreos.com/v1:PodMonitor"
    assert plan.of(kind) == []
    watched = of_service(pod_monitor=True, watchers=("monitoring",))
    (monitor,) = watched.of(kind)
    (endpoint,) = monitor.inputs["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in server(watched)["ports"]}
    policy = watched.one(POLICY, "triton-triton").inputs["spec"]["ingress"][1]
    _, *others = policy["from"]
    spaces = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in others]
    assert spaces == ["keda", "monitoring"]
