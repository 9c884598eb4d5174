"""A shop's drawer of garments, and photos of them that the shop has never seen."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

import numpy as np
from PIL import Image

from lookalike.errors import InvalidRequestError
from lookalike.sample.draw import draw, draw_garment
from lookalike.sample.palette import Colour, accents
from lookalike.sample.photograph import photograph
from lookalike.sample.spec import OPTIONS, Category, GarmentSpec, Pattern

AttributeValue = str | float | bool | date
T = TypeVar("T")

_BRANDS = ("Harbour Lane", "Mill & Moor", "Larkspur", "Ninefold", "Old Orchard", "Tern & Tide")
_PRICES: Mapping[Category, tuple[int, int]] = {
    Category.DRESS: (39, 129),
    Category.HAT: (14, 49),
    Category.LONGSLEEVE: (24, 89),
    Category.OUTWEAR: (79, 259),
    Category.PANTS: (39, 119),
    Category.SHIRT: (29, 89),
    Category.SHOES: (49, 169),
    Category.SHORTS: (19, 59),
    Category.SKIRT: (25, 89),
    Category.T_SHIRT: (12, 39),
}
"""Pounds, from and to."""
_OPENED = date(2024, 1, 1)
_PLAIN_SHARE = 0.5


@dataclass(frozen=True)
class SampleGarment:
    """One item of the sample shop: its words as a catalogue wants them, and its photo on demand."""

    item_id: str
    title: str
    category: str
    labels: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]
    spec: GarmentSpec

    def photo(self) -> bytes:
        """The studio photo as JPEG; the same bytes each time."""
        return jpeg(draw(self.spec))


@dataclass(frozen=True)
class UnseenPhoto:
    """A shopper's photo, and the truth about it.

    `item_id` is the item it was made from. With `same_garment` it shows that very garment, lying another
    way; without, one of the same category and labels but of another cut, as another shop would sell it.
    """

    item_id: str
    same_garment: bool
    title: str
    category: str
    labels: tuple[str, ...]
    spec: GarmentSpec
    seed: int

    def photo(self) -> bytes:
        """The shopper's photo as JPEG; the same bytes each time."""
        return jpeg(photograph(draw_garment(self.spec), np.random.default_rng([self.seed, 23])), quality=85)


def draw_catalogue(count: int, seed: int) -> Iterator[SampleGarment]:
    """`count` garments, every ten of them one of each category; nothing is drawn before `photo()`.

    A longer catalogue of the same seed begins with the shorter one. Raises `InvalidRequestError` when
    `count` or `seed` is negative.
    """
    _require_natural(count=count, seed=seed)
    return (_garment(number, seed) for number in range(count))


def draw_unseen(catalogue: Sequence[SampleGarment], count: int, seed: int) -> Iterator[UnseenPhoto]:
    """`count` shoppers' photos made from garments of `catalogue`, spread evenly over its categories.

    They alternate between the very garment and one like it. Raises `InvalidRequestError` when `count` or
    `seed` is negative, or photos are asked of an empty catalogue.
    """
    _require_natural(count=count, seed=seed)
    if count and not catalogue:
        raise InvalidRequestError("catalogue", "an empty catalogue has nothing to photograph")
    order = _spread(catalogue, np.random.default_rng([seed, 29])) if count else []
    return _photos(order, count, seed)


def random_spec(rng: np.random.Generator, category: Category) -> GarmentSpec:
    """Any garment of a category; half of those that may be patterned are plain."""
    styles = OPTIONS[category]
    style = list(styles)[int(rng.integers(len(styles)))]
    options = styles[style]
    colour = _one_of(rng, tuple(Colour))
    patterned = tuple(pattern for pattern in options.patterns if pattern is not Pattern.PLAIN)
    return GarmentSpec(
        category,
        style,
        colour,
        accent=_one_of(rng, accents(colour)),
        pattern=_one_of(rng, patterned) if patterned and rng.random() > _PLAIN_SHARE else Pattern.PLAIN,
        collar=_one_of(rng, options.collars) if options.collars else None,
        sleeve=_one_of(rng, options.sleeves) if options.sleeves else None,
        length=_one_of(rng, options.lengths) if options.lengths else None,
        tint=_seed(rng),
        cut=_seed(rng),
        drape=_seed(rng),
    )


def jpeg(image: Image.Image, quality: int = 88) -> bytes:
    """The image as baseline JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _garment(number: int, seed: int) -> SampleGarment:
    block, place = divmod(number, len(Category))
    turn = np.random.default_rng([seed, 31, block]).permutation(len(Category))
    category = list(Category)[int(turn[place])]
    rng = np.random.default_rng([seed, 37, number])
    spec = random_spec(rng, category)
    return SampleGarment(
        f"{category}-{number:05d}", spec.title(), category.value, spec.labels(), _attributes(rng, category), spec
    )


def _attributes(rng: np.random.Generator, category: Category) -> dict[str, AttributeValue]:
    low, high = _PRICES[category]
    return {
        "price": float(rng.integers(low, high + 1)) - 0.05,
        "brand": _one_of(rng, _BRANDS),
        "in_stock": bool(rng.random() < 0.9),  # noqa: PLR2004 - most things are
        "published_at": _OPENED + timedelta(days=int(rng.integers(540))),
    }


def _spread(catalogue: Sequence[SampleGarment], rng: np.random.Generator) -> list[SampleGarment]:
    """Shuffled, then dealt out so that each round holds one garment of every category there is."""
    rounds: dict[str, int] = {}
    dealt: list[tuple[int, SampleGarment]] = []
    for index in rng.permutation(len(catalogue)):
        garment = catalogue[int(index)]
        rounds[garment.category] = rounds.get(garment.category, -1) + 1
        dealt.append((rounds[garment.category], garment))
    return [garment for _, garment in sorted(dealt, key=lambda pair: pair[0])]


def _photos(order: Sequence[SampleGarment], count: int, seed: int) -> Iterator[UnseenPhoto]:
    """Each category in turn as the very garment and as one like it; half of them begin with either."""
    seen = Counter(category.value for category in list(Category)[::2])
    for number in range(count):
        garment = order[number % len(order)]
        same = seen[garment.category] % 2 == 0
        seen[garment.category] += 1
        yield _unseen(garment, same, np.random.default_rng([seed, 41, number]))


def _unseen(garment: SampleGarment, same: bool, rng: np.random.Generator) -> UnseenPhoto:
    spec = replace(garment.spec, drape=_seed(rng))
    if not same:
        spec = replace(spec, cut=_seed(rng), tint=_seed(rng))
    return UnseenPhoto(garment.item_id, same, garment.title, garment.category, garment.labels, spec, _seed(rng))


def _one_of(rng: np.random.Generator, choices: tuple[T, ...]) -> T:
    return choices[int(rng.integers(len(choices)))]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _require_natural(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 0:
            raise InvalidRequestError(name, "must not be negative")
