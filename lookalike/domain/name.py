import re
from typing import ClassVar, Self

from lookalike.errors import InvalidRequestError


class Name(str):
    """A string that has been checked against its kind's pattern, so that holding one is proof."""

    __slots__ = ()
    kind: ClassVar[str] = "name"
    pattern: ClassVar[re.Pattern[str]]
    rule: ClassVar[str]

    def __new__(cls, value: str) -> Self:
        """Check `value`; raise `InvalidRequestError` naming the kind when it does not fit."""
        if not isinstance(value, str) or cls.pattern.fullmatch(value) is None:
            raise InvalidRequestError(cls.kind, f"{value!r:.80} is not valid: {cls.rule}")
        return super().__new__(cls, value)
