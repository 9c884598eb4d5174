"""A damaged file of vectors is told from a sound one, before anything is answered from it."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.index.row_checks import RowChecks, row_sum
from lookalike.adapters.embedded.index.tuning import Tuning
from lookalike.adapters.embedded.vector_index import EmbeddedVectorIndex
from lookalike.domain.filter import Filter
from lookalike.domain.label import Label
from lookalike.errors import CatalogueDamagedError
from lookalike.ports.vector_index import IndexEntry, VectorQuery
from lookalike.testing.examples import MODEL, SHOP, an_embedding, item_id, photo_id

OpenIndex = Callable[..., EmbeddedVectorIndex]
Matrix = npt.NDArray[np.float32]
GRAPH_AT_ONCE = Tuning(least_graph=1, row_cost=1e6, worth_saving=1, least_unsaved=50)
TUNINGS = pytest.mark.parametrize("tuning", [Tuning(), GRAPH_AT_ONCE], ids=["plain", "graph"])
ROWS, BAD = 300, 150
RED, BLUE = Label("colour", "red"), Label("colour", "blue")
ENTRIES = [
    IndexEntry(item_id(n), photo_id(n), frozenset({BLUE if n == BAD else RED}), an_embedding(n)) for n in range(ROWS)
]


def nan(matrix: Matrix) -> None:
    matrix[BAD, 3] = np.nan


def infinite(matrix: Matrix) -> None:
    matrix[BAD, 3] = np.inf


def zero(matrix: Matrix) -> None:
    matrix[BAD] = 0


def swapped(matrix: Matrix) -> None:
    matrix[[BAD, BAD + 1]] = matrix[[BAD + 1, BAD]]


def shuffled(matrix: Matrix) -> None:
    matrix[:ROWS] = matrix[:ROWS][::-1].copy()


def one_bit(matrix: Matrix) -> None:
    matrix[BAD].view(np.uint32)[100] ^= 1


def another_unit_vector(matrix: Matrix) -> None:
    matrix[BAD] = an_embedding(9_999).vector


DAMAGES = (nan, infinite, zero, swapped, shuffled, one_bit, another_unit_vector)


def query(number: int, *clauses: str) -> list[VectorQuery]:
    return [VectorQuery(an_embedding(number), Filter.of(any_of=clauses) if clauses else Filter(), 5)]


def damage(folder: Path, how: Callable[[Matrix], None]) -> None:
    (path,) = folder.glob("index/*/vectors.f32")
    matrix = np.memmap(path, "<f4", "r+").reshape(-1, 256)
    how(matrix)
    matrix.flush()


@TUNINGS
@pytest.mark.parametrize("how", DAMAGES, ids=lambda how: how.__name__)
def test_no_search_answers_from_damaged_rows(
    open_index: OpenIndex, tmp_path: Path, tuning: Tuning, how: Callable[[Matrix], None]
) -> None:
    index = open_index(tuning)
    index.upsert_many(SHOP, ENTRIES)
    index.close()
    damage(tmp_path, how)
    again = open_index(tuning)
    with pytest.raises(CatalogueDamagedError):
        again.search_many(SHOP, query(BAD))
    with pytest.raises(CatalogueDamagedError):
        again.search_exactly(SHOP, query(0))
    with pytest.raises(CatalogueDamagedError):
        again.find_embeddings(SHOP, MODEL, [photo_id(BAD)])
    assert (item_id(BAD), photo_id(BAD)) in again.find_damage(SHOP)


def test_searches_that_damage_cannot_change_go_on(open_index: OpenIndex, tmp_path: Path) -> None:
    index = open_index()
    index.upsert_many(SHOP, ENTRIES)
    before = index.search_many(SHOP, query(7, "colour:red"))
    index.close()
    damage(tmp_path, zero)
    again = open_index()
    assert again.find_damage(SHOP) == [(item_id(BAD), photo_id(BAD))]
    assert again.search_many(SHOP, query(7, "colour:red")) == before
    with pytest.raises(CatalogueDamagedError):
        again.search_many(SHOP, query(7, "colour:red", "colour:blue"))


@pytest.mark.parametrize("how", DAMAGES, ids=lambda how: how.__name__)
def test_entering_again_repairs(open_index: OpenIndex, tmp_path: Path, how: Callable[[Matrix], None]) -> None:
    index = open_index()
    index.upsert_many(SHOP, ENTRIES)
    before = index.search_exactly(SHOP, query(BAD))
    index.close()
    damage(tmp_path, how)
    again = open_index()
    again.upsert_many(SHOP, ENTRIES)
    for opened in (lambda: again, open_index):
        repaired = opened()
        assert repaired.search_exactly(SHOP, query(BAD)) == before
        assert repaired.find_damage(SHOP) == []
        assert repaired.generations(SHOP)[0].entries == ROWS


def test_damage_is_found_without_a_search_and_logged(
    open_index: OpenIndex, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_index().upsert_many(SHOP, ENTRIES)
    again = open_index()
    assert again.find_damage(SHOP) == again.known_damage(SHOP) == []
    again.close()
    damage(tmp_path, nan)
    with caplog.at_level(logging.ERROR):
        assert open_index().find_damage(SHOP) == [(item_id(BAD), photo_id(BAD))]
    assert [record.message for record in caplog.records] == ["1 entries of the index are damaged, the first is row 150"]


def test_a_version_without_sums_gets_them(open_index: OpenIndex, tmp_path: Path) -> None:
    index = open_index()
    index.upsert_many(SHOP, ENTRIES)
    index._database.execute("UPDATE index_entries SET crc32 = NULL")
    again = open_index()
    assert again.find_damage(SHOP) == []
    again._builds[SHOP]._helper.join(20)
    assert again._database.query("SELECT count(*) FROM index_entries WHERE crc32 IS NULL") == [(0,)]
    again.close()
    damage(tmp_path, another_unit_vector)
    assert open_index().find_damage(SHOP) == [(item_id(BAD), photo_id(BAD))]


def test_a_version_without_sums_is_not_believed_blindly(open_index: OpenIndex, tmp_path: Path) -> None:
    index = open_index()
    index.upsert_many(SHOP, ENTRIES)
    index._database.execute("UPDATE index_entries SET crc32 = NULL")
    index.close()
    damage(tmp_path, zero)
    assert open_index().find_damage(SHOP) == [(item_id(BAD), photo_id(BAD))]


def test_a_name_changed_in_the_database_is_damage_too(open_index: OpenIndex) -> None:
    index = open_index()
    index.upsert_many(SHOP, ENTRIES)
    rename: Database = index._database
    rename.execute("UPDATE index_entries SET photo = ? WHERE row = ?", (photo_id(5_000), BAD))
    assert open_index().find_damage(SHOP) == [(item_id(BAD), photo_id(5_000))]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 39)), st.lists(st.lists(st.integers(0, 39), min_size=1), max_size=5))
def test_every_row_is_judged_alike_in_whatever_order(bad: set[int], asked: list[list[int]]) -> None:
    vectors = np.array([an_embedding(n).vector for n in range(40)])
    items, photos = [f"i{n}" for n in range(40)], [f"p{n}" for n in range(40)]
    sums = [(n, row_sum(n, items[n], photos[n], vectors[n])) for n in range(40)]
    for n in bad:
        vectors[n, n] += 1e-6
    checks = RowChecks(items, photos, lambda: vectors)
    checks.expect(sums, 40)
    for rows in asked:
        checks.look(np.array(rows))
    checks.look_at_all(lambda: False)
    assert set(checks.damaged) == bad
    assert all(checks.is_sound(n) is (n not in bad) for n in range(40))
