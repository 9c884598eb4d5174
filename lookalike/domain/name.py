import re
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from lookalike.errors import InvalidRequestError


class Name(str):
    """A string that has been checked against its kind's pattern, so that holding one is proof."""

    __slots__ = ()
    kind: ClassVar[str] = "name"
    pattern: ClassVar[re.Pattern[str]]
    rule: ClassVar[str]

    def __new__(cls, value: str) -> Self:
        """Check `value`; raise `InvalidRequestError` naming the kind when it does not fit."""
        if type(value) is cls:
            return value
        if not isinstance(value, str) or cls.pattern.fullmatch(value) is None:
            raise InvalidRequestError(cls.kind, f"{value!r:.80} is not valid: {cls.rule}")
        return super().__new__(cls, value)

    @classmethod
    def each(cls, values: Iterable[str]) -> list[Self]:
        """Check several; raise `InvalidRequestError` also where `values` is a single name or no list at all."""
        return [cls(value) for value in listed(f"{cls.kind}s", values)]

    @classmethod
    def stored(cls, value: str) -> Self:
        """A name that a store gave back. It is not checked: an older version may have let in what is refused today."""
        return super().__new__(cls, value)


def listed(field: str, values: Iterable[Any]) -> list[Any]:
    """`values` as a list; raise `InvalidRequestError` for a text, whose letters nobody means, and what has no parts."""
    if isinstance(values, str | bytes | bytearray | dict) or not isinstance(values, Iterable):
        raise InvalidRequestError(field, f"must be a list, not {values!r:.80}")
    return list(values)
