"""Small programs around the cluster and what runs in it, with every attribute known or none."""

from dataclasses import replace
from typing import Any, Final

import pulumi

from infra.components.alarms import Alarms
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.gpu_cluster import GpuCluster, GpuClusterArgs
from infra.components.model_store import ModelStore, ModelStoreArgs, shipped_model
from infra.components.network import Network, NetworkArgs
from infra.components.triton.scaling import Scaling
from infra.components.triton.telemetry import TelemetryArgs
from infra.components.triton_service import TritonService, TritonServiceArgs
from infra.components.work_queue import WorkQueue, WorkQueueArgs
from infra.config import NodeGroupConfig
from infra.rehearsal.plan import Plan
from infra.rehearsal.preview import preview
from infra.rehearsal.sketch import sketch

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-west-1"
CLIENTS: Final = ("10.20.0.0/18", "10.20.64.0/18")
_CONFIG: Final = {"aws:region": REGION}
_GPU: Final = NodeGroupConfig(instance_types=("g6.xlarge",), least=2, most=4)
_BURST: Final = NodeGroupConfig(instance_types=("g6.xlarge",), least=0, most=8)
_SPOT: Final = NodeGroupConfig(instance_types=("g6.xlarge", "g5.xlarge"), least=0, most=8)
_CPU: Final = NodeGroupConfig(instance_types=("m7i-flex.large",), least=1, most=1, disk_gb=50)


def a_key() -> DataKey:
    return DataKey("data", DataKeyArgs(account=ACCOUNT, region=REGION, protect=False))


def a_network(key: DataKey) -> Network:
    args = NetworkArgs(
        cidr="10.20.0.0/16", zones=3, nat=True, key=key, flow_log_retention_days=30, interface_endpoints=("sqs",)
    )
    return Network("net", args)


def cluster_args(network: Network, key: DataKey, **changes: Any) -> GpuClusterArgs:
    args = GpuClusterArgs(
        network=network,
        key=key,
        gpu=True,
        baseline=_GPU,
        burst=_BURST,
        batch=_SPOT,
        log_retention_days=90,
        kubernetes_version="1.36",
        tags={"project": "lookalike", "stack": "small"},
    )
    return replace(args, **changes)


def small_args(network: Network, key: DataKey) -> GpuClusterArgs:
    return cluster_args(network, key, gpu=False, baseline=_CPU, burst=None, batch=None)


def a_cluster(**changes: Any) -> None:
    key = a_key()
    GpuCluster("gpu", cluster_args(a_network(key), key, **changes))


def a_service(*, gpu: bool = True, revision: str | None = None, scaling: Scaling | None = None, **changes: Any) -> None:
    key = a_key()
    network = a_network(key)
    cluster = GpuCluster("gpu", cluster_args(network, key) if gpu else small_args(network, key))
    queue_args = WorkQueueArgs(
        account=ACCOUNT,
        key=key,
        visibility_s=720,
        max_receives=5,
        age_alarm_s=600,
        alarms=Alarms(),
        protect=False,
    )
    stored = ModelStoreArgs(repository=shipped_model(gpu=gpu), key=key, protect=True, revision=revision)
    args = TritonServiceArgs(
        cluster=cluster,
        network=network,
        models=ModelStore("models", stored),
        queue=WorkQueue("to-embed", queue_args),
        scaling=scaling or (Scaling(least=2, most=8, rate=400) if gpu else Scaling(least=1, most=1, rate=100)),
        clients=CLIENTS,
        protect=True,
        telemetry=TelemetryArgs(key=key, retention_days=90),
    )
    service = TritonService("triton", replace(args, **changes))
    service.admit(network.security_group("search", "The search function"))
    pulumi.export("endpoint", service.endpoint)


def of_cluster(**changes: Any) -> Plan:
    return sketch(_CONFIG, stack="small", program=lambda: a_cluster(**changes))


def of_service(**changes: Any) -> Plan:
    return sketch(_CONFIG, stack="small", program=lambda: a_service(**changes))


def previewed_service(**changes: Any) -> Plan:
    return preview(_CONFIG, stack="small", program=lambda: a_service(**changes))
