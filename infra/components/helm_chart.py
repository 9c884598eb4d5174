"""What others wrote for Kubernetes, as Helm charts: one exact version, its images by digest, in a room of its own.

Charts are installed rather than their objects declared here, since their authors keep custom resource definitions,
roles and certificates in step with their programs; what is ours is declared as objects, and checked as such.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes

RESTRICTED: Final[Mapping[str, str]] = {
    f"pod-security.kubernetes.io/{what}": "restricted" for what in ("enforce", "audit", "warn")
}
"""Labels of a namespace that refuses pods which could reach the machine.
https://kubernetes.io/docs/concepts/security/pod-security-standards/"""

CONFINED: Final[Mapping[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
"""How a container is held, as charts take it."""
UNPRIVILEGED: Final[Mapping[str, Any]] = {
    "runAsNonRoot": True,
    "runAsUser": 65534,
    "runAsGroup": 65534,
    "fsGroup": 65534,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""Whom a pod runs as, as charts take it."""
_INSTALLING_S: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`name` and exact `version` of a chart, from the `repository` (a URL) of its authors."""

    repository: str
    name: str
    version: str


def namespace(
    name: str, space: str, *, parent: pulumi.Resource, provider: kubernetes.Provider
) -> kubernetes.core.v1.Namespace:
    """The namespace `space`, which takes restricted pods only."""
    return kubernetes.core.v1.Namespace(
        name,
        metadata={"name": space, "labels": dict(RESTRICTED)},
        opts=pulumi.ResourceOptions(parent=parent, provider=provider),
    )


def install(
    name: str,
    chart: Chart,
    values: Mapping[str, Any],
    *,
    into: str,
    after: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
    provider: kubernetes.Provider,
) -> kubernetes.helm.v3.Release:
    """Install `chart` into a namespace; whatever does not come up within ten minutes is taken back."""
    return kubernetes.helm.v3.Release(
        name,
        name=chart.name,
        chart=chart.name,
        version=chart.version,
        repository_opts={"repo": chart.repository},
        namespace=into,
        values=dict(values),
        atomic=True,
        timeout=_INSTALLING_S,
        opts=pulumi.ResourceOptions(parent=parent, provider=provider, depends_on=list(after)),
    )
