"""The pod that builds one of TensorRT's engines: fetches the graph where there is no engine yet, builds, uploads.

The engine is one object of S3, which is there as a whole or not at all; whatever ends the pod before leaves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes

from inference.compile.tensorrt import Recipe
from infra.components.node_group import GPU, POOL
from infra.components.triton import images
from infra.components.triton.confinement import SCRATCH, confined, empty, nobody

ACCOUNT: Final = "engine-build"
_WORK: Final = "/scratch"
_GRAPH, _ENGINE = Path(_WORK, "graph.onnx"), Path(_WORK, "engine.plan")
_TRTEXEC: Final = "/usr/src/tensorrt/bin/trtexec"
"""Where Triton's image has it: beside the TensorRT that will run what it builds, which must be the same version."""

FETCH: Final = """\
found=$(aws s3api list-objects-v2 --no-paginate --max-keys 1 --bucket "$1" --prefix "$3" --query KeyCount --output text)
if [ "$found" = 0 ]; then exec aws s3 cp --only-show-errors "s3://$1/$2" "$4"; fi
echo "s3://$1/$3 is there already"
"""
"""Arguments: bucket, the graph's key, the engine's key, where to put the graph."""
BUILD: Final = f'if [ -e {_GRAPH} ]; then exec "$0" "$@"; fi'
UPLOAD: Final = f'if [ -e {_GRAPH} ]; then exec aws s3 cp --only-show-errors {_ENGINE} "s3://$1/$2"; fi'
"""Arguments: bucket, the engine's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePodArgs:
    """`image` follows `recipe` on a node of `pools`, from the object `graph` in `bucket` to the object `engine`."""

    recipe: Recipe
    image: str
    pools: tuple[str, ...]
    bucket: pulumi.Input[str]
    graph: str
    engine: str
    region: pulumi.Input[str]


def engine_pod(args: EnginePodArgs) -> kubernetes.core.v1.PodSpecArgsDict:
    """A pod that ends well when the engine is in the bucket, whoever built it."""
    fetched: list[pulumi.Input[str]] = [args.bucket, args.graph, args.engine, str(_GRAPH)]
    return {
        "restart_policy": "Never",
        "service_account_name": ACCOUNT,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "init_containers": [_aws("fetch-graph", FETCH, fetched, args), _build(args)],
        "containers": [_aws("upload-engine", UPLOAD, [args.bucket, args.engine], args)],
        "volumes": [empty("work", "1Gi"), empty("scratch", "2Gi")],
        "security_context": nobody(),
        "affinity": {"node_affinity": _where(args.pools)},
        "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
    }


def _build(args: EnginePodArgs) -> kubernetes.core.v1.ContainerArgsDict:
    said = args.recipe.container(_GRAPH, _ENGINE, _TRTEXEC)
    gpus = said["resources"]["limits"]
    # As a server has, whose place on its node this takes for some minutes.
    resources: kubernetes.core.v1.ResourceRequirementsArgsDict = {
        "requests": {"cpu": "2", "memory": "8Gi", "ephemeral-storage": "3Gi", **gpus},
        "limits": {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "5Gi", **gpus},
    }
    command = ["sh", "-euc", BUILD, *said["command"], *said["args"]]
    return _container("build-engine", args.image, command, args.region, resources)


def _aws(
    name: str, script: str, arguments: Sequence[pulumi.Input[str]], args: EnginePodArgs
) -> kubernetes.core.v1.ContainerArgsDict:
    resources: kubernetes.core.v1.ResourceRequirementsArgsDict = {
        "requests": {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "1Gi"},
        "limits": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "3Gi"},
    }
    return _container(name, images.FETCH, ["sh", "-euc", script, name, *arguments], args.region, resources)


def _container(
    name: str,
    image: str,
    command: Sequence[pulumi.Input[str]],
    region: pulumi.Input[str],
    resources: kubernetes.core.v1.ResourceRequirementsArgsDict,
) -> kubernetes.core.v1.ContainerArgsDict:
    return {
        "name": name,
        "image": image,
        "command": list(command),
        "env": [{"name": "AWS_REGION", "value": region}, {"name": "HOME", "value": SCRATCH}],
        "volume_mounts": [{"name": "work", "mount_path": _WORK}, {"name": "scratch", "mount_path": SCRATCH}],
        "security_context": confined(),
        "resources": resources,
    }


def _where(pools: tuple[str, ...]) -> kubernetes.core.v1.NodeAffinityArgsDict:
    of_them: kubernetes.core.v1.NodeSelectorRequirementArgsDict = {"key": POOL, "operator": "In", "values": list(pools)}
    terms: list[kubernetes.core.v1.NodeSelectorTermArgsDict] = [{"match_expressions": [of_them]}]
    return {"required_during_scheduling_ignored_during_execution": {"node_selector_terms": terms}}
