import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from infra.policy.subject import Inputs, listed

Statement = Mapping[str, Any]

POLICY_INPUTS: Final = ("policy", "assumeRolePolicy", "accessPolicies", "policyDocument")
"""Inputs that hold a policy document as JSON."""


def documents(inputs: Inputs) -> Iterator[Mapping[str, Any]]:
    """The policy documents of a resource, but for those that a preview does not know yet and that are no JSON."""
    return (document for document in _read(inputs).values() if document is not None)


def unreadable(inputs: Inputs) -> list[str]:
    """The inputs that ought to hold a document, and hold no JSON."""
    return [name for name, document in _read(inputs).items() if document is None]


def _read(inputs: Inputs) -> dict[str, Mapping[str, Any] | None]:
    written = {name: inputs.get(name) for name in POLICY_INPUTS}
    return {name: _parsed(text) for name, text in written.items() if isinstance(text, str) and text.startswith("{")}


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        return cast("Mapping[str, Any]", json.loads(text))
    except json.JSONDecodeError:
        return None


def statements(inputs: Inputs, effect: str) -> Iterator[Statement]:
    """The statements with this effect, ``Allow`` or ``Deny``, of all documents of a resource."""
    for document in documents(inputs):
        yield from (statement for statement in listed(document["Statement"]) if statement["Effect"] == effect)
