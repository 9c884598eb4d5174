import json
from typing import Any

import pytest

from lookalike.adapters.opensearch.bulk import GenerationMovedError, Patience, delete, insert, relabel, write
from lookalike.errors import OverloadedError, UnavailableError
from lookalike.ports.vector_index import IndexEntry
from lookalike.testing.examples import an_embedding, an_item, item_id, photo_id

AT_ONCE = Patience(retries=2, first=0, longest=0)


def entry(number: int) -> IndexEntry:
    return IndexEntry(item_id(number), photo_id(number), frozenset(), an_embedding(number))


def answered(*parts: tuple[str, int, str]) -> tuple[int, dict[str, Any]]:
    items = [{verb: {"status": status} | ({"error": {"type": kind}} if kind else {})} for verb, status, kind in parts]
    return 200, {"errors": any(kind for _, _, kind in parts), "items": items}


def asked_for(body: str) -> list[str]:
    return [line["index"]["_id"] for line in map(json.loads, body.splitlines()) if "index" in line]


def test_only_what_was_refused_is_sent_again(script: Any) -> None:
    client, asked = script(
        answered(("index", 201, ""), ("index", 429, "rejected_execution_exception"), ("index", 201, "")),
        answered(("index", 201, "")),
    )
    write(client, "lookalike_shop", map(insert, map(entry, range(3))), AT_ONCE)
    (_, url, first), (_, _, second) = asked
    assert url == "/lookalike_shop/_bulk"
    assert len(asked_for(first)) == 3
    assert asked_for(second) == asked_for(first)[1:2]


def test_what_stays_refused_is_overload_after_a_bounded_number_of_attempts(script: Any) -> None:
    client, asked = script(answered(("index", 429, "rejected_execution_exception")))
    with pytest.raises(OverloadedError):
        write(client, "lookalike_shop", [insert(entry(1))], AT_ONCE)
    assert len(asked) == 3


def test_a_whole_request_refused_is_tried_again_too(script: Any) -> None:
    client, asked = script((429, {"error": {"type": "circuit_breaking_exception"}}), answered(("index", 201, "")))
    write(client, "lookalike_shop", [insert(entry(1))], AT_ONCE)
    assert len(asked) == 2


def test_one_entry_that_fails_does_not_keep_the_others_from_being_sent(script: Any) -> None:
    failing = answered(("index", 503, "unavailable_shards_exception"), *[("index", 201, "")] * 499)
    client, asked = script(failing, answered(("index", 201, "")))
    with pytest.raises(UnavailableError):
        write(client, "lookalike_shop", map(insert, map(entry, range(501))), AT_ONCE)
    assert [len(asked_for(body)) for _, _, body in asked] == [500, 1]


def test_what_is_gone_needs_no_change_and_no_deletion(script: Any) -> None:
    client, _ = script(answered(("update", 404, "document_missing_exception"), ("delete", 404, "")))
    write(client, "lookalike_shop", [relabel("a/b", an_item(1)), delete("a/b")], AT_ONCE)


@pytest.mark.parametrize(("status", "kind"), [(404, "index_not_found_exception"), (400, "mapper_parsing_exception")])
def test_an_alias_that_moved_is_told_from_other_failures(script: Any, status: int, kind: str) -> None:
    client, _ = script(answered(("index", 503, "unavailable_shards_exception"), ("index", status, kind)))
    with pytest.raises(GenerationMovedError):
        write(client, "lookalike_shop", [insert(entry(1)), insert(entry(2))], AT_ONCE)
