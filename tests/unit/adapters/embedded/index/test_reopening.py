import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.domain.embedding import Embedding
from lookalike.domain.filter import Filter
from lookalike.domain.label import Label
from lookalike.errors import CatalogueDamagedError, InvalidRequestError
from lookalike.ports.vector_index import Hit, IndexEntry, VectorQuery
from lookalike.testing.examples import SHOP, an_embedding, an_item, item_id, photo_id

OpenIndex = Callable[..., EmbeddedVectorIndex]
# A graph from the first row on, asked whenever it can be, written often.
GRAPH_AT_ONCE = Tuning(least_graph=1, row_cost=1e6, worth_saving=1, least_unsaved=50)

RED = Label("colour", "red")
ENTRIES = [
    IndexEntry(item_id(n), photo_id(n), frozenset({RED}) if n % 3 else frozenset(), an_embedding(n)) for n in range(300)
]
QUERIES = [VectorQuery(an_embedding(n), Filter(), 5) for n in (0, 150, 299, 5_000)]
QUERIES += [VectorQuery(an_embedding(n), Filter.of(any_of=["colour:red"]), 5) for n in (0, 150, 299, 5_000)]
TUNINGS = pytest.mark.parametrize("tuning", [Tuning(), GRAPH_AT_ONCE], ids=["plain", "graph"])


def graphs(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("index/*/graph-*"))


def ask(index: EmbeddedVectorIndex) -> list[list[Hit]]:
    found = index.search_many(SHOP, QUERIES)
    assert found == index.search_exactly(SHOP, QUERIES)
    return found


@TUNINGS
def test_everything_is_there_after_reopening(open_index: OpenIndex, tuning: Tuning, tmp_path: Path) -> None:
    index = open_index(tuning)
    index.upsert_many(SHOP, ENTRIES[:200])
    index.upsert_many(SHOP, ENTRIES[200:])
    index.remove_items(SHOP, [item_id(7)])
    before = ask(index)
    assert ask(open_index(tuning)) == before
    assert bool(graphs(tmp_path)) is (tuning is GRAPH_AT_ONCE)


def test_entries_that_have_their_labels_are_not_written(open_index: OpenIndex) -> None:
    index = open_index()
    index.upsert_many(SHOP, ENTRIES)
    items = [an_item(n, "colour:red", "size:m") for n in range(400)]
    index.relabel_many(SHOP, items)
    connection = index._database._connection
    assert connection is not None
    before = connection.total_changes
    index.relabel_many(SHOP, items)
    assert connection.total_changes == before


@pytest.mark.parametrize("damage", ["gone", "cut", "other version"])
def test_a_lost_graph_is_made_again(open_index: OpenIndex, tmp_path: Path, damage: str) -> None:
    index = open_index(GRAPH_AT_ONCE)
    index.upsert_many(SHOP, ENTRIES)
    before = ask(index)
    index.close()
    (path,) = graphs(tmp_path)
    data = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(data[:100] if damage == "cut" else data[::-1])
    again = open_index(GRAPH_AT_ONCE)
    assert ask(again) == before
    again.upsert_many(SHOP, ENTRIES[:1])
    assert ask(open_index(GRAPH_AT_ONCE)) == before
    assert graphs(tmp_path)


def test_lost_vectors_are_reported_not_made_up(open_index: OpenIndex, tmp_path: Path) -> None:
    open_index().upsert_many(SHOP, ENTRIES)
    (path,) = tmp_path.glob("index/*/vectors.f32")
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(CatalogueDamagedError, match="9 vectors where 300"):
        open_index().search_many(SHOP, QUERIES)


@TUNINGS
def test_can_be_opened_to_read_only(open_index: OpenIndex, tuning: Tuning, tmp_path: Path) -> None:
    index = open_index(tuning)
    index.upsert_many(SHOP, ENTRIES)
    before = ask(index)
    index.close()
    reader = open_index(tuning, read_only=True)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.glob("index/**/*")}
    assert ask(reader) == before
    with pytest.raises(InvalidRequestError, match="reading only"):
        reader.upsert_many(SHOP, [IndexEntry(item_id(900), photo_id(900), frozenset(), an_embedding(900))])
    reader.close()
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.glob("index/**/*")}


def test_what_a_restart_left_behind_is_linked_in_the_background(open_index: OpenIndex) -> None:
    index = open_index(Tuning(least_graph=10_000))
    index.upsert_many(SHOP, ENTRIES)
    before = ask(index)
    again = open_index(Tuning(least_graph=1, background=10, row_cost=1e6))
    assert ask(again) == before
    for thread in threading.enumerate():
        if thread.name == "index-merger":
            thread.join(10)
    build = again._builds[SHOP]
    assert not build.view().newer
    assert ask(again) == before


def test_an_entry_that_is_there_takes_no_new_row(open_index: OpenIndex) -> None:
    index = open_index()
    index.upsert_many(SHOP, ENTRIES)
    index.upsert_many(SHOP, [*ENTRIES, *ENTRIES])
    assert index._builds[SHOP]._records.next_row() == 300
    assert index.generations(SHOP)[0].entries == 300


def test_a_graph_of_mostly_dead_rows_is_made_anew(open_index: OpenIndex) -> None:
    index = open_index(GRAPH_AT_ONCE)
    index.upsert_many(SHOP, ENTRIES)
    index.remove_items(SHOP, [item_id(n) for n in range(10, 300)])
    before = ask(index)
    again = open_index(GRAPH_AT_ONCE)
    assert ask(again) == before
    assert len(again._builds[SHOP].view().graph) == 0


def test_searches_go_on_while_others_write(open_index: OpenIndex) -> None:
    index = open_index(GRAPH_AT_ONCE)
    index.upsert_many(SHOP, ENTRIES[:50])
    stop, wrong = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            for query, hits in zip(QUERIES, index.search_many(SHOP, QUERIES), strict=True):
                scores = [hit.score for hit in hits]
                if len(hits) != query.k or scores != sorted(scores, reverse=True):
                    wrong.append(hits)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(50, 300, 25):
        index.upsert_many(SHOP, ENTRIES[start : start + 25])
        found = index.search_many(SHOP, [VectorQuery(ENTRIES[start].embedding, Filter(), 1)])
        assert found[0][0].item == ENTRIES[start].item, "findable when upsert_many returns"
    index.remove_items(SHOP, [item_id(n) for n in range(100, 150)])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    ask(index)


def test_embeddings_come_back_to_the_last_bit(open_index: OpenIndex) -> None:
    open_index().upsert_many(SHOP, ENTRIES)
    found = open_index().find_embeddings(SHOP, ENTRIES[0].embedding.model, [photo_id(3), photo_id(900)])
    assert list(found) == [photo_id(3)]
    np.testing.assert_array_equal(found[photo_id(3)].vector, an_embedding(3).vector)


def test_a_new_vector_takes_the_place_of_the_old(open_index: OpenIndex) -> None:
    index = open_index(GRAPH_AT_ONCE)
    index.upsert_many(SHOP, ENTRIES)
    turned = Embedding(-ENTRIES[5].embedding.vector, ENTRIES[5].embedding.model)
    index.upsert_many(SHOP, [IndexEntry(item_id(5), photo_id(5), frozenset(), turned)])
    check_turned(index, turned)
    check_turned(open_index(GRAPH_AT_ONCE), turned)


def check_turned(index: EmbeddedVectorIndex, turned: Embedding) -> None:
    queries = [VectorQuery(turned, Filter(), 1), VectorQuery(an_embedding(5), Filter(), 300)]
    near, far = index.search_many(SHOP, queries)
    assert near[0].item == item_id(5)
    assert [hit.item for hit in far].count(item_id(5)) == 1
    assert far[-1].item == item_id(5)
