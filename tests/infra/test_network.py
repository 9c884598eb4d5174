import json
from collections.abc import Iterator
from ipaddress import IPv4Network

import pulumi
import pytest

from infra.components.address_plan import plan_addresses
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.network import Network, NetworkArgs, first_zones
from infra.rehearsal.plan import Plan, Resource
from tests.infra.small_programs import ACCOUNT, REGION, drawn, foreseen

ANYWHERE = "0.0.0.0/0"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def a_network(
    *, zones: int = 3, nat: bool = True, shared: bool = False, endpoints: tuple[str, ...] = ("sqs",)
) -> Network:
    key = DataKey("data", DataKeyArgs(account=ACCOUNT, region=REGION, protect=False))
    args = NetworkArgs(
        cidr="10.20.0.0/16",
        zones=zones,
        nat=nat,
        shared_nat=shared,
        key=key,
        flow_log_retention_days=30,
        interface_endpoints=endpoints,
    )
    return Network("net", args)


def used(*, zones: int = 3, nat: bool = True, endpoints: tuple[str, ...] = ("sqs",)) -> None:
    network = a_network(zones=zones, nat=nat, endpoints=endpoints)
    search = network.security_group("search", "The search function")
    index = network.security_group("index", "The vector index")
    network.allow(search, index, 443, "asks the index")
    network.let_out_to_aws(search)


@pytest.fixture(scope="module")
def roomy() -> Plan:
    return drawn(used)


@pytest.fixture(scope="module")
def closed() -> Plan:
    return drawn(lambda: used(zones=2, nat=False, endpoints=()))


@pytest.fixture(params=["roomy", "closed"])
def plan(request: pytest.FixtureRequest) -> Plan:
    drawing: Plan = request.getfixturevalue(request.param)
    return drawing


def subnets(plan: Plan, side: str) -> list[Resource]:
    return [subnet for subnet in plan.of("aws:ec2/subnet:Subnet") if f"-{side}-" in subnet.name]


def routes(plan: Plan, table: Resource) -> list[Resource]:
    return [route for route in plan.of("aws:ec2/route:Route") if route.inputs["routeTableId"] == table.id]


def tables(plan: Plan, side: str) -> Iterator[Resource]:
    """The table of each subnet of that side."""
    known = {table.id: table for table in plan.of("aws:ec2/routeTable:RouteTable")}
    links = plan.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
    ids = {subnet.id for subnet in subnets(plan, side)}
    yield from (known[link.inputs["routeTableId"]] for link in links if link.inputs["subnetId"] in ids)


def test_each_zone_has_a_private_subnet_that_gives_no_public_address(roomy: Plan, closed: Plan) -> None:
    for plan, zones in ((roomy, "abc"), (closed, "ab")):
        private = subnets(plan, "private")
        assert [subnet.inputs["availabilityZone"] for subnet in private] == [REGION + zone for zone in zones]
        assert len(list(tables(plan, "private"))) == len(zones)
    for subnet in roomy.of("aws:ec2/subnet:Subnet"):
        assert subnet.inputs["mapPublicIpOnLaunch"] is False


def test_without_nat_there_is_no_way_to_the_internet(closed: Plan) -> None:
    assert subnets(closed, "public") == []
    for kind in ("route:Route", "internetGateway:InternetGateway", "natGateway:NatGateway", "eip:Eip"):
        assert closed.of(f"aws:ec2/{kind}") == []


def test_with_nat_each_zone_goes_out_through_its_own(roomy: Plan) -> None:
    gateways = {nat.id: nat.inputs["subnetId"] for nat in roomy.of("aws:ec2/natGateway:NatGateway")}
    zone_of = {subnet.id: subnet.inputs["availabilityZone"] for subnet in roomy.of("aws:ec2/subnet:Subnet")}
    ways = [route for table in tables(roomy, "private") for route in routes(roomy, table)]
    assert len(ways) == 3
    for way, subnet in zip(ways, subnets(roomy, "private"), strict=True):
        assert way.inputs["destinationCidrBlock"] == ANYWHERE
        assert zone_of[gateways[way.inputs["natGatewayId"]]] == zone_of[subnet.id]


def test_one_nat_can_serve_all_zones() -> None:
    plan = drawn(lambda: a_network(shared=True) and None)
    (gateway,) = plan.of("aws:ec2/natGateway:NatGateway")
    ways = [route for table in tables(plan, "private") for route in routes(plan, table)]
    assert [way.inputs["natGatewayId"] for way in ways] == [gateway.id] * 3


def test_only_the_public_side_faces_the_internet_gateway(roomy: Plan) -> None:
    facing = {route.inputs["routeTableId"] for route in roomy.of("aws:ec2/route:Route") if "gatewayId" in route.inputs}
    assert facing == {table.id for table in tables(roomy, "public")}
    assert facing.isdisjoint(table.id for table in tables(roomy, "private"))


def test_buckets_and_tables_are_reached_without_leaving_the_network(plan: Plan) -> None:
    gateways = [endpoint for endpoint in plan.of(ENDPOINT) if endpoint.inputs["vpcEndpointType"] == "Gateway"]
    assert [g.inputs["serviceName"] for g in gateways] == [f"com.amazonaws.{REGION}.{s}" for s in ("dynamodb", "s3")]
    for gateway in gateways:
        assert set(gateway.inputs["routeTableIds"]) == {table.id for table in tables(plan, "private")}


def test_asked_for_services_have_an_endpoint_in_every_zone(roomy: Plan, closed: Plan) -> None:
    sqs = roomy.one(ENDPOINT, "net-sqs").inputs
    assert (sqs["vpcEndpointType"], sqs["privateDnsEnabled"]) == ("Interface", True)
    assert sqs["serviceName"] == f"com.amazonaws.{REGION}.sqs"
    assert sqs["subnetIds"] == [subnet.id for subnet in subnets(roomy, "private")]
    assert [endpoint.name for endpoint in closed.of(ENDPOINT)] == ["net-dynamodb", "net-s3"]


def test_the_default_group_lets_nobody_speak(plan: Plan) -> None:
    (default,) = plan.of("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    (vpc,) = plan.of("aws:ec2/vpc:Vpc")
    assert default.inputs["vpcId"] == vpc.id
    assert (default.inputs["ingress"], default.inputs["egress"]) == ([], [])


def test_a_group_has_no_rules_but_those_that_were_granted(roomy: Plan) -> None:
    for group in roomy.of("aws:ec2/securityGroup:SecurityGroup"):
        assert group.inputs.keys().isdisjoint({"ingress", "egress"})
        assert group.inputs["revokeRulesOnDelete"] is True
    assert {rule.name for rule in roomy.of(INGRESS)} == {"search-to-index-443", "search-to-net-endpoints-443"}
    assert {rule.name for rule in roomy.of(EGRESS)} == {
        "search-to-index-443",
        "search-to-net-endpoints-443",
        "search-to-s3",
        "search-to-dynamodb",
    }


def test_a_grant_lets_out_of_the_one_and_into_the_other(roomy: Plan) -> None:
    source, target = (roomy.one("aws:ec2/securityGroup:SecurityGroup", name).id for name in ("search", "index"))
    out, into = (roomy.one(kind, "search-to-index-443").inputs for kind in (EGRESS, INGRESS))
    assert (out["securityGroupId"], out["referencedSecurityGroupId"]) == (source, target)
    assert (into["securityGroupId"], into["referencedSecurityGroupId"]) == (target, source)
    for rule in (out, into):
        assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)


def test_nobody_comes_in_from_an_address(plan: Plan) -> None:
    for rule in plan.of(INGRESS):
        assert rule.inputs.keys().isdisjoint({"cidrIpv4", "cidrIpv6", "prefixListId"})


def test_aws_is_reached_on_443_and_through_the_gateways_lists(roomy: Plan) -> None:
    for service in ("s3", "dynamodb"):
        rule = roomy.one(EGRESS, f"search-to-{service}").inputs
        assert rule["prefixListId"] == roomy.one(ENDPOINT, f"net-{service}").attributes["prefixListId"]
        assert (rule["fromPort"], rule["toPort"]) == (443, 443)
        assert "cidrIpv4" not in rule


def test_who_is_let_out_to_the_internet_goes_by_https_only() -> None:
    def program() -> None:
        network = a_network()
        network.let_out_to_internet(network.security_group("nodes", "Machines"), "pulls images")

    rule = drawn(program).one(EGRESS, "nodes-to-internet-443").inputs
    assert (rule["cidrIpv4"], rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == (ANYWHERE, "tcp", 443, 443)


def test_nobody_is_let_out_to_the_internet_where_there_is_no_nat() -> None:
    def program() -> None:
        network = a_network(nat=False)
        network.let_out_to_internet(network.security_group("nodes", "Machines"), "pulls images")

    with pytest.raises(ValueError, match="nodes cannot reach the internet: this network has no NAT"):
        drawn(program)


def test_everything_that_is_said_is_logged_encrypted_and_for_a_while(plan: Plan) -> None:
    (flow,) = plan.of("aws:ec2/flowLog:FlowLog")
    (log,) = plan.of("aws:cloudwatch/logGroup:LogGroup")
    assert flow.inputs["vpcId"] == plan.of("aws:ec2/vpc:Vpc")[0].id
    assert (flow.inputs["trafficType"], flow.inputs["logDestination"]) == ("ALL", log.attributes["arn"])
    assert log.inputs["kmsKeyId"] == plan.one("aws:kms/key:Key", "data").attributes["arn"]
    assert log.inputs["retentionInDays"] == 30


def test_flow_logs_write_into_their_group_alone_and_for_this_account_alone(plan: Plan) -> None:
    (role,) = plan.of("aws:iam/role:Role")
    (policy,) = plan.of("aws:iam/rolePolicy:RolePolicy")
    (log,) = plan.of("aws:cloudwatch/logGroup:LogGroup")
    (assume,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert assume["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert assume["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    written = json.loads(policy.inputs["policy"])["Statement"]
    (write,) = [statement for statement in written if "logs:PutLogEvents" in statement["Action"]]
    assert write["Resource"] == [f"{log.attributes['arn']}:*"]
    others = {action for statement in written if statement is not write for action in statement["Action"]}
    assert others <= {"logs:DescribeLogGroups"}


def test_the_key_lets_logs_of_this_account_and_region_be_encrypted(plan: Plan) -> None:
    policy = json.loads(plan.one("aws:kms/key:Key", "data").inputs["policy"])
    (logs,) = [s for s in policy["Statement"] if s["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}]
    ours = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"}
    assert logs["Condition"] == {"ArnLike": ours}
    assert {"kms:GenerateDataKey", "kms:Decrypt"} <= set(logs["Action"])


def test_the_first_preview_shows_the_same_resources(roomy: Plan) -> None:
    assert set(foreseen(used).resources) == set(roomy.resources)


def test_a_region_with_too_few_zones_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="needs 3 zones, and this region has 2: eu-west-1a, eu-west-1b"):
        first_zones(["eu-west-1b", "eu-west-1a"], 3)


def test_a_description_that_ec2_refuses_is_refused_here() -> None:
    with pytest.raises(ValueError, match='not "the shop\'s"'):
        drawn(lambda: a_network().security_group("g", "the shop's") and None)


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "192.168.4.0/24", "172.20.0.0/20"])
def test_addresses_lie_apart_within_the_network(cidr: str) -> None:
    plan = plan_addresses(cidr, 3)
    blocks = [*plan.private, *plan.public]
    assert all(block.subnet_of(IPv4Network(cidr)) and block.prefixlen <= 28 for block in blocks)
    assert not any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[:i])


def test_the_smallest_network_has_subnets_as_small_as_aws_makes_them() -> None:
    plan = plan_addresses("10.0.0.0/24", 2)
    assert list(map(str, plan.private)) == ["10.0.0.0/26", "10.0.0.64/26"]
    assert list(map(str, plan.public)) == ["10.0.0.192/28", "10.0.0.208/28"]
    assert plan.private_addresses == 59


def test_a_third_zone_moves_nothing() -> None:
    two, three = (plan_addresses("10.0.0.0/16", zones) for zones in (2, 3))
    assert (three.private[:2], three.public[:2]) == (two.private, two.public)


@pytest.mark.parametrize(
    ("cidr", "zones", "said"),
    [
        ("10.0.0.0/16", 1, "2 or 3 zones, not 1"),
        ("10.0.0.0/16", 4, "2 or 3 zones, not 4"),
        ("10.0.0.1/16", 2, "is not a block of addresses"),
        ("10.0.0.0/25", 2, "must be from /16 to /24"),
        ("10.0.0.0/8", 2, "must be from /16 to /24"),
        ("52.0.0.0/16", 2, "not a private block"),
        ("ten", 2, "is not a block of addresses"),
    ],
)
def test_addresses_that_cannot_be_planned_are_refused(cidr: str, zones: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plan_addresses(cidr, zones)
