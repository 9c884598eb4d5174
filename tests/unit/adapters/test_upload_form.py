import base64
import json
import os
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lookalike.adapters.embedded.upload_form import UploadForms, load_secret
from lookalike.domain.upload import UploadId
from lookalike.errors import CatalogueDamagedError, ForbiddenError
from lookalike.testing.examples import NOON, OTHER_SHOP, SHOP, an_upload, upload_id

FORMS = UploadForms(b"0" * 32, "/v1/uploads/{id}/bytes")
EXPIRY = NOON + timedelta(minutes=10)
FORM = FORMS.presign(an_upload(1), 1000, EXPIRY)
FIELDS = dict(FORM.fields)


def verify(
    fields: dict[str, str] = FIELDS, content_type: str = "image/jpeg", byte_count: int = 1000, now: datetime = NOON
) -> tuple[str, str]:
    return FORMS.verify(fields, content_type, byte_count, now)


def refused(fields: dict[str, str] = FIELDS, **changes: object) -> bool:
    try:
        verify(fields, **changes)  # type: ignore[arg-type]
    except ForbiddenError:
        return True
    return False


def policy_of(fields: dict[str, str]) -> dict[str, object]:
    document: dict[str, object] = json.loads(base64.b64decode(fields["policy"]))
    return document


def test_the_holder_may_send_what_the_form_says() -> None:
    assert verify() == (SHOP, upload_id(1))
    assert verify(byte_count=0, now=EXPIRY - timedelta(milliseconds=1)) == (SHOP, upload_id(1))


def test_it_has_the_shape_of_s3s() -> None:
    assert FORM.url == f"/v1/uploads/{upload_id(1)}/bytes"
    assert set(FIELDS) == {"key", "Content-Type", "policy", "x-lookalike-signature"}
    assert policy_of(FIELDS) == {
        "expiration": "2026-01-31T12:10:00.000Z",
        "conditions": [
            {"key": f"uploads/{SHOP}/{upload_id(1)}"},
            {"Content-Type": "image/jpeg"},
            ["content-length-range", 0, 1000],
        ],
    }


@given(st.integers(1001, 2**63))
def test_more_bytes_are_refused(byte_count: int) -> None:
    assert refused(byte_count=byte_count)


@given(st.timedeltas(timedelta(0), timedelta(days=3650)))
def test_after_it_expires_it_is_refused(later: timedelta) -> None:
    assert refused(now=EXPIRY + later)


@given(st.text(max_size=40))
def test_another_content_type_is_refused(content_type: str) -> None:
    assume(content_type != "image/jpeg")
    assert refused(content_type=content_type)
    assert refused(FIELDS | {"Content-Type": content_type}, content_type=content_type)


@given(st.sampled_from(sorted(FIELDS)), st.integers(0, 500), st.characters())
def test_a_single_changed_character_is_refused(field: str, place: int, character: str) -> None:
    text = FIELDS[field]
    place %= len(text)
    assume(text[place] != character)
    assert refused(FIELDS | {field: text[:place] + character + text[place + 1 :]})


@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=200))
def test_a_field_of_anything_else_is_refused(field: str, text: str) -> None:
    assume(text != FIELDS[field])
    assert refused(FIELDS | {field: text})


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_field_that_is_not_unicode_is_refused(field: str) -> None:
    assert refused(FIELDS | {field: FIELDS[field] + "\ud800"})


@given(st.sampled_from(sorted(FIELDS)))
def test_a_missing_field_is_refused(field: str) -> None:
    assert refused({name: text for name, text in FIELDS.items() if name != field})


def test_a_field_too_many_is_refused() -> None:
    assert refused(FIELDS | {"acl": "public-read"})


@pytest.mark.parametrize("change", ["key", "expiration", "size"])
def test_a_policy_of_ones_own_is_refused_under_any_signature_there_is(change: str) -> None:
    longer = FORMS.presign(an_upload(1), 10**9, EXPIRY + timedelta(days=365))
    other = FORMS.presign(an_upload(2, OTHER_SHOP), 1000, EXPIRY)
    wished = {"key": other, "expiration": longer, "size": longer}[change].fields
    for policy, signature in ((wished, FIELDS), (FIELDS, wished)):
        forged = {"policy": policy["policy"], "x-lookalike-signature": signature["x-lookalike-signature"]}
        assert refused(FIELDS | forged)


def test_the_form_of_another_upload_does_not_open_this_key() -> None:
    other = FORMS.presign(an_upload(2), 1000, EXPIRY).fields
    assert refused({**other, "key": FIELDS["key"]})


def test_a_form_signed_with_another_secret_is_refused() -> None:
    assert refused(dict(UploadForms(b"1" * 32).presign(an_upload(1), 1000, EXPIRY).fields))


def test_the_form_can_be_read_before_the_file_is() -> None:
    allowance = FORMS.read(FIELDS, NOON)
    assert (allowance.catalogue, allowance.upload, allowance.content_type, allowance.max_bytes) == (
        SHOP,
        upload_id(1),
        "image/jpeg",
        1000,
    )


@given(st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True), st.text(max_size=60), st.integers(0, 10**9))
def test_every_form_given_out_is_good(upload: str, content_type: str, most: int) -> None:
    asked = replace(an_upload(), id=UploadId(upload), content_type=content_type)
    form = FORMS.presign(asked, most, EXPIRY)
    assert FORMS.verify(form.fields, content_type, most, NOON) == (SHOP, upload)


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret = load_secret(path)
    assert len(set(secret)) > 8
    assert load_secret(path) == secret
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_cut_short_is_told_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"short")
    with pytest.raises(CatalogueDamagedError, match="delete it"):
        load_secret(path)
