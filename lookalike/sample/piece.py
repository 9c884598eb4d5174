"""The pieces a garment is sewn from, laid back to front."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from lookalike.sample.curve import Points, flip
from lookalike.sample.palette import Rgb


class Fabric(StrEnum):
    """What a piece is made of: its texture and its shine."""

    JERSEY = "jersey"
    POPLIN = "poplin"
    DENIM = "denim"
    KNIT = "knit"
    RIB = "rib"
    WOOL = "wool"
    NYLON = "nylon"
    LEATHER = "leather"
    STRAW = "straw"
    RUBBER = "rubber"


class Stroke(StrEnum):
    """How a seam shows."""

    CREASE = "crease"
    STITCH = "stitch"
    EDGE = "edge"


@dataclass(frozen=True)
class Seam:
    """A line on a piece: a crease, a row of stitches, or the edge of what lies on top."""

    path: Points
    stroke: Stroke = Stroke.CREASE
    strength: float = 0.5


@dataclass(frozen=True)
class Fold:
    """A soft ridge (positive height) or valley (negative) along a path, in points."""

    path: Points
    height: float
    width: float


@dataclass(frozen=True)
class Piece:
    """One piece of cloth, sole, button or lace.

    `paint` is None for the garment's own patterned cloth; `tone` multiplies the colour; `grain` is the
    angle of the cloth's vertical; `bulge` says over how many points the edges round off; `drape` is
    the height of free folds; `lift` is how far it stands off what lies below, so how it shadows it.
    """

    outline: Points
    fabric: Fabric
    paint: Rgb | None = None
    tone: float = 1.0
    grain: float = 0.0
    bulge: float = 14.0
    drape: float = 1.0
    lift: float = 2.0
    folds: tuple[Fold, ...] = ()
    seams: tuple[Seam, ...] = ()

    def flipped(self) -> "Piece":
        """The same piece on the other side of the body."""
        return replace(
            self,
            outline=flip(self.outline),
            grain=-self.grain,
            folds=tuple(replace(fold, path=flip(fold.path)) for fold in self.folds),
            seams=tuple(replace(seam, path=flip(seam.path)) for seam in self.seams),
        )

    def moved(self, scale: float, by: tuple[float, float], about: tuple[float, float]) -> "Piece":
        """The same piece scaled about a point and shifted."""

        def move(points: Points) -> Points:
            return (points - about) * scale + about + by

        return replace(
            self,
            outline=move(self.outline),
            folds=tuple(replace(fold, path=move(fold.path)) for fold in self.folds),
            seams=tuple(replace(seam, path=move(seam.path)) for seam in self.seams),
        )

    def swayed(self, amount: float, phase: Points) -> "Piece":
        """The same piece on cloth that does not lie perfectly flat; `phase` is shared by a garment."""

        def sway(points: Points) -> Points:
            x, y = points[:, 0], points[:, 1]
            dx = np.sin(y / 83 + phase[0, 0]) + 0.6 * np.sin((y + x) / 37 + phase[1, 0])
            dy = np.sin(x / 71 + phase[0, 1]) + 0.4 * np.sin((x - y) / 41 + phase[1, 1])
            return points + amount * np.stack([dx, dy], 1)

        return replace(
            self,
            outline=sway(self.outline),
            folds=tuple(replace(fold, path=sway(fold.path)) for fold in self.folds),
            seams=tuple(replace(seam, path=sway(seam.path)) for seam in self.seams),
        )


def pair(piece: Piece) -> Sequence[Piece]:
    """The piece and its mirror image."""
    return (piece.flipped(), piece)
