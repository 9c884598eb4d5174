from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from opensearchpy import OpenSearch
from opensearchpy.helpers import streaming_bulk

from lookalike.adapters.opensearch.errors import (
    INDEX_NOT_FOUND,
    MAPPER_PARSING,
    from_status,
    part_type,
    translated,
)
from lookalike.adapters.opensearch.mapping import document, document_id, label_fields
from lookalike.domain.item import Item
from lookalike.domain.label import Label
from lookalike.errors import LookalikeError
from lookalike.ports.vector_index import IndexEntry

_MOST_BYTES: Final = 5_000_000
"""Half of what the smallest instances of OpenSearch Service take in one request (AWS, "Network limits")."""
_MISSING: Final = 404

Action = dict[str, Any]
Refresh = Literal["wait_for", "false"]


class GenerationMovedError(LookalikeError):
    """The alias is gone or leads to an index of another model than when it was last read: read it again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on with what OpenSearch refuses for being busy (429), and how long to let it search.

    Waits of `first`, 2 x `first`, 4 x `first` … seconds; with the defaults six attempts within 3.1 seconds. A search
    that takes more than `search` seconds is given up by OpenSearch itself, which would otherwise finish it for nobody:
    a little less than the client waits (`ClientSettings.timeout`), so that its word arrives.
    """

    retries: int = 5
    first: float = 0.1
    longest: float = 2.0
    search: float = 4.5


def insert(entry: IndexEntry) -> Action:
    """Insert or replace an entry."""
    return {"_op_type": "index", "_id": document_id(entry.item, entry.photo), "_source": document(entry)}


def relabel(key: str, item: Item) -> Action:
    """Give one entry the labels its item has now; the vector stays."""
    return {"_op_type": "update", "_id": key, "retry_on_conflict": 5, "doc": label_fields(item.all_labels)}


def is_labelled(entry: Action, item: Item) -> bool:
    """Whether an entry, as a search gave it, has the labels its item has now."""
    return bool(entry["_source"]["labels"] == label_fields(item.all_labels)["labels"])


def labels_of(entry: Action) -> frozenset[Label]:
    """The labels of an entry, as a search gave it."""
    return frozenset(map(Label.parse, entry["_source"]["labels"]))


def delete(key: str) -> Action:
    """Forget one entry."""
    return {"_op_type": "delete", "_id": key}


def write(
    client: OpenSearch, alias: str, actions: Iterable[Action], patience: Patience, refresh: Refresh = "wait_for"
) -> None:
    """Send the actions, 500 or 5 MB at a time; with ``wait_for`` they can be found when this returns.

    All are tried; then the first that failed is raised. What is no longer there to be changed or deleted is no
    failure. Raises `GenerationMovedError`, `OverloadedError`, `UnavailableError`.
    """
    # opensearch-py says that the waits are whole seconds, and hands them to `time.sleep`.
    waits: dict[str, Any] = {"initial_backoff": patience.first, "max_backoff": patience.longest}
    with translated():
        answers = streaming_bulk(
            client,
            actions,
            chunk_size=500,
            max_chunk_bytes=_MOST_BYTES,
            max_retries=patience.retries,
            raise_on_error=False,
            yield_ok=False,
            index=alias,
            require_alias=True,  # else an index would be made up where the alias is missing
            refresh=refresh,
            **waits,
        )
        failed = [part for _, answer in answers for part in answer.values() if not _is_gone(part)]
    if failed:
        raise _failure(failed)


def _is_gone(part: Action) -> bool:
    return part["status"] == _MISSING and part_type(part) != INDEX_NOT_FOUND


def _failure(parts: Sequence[Action]) -> LookalikeError:
    kinds = {part_type(part) for part in parts}
    moved = kinds & {INDEX_NOT_FOUND, MAPPER_PARSING}
    if moved:
        return GenerationMovedError(f"{len(parts)} entries were refused ({', '.join(sorted(moved))})")
    return from_status(parts[0]["status"], part_type(parts[0]))
