import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest
from botocore.stub import Stubber

from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.client import ClientSettings, s3_client
from lookalike.adapters.aws.photo_store import S3PhotoStore
from lookalike.domain.item import ItemId
from lookalike.domain.upload import UploadId
from lookalike.errors import (
    InvalidRequestError,
    NotFoundError,
    PhotoRejectedError,
    Rejection,
    UnavailableError,
)
from lookalike.ports.photo_store import UploadForm
from lookalike.testing import FixedClock
from lookalike.testing.examples import NOON, SHOP, an_upload, item_id, photo_id, upload_id
from tests.contract.aws_adapters import EmulatedAws

EXPIRY = NOON + timedelta(minutes=10)
KEY = f"uploads/{SHOP}/{upload_id(1)}"


def on_aws() -> tuple[Any, S3PhotoStore]:
    """A client that knows only what a stub is told, and a store on it."""
    client = s3_client(ClientSettings("eu-north-1"), boto3.Session("test", "test"))
    quick = Backoff(attempts=3, sleep=lambda _: None)
    return client, S3PhotoStore(client, bucket="shop-photos", max_bytes=1000, clock=FixedClock(NOON), backoff=quick)


def form_for_1000_bytes(item: ItemId | None = None) -> UploadForm:
    return on_aws()[1].presign_upload(an_upload(1, item=item), 1000, EXPIRY)


def policy_of(form: UploadForm) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(form.fields["policy"]))
    return policy


def test_a_form_s_policy_allows_one_key_one_type_and_no_more_bytes() -> None:
    conditions = policy_of(form_for_1000_bytes())["conditions"]
    assert {"key": KEY} in conditions
    assert {"Content-Type": "image/jpeg"} in conditions
    assert ["content-length-range", 0, 1000] in conditions
    assert {"bucket": "shop-photos"} in conditions
    assert not [c for c in conditions if isinstance(c, list) and c[0] == "starts-with"]


def test_a_photo_to_search_with_has_its_tag_in_form_and_policy_and_an_item_s_has_none() -> None:
    tagging = "<Tagging><TagSet><Tag><Key>purpose</Key><Value>query</Value></Tag></TagSet></Tagging>"
    query, sold = form_for_1000_bytes(), form_for_1000_bytes(item_id(1))
    assert query.fields["tagging"] == tagging
    assert {"tagging": tagging} in policy_of(query)["conditions"]
    assert "tagging" not in sold.fields
    assert not [c for c in policy_of(sold)["conditions"] if "tagging" in c]


def test_a_form_holds_for_no_longer_than_it_says() -> None:
    expiration = datetime.fromisoformat(policy_of(form_for_1000_bytes())["expiration"])
    assert timedelta(minutes=9) < expiration - datetime.now(UTC) <= timedelta(minutes=10)


@pytest.mark.parametrize("lifetime", [timedelta(minutes=10, seconds=1), timedelta(0), timedelta(minutes=-1)])
def test_a_form_for_longer_than_ten_minutes_or_for_the_past_is_not_made(lifetime: timedelta) -> None:
    with pytest.raises(InvalidRequestError):
        on_aws()[1].presign_upload(an_upload(1), 1000, NOON + lifetime)


def test_a_form_is_signed_with_version_4_for_the_bucket_s_own_region() -> None:
    form = form_for_1000_bytes()
    assert form.url == "https://shop-photos.s3.eu-north-1.amazonaws.com/"
    assert form.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_what_a_form_brings_in_is_read_back(aws: EmulatedAws) -> None:
    store = aws.photo_store()
    form = store.presign_upload(an_upload(1), 1000, EXPIRY)
    answer = httpx.post(form.url, data=dict(form.fields), files={"file": b"the photo"})
    assert answer.is_success, answer.text
    assert store.read_upload(SHOP, upload_id(1)) == b"the photo"


def test_an_original_larger_than_any_form_allows_is_rejected_unread(aws: EmulatedAws) -> None:
    # An emulator, or whoever may write to the bucket, does not keep to the form's range.
    store = aws.photo_store(max_bytes=1000)
    store.write_uploads(SHOP, {upload_id(1): b"x" * 1000, upload_id(2): b"x" * 1001})
    assert len(store.read_upload(SHOP, upload_id(1))) == 1000
    with pytest.raises(PhotoRejectedError) as met:
        store.read_upload(SHOP, upload_id(2))
    assert met.value.code is Rejection.TOO_MANY_BYTES


def test_of_several_versions_the_first_is_the_original(aws: EmulatedAws) -> None:
    store = aws.photo_store(versioned=True)
    for data in (b"first", b"second", b"third"):
        store.write_uploads(SHOP, {upload_id(1): data})
    assert store.read_upload(SHOP, upload_id(1)) == b"first"


def test_a_key_that_begins_like_another_is_not_taken_for_it(aws: EmulatedAws) -> None:
    store = aws.photo_store(versioned=True)
    longer = UploadId(f"{upload_id(1)}-and-more")
    store.write_uploads(SHOP, {longer: b"another's"})
    with pytest.raises(NotFoundError):
        store.read_upload(SHOP, upload_id(1))
    store.write_uploads(SHOP, {upload_id(1): b"its own"})
    assert (store.read_upload(SHOP, upload_id(1)), store.read_upload(SHOP, longer)) == (b"its own", b"another's")


def test_a_deleted_original_is_not_there_though_its_versions_are(aws: EmulatedAws) -> None:
    store = aws.photo_store(versioned=True)
    for data in (b"first", b"second"):
        store.write_uploads(SHOP, {upload_id(1): data})
    store.delete_uploads(SHOP, [upload_id(1)])
    with pytest.raises(NotFoundError):
        store.read_upload(SHOP, upload_id(1))


def test_more_than_a_thousand_are_deleted(aws: EmulatedAws) -> None:
    store = aws.photo_store()
    store.write_uploads(SHOP, {upload_id(1): b"first", upload_id(1100): b"last"})
    store.delete_uploads(SHOP, [upload_id(n) for n in range(1101)])
    for number in (1, 1100):
        with pytest.raises(NotFoundError):
            store.read_upload(SHOP, upload_id(number))


def deletion(*uploads: UploadId) -> dict[str, Any]:
    objects = [{"Key": f"uploads/{SHOP}/{upload}"} for upload in uploads]
    return {"Bucket": "shop-photos", "Delete": {"Objects": objects, "Quiet": True}}


def refusal(code: str, *uploads: UploadId) -> dict[str, Any]:
    return {"Errors": [{"Key": f"uploads/{SHOP}/{upload}", "Code": code} for upload in uploads]}


def test_objects_that_could_not_be_deleted_are_tried_again() -> None:
    client, store = on_aws()
    with Stubber(client) as stub:
        stub.add_response(
            "delete_objects", refusal("InternalError", upload_id(2)), deletion(upload_id(1), upload_id(2))
        )
        stub.add_response("delete_objects", {}, deletion(upload_id(2)))
        store.delete_uploads(SHOP, [upload_id(1), upload_id(2)])
        stub.assert_no_pending_responses()


def test_objects_that_stay_undeleted_are_an_error() -> None:
    client, store = on_aws()
    with Stubber(client) as stub:
        for _ in range(3):
            stub.add_response("delete_objects", refusal("SlowDown", upload_id(1)), deletion(upload_id(1)))
        with pytest.raises(UnavailableError, match="SlowDown"):
            store.delete_uploads(SHOP, [upload_id(1)])
        stub.assert_no_pending_responses()


def test_a_deletion_that_is_not_allowed_is_not_repeated() -> None:
    client, store = on_aws()
    with Stubber(client) as stub:
        stub.add_response("delete_objects", refusal("AccessDenied", upload_id(1)), deletion(upload_id(1)))
        with pytest.raises(UnavailableError):
            store.delete_uploads(SHOP, [upload_id(1)])


def test_prepared_photos_are_read_around_the_missing_ones_and_not_around_errors() -> None:
    client, store = on_aws()
    with Stubber(client) as stub:
        stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        assert store.read_prepared(SHOP, [photo_id(1)]) == {}
        stub.add_client_error("get_object", "AccessDenied", http_status_code=403)
        with pytest.raises(UnavailableError):
            store.read_prepared(SHOP, [photo_id(1)])
