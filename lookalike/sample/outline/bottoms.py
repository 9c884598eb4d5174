"""Trousers, shorts and skirts."""

from dataclasses import dataclass, replace

import numpy as np

from lookalike.sample.curve import Knot, Points, between, box, curve, flip, join, line, mirrored, offset, shifted, strip
from lookalike.sample.outline.look import Look
from lookalike.sample.outline.neck import buttons
from lookalike.sample.piece import Fabric, Fold, Piece, Seam, Stroke, pair
from lookalike.sample.spec import Length, Style


@dataclass(frozen=True)
class Legs:
    """Right-half measures: waist corner, hip, crotch on the centre line, and the hem's two corners."""

    waist: Knot
    hip: Knot
    crotch: float
    outer: Knot
    inner: Knot

    def outline(self) -> Points:
        """Waist to hem and back up to the crotch, both legs."""
        (wx, wy), (hx, hy) = self.waist, self.hip
        knee = between(self.hip, self.outer, 0.5)
        inside = between((0, self.crotch), self.inner, 0.45)
        half = join(
            curve((0, wy + 5), (wx * 0.5, wy + 3.5), (wx, wy)),
            curve((wx, wy), (hx, hy), (knee[0] - 1, knee[1]), self.outer),
            self.hem(),
            curve(self.inner, (inside[0] + 2, inside[1]), (7, self.crotch + 12), (0, self.crotch)),
        )
        return mirrored(half)

    def hem(self) -> Points:
        """Of the right leg, from outside in."""
        middle = between(self.outer, self.inner, 0.5)
        return curve(self.outer, (middle[0], middle[1] + 3), self.inner)


def pants(look: Look) -> list[Piece]:
    """Jeans, tailored trousers and joggers."""
    style = look.spec.style
    width = {Style.JEANS: 47.0, Style.TAILORED: 58.0, Style.JOGGERS: 40.0}[style] * look.vary(1, 0.2)
    apart = look.vary(16, 0.5)
    legs = Legs(
        waist=(look.vary(70, 0.04), 42),
        hip=(look.vary(94, 0.04), 150),
        crotch=look.vary(205, 0.03),
        outer=(apart + width, 572),
        inner=(apart, 574),
    )
    return _legged(look, legs, elastic=style is Style.JOGGERS)


def shorts(look: Look) -> list[Piece]:
    """Denim, chino and sports shorts."""
    knee = look.spec.length is Length.KNEE
    hem = look.vary(356 if knee else 286, 0.03)
    wide = look.vary(128 if knee else 138, 0.06)
    inner = look.vary(18, 0.3)
    legs = Legs(
        waist=(look.vary(88, 0.04), 60),
        hip=(look.vary(116, 0.03), 170),
        crotch=look.vary(222, 0.03),
        outer=(wide, hem),
        inner=(inner, hem + 9),
    )
    return _legged(look, legs, elastic=look.spec.style is Style.SPORT)


def _legged(look: Look, legs: Legs, *, elastic: bool) -> list[Piece]:
    """Front, waistband and details."""
    wx, wy = legs.waist
    mouth = join(
        curve((-wx + 2, wy), (0, wy - 5), (wx - 2, wy)), curve((wx - 2, wy + 2), (0, wy + 9), (-wx + 2, wy + 2))
    )
    inside = Piece(mouth, look.fabric, tone=0.55, bulge=2, drape=0, lift=0)
    front = Piece(
        legs.outline(),
        look.fabric,
        bulge=26,
        drape=1.0,
        lift=2,
        folds=tuple(_crotch_folds(look, legs)),
        seams=tuple(_seams(look, legs, elastic)),
    )
    return [inside, front, *_waistband(look, legs, elastic), *_hems(look, legs, elastic)]


def _crotch_folds(look: Look, legs: Legs) -> list[Fold]:
    """Short creases that run out from the crotch, and across the knees."""
    folds = []
    for side in (-1.0, 1.0):
        for _ in range(3):
            reach = look.lie.uniform(28, 62)
            y = legs.crotch + look.lie.uniform(-22, 26)
            path = curve((side * 5, y), (side * reach * 0.5, y - 5), (side * reach, y + look.lie.uniform(-28, 8)))
            folds.append(Fold(path, float(look.lie.choice([-3.0, 2.6])), 9))
        for _ in range(4):
            share = look.lie.uniform(0.35, 0.95)
            a, b = between(legs.hip, legs.outer, share), between((0, legs.crotch), legs.inner, share)
            start, end = between(a, b, look.lie.uniform(0.05, 0.4)), between(a, b, look.lie.uniform(0.6, 0.95))
            path = curve((side * start[0], start[1]), (side * end[0], end[1] + look.lie.uniform(-16, 16)))
            folds.append(Fold(path, float(look.lie.choice([-2.4, 2.2])), 10))
        if look.spec.style in {Style.TAILORED, Style.CHINO}:  # the pressed crease
            middle = between(legs.outer, legs.inner, 0.5)
            folds.append(
                Fold(
                    curve(
                        (side * legs.hip[0] * 0.55, legs.hip[1] - 60),
                        (side * legs.hip[0] * 0.52, legs.crotch),
                        (side * middle[0], middle[1]),
                    ),
                    3.0,
                    5,
                )
            )
    return folds


def _seams(look: Look, legs: Legs, elastic: bool) -> list[Seam]:
    wx, wy = legs.waist
    top = wy + 24
    rise = line((0, top), (0, legs.crotch))
    pocket = curve((wx * 0.62, top), (wx * 0.72, top + 30), (wx + 12, top + 44))
    if look.spec.style is Style.JEANS:
        pocket = curve((wx * 0.55, top), (wx * 0.62, top + 26), (wx * 0.9, top + 37), (wx + 14, top + 38))
    elif elastic or look.spec.style is Style.TAILORED:
        pocket = line((wx * 0.8, top), (legs.hip[0] * 0.93, top + 76))
    seams = [Seam(rise, Stroke.EDGE, 0.55)]
    for path in (pocket, flip(pocket)):
        seams += [Seam(path, Stroke.EDGE, 0.5), Seam(shifted(path, 0, 4), Stroke.STITCH, 0.3)]
    if not elastic:
        fly = curve((19, top), (19, legs.crotch - 62), (15, legs.crotch - 44), (2, legs.crotch - 36))
        seams.append(Seam(fly, Stroke.STITCH, 0.42))
    return seams


def _waistband(look: Look, legs: Legs, elastic: bool) -> list[Piece]:
    wx, wy = legs.waist
    upper = curve((-wx, wy), (-wx * 0.5, wy + 3.5), (0, wy + 5), (wx * 0.5, wy + 3.5), (wx, wy))
    deep = 24.0
    spread = upper * ((wx + 4) / wx, 1) + (0, deep)
    edge = (Seam(spread - (0, 3), Stroke.STITCH, 0.3), Seam(shifted(upper, 0, 3), Stroke.STITCH, 0.25))
    band = Piece(
        join(upper, spread[::-1]),
        Fabric.RIB if elastic else look.fabric,
        grain=0.0,
        bulge=7,
        drape=0.3,
        lift=1.5,
        seams=() if elastic else edge,
    )
    if elastic:
        return [band, *_cords(look, wy + 16)]
    loops = [
        Piece(box(x - 4, wy + 1 + (1 - abs(x) / wx) * 4, x + 4, wy + deep + 7), look.fabric, bulge=3, drape=0, lift=1.6)
        for x in (-wx * 0.62, wx * 0.62)
    ]
    metal = look.spec.style is Style.JEANS
    button = buttons(look, 4, [wy + 17], 6.0)
    if metal:
        button = [replace(piece, paint=look.paint(0.72, 0.58, 0.4)) for piece in button]
    return [band, *loops, *button]


def _cords(look: Look, y: float) -> list[Piece]:
    pale = look.accent
    length = look.vary(62, 0.25)
    cord = curve((5, y), (14, y + length * 0.5), (9 + float(look.lie.uniform(-3, 7)), y + length))
    return list(pair(Piece(strip(cord, 4), Fabric.RUBBER, paint=pale, bulge=2, drape=0, lift=1.6)))


def _hems(look: Look, legs: Legs, elastic: bool) -> list[Piece]:
    """Ribbed ankles, turned-up cuffs, or nothing but what the front shows."""
    if elastic and look.spec.style is Style.JOGGERS:
        return list(pair(Piece(strip(shifted(legs.hem(), 0, 3), -22), Fabric.RIB, bulge=8, drape=0.2, lift=1.5)))
    if look.spec.style is Style.JEANS and look.chance(0.45):
        faded = np.minimum(look.main * np.float32(1.18) + np.float32(0.05), 1)
        return list(
            pair(Piece(strip(shifted(legs.hem(), 0, 2), -24), look.fabric, paint=faded, bulge=7, drape=0.4, lift=2.4))
        )
    return list(pair(Piece(strip(shifted(legs.hem(), 0, 1), -13), look.fabric, bulge=4, drape=0.3, lift=0.8)))


def skirt(look: Look) -> list[Piece]:
    """Pencil, A-line and pleated skirts."""
    style = look.spec.style
    fall = {Length.SHORT: 250.0, Length.KNEE: 355.0, Length.LONG: 490.0}[look.spec.length or Length.KNEE]
    wx, wy = look.vary(70, 0.05), 60.0
    hem = wy + fall * look.vary(1, 0.03)
    spread = {
        Style.PENCIL: 20.0,
        Style.A_LINE: 16 + fall * look.vary(0.26, 0.2),
        Style.PLEATED: 24 + fall * look.vary(0.24, 0.15),
    }[style]
    hx = wx + spread
    drop = 4.0 if style is Style.PENCIL else 16.0
    hip = (wx + 27, wy + 110) if style is Style.PENCIL else (wx + spread * 0.38, wy + fall * 0.33)
    lower = curve((hx, hem), (hx * 0.6, hem + drop * 0.75), (0, hem + drop))
    half = join(curve((0, wy + 5), (wx, wy)), curve((wx, wy), hip, (hx, hem)), lower)
    whole = join(lower, flip(lower)[::-1])
    seams = [Seam(offset(whole, 9), Stroke.STITCH, 0.3)]
    folds, more = _skirt_folds(look, (wx, wy + 24), (hx, hem), drop)
    front = Piece(
        mirrored(half),
        look.fabric,
        bulge=22,
        drape=1.0 if style is not Style.PLEATED else 0.45,
        lift=2,
        folds=tuple(folds),
        seams=(*seams, *more),
    )
    legs = Legs((wx, wy), hip, hem, (hx, hem), (0, hem))
    mouth = Piece(
        join(curve((-wx + 2, wy), (0, wy - 5), (wx - 2, wy)), curve((wx - 2, wy + 2), (0, wy + 9), (-wx + 2, wy + 2))),
        look.fabric,
        tone=0.55,
        bulge=2,
        drape=0,
        lift=0,
    )
    band = _waistband(look, legs, elastic=False)[:1]
    return [mouth, front, *band, *_fastening(look, wy, hem)]


def _skirt_folds(look: Look, waist: Knot, hem: Knot, drop: float) -> tuple[list[Fold], list[Seam]]:
    """Pleats with pressed edges, soft flutes, or a pencil's darts."""
    (wx, wy), (hx, hy) = waist, hem
    style = look.spec.style
    if style is Style.PENCIL:
        return [Fold(line((s * wx * 0.5, wy), (s * wx * 0.54, wy + 62)), -2.4, 6) for s in (-1, 1)], []
    pleated = style is Style.PLEATED
    count = int(look.rng.integers(13, 19) if pleated else look.rng.integers(6, 9))
    folds, seams = [], []
    for k in range(count + 1):
        share = -1 + 2 * (k + (0 if pleated else look.lie.uniform(-0.3, 0.3))) / count
        low = hy + drop * (1 - share * share)
        path = curve((share * wx, wy), (share * (wx * 0.45 + hx * 0.55), (wy + low) / 2), (share * hx, low + 2))
        if pleated:
            folds += [Fold(path, -5.0, 7), Fold(shifted(path, 6, 0), 4.0, 8)]
            seams.append(Seam(path, Stroke.CREASE, 0.4))
        elif abs(share) < 0.95:  # noqa: PLR2004 - not on the side seam
            folds.append(Fold(path, 5.0 if k % 2 else -5.0, 20))
    return folds, seams


def _fastening(look: Look, wy: float, hem: float) -> list[Piece]:
    """Some skirts button down the front."""
    if look.spec.style is Style.PLEATED or not look.chance(0.3):
        return []
    return buttons(look, 0, list(np.linspace(wy + 16, hem - 30, 6)), 5.2)
