import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from lookalike.domain.photo import Photo
from lookalike.domain.upload import Upload, UploadStatus
from lookalike.errors import Rejection
from lookalike.ports.ledger import Claim, Ledger
from lookalike.testing.examples import NOON, OTHER_SHOP, SHOP, a_photo, an_upload, item_id, photo_id, upload_id

LATER = NOON + timedelta(hours=1, microseconds=1)


def find(ledger: Ledger, number: int) -> Upload | None:
    return ledger.find_uploads(SHOP, [upload_id(number)]).get(upload_id(number))


def test_an_upload_comes_back_as_it_was_opened(ledger: Ledger) -> None:
    uploads = [an_upload(1), an_upload(2, item=item_id(7))]
    ledger.open_many(uploads)
    found = ledger.find_uploads(SHOP, [upload_id(1), upload_id(2), upload_id(3)])
    assert found == {upload.id: upload for upload in uploads}


def test_opening_again_keeps_the_present_record(ledger: Ledger) -> None:
    ledger.open_many([an_upload(1)])
    received = an_upload(1).received(LATER)
    ledger.advance_many([received])
    ledger.open_many([an_upload(1), an_upload(1)])
    assert find(ledger, 1) == received


def test_every_state_comes_back_whole(ledger: Ledger) -> None:
    ledger.open_many([an_upload(n, item=item_id(n)) for n in (1, 2, 3)])
    received = {n: an_upload(n, item=item_id(n)).received(LATER) for n in (1, 2, 3)}
    ended = [
        received[1].prepared(photo_id(1), LATER),
        received[2].rejected(Rejection.TOO_MANY_PIXELS, "Ærlig talt: 'too' \"many\"", LATER),
        received[3].failed("the disk was full", LATER),
    ]
    assert ledger.advance_many(list(received.values())) == []
    assert ledger.advance_many(ended) == []
    assert ledger.advance_many([ended[0].indexed(LATER)]) == []
    assert find(ledger, 1) == ended[0].indexed(LATER)
    assert find(ledger, 2) == ended[1]
    assert find(ledger, 3) == ended[2]


def test_the_slower_of_two_writers_is_refused(ledger: Ledger) -> None:
    ledger.open_many([an_upload(1), an_upload(2)])
    ledger.advance_many([an_upload(1).received(LATER)])
    slow = an_upload(1).failed("too late", LATER)
    assert ledger.advance_many([slow, an_upload(2).received(LATER)]) == [upload_id(1)]
    assert find(ledger, 1) == an_upload(1).received(LATER)
    assert find(ledger, 2) == an_upload(2).received(LATER)


def test_advancing_again_is_refused_and_changes_nothing(ledger: Ledger) -> None:
    ledger.open_many([an_upload(1)])
    received = an_upload(1).received(LATER)
    assert ledger.advance_many([received]) == []
    assert ledger.advance_many([received]) == [upload_id(1)]
    assert find(ledger, 1) == received


def test_advancing_what_is_not_there_is_refused(ledger: Ledger) -> None:
    assert ledger.advance_many([an_upload(1).received(LATER)]) == [upload_id(1)]
    assert find(ledger, 1) is None


def test_exactly_one_of_many_threads_wins_each_race(ledger: Ledger) -> None:
    numbers, racers = range(20), 8
    ledger.open_many([an_upload(n) for n in numbers])
    start = threading.Barrier(racers)

    def race(racer: int) -> int:
        start.wait()
        moves = [an_upload(n).received(LATER + timedelta(seconds=racer)) for n in numbers]
        return sum(not ledger.advance_many([move]) for move in moves)

    with ThreadPoolExecutor(racers) as pool:
        assert sum(pool.map(race, range(racers))) == len(numbers)
    assert ledger.count_uploads(SHOP) == {UploadStatus.RECEIVED: len(numbers)}


def test_the_longest_untouched_come_first(ledger: Ledger) -> None:
    ledger.open_many([an_upload(n) for n in (3, 1, 4, 2)])
    ledger.advance_many([an_upload(1).received(LATER)])
    waiting = {UploadStatus.REQUESTED, UploadStatus.RECEIVED}
    assert [upload.id for upload in ledger.uploads_in(SHOP, waiting, 3)] == list(map(upload_id, [2, 3, 4]))
    assert [upload.id for upload in ledger.uploads_in(SHOP, waiting, 9)] == list(map(upload_id, [2, 3, 4, 1]))
    assert ledger.uploads_in(SHOP, {UploadStatus.RECEIVED}, 9) == [an_upload(1).received(LATER)]
    assert ledger.uploads_in(SHOP, set(), 9) == []


def test_shoppers_uploads_are_told_from_items(ledger: Ledger) -> None:
    ledger.open_many([an_upload(n, item=item_id(1) if n % 2 else None) for n in range(6)])
    asked = {UploadStatus.REQUESTED}
    found = ledger.uploads_in(SHOP, asked, 2, without_item=True)
    assert [upload.id for upload in found] == list(map(upload_id, [0, 2]))
    assert len(ledger.uploads_in(SHOP, asked, 9, without_item=True)) == 3


def test_uploads_of_items_finds_all_of_theirs(ledger: Ledger) -> None:
    ledger.open_many([an_upload(n, item=item_id(n % 3)) for n in range(6)] + [an_upload(9)])
    found = ledger.uploads_of_items(SHOP, [item_id(0), item_id(2), item_id(8)])
    assert {upload.id for upload in found} == set(map(upload_id, [0, 2, 3, 5]))


def test_forgotten_uploads_are_gone(ledger: Ledger) -> None:
    ledger.open_many([an_upload(1), an_upload(2)])
    for _ in range(2):
        ledger.forget_uploads(SHOP, [upload_id(1), upload_id(7)], LATER)
    assert find(ledger, 1) is None
    assert find(ledger, 2) == an_upload(2)


def test_what_was_forgotten_is_told_from_what_never_was(ledger: Ledger) -> None:
    ledger.open_many([an_upload(1, item=item_id(1)), an_upload(2)])
    ledger.forget_uploads(SHOP, [upload_id(1)], LATER)
    asked = [upload_id(n) for n in (1, 2, 3)]
    assert ledger.find_forgotten(SHOP, asked) == {upload_id(1)}
    assert ledger.find_forgotten(OTHER_SHOP, asked) == set()
    assert set(ledger.find_uploads(SHOP, asked)) == {upload_id(2)}
    assert ledger.uploads_of_items(SHOP, [item_id(1)]) == []
    assert ledger.uploads_in(SHOP, set(UploadStatus), 9) == [an_upload(2)]
    assert ledger.advance_many([an_upload(1).received(LATER)]) == [upload_id(1)]


def test_a_forgotten_upload_can_be_opened_again(ledger: Ledger) -> None:
    ledger.open_many([an_upload(1)])
    ledger.forget_uploads(SHOP, [upload_id(1)], LATER)
    again = an_upload(1, item=item_id(1))
    ledger.open_many([again])
    assert find(ledger, 1) == again
    assert ledger.find_forgotten(SHOP, [upload_id(1)]) == set()
    assert ledger.uploads_of_items(SHOP, [item_id(1)]) == [again]


def test_uploads_are_counted_by_state(ledger: Ledger) -> None:
    ledger.open_many([an_upload(n) for n in range(5)])
    ledger.advance_many([an_upload(0).received(LATER)])
    counted = {status: count for status, count in ledger.count_uploads(SHOP).items() if count}
    assert counted == {UploadStatus.REQUESTED: 4, UploadStatus.RECEIVED: 1}


def test_a_photo_comes_back_as_it_was_recorded(ledger: Ledger) -> None:
    extremes = [replace(a_photo(n), perceptual_hash=look) for n, look in enumerate([0, 2**63 - 1, 2**63, 2**64 - 1])]
    ledger.record_photos(SHOP, extremes)
    found = ledger.find_photos(SHOP, [*(photo.id for photo in extremes), photo_id(99)])
    assert found == {photo.id: photo for photo in extremes}


def test_recording_a_photo_again_changes_nothing(ledger: Ledger) -> None:
    photos: list[Photo] = [a_photo(1), a_photo(1)]
    for _ in range(2):
        ledger.record_photos(SHOP, photos)
    assert ledger.find_photos(SHOP, [photo_id(1)]) == {photo_id(1): a_photo(1)}


def test_forgotten_photos_are_gone(ledger: Ledger) -> None:
    ledger.record_photos(SHOP, [a_photo(1), a_photo(2)])
    for _ in range(2):
        ledger.forget_photos(SHOP, [photo_id(1), photo_id(7)])
    assert set(ledger.find_photos(SHOP, [photo_id(1), photo_id(2)])) == {photo_id(2)}


def a_claim(claimant: str, at_s: float = 0, lasting_s: float = 60) -> Claim:
    at = NOON + timedelta(seconds=at_s)
    return Claim(claimant, at, at + timedelta(seconds=lasting_s))


def test_a_photo_is_one_claimants_at_a_time(ledger: Ledger) -> None:
    mine, theirs, free = photo_id(1), photo_id(2), photo_id(3)
    assert ledger.claim_photos(SHOP, [mine, mine], a_claim("me")) == [mine]
    assert ledger.claim_photos(SHOP, [theirs], a_claim("they")) == [theirs]
    assert set(ledger.claim_photos(SHOP, [mine, theirs, free], a_claim("me", at_s=59.9))) == {mine, free}
    assert ledger.claim_photos(SHOP, [theirs], a_claim("they", at_s=59.9)) == [theirs]


def test_of_many_who_claim_at_once_one_gets_it(ledger: Ledger) -> None:
    ready = threading.Barrier(16)

    def claim(number: int) -> bool:
        ready.wait()
        return bool(ledger.claim_photos(SHOP, [photo_id(1)], a_claim(f"claimant-{number}")))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_a_claim_is_over_when_its_time_is(ledger: Ledger) -> None:
    ledger.claim_photos(SHOP, [photo_id(1)], a_claim("dead", lasting_s=60))
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("me", at_s=59.999999)) == []
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("me", at_s=60)) == [photo_id(1)]
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("dead", at_s=61)) == []


def test_who_claims_again_has_it_for_longer(ledger: Ledger) -> None:
    for at_s in (0, 50):
        assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("me", at_s)) == [photo_id(1)]
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("they", at_s=100)) == []


def test_a_released_photo_can_be_claimed_and_anothers_cannot_be_released(ledger: Ledger) -> None:
    ledger.claim_photos(SHOP, [photo_id(1)], a_claim("me"))
    ledger.release_photos(SHOP, [photo_id(1), photo_id(2)], "they")
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("they")) == []
    for _ in range(2):
        ledger.release_photos(SHOP, [photo_id(1), photo_id(1)], "me")
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("they")) == [photo_id(1)]


def test_a_claim_says_nothing_of_the_photo_and_outlasts_what_is_said(ledger: Ledger) -> None:
    ledger.claim_photos(SHOP, [photo_id(1)], a_claim("me"))
    assert ledger.find_photos(SHOP, [photo_id(1)]) == {}
    ledger.record_photos(SHOP, [a_photo(1)])
    ledger.forget_photos(SHOP, [photo_id(1)])
    ledger.record_photos(SHOP, [a_photo(1)])
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("they")) == []
    ledger.release_photos(SHOP, [photo_id(1)], "me")
    assert set(ledger.find_photos(SHOP, [photo_id(1)])) == {photo_id(1)}


def test_nothing_crosses_catalogues(ledger: Ledger) -> None:
    ours, theirs = an_upload(1, item=item_id(1)), an_upload(1, OTHER_SHOP, item_id(1))
    ledger.open_many([ours])
    ledger.record_photos(SHOP, [a_photo(1)])
    assert ledger.find_uploads(OTHER_SHOP, [ours.id]) == {}
    assert ledger.uploads_in(OTHER_SHOP, set(UploadStatus), 9) == []
    assert ledger.uploads_of_items(OTHER_SHOP, [item_id(1)]) == []
    assert not any(ledger.count_uploads(OTHER_SHOP).values())
    assert ledger.find_photos(OTHER_SHOP, [photo_id(1)]) == {}
    assert ledger.advance_many([theirs.received(LATER)]) == [ours.id]
    ledger.forget_uploads(OTHER_SHOP, [ours.id], LATER)
    ledger.forget_photos(OTHER_SHOP, [photo_id(1)])
    ledger.open_many([theirs])
    ledger.advance_many([theirs.received(LATER)])
    assert find(ledger, 1) == ours
    assert set(ledger.find_photos(SHOP, [photo_id(1)])) == {photo_id(1)}
    for shop in (SHOP, OTHER_SHOP):
        assert ledger.claim_photos(shop, [photo_id(1)], a_claim(shop)) == [photo_id(1)]
    ledger.release_photos(OTHER_SHOP, [photo_id(1)], SHOP)
    assert ledger.claim_photos(SHOP, [photo_id(1)], a_claim("they")) == []


def test_nothing_to_do_is_fine(ledger: Ledger) -> None:
    ledger.open_many([])
    ledger.record_photos(SHOP, [])
    ledger.forget_uploads(SHOP, [], LATER)
    assert ledger.find_forgotten(SHOP, []) == set()
    ledger.release_photos(SHOP, [], "me")
    assert ledger.claim_photos(SHOP, [], a_claim("me")) == []
    assert ledger.advance_many([]) == []
    assert ledger.find_uploads(SHOP, []) == {}
    assert ledger.uploads_of_items(SHOP, []) == []
    assert ledger.find_photos(SHOP, []) == {}


def test_very_many_at_once(ledger: Ledger, very_many: int) -> None:
    uploads = [an_upload(n, item=item_id(n)) for n in range(very_many)]
    ledger.open_many(uploads)
    assert len(ledger.find_uploads(SHOP, [upload.id for upload in uploads])) == very_many
    assert len(ledger.uploads_of_items(SHOP, [item_id(n) for n in range(very_many)])) == very_many
