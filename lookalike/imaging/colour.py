"""From the many ways of storing colour to 8-bit sRGB."""

import io
import math
from collections.abc import Iterator
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageCms
from PIL.TiffImagePlugin import TiffImageFile

from lookalike.imaging.ifd import BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT

KEY: Final = "lookalike: key"
"""In a picture's `info`: its transparent colour in 16 bits a number, more than the picture itself keeps of them."""
LOW_BYTES: Final = "lookalike: low bytes"
"""There too: the picture of those numbers' low bytes."""
_WHITE_IS_ZERO: Final = 0
_BAND: Final = 64
_MAX_PROFILE_BYTES: Final = 4_000_000
"""Real profiles stay below this (a press's CMYK tables take about 2.7 MB); larger ones are ignored."""
_RESAMPLES: Final = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "LAB"})
_PROFILED: Final = frozenset({"L", "RGB", "CMYK"})


def to_continuous(image: Image.Image) -> Image.Image:
    """The same picture in a mode whose values may be averaged: no palette, no bits, 8 bits a channel."""
    if KEY in image.info:
        return _without_key(image)
    if image.mode == "La":
        return image.convert("LA")
    if image.mode not in {"RGBA", "LA"} and image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in _RESAMPLES:
        return image
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        return _to_8_bits(image)
    return image.convert("L" if image.mode == "1" else "RGB")


def _without_key(image: Image.Image) -> Image.Image:
    """A picture of 16 bits a number, seen through where it has exactly the key."""
    key = image.info[KEY]
    if image.mode == "RGB":
        channels = [*image.split(), *image.info[LOW_BYTES].split()]
        wanted = [number >> 8 for number in key] + [number & 255 for number in key]
        hits = [
            channel.point([255 * (value == one) for value in range(256)])
            for channel, one in zip(channels, wanted, strict=True)
        ]
        opaque, seen = ImageChops.invert(reduce(ImageChops.darker, hits)), image.copy()
    else:
        opaque = Image.fromarray(np.where(np.asarray(image) == key[0], 0, 255).astype(np.uint8))
        seen = _to_8_bits(image)
    seen.putalpha(opaque)
    return seen


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Grey values of a wide type: of 16 bits, and of 12 in some TIFFs, the highest 8; of others by their maximum."""
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    if image.mode.startswith("I;16"):
        scale = 1 / 16 if tags.get(BITS_PER_SAMPLE) == (12,) else 1 / 256
    else:
        scale = 255 / _white(image)
    grey = np.empty((image.height, image.width), np.uint8)
    for top, band in _bands(image):
        grey[top : top + len(band)] = np.clip(band * scale, 0, 255)
    eight = Image.fromarray(grey)
    return ImageChops.invert(eight) if tags.get(PHOTOMETRIC) == _WHITE_IS_ZERO else eight


def _white(image: Image.Image) -> float:
    most = max((float(band.max(initial=0.0)) for _, band in _bands(image)), default=0.0)
    return white_of(most, math.inf if image.mode == "F" else 2.0**32 - 1 if _is_unsigned(image) else 2.0**31 - 1)


def white_of(most: float, limit: float) -> float:
    """What stands for white in a type of 32 bits and more, whose range few files use: by the largest value there is."""
    return next((white for white in (1.0, 255.0, 65535.0) if most <= white), most if limit == math.inf else limit)


def _is_unsigned(image: Image.Image) -> bool:
    """Whether 32 bits of a TIFF are a natural number, though Pillow's mode has a sign."""
    return image.mode == "I" and isinstance(image, TiffImageFile) and image.tag_v2.get(SAMPLE_FORMAT, (1,)) == (1,)


def _bands(image: Image.Image) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Rows of values by their first one's number, a few at a time, for they take more memory than the picture does."""
    for top in range(0, image.height, _BAND):
        values = np.asarray(image.crop((0, top, image.width, min(top + _BAND, image.height))))
        if _is_unsigned(image):
            values = values.view(np.uint32)
        yield top, np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)


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
