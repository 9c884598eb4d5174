import json
from typing import Any

import pytest

from lookalike.adapters.opensearch.bulk import GenerationMovedError, Patience
from lookalike.adapters.opensearch.search import search_nearest
from lookalike.domain.filter import Filter
from lookalike.errors import OverloadedError, UnavailableError
from lookalike.ports.vector_index import VectorQuery
from lookalike.testing.examples import an_embedding, item_id, photo_id

INDEX, ALIAS = "lookalike_shop_1", "lookalike_shop"
PATIENCE = Patience()
BUSY = {"error": {"type": "rejected_execution_exception"}, "status": 429}
GONE = {"error": {"type": "index_not_found_exception"}, "status": 404}


def ask(k: int) -> list[VectorQuery]:
    return [VectorQuery(an_embedding(1), Filter(), k)]


def found(*scores: float, total: int, index: str = INDEX, failed: int = 0, timed_out: bool = False) -> dict[str, Any]:
    hits = [{"_index": index, "_id": f"{item_id(n)}/{photo_id(n)}", "_score": score} for n, score in enumerate(scores)]
    return {
        "status": 200,
        "timed_out": timed_out,
        "_shards": {"failed": failed},
        "hits": {"total": {"value": total}, "hits": hits},
    }


def answers(*responses: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"responses": list(responses)}


def candidates(body: str) -> int | None:
    """How many photos the last search of a request looks at; None for all."""
    query = json.loads(body.splitlines()[-1])["query"]
    return query["knn"]["vector"]["k"] if "knn" in query else None


def looks(asked: list[tuple[str, str, str]]) -> list[int | None]:
    return [candidates(body) for _, _, body in asked]


def test_a_clear_last_place_settles_at_the_first_look(script: Any) -> None:
    client, asked = script(answers(found(0.9, 0.8, 0.7, total=100)))
    (hits,) = search_nearest(client, INDEX, ALIAS, ask(2), PATIENCE)
    assert [(hit.item, hit.score) for hit in hits] == [
        (item_id(0), pytest.approx(0.8)),
        (item_id(1), pytest.approx(0.6)),
    ]
    assert looks(asked) == [100]


def test_too_few_items_among_many_photos_is_a_reason_to_look_wider(script: Any) -> None:
    client, asked = script(answers(found(0.9, total=100)), answers(found(0.9, 0.8, 0.7, total=800)))
    assert len(search_nearest(client, INDEX, ALIAS, ask(2), PATIENCE)[0]) == 2
    assert looks(asked) == [100, 800]


def test_a_tied_last_place_is_a_reason_to_look_wider(script: Any) -> None:
    client, asked = script(answers(found(0.9, 0.8, 0.8, total=100)), answers(found(0.9, 0.8, 0.8, total=300)))
    assert len(search_nearest(client, INDEX, ALIAS, ask(2), PATIENCE)[0]) == 2
    assert looks(asked) == [100, 800]


def test_few_that_pass_are_compared_one_by_one(script: Any) -> None:
    client, asked = script(answers(found(0.9, total=1)), answers(found(0.9, 0.8, total=2)))
    assert len(search_nearest(client, INDEX, ALIAS, ask(2), PATIENCE)[0]) == 2
    assert looks(asked) == [100, None]


def test_looking_wider_ends_with_a_look_at_all(script: Any) -> None:
    client, asked = script(answers(found(0.9, 0.9, 0.9, total=10_000)))
    search_nearest(client, INDEX, ALIAS, ask(2), PATIENCE)
    assert looks(asked) == [100, 800, 6400, 10_000, None]


def test_only_open_queries_are_asked_again(script: Any) -> None:
    client, asked = script(
        answers(found(0.9, 0.8, 0.7, total=100), found(0.9, total=100)), answers(found(0.9, 0.8, 0.7, total=800))
    )
    assert [len(hits) for hits in search_nearest(client, INDEX, ALIAS, ask(2) * 2, PATIENCE)] == [2, 2]
    assert [len(body.splitlines()) // 2 for _, _, body in asked] == [2, 1]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (BUSY, OverloadedError),
        (GONE, GenerationMovedError),
        (found(0.9, 0.8, 0.7, total=100, failed=1), UnavailableError),
        (found(0.9, 0.8, 0.7, total=100, timed_out=True), UnavailableError),
        (found(0.9, 0.8, 0.7, total=100, index="lookalike_shop_2"), GenerationMovedError),
    ],
)
def test_less_than_the_whole_answer_is_an_error(
    script: Any, response: dict[str, Any], expected: type[Exception]
) -> None:
    client, _ = script(answers(response))
    with pytest.raises(expected):
        search_nearest(client, INDEX, ALIAS, ask(2), PATIENCE)
