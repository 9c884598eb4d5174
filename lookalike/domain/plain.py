"""Checks of plain values where they enter: wrong types are the caller's mistake, told by the field's name."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from lookalike.errors import InvalidRequestError


def listed(field: str, values: Iterable[Any]) -> list[Any]:
    """`values` as a list; raise `InvalidRequestError` for a text, whose letters nobody means, and what has no parts."""
    if isinstance(values, str | bytes | bytearray | dict) or not isinstance(values, Iterable):
        raise InvalidRequestError(field, f"must be a list, not {values!r:.80}")
    return list(values)


def all_are(kind: type, field: str, values: Iterable[Any]) -> list[Any]:
    """`values` as a list; raise `InvalidRequestError` where one of them is of another kind."""
    every = listed(field, values)
    for value in every:
        if not isinstance(value, kind):
            raise InvalidRequestError(field, f"must each be of {kind.__name__}, not {value!r:.80}")
    return every


def must_be(kind: Any, field: str, value: object) -> None:
    """Raise `InvalidRequestError` where `value` is not of this class, or of none of a union's."""
    if not isinstance(value, kind):
        expected = getattr(kind, "__name__", None) or "one of " + ", ".join(k.__name__ for k in kind.__args__)
        raise InvalidRequestError(field, f"must be {expected}, not {type(value).__name__}")


def whole(field: str, number: int, least: int, most: int) -> int:
    """`number` as an int, whichever library's it is; raise `InvalidRequestError` where it is none or out of range."""
    if isinstance(number, bool) or not isinstance(number, Integral) or not least <= number <= most:
        raise InvalidRequestError(field, f"must be a whole number from {least} to {most}, is {number!r:.80}")
    return int(number)
