"""The materials and paints of one garment, chosen from its spec, for those who cut its pieces."""

from dataclasses import dataclass

import numpy as np

from lookalike.sample.palette import Rgb, shade_of
from lookalike.sample.piece import Fabric
from lookalike.sample.spec import Category, GarmentSpec, Pattern, Style

_FIXED: dict[Style, tuple[Fabric, ...]] = {
    Style.SWEATER: (Fabric.KNIT,),
    Style.BEANIE: (Fabric.KNIT,),
    Style.JEANS: (Fabric.DENIM,),
    Style.PUFFER: (Fabric.NYLON,),
    Style.JACKET: (Fabric.NYLON, Fabric.POPLIN),
    Style.COAT: (Fabric.WOOL,),
    Style.JOGGERS: (Fabric.JERSEY,),
    Style.SPORT: (Fabric.NYLON, Fabric.JERSEY),
    Style.BRIMMED: (Fabric.STRAW, Fabric.WOOL),
    Style.BOOT: (Fabric.LEATHER,),
    Style.PUMP: (Fabric.LEATHER,),
    Style.SNEAKER: (Fabric.LEATHER, Fabric.POPLIN),
    Style.JERSEY: (Fabric.JERSEY,),
}


@dataclass(frozen=True)
class Look:
    """What the cutters need beside the shapes; `rng` draws proportions, the same for the same cut."""

    spec: GarmentSpec
    rng: np.random.Generator
    lie: np.random.Generator
    fabric: Fabric
    main: Rgb
    accent: Rgb

    def vary(self, middle: float, share: float = 0.06) -> float:
        """A measure of this cut: `middle` give or take a share of it."""
        return middle * (1 + float(self.rng.uniform(-share, share)))

    def chance(self, likely: float = 0.5) -> bool:
        """Whether this cut has a detail."""
        return bool(self.rng.random() < likely)

    def paint(self, red: float, green: float, blue: float) -> Rgb:
        """A paint of its own, sRGB 0…1."""
        return np.array([red, green, blue], np.float32)

    @property
    def trim(self) -> Rgb:
        """Ribs and bands: the garment's main colour, a touch deeper."""
        return self.main * np.float32(0.94)

    @property
    def button(self) -> Rgb:
        """Pale buttons on pale cloth, dark ones on dark, some of them the other way."""
        pale = self.main.mean() > 0.45  # noqa: PLR2004 - middle of the scale
        return self.paint(0.9, 0.89, 0.86) if pale else self.main * np.float32(0.55) + np.float32(0.06)


def look_of(spec: GarmentSpec) -> Look:
    """The materials of a garment."""
    rng = np.random.default_rng([spec.cut, 3])
    choices = _FIXED.get(spec.style, (Fabric.POPLIN, Fabric.JERSEY))
    if spec.category in {Category.SHIRT, Category.SKIRT} or spec.pattern is Pattern.CHECKED:
        choices = (Fabric.POPLIN,) if spec.style not in _FIXED else choices
    if spec.category is Category.T_SHIRT:
        choices = (Fabric.JERSEY,)
    return Look(
        spec,
        rng,
        np.random.default_rng([spec.drape, 5]),
        choices[int(rng.integers(len(choices)))],
        shade_of(spec.colour, spec.tint),
        shade_of(spec.accent, spec.tint + 1),
    )
