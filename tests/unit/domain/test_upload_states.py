from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.errors import IllegalTransitionError, Rejection
from lookalike.testing.examples import an_upload, item_id, photo_id

S = UploadStatus
# Told again, as DESIGN.md draws it: requested → received → prepared → indexed, or rejected, or failed and tried again.
ALLOWED = {
    (S.REQUESTED, S.RECEIVED),
    (S.RECEIVED, S.PREPARED),
    (S.PREPARED, S.INDEXED),
    *((before, S.REJECTED) for before in (S.REQUESTED, S.RECEIVED, S.PREPARED, S.FAILED)),
    *((before, S.FAILED) for before in (S.REQUESTED, S.RECEIVED, S.PREPARED, S.FAILED)),
    *((S.FAILED, again) for again in (S.RECEIVED, S.PREPARED, S.INDEXED)),
}
LATER = datetime(2026, 2, 1, tzinfo=UTC)


def move(upload: Upload, to: UploadStatus, at: datetime = LATER) -> Upload:
    if to is S.REJECTED:
        return upload.rejected(Rejection.TRUNCATED, "the file ends too early", at)
    moves = {
        S.RECEIVED: lambda: upload.received(at),
        S.PREPARED: lambda: upload.prepared(photo_id(1), at),
        S.INDEXED: lambda: upload.indexed(at),
        S.FAILED: lambda: upload.failed("the disk was full", at),
    }
    return moves[to]()


@given(st.lists(st.sampled_from([status for status in S if status is not S.REQUESTED]), max_size=20))
def test_no_sequence_of_moves_leaves_the_allowed_graph(attempts: list[UploadStatus]) -> None:
    upload = an_upload(item=item_id(1))
    for number, attempt in enumerate(attempts):
        before, at = upload, LATER + timedelta(seconds=number)
        if (upload.status, attempt) not in ALLOWED:
            with pytest.raises(IllegalTransitionError):
                move(upload, attempt, at)
            continue
        upload = move(upload, attempt, at)
        assert (upload.status, upload.version, upload.updated_at) == (attempt, before.version + 1, at)
        assert (upload.id, upload.catalogue, upload.item, upload.requested_at) == (
            before.id,
            before.catalogue,
            before.item,
            before.requested_at,
        )


@pytest.mark.parametrize("path", [(S.RECEIVED, S.PREPARED, S.INDEXED), (S.REJECTED,)])
def test_from_the_ends_no_move_leads_away(path: tuple[UploadStatus, ...]) -> None:
    upload = an_upload(item=item_id(1))
    for status in path:
        upload = move(upload, status)
    assert upload.is_final
    for status in set(S) - {S.REQUESTED}:
        with pytest.raises(IllegalTransitionError):
            move(upload, status)


def test_a_shoppers_photo_is_done_once_prepared_and_an_items_is_not() -> None:
    prepared = {item: an_upload(item=item).received(LATER).prepared(photo_id(1), LATER) for item in (None, item_id(1))}
    assert prepared[None].is_final
    assert not prepared[item_id(1)].is_final


def test_a_failure_is_told_and_forgotten_when_the_next_try_works() -> None:
    failed = an_upload().received(LATER).failed("the disk was full", LATER)
    assert failed.detail == "the disk was full"
    assert not failed.is_final
    assert failed.prepared(photo_id(1), LATER).detail == ""


def test_a_rejection_names_its_code_and_sentence() -> None:
    rejected = an_upload().rejected(Rejection.TOO_SMALL, "1 x 1 pixels", LATER)
    assert (rejected.rejection, rejected.detail) == (Rejection.TOO_SMALL, "1 x 1 pixels")


def test_new_ids_differ_and_repeatable_ones_repeat() -> None:
    assert UploadId.new() != UploadId.new()
    assert UploadId.repeatable(item_id(1), photo_id(1)) == UploadId.repeatable(item_id(1), photo_id(1))
    others = {UploadId.repeatable(item_id(n), photo_id(m)) for n in (1, 2) for m in (1, 2)}
    assert len(others) == 4
