"""The shop's colours by name, their shades, and the name nearest to a measured colour."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rgb = NDArray[np.float32]
"""sRGB, shape [3], each in 0…1."""


class Colour(StrEnum):
    """The colours that garments are sold in."""

    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    BEIGE = "beige"
    BROWN = "brown"
    RED = "red"
    PINK = "pink"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    NAVY = "navy"
    PURPLE = "purple"


_SRGB: Mapping[Colour, tuple[int, int, int]] = {
    Colour.BLACK: (38, 37, 40),
    Colour.WHITE: (238, 238, 236),
    Colour.GREY: (142, 144, 148),
    Colour.BEIGE: (208, 188, 158),
    Colour.BROWN: (112, 76, 52),
    Colour.RED: (188, 34, 44),
    Colour.PINK: (232, 160, 176),
    Colour.YELLOW: (236, 192, 66),
    Colour.GREEN: (58, 116, 78),
    Colour.BLUE: (74, 124, 186),
    Colour.NAVY: (36, 48, 88),
    Colour.PURPLE: (112, 74, 134),
}
_LIGHT = frozenset({Colour.WHITE, Colour.BEIGE, Colour.PINK, Colour.YELLOW, Colour.GREY})


def rgb(colour: Colour) -> Rgb:
    """The colour as its name means it."""
    return np.asarray(_SRGB[colour], np.float32) / np.float32(255)


def shade_of(colour: Colour, tint: int) -> Rgb:
    """One shade within the name, chosen by `tint`: a little lighter or darker, warmer or cooler."""
    rng = np.random.default_rng([tint, list(Colour).index(colour)])
    light = 1 + rng.uniform(-0.05, 0.05)
    cast = 1 + rng.uniform(-0.02, 0.02, 3)
    return np.clip(rgb(colour) * light * cast, 0.1, 0.955).astype(np.float32)


def accents(colour: Colour) -> tuple[Colour, ...]:
    """Colours that stand out on `colour`, for stripes, dots and trims."""
    if colour in _LIGHT:
        return (Colour.NAVY, Colour.BLACK, Colour.RED, Colour.GREEN, Colour.BLUE, Colour.BROWN)
    return (Colour.WHITE, Colour.BEIGE, Colour.WHITE)


def nearest(measured: ArrayLike) -> Colour:
    """The name whose colour is nearest to `measured` (sRGB 0…1), by distance in CIELAB."""
    lab = to_lab(np.asarray(measured, np.float32))
    return min(_SRGB, key=lambda colour: float(np.linalg.norm(to_lab(rgb(colour)) - lab)))


def to_lab(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """CIELAB (D65) of sRGB values 0…1, last axis 3; formulas of IEC 61966-2-1 and CIE 15."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - the standard's
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
    xyz = linear @ matrix.T / np.array([0.9505, 1.0, 1.089], np.float32)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1).astype(
        np.float32
    )
