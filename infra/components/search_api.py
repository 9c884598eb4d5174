import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.lambda_function import LambdaFunction
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

    Tokens of `issuer` are accepted that are made out for one of `audiences`. Above `throttle_rate` requests a second,
    with `throttle_burst` at once, API Gateway answers 429 itself.
    """

    routes: tuple[AnyRoute, ...]
    owners: Mapping[str, LambdaFunction]
    issuer: str
    audiences: tuple[str, ...]
    origins: tuple[str, ...]
    throttle_rate: float
    throttle_burst: int
    log_retention_days: int


class SearchApi(pulumi.ComponentResource):
    """The HTTP API: the contract's routes and no other, each behind the token's check unless it is public."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: SearchApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:SearchApi", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self._api = aws.apigatewayv2.Api(name, protocol_type="HTTP", cors_configuration=_cors(args), opts=self._child)
        self._authoriser = self._check(args)
        self._serve(args)
        self.url = self._publish(args).invoke_url
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

    def _serve(self, args: SearchApiArgs) -> None:
        functions = dict.fromkeys(args.owners[route.name] for route in args.routes)
        integrations = {function: function.serve(self._api) for function in functions}
        for route in args.routes:
            target = integrations[args.owners[route.name]]
            aws.apigatewayv2.Route(
                f"{self._name}-{route.name}",
                api_id=self._api.id,
                route_key=f"{route.method} {route.path}",
                operation_name=route.name,
                target=pulumi.Output.concat("integrations/", target.id),
                authorization_type="NONE" if route.public else "JWT",
                authorizer_id=None if route.public else self._authoriser.id,
                opts=self._child,
            )

    def _publish(self, args: SearchApiArgs) -> aws.apigatewayv2.Stage:
        log = aws.cloudwatch.LogGroup(
            f"{self._name}-access", retention_in_days=args.log_retention_days, opts=self._child
        )
        return aws.apigatewayv2.Stage(
            self._name,
            api_id=self._api.id,
            name="$default",
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": args.throttle_rate,
                "throttling_burst_limit": args.throttle_burst,
                "detailed_metrics_enabled": True,
            },
            access_log_settings={"destination_arn": log.arn, "format": json.dumps(_LOG_FIELDS)},
            opts=self._child,
        )


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
