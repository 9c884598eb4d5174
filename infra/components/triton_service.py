from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from infra.components import helm_chart
from infra.components.engine_build import EngineBuild
from infra.components.gpu_cluster import GpuCluster
from infra.components.keda import Keda
from infra.components.model_store import ModelStore
from infra.components.network import Network
from infra.components.triton.balancer import Balancer, BalancerArgs
from infra.components.triton.images import TRITON
from infra.components.triton.names import GAUGE, GRPC, LABELS, METRICS, NAME, NODE_GRPC, NODE_HEALTH
from infra.components.triton.network_policies import policies
from infra.components.triton.pod import PodArgs, pod
from infra.components.triton.pod_monitor import pod_monitor
from infra.components.triton.scaling import Scaling, scaled_object, trigger_authentication
from infra.components.triton.telemetry import Telemetry, TelemetryArgs
from infra.components.work_queue import WorkQueue

_NOBODYS: Final = "lookalike/declared"
"""A class of load balancers that no controller makes: ours is declared (`Balancer`)."""

_STARTING: Final = "30m"
"""For all servers to be replaced: a node may have to be started for each, and each takes its time to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TritonServiceArgs:
    """`image` serves the model that `models` holds, on nodes of `cluster`, for callers from the blocks `clients`.

    With `engines`, TensorRT runs it by those that were built ahead, and servers wait until they are; without, ONNX
    Runtime runs its graph. No server ever builds one.

    `scaling` says how many servers there are; `queue` is the work that is still to come, by which they are reckoned,
    where there is any. `telemetry` carries what they say of themselves to CloudWatch; a `pod_monitor` is for a
    Prometheus operator, from namespaces `watchers`: only where the shop runs one.
    """

    cluster: GpuCluster
    network: Network
    models: ModelStore
    queue: WorkQueue | None
    scaling: Scaling
    clients: tuple[str, ...]
    protect: bool
    engines: EngineBuild | None = None
    image: str = TRITON
    model_name: str = "embedder"
    telemetry: TelemetryArgs | None = None
    pod_monitor: bool = False
    watchers: tuple[str, ...] = ()


class TritonService(pulumi.ComponentResource):
    """The model, behind one name: servers that take work only when they are warm, and go without losing any."""

    endpoint: pulumi.Output[str]
    """``host:8001``, gRPC."""

    def __init__(self, name: str, args: TritonServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:TritonService", name, None, opts)
        self._name, self._args = name, args
        space = helm_chart.namespace(name, NAME, parent=self, provider=args.cluster.provider)
        self._child = pulumi.ResourceOptions(parent=self, provider=args.cluster.provider, depends_on=[space])
        self._role = args.cluster.eks.role_for(name, namespace=NAME, account=NAME, parent=self)
        args.models.allow_read(self._role)
        shut = self._shut_off()
        served = self._serve(after=shut)
        self._expose()
        if args.scaling.moves:
            self._scale(served)
        if args.telemetry is not None:
            below = pulumi.ResourceOptions(parent=self)
            Telemetry(f"{name}-telemetry", args.telemetry, args.cluster, after=[space, *shut], opts=below)
        if args.pod_monitor:
            self._object("monitoring.coreos.com/v1", "PodMonitor", pod_monitor())
        self._balancer = self._balance()
        self.endpoint = self._balancer.endpoint
        self.register_outputs({"endpoint": self.endpoint})

    def admit(self, group: aws.ec2.SecurityGroup) -> None:
        """Let members of `group`, who come from one of the `clients`, ask the model."""
        self._balancer.admit(group)

    def _shut_off(self) -> list[pulumi.Resource]:
        specs = policies(self._args.clients, self._args.watchers)
        return [
            kubernetes.networking.v1.NetworkPolicy(
                f"{self._name}-{what}", metadata=self._meta(what), spec=spec, opts=self._child
            )
            for what, spec in specs.items()
        ]

    def _serve(self, after: list[pulumi.Resource]) -> kubernetes.apps.v1.Deployment:
        account = kubernetes.core.v1.ServiceAccount(
            self._name, metadata=self._meta(NAME), automount_service_account_token=False, opts=self._child
        )
        self._disrupt()
        ready = [account, *after, *self._role.grants, *self._args.models.uploaded]
        return kubernetes.apps.v1.Deployment(
            self._name,
            metadata=self._meta(NAME),
            spec={
                "replicas": self._args.scaling.least,
                "selector": {"match_labels": dict(LABELS)},
                "strategy": {"type": "RollingUpdate", "rolling_update": self._replacing()},
                "progress_deadline_seconds": 1200,
                "revision_history_limit": 3,
                "template": {"metadata": {"labels": dict(LABELS)}, "spec": pod(self._pod())},
            },
            opts=pulumi.ResourceOptions.merge(self._child, self._patient(ready)),
        )

    def _patient(self, ready: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            depends_on=ready,
            # The autoscaler's to say, where there is one; each `up` would overrule it.
            ignore_changes=["spec.replicas"] if self._args.scaling.moves else [],
            custom_timeouts=pulumi.CustomTimeouts(create=_STARTING, update=_STARTING),
        )

    def _replacing(self) -> kubernetes.apps.v1.RollingUpdateDeploymentArgsDict:
        """A new server first, where a node for it can be had; else one after the other."""
        first = self._args.cluster.grows
        return {"max_surge": 1 if first else 0, "max_unavailable": 0 if first else 1}

    def _pod(self) -> PodArgs:
        cluster = self._args.cluster
        return PodArgs(
            image=self._args.image,
            model_uri=(self._args.engines or self._args.models).uri,
            region=cluster.eks.region,
            gpu=cluster.gpu,
            pools=tuple(group.pool for group in cluster.serving),
        )

    def _disrupt(self) -> None:
        kubernetes.policy.v1.PodDisruptionBudget(
            self._name,
            metadata=self._meta(NAME),
            spec={
                "max_unavailable": 1,
                "selector": {"match_labels": dict(LABELS)},
                # One that does not work anyway must not keep a node from being replaced.
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=self._child,
        )

    def _expose(self) -> None:
        # Of the type LoadBalancer, since only then do nodes say whether they have a pod that takes new connections
        # (`health_check_node_port`), while one that goes still has those that came before.
        # https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-to-terminating-endpoints
        internal = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
        kubernetes.core.v1.Service(
            self._name,
            # An address is never told to Kubernetes, so there is none to wait for.
            metadata={**self._meta(NAME), "annotations": {"pulumi.com/skipAwait": "true", **internal}},
            spec={
                "type": "LoadBalancer",
                "load_balancer_class": _NOBODYS,
                "external_traffic_policy": "Local",
                "health_check_node_port": NODE_HEALTH,
                "selector": dict(LABELS),
                "ports": [{"name": "grpc", "port": GRPC, "target_port": "grpc", "node_port": NODE_GRPC}],
            },
            opts=self._child,
        )
        kubernetes.core.v1.Service(
            f"{self._name}-metrics",
            metadata={**self._meta(GAUGE), "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={
                "cluster_ip": "None",
                "selector": dict(LABELS),
                "ports": [{"name": "metrics", "port": METRICS, "target_port": "metrics"}],
            },
            opts=self._child,
        )

    def _scale(self, served: pulumi.Resource) -> None:
        args = self._args
        keda = Keda(f"{self._name}-keda", args.cluster, watched=NAME, opts=pulumi.ResourceOptions(parent=self))
        if args.queue is not None:
            args.queue.allow_measure(keda.role)
        how = self._object("keda.sh/v1alpha1", "TriggerAuthentication", trigger_authentication(), keda.release)
        region = args.cluster.eks.region
        spec = scaled_object(
            args.scaling, model=args.model_name, queue_url=args.queue.url if args.queue else None, region=region
        )
        self._object("keda.sh/v1alpha1", "ScaledObject", spec, keda.release, *keda.role.grants, how, served)

    def _balance(self) -> Balancer:
        cluster = self._args.cluster
        balanced = BalancerArgs(
            network=self._args.network, nodes=cluster.nodes, groups=cluster.serving, protect=self._args.protect
        )
        return Balancer(self._name, balanced, pulumi.ResourceOptions(parent=self))

    def _object(
        self, version: str, kind: str, spec: dict[str, Any], *after: pulumi.Resource
    ) -> kubernetes.apiextensions.CustomResource:
        return kubernetes.apiextensions.CustomResource(
            f"{self._name}-{kind}",
            api_version=version,
            kind=kind,
            metadata=self._meta(NAME),
            spec=spec,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=list(after))),
        )

    def _meta(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": NAME, "labels": dict(LABELS)}
