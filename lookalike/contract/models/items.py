from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema, model_validator
from pydantic.config import JsonDict

from lookalike.contract.models.base import VALUE_PATTERN, ItemName, LabelText, Model, PhotoName, View, checked, refusal
from lookalike.domain.attribute import AttributeValue
from lookalike.domain.item import Item, ItemPatch
from lookalike.domain.label import CATEGORY, Label
from lookalike.errors import InvalidRequestError

MOST_ITEMS: Final = 100
"""Items in one request or page."""
_SAFE: Final = 2**53 - 1  # larger whole numbers are not the same number everywhere (RFC 8259, section 6)

_KINDS: Final = 'must be a string, a finite number, a boolean, or a date as {"date": "2026-01-31"}'


def _no_default(schema: dict[str, Any]) -> None:
    """For a part that need not be named: that it is None then is not what null says."""
    schema.pop("default")


def _any_of(schema: dict[str, Any]) -> None:
    """A whole number is a number as well, so the branches overlap."""
    schema["anyOf"] = [branch for branch in schema.pop("oneOf") if branch.get("type") != "integer"]


class DateAttribute(Model):
    """A date, told apart from a text that looks like one."""

    date: date


def _kind(value: object) -> str | None:
    match value:
        case bool():
            return "<boolean>"
        case int():
            return "<whole>"
        case float():
            return "<number>"
        case str():
            return "<text>"
        case dict() | DateAttribute():
            return "<date>"
        case _:
            return None


# Told apart before they are read, so that a number too large is not taken for its neighbour.
AttributeBody = Annotated[
    Annotated[bool, Tag("<boolean>")]
    | Annotated[int, Field(ge=-_SAFE, le=_SAFE), Tag("<whole>")]
    | Annotated[float, Tag("<number>")]
    | Annotated[str, Field(max_length=1024), Tag("<text>")]
    | Annotated[DateAttribute, Tag("<date>")],
    Discriminator(_kind, custom_error_type="attribute", custom_error_message=_KINDS),
    Field(json_schema_extra=_any_of),
]
Category = Annotated[
    str,
    AfterValidator(checked(lambda value: Label(CATEGORY, value).value)),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 64, "pattern": VALUE_PATTERN}),
]
_NAMES: Final[JsonDict] = {"propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,31}$"}}
_URL: Final = {"type": "string", "maxLength": 2048}
Url = Annotated[str, WithJsonSchema({**_URL, "pattern": "^https?://"})]
UrlOrNone = Annotated[str, WithJsonSchema({**_URL, "pattern": "^(https?://|$)"})]  # an empty one clears


class ItemBody(Model):
    """A thing that is sold, as its shop describes it."""

    id: ItemName
    category: Category = Field(min_length=1, max_length=64, examples=["dress"])
    title: str = Field("", max_length=500)
    labels: list[LabelText] = Field([], max_length=100, examples=[["colour:red", "collar:v-neck"]])
    attributes: dict[str, AttributeBody] = Field(
        {},
        max_length=64,
        json_schema_extra=_NAMES,
        description='Strings, numbers, booleans, and dates as {"date": "2026-01-31"}.',
        examples=[{"price": 19.9, "in_stock": True, "published_at": {"date": "2026-01-31"}}],
    )
    url: Url | None = Field(None, max_length=2048, description="http:// or https://")

    @model_validator(mode="after")
    def _fits_the_domain(self) -> Self:
        try:
            self.item()
        except InvalidRequestError as error:
            raise refusal(error, inside=True) from error
        return self

    def item(self) -> Item:
        """The domain's word for it."""
        return Item(
            id=self.id,
            category=self.category,
            title=self.title,
            labels=frozenset(self.labels),
            attributes={name: _value(body) for name, body in self.attributes.items()},
            url=self.url,
        )


class ItemView(ItemBody):
    """An item of the catalogue with the photos that show it, in the order they came."""

    model_config = ConfigDict(extra="ignore")

    photos: list[PhotoName] = Field([])

    @classmethod
    def of(cls, item: Item) -> Self:
        """Tell of `item`; labels stand in alphabetical order."""
        return cls(
            id=item.id,
            category=item.category,
            title=item.title,
            labels=sorted(item.labels),
            attributes=_bodies(item.attributes),
            url=item.url,
            photos=list(item.photos),
        )

    def item(self) -> Item:
        """The domain's word for it, photos included."""
        return replace(super().item(), photos=tuple(self.photos))


class PutItemsBody(Model):
    """Items to insert or replace; the photos they have stay."""

    items: list[ItemBody] = Field(min_length=1, max_length=MOST_ITEMS)


class ItemPatchBody(Model):
    """What is to change of an item: a JSON merge patch (RFC 7396), so what is not named stays and null clears.

    An item that is not there is made where `category` is named. Attributes are cleared one by one.
    """

    id: ItemName
    category: Category = Field(  # type: ignore[assignment]  # None: not named
        None, min_length=1, max_length=64, json_schema_extra=_no_default
    )
    title: str | None = Field(None, max_length=500, json_schema_extra=_no_default)
    labels: list[LabelText] | None = Field(None, max_length=100, json_schema_extra=_no_default)
    attributes: dict[str, AttributeBody | None] = Field(
        {}, max_length=64, json_schema_extra=_NAMES, examples=[{"price": 14.9, "sale": None}]
    )
    url: UrlOrNone | None = Field(
        None, max_length=2048, json_schema_extra=_no_default, description="http:// or https://"
    )

    @model_validator(mode="after")
    def _fits_the_domain(self) -> Self:
        try:
            self.patch()
        except InvalidRequestError as error:
            raise refusal(error, inside=True) from error
        return self

    @classmethod
    def of(cls, patch: ItemPatch) -> Self:
        """Tell of `patch`; what it says nothing of is not named."""
        said: dict[str, Any] = {
            "category": patch.category,
            "title": patch.title,
            "labels": None if patch.labels is None else sorted(patch.labels),
            "attributes": None if patch.attributes is None else _changes(patch.attributes),
            "url": patch.url,
        }
        return cls(id=patch.id, **{name: value for name, value in said.items() if value is not None})

    def patch(self) -> ItemPatch:
        """The same as an `ItemPatch`."""
        named = self.model_fields_set
        return ItemPatch(
            id=self.id,
            category=self.category,
            title=self.title or "" if "title" in named else None,
            labels=frozenset(self.labels or ()) if "labels" in named else None,
            attributes={name: None if body is None else _value(body) for name, body in self.attributes.items()},
            url=self.url or "" if "url" in named else None,
        )


class UpdateItemsBody(Model):
    """Items to change."""

    items: list[ItemPatchBody] = Field(min_length=1, max_length=MOST_ITEMS)


class UnknownItems(View):
    """The ids of items that are not there and were not made, as no category was named."""

    unknown: list[ItemName]


class ItemsPage(View):
    """Items in the order of their ids; `next` is where the following page starts behind, null on the last."""

    items: list[ItemView]
    next: ItemName | None


def _value(body: AttributeBody) -> AttributeValue:
    return body.date if isinstance(body, DateAttribute) else body


def _changes(changes: Mapping[str, AttributeValue | None]) -> dict[str, AttributeBody | None]:
    removed = dict.fromkeys(name for name, value in changes.items() if value is None)
    return {**_bodies({name: value for name, value in changes.items() if value is not None}), **removed}


def _bodies(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeBody]:
    return {name: DateAttribute(date=v) if isinstance(v, date) else v for name, v in attributes.items()}
