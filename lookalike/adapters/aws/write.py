"""Writes that hold only on a condition: what DynamoDB's UpdateItem, DeleteItem and TransactWriteItems take."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.errors import is_contention, translated
from lookalike.adapters.aws.row import Row, Wire, to_wire
from lookalike.errors import ConflictError, OverloadedError


def update(
    row: Row, *, condition: str = "", values: Mapping[str, Any] | None = None, keeping: Row | None = None
) -> Wire:
    """Set every attribute of `row`, removing those that are None; those it does not name stay.

    `keeping` gives attributes that are set only where there are none yet. In `condition`, an attribute is written
    ``#name`` and must be one of `row`'s; one of `values` is written ``:name``.
    """
    keeping = keeping or {}
    present = {name: value for name, value in row.items() if value is not None}
    absent = [name for name in row if name not in present]
    setting = [f"#{name} = :{name}" for name in present]
    setting += [f"#{name} = if_not_exists(#{name}, :{name})" for name in keeping]
    removing = " REMOVE " + ", ".join(f"#{name}" for name in absent) if absent else ""
    given = present | keeping | dict(values or {})
    request: Wire = {
        "UpdateExpression": "SET " + ", ".join(setting) + removing,
        "ExpressionAttributeNames": {f"#{name}": name for name in (*row, *keeping)},
        "ExpressionAttributeValues": to_wire({f":{name}": value for name, value in given.items()}),
    }
    return request | ({"ConditionExpression": condition} if condition else {})


def deletion(names: Sequence[str], *, condition: str, values: Mapping[str, Any]) -> Wire:
    """Delete a row on a condition about the attributes of these names, written as in `update`."""
    return {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
        "ExpressionAttributeValues": to_wire({f":{name}": value for name, value in values.items()}),
    }


def held(write: Callable[[], object], backoff: Backoff) -> bool:
    """Write; whether its condition held. Again where only another transaction on the same row was in the way.

    Raises `OverloadedError` where the row stays contended.
    """
    refusal = OverloadedError("too many writers on one row")
    for _ in backoff.rounds():
        try:
            with translated():
                write()
        except ConflictError:
            return False
        except OverloadedError as error:
            if not is_contention(error):
                raise
            refusal = error
        else:
            return True
    raise refusal
