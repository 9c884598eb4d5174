import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import ModelVersion
from lookalike.domain.item import ItemId
from lookalike.domain.name import Name
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import UploadId
from lookalike.errors import InvalidRequestError

KINDS = [CatalogueId, ItemId, PhotoId, UploadId, ModelVersion]
GOOD = {
    CatalogueId: ["shop", "a", "0", "my-shop-2", "x" * 63],
    ItemId: ["1", "SKU-1.2_3~4:5@6+7=8,9", "x" * 128],
    PhotoId: ["0123456789abcdef" * 4],
    UploadId: ["AbC_-" * 4, "x" * 16, "x" * 64],
    ModelVersion: ["embedder-3f2a9c1b04d7-p1", "a-000000000000-p0"],
}
HOSTILE = ["", ".", "..", "../x", "a/b", "a\\b", "/etc/passwd", "a\0b", "a\nb", "a b", "a\u202eb", "é" * 20, "\ud800"]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in GOOD.items() for text in texts])
def test_good_names_are_taken_as_they_are(kind: type[Name], text: str) -> None:
    assert kind(text) == text
    assert isinstance(kind(text), str)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [*HOSTILE, *(hostile * 16 for hostile in HOSTILE[1:]), "x" * 200])
def test_paths_and_control_characters_are_refused_by_kind(kind: type[Name], text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        kind(text)
    assert caught.value.field == kind.kind


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(max_size=80))
@example(text="a" * 64 + "\n")
def test_no_name_can_lead_out_of_a_folder_or_key(kind: type[Name], text: str) -> None:
    try:
        name = kind(text)
    except InvalidRequestError:
        return
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set("/\\ \"'<>|?*%")
    assert not name.startswith(".")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, 1, b"shop", ["shop"]])
def test_what_is_no_text_is_refused_too(kind: type[Name], value: object) -> None:
    with pytest.raises(InvalidRequestError):
        kind(value)  # type: ignore[arg-type]


def test_a_trailing_newline_does_not_slip_through() -> None:
    with pytest.raises(InvalidRequestError):
        CatalogueId("shop\n")


@pytest.mark.parametrize("text", ["Shop", "-shop", "x" * 64, "shop_1", "shop.1"])
def test_catalogues_are_lower_case(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        CatalogueId(text)


def test_a_photos_name_is_the_sha_256_of_its_bytes() -> None:
    # FIPS 180-4's example.
    assert PhotoId.of(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
