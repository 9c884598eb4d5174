from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from infra.judges.checkov import Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Checks of Checkov's that fail here, on which resources (a pattern) of which profiles, and why that is right."""

    checks: frozenset[str]
    resources: str = "*"
    profiles: frozenset[str] = frozenset({"starter", "production"})
    reason: str

    def covers(self, profile: str, ruling: Ruling) -> bool:
        """Whether this speaks of that ruling on a profile."""
        named = ruling.check in self.checks and profile in self.profiles
        return named and fnmatchcase(ruling.resource, self.resources)


WAIVERS: Final[tuple[Waiver, ...]] = (
    Waiver(
        checks=frozenset({"CKV_AWS_144"}),
        resources="aws_s3_bucket.*",
        reason="Buckets are copied to another region where the shop names a second one; with one there is nowhere.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_272"}),
        resources="aws_lambda_function.*",
        reason="Packages are built from locked hashes, the same bytes each time; signing them adds a key to keep for a "
        "step that the same person takes.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_338"}),
        resources="aws_cloudwatch_log_group.*",
        reason="Logs name shoppers' addresses, and a year of those is longer than any fault is looked into; how long "
        "they are kept is a key of the configuration.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_68", "CKV2_AWS_47"}),
        resources="aws_cloudfront_distribution.website",
        profiles=frozenset({"starter"}),
        reason="A small shop does without a firewall, whose rules cost from 9 USD a month; production has one, and "
        "starter has it by one key.",
    ),
)
"""What could be done, and is not. At most five checks: the next one has to push out another."""

BESIDE_THE_POINT: Final[tuple[Waiver, ...]] = (
    Waiver(
        checks=frozenset({"CKV_AWS_116"}),
        resources="aws_lambda_function.*",
        reason="A function's own dead letters are those of asynchronous calls, and nobody calls ours so: the API hears "
        "of failures at once, and queues have dead-letter queues.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_309"}),
        resources="aws_apigatewayv2_route.*-readHealth",
        reason="Health is asked by monitors that have no token, and says nothing but that the API stands.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_18", "CKV_AWS_145"}),
        resources="aws_s3_bucket.*logs",
        reason="Where logs are delivered to: S3 delivers to buckets under its own key only, and a log of who wrote the "
        "log has no end. https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",
    ),
    Waiver(
        checks=frozenset({"CKV2_AWS_62"}),
        resources="aws_s3_bucket.*",
        reason="Nobody listens for what arrives in these; the bucket of photos, where somebody does, passes.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_86"}),
        resources="aws_cloudfront_distribution.website",
        reason="The site logs by CloudWatch's delivery, which Checkov does not know: it looks for the older way. "
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_91"}),
        resources="aws_lb.*",
        reason="A network load balancer logs what comes by TLS listeners only, and inside the network there is none. "
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html",
    ),
    Waiver(
        checks=frozenset({"CKV2_AWS_15"}),
        resources="aws_autoscaling_attachment.*",
        reason="EKS owns the groups of its nodes and repairs these itself (node_repair_config).",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_339"}),
        resources="aws_eks_cluster.*",
        reason="Checkov's list of versions ends before the one that EKS supports longest.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_310"}),
        resources="aws_cloudfront_distribution.website",
        reason="The page has one origin; the API beside it is sent to another region by its name, not by CloudFront.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_374"}),
        resources="aws_cloudfront_distribution.website",
        reason="Where a shop sells is not ours to say.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_318", "CKV2_AWS_59"}),
        profiles=frozenset({"starter"}),
        reason="Managers keep nodes agreed about who holds what; one node agrees with itself. Production has three.",
    ),
    Waiver(
        checks=frozenset({"CKV_AWS_174", "CKV2_AWS_42"}),
        resources="aws_cloudfront_distribution.website",
        reason="Under CloudFront's own name the certificate and the choice of TLS are CloudFront's, and nothing can be "
        "set; under a name of the shop's own it has a certificate of its own and TLS 1.2.",
    ),
)
"""Checks whose question does not arise here, or that Checkov cannot answer from what it reads."""
