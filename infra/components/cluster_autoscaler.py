from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes

from infra.components import helm_chart
from infra.components.eks_cluster import EksCluster
from infra.components.execution_role import ExecutionRole
from infra.components.helm_chart import Chart
from infra.components.node_group import NodeGroup
from infra.components.statement import Statement

_CHART: Final = Chart(repository="https://kubernetes.github.io/autoscaler", name="cluster-autoscaler", version="9.59.0")
# Its minor version is Kubernetes'. registry.k8s.io/autoscaling/cluster-autoscaler:v1.36.0
_IMAGE_TAG: Final = "v1.36.0@sha256:dc5d62770338c2902f31b01f95c9fc8c456fd88baa5364ca154d6e47069ec885"
_SPACE: Final = "cluster-autoscaler"
_ACCOUNT: Final = "cluster-autoscaler"
_LOOKS: Final = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
)
_CHANGES: Final = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")
_ARGUMENTS: Final[Mapping[str, Any]] = {
    # How soon a pod that waits for a node is seen; the default.
    "scan-interval": "10s",
    # A GPU costs by the second: five minutes without work instead of ten. Less, and the next wave pays for a start.
    "scale-down-unneeded-time": "5m",
    "scale-down-delay-after-add": "5m",
    "expander": "least-waste",
    "balance-similar-node-groups": True,
    # The model's scratch is not worth a node.
    "skip-nodes-with-local-storage": False,
}


class ClusterAutoscaler(pulumi.ComponentResource):
    """Starts nodes for pods that wait for one, and stops those that nobody needs.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """

    def __init__(
        self,
        name: str,
        cluster: EksCluster,
        provider: kubernetes.Provider,
        groups: Sequence[NodeGroup],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lookalike:components:ClusterAutoscaler", name, None, opts)
        role = cluster.role_for(name, namespace=_SPACE, account=_ACCOUNT, parent=self)
        _allow(role, cluster, [group for group in groups if group.grows])
        space = helm_chart.namespace(name, _SPACE, parent=self, provider=provider)
        helm_chart.install(
            name,
            _CHART,
            _values(cluster),
            into=_SPACE,
            after=[space, *role.grants],
            parent=self,
            provider=provider,
        )
        self.register_outputs({})


def _allow(role: ExecutionRole, cluster: EksCluster, growing: Sequence[NodeGroup]) -> None:
    # What only looks has no resource that AWS could be told.
    look = Statement(_LOOKS, ("*",))
    ours = pulumi.Output.concat("arn:aws:autoscaling:", cluster.region, ":", cluster.account, ":autoScalingGroup:")
    # Between the colons stands a number that AWS gives.
    named = tuple(pulumi.Output.concat(ours, "*:autoScalingGroupName/", group.scaling_group) for group in growing)
    node_groups = pulumi.Output.concat(
        "arn:aws:eks:", cluster.region, ":", cluster.account, ":nodegroup/", cluster.name, "/*"
    )
    role.grant("scales-nodes", look, Statement(_CHANGES, named), Statement(("eks:DescribeNodegroup",), (node_groups,)))


def _values(cluster: EksCluster) -> dict[str, Any]:
    return {
        "cloudProvider": "aws",
        "awsRegion": cluster.region,
        # Managed node groups carry the tags that are looked for.
        "autoDiscovery": {"clusterName": cluster.name},
        "image": {"tag": _IMAGE_TAG},
        "fullnameOverride": "cluster-autoscaler",
        "rbac": {"serviceAccount": {"name": _ACCOUNT}},
        "extraArgs": dict(_ARGUMENTS),
        "securityContext": dict(helm_chart.UNPRIVILEGED),
        "containerSecurityContext": dict(helm_chart.CONFINED),
        "resources": {"requests": {"cpu": "100m", "memory": "300Mi"}, "limits": {"memory": "600Mi"}},
    }
