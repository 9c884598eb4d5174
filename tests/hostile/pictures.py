"""Sound pictures in every format, to be damaged elsewhere."""

import io
from functools import cache
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

# Name of an encoding: Pillow's format and options.
ENCODINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "jpeg progressive": ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"quality": 95}),
    "webp lossless": ("WEBP", {"lossless": True}),
    "avif": ("AVIF", {"quality": 95, "speed": 10}),
    "heic": ("HEIF", {"quality": 95}),
    "tiff": ("TIFF", {}),
    "tiff lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff jpeg": ("TIFF", {"compression": "jpeg", "quality": 95}),
    "gif": ("GIF", {}),
    "bmp": ("BMP", {}),
}
MEDIA_TYPES: dict[str, str] = {name: f"image/{name.partition(' ')[0]}" for name in ENCODINGS}


def draw(width: int = 96, height: int = 64) -> Image.Image:
    """A smooth picture whose eight orientations differ: red grows rightward, green downward, blue is in one corner."""
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    red, green = np.broadcast_to(across, (height, width)), np.broadcast_to(down, (height, width))
    blue = np.clip(1 - 2 * np.hypot(across - 0.2, down - 0.3), 0, 1)
    return Image.fromarray((np.stack([red, green, blue], axis=-1) * 220 + 20).astype(np.uint8))


def encode(image: Image.Image, encoding: str, **options: Any) -> bytes:
    """A picture's bytes in one of `ENCODINGS`, with further options of Pillow's."""
    kind, usual = ENCODINGS[encoding]
    buffer = io.BytesIO()
    if kind == "HEIF":  # without registering it: Pillow stays as it is found
        pillow_heif.from_pillow(image).save(buffer, **{**usual, **options})
    else:
        image.save(buffer, kind, **{**usual, **options})
    return buffer.getvalue()


@cache
def encode_all() -> dict[str, bytes]:
    """One picture in every encoding."""
    return {name: encode(draw(), name) for name in ENCODINGS}
