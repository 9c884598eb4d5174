import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from lookalike.errors import InvalidRequestError

AttributeValue = str | int | float | bool | date
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LONGEST_TEXT = 1024
_MOST = 64


def check_attributes(attributes: Mapping[str, AttributeValue]) -> Mapping[str, AttributeValue]:
    """Return a read-only copy of an item's attributes: at most 64, text at most 1,024 characters, numbers finite.

    Raises `InvalidRequestError` naming the attribute.
    """
    if len(attributes) > _MOST:
        raise InvalidRequestError("attributes", f"{len(attributes)} given, at most {_MOST} allowed")
    for name, value in attributes.items():
        _check(name, value)
    return MappingProxyType(dict(attributes))


def _check(name: str, value: AttributeValue) -> None:
    field = f"attributes.{name}"
    if _NAME.fullmatch(name) is None:
        raise InvalidRequestError("attributes", f"name {name!r:.80} must match [a-z][a-z0-9_]*, at most 32 long")
    if not isinstance(value, str | int | float | date) or isinstance(value, datetime):
        raise InvalidRequestError(field, "must be a string, a number, a boolean or a date")
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        raise InvalidRequestError(field, f"is longer than {_LONGEST_TEXT} characters")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequestError(field, "must be a finite number")
