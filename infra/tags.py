from collections.abc import Mapping

import pulumi


def tag_everything(tags: Mapping[str, str]) -> None:
    """Put these tags on every resource of this stack that can have tags. Call before the first one is made."""

    def tagged(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not hasattr(type(args.resource), "tags"):
            return None
        return pulumi.ResourceTransformationResult({**args.props, "tags": {**tags, **(args.props["tags"] or {})}}, args.opts)

    pulumi.runtime.register_stack_transformation(tagged)
