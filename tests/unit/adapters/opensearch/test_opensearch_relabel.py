import json
from typing import Any

from lookalike.adapters.opensearch.mapping import document_id
from lookalike.adapters.opensearch.vector_index import OpenSearchVectorIndex
from lookalike.testing import FixedClock
from lookalike.testing.examples import MODEL, NOON, SHOP, an_item, item_id, photo_id

META = {"model": MODEL, "number": 1, "created_at": NOON.isoformat()}
LIVE = (200, {"lookalike_shop_1": {"mappings": {"_meta": META}}})
REFRESHED = (200, {"_shards": {"failed": 0}})


def entries(*labels: tuple[int, list[str]]) -> tuple[int, dict[str, Any]]:
    hits = [
        {
            "_index": "lookalike_shop_1",
            "_id": document_id(item_id(n), photo_id(n)),
            "_source": {"labels": own},
            "sort": [item_id(n), photo_id(n)],
        }
        for n, own in labels
    ]
    answer = {
        "status": 200,
        "timed_out": False,
        "_shards": {"failed": 0},
        "hits": {"total": {"value": 9}, "hits": hits},
    }
    return 200, {"responses": [answer]}


def written(asked: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [json.loads(line) for _, url, body in asked if url.endswith("_bulk") for line in body.splitlines()]


def test_only_entries_whose_labels_differ_are_written(script: Any) -> None:
    done = (200, {"errors": False, "items": [{"update": {"_id": "x", "status": 200}}]})
    found = entries((1, ["category:dress", "colour:blue"]), (2, ["category:dress", "colour:red"]))
    client, asked = script(LIVE, REFRESHED, found, done, entries())
    index = OpenSearchVectorIndex(client, FixedClock())
    index.relabel_many(SHOP, [an_item(n, "colour:blue") for n in (1, 2)])
    action, change = written(asked)
    assert action["update"]["_id"] == document_id(item_id(2), photo_id(2))
    assert change["doc"]["labels"] == ["category:dress", "colour:blue"]


def test_nothing_is_written_where_nothing_differs(script: Any) -> None:
    client, asked = script(LIVE, REFRESHED, entries((1, ["category:dress", "colour:blue"])), entries())
    OpenSearchVectorIndex(client, FixedClock()).relabel_many(SHOP, [an_item(1, "colour:blue")])
    assert written(asked) == []


def test_single_entries_are_deleted_by_their_keys(script: Any) -> None:
    done = (200, {"errors": False, "items": [{"delete": {"_id": "x", "status": 404, "result": "not_found"}}]})
    client, asked = script(LIVE, done)
    pair = (item_id(1), photo_id(1))
    OpenSearchVectorIndex(client, FixedClock()).remove_entries(SHOP, [pair, pair])
    assert [action["delete"]["_id"] for action in written(asked)] == [document_id(*pair)]
