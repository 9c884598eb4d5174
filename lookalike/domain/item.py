import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from lookalike.domain.attribute import AttributeValue, check_attributes, check_name
from lookalike.domain.label import CATEGORY, Label
from lookalike.domain.name import Name
from lookalike.domain.photo import PhotoId
from lookalike.domain.plain import listed
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

    Plain values are taken as well: ids as text, labels as any iterable of `Label` or ``facet:value``. Raises
    `InvalidRequestError` where a part is of another type or out of range: title ≤ 500 characters, url ≤ 2,048 and
    http(s), ≤ 100 labels, none of the facet ``category`` (that is `category`'s place).
    """

    id: ItemId
    category: str
    title: str = ""
    labels: frozenset[Label] = frozenset()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    url: str | None = None
    photos: tuple[PhotoId, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", ItemId(self.id))
        object.__setattr__(self, "category", Label(CATEGORY, self.category).value)
        object.__setattr__(self, "labels", _checked_labels(self.labels))
        object.__setattr__(self, "attributes", check_attributes(self.attributes))
        object.__setattr__(self, "photos", tuple(PhotoId.each(self.photos)))
        check_text("title", self.title, _LONGEST_TITLE)
        if self.url is not None:
            _check_url(self.url)

    @property
    def all_labels(self) -> frozenset[Label]:
        """Its labels and its category's."""
        return self.labels | {Label(CATEGORY, self.category)}


@dataclass(frozen=True, slots=True)
class ItemPatch:
    """What is to change of an item; a part that is None says nothing, and that part stays as it is.

    A JSON merge patch (RFC 7396) in Python's words: an empty title, empty labels and an empty url clear theirs;
    attributes are merged one by one, and one whose value is None is removed. The category can be changed and never
    cleared. Applying a patch twice gives what applying it once gives. Takes and refuses what `Item` does.
    """

    id: ItemId
    category: str | None = None
    title: str | None = None
    labels: frozenset[Label] | None = None
    attributes: Mapping[str, AttributeValue | None] | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", ItemId(self.id))
        if self.category is not None:
            object.__setattr__(self, "category", Label(CATEGORY, self.category).value)
        if self.title is not None:
            check_text("title", self.title, _LONGEST_TITLE)
        if self.labels is not None:
            object.__setattr__(self, "labels", _checked_labels(self.labels))
        if self.attributes is not None:
            object.__setattr__(self, "attributes", _checked_changes(self.attributes))
        if self.url is not None and self.url != "":  # no truth test: 0 and False are no addresses
            _check_url(self.url)

    def then(self, later: "ItemPatch") -> "ItemPatch":
        """One patch that does what this and then `later` does, both of one item."""
        named = {name: getattr(later, name) for name in ("category", "title", "labels", "url")}
        attributes = later.attributes if self.attributes is None else {**self.attributes, **(later.attributes or {})}
        return replace(self, attributes=attributes, **{name: part for name, part in named.items() if part is not None})

    def applies_to(self, item: Item | None) -> bool:
        """Whether it can be applied: `item` is there, or a category is named for a new one."""
        return item is not None or self.category is not None

    def apply(self, item: Item | None) -> Item:
        """`item` as it is after this; its photos stay. A new one where `item` is None.

        Raises `InvalidRequestError` for a new item without a category, and where the whole has too many attributes.
        """
        if item is None:
            if self.category is None:
                raise InvalidRequestError("category", f"item {self.id} is new and needs one")
            item = Item(self.id, self.category)
        if item.id != self.id:
            raise InvalidRequestError("item", f"the patch is for {self.id}, not for {item.id}")
        try:
            return replace(
                item,
                category=item.category if self.category is None else self.category,
                title=item.title if self.title is None else self.title,
                labels=item.labels if self.labels is None else self.labels,
                attributes={n: v for n, v in {**item.attributes, **(self.attributes or {})}.items() if v is not None},
                url=item.url if self.url is None else self.url or None,
            )
        except InvalidRequestError as error:
            raise InvalidRequestError(error.field, f"item {self.id}: {error.message}") from error


def photo_pairs(pairs: Iterable[tuple[str, str]]) -> list[tuple[ItemId, PhotoId]]:
    """Check pairs of an item's and a photo's id; raise `InvalidRequestError` for anything else."""
    every = [tuple(listed("photos", pair)) for pair in listed("photos", pairs)]
    if any(len(pair) != len(("item", "photo")) for pair in every):
        raise InvalidRequestError("photos", "must be pairs of an item's id and a photo's")
    return [(ItemId(item), PhotoId(photo)) for item, photo in every]


def merged(patches: Iterable[ItemPatch]) -> dict[ItemId, ItemPatch]:
    """One patch an item that does what all of its patches do, one after the other."""
    whole: dict[ItemId, ItemPatch] = {}
    for patch in patches:
        whole[patch.id] = whole[patch.id].then(patch) if patch.id in whole else patch
    return whole


def apply_all(patches: Iterable[ItemPatch], there: Mapping[ItemId, Item]) -> tuple[dict[ItemId, Item], list[ItemId]]:
    """Items as `patches` leave them, and the ids that are not `there` and that no patch names a category for.

    Raises what `ItemPatch.apply` raises.
    """
    wanted = merged(patches)
    unknown = [item for item, patch in wanted.items() if not patch.applies_to(there.get(item))]
    return {item: patch.apply(there.get(item)) for item, patch in wanted.items() if item not in unknown}, unknown


def _checked_labels(given: Iterable[Label | str]) -> frozenset[Label]:
    labels = Label.each("labels", given)
    if len(labels) > _MOST_LABELS:
        raise InvalidRequestError("labels", f"{len(labels)} given, at most {_MOST_LABELS} allowed")
    if any(label.facet == CATEGORY for label in labels):
        raise InvalidRequestError("labels", "an item has exactly one category: name it in `category`")
    return labels


def _check_url(url: str) -> None:
    check_text("url", url, _LONGEST_URL)
    if not url.startswith(("https://", "http://")):
        raise InvalidRequestError("url", "must start with https:// or http://")


def _checked_changes(changes: Mapping[str, AttributeValue | None]) -> Mapping[str, AttributeValue | None]:
    if not isinstance(changes, Mapping):
        raise InvalidRequestError("attributes", f"must be names and their values, not {changes!r:.80}")
    removed = [name for name, value in changes.items() if value is None]
    for name in removed:
        check_name(name)
    kept = check_attributes({name: value for name, value in changes.items() if value is not None})
    return MappingProxyType({**kept, **dict.fromkeys(removed)})
