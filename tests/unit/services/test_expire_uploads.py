"""Shoppers' photos leave after a day, all of them, whatever else is old and whenever it is stopped."""

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from service_harness import SHOP, Works

from lookalike.adapters.embedded.database import Database
from lookalike.adapters.embedded.ledger import SqliteLedger
from lookalike.adapters.embedded.stores import open_stores
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.embedded import THE_CATALOGUE, EmbeddedCatalogue
from lookalike.errors import Rejection, UnavailableError
from lookalike.ports.ledger import Ledger
from lookalike.services.expire_uploads import LIFETIME, ExpireUploads
from lookalike.testing import FakeEmbedder, FixedClock, InMemoryPhotoStore

MOST_STATUSES = frozenset(UploadStatus) - {UploadStatus.INDEXED}
WAIT = 20


def fill(ledger: Ledger, clock: FixedClock, count: int, *, item: str | None = None, catalogue: str = SHOP) -> None:
    """So many uploads that were rejected now."""
    now = clock.now()
    name = item or "shopper"
    new = [
        Upload(UploadId(f"{name}-{n:016}"), catalogue, "image/jpeg", now, now, item and ItemId(item))  # type: ignore[arg-type]
        for n in range(count)
    ]
    ledger.open_many(new)
    ledger.advance_many([upload.rejected(Rejection.CORRUPT, "", now) for upload in new])


def pass_a_day(clock: FixedClock) -> None:
    clock.advance((LIFETIME + timedelta(seconds=1)).total_seconds())


def test_all_go_at_once_however_many_there_are(works: Works) -> None:
    fill(works.ledger, works.clock, 2_320)
    fill(works.ledger, works.clock, 1_500, item="sold")
    pass_a_day(works.clock)
    fill(works.ledger, works.clock, 3, item="new")
    young = works.send(b"young")
    assert works.expire(SHOP) == 2_320
    assert works.status(young) is UploadStatus.RECEIVED
    assert works.ledger.count_uploads(SHOP)[UploadStatus.REJECTED] == 1_503
    assert works.expire(SHOP) == 0


@pytest.mark.parametrize("status", sorted(MOST_STATUSES))
def test_a_shoppers_photo_goes_in_whatever_state_it_rests(works: Works, status: UploadStatus) -> None:
    upload = works.send(b"bytes")
    record = works.upload(upload)
    if status is not record.status:
        works.ledger.advance_many([record._move(status, works.clock.now())] if status != "requested" else [])
    pass_a_day(works.clock)
    assert works.expire(SHOP) == 1
    assert works.photos.uploads == {}
    assert works.ledger.find_uploads(SHOP, [upload]) == {}


def test_a_run_that_breaks_leaves_no_bytes_without_a_record(works: Works) -> None:
    class Breaking(InMemoryPhotoStore):
        def delete_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> None:
            super().delete_uploads(catalogue, uploads[:1])
            raise UnavailableError("the disk fails")

    upload, other = works.send(b"one"), works.send(b"two")
    breaking = Breaking()
    breaking.uploads = works.photos.uploads
    pass_a_day(works.clock)
    with pytest.raises(UnavailableError):
        ExpireUploads(works.ledger, breaking, works.clock)(SHOP)
    assert set(works.ledger.find_uploads(SHOP, [upload, other])) == {upload, other}
    assert works.expire(SHOP) == 2
    assert works.photos.uploads == {}


def test_it_stops_between_pages(works: Works) -> None:
    fill(works.ledger, works.clock, 1_001)
    pass_a_day(works.clock)
    answers = iter([False, True])
    assert works.expire(SHOP, lambda: next(answers)) == 1_000


def test_what_stays_is_not_read_again_for_each_page(tmp_path: Path) -> None:
    def steps(folder: str, staying: int, going: int) -> int:
        counted = [0]

        def step() -> int:
            counted[0] += 1
            return 0

        clock = FixedClock()
        with closing(Database(tmp_path / folder)) as database:
            ledger = SqliteLedger(database)
            fill(ledger, clock, staying, item="sold")
            fill(ledger, clock, going)
            pass_a_day(clock)
            assert database._connection is not None
            database._connection.set_progress_handler(step, 10)
            assert ExpireUploads(ledger, InMemoryPhotoStore(), clock)(SHOP) == going
        return counted[0]

    few = steps("few", 10, 1_000)
    assert steps("staying", 3_000, 1_000) <= 1.2 * few
    assert steps("going", 10, 3_000) <= 3.6 * few


def test_what_grows_old_while_serving_goes_too() -> None:
    clock = FixedClock()
    stores = open_stores(None, clock=clock)
    fill(stores.ledger, clock, 1_500, catalogue=THE_CATALOGUE)
    with EmbeddedCatalogue(stores, FakeEmbedder()) as catalogue:
        catalogue.start_workers(expire_seconds=0.01)
        assert stores.ledger.count_uploads(THE_CATALOGUE) == {UploadStatus.REJECTED: 1_500}
        pass_a_day(clock)
        end = time.monotonic() + WAIT
        while stores.ledger.count_uploads(THE_CATALOGUE) and time.monotonic() < end:
            time.sleep(0.01)
        assert stores.ledger.count_uploads(THE_CATALOGUE) == {}
