import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.policy.subject import Inputs, listed

Statement = Mapping[str, Any]

POLICY_INPUTS: Final = ("policy", "assumeRolePolicy", "accessPolicies", "inlinePolicy")
"""Inputs that hold a policy document as JSON."""


def documents(inputs: Inputs) -> Iterator[Mapping[str, Any]]:
    """The policy documents of a resource, but for those that a preview does not know yet.

    Raises `ValueError` for one that is no JSON.
    """
    for name in POLICY_INPUTS:
        written = inputs.get(name)
        if isinstance(written, str) and written.startswith("{"):
            yield json.loads(written)


def statements(inputs: Inputs, effect: str) -> Iterator[Statement]:
    """The statements with this effect, ``Allow`` or ``Deny``, of all documents of a resource."""
    for document in documents(inputs):
        yield from (statement for statement in listed(document["Statement"]) if statement["Effect"] == effect)
