import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from lookalike.domain.text import check_text
from lookalike.errors import InvalidRequestError

AttributeValue = str | int | float | bool | date
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LONGEST_TEXT = 1024
_LARGEST = 2**53 - 1  # RFC 8259, section 6
_MOST = 64


def check_attributes(attributes: Mapping[str, AttributeValue]) -> Mapping[str, AttributeValue]:
    """Return a read-only copy of an item's attributes.

    At most 64, text at most 1,024 characters, numbers finite, integers within ±(2^53 - 1). Raises
    `InvalidRequestError` naming the attribute.
    """
    if not isinstance(attributes, Mapping):
        raise InvalidRequestError("attributes", f"must be names and their values, not {attributes!r:.80}")
    if len(attributes) > _MOST:
        raise InvalidRequestError("attributes", f"{len(attributes)} given, at most {_MOST} allowed")
    for name, value in attributes.items():
        check_name(name)
        _check(f"attributes.{name}", value)
    return MappingProxyType(dict(attributes))


def check_name(name: str) -> None:
    """Raise `InvalidRequestError` where no attribute can have this name."""
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise InvalidRequestError("attributes", f"name {name!r:.80} must match [a-z][a-z0-9_]*, at most 32 long")


def _check(field: str, value: AttributeValue) -> None:
    if not isinstance(value, str | int | float | date) or isinstance(value, datetime):
        raise InvalidRequestError(field, "must be a string, a number, a boolean or a date")
    if isinstance(value, str):
        check_text(field, value, _LONGEST_TEXT)
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        raise InvalidRequestError(field, "is beyond ±(2^53 - 1), where JSON's readers begin to round")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequestError(field, "must be a finite number")
