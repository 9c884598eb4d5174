from collections.abc import Iterator, Mapping
from typing import Any

import pydantic_core
from pydantic import Field, ValidationError

from lookalike.cli.sources.entry import BadEntry, Entry
from lookalike.cli.sources.photo_path import PhotoPaths
from lookalike.contract.models.items import ItemBody
from lookalike.contract.problems import invalid_request
from lookalike.errors import InvalidRequestError
from lookalike.ports.catalogue import NewPhoto


class Record(ItemBody):
    """An item as the API takes it, and the paths of its photos."""

    photos: list[str] = Field(min_length=1)

    def entries(self, where: str, paths: PhotoPaths) -> Iterator[Entry]:
        """One entry a photo."""
        item = self.item()
        for name in self.photos:
            try:
                yield NewPhoto(item, paths.find(name), f"{where} {name}")
            except ValueError as error:
                yield BadEntry(where, str(error))


def read_record(fields: Mapping[str, Any], category: str | None) -> Record:
    """Check an object's fields; `category` is for one that names none.

    Raises `InvalidRequestError` naming the field.
    """
    whole = {**fields, "category": fields.get("category") or category}
    if not whole["category"]:
        raise InvalidRequestError("category", "is missing; --category names one for such items")
    try:
        # As JSON, because there a date is a text and still strictly a date.
        return Record.model_validate_json(pydantic_core.to_json(whole))
    except ValidationError as error:
        raise invalid_request(error, "item") from error


def parse_object(text: str, name: str) -> dict[str, Any]:
    """A JSON object. Raises `InvalidRequestError` for anything else, NaN and infinities included."""
    try:
        value = pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequestError(name, f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError(name, "must be a JSON object")
    return value
