from collections.abc import Mapping
from datetime import date
from typing import Any

from lookalike.domain.attribute import AttributeValue


def to_row(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """An item's attributes in DynamoDB's types.

    Dates and floats, which DynamoDB has not, are maps of one: ``{"date": "2026-01-31"}`` and ``{"float": "19.5"}``.
    Its own numbers end at 1e126 and do not tell 1 from 1.0, so a float is kept as its shortest exact text.
    """
    return {name: _to_value(value) for name, value in attributes.items()}


def from_row(row: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Undoes `to_row`."""
    return {name: _from_value(value) for name, value in row.items()}


def _to_value(value: AttributeValue) -> Any:
    if isinstance(value, float):
        return {"float": repr(float(value))}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _from_value(value: Any) -> AttributeValue:
    match value:
        case {"float": text}:
            return float(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case str() | bool():
            return value
        case _:
            return int(value)
