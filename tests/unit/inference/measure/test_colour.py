"""Colour likeness orders photos as an eye would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.measure.colour import colour_signatures, oklab


def garment(colour: tuple[int, int, int], background: tuple[int, int, int] = (255, 255, 255)) -> NDArray[np.uint8]:
    photo = np.full((224, 224, 3), background, np.uint8)
    photo[30:194, 40:184] = colour
    return photo


def test_oklab_of_white_black_and_grey() -> None:
    converted = oklab(np.array([[255, 255, 255], [0, 0, 0], [119, 119, 119]], np.uint8))
    np.testing.assert_allclose(converted[0], [1, 0, 0], atol=1e-3)
    np.testing.assert_allclose(converted[1], [0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(converted[2, 1:], 0, atol=1e-3)


def test_near_colours_are_more_alike_than_far_ones_whatever_lies_behind() -> None:
    red, dark_red, blue = (200, 30, 30), (175, 25, 30), (30, 40, 200)
    photos = np.stack([garment(red), garment(dark_red, (90, 140, 60)), garment(blue)])
    signatures = colour_signatures(photos)
    likeness = signatures @ signatures.T
    np.testing.assert_allclose(np.diag(likeness), 1, atol=1e-5)
    assert likeness[0, 1] > likeness[0, 2] + 0.2
