import re
from collections.abc import Iterable
from typing import ClassVar, Self

from lookalike.domain.plain import listed
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
        if not isinstance(value, str) or not cls.fits(value):
            raise InvalidRequestError(cls.kind, f"{value!r:.80} is not valid: {cls.rule}")
        return super().__new__(cls, value)

    @classmethod
    def each(cls, values: Iterable[str]) -> list[Self]:
        """Check several; raise `InvalidRequestError` also where `values` is a single name or no list at all."""
        return [cls(value) for value in listed(f"{cls.kind}s", values)]

    @classmethod
    def fits(cls, value: str) -> bool:
        """Whether there can be such a name today."""
        return cls.pattern.fullmatch(value) is not None

    @classmethod
    def stored(cls, value: str) -> Self:
        """A name that a store gave back. It is not checked: an older version may have let in what is refused today."""
        return super().__new__(cls, value)
