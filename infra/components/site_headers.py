from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_aws as aws

from lookalike.contract.page_files import page_policy

_YEARS_2_S: Final = 63_072_000
# The page takes a photo through a file input, which asks for no permission: it needs none of what a browser can give.
_UNUSED: Final = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def security_headers(
    name: str, form_origins: Sequence[pulumi.Input[str]], parent: pulumi.Resource
) -> aws.cloudfront.ResponseHeadersPolicy:
    """What every answer tells a browser not to do: leave TLS, guess types, show the page in a frame, run others' code.

    The policy on content is the page's own (`page_policy`), with the buckets that its upload forms go to.
    """
    content = pulumi.Output.all(*form_origins).apply(lambda origins: page_policy(*origins))
    return aws.cloudfront.ResponseHeadersPolicy(
        name,
        security_headers_config={
            "content_security_policy": {"content_security_policy": content, "override": True},
            "content_type_options": {"override": True},
            "frame_options": {"frame_option": "DENY", "override": True},
            "referrer_policy": {"referrer_policy": "no-referrer", "override": True},
            "strict_transport_security": {
                "access_control_max_age_sec": _YEARS_2_S,
                "include_subdomains": True,
                "preload": True,
                "override": True,
            },
        },
        custom_headers_config={"items": [{"header": "Permissions-Policy", "value": _UNUSED, "override": True}]},
        opts=pulumi.ResourceOptions(parent=parent),
    )
