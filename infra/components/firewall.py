from dataclasses import dataclass
from typing import Final, Literal

import pulumi
import pulumi_aws as aws

_EVERYWHERE: Final = "us-east-1"
"""Where AWS keeps what belongs to CloudFront."""
_BODY_RULE: Final = "SizeRestrictions_BODY"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallArgs:
    """One address may make `requests_per_5_minutes`; the log goes to a bucket whose name begins ``aws-waf-logs-``."""

    requests_per_5_minutes: int
    log_bucket_arn: pulumi.Input[str]


class Firewall(pulumi.ComponentResource):
    """What CloudFront turns away: floods from one address, and requests that are attacks by AWS's own lists."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:Firewall", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        acl = aws.wafv2.WebAcl(
            name,
            scope="CLOUDFRONT",
            region=_EVERYWHERE,
            default_action={"allow": {}},
            rules=[
                _flood(args.requests_per_5_minutes),
                # Vectors and items are larger than the 8 KB that this list takes; the contract has limits of its own.
                _listed("AWSManagedRulesCommonRuleSet", 1, counted=_BODY_RULE),
                _listed("AWSManagedRulesKnownBadInputsRuleSet", 2),
                # Shoppers come by VPN too: they are counted, for whoever looks into an attack, and let in.
                _listed("AWSManagedRulesAnonymousIpList", 3, action="count"),
            ],
            visibility_config=_seen(name),
            opts=child,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[args.log_bucket_arn],
            region=_EVERYWHERE,
            # A token is a password: it is in no log.
            redacted_fields=[{"single_header": {"name": "authorization"}}],
            opts=child,
        )
        self.arn = acl.arn
        self.register_outputs({"arn": self.arn})


def _flood(limit: int) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": "flood",
        "priority": 0,
        "action": {"block": {}},
        "statement": {"rate_based_statement": {"limit": limit, "aggregate_key_type": "IP"}},
        "visibility_config": _seen("flood"),
    }


def _listed(
    name: str, priority: int, *, counted: str | None = None, action: Literal["none", "count"] = "none"
) -> aws.wafv2.WebAclRuleArgsDict:
    """A list of AWS's; `counted` is a rule of it that blocks nothing, `action` "count" makes that of all of them."""
    overrides: list[aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgsDict] = (
        [{"name": counted, "action_to_use": {"count": {}}}] if counted else []
    )
    return {
        "name": name,
        "priority": priority,
        "override_action": {"count": {}} if action == "count" else {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "name": name,
                "vendor_name": "AWS",
                "rule_action_overrides": overrides,
            }
        },
        "visibility_config": _seen(name),
    }


def _seen(name: str) -> aws.wafv2.WebAclVisibilityConfigArgsDict:
    # Samples would show what shoppers send.
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": False}
