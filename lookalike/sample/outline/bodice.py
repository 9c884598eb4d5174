"""Torso and sleeves: the block that tops, dresses and coats share."""

from dataclasses import dataclass

import numpy as np

from lookalike.sample.curve import Knot, Points, between, curve, flip, join, line, offset, strip
from lookalike.sample.outline.look import Look
from lookalike.sample.piece import Fabric, Fold, Piece, Seam, Stroke


@dataclass(frozen=True)
class Block:
    """Right-half measures in points: neck point, shoulder tip, armpit, waist and hem corner."""

    neck: Knot
    shoulder: Knot
    armpit: Knot
    waist: Knot
    hem: Knot
    hem_drop: float = 4.0
    flare: float = 0.0


def hem_line(block: Block) -> Points:
    """The lower edge, right to left."""
    x, y = block.hem
    drop = block.hem_drop
    return curve((x, y), (x * 0.6, y + drop * 0.8), (0, y + drop), (-x * 0.6, y + drop * 0.8), (-x, y))


def side_line(block: Block) -> Points:
    """Armpit to hem."""
    waist, hem = block.waist, block.hem
    hip = between(waist, hem, 0.45)
    return curve(block.armpit, waist, (hip[0] + block.flare, hip[1]), hem)


def armhole(block: Block, sleeveless: bool = False) -> Points:
    """Shoulder tip to armpit; cut away further when no sleeve is set in."""
    (sx, sy), (ax, ay) = block.shoulder, block.armpit
    if sleeveless:
        return curve((sx, sy), (sx - 3, sy + (ay - sy) * 0.4), (sx + (ax - sx) * 0.22, sy + (ay - sy) * 0.78), (ax, ay))
    inset = 6
    return curve(
        (sx, sy),
        (sx - inset * 0.6, sy + (ay - sy) * 0.4),
        (sx - inset + (ax - sx) * 0.5, sy + (ay - sy) * 0.75),
        (ax, ay),
    )


def torso_outline(block: Block, neckline: Points, sleeveless: bool = False) -> Points:
    """The front: neckline left to right, then round by shoulder, armhole, side and hem."""
    right = join(line(block.neck, block.shoulder), armhole(block, sleeveless), side_line(block))
    return join(neckline, right, hem_line(block), flip(right)[::-1])


def torso(look: Look, block: Block, neckline: Points, *, sleeveless: bool = False, hem_stitch: bool = True) -> Piece:
    """The front panel, with drag folds from the armpits and a stitched hem."""
    hem = offset(hem_line(block), 9)
    seams = [Seam(hem, Stroke.STITCH, 0.32), Seam(offset(hem, 3), Stroke.STITCH, 0.22)] if hem_stitch else []
    if not sleeveless:
        seams += [Seam(path, Stroke.CREASE, 0.42) for path in (armhole(block), flip(armhole(block)))]
    return Piece(
        torso_outline(block, neckline, sleeveless),
        look.fabric,
        bulge=22,
        drape=1.0,
        lift=2.5,
        folds=tuple(_drag_folds(look, block)),
        seams=tuple(seams),
    )


def _drag_folds(look: Look, block: Block) -> list[Fold]:
    folds = []
    (ax, ay), (hx, hy) = block.armpit, block.hem
    for side in (-1.0, 1.0):
        for _ in range(3):
            drop = look.lie.uniform(0.15, 0.75) * (hy - ay)
            start = (side * ax * look.lie.uniform(0.72, 0.92), ay + look.lie.uniform(-12, 24))
            end = (side * ax * look.lie.uniform(0.1, 0.7), ay + drop)
            middle = between(start, end, 0.5)
            path = curve(start, (middle[0] + side * 6, middle[1] + 8), end)
            folds.append(Fold(path, float(look.lie.choice([-2.6, 2.2, 2.8])), float(look.lie.choice([9, 13]))))
    for _ in range(2):
        x = hx * look.lie.uniform(-0.7, 0.7)
        path = curve((x, hy - 4), (x + look.lie.uniform(-8, 8), hy - 60), (x * 0.8, hy - look.lie.uniform(90, 150)))
        folds.append(Fold(path, 2.0, 14))
    return folds


@dataclass(frozen=True)
class Arm:
    """A right sleeve: its angle from straight down (radians), length, and width at the cuff."""

    angle: float
    length: float
    cuff: float

    def ends(self, block: Block) -> tuple[Knot, Knot]:
        """Outer and inner corner of the cuff."""
        sin, cos = float(np.sin(self.angle)), float(np.cos(self.angle))
        outer = (block.shoulder[0] + sin * self.length, block.shoulder[1] + cos * self.length)
        return outer, (outer[0] - cos * self.cuff, outer[1] + sin * self.cuff)


def sleeves(look: Look, block: Block, arm: Arm, cuff: str = "stitch") -> list[Piece]:
    """Both sleeves with their cuffs (``stitch``, ``rib`` or ``button``), to be laid below the torso."""
    pieces: list[Piece] = []
    for side in (-1, 1):
        angle = arm.angle + float(look.lie.uniform(-0.05, 0.05))
        posed = Arm(angle, arm.length, arm.cuff)
        sewn = _sleeve(look, block, posed, cuff)
        pieces += sewn if side > 0 else [piece.flipped() for piece in sewn]
    return pieces


def _sleeve(look: Look, block: Block, arm: Arm, cuff: str) -> list[Piece]:
    outer, inner = arm.ends(block)
    shoulder, armpit = block.shoulder, block.armpit
    inside = (shoulder[0] - 22, shoulder[1] + 4)
    long = arm.length > 150  # noqa: PLR2004 - past the elbow
    over = between(shoulder, outer, 0.22 if long else 0.35)
    elbow = between(shoulder, outer, 0.58)
    bow = 7 if long else 3
    top = curve(shoulder, (over[0] + bow, over[1] - 2), (elbow[0] + bow, elbow[1] - 1), outer)
    under_mid = between(inner, armpit, 0.5)
    under = curve(
        inner, (under_mid[0] - 1, under_mid[1] + 2), (armpit[0] + 3, armpit[1] + 7), (armpit[0] - 12, armpit[1] + 4)
    )
    edge = curve(outer, (between(outer, inner, 0.5)[0] + 1, between(outer, inner, 0.5)[1] + 3), inner)
    outline = join(line(inside), top, edge, under)
    seams = [Seam(offset(edge, -8), Stroke.STITCH, 0.32)] if cuff == "stitch" else []
    body = Piece(
        outline,
        look.fabric,
        grain=arm.angle,
        bulge=20,
        drape=1.15,
        lift=2,
        seams=tuple(seams),
        folds=tuple(_elbow_folds(look, block, outer, inner)) if long else (),
    )
    return [body] if cuff == "stitch" else [body, *_cuff(look, arm, edge, cuff)]


def _elbow_folds(look: Look, block: Block, outer: Knot, inner: Knot) -> list[Fold]:
    """Short creases across the arm, thickest at the elbow and above the cuff."""
    folds = []
    for share in look.lie.uniform(0.25, 0.95, 7):
        a, b = between(block.shoulder, outer, share), between(block.armpit, inner, share)
        near, far = sorted(look.lie.uniform(0.05, 0.95, 2))
        start, end = between(a, b, near), between(a, b, far)
        tilt = look.lie.uniform(-14, 14)
        path = curve(start, between(start, (end[0], end[1] + tilt), 0.5), (end[0], end[1] + tilt))
        folds.append(Fold(path, float(look.lie.choice([-2.2, 2.2])), 9))
    return folds


def _cuff(look: Look, arm: Arm, edge: Points, cuff: str) -> list[Piece]:
    """A ribbed or buttoned band over the sleeve's end."""
    depth = 17 if cuff == "rib" else 20
    band = strip(offset(edge, 2), -depth)
    fabric = Fabric.RIB if cuff == "rib" else look.fabric
    rim = () if cuff == "rib" else (Seam(offset(edge, -3), Stroke.STITCH, 0.3),)
    return [Piece(band, fabric, grain=arm.angle, bulge=8, drape=0.2, lift=1.5, seams=rim)]
