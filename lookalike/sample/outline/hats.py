"""Caps, beanies and brimmed hats."""

from dataclasses import replace

import numpy as np

from lookalike.sample.curve import curve, ellipse, join, line, offset, shifted
from lookalike.sample.outline.look import Look
from lookalike.sample.piece import Fabric, Fold, Piece, Seam, Stroke
from lookalike.sample.spec import Style


def hat(look: Look) -> list[Piece]:
    """The hat for its style."""
    return {Style.CAP: _cap, Style.BEANIE: _beanie, Style.BRIMMED: _brimmed}[look.spec.style](look)


def _cap(look: Look) -> list[Piece]:
    """A baseball cap, turned a little to one side."""
    high = look.vary(172, 0.05)
    top = 312 - high
    crown = join(
        curve((-130, 308), (-126, top + 92), (-82, top + 28), (8, top), (98, top + 30), (146, top + 98), (150, 318)),
        curve((150, 318), (60, 334), (-40, 326), (-130, 308)),
    )
    front = curve((8, top), (-34, top + 62), (-50, 324))
    back = curve((8, top), (84, top + 62), (104, 324))
    side = curve((8, top), (-72, top + 48), (-112, top + 104))
    seams = [Seam(path, Stroke.EDGE, 0.45) for path in (front, back, side)]
    seams += [Seam(offset(path, by), Stroke.STITCH, 0.28) for path in (front, back) for by in (4, -4)]
    dome = Piece(crown, look.fabric, bulge=64, drape=0.5, lift=2, seams=tuple(seams))
    knob = Piece(ellipse(8, top + 1, 12, 6), look.fabric, paint=look.main, bulge=6, drape=0, lift=1.5)
    return [dome, *_eyelets(look, top), *_badge(look, top), _visor(look), knob]


def _visor(look: Look) -> Piece:
    reach = look.vary(82, 0.12)
    brim = join(
        curve((-138, 298), (-66, 320), (20, 333), (92, 322)),
        curve(
            (92, 322),
            (66, 322 + reach * 0.7),
            (-30, 322 + reach * 1.02),
            (-128, 322 + reach * 0.98),
            (-192, 318 + reach * 0.62),
            (-188, 330),
            (-138, 298),
        ),
    )
    rim = brim[31:]
    rows = tuple(Seam(offset(rim, by), Stroke.STITCH, 0.26) for by in (7, 15, 23))
    paint = look.accent if look.chance(0.25) else None
    return Piece(brim, look.fabric, paint=paint, bulge=26, drape=0.15, lift=5, seams=rows)


def _eyelets(look: Look, top: float) -> list[Piece]:
    return [
        Piece(ellipse(x, top + y, 3, 3.4), Fabric.RUBBER, paint=look.main, tone=0.5, bulge=2, drape=0, lift=0.8)
        for x, y in ((30, 52), (112, 78))
    ]


def _badge(look: Look, top: float) -> list[Piece]:
    """A plain woven patch on the front panel."""
    if not look.chance(0.5):
        return []
    y = top + 112
    patch = curve((-14, y - 26), (22, y - 21), (56, y - 22), steps=4)
    foot = curve((58, y + 16), (46, y + 26), (20, y + 30), (-8, y + 24), (-18, y + 12), steps=4)
    outline = join(patch, foot)
    ring = (Seam(offset(np.vstack([outline, outline[:1]]), -3), Stroke.STITCH, 0.35),)
    return [Piece(outline, Fabric.WOOL, paint=look.accent, bulge=3, drape=0, lift=1.2, seams=ring)]


def _beanie(look: Look) -> list[Piece]:
    wide, high = look.vary(136, 0.05), look.vary(200, 0.08)
    base = 400.0
    crown = join(
        curve(
            (-wide, base - 40),
            (-wide * 1.0, base - high * 0.62),
            (-wide * 0.62, base - high),
            (0, base - high * 1.13),
            (wide * 0.62, base - high),
            (wide * 1.0, base - high * 0.62),
            (wide, base - 40),
        ),
        curve((wide, base - 40), (0, base - 26), (-wide, base - 40)),
    )
    ribs = []
    for share in np.linspace(-0.86, 0.86, 13):
        foot = (float(share) * wide, base - 40)
        ribs.append(Fold(curve(foot, (foot[0] * 0.98, base - high * 0.6), (foot[0] * 0.35, base - high * 1.1)), 4.5, 8))
    dome = Piece(crown, Fabric.KNIT, bulge=52, drape=0.5, lift=2, folds=tuple(ribs))
    deep = look.vary(78, 0.15)
    upper = curve(
        (-wide - 5, base - deep + 8),
        (-wide * 0.5, base - deep + 15),
        (0, base - deep + 18),
        (wide * 0.5, base - deep + 15),
        (wide + 5, base - deep + 8),
    )
    lower = curve(
        (wide + 3, base), (wide * 0.5, base + 10), (0, base + 13), (-wide * 0.5, base + 10), (-wide - 3, base)
    )
    columns = [Fold(curve((x, base - deep), (x, base + 14)), 4.0, 7) for x in np.arange(-wide, wide + 1, 15)]
    cuff = Piece(join(upper, lower), Fabric.KNIT, bulge=26, drape=0.4, lift=3.5, folds=tuple(columns))
    return [*_pompom(look, base - high * 1.13), dome, cuff, *_tag(look, wide, base)]


def _pompom(look: Look, y: float) -> list[Piece]:
    if not look.chance(0.45):
        return []
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = look.vary(48, 0.1) * (1 + look.rng.uniform(-0.05, 0.05, 90))
    ball = np.stack([radius * np.cos(angle), y - 22 + radius * np.sin(angle)], 1)
    return [Piece(ball, Fabric.WOOL, paint=look.accent if look.chance(0.4) else look.main, bulge=34, drape=2.6, lift=2)]


def _tag(look: Look, wide: float, base: float) -> list[Piece]:
    if not look.chance(0.5):
        return []
    corner = shifted(line((0, 0), (34, -1), (34, 25), (0, 26)), wide * 0.3, base - 34)
    return [Piece(corner, Fabric.LEATHER, paint=look.paint(0.45, 0.3, 0.2), bulge=2, drape=0, lift=1.2)]


def _brimmed(look: Look) -> list[Piece]:
    """A fedora or sun hat, seen a little from above."""
    wide, high = look.vary(118, 0.05), look.vary(150, 0.1)
    reach, flat = look.vary(216, 0.05), look.vary(62, 0.12)
    base = 350.0
    brim = ellipse(0, base, reach, flat)
    weave = [Seam(ellipse(0, base, reach * s, flat * s), Stroke.CREASE, 0.16) for s in (0.97, 0.9, 0.82, 0.74, 0.66)]
    straw = look.fabric is Fabric.STRAW
    under = Piece(ellipse(0, base + 5, reach, flat), look.fabric, tone=0.68, bulge=6, drape=0, lift=3)
    disc = Piece(brim, look.fabric, bulge=18, drape=0.5, lift=2, seams=tuple(weave) if straw else ())
    pinch = look.vary(16, 0.4)
    crown = join(
        curve(
            (-wide, base + 6),
            (-wide * 0.95, base - high * 0.5),
            (-wide * 0.72, base - high * 0.96),
            (-wide * 0.34, base - high * 1.06),
            (0, base - high + pinch - 10),
            (wide * 0.34, base - high * 1.06),
            (wide * 0.72, base - high * 0.96),
            (wide * 0.95, base - high * 0.5),
            (wide, base + 6),
        ),
        curve((wide, base + 6), (wide * 0.5, base + 30), (0, base + 36), (-wide * 0.5, base + 30), (-wide, base + 6)),
    )
    dent = (Fold(curve((0, base - high + pinch - 14), (3, base - high * 0.72)), -6, 24),)
    rows = [
        Seam(curve((-wide, y), (0, y + 28), (wide, y)), Stroke.CREASE, 0.14) for y in np.arange(base - high, base, 13)
    ]
    dome = Piece(crown, look.fabric, bulge=56, drape=0.5, lift=5, folds=dent, seams=tuple(rows) if straw else ())
    band = look.vary(32, 0.2)
    lower = curve(
        (-wide - 1, base + 5), (-wide * 0.5, base + 29), (0, base + 36), (wide * 0.5, base + 29), (wide + 1, base + 5)
    )
    upper = lower * (0.975, 1) - (0, band)
    ribbon = Piece(join(upper, lower[::-1]), Fabric.POPLIN, paint=look.accent, bulge=30, drape=0.2, lift=1.5)
    return [under, replace(disc, lift=0), dome, ribbon]
