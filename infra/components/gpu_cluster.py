from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from infra.components import cluster_addons
from infra.components.cluster_autoscaler import ClusterAutoscaler
from infra.components.data_key import DataKey
from infra.components.eks_cluster import EksCluster, EksClusterArgs, attach
from infra.components.network import Network
from infra.components.node_group import BATCH, GPU, NodeGroup, NodeGroupArgs
from infra.components.statement import Statement, document
from infra.config import NodeGroupConfig

_NODE_POLICIES: Final = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
# Carries what must not share a node with a model: DNS, the autoscalers. Two, so that one may be replaced.
_SYSTEM: Final = NodeGroupConfig(instance_types=("t3.medium",), least=2, most=2, disk_gb=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuClusterArgs:
    """`baseline` is on demand and always there, `burst` on demand and comes with load, `batch` spot, for jobs.

    With `gpu`, these have GPUs, their taints keep everything else away, and a small group of its own carries the
    cluster's parts; without, `baseline` carries all. `warm` machines of `burst` wait, stopped. `admin_cidrs` and
    `administrators` are as in `EksClusterArgs`, which says what it refuses. Machines and disks carry `tags`.
    """

    network: Network
    key: DataKey
    gpu: bool
    baseline: NodeGroupConfig
    burst: NodeGroupConfig | None
    batch: NodeGroupConfig | None
    log_retention_days: int
    kubernetes_version: str
    warm: int = 0
    admin_cidrs: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class GpuCluster(pulumi.ComponentResource):
    """Kubernetes on EKS: where the model runs. Nothing in it is made by hand.

    Nodes are replaced rather than mended, their own role pulls images and joins the cluster, and nothing else.
    """

    name: pulumi.Output[str]
    eks: EksCluster
    provider: kubernetes.Provider
    """Through which objects are put into the cluster; whatever uses it waits until nodes are there."""
    nodes: aws.ec2.SecurityGroup
    """Every node is in it, for others to be let in to."""
    serving: tuple[NodeGroup, ...]
    """The groups that the model runs on, the preferred one first."""

    def __init__(self, name: str, args: GpuClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises `ValueError` for a cluster that would be open to the internet, or that cannot be made."""
        super().__init__("lookalike:components:GpuCluster", name, None, opts)
        self._name, self._args, self.gpu = name, args, args.gpu
        self._child = pulumi.ResourceOptions(parent=self)
        self.eks = EksCluster(name, _control_plane(args), self._child)
        self.name = self.eks.name
        self.nodes = self._enclose()
        groups = self._start_all()
        self.serving = tuple(group for group in groups if group.pool in ("baseline", "burst"))
        self.grows = any(group.grows for group in groups)
        dns = self.eks.install("coredns", after=groups)
        self.provider = kubernetes.Provider(
            name,
            kubeconfig=self.eks.kubeconfig(),
            # DNS comes after the nodes; objects come after both, and go before the nodes on which those run that have
            # to let go of them.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self.eks.admitted, dns]),
        )
        if self.grows:
            ClusterAutoscaler(f"{name}-autoscaler", self.eks, self.provider, groups, self._child)
        self.register_outputs({"name": self.name})

    def _enclose(self) -> aws.ec2.SecurityGroup:
        nodes = self._args.network.security_group(f"{self._name}-nodes", "Nodes of the cluster", parent=self)
        # Where a service has an endpoint in the network, its name leads there for nodes as well.
        self._args.network.let_out_to_aws(nodes)
        return nodes

    def _start_all(self) -> list[NodeGroup]:
        args, groups = self._args, []
        role, ready = self._node_role()
        ready += [self.eks.install(addon) for addon in cluster_addons.BEFORE_NODES]
        ready.append(self.eks.install_cni())
        for pool, size in (("baseline", args.baseline), ("burst", args.burst), ("batch", args.batch)):
            if size is not None:
                groups.append(self._start(pool, size, role, ready, gpu=args.gpu))
        if args.gpu:
            groups.append(self._start("system", _SYSTEM, role, ready, gpu=False))
        return groups

    def _start(
        self, pool: str, size: NodeGroupConfig, role: aws.iam.Role, ready: Sequence[pulumi.Resource], *, gpu: bool
    ) -> NodeGroup:
        batch = pool == "batch"
        args = NodeGroupArgs(
            cluster=self.name,
            kubernetes_version=self._args.kubernetes_version,
            role_arn=role.arn,
            subnet_ids=self._args.network.private_subnet_ids,
            security_groups=[self.eks.security_group_id, self.nodes.id],
            size=size,
            gpu=gpu,
            spot=batch,
            warm=self._args.warm if pool == "burst" else 0,
            taints=((GPU,) if gpu else ()) + ((BATCH,) if batch else ()),
            tags=self._args.tags,
            after=ready,
        )
        return NodeGroup(f"{self._name}-{pool}", args, self._child)

    def _node_role(self) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
        name = f"{self._name}-node"
        trust = document(Statement(("sts:AssumeRole",), (), principals={"Service": "ec2.amazonaws.com"}))
        role = aws.iam.Role(name, assume_role_policy=trust, opts=self._child)
        return role, [attach(f"{name}-{policy}", role.name, policy, parent=self) for policy in _NODE_POLICIES]


def _control_plane(args: GpuClusterArgs) -> EksClusterArgs:
    return EksClusterArgs(
        subnet_ids=args.network.private_subnet_ids,
        key=args.key,
        kubernetes_version=args.kubernetes_version,
        log_retention_days=args.log_retention_days,
        admin_cidrs=args.admin_cidrs,
        administrators=args.administrators,
    )
