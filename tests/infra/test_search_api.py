import json
from functools import cache
from typing import Any

import pytest

from infra.components.api_domain import ApiDomain, ApiDomainArgs
from infra.rehearsal.plan import Plan
from lookalike.contract.routes import ROUTES
from tests.infra.parts import REGION, TOPIC, a_function, a_key, alarms_of, an_api, shown_in_preview, sketched, the

STAGE = "aws:apigatewayv2/stage:Stage"
ROUTE = "aws:apigatewayv2/route:Route"
RECORD = "aws:route53/record:Record"


@cache
def plan(**changes: Any) -> Plan:
    def program() -> None:
        key = a_key()
        an_api(key, a_function(key), **changes)

    return sketched(program)


def named() -> None:
    key = a_key()
    api = an_api(key, a_function(key))
    ApiDomain("api", ApiDomainArgs(api=api, host="search.shop.example", zone_id="Z123456", region=REGION))


@cache
def under_a_name() -> Plan:
    return sketched(named)


def test_a_first_preview_shows_all_of_it() -> None:
    assert shown_in_preview(named)


def test_every_route_but_the_public_ones_is_behind_the_tokens_check() -> None:
    authoriser = the(plan(), "aws:apigatewayv2/authorizer:Authorizer")
    assert authoriser.inputs["authorizerType"] == "JWT"
    assert authoriser.inputs["jwtConfiguration"] == {
        "issuer": "https://login.shop.example/",
        "audiences": ["lookalike"],
    }
    public = {route.name for route in ROUTES if route.public}
    for route in plan().of(ROUTE):
        if route.inputs["operationName"] in public:
            assert route.inputs["authorizationType"] == "NONE"
        else:
            assert (route.inputs["authorizationType"], route.inputs["authorizerId"]) == ("JWT", authoriser.id)
    assert len(plan().of(ROUTE)) == len(ROUTES)


def test_all_are_throttled_and_uploads_by_themselves() -> None:
    stage = the(plan(), STAGE).inputs
    assert stage["defaultRouteSettings"]["throttlingRateLimit"] == 100
    assert stage["defaultRouteSettings"]["throttlingBurstLimit"] == 200
    (own,) = stage["routeSettings"]
    assert own["routeKey"] == "POST /v1/uploads"
    assert (own["throttlingRateLimit"], own["throttlingBurstLimit"]) == (10, 20)


def test_the_stage_waits_for_the_routes_it_speaks_of() -> None:
    stage = the(plan(), STAGE)
    assert {route.declared.urn for route in plan().of(ROUTE)} <= stage.declared.dependencies


def test_who_came_is_logged_encrypted_without_tokens() -> None:
    log = plan().one("aws:cloudwatch/logGroup:LogGroup", "api-access")
    assert log.inputs["kmsKeyId"] == the(plan(), "aws:kms/key:Key").attributes["arn"]
    assert log.inputs["retentionInDays"] == 30
    kept = the(plan(), STAGE).inputs["accessLogSettings"]
    assert kept["destinationArn"] == log.attributes["arn"]
    fields = json.loads(kept["format"])
    assert {fields["status"], fields["ip"]} == {"$context.status", "$context.identity.sourceIp"}
    assert not any("claim" in field.lower() or "header" in field.lower() for field in fields.values())


def test_pages_of_the_shop_may_call_and_no_others() -> None:
    cors = the(plan(), "aws:apigatewayv2/api:Api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://www.shop.example"]
    assert "allowCredentials" not in cors
    assert set(cors["allowHeaders"]) == {"authorization", "content-type", "x-request-id"}
    assert "corsConfiguration" not in the(plan(origins=()), "aws:apigatewayv2/api:Api").inputs


def test_the_gateway_alone_calls_the_function_and_by_its_alias() -> None:
    permission = the(plan(), "aws:lambda/permission:Permission").inputs
    api = the(plan(), "aws:apigatewayv2/api:Api")
    assert (permission["principal"], permission["qualifier"]) == ("apigateway.amazonaws.com", "live")
    assert permission["sourceArn"] == f"{api.attributes['executionArn']}/*/*"
    integration = the(plan(), "aws:apigatewayv2/integration:Integration").inputs
    alias = the(plan(), "aws:lambda/alias:Alias")
    assert integration["integrationUri"] == alias.attributes["invokeArn"]
    assert alias.attributes["arn"] in integration["integrationUri"]


def test_alarms_ring_on_errors_and_on_slow_answers() -> None:
    rung = {a.inputs["metricName"]: a.inputs for a in alarms_of(plan()) if a.inputs["namespace"] == "AWS/ApiGateway"}
    assert set(rung) == {"5xx", "Latency"}
    assert (rung["Latency"]["extendedStatistic"], rung["Latency"]["threshold"]) == ("p95", 1000)
    for alarm in rung.values():
        assert alarm["dimensions"] == {"ApiId": the(plan(), "aws:apigatewayv2/api:Api").id}
        assert alarm["alarmActions"] == [TOPIC]


def test_a_name_of_the_shops_own_is_over_tls_1_2() -> None:
    domain = the(under_a_name(), "aws:apigatewayv2/domainName:DomainName").inputs
    held = domain["domainNameConfiguration"]
    assert domain["domainName"] == "search.shop.example"
    assert (held["securityPolicy"], held["endpointType"]) == ("TLS_1_2", "REGIONAL")
    validation = the(under_a_name(), "aws:acm/certificateValidation:CertificateValidation")
    assert held["certificateArn"] == validation.attributes["certificateArn"]
    mapping = the(under_a_name(), "aws:apigatewayv2/apiMapping:ApiMapping").inputs
    assert mapping["stage"] == "$default"


def test_it_leads_to_the_nearest_region_that_is_well() -> None:
    record = under_a_name().one(RECORD, "api").inputs
    check = the(under_a_name(), "aws:route53/healthCheck:HealthCheck")
    assert record["name"] == "search.shop.example"
    assert (record["latencyRoutingPolicies"], record["setIdentifier"]) == ([{"region": REGION}], REGION)
    assert record["healthCheckId"] == check.id
    assert (check.inputs["type"], check.inputs["resourcePath"]) == ("HTTPS", "/v1/health")
    assert [route.public for route in ROUTES if route.path == check.inputs["resourcePath"]] == [True]
    assert check.inputs["fqdn"] == the(under_a_name(), "aws:apigatewayv2/api:Api").attributes["apiEndpoint"][8:]


@pytest.mark.parametrize("key", ["name", "type", "records"])
def test_the_name_is_proved_by_a_record(key: str) -> None:
    proof = under_a_name().one(RECORD, "api-proof").inputs
    assert proof[key]
    assert proof["allowOverwrite"] is True
    assert proof["zoneId"] == "Z123456"
