import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.alarms import Alarms, Runbook
from infra.components.data_key import DataKey
from infra.components.lambda_function import LambdaFunction
from infra.components.throttle import Throttle
from lookalike.contract.route import AnyRoute

_PREFLIGHT_CACHED_S: Final = 3600
# What a page may read of an answer beside the plain headers.
_READABLE: Final = ["location", "retry-after", "server-timing", "x-request-id"]
_LOG_FIELDS: Final = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationMs": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
    "authorizerError": "$context.authorizer.error",
}
"""One line of the access log; no token, no body, no claim but the verdict.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchApiArgs:
    """`owners` says which function answers each of `routes`, by the route's name.

    Tokens of `issuer` are accepted that are made out for one of `audiences`. All routes together are held to
    `throttle`, those named in `route_throttles` to their own as well. `slow_ms` is what 19 of 20 searches stay below.
    The access log is encrypted with `key`.
    """

    routes: tuple[AnyRoute, ...]
    owners: Mapping[str, LambdaFunction]
    issuer: pulumi.Input[str]
    audiences: Sequence[pulumi.Input[str]]
    origins: Sequence[pulumi.Input[str]]
    throttle: Throttle
    route_throttles: Mapping[str, Throttle]
    key: DataKey
    log_retention_days: int
    alarms: Alarms
    slow_ms: int = 1000


class SearchApi(pulumi.ComponentResource):
    """The HTTP API: the contract's routes and no other, each behind the token's check unless it is public.

    An HTTP API takes no web application firewall (AWS WAF knows REST APIs and CloudFront); the website's distribution,
    which leads to this API as well, can have one.
    https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
    """

    url: pulumi.Output[str]
    id: pulumi.Output[str]
    """As CloudWatch calls it."""
    host: pulumi.Output[str]
    """AWS's own name of it, for a distribution or a health check to reach."""
    stage: aws.apigatewayv2.Stage
    alarms: tuple[aws.cloudwatch.MetricAlarm, ...]

    def __init__(self, name: str, args: SearchApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:SearchApi", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self._api = aws.apigatewayv2.Api(name, protocol_type="HTTP", cors_configuration=_cors(args), opts=self._child)
        self._authoriser = self._check(args)
        self.stage = self._publish(args, self._serve(args))
        self.url, self.id = self.stage.invoke_url, self._api.id
        self.host = self._api.api_endpoint.apply(lambda url: url.removeprefix("https://"))
        self.alarms = self._watch(args)
        self.register_outputs({"url": self.url})

    def _check(self, args: SearchApiArgs) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            self._name,
            api_id=self._api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": args.issuer, "audiences": list(args.audiences)},
            opts=self._child,
        )

    def _serve(self, args: SearchApiArgs) -> list[aws.apigatewayv2.Route]:
        functions = dict.fromkeys(args.owners[route.name] for route in args.routes)
        integrations = {function: function.serve(self._api) for function in functions}
        return [self._route(route, integrations[args.owners[route.name]]) for route in args.routes]

    def _route(self, route: AnyRoute, target: aws.apigatewayv2.Integration) -> aws.apigatewayv2.Route:
        return aws.apigatewayv2.Route(
            f"{self._name}-{route.name}",
            api_id=self._api.id,
            route_key=_key(route),
            operation_name=route.name,
            target=pulumi.Output.concat("integrations/", target.id),
            authorization_type="NONE" if route.public else "JWT",
            authorizer_id=None if route.public else self._authoriser.id,
            opts=self._child,
        )

    def _publish(self, args: SearchApiArgs, routes: Sequence[pulumi.Resource]) -> aws.apigatewayv2.Stage:
        log = aws.cloudwatch.LogGroup(
            f"{self._name}-access",
            retention_in_days=args.log_retention_days,
            kms_key_id=args.key.arn,
            opts=self._child,
        )
        return aws.apigatewayv2.Stage(
            self._name,
            api_id=self._api.id,
            name="$default",
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": args.throttle.rate,
                "throttling_burst_limit": args.throttle.burst,
                "detailed_metrics_enabled": True,
            },
            route_settings=_route_settings(args),
            access_log_settings={"destination_arn": log.arn, "format": json.dumps(_LOG_FIELDS)},
            # A stage refuses settings of a route that is not there yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(routes)),
        )

    def _watch(self, args: SearchApiArgs) -> tuple[aws.cloudwatch.MetricAlarm, ...]:
        broken = args.alarms.above(
            f"{self._name}-5xx",
            metric="AWS/ApiGateway:5xx",
            dimensions={"ApiId": self._api.id},
            statistic="Sum",
            threshold=5,
            minutes=3,
            why="The API answers with errors of ours, more than five a minute for three minutes.",
            runbook=Runbook.API_ERRORS,
            parent=self,
        )
        slow = args.alarms.above(
            f"{self._name}-latency",
            metric="AWS/ApiGateway:Latency",
            dimensions={"ApiId": self._api.id},
            statistic="p95",
            threshold=args.slow_ms,
            minutes=5,
            why=f"One answer in twenty takes longer than {args.slow_ms} ms.",
            runbook=Runbook.SLOW,
            parent=self,
        )
        return broken, slow


def _key(route: AnyRoute) -> str:
    return f"{route.method} {route.path}"


def _route_settings(args: SearchApiArgs) -> list[aws.apigatewayv2.StageRouteSettingArgsDict]:
    keys = {route.name: _key(route) for route in args.routes}
    return [
        {
            "route_key": keys[name],
            "throttling_rate_limit": throttle.rate,
            "throttling_burst_limit": throttle.burst,
            "detailed_metrics_enabled": True,
        }
        for name, throttle in args.route_throttles.items()
    ]


def _cors(args: SearchApiArgs) -> aws.apigatewayv2.ApiCorsConfigurationArgs | None:
    if not args.origins:
        return None
    return aws.apigatewayv2.ApiCorsConfigurationArgs(
        allow_origins=list(args.origins),
        allow_methods=sorted({route.method for route in args.routes}),
        allow_headers=["authorization", "content-type", "x-request-id"],
        expose_headers=_READABLE,
        max_age=_PREFLIGHT_CACHED_S,
    )
