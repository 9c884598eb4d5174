"""What counts as the same picture: its shapes and its colours, by the shipped model's vectors."""

import io

import pytest
from PIL import Image
from service_harness import SHOP, Works, item, picture

from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.model_file import find_model
from lookalike.domain.neighbour import Reason
from lookalike.domain.query import ByPhoto, Query

COLOURS = ("red", "blue", "gold", "black", "green")


@pytest.fixture(scope="module")
def shop() -> Works:
    works = Works(embedder=OnnxEmbedder(find_model(), threads=1))  # type: ignore[arg-type]
    works.run_import(*((item(colour), picture(colour, size=240)) for colour in COLOURS))
    return works


def copy(colour: str, kind: str) -> bytes:
    image = Image.open(io.BytesIO(picture(colour, size=240)))
    buffer = io.BytesIO()
    {
        "JPEG": lambda: image.save(buffer, "JPEG", quality=50),
        "smaller": lambda: image.resize((160, 160)).save(buffer, "WEBP", quality=80),
        "cropped": lambda: image.crop((4, 4, 236, 236)).save(buffer, "JPEG", quality=85),
    }[kind]()
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "smaller", "cropped"])
@pytest.mark.parametrize("colour", COLOURS)
def test_one_shape_in_other_colours_is_another_picture(shop: Works, colour: str, kind: str) -> None:
    found = shop.find(SHOP, Query(ByPhoto(copy(colour, kind)))).neighbours
    reasons = {neighbour.item.id: neighbour.reason for neighbour in found}
    assert reasons == {other: Reason.NEAR_DUPLICATE if other == colour else Reason.SIMILAR for other in COLOURS}


def test_the_shipped_model_sets_colours_apart() -> None:
    assert OnnxEmbedder(find_model(), threads=1).facts.colour_dimensions == 32
