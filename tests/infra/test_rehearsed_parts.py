"""What the emulator can be stands in it, as the program says: it was asked, and had to take it."""

from collections.abc import Callable

from infra.components.user_pool import UserPool, UserPoolArgs
from infra.rehearsal import Rehearsed
from infra.rehearsal.plan import Plan
from lookalike.domain.catalogue import CatalogueId

Run = Callable[[Callable[[], None]], Plan]


def test_the_network_stands(rehearsed: Rehearsed) -> None:
    ec2 = rehearsed.clients.ec2
    (vpc,) = rehearsed.plan.of("aws:ec2/vpc:Vpc")
    here = [{"Name": "vpc-id", "Values": [vpc.id]}]
    subnets = ec2.describe_subnets(Filters=here)["Subnets"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == {"eu-central-1a", "eu-central-1b"}
    assert len(ec2.describe_nat_gateways(Filters=here)["NatGateways"]) == 1
    endpoints = ec2.describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    assert {endpoint["ServiceName"].rpartition(".")[2] for endpoint in endpoints} == {"dynamodb", "s3"}
    support = ec2.describe_vpc_attribute(VpcId=vpc.id, Attribute="enableDnsHostnames")
    assert support["EnableDnsHostnames"]["Value"] is True


def test_groups_let_out_what_the_program_says_and_nothing_in(rehearsed: Rehearsed) -> None:
    ec2 = rehearsed.clients.ec2
    (vpc,) = rehearsed.plan.of("aws:ec2/vpc:Vpc")
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["SecurityGroups"]
    assert all(group["IpPermissions"] == [] for group in groups)
    ports = {
        group["GroupName"].rpartition("-")[0]: {
            rule["FromPort"] for rule in group["IpPermissionsEgress"] if rule["IpRanges"]
        }
        for group in groups
        if group["GroupName"] != "default"
    }
    # Where the shop's own index and inference service are, and queues, which have no endpoint in `starter`.
    assert ports == {"embed": {443, 8001, 9200}, "prepare": {443}, "search": {8001, 9200}, "uploads": {9200}}


def test_logs_are_kept_as_long_as_is_said(rehearsed: Rehearsed) -> None:
    made = rehearsed.clients.logs.describe_log_groups()["logGroups"]
    kept = {group["logGroupName"]: group["retentionInDays"] for group in made}
    for group in rehearsed.plan.of("aws:cloudwatch/logGroup:LogGroup"):
        assert kept[group.attributes["name"]] == group.inputs["retentionInDays"]


def test_alarms_tell_a_topic_that_stands(rehearsed: Rehearsed) -> None:
    topics = {topic["TopicArn"] for topic in rehearsed.clients.sns.list_topics()["Topics"]}
    pages = rehearsed.clients.cloudwatch.get_paginator("describe_alarms").paginate()
    alarms = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
    for alarm in rehearsed.plan.of("aws:cloudwatch/metricAlarm:MetricAlarm"):
        assert set(alarms[alarm.attributes["name"]]["AlarmActions"]) <= topics


def test_the_websites_files_are_in_their_bucket(rehearsed: Rehearsed) -> None:
    site = rehearsed.plan.one("aws:s3/bucket:Bucket", "website")
    page = rehearsed.clients.s3.get_object(Bucket=site.id, Key="index.html")
    assert page["Body"].read().startswith(b"<!doctype html>")


def test_a_user_pool_vouches_for_one_machine_a_catalogue(run: Run, rehearsed: Rehearsed) -> None:
    args = UserPoolArgs(catalogues=(CatalogueId("shop"),), account=rehearsed.account, protect=False)

    def program() -> None:
        UserPool("people", args)

    plan = run(program)
    (pool,) = plan.of("aws:cognito/userPool:UserPool")
    (client,) = plan.of("aws:cognito/userPoolClient:UserPoolClient")
    made = rehearsed.clients.cognito.describe_user_pool_client(UserPoolId=pool.id, ClientId=client.id)["UserPoolClient"]
    assert made["AllowedOAuthFlows"] == ["client_credentials"]
    assert made["ClientSecret"] == client.attributes["clientSecret"]
