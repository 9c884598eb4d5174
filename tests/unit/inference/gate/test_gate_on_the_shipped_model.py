"""The very model that is served, spoilt: photos of garments show it."""

from contextlib import nullcontext
from pathlib import Path

import onnx
import pytest
from gate_models import Spoil, badly_scaled, blue_green_red, write

from inference.gate.criteria import Criteria
from inference.gate.examine import Examination
from inference.serving.committed import CPU_MODEL, MODEL
from lookalike.sample import draw_catalogue

ALWAYS = Criteria()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    for number, garment in enumerate(draw_catalogue(20, seed=5)):
        place = folder / garment.category / f"{number}.jpg"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(garment.photo())
    return folder


def examine(photos: Path, candidate: Path, criteria: Criteria = ALWAYS) -> tuple[str, ...]:
    """Why it is refused."""
    examination = Examination(photos, None, lambda *_: nullcontext(lambda *_: None), rounds=1)
    return examination(candidate, MODEL, criteria).failed


def test_as_it_is_it_passes(drawn: Path) -> None:
    assert examine(drawn, MODEL, Criteria(parity=True)) == ()


@pytest.mark.parametrize("spoil", [blue_green_red, badly_scaled(0.1)], ids=["bgr", "int8-scale"])
def test_another_precision_that_sees_otherwise_is_refused(drawn: Path, tmp_path: Path, spoil: Spoil) -> None:
    spoilt = write(onnx.load(MODEL), tmp_path / "spoilt.onnx", spoil)
    assert "parity_mean_cosine" in examine(drawn, spoilt, Criteria(parity=True))


def test_red_for_blue_is_refused_without_parity_where_photos_are_real(clothing: Path, tmp_path: Path) -> None:
    """Swapped alike in every photo, colours still find their like: it takes all of `validation` to see what is lost."""
    spoilt = write(onnx.load(CPU_MODEL), tmp_path / "spoilt.onnx", blue_green_red)
    assert "precision_at_10_loss" in examine(clothing / "validation", spoilt)
