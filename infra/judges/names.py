"""What Terraform calls what Pulumi calls otherwise; Pulumi's AWS provider is Terraform's beneath.

https://www.pulumi.com/registry/packages/aws/ and https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

import re
from typing import Final

_TYPES: Final = {
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:codedeploy/application:Application": "aws_codedeploy_app",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "aws_s3_bucket_replication_configuration",
    "aws:ec2/transitGateway/transitGateway:TransitGateway": "aws_ec2_transit_gateway",
    "aws:ec2/managedPrefixList:ManagedPrefixList": "aws_ec2_managed_prefix_list",
    "aws:ec2/tag:Tag": "aws_ec2_tag",
}
_UNNAMED: Final = frozenset({"ec2"})
"""Services that Terraform leaves out of a type's name."""
MAPS: Final = frozenset(
    {
        "advancedOptions",
        "dimensions",
        "inputParameters",
        "labels",
        "parameters",
        "requestParameters",
        "responseParameters",
        "tags",
        "tagsAll",
        "variables",
    }
)
"""Inputs whose keys are the user's own words; other objects are Terraform's blocks."""
_PLURALS: Final = frozenset(
    {
        "block_device_mappings",
        "cache_usage_limits",
        "log_publishing_options",
        "network_interfaces",
        "off_peak_window_options",
        "tag_specifications",
    }
)
"""Repeated blocks that Terraform names in the plural; Pulumi names all so."""


def terraform_type(token: str) -> str:
    """``aws_s3_bucket`` for ``aws:s3/bucket:Bucket``."""
    if token in _TYPES:
        return _TYPES[token]
    package, path, _ = token.split(":")
    service, _, resource = path.partition("/")
    parts = [package, resource] if service in _UNNAMED else [package, service, resource]
    return "_".join(snake_case(part) for part in parts)


def terraform_name(name: str) -> str:
    """A logical name as Terraform takes it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def snake_case(name: str) -> str:
    """``kms_key_id`` for ``kmsKeyId``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def block_name(attribute: str) -> str:
    """The block of which a list in Pulumi holds many: ``transition`` for ``transitions``."""
    if attribute in _PLURALS or not attribute.endswith("s"):
        return attribute
    for ending, single in (("ies", "y"), ("xes", "x")):
        if attribute.endswith(ending):
            return attribute.removesuffix(ending) + single
    return attribute.removesuffix("s")
