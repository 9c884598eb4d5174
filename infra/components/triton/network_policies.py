from collections.abc import Mapping, Sequence
from typing import Final

import pulumi_kubernetes as kubernetes

from infra.components import keda
from infra.components.triton.names import GRPC, LABELS, METRICS, TELEMETRY_LABELS

_POD_IDENTITY: Final = "169.254.170.23/32"
"""Where a node hands its pods their roles: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html"""
_OF_SPACE: Final = "kubernetes.io/metadata.name"


def policies(
    clients: Sequence[str], watchers: Sequence[str] = ()
) -> Mapping[str, kubernetes.networking.v1.NetworkPolicySpecArgsDict]:
    """By name: nobody to nobody, and what is excepted.

    `clients` are blocks of addresses that may ask the model: what is sent to a node arrives at its pod with its
    sender's own address. `watchers` are namespaces that may read metrics, beside KEDA's. The kubelet on a pod's own
    node is always let in, hence no rule for probes.
    """
    return {
        "nobody": {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        "triton": {
            "pod_selector": {"match_labels": dict(LABELS)},
            "policy_types": ["Ingress", "Egress"],
            "ingress": [
                {
                    "from_": [{"ip_block": {"cidr": block}} for block in clients],
                    "ports": [{"protocol": "TCP", "port": GRPC}],
                },
                {
                    "from_": [
                        {"pod_selector": {"match_labels": dict(TELEMETRY_LABELS)}},
                        *(_space(space) for space in (keda.SPACE, *watchers)),
                    ],
                    "ports": [{"protocol": "TCP", "port": METRICS}],
                },
            ],
            "egress": out_to_aws(),
        },
        "telemetry": {
            "pod_selector": {"match_labels": dict(TELEMETRY_LABELS)},
            "policy_types": ["Ingress", "Egress"],
            "egress": [
                {
                    "to": [{"pod_selector": {"match_labels": dict(LABELS)}}],
                    "ports": [{"protocol": "TCP", "port": METRICS}],
                },
                *out_to_aws(),
            ],
        },
    }


def _space(name: str) -> kubernetes.networking.v1.NetworkPolicyPeerArgsDict:
    return {"namespace_selector": {"match_labels": {_OF_SPACE: name}}}


def out_to_aws() -> list[kubernetes.networking.v1.NetworkPolicyEgressRuleArgsDict]:
    """To names, to the node's agent for roles, and to AWS."""
    return [
        {
            "to": [
                {
                    "namespace_selector": {"match_labels": {_OF_SPACE: "kube-system"}},
                    "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
                }
            ],
            "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
        },
        {"to": [{"ip_block": {"cidr": _POD_IDENTITY}}], "ports": [{"protocol": "TCP", "port": 80}]},
        # AWS's addresses change; what may be done there is said by the role, and the way by the network's endpoints.
        {"ports": [{"protocol": "TCP", "port": 443}]},
    ]
