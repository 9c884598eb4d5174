import pulumi

from infra.components.firewall import Firewall, FirewallArgs
from infra.components.log_bucket import LogBucket, LogBucketArgs, LogWriter
from infra.place import Place

_EVERYWHERE = "us-east-1"
"""Where AWS keeps what belongs to CloudFront."""
_PREFIX = "aws-waf-logs-lookalike-"
"""The firewall writes into no bucket that is called otherwise.
https://docs.aws.amazon.com/waf/latest/developerguide/logging-s3.html"""


def declare_firewall(home: Place, opts: pulumi.ResourceOptions) -> Firewall:
    """What turns floods and known attacks away before they reach the website or, through it, the API."""
    config = home.config
    source = pulumi.Output.concat(f"arn:aws:logs:{_EVERYWHERE}:", home.account, ":*")
    writer = LogWriter(service="delivery.logs.amazonaws.com", account=home.account, source_arn=source)
    kept = LogBucketArgs(
        writers=[writer], keep_days=config.watch.log_retention_days, protect=config.protect, prefix=_PREFIX
    )
    log = LogBucket("firewall-logs", kept, opts)
    given = FirewallArgs(requests_per_5_minutes=config.website.requests_per_5_minutes, log_bucket_arn=log.arn)
    return Firewall("firewall", given, opts)
