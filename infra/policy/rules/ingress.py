"""What may knock: no port is open to the internet, and every rule of a group says whom it is about."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final

from infra.policy.rule import AnyRule, EstateRule, Finding, Rule
from infra.policy.subject import Estate, Inputs, known, listed, look

_VPC: Final = "aws:ec2/vpc:Vpc"
_DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
_INGRESS: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_EGRESS: Final = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_PEERS: Final = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
_INLINE: Final = ("aws:ec2/securityGroup:SecurityGroup", _DEFAULT_GROUP)


def _open(kind: str, inputs: Inputs) -> Iterator[str]:
    for source in _sources(kind, inputs):
        if known(source) and not ip_network(str(source), strict=False).is_private:
            yield f"{source} may come in"


def _sources(kind: str, inputs: Inputs) -> Iterator[Any]:
    if kind == _INGRESS:
        yield from (inputs[name] for name in ("cidrIpv4", "cidrIpv6") if inputs.get(name))
    elif kind in _INLINE:
        for rule in listed(inputs.get("ingress")):
            yield from (*listed(rule.get("cidrBlocks")), *listed(rule.get("ipv6CidrBlocks")))
    elif kind == "aws:ec2/securityGroupRule:SecurityGroupRule" and inputs.get("type") == "ingress":
        yield from (*listed(inputs.get("cidrBlocks")), *listed(inputs.get("ipv6CidrBlocks")))
    elif kind == "kubernetes:networking.k8s.io/v1:NetworkPolicy":
        for rule in listed(look(inputs, "spec.ingress")):
            peers = [peer.get("ipBlock") or {} for peer in listed(rule.get("from"))]
            yield from (peer["cidr"] for peer in peers if peer.get("cidr"))


def _unnamed(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == "kubernetes:networking.k8s.io/v1:NetworkPolicy":
        for rule in listed(look(inputs, "spec.ingress")):
            if not rule.get("from") or not all(rule["from"]):
                yield "an ingress rule names nobody, which lets everybody in"
            if not rule.get("ports"):
                yield "an ingress rule names no port, which opens all"
    if kind in (_INGRESS, _EGRESS):
        if inputs.get("ipProtocol") == "-1":
            yield "every port is open"
        if not any(inputs.get(peer) for peer in _PEERS):
            yield "names nobody"
        if not inputs.get("securityGroupId"):
            yield "is no group's"


def _default_groups(estate: Estate) -> Iterator[Finding]:
    # The group that whatever names none gets; AWS makes it with every port open among its members.
    # https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    for vpc in estate.of(_VPC):
        groups = estate.about(vpc, _DEFAULT_GROUP, "vpcId")
        if not groups:
            yield vpc, "its default security group is left as AWS makes it"
        for group in groups:
            if group.inputs.get("ingress") or group.inputs.get("egress"):
                yield group, "the default security group lets something through"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="no-ingress-from-the-internet", says="No port is open to addresses of the internet.", check=_open),
    Rule(name="rules-name-who-and-what", says="A rule that lets through says whom, and to which port.", check=_unnamed),
    EstateRule(name="default-groups-are-shut", says="A network's default group admits nothing.", check=_default_groups),
)
