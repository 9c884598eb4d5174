"""What can be tagged is, so that a bill can be read and a stack's remains can be found."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Final

from infra.policy.rule import AnyRule, Rule
from infra.policy.subject import Inputs, known, listed

REQUIRED: Final = ("project", "stack")
_MODULES: Final = {"lambda": "lambda_"}


@cache
def is_taggable(kind: str) -> bool:
    """Whether AWS takes tags for this type (``aws:sqs/queue:Queue``), by the provider's own classes."""
    package, _, rest = kind.partition(":")
    if package != "aws":
        return False
    module, name = rest.split("/")[0], rest.rsplit(":", 1)[-1]
    services = import_module(f"pulumi_aws.{_MODULES.get(module, module)}")
    return hasattr(getattr(services, name), "tags")


def _tagged(kind: str, inputs: Inputs) -> Iterator[str]:
    tags = inputs.get("tags") or {}
    if is_taggable(kind) and known(tags):
        yield from (f"has no tag {name}" for name in REQUIRED if not tags.get(name))


def _machines(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == "aws:ec2/launchTemplate:LaunchTemplate":
        given = listed(inputs.get("tagSpecifications"))
        if not {"instance", "volume"} <= {one.get("resourceType") for one in given}:
            yield "does not tag its machines and their disks"
        yield from (
            f"{one.get('resourceType')} has no tag {n}" for one in given for n in REQUIRED if n not in one["tags"]
        )


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="all-is-tagged", says="What can be tagged says which project and stack it is of.", check=_tagged),
    Rule(name="machines-are-tagged", says="Machines that come and go are tagged as well.", check=_machines),
)
