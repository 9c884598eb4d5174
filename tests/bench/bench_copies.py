"""What is taken for the same picture: `python -m tests.bench.bench_copies [--photos FOLDER]`, precision and recall.

200 photos against a copy of each (re-encoded, resized or cropped) and against the same photo in other colours, by the
rules of `find_similar`: that for models that set colours apart, that for others, and the hash alone. Without a folder
of real photos the sample catalogue stands in.
"""

import argparse
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from lookalike.adapters.embedded.embedder import OnnxEmbedder
from lookalike.adapters.embedded.model_file import find_model
from lookalike.imaging.perceptual_hash import hamming_distance
from lookalike.imaging.prepare import prepare
from lookalike.ports.embedder import Priority
from lookalike.sample.catalogue import draw_catalogue
from lookalike.services.find_similar import (
    NEAR_DUPLICATE_BITS,
    NEAR_DUPLICATE_COLOURS,
    NEAR_DUPLICATE_SCORE,
    colours_alike,
)

PHOTOS = 200
HASH_ALONE = 8
"""Bits that were enough before colours counted."""


class Pair(NamedTuple):
    """A photo beside its copy, or beside itself in other colours."""

    is_copy: bool
    bits: int
    colours: float
    score: float


def main() -> None:
    """Print a line a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs, e.g. ../shared/data/clothing/validation")
    pairs = list(compare(read_photos(parser.parse_args().photos)))
    shaped = [pair.bits <= NEAR_DUPLICATE_BITS for pair in pairs]
    report(f"hash within {HASH_ALONE} bits", pairs, [pair.bits <= HASH_ALONE for pair in pairs])
    report(f"hash within {NEAR_DUPLICATE_BITS} bits", pairs, shaped)
    alike = [one and pair.colours >= NEAR_DUPLICATE_COLOURS for one, pair in zip(shaped, pairs, strict=True)]
    report(f"and colours' cosine from {NEAR_DUPLICATE_COLOURS}", pairs, alike)
    near = [one and pair.score >= NEAR_DUPLICATE_SCORE for one, pair in zip(shaped, pairs, strict=True)]
    report(f"and whole cosine from {NEAR_DUPLICATE_SCORE}", pairs, near)


def read_photos(folder: Path | None) -> list[bytes]:
    """200 photos, always the same ones of a folder."""
    if folder is None:
        return [garment.photo() for garment in draw_catalogue(PHOTOS, seed=14)]
    found = sorted(folder.rglob("*.jpg"))
    return [path.read_bytes() for path in random.Random(14).sample(found, min(PHOTOS, len(found)))]


def compare(photos: list[bytes]) -> Iterator[Pair]:
    """Two pairs a photo."""
    chance, embedder = random.Random(14), OnnxEmbedder(find_model())
    size, colours = embedder.facts.input_size, embedder.facts.colour_dimensions
    for number, photo in enumerate(photos):
        image = Image.open(io.BytesIO(photo)).convert("RGB")
        files = [photo, copy(image, number, chance), recolour(image, chance)]
        made = [prepare(data, size) for data in files]
        own, *others = [one.embedding for one in embedder.embed_many([one.pixels for one in made], Priority.BULK)]
        for is_copy, one, other in zip((True, False), made[1:], others, strict=True):
            bits = hamming_distance(made[0].perceptual_hash, one.perceptual_hash)
            yield Pair(is_copy, bits, colours_alike(own, other, colours), own.cosine(other))


def save(image: Image.Image, kind: str, quality: int) -> bytes:
    """The picture's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def copy(image: Image.Image, number: int, chance: random.Random) -> bytes:
    """The picture again: re-encoded, resized to 0.4 to 0.8, or cropped by 1 to 3 % on each side, by turns."""
    if number % 3 == 0:
        return save(image, "JPEG", chance.choice([40, 60, 75]))
    if number % 3 == 1:
        scale = chance.uniform(0.4, 0.8)
        return save(image.resize((round(image.width * scale), round(image.height * scale))), "WEBP", 70)
    cut, (width, height) = chance.uniform(0.01, 0.03), image.size
    inside = (int(cut * width), int(cut * height), int((1 - cut) * width), int((1 - cut) * height))
    return save(image.crop(inside), "JPEG", 85)


def recolour(image: Image.Image, chance: random.Random) -> bytes:
    """The picture with its hues turned by 56 to 304 degrees, and what has a hue more saturated."""
    colours = np.asarray(image.convert("HSV")).astype(int)
    colours[..., 0] = (colours[..., 0] + chance.randint(40, 215)) % 256
    colours[..., 1] = np.clip(colours[..., 1] + 60 * (colours[..., 1] > 25), 0, 255)
    return save(Image.fromarray(colours.astype(np.uint8), "HSV").convert("RGB"), "JPEG", 90)


def report(rule: str, pairs: list[Pair], taken: list[bool]) -> None:
    """Precision: of those taken, the copies. Recall: of the copies, those taken."""
    right = sum(pair.is_copy and one for pair, one in zip(pairs, taken, strict=True))
    copies = sum(pair.is_copy for pair in pairs)
    print(f"{rule:32} precision {right / max(1, sum(taken)):.3f}  recall {right / copies:.3f}")


if __name__ == "__main__":
    main()
