from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.certificate import Certificate, CertificateArgs
from infra.components.search_api import SearchApi

_HEALTH: Final = "/v1/health"
_EVERY_S: Final = 30
_FAILURES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDomainArgs:
    """`host`, a name in the hosted zone `zone_id`, leads to `api` for those to whom `region` is the nearest."""

    api: SearchApi
    host: str
    zone_id: str
    region: str


class ApiDomain(pulumi.ComponentResource):
    """A name of the shop's own for the API, over TLS 1.2 or later.

    Made once a region under one name, it leads each caller to the region that answers them fastest, and past one
    whose health page fails. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
    """

    url: pulumi.Output[str]

    def __init__(self, name: str, args: ApiDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:ApiDomain", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = Certificate(name, CertificateArgs(host=args.host, zone_id=args.zone_id), opts=child)
        domain = aws.apigatewayv2.DomainName(
            name,
            domain_name=args.host,
            domain_name_configuration={
                "certificate_arn": certificate.arn,
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            opts=child,
        )
        aws.apigatewayv2.ApiMapping(
            name, api_id=args.api.id, domain_name=domain.id, stage=args.api.stage.name, opts=child
        )
        self._lead(name, args, domain)
        self.url = pulumi.Output.concat("https://", domain.domain_name)
        self.register_outputs({"url": self.url})

    def _lead(self, name: str, args: ApiDomainArgs, domain: aws.apigatewayv2.DomainName) -> None:
        child = pulumi.ResourceOptions(parent=self)
        healthy = aws.route53.HealthCheck(
            name,
            type="HTTPS",
            fqdn=args.api.host,
            port=443,
            resource_path=_HEALTH,
            request_interval=_EVERY_S,
            failure_threshold=_FAILURES,
            opts=child,
        )
        target = domain.domain_name_configuration
        aws.route53.Record(
            name,
            zone_id=args.zone_id,
            name=args.host,
            type="A",
            aliases=[
                {
                    "name": target.target_domain_name,
                    "zone_id": target.hosted_zone_id,
                    "evaluate_target_health": True,
                }
            ],
            set_identifier=args.region,
            latency_routing_policies=[{"region": args.region}],
            health_check_id=healthy.id,
            opts=child,
        )
