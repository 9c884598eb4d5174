"""Pods keep Kubernetes' restricted standard, and what runs beyond it says why.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.subject import Estate, Inputs, Subject, known, listed, look

_TEMPLATES: Final[Mapping[str, str]] = {
    "kubernetes:core/v1:Pod": "spec",
    "kubernetes:batch/v1:CronJob": "spec.jobTemplate.spec.template.spec",
    **{
        f"kubernetes:{kind}": "spec.template.spec"
        for kind in ("apps/v1:Deployment", "apps/v1:DaemonSet", "apps/v1:StatefulSet", "batch/v1:Job")
    },
}
"""Where a type has the specification of its pods."""
_VOLUMES: Final = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
CHART: Final = "kubernetes:helm.sh/v3:Release"
_NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_ENFORCE: Final = "pod-security.kubernetes.io/enforce"

PRIVILEGED: Final[Mapping[str, str]] = {}
"""Workloads that cannot keep the standard, by their name, and why."""


def pod(kind: str, inputs: Inputs) -> Mapping[str, Any] | None:
    """The specification of the pods that this makes, if it makes any."""
    return look(inputs, _TEMPLATES[kind]) if kind in _TEMPLATES else None


def containers(kind: str, inputs: Inputs) -> list[Mapping[str, Any]]:
    """Every container of the pods that this makes, those that run before it included."""
    spec = pod(kind, inputs) or {}
    return [c for name in ("initContainers", "containers", "ephemeralContainers") for c in listed(spec.get(name))]


def _restricted(kind: str, inputs: Inputs) -> Iterator[str]:
    spec = pod(kind, inputs)
    if spec is None or look(inputs, "metadata.name") in PRIVILEGED:
        return
    yield from (f"shares the machine's {name}" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name))
    for volume in listed(spec.get("volumes")):
        yield from (f"mounts a {name}" for name in volume if name != "name" and name not in _VOLUMES)
    for container in containers(kind, inputs):
        context = {**(spec.get("securityContext") or {}), **(container.get("securityContext") or {})}
        yield from (f"{container.get('name')} {said}" for said in _confined(context))
        yield from (
            f"{container.get('name')} takes a port of the machine"
            for p in listed(container.get("ports"))
            if p.get("hostPort")
        )


def _confined(context: Mapping[str, Any]) -> Iterator[str]:
    if context.get("privileged"):
        yield "is privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
        yield "may run as root"
    if look(context, "capabilities.drop") != ["ALL"] or set(listed(look(context, "capabilities.add"))) - {
        "NET_BIND_SERVICE"
    }:
        yield "keeps capabilities"
    if look(context, "seccompProfile.type") not in ("RuntimeDefault", "Localhost"):
        yield "may make any system call"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may change its own programs"


def _bounded(kind: str, inputs: Inputs) -> Iterator[str]:
    for container in containers(kind, inputs):
        for what in ("requests.cpu", "requests.memory", "limits.memory"):
            if not look(container, f"resources.{what}"):
                yield f"{container.get('name')} has no {what}"
    spec = pod(kind, inputs)
    if spec is not None and spec.get("automountServiceAccountToken") is not False:
        yield "carries a token for Kubernetes, which none of ours speaks to"


def _namespaces(estate: Estate) -> Iterator[Finding]:
    enforced = {look(space.inputs, "metadata.name") for space in estate.of(_NAMESPACE) if _enforces(space)}
    yield from (
        (space, "takes pods that are not restricted") for space in estate.of(_NAMESPACE) if not _enforces(space)
    )
    for made in estate.of(CHART, *_TEMPLATES):
        where = made.inputs.get("namespace") or look(made.inputs, "metadata.namespace")
        if known(where) and where not in enforced and look(made.inputs, "metadata.name") not in PRIVILEGED:
            yield made, f"goes where pods need not be restricted: {where}"


def _enforces(namespace: Subject) -> bool:
    labels = look(namespace.inputs, "metadata.labels") or {}
    return bool(labels.get(_ENFORCE) == "restricted") or look(namespace.inputs, "metadata.name") in PRIVILEGED


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="pods-are-restricted", says="Pods keep the restricted standard.", check=_restricted),
    Rule(
        name="pods-are-bounded",
        says="Pods say what they take, and carry no token that they do not use.",
        check=_bounded,
    ),
    EstateRule(name="namespaces-enforce", says="Namespaces refuse pods that are not restricted.", check=_namespaces),
)
