import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lookalike.domain.attribute import AttributeValue, check_attributes
from lookalike.domain.label import CATEGORY, Label
from lookalike.domain.name import Name
from lookalike.domain.photo import PhotoId
from lookalike.domain.text import check_text
from lookalike.errors import InvalidRequestError

_LONGEST_TITLE = 500
_LONGEST_URL = 2048
_MOST_LABELS = 100


class ItemId(Name):
    """The shop's own name of an item (SKU)."""

    __slots__ = ()
    kind = "item"
    pattern = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@+=,-]{0,127}")
    rule = "1 to 128 ASCII letters, digits and . _ ~ : @ + = , - starting with a letter or digit"


@dataclass(frozen=True, slots=True)
class Item:
    """A thing that is sold. `photos` are the ids of its indexed photos, in the order they came.

    Raises `InvalidRequestError` where a part is out of range: title ≤ 500 characters, url ≤ 2,048
    and http(s), ≤ 100 labels, none of the facet ``category`` (that is `category`'s place).
    """

    id: ItemId
    category: str
    title: str = ""
    labels: frozenset[Label] = frozenset()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    url: str | None = None
    photos: tuple[PhotoId, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "category", Label(CATEGORY, self.category).value)
        object.__setattr__(self, "attributes", check_attributes(self.attributes))
        check_text("title", self.title, _LONGEST_TITLE)
        if self.url is not None:
            check_text("url", self.url, _LONGEST_URL)
            if not self.url.startswith(("https://", "http://")):
                raise InvalidRequestError("url", "must start with https:// or http://")
        if len(self.labels) > _MOST_LABELS:
            raise InvalidRequestError("labels", f"{len(self.labels)} given, at most {_MOST_LABELS} allowed")
        if any(label.facet == CATEGORY for label in self.labels):
            raise InvalidRequestError("labels", "an item has exactly one category: name it in `category`")

    @property
    def all_labels(self) -> frozenset[Label]:
        """Its labels and its category's."""
        return self.labels | {Label(CATEGORY, self.category)}
