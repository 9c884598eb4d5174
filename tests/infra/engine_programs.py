"""Triton behind engines that are built in its cluster, by a graph as small as can be."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pulumi

from inference.compile.tensorrt import Precision
from inference.serving.parse import parse_pbtxt
from infra.components.engine_build import EngineBuild, EngineBuildArgs, EngineSource
from infra.components.gpu_cluster import GpuCluster
from infra.components.model_store import ModelStore, ModelStoreArgs, shipped_model
from infra.components.triton.images import TRITON
from infra.components.triton.scaling import Scaling
from infra.components.triton_service import TritonService, TritonServiceArgs
from infra.config import NodeGroupConfig
from infra.rehearsal.plan import Plan
from tests.infra import small_programs
from tests.infra.cluster_programs import CLIENTS, a_key, a_network, cluster_args

SERVED: Final = parse_pbtxt(shipped_model(gpu=True).files["embedder/config.pbtxt"].read_text(encoding="utf-8"))
SOURCE: Final = EngineSource(graph=Path(__file__), digest="0123456789abcdef", precision=Precision.FP16, served=SERVED)
TWO_GPUS: Final = {"burst": NodeGroupConfig(instance_types=("g5.xlarge", "g5.2xlarge"), least=0, most=8)}


def _program(cluster_changes: Mapping[str, Any], **changes: Any) -> None:
    key = a_key()
    network = a_network(key)
    cluster = GpuCluster("gpu", cluster_args(network, key, **cluster_changes))
    models = ModelStore("models", ModelStoreArgs(repository=shipped_model(gpu=True), key=key, protect=True))
    args = EngineBuildArgs(
        cluster=cluster, models=models, source=SOURCE, image=TRITON, best_batch=8, workspace_mib=1024
    )
    engines = EngineBuild("engines", replace(args, **changes))
    scaling = Scaling(least=2, most=2, rate=400)
    service = TritonServiceArgs(
        cluster=cluster,
        network=network,
        models=models,
        engines=engines,
        queue=None,
        scaling=scaling,
        clients=CLIENTS,
        protect=True,
    )
    pulumi.export("endpoint", TritonService("triton", service).endpoint)


def drawn(cluster_changes: Mapping[str, Any] | None = None, **changes: Any) -> Plan:
    """What it comes to with every attribute known; `changes` are of `EngineBuildArgs`."""
    return small_programs.drawn(lambda: _program(cluster_changes or {}, **changes))


def foreseen() -> Plan:
    """The same before anything exists."""
    return small_programs.foreseen(lambda: _program({}))
