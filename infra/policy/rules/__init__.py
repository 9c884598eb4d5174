"""One family of rules a file; all of them together are `RULES`."""

from typing import Final

from infra.policy.rule import AnyRule
from infra.policy.rules import (
    durability,
    encryption,
    exposure,
    functions,
    identity,
    images,
    ingress,
    logs,
    pages,
    plain_secrets,
    pods,
    queues,
    sign_in,
    tags,
    transport,
)

RULES: Final[tuple[AnyRule, ...]] = (
    *exposure.RULES,
    *ingress.RULES,
    *encryption.RULES,
    *transport.RULES,
    *pages.RULES,
    *identity.RULES,
    *sign_in.RULES,
    *plain_secrets.RULES,
    *tags.RULES,
    *images.RULES,
    *queues.RULES,
    *logs.RULES,
    *functions.RULES,
    *durability.RULES,
    *pods.RULES,
)
"""Every rule of the pack."""
