from collections.abc import Callable, Mapping
from typing import Any, Final

from infra.rehearsal.making.by_model import Call
from infra.rehearsal.making.names import physical_name, tag_list
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created

_CALLS: Final[Mapping[str, tuple[str, Call]]] = {
    "aws:ec2/subnet:Subnet": ("subnet", Call(operation="CreateSubnet", id="Subnet.SubnetId")),
    "aws:ec2/routeTable:RouteTable": (
        "route-table",
        Call(operation="CreateRouteTable", id="RouteTable.RouteTableId"),
    ),
    "aws:ec2/eip:Eip": ("elastic-ip", Call(operation="AllocateAddress", id="AllocationId")),
    "aws:ec2/natGateway:NatGateway": ("natgateway", Call(operation="CreateNatGateway", id="NatGateway.NatGatewayId")),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "vpc-endpoint",
        Call(operation="CreateVpcEndpoint", id="VpcEndpoint.VpcEndpointId"),
    ),
}
_UNTAGGED: Final[Mapping[str, Call]] = {
    "aws:ec2/route:Route": Call(operation="CreateRoute"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Call(operation="AssociateRouteTable", id="AssociationId"),
}
_VPC: Final = Call(operation="CreateVpc", id="Vpc.VpcId")
_GATEWAY: Final = Call(operation="CreateInternetGateway", id="InternetGateway.InternetGatewayId")
_GROUP: Final = Call(operation="CreateSecurityGroup", id="GroupId")
_FLOW_LOG: Final = Call(operation="CreateFlowLogs", id="FlowLogIds[0]")


def creators(ec2: Any, account: str) -> Mapping[str, Create]:
    """Of networks: EC2's emulator knows blocks, zones, rules and who refers to whom."""
    makers = _Networks(ec2, account)
    return {
        **{kind: makers.tagged(what, call) for kind, (what, call) in _CALLS.items()},
        **{kind: makers.plain(call) for kind, call in _UNTAGGED.items()},
        "aws:ec2/vpc:Vpc": makers.vpc,
        "aws:ec2/internetGateway:InternetGateway": makers.gateway,
        "aws:ec2/securityGroup:SecurityGroup": makers.group,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": makers.default_group,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": makers.rule("AuthorizeSecurityGroupIngress"),
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": makers.rule("AuthorizeSecurityGroupEgress"),
        "aws:ec2/flowLog:FlowLog": makers.flow_log,
    }


class _Networks:
    def __init__(self, ec2: Any, account: str) -> None:
        self._ec2, self._account = ec2, account

    def plain(self, call: Call) -> Create:
        return lambda declared, _: call.make(self._ec2, self._account, declared)

    def tagged(self, what: str, call: Call) -> Create:
        return lambda declared, _: call.make(self._ec2, self._account, declared, **_tags(declared, what))

    def vpc(self, declared: Declared, plan: Plan) -> Created:
        del plan
        made = _VPC.make(self._ec2, self._account, declared, **_tags(declared, "vpc"))
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            wanted = {"Value": declared.inputs.get(f"{name[0].lower()}{name[1:]}", False)}
            self._ec2.modify_vpc_attribute(VpcId=made.id, **{name: wanted})
        return made

    def gateway(self, declared: Declared, plan: Plan) -> Created:
        del plan
        made = _GATEWAY.make(self._ec2, self._account, declared, **_tags(declared, "internet-gateway"))
        self._ec2.attach_internet_gateway(InternetGatewayId=made.id, VpcId=declared.inputs["vpcId"])
        return made

    def group(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        tags = _tags(declared, "security-group")
        made = _GROUP.make(self._ec2, self._account, declared, GroupName=name, **tags)
        # AWS lets a new group out to everywhere; the provider takes that away.
        self._revoke(made.id)
        return Created(made.id, {**made.attributes, "name": name})

    def default_group(self, declared: Declared, plan: Plan) -> Created:
        del plan
        filters = [
            {"Name": "vpc-id", "Values": [declared.inputs["vpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        (found,) = self._ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        self._revoke(found["GroupId"])
        return Created(found["GroupId"])

    def rule(self, operation: str) -> Create:
        authorize = getattr(self._ec2, "authorize_security_group_" + operation.rpartition("Group")[2].lower())

        def make(declared: Declared, plan: Plan) -> Created:
            del plan
            answer = authorize(GroupId=declared.inputs["securityGroupId"], IpPermissions=[_permission(declared)])
            return Created(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

        return make

    def flow_log(self, declared: Declared, plan: Plan) -> Created:
        del plan
        said = declared.inputs
        return _FLOW_LOG.make(
            self._ec2,
            self._account,
            declared,
            ResourceIds=[said["vpcId"]],
            ResourceType="VPC",
            DeliverLogsPermissionArn=said["iamRoleArn"],
            **_tags(declared, "vpc-flow-log"),
        )

    def _revoke(self, group: str) -> None:
        (found,) = self._ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        for rules, revoke in (
            (found["IpPermissions"], self._ec2.revoke_security_group_ingress),
            (found["IpPermissionsEgress"], self._ec2.revoke_security_group_egress),
        ):
            if rules:
                revoke(GroupId=group, IpPermissions=rules)


def _permission(declared: Declared) -> dict[str, Any]:
    said = declared.inputs
    why = said["description"]
    sources: Mapping[str, Callable[[str], dict[str, Any]]] = {
        "referencedSecurityGroupId": lambda group: {"UserIdGroupPairs": [{"GroupId": group, "Description": why}]},
        "prefixListId": lambda prefixes: {"PrefixListIds": [{"PrefixListId": prefixes, "Description": why}]},
        "cidrIpv4": lambda block: {"IpRanges": [{"CidrIp": block, "Description": why}]},
    }
    source = next(name for name in sources if said.get(name))
    ports = {"FromPort": said["fromPort"], "ToPort": said["toPort"]} if "fromPort" in said else {}
    return {"IpProtocol": said["ipProtocol"], **ports, **sources[source](said[source])}


def _tags(declared: Declared, what: str) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": what, "Tags": tag_list(declared)}]}
