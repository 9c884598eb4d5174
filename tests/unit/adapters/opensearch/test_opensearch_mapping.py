import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.adapters.opensearch.mapping import (
    IndexLayout,
    document,
    document_id,
    index_body,
    read_document_id,
)
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.label import Label
from lookalike.errors import InvalidRequestError
from lookalike.ports.vector_index import IndexEntry
from lookalike.testing.examples import MODEL, NOON, SHOP, an_embedding, item_id, photo_id

CATALOGUES = st.from_regex(CatalogueId.pattern, fullmatch=True).map(CatalogueId)


@given(st.from_regex(ItemId.pattern, fullmatch=True).map(ItemId), st.integers())
def test_keys_are_read_as_they_were_written(item: ItemId, number: int) -> None:
    text = document_id(item, photo_id(number))
    assert read_document_id(text) == (item, photo_id(number))
    assert len(text.encode()) <= 512  # OpenSearch's limit


@given(CATALOGUES, CATALOGUES, st.integers(1, 10**6))
def test_no_catalogue_matches_anothers_indexes(one: CatalogueId, other: CatalogueId, number: int) -> None:
    layout = IndexLayout()
    matches = re.fullmatch(layout.indexes(one).replace("*", ".*"), layout.index(other, number))
    assert bool(matches) is (one == other)
    assert layout.alias(one) != layout.index(other, number)


@pytest.mark.parametrize("prefix", ["", "Shop", "a_b", "a*", "-a", "a" * 64])
def test_a_prefix_that_could_match_more_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidRequestError):
        IndexLayout(prefix=prefix)


def test_an_index_is_live_from_its_first_moment_and_says_what_it_is() -> None:
    body = index_body(IndexLayout(replicas=2), SHOP, 1, MODEL, NOON)
    assert list(body["aliases"]) == ["lookalike_shop"]
    assert body["settings"]["index"]["number_of_replicas"] == 2
    assert body["mappings"]["dynamic"] == "strict"
    assert body["mappings"]["_meta"] == {"model": MODEL, "number": 1, "created_at": NOON.isoformat()}
    assert body["mappings"]["properties"]["model"] == {"type": "constant_keyword", "value": MODEL}
    json.dumps(body)


def test_a_document_holds_every_bit_of_the_vector() -> None:
    labels = frozenset({Label("colour", "red"), Label("colour", "blue"), Label("category", "dress")})
    stored = json.loads(json.dumps(document(IndexEntry(item_id(1), photo_id(2), labels, an_embedding(3)))))
    assert np.array_equal(np.array(stored["vector"], dtype=np.float32), an_embedding(3).vector)
    assert stored["labels"] == ["category:dress", "colour:blue", "colour:red"]
    assert stored["facets"] == ["category", "colour"]
    properties = index_body(IndexLayout(), SHOP, 1, MODEL, NOON)["mappings"]["properties"]
    assert set(stored) == set(properties)
