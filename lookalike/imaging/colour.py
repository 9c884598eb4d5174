"""From the many ways of storing colour to 8-bit sRGB."""

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

_MAX_PROFILE_BYTES: Final = 4_000_000
"""Real profiles stay below this (a press's CMYK tables take about 2.7 MB); larger ones are ignored."""
_RESAMPLES: Final = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "LAB"})
_PROFILED: Final = frozenset({"L", "RGB", "CMYK"})


def to_continuous(image: Image.Image) -> Image.Image:
    """The same picture in a mode whose values may be averaged: no palette, no bits, 8 bits a channel."""
    if image.mode not in {"RGBA", "LA"} and image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in _RESAMPLES:
        return image
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in {"I", "F"}:
        return Image.fromarray(_to_8_bits(np.asarray(image)))
    return image.convert("L" if image.mode == "1" else "RGB")


def _to_8_bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Grey values of a wide type, whose range no format states: taken as to 1, 255 or 65535 by their maximum."""
    values = np.nan_to_num(values.astype(np.float32, copy=False), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    white = next((limit for limit in (1.0, 255.0, 65535.0) if top <= limit), top)
    scaled: npt.NDArray[np.uint8] = (np.clip(values, 0, white) * (255 / white)).astype(np.uint8)
    return scaled


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture made by `to_continuous`, as RGB in sRGB: alpha on white, then its ICC profile where it is sound."""
    image = _on_white(image)
    if image.mode == "LAB":
        return _convert(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if profile and len(profile) <= _MAX_PROFILE_BYTES and image.mode in _PROFILED:
        try:
            return _convert(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile, or one for other channels: browsers show such a picture without it, so do we
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in {"RGBA", "LA"}:
        return image
    base = image.mode.removesuffix("A")
    white = Image.new(base, image.size, "white")
    white.paste(image.convert(base), mask=image.getchannel("A"))
    return white


def _convert(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None  # noqa: S101 (None only when asked to convert in place)
    return converted
