from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes

from infra.components import helm_chart
from infra.components.execution_role import ExecutionRole
from infra.components.gpu_cluster import GpuCluster
from infra.components.helm_chart import Chart

SPACE: Final = "keda"
"""The namespace from which it asks pods how busy they are."""
_CHART: Final = Chart(repository="https://kedacore.github.io/charts", name="keda", version="2.20.2")
"""Not before 2.20: until then, the sum over a service's pods was of other pods too, or of none
(https://github.com/kedacore/keda/blob/main/CHANGELOG.md, 7641)."""
_IMAGES: Final = {
    "keda": "2.20.2@sha256:fe74c7b8849586a67ad2201bcb89e7f5ac221ff90399ecaa8fd28427f1ef11e6",
    "metricsApiServer": "2.20.2@sha256:27286536a8a775aeeee37a7e343f8ecebb27ebf680ee1181a4f99e82eefb253b",
    "webhooks": "2.20.2@sha256:41f74102aba7959c6e8d08b433ab8a5fd6cae7c5646c78f7fe3de40a52df3439",
}
_ACCOUNT: Final = "keda-operator"


class Keda(pulumi.ComponentResource):
    """Scales deployments on what they and their queues say of themselves; sees `watched` namespaces only.

    `role` is what it runs under in AWS, to be allowed to measure queues.
    """

    role: ExecutionRole
    release: kubernetes.helm.v3.Release
    """What a ScaledObject has to wait for, which is unknown before, and cannot be deleted after it."""

    def __init__(
        self, name: str, cluster: GpuCluster, *, watched: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lookalike:components:Keda", name, None, opts)
        self.role = cluster.eks.role_for(name, namespace=SPACE, account=_ACCOUNT, parent=self)
        space = helm_chart.namespace(name, SPACE, parent=self, provider=cluster.provider)
        self.release = helm_chart.install(
            name, _CHART, _values(watched), into=SPACE, after=[space], parent=self, provider=cluster.provider
        )
        self.register_outputs({})


def _values(watched: str) -> dict[str, Any]:
    one = {"requests": {"cpu": "50m", "memory": "100Mi"}, "limits": {"memory": "300Mi"}}
    return {
        "watchNamespace": watched,
        "image": {part: {"tag": tag} for part, tag in _IMAGES.items()} | {"pullPolicy": "IfNotPresent"},
        "serviceAccount": {"operator": {"name": _ACCOUNT}},
        "resources": {"operator": one, "metricServer": one, "webhooks": one},
        # Two, of which one leads, so that a node that goes does not take scaling with it.
        "operator": {"replicaCount": 2},
        "metricsServer": {"replicaCount": 2},
        "podDisruptionBudget": {"operator": {"maxUnavailable": 1}, "metricServer": {"maxUnavailable": 1}},
    }
