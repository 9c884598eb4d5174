from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pydantic_core
from pydantic import Field, ValidationError

from lookalike.cli.sources.entry import BadEntry, Described, Entry
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.cli.sources.rows import Row
from lookalike.contract.models.items import ItemPatchBody
from lookalike.contract.problems import invalid_request
from lookalike.domain.item import ItemId, ItemPatch
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import NewPhoto

_IN_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "string_type": "must be a string",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
"""What we say for the errors of pydantic that whoever writes a file meets most."""


class Record(ItemPatchBody):
    """What a row says of an item, as the API takes it, and the paths of photos."""

    photo: str = Field("", min_length=1)
    photos: list[str] = Field([], min_length=1)

    def paths(self) -> list[str]:
        """The paths of all photos."""
        return [self.photo, *self.photos] if self.photo else self.photos

    def parts(self) -> dict[str, Any]:
        """What it says, name by name; attributes each by itself."""
        patch = self.patch()
        said = {name: getattr(patch, name) for name in ("category", "title", "labels", "url")}
        attributes = {f"attributes.{name}": value for name, value in (patch.attributes or {}).items()}
        return {name: value for name, value in said.items() if value is not None} | attributes


def read_record(fields: Mapping[str, Any]) -> Record:
    """Check an object's fields. Raises `InvalidRequestError` naming the field."""
    try:
        # As JSON, because there a date is a text and still strictly a date.
        return Record.model_validate_json(pydantic_core.to_json(fields))
    except ValidationError as error:
        refused = invalid_request(error, "item")
        kind = error.errors(include_url=False)[0]["type"]
        raise InvalidRequestError(refused.field, _IN_WORDS.get(kind, refused.message)) from error


@dataclass(slots=True)
class _Said:
    """What the rows of one item say together: each part is what the first row that names it says."""

    parts: dict[str, tuple[Any, str]] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)

    def add(self, record: Record, where: str) -> None:
        """Take a row in. Raises `ValueError` for one that contradicts an earlier one; nothing of it is taken then."""
        said = record.parts()
        for name, value in said.items():
            earlier, place = self.parts.get(name, (value, where))
            if earlier != value or isinstance(earlier, bool) != isinstance(value, bool):
                raise ValueError(f"contradicts {place} on {name}: {_shown(value)}, there {_shown(earlier)}")
        for name, value in said.items():
            self.parts.setdefault(name, (value, where))
        for photo in record.paths():
            self.photos.setdefault(photo, where)

    def patch(self, item: ItemId) -> ItemPatch:
        """All of it. Raises `InvalidRequestError` where it is too much for one item."""
        said = {name: value for name, (value, _) in self.parts.items()}
        start = "attributes."
        attributes = {name.removeprefix(start): value for name, value in said.items() if name.startswith(start)}
        return ItemPatch(item, attributes=attributes, **{n: v for n, v in said.items() if not n.startswith(start)})


def entries_of(rows: Iterable[Row], paths: PhotoPaths) -> Iterator[Entry]:
    """What the rows of one item bring: an entry a photo, or one for the item where none is named; and the faults."""
    said, item, first = _Said(), None, ""
    for row in rows:
        try:
            record = _record(row)
            said.add(record, row.source)
            item, first = record.id, first or row.source
        except (ValueError, InvalidRequestError) as error:
            yield BadEntry(row.source, str(error), _item_of(row))
    if item is None:
        return
    try:
        patch = said.patch(item)
    except InvalidRequestError as error:
        yield BadEntry(first, str(error), item)
        return
    if not said.photos:
        yield Described(patch, first)
    for name, where in said.photos.items():
        try:
            yield NewPhoto(patch, paths.find(name), f"{where} {name}")
        except ValueError as error:
            yield BadEntry(where, str(error), item)


def _record(row: Row) -> Record:
    if row.fault:
        raise ValueError(row.fault)
    return read_record(row.content)


def _item_of(row: Row) -> ItemId | None:
    with suppress(InvalidRequestError, AttributeError):
        return ItemId(row.content.get("id", ""))
    return None


def _shown(value: Any) -> str:
    return ";".join(sorted(map(str, value))) if isinstance(value, frozenset) else f"{value!r:.60}"


def parse_object(text: str, name: str) -> dict[str, Any]:
    """A JSON object. Raises `InvalidRequestError` for anything else, NaN and infinities included."""
    try:
        value = pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequestError(name, f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError(name, "must be a JSON object")
    return value
