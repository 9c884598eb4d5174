"""Several processes index beside each other: a photo that one of them embeds is left alone by the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from service_harness import SHOP, Works, item, photo_of, picture, pointer

from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from lookalike.errors import UnavailableError
from lookalike.ports.embedder import Pixels, Prediction, Priority
from lookalike.services.claim_photos import ClaimPhotos
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.index_photos import IndexPhotos
from lookalike.testing import FakeEmbedder, InMemoryEmbeddingCache

RED, BLUE = picture("red"), picture("blue")
LIFETIME = timedelta(seconds=60)


@dataclass
class Meeting(FakeEmbedder):
    """Has another process index the same photo while this one embeds it."""

    other: IndexPhotos | None = None
    uploads: list[UploadId] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def embed_many(self, photos: Sequence[Pixels], priority: Priority) -> list[Prediction]:
        if self.other is not None:
            assert all(outcome.done for outcome in self.other(list(map(pointer, self.uploads))))
        return super().embed_many(photos, priority)


def process(works: Works, embedder: FakeEmbedder | None = None) -> IndexPhotos:
    """Another process of the embed function: it shares the stores and nothing else."""
    embed = EmbedPhotos(embedder or works.embedder, InMemoryEmbeddingCache())
    return replace(works.index_photos, embed=embed, claim=ClaimPhotos(works.ledger, works.clock, LIFETIME))


@pytest.fixture
def uploads(works: Works) -> list[UploadId]:
    """One photo on its way to two items, prepared."""
    works.put(SHOP, [item("a"), item("b")])
    sent = [works.send(RED, ItemId(name)) for name in "ab"]
    works.prepare(works.received.drain())
    works.to_embed.drain()
    return sent


def test_two_processes_that_meet_at_a_photo_cost_one_inference(works: Works, uploads: list[UploadId]) -> None:
    first, second = uploads
    meeting = Meeting(other=process(works), uploads=[second])
    process(works, meeting)([pointer(first)])
    assert (sum(meeting.batches), works.inferences) == (1, 0)
    assert (works.status(first), works.status(second)) == ("indexed", "prepared")
    assert works.to_embed.drain() == []  # it comes, but later
    process(works)(works.to_embed.drain())
    assert (works.status(second), works.inferences) == ("indexed", 0)


def test_a_process_that_is_busy_with_one_photo_does_not_hold_up_others(works: Works, uploads: list[UploadId]) -> None:
    blue = works.send(BLUE, ItemId("a"))
    works.prepare(works.received.drain())
    meeting = Meeting(other=process(works), uploads=[uploads[1], blue])
    process(works, meeting)([pointer(uploads[0])])
    assert [works.status(upload) for upload in (uploads[0], uploads[1], blue)] == ["indexed", "prepared", "indexed"]


def test_a_claimant_that_dies_holds_a_photo_up_no_longer_than_its_claim(works: Works, uploads: list[UploadId]) -> None:
    dead = process(works).claim
    with dead(SHOP, [photo_of(RED)]):  # for as long as nobody tells the ledger, as nobody will
        works.clock.advance(LIFETIME.total_seconds() - 1)
        process(works)(list(map(pointer, uploads)))
        assert (works.inferences, works.status(uploads[0])) == (0, "prepared")
        works.clock.advance(1)
        process(works)(list(map(pointer, uploads)))
        assert (works.inferences, works.status(uploads[0])) == (1, "indexed")


def test_a_photo_whose_embedding_failed_is_free_at_once(works: Works, uploads: list[UploadId]) -> None:
    works.embedder.refusal = UnavailableError("down")
    with pytest.raises(UnavailableError):
        process(works)([pointer(uploads[0])])
    works.embedder.refusal = None
    process(works)(list(map(pointer, uploads)))
    assert {works.status(upload) for upload in uploads} == {"indexed"}


def test_what_became_known_just_before_it_was_claimed_is_not_embedded(works: Works, uploads: list[UploadId]) -> None:
    late = process(works)
    index, other = late.index, process(works)
    asked = index.find_embeddings

    class Overtaken:
        """The index, in which the photo appears right after it was asked for the first time."""

        def __getattr__(self, name: str) -> object:
            return getattr(index, name)

        def find_embeddings(self, *of: object) -> object:
            found = asked(*of)  # type: ignore[arg-type]
            other([pointer(uploads[0])])
            return found

    replace(late, index=Overtaken())([pointer(uploads[1])])  # type: ignore[arg-type]
    assert works.inferences == 1
    assert {works.status(upload) for upload in uploads} == {"indexed"}
