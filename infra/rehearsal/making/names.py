from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from infra.rehearsal.plan import Declared

_DIGITS = 7


def physical_name(declared: Declared, key: str = "name") -> str:
    """The name in the account: the one given, or as Pulumi makes them, the logical one and seven digits.

    Other than Pulumi's these digits follow from the URN, so that every rehearsal is the same.
    """
    given: str | None = declared.inputs.get(key)
    return given or f"{declared.name}-{sha256(declared.urn.encode()).hexdigest()[:_DIGITS]}"


def tag_list(declared: Declared, key: str = "Key", value: str = "Value") -> list[Any]:
    """The resource's tags as most of AWS's calls take them."""
    tags: Mapping[str, str] = declared.inputs.get("tags") or {}
    return [{key: name, value: text} for name, text in tags.items()]
