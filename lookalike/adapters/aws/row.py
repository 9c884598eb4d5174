from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Row = dict[str, Any]
"""A row in Python's types: str, int, bool, list and dict go in; numbers come out as `decimal.Decimal`."""
Wire = dict[str, Any]
"""A row as DynamoDB's API writes it, each value under its type's letter."""

_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()


def to_wire(row: Mapping[str, Any]) -> Wire:
    """Write a row; values that are None are left out."""
    return {name: _SERIALIZER.serialize(value) for name, value in row.items() if value is not None}


def from_wire(wire: Mapping[str, Any]) -> Row:
    """Read a row; undoes `to_wire`."""
    return {name: _DESERIALIZER.deserialize(value) for name, value in wire.items()}
