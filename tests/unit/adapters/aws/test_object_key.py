from urllib.parse import quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.adapters.aws.object_key import PREPARED, THUMBNAILS, UPLOADS, object_key, parse_object_key
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError
from lookalike.testing.examples import SHOP, photo_id, upload_id

CATALOGUES = st.from_regex(CatalogueId.pattern, fullmatch=True).map(CatalogueId)
UPLOAD_IDS = st.from_regex(UploadId.pattern, fullmatch=True).map(UploadId)
PIECES = ["uploads", SHOP, upload_id(1), "/", "..", "%2F", "%2e", "+", "\0", "%00", "%ff", "é"]
GOOD = f"uploads/{SHOP}/{upload_id(1)}"


@given(catalogue=CATALOGUES, upload=UPLOAD_IDS)
def test_a_key_leads_back_to_its_upload(catalogue: CatalogueId, upload: UploadId) -> None:
    key = object_key(UPLOADS, catalogue, upload)
    assert parse_object_key(key) == (catalogue, upload)
    assert parse_object_key(quote_plus(key)) == (catalogue, upload)
    assert parse_object_key("".join(f"%{byte:02x}" for byte in key.encode())) == (catalogue, upload)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_other_key_is_refused(key: str) -> None:
    try:
        catalogue, upload = parse_object_key(key)
    except InvalidRequestError:
        return
    assert object_key(UPLOADS, catalogue, upload) == unquote_plus(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/" + GOOD,
        GOOD + "/",
        GOOD + "/..",
        GOOD.replace("/", "//"),
        GOOD.replace(SHOP, ".."),
        GOOD.replace(SHOP, "%2e%2e"),
        GOOD + "%00",
        GOOD + "%0A",
        GOOD + "+",
        GOOD + "%FF",
        GOOD.replace("uploads", "Uploads"),
        object_key(PREPARED, SHOP, photo_id(1)),
        object_key(THUMBNAILS, SHOP, photo_id(1)),
        f"uploads/{SHOP}/" + "a" * 65,
        quote_plus(quote_plus(GOOD)),
    ],
)
def test_hostile_keys_are_refused(key: str) -> None:
    with pytest.raises(InvalidRequestError):
        parse_object_key(key)
