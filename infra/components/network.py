import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from infra.components.address_plan import plan_addresses
from infra.components.data_key import DataKey
from infra.components.flow_log import FlowLog

HTTPS: Final = 443
_ANYWHERE: Final = "0.0.0.0/0"
_GATEWAYS: Final = ("dynamodb", "s3")
_OUT, _INTO = aws.vpc.SecurityGroupEgressRule, aws.vpc.SecurityGroupIngressRule
# What EC2 takes in a description: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
_SAYABLE: Final = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    """`cidr` is the network's own block (/16 to /24), spread over 2 or 3 `zones` of the region.

    `nat` lets machines reach the internet, by a gateway a zone, or by one for all where it is `shared_nat`, never the
    other way round. `interface_endpoints` are the AWS services to reach without it, as in
    ``com.amazonaws.<region>.<service>``; S3 and DynamoDB always are.
    """

    cidr: str
    zones: int
    nat: bool
    key: DataKey
    flow_log_retention_days: int
    interface_endpoints: tuple[str, ...] = ()
    shared_nat: bool = False


class Network(pulumi.ComponentResource):
    """Private subnets, one a zone, that nobody reaches from outside, and that reach only what they are let out to.

    A security group made here has no rules at all. Names are still resolved: what a group allows does not concern the
    network's own resolver. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
    """

    vpc_id: pulumi.Output[str]
    private_subnet_ids: tuple[pulumi.Output[str], ...]
    """In the order of `zones`."""
    zones: tuple[pulumi.Output[str], ...]
    """Names, e.g. ``eu-west-1a``."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises `ValueError` for addresses that cannot be planned."""
        super().__init__("lookalike:components:Network", name, None, opts)
        self._name, self._nat = name, args.nat
        self._out: set[tuple[aws.ec2.SecurityGroup, int]] = set()
        self._child = pulumi.ResourceOptions(parent=self)
        plan = plan_addresses(args.cidr, args.zones)
        self.zones = self._find_zones(args.zones)
        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,  # for the endpoints' private names
            tags={"Name": name},
            opts=self._child,
        )
        self.vpc_id = self._vpc.id
        # Whoever forgets to name a group gets the default one, which lets all its members speak: hence none may.
        aws.ec2.DefaultSecurityGroup(name, vpc_id=self.vpc_id, ingress=[], egress=[], opts=self._child)
        private = [self._subnet(f"{name}-private-{i}", str(block), i) for i, block in enumerate(plan.private)]
        self.private_subnet_ids = tuple(subnet.id for subnet in private)
        tables = [self._table(f"{name}-private-{i}", subnet) for i, subnet in enumerate(private)]
        if args.nat:
            self._let_out(tables, [str(block) for block in plan.public[: 1 if args.shared_nat else None]])
        self._gateways = [self._gateway(service, tables) for service in _GATEWAYS]
        self._endpoints = self._reach(args.interface_endpoints)
        log = pulumi.ResourceOptions(parent=self)
        FlowLog(name, vpc_id=self.vpc_id, key=args.key, retention_days=args.flow_log_retention_days, opts=log)
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnet_ids": list(self.private_subnet_ids)})

    def security_group(self, name: str, why: str, parent: pulumi.Resource | None = None) -> aws.ec2.SecurityGroup:
        """A group without any rule; `why` says who is in it."""
        return aws.ec2.SecurityGroup(
            name,
            vpc_id=self.vpc_id,
            description=_sayable(why),
            revoke_rules_on_delete=True,  # two groups that name each other could else never be deleted
            tags={"Name": name},
            opts=pulumi.ResourceOptions(parent=parent or self),
        )

    def allow(
        self, source: aws.ec2.SecurityGroup, target: aws.ec2.SecurityGroup, port: int, why: str
    ) -> tuple[pulumi.Resource, ...]:
        """Let members of `source` open connections to `port` of members of `target`.

        The rules, out of the one and into the other, are given for what has to wait for them.
        """
        name = f"{source.pulumi_resource_name}-to-{target.pulumi_resource_name}-{port}"
        return (
            self._rule(_OUT, name, source, port, why, referenced_security_group_id=target.id),
            self._rule(_INTO, name, target, port, why, referenced_security_group_id=source.id),
        )

    def let_out_to_aws(self, group: aws.ec2.SecurityGroup) -> None:
        """Let members of `group` call S3, DynamoDB and the services that have an endpoint here; nobody else."""
        for service, gateway in zip(_GATEWAYS, self._gateways, strict=True):
            name, why = f"{group.pulumi_resource_name}-to-{service}", f"{service} through its gateway"
            self._rule(_OUT, name, group, HTTPS, why, prefix_list_id=gateway.prefix_list_id)
        if self._endpoints is not None:
            self.allow(group, self._endpoints, HTTPS, "AWS services through their endpoints")

    def let_out_to_internet(self, group: aws.ec2.SecurityGroup, why: str, port: int = HTTPS) -> None:
        """Let members of `group` open connections to `port` of anywhere; asking again changes nothing.

        Raises `ValueError` where there is no NAT.
        """
        if not self._nat:
            raise ValueError(f"{group.pulumi_resource_name} cannot reach the internet: this network has no NAT")
        if (group, port) in self._out:
            return
        self._out.add((group, port))
        name = f"{group.pulumi_resource_name}-to-internet-{port}"
        self._rule(_OUT, name, group, port, why, cidr_ipv4=_ANYWHERE)

    def _rule(
        self,
        kind: type[aws.vpc.SecurityGroupEgressRule | aws.vpc.SecurityGroupIngressRule],
        name: str,
        group: aws.ec2.SecurityGroup,
        port: int,
        why: str,
        **other_end: Any,
    ) -> pulumi.Resource:
        """A rule of `group` about `port`; `other_end` is one argument that says who may be there."""
        return kind(
            name,
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=_sayable(why),
            opts=self._child,
            **other_end,
        )

    def _find_zones(self, wanted: int) -> tuple[pulumi.Output[str], ...]:
        found = aws.get_availability_zones_output(
            state="available",
            # Local and wavelength zones have to be opted into, and lack most services.
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=pulumi.InvokeOptions(parent=self),
        )
        names = found.names.apply(lambda names: first_zones(names, wanted))
        return tuple(names[number] for number in range(wanted))

    def _subnet(self, name: str, cidr: str, zone: int, *, public: bool = False) -> aws.ec2.Subnet:
        # Where Kubernetes puts internal load balancers:
        # https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
        internal = {} if public else {"kubernetes.io/role/internal-elb": "1"}
        return aws.ec2.Subnet(
            name,
            vpc_id=self.vpc_id,
            cidr_block=cidr,
            availability_zone=self.zones[zone],
            map_public_ip_on_launch=False,
            tags={"Name": name, **internal},
            opts=self._child,
        )

    def _table(self, name: str, *subnets: aws.ec2.Subnet) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(name, vpc_id=self.vpc_id, tags={"Name": name}, opts=self._child)
        for subnet in subnets:
            aws.ec2.RouteTableAssociation(
                subnet.pulumi_resource_name, route_table_id=table.id, subnet_id=subnet.id, opts=self._child
            )
        return table

    def _let_out(self, tables: Sequence[aws.ec2.RouteTable], blocks: Sequence[str]) -> None:
        """A gateway a block: one for all zones costs less, until its zone fails, and for what crosses between zones."""
        internet = aws.ec2.InternetGateway(self._name, vpc_id=self.vpc_id, tags={"Name": self._name}, opts=self._child)
        names = [f"{self._name}-public-{zone}" for zone in range(len(blocks))]
        subnets = [
            self._subnet(name, block, zone, public=True)
            for zone, (name, block) in enumerate(zip(names, blocks, strict=True))
        ]
        public = self._table(f"{self._name}-public", *subnets)
        way_out = aws.ec2.Route(
            f"{self._name}-public",
            route_table_id=public.id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=internet.id,
            opts=self._child,
        )
        gateways = [self._nat_gateway(subnet, way_out) for subnet in subnets]
        for zone, table in enumerate(tables):
            aws.ec2.Route(
                table.pulumi_resource_name,
                route_table_id=table.id,
                destination_cidr_block=_ANYWHERE,
                nat_gateway_id=gateways[zone % len(gateways)].id,
                opts=self._child,
            )

    def _nat_gateway(self, subnet: aws.ec2.Subnet, way_out: aws.ec2.Route) -> aws.ec2.NatGateway:
        name = subnet.pulumi_resource_name
        address = aws.ec2.Eip(name, domain="vpc", tags={"Name": name}, opts=self._child)
        return aws.ec2.NatGateway(
            name,
            subnet_id=subnet.id,
            allocation_id=address.id,
            tags={"Name": name},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[way_out]),
        )

    def _gateway(self, service: str, tables: Sequence[aws.ec2.RouteTable]) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            f"{self._name}-{service}",
            vpc_id=self.vpc_id,
            service_name=self._service(service),
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags={"Name": f"{self._name}-{service}"},
            opts=self._child,
        )

    def _reach(self, services: tuple[str, ...]) -> aws.ec2.SecurityGroup | None:
        if not services:
            return None
        group = self.security_group(f"{self._name}-endpoints", "Endpoints of AWS services")
        for service in services:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self.vpc_id,
                service_name=self._service(service),
                vpc_endpoint_type="Interface",
                subnet_ids=list(self.private_subnet_ids),
                security_group_ids=[group.id],
                private_dns_enabled=True,
                tags={"Name": f"{self._name}-{service}"},
                opts=self._child,
            )
        return group

    def _service(self, name: str) -> pulumi.Output[str]:
        region = aws.get_region_output(opts=pulumi.InvokeOptions(parent=self)).region
        return pulumi.Output.concat("com.amazonaws.", region, ".", name)


def first_zones(names: Sequence[str], wanted: int) -> Sequence[str]:
    """The first zones by name; raises `pulumi.RunError` where there are fewer than `wanted`."""
    if len(names) < wanted:
        raise pulumi.RunError(
            f"the network needs {wanted} zones, and this region has {len(names)}: {', '.join(sorted(names))}"
        )
    return sorted(names)[:wanted]


def _sayable(why: str) -> str:
    if _SAYABLE.fullmatch(why) is None:
        raise ValueError(f"EC2 takes letters, digits, spaces and ._-:/()#,@[]+=&;{{}}!$* in a description, not {why!r}")
    return why
