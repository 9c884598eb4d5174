from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lookalike.errors import InvalidRequestError
from lookalike.sample import (
    OPTIONS,
    Category,
    Collar,
    Colour,
    GarmentSpec,
    Length,
    Pattern,
    Sleeve,
    Style,
    draw,
    draw_garment,
    random_spec,
)
from lookalike.sample.palette import accents, nearest

SEEDS = st.integers(0, 2**31 - 1)


@st.composite
def specs(draw_from: st.DrawFn) -> GarmentSpec:
    category = draw_from(st.sampled_from(list(Category)))
    style = draw_from(st.sampled_from(list(OPTIONS[category])))
    options = OPTIONS[category][style]

    def one_of(choices: tuple[object, ...]) -> object:
        return draw_from(st.sampled_from(choices)) if choices else None

    colour = draw_from(st.sampled_from(list(Colour)))
    facets = {name: one_of(getattr(options, f"{name}s")) for name in ("pattern", "collar", "sleeve", "length")}
    accent = draw_from(st.sampled_from(accents(colour)))
    seeds = {name: draw_from(SEEDS) for name in ("tint", "cut", "drape")}
    return GarmentSpec(category, style, colour, accent, **facets, **seeds)  # type: ignore[arg-type]


def _shirt(**changes: object) -> GarmentSpec:
    base = GarmentSpec(
        Category.T_SHIRT, Style.REGULAR, Colour.RED, Colour.WHITE, collar=Collar.CREW, sleeve=Sleeve.SHORT
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _cover(spec: GarmentSpec) -> NDArray[np.bool_]:
    return np.asarray(draw_garment(spec).getchannel("A")) > 128


def _grey_rows(spec: GarmentSpec) -> NDArray[np.float64]:
    """Mean brightness by row of the middle of the chest, without its slow shading."""
    chest = np.asarray(draw_garment(spec).convert("L"), np.float64)[220:440, 200:280]
    rows = chest.mean(1)
    return rows - np.convolve(np.pad(rows, 20, mode="edge"), np.ones(41) / 41, "valid")


@given(spec=specs())
@settings(max_examples=20, deadline=None)
def test_every_garment_can_be_drawn_and_lies_within_the_picture(spec: GarmentSpec) -> None:
    cover = _cover(spec)
    assert cover.shape == (600, 480)
    assert 0.08 < cover.mean() < 0.75
    border = np.concatenate([cover[:6].ravel(), cover[-6:].ravel(), cover[:, :6].ravel(), cover[:, -6:].ravel()])
    assert not border.any()


@given(spec=specs())
@settings(max_examples=5, deadline=None)
def test_equal_specs_give_equal_pixels(spec: GarmentSpec) -> None:
    assert draw(spec).tobytes() == draw(replace(spec)).tobytes()


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("colour", list(Colour))
def test_a_plain_garment_has_the_colour_of_its_label(turn: int, colour: Colour) -> None:
    category = list(Category)[(3 * list(Colour).index(colour) + 4 * turn) % len(Category)]
    rng = np.random.default_rng([3, turn, list(Colour).index(colour)])
    spec = replace(random_spec(rng, category), colour=colour, accent=accents(colour)[0], pattern=Pattern.PLAIN)
    pixels = np.asarray(draw_garment(spec))
    cloth = pixels[pixels[..., 3] > 250][:, :3]
    assert nearest(np.median(cloth, axis=0) / 255) is colour


def test_stripes_repeat_down_the_chest_and_plain_cloth_does_not() -> None:
    plain, striped = _grey_rows(_shirt()), _grey_rows(_shirt(pattern=Pattern.STRIPED))
    assert striped.std() > 8 * plain.std()
    spectrum = np.abs(np.fft.rfft(striped * np.hanning(len(striped)))) ** 2
    peak = int(spectrum[3:].argmax()) + 3
    assert spectrum[peak - 1 : peak + 2].sum() > 0.5 * spectrum.sum()


@pytest.mark.parametrize("pattern", [p for p in Pattern if p is not Pattern.PLAIN])
def test_a_patterned_garment_shows_its_accent(pattern: Pattern) -> None:
    spec = _shirt(pattern=pattern, colour=Colour.NAVY, accent=Colour.WHITE)
    pixels = np.asarray(draw_garment(spec), np.float64)
    cloth = pixels[pixels[..., 3] > 250][:, :3].mean(1)
    plain = np.asarray(draw_garment(_shirt(colour=Colour.NAVY)), np.float64)
    below = plain[plain[..., 3] > 250][:, :3].mean(1)
    assert (cloth > 150).mean() > (below > 150).mean() + 0.03


def test_longer_sleeves_make_a_garment_wider_and_longer_hems_taller() -> None:
    def dress(sleeve: Sleeve, length: Length) -> GarmentSpec:
        return GarmentSpec(
            Category.DRESS, Style.SHEATH, Colour.BLUE, Colour.WHITE,
            collar=Collar.CREW, sleeve=sleeve, length=length,
        )  # fmt: skip

    def share(spec: GarmentSpec) -> float:
        """Height over width, which the framing leaves alone."""
        rows, columns = _cover(spec).nonzero()
        return float(np.ptp(rows) / np.ptp(columns))

    by_sleeve = [share(dress(sleeve, Length.KNEE)) for sleeve in Sleeve]
    assert by_sleeve == sorted(by_sleeve, reverse=True)
    assert share(dress(Sleeve.SLEEVELESS, Length.KNEE)) > 1.1 * share(dress(Sleeve.SLEEVELESS, Length.SHORT))


def test_the_same_garment_lies_differently_each_time() -> None:
    one, other = _cover(_shirt(drape=1)), _cover(_shirt(drape=2))
    changed = (one ^ other).sum() / one.sum()
    assert 0.001 < changed < 0.2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"style": Style.PUFFER}, "style"),
        ({"collar": None}, "collar"),
        ({"collar": Collar.HOOD}, "collar"),
        ({"length": Length.KNEE}, "length"),
        ({"sleeve": Sleeve.LONG}, "sleeve"),
        ({"cut": -1}, "cut"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        _shirt(**changes)
    assert refused.value.field == field
