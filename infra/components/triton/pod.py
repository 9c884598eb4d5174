from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes

from infra.components.node_group import GPU, POOL
from infra.components.triton import draining, images
from infra.components.triton.confinement import SCRATCH, confined, empty, nobody
from infra.components.triton.names import GRPC, HTTP, LABELS, METRICS, NAME

_MODELS, _SHARED = "/models", "/dev/shm"  # noqa: S108 - a volume of the pod's own
_STARTING_S: Final = 300
_CHECK_S: Final = 5
_ARGUMENTS: Final = (
    f"--model-repository={_MODELS}",
    # What is in the folder is loaded at the start, and nothing ever after: whoever reaches a port may ask the model,
    # and not load or unload one. A model that does not load ends the server, so that the pod is seen to fail.
    "--model-control-mode=none",
    "--exit-on-error=true",
    # Ready means that every model is loaded, and a model is not loaded before it is warm.
    "--strict-readiness=true",
    "--disable-auto-complete-config",
    f"--exit-timeout-secs={draining.REQUEST_S}",
    f"--grpc-max-connection-age={draining.CONNECTION_AGE_S * 1000}",
    f"--grpc-max-connection-age-grace={draining.REQUEST_S * 1000}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodArgs:
    """A server with the model at `model_uri` (``s3://...``), with a whole GPU or on processors.

    Its node is of one of `pools`, the first of which is preferred.
    """

    image: str
    model_uri: pulumi.Input[str]
    region: pulumi.Input[str]
    gpu: bool
    pools: tuple[str, ...]


def pod(args: PodArgs) -> kubernetes.core.v1.PodSpecArgsDict:
    """A pod that is ready when the model is warm, goes without losing a request, and may do nothing beside."""
    return {
        "service_account_name": NAME,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "init_containers": [_fetch(args)],
        "containers": [_serve(args)],
        "volumes": [
            empty("models", "1Gi"),
            empty("scratch", "2Gi"),
            empty("shared", "1Gi" if args.gpu else "128Mi", medium="Memory"),
        ],
        "security_context": nobody(),
        "termination_grace_period_seconds": draining.GRACE_S,
        "affinity": {"node_affinity": _where(args.pools)},
        "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}] if args.gpu else [],
        "topology_spread_constraints": [_spread("topology.kubernetes.io/zone"), _spread("kubernetes.io/hostname")],
    }


def _fetch(args: PodArgs) -> kubernetes.core.v1.ContainerArgsDict:
    return {
        "name": "fetch-model",
        "image": images.FETCH,
        "command": ["aws"],
        "args": ["s3", "cp", "--recursive", "--only-show-errors", args.model_uri, _MODELS],
        "env": [{"name": "AWS_REGION", "value": args.region}, {"name": "HOME", "value": SCRATCH}],
        "volume_mounts": [{"name": "models", "mount_path": _MODELS}, {"name": "scratch", "mount_path": SCRATCH}],
        "security_context": confined(),
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "1Gi"},
            "limits": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "3Gi"},
        },
    }


def _serve(args: PodArgs) -> kubernetes.core.v1.ContainerArgsDict:
    return {
        "name": NAME,
        "image": args.image,
        "command": ["tritonserver"],
        "args": list(_ARGUMENTS),
        "env": [{"name": "HOME", "value": SCRATCH}],
        "ports": [
            {"name": "grpc", "container_port": GRPC},
            {"name": "http", "container_port": HTTP},
            {"name": "metrics", "container_port": METRICS},
        ],
        "volume_mounts": [
            {"name": "models", "mount_path": _MODELS, "read_only": True},
            {"name": "scratch", "mount_path": SCRATCH},
            {"name": "shared", "mount_path": _SHARED},
        ],
        "security_context": confined(),
        "resources": _resources(gpu=args.gpu),
        "startup_probe": _probe("ready", period_s=_CHECK_S, failures=_STARTING_S // _CHECK_S),
        "readiness_probe": _probe("ready", period_s=_CHECK_S, failures=2),
        # Slower than readiness: a server that is busy is spared, one that hangs is not.
        "liveness_probe": _probe("live", period_s=10, failures=6),
        "lifecycle": {"pre_stop": {"sleep": {"seconds": draining.SLEEP_S}}},
    }


def _resources(*, gpu: bool) -> kubernetes.core.v1.ResourceRequirementsArgsDict:
    if gpu:
        # A whole one: what shares a GPU shares its memory and its tail latency. The limit of CPUs is all that a
        # g6.xlarge has, for a lower one would stop the server in mid-batch; of its 16 GiB half is for others.
        return {
            "requests": {"cpu": "2", "memory": "8Gi", "ephemeral-storage": "3Gi", GPU: "1"},
            "limits": {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "5Gi", GPU: "1"},
        }
    return {
        "requests": {"cpu": "1", "memory": "1536Mi", "ephemeral-storage": "3Gi"},
        "limits": {"cpu": "2", "memory": "2Gi", "ephemeral-storage": "5Gi"},
    }


def _probe(what: str, *, period_s: int, failures: int) -> kubernetes.core.v1.ProbeArgsDict:
    return {
        "http_get": {"path": f"/v2/health/{what}", "port": "http"},
        "period_seconds": period_s,
        "timeout_seconds": 3,
        "failure_threshold": failures,
    }


def _where(pools: tuple[str, ...]) -> kubernetes.core.v1.NodeAffinityArgsDict:
    return {
        "required_during_scheduling_ignored_during_execution": {
            "node_selector_terms": [{"match_expressions": [_of(*pools)]}]
        },
        "preferred_during_scheduling_ignored_during_execution": [
            {"weight": 100, "preference": {"match_expressions": [_of(pools[0])]}}
        ],
    }


def _of(*pools: str) -> kubernetes.core.v1.NodeSelectorRequirementArgsDict:
    return {"key": POOL, "operator": "In", "values": list(pools)}


def _spread(over: str) -> kubernetes.core.v1.TopologySpreadConstraintArgsDict:
    # As evenly as can be: where a zone has no GPU left, a pod elsewhere is better than none.
    return {
        "max_skew": 1,
        "topology_key": over,
        "when_unsatisfiable": "ScheduleAnyway",
        "label_selector": {"match_labels": dict(LABELS)},
    }
