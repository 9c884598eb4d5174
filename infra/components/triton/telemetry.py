from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from infra.components.data_key import DataKey
from infra.components.gpu_cluster import GpuCluster
from infra.components.statement import Statement
from infra.components.triton import images
from infra.components.triton.names import GAUGE, MEASURED_AS, METRICS, NAME, TELEMETRY, TELEMETRY_LABELS

MEASURED: Final = (
    "nv_gpu_utilization",
    "nv_gpu_memory_used_bytes",
    "nv_inference_pending_request_count",
    "nv_inference_queue_duration_us",
    "nv_inference_request_success",
    "nv_inference_count",
    "nv_inference_exec_count",
)
"""How busy GPUs are, how many photos wait and how long, and how many make a batch (count over exec_count).
https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md"""
_EVERY: Final = "60s"
_UID: Final = (
    10_001  # nobody that a node knows; the program is one file, and whoever runs it needs nothing of its image
)
_HEALTH: Final = 13133


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryArgs:
    """What is written is encrypted with `key` and kept for `retention_days`; the metrics made of it stay 15 months."""

    key: DataKey
    retention_days: int


class Telemetry(pulumi.ComponentResource):
    """One small pod that reads every server's metrics once a minute and writes them to CloudWatch.

    CloudWatch's own agent would run on every node, and asks the node's metadata service, which answers no pod here.
    """

    def __init__(
        self,
        name: str,
        args: TelemetryArgs,
        cluster: GpuCluster,
        *,
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lookalike:components:Telemetry", name, None, opts)
        self._name, self._cluster = name, cluster
        child = pulumi.ResourceOptions(parent=self)
        log = aws.cloudwatch.LogGroup(name, retention_in_days=args.retention_days, kms_key_id=args.key.arn, opts=child)
        role = cluster.eks.role_for(name, namespace=NAME, account=TELEMETRY, parent=self)
        actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
        role.grant("tells", Statement(actions, (pulumi.Output.concat(log.arn, ":*"),)))
        self._run(_collector(log.name, cluster.eks.region), [*after, *role.grants])
        self.register_outputs({})

    def _run(self, config: pulumi.Output[str], after: list[pulumi.Resource]) -> None:
        opts = pulumi.ResourceOptions(parent=self, provider=self._cluster.provider, depends_on=after)
        meta: kubernetes.meta.v1.ObjectMetaArgsDict = {
            "name": TELEMETRY,
            "namespace": NAME,
            "labels": dict(TELEMETRY_LABELS),
        }
        kubernetes.core.v1.ServiceAccount(self._name, metadata=meta, automount_service_account_token=False, opts=opts)
        kubernetes.apps.v1.Deployment(
            self._name,
            metadata=meta,
            spec={
                "replicas": 1,
                "strategy": {"type": "Recreate"},  # two would count everything twice
                "selector": {"match_labels": dict(TELEMETRY_LABELS)},
                "template": {"metadata": {"labels": dict(TELEMETRY_LABELS)}, "spec": _pod(config)},
            },
            opts=opts,
        )


def _pod(config: pulumi.Output[str]) -> kubernetes.core.v1.PodSpecArgsDict:
    return {
        "service_account_name": TELEMETRY,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": _UID,
            "run_as_group": _UID,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": TELEMETRY,
                "image": images.COLLECT,
                "env": [{"name": "AOT_CONFIG_CONTENT", "value": config}],
                "ports": [{"name": "health", "container_port": _HEALTH}],
                "readiness_probe": {"http_get": {"path": "/", "port": "health"}},
                "liveness_probe": {"http_get": {"path": "/", "port": "health"}, "failure_threshold": 6},
                "resources": {
                    "requests": {"cpu": "50m", "memory": "128Mi"},
                    "limits": {"cpu": "500m", "memory": "256Mi"},
                },
                "security_context": {
                    "allow_privilege_escalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "read_only_root_filesystem": True,
                    "run_as_non_root": True,
                },
            }
        ],
    }


def _collector(log_group: pulumi.Output[str], region: pulumi.Output[str]) -> pulumi.Output[str]:
    """The collector's configuration, as JSON, which is YAML as well."""
    config: Mapping[str, Any] = {
        "extensions": {"health_check": {"endpoint": f"0.0.0.0:{_HEALTH}"}},
        "receivers": {"prometheus": {"config": {"scrape_configs": [_scraping()]}}},
        "processors": {"batch": {"timeout": _EVERY}},
        "exporters": {
            "awsemf": {
                "region": region,
                "namespace": MEASURED_AS,
                "log_group_name": log_group,
                "log_stream_name": NAME,
                "dimension_rollup_option": "NoDimensionRollup",
                "metric_declarations": [{"dimensions": [["service"]], "metric_name_selectors": ["^nv_"]}],
            }
        },
        "service": {
            "extensions": ["health_check"],
            "pipelines": {"metrics": {"receivers": ["prometheus"], "processors": ["batch"], "exporters": ["awsemf"]}},
        },
    }
    return pulumi.Output.json_dumps(config)


def _scraping() -> Mapping[str, Any]:
    # The service without an address of its own resolves to every pod's, so that nobody has to be asked who there is.
    everyone = {"names": [f"{GAUGE}.{NAME}.svc.cluster.local"], "type": "A", "port": METRICS}
    return {
        "job_name": NAME,
        "scrape_interval": _EVERY,
        "dns_sd_configs": [everyone],
        "relabel_configs": [{"target_label": "service", "replacement": NAME}],
        "metric_relabel_configs": [{"source_labels": ["__name__"], "regex": "|".join(MEASURED), "action": "keep"}],
    }
