from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Final, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from lookalike.contract.models.base import ItemName, LabelText, Model, PhotoName, View, checked, refusal
from lookalike.domain.attribute import AttributeValue
from lookalike.domain.item import Item
from lookalike.domain.label import CATEGORY, Label
from lookalike.errors import InvalidRequestError

MOST_ITEMS: Final = 100
"""Items in one request or page."""
_SAFE: Final = 2**53 - 1  # larger whole numbers are not the same number everywhere (RFC 8259, section 6)

_KINDS: Final = 'must be a string, a finite number, a boolean, or a date as {"date": "2026-01-31"}'


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
    | Annotated[str, Tag("<text>")]
    | Annotated[DateAttribute, Tag("<date>")],
    Discriminator(_kind, custom_error_type="attribute", custom_error_message=_KINDS),
]
Category = Annotated[str, AfterValidator(checked(lambda value: Label(CATEGORY, value).value))]


class ItemBody(Model):
    """A thing that is sold, as its shop describes it."""

    id: ItemName
    category: Category = Field(min_length=1, max_length=64, examples=["dress"])
    title: str = Field("", max_length=500)
    labels: list[LabelText] = Field([], max_length=100, examples=[["colour:red", "collar:v-neck"]])
    attributes: dict[str, AttributeBody] = Field(
        {},
        max_length=64,
        description='Strings, numbers, booleans, and dates as {"date": "2026-01-31"}.',
        examples=[{"price": 19.9, "in_stock": True, "published_at": {"date": "2026-01-31"}}],
    )
    url: str | None = Field(None, max_length=2048, description="http:// or https://")

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


class ItemsPage(View):
    """Items in the order of their ids; `next` is where the following page starts behind, null on the last."""

    items: list[ItemView]
    next: ItemName | None


def _value(body: AttributeBody) -> AttributeValue:
    return body.date if isinstance(body, DateAttribute) else body


def _bodies(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeBody]:
    return {name: DateAttribute(date=v) if isinstance(v, date) else v for name, v in attributes.items()}
