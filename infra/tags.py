from collections.abc import Mapping
from typing import cast

import pulumi


def tag_everything(tags: Mapping[str, str]) -> None:
    """Put these tags on every resource of this stack that can have tags. Call before the first one is made."""

    def tagged(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not hasattr(type(args.resource), "tags"):
            return None
        own: Mapping[str, str] = cast("Mapping[str, str] | None", args.props["tags"]) or {}
        return pulumi.ResourceTransformationResult({**args.props, "tags": {**tags, **own}}, args.opts)

    pulumi.runtime.register_stack_transformation(tagged)
