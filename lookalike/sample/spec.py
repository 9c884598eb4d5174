"""What a sample garment is: its category, style, colour, pattern and cut, and the words for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from lookalike.errors import InvalidRequestError
from lookalike.sample.palette import Colour


class Category(StrEnum):
    """The ten categories, named as in the public "Clothing dataset" (A. Grigorev, 2020, CC0)."""

    DRESS = "dress"
    HAT = "hat"
    LONGSLEEVE = "longsleeve"
    OUTWEAR = "outwear"
    PANTS = "pants"
    SHIRT = "shirt"
    SHOES = "shoes"
    SHORTS = "shorts"
    SKIRT = "skirt"
    T_SHIRT = "t-shirt"


class Style(StrEnum):
    """A kind of garment within its category."""

    FLARED = "flared"
    SHEATH = "sheath"
    CAP = "cap"
    BEANIE = "beanie"
    BRIMMED = "brimmed"
    SWEATER = "sweater"
    JERSEY = "jersey"
    JACKET = "jacket"
    PUFFER = "puffer"
    COAT = "coat"
    JEANS = "jeans"
    TAILORED = "tailored"
    JOGGERS = "joggers"
    REGULAR = "regular"
    TANK = "tank"
    SNEAKER = "sneaker"
    BOOT = "boot"
    PUMP = "pump"
    SPORT = "sport"
    CHINO = "chino"
    PENCIL = "pencil"
    A_LINE = "a-line"
    PLEATED = "pleated"


class Pattern(StrEnum):
    """What is printed on, or woven into, the cloth."""

    PLAIN = "plain"
    STRIPED = "striped"
    CHECKED = "checked"
    DOTTED = "dotted"
    FLORAL = "floral"


class Collar(StrEnum):
    """How the garment ends at the neck."""

    CREW = "crew"
    V_NECK = "v-neck"
    POLO = "polo"
    SHIRT = "shirt-collar"
    TURTLENECK = "turtleneck"
    STAND = "stand"
    HOOD = "hood"
    LAPEL = "lapel"


class Sleeve(StrEnum):
    """How far the arm is covered."""

    SLEEVELESS = "sleeveless"
    SHORT = "short"
    LONG = "long"


class Length(StrEnum):
    """How far the leg is covered."""

    SHORT = "short"
    KNEE = "knee"
    LONG = "long"


@dataclass(frozen=True)
class Options:
    """What a style can be combined with; an empty tuple where the facet does not apply."""

    patterns: tuple[Pattern, ...] = tuple(Pattern)
    collars: tuple[Collar, ...] = ()
    sleeves: tuple[Sleeve, ...] = ()
    lengths: tuple[Length, ...] = ()


_WOVEN = (Pattern.PLAIN, Pattern.STRIPED, Pattern.CHECKED)
_PLAIN = (Pattern.PLAIN,)
_NECKS = (Collar.CREW, Collar.V_NECK)
_LEGS = (Length.SHORT, Length.KNEE)

OPTIONS: Mapping[Category, Mapping[Style, Options]] = {
    Category.DRESS: {
        Style.FLARED: Options(
            collars=(*_NECKS, Collar.SHIRT), sleeves=tuple(Sleeve), lengths=(Length.KNEE, Length.LONG)
        ),
        Style.SHEATH: Options(collars=_NECKS, sleeves=tuple(Sleeve), lengths=_LEGS),
    },
    Category.HAT: {
        Style.CAP: Options(patterns=(Pattern.PLAIN, Pattern.CHECKED, Pattern.FLORAL)),
        Style.BEANIE: Options(patterns=(Pattern.PLAIN, Pattern.STRIPED)),
        Style.BRIMMED: Options(patterns=_PLAIN),
    },
    Category.LONGSLEEVE: {
        Style.SWEATER: Options(
            patterns=(Pattern.PLAIN, Pattern.STRIPED),
            collars=(*_NECKS, Collar.TURTLENECK),
            sleeves=(Sleeve.LONG,),
        ),
        Style.JERSEY: Options(collars=(*_NECKS, Collar.POLO), sleeves=(Sleeve.LONG,)),
    },
    Category.OUTWEAR: {
        Style.JACKET: Options(
            patterns=_PLAIN, collars=(Collar.STAND, Collar.HOOD), sleeves=(Sleeve.LONG,), lengths=_LEGS
        ),
        Style.PUFFER: Options(
            patterns=_PLAIN, collars=(Collar.STAND, Collar.HOOD), sleeves=(Sleeve.LONG,), lengths=_LEGS
        ),
        Style.COAT: Options(
            patterns=(Pattern.PLAIN, Pattern.CHECKED),
            collars=(Collar.LAPEL,),
            sleeves=(Sleeve.LONG,),
            lengths=(Length.KNEE,),
        ),
    },
    Category.PANTS: {
        Style.JEANS: Options(patterns=_PLAIN, lengths=(Length.LONG,)),
        Style.TAILORED: Options(patterns=_WOVEN, lengths=(Length.LONG,)),
        Style.JOGGERS: Options(patterns=_PLAIN, lengths=(Length.LONG,)),
    },
    Category.SHIRT: {
        Style.REGULAR: Options(collars=(Collar.SHIRT,), sleeves=(Sleeve.SHORT, Sleeve.LONG)),
    },
    Category.SHOES: {
        Style.SNEAKER: Options(patterns=(Pattern.PLAIN, Pattern.CHECKED)),
        Style.BOOT: Options(patterns=_PLAIN),
        Style.PUMP: Options(patterns=(Pattern.PLAIN, Pattern.DOTTED)),
    },
    Category.SHORTS: {
        Style.JEANS: Options(patterns=_PLAIN, lengths=_LEGS),
        Style.CHINO: Options(patterns=_WOVEN, lengths=_LEGS),
        Style.SPORT: Options(patterns=(Pattern.PLAIN, Pattern.FLORAL), lengths=_LEGS),
    },
    Category.SKIRT: {
        Style.PENCIL: Options(lengths=_LEGS),
        Style.A_LINE: Options(lengths=tuple(Length)),
        Style.PLEATED: Options(patterns=_WOVEN, lengths=_LEGS),
    },
    Category.T_SHIRT: {
        Style.REGULAR: Options(collars=(*_NECKS, Collar.POLO), sleeves=(Sleeve.SHORT,)),
        Style.TANK: Options(collars=_NECKS, sleeves=(Sleeve.SLEEVELESS,)),
    },
}


@dataclass(frozen=True)
class GarmentSpec:
    """All that decides how a garment is drawn; equal specs give equal pixels.

    `tint` moves the colour within its name, `cut` the proportions and details, `drape` the folds and
    the way it lies: the same garment photographed again keeps all but its `drape`.
    Raises `InvalidRequestError` when a facet does not go with the style.
    """

    category: Category
    style: Style
    colour: Colour
    accent: Colour
    pattern: Pattern = Pattern.PLAIN
    collar: Collar | None = None
    sleeve: Sleeve | None = None
    length: Length | None = None
    tint: int = 0
    cut: int = 0
    drape: int = 0

    def __post_init__(self) -> None:
        styles = OPTIONS[self.category]
        if self.style not in styles:
            raise InvalidRequestError("style", f"a {self.category} is one of {', '.join(styles)}")
        options = styles[self.style]
        _require("pattern", self.pattern, options.patterns)
        _require("collar", self.collar, options.collars)
        _require("sleeve", self.sleeve, options.sleeves)
        _require("length", self.length, options.lengths)
        for name in ("tint", "cut", "drape"):
            if getattr(self, name) < 0:
                raise InvalidRequestError(name, "a seed is not negative")

    def labels(self) -> tuple[str, ...]:
        """Ground truth as ``facet:value``; the category is a facet of its own and not among them."""
        return tuple(f"{facet}:{value}" for facet, value in self._facets())

    def _facets(self) -> Iterator[tuple[str, str]]:
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if name not in {"category", "accent"} and isinstance(value, StrEnum):
                yield name, value.value

    def title(self) -> str:
        """A shop's title, e.g. "Navy striped crew-neck t-shirt, long sleeves"."""
        words = [self.colour.value]
        if self.pattern is not Pattern.PLAIN:
            words.append(self.pattern.value)
        words.extend(_collar_words(self.collar))
        words.append(_noun(self.category, self.style))
        title = " ".join(words).capitalize()
        if self.sleeve is Sleeve.SLEEVELESS or (
            self.sleeve is not None and self.category in {Category.DRESS, Category.SHIRT}
        ):
            title += f", {self.sleeve.value}" + (" sleeves" if self.sleeve is not Sleeve.SLEEVELESS else "")
        if self.length is not None and self.category is not Category.PANTS:
            title += f", {self.length.value}" + (" length" if self.length is not Length.KNEE else "-length")
        return title


def _require(field: str, value: StrEnum | None, allowed: tuple[StrEnum, ...]) -> None:
    if value is None and not allowed:
        return
    if value not in allowed:
        raise InvalidRequestError(field, f"{value} is not one of {', '.join(allowed) or 'none'}")


def _collar_words(collar: Collar | None) -> Iterator[str]:
    words = {
        Collar.CREW: "crew-neck",
        Collar.V_NECK: "v-neck",
        Collar.POLO: "polo-collar",
        Collar.TURTLENECK: "turtleneck",
        Collar.HOOD: "hooded",
    }
    if collar in words:
        yield words[collar]


def _noun(category: Category, style: Style) -> str:
    nouns = {
        (Category.OUTWEAR, Style.PUFFER): "puffer jacket",
        (Category.PANTS, Style.TAILORED): "tailored trousers",
        (Category.SHORTS, Style.JEANS): "denim shorts",
        (Category.SHOES, Style.SNEAKER): "sneakers",
        (Category.SHOES, Style.BOOT): "ankle boots",
        (Category.SHOES, Style.PUMP): "court shoes",
        (Category.HAT, Style.BRIMMED): "brimmed hat",
        (Category.LONGSLEEVE, Style.JERSEY): "long-sleeved top",
        (Category.SHIRT, Style.REGULAR): "shirt",
        (Category.T_SHIRT, Style.REGULAR): "t-shirt",
        (Category.T_SHIRT, Style.TANK): "tank top",
    }
    standalone = {
        Style.CAP,
        Style.BEANIE,
        Style.SWEATER,
        Style.JACKET,
        Style.COAT,
        Style.JEANS,
        Style.JOGGERS,
    }
    return nouns.get((category, style)) or (style.value if style in standalone else f"{style.value} {category.value}")
