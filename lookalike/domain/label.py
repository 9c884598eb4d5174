import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from unicodedata import normalize

from lookalike.domain.plain import listed
from lookalike.errors import InvalidRequestError

CATEGORY = "category"
_FACET = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_LONGEST_VALUE = 64


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """`facet:value`, e.g. ``colour:red``; many an item. The facet ``category`` holds exactly one an item.

    Values are compared without regard to case and with inner whitespace as single dashes, so that
    ``Colour: Dark Red`` and ``colour:dark-red`` are one label. Accents are composed (NFC): macOS names files otherwise.
    """

    facet: str
    value: str

    def __post_init__(self) -> None:
        if not isinstance(self.facet, str) or not isinstance(self.value, str):
            raise InvalidRequestError(
                "label", f"facet and value must be text, not {self.facet!r:.80}, {self.value!r:.80}"
            )
        facet = self.facet.strip().lower()
        value = "-".join(normalize("NFC", self.value.lower()).split())
        if _FACET.fullmatch(facet) is None:
            raise InvalidRequestError("label", f"facet {self.facet!r:.80} must match [a-z][a-z0-9_-]*, at most 32 long")
        if not value or len(value) > _LONGEST_VALUE or not value.isprintable() or "," in value:
            raise InvalidRequestError(
                "label",
                f"value {self.value!r:.80} must be 1 to {_LONGEST_VALUE} printable characters, no comma",
            )
        object.__setattr__(self, "facet", facet)
        object.__setattr__(self, "value", value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``facet:value``; raise `InvalidRequestError` where there is no colon or a part is off."""
        facet, colon, value = text.partition(":") if isinstance(text, str) else ("", "", "")
        if not colon:
            raise InvalidRequestError("label", f"{text!r:.80} is not of the form facet:value")
        return cls(facet, value)

    @classmethod
    def each(cls, field: str, given: Iterable["Label | str"]) -> "frozenset[Label]":
        """Labels, or texts of the form ``facet:value``, of any iterable; raise `InvalidRequestError` naming `field`."""
        if type(given) is frozenset and all(type(label) is cls for label in given):
            return given
        return frozenset(one if isinstance(one, cls) else cls._read(field, one) for one in listed(field, given))

    @classmethod
    def _read(cls, field: str, text: str) -> Self:
        try:
            return cls.parse(text)
        except InvalidRequestError as error:
            raise InvalidRequestError(field, error.message) from error

    def __str__(self) -> str:
        return f"{self.facet}:{self.value}"
