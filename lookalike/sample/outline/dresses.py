"""Dresses: sheath and flared, from short to long."""

from dataclasses import replace

from lookalike.sample.curve import Points, curve, line, strip
from lookalike.sample.outline.bodice import Arm, Block, sleeves, torso
from lookalike.sample.outline.look import Look
from lookalike.sample.outline.neck import buttons, neck
from lookalike.sample.piece import Fold, Piece, Seam, Stroke
from lookalike.sample.spec import Collar, Length, Sleeve, Style

_HEM = {Length.SHORT: 455.0, Length.KNEE: 545.0, Length.LONG: 660.0}


def dress(look: Look) -> list[Piece]:
    """One panel from shoulder to hem, with a waist seam where the skirt flares."""
    flared = look.spec.style is Style.FLARED
    bare = look.spec.sleeve is Sleeve.SLEEVELESS
    block = _block(look, flared=flared, bare=bare)
    collar = look.spec.collar or Collar.CREW
    top = neck(look, block.neck, collar)
    arms = [] if bare else sleeves(look, block, _arm(look))
    front = torso(look, block, top.edge, sleeveless=bare)
    waist = _waist_line(block)
    folds = _gathers(look, block) if flared else _darts(block)
    seam = (Seam(waist, Stroke.EDGE, 0.45),) if flared else ()
    front = replace(front, folds=(*front.folds, *folds), seams=(*front.seams, *seam), drape=0.9)
    belt = [Piece(strip(waist, 13), look.fabric, bulge=7, drape=0.3, lift=2)] if flared and look.chance(0.45) else []
    row = buttons(look, 0, [block.neck[1] + 48 + 27 * k for k in range(4)], 3.6) if collar is Collar.SHIRT else []
    return [*top.behind, *arms, front, *belt, *row, *top.above]


def _block(look: Look, *, flared: bool, bare: bool) -> Block:
    half = look.vary(80, 0.04)
    hem = _HEM[look.spec.length or Length.KNEE] * look.vary(1, 0.02)
    spread = (hem - 250) * look.vary(0.33, 0.2) if flared else look.vary(14, 0.4)
    return Block(
        neck=(look.vary(35), 70),
        shoulder=(half * (0.72 if bare else 0.98), 86),
        armpit=(half, look.vary(172, 0.03)),
        waist=(look.vary(64 if flared else 71, 0.05), look.vary(252, 0.03)),
        hem=((66 if flared else 78) + spread, hem),
        hem_drop=look.vary(15, 0.3) if flared else 4,
        flare=4 if flared else 13,
    )


def _arm(look: Look) -> Arm:
    if look.spec.sleeve is Sleeve.LONG:
        return Arm(look.vary(0.38, 0.15), look.vary(244, 0.04), 34)
    return Arm(look.vary(0.82, 0.15), look.vary(74, 0.15), look.vary(62))


def _waist_line(block: Block) -> Points:
    x, y = block.waist
    return curve((-x - 2, y), (-x * 0.5, y + 3), (x * 0.5, y + 3), (x + 2, y))


def _gathers(look: Look, block: Block) -> list[Fold]:
    """Folds that fan out from the waist to the hem."""
    (wx, wy), (hx, hy) = block.waist, block.hem
    folds = []
    count = int(look.rng.integers(9, 14))
    for k in range(count):
        share = -1 + 2 * (k + look.lie.uniform(0.2, 0.8)) / count
        end = hy + block.hem_drop if k % 2 else hy - look.lie.uniform(10, 120)
        path = curve((share * wx, wy + 3), (share * (wx + hx) * 0.52, (wy + end) / 2), (share * hx, end))
        folds.append(Fold(path, 4.5 if k % 2 else -3.5, 13))
    return folds


def _darts(block: Block) -> list[Fold]:
    x, y = block.waist
    return [Fold(line((side * x * 0.5, y - 62), (side * x * 0.46, y + 50)), -2.2, 7) for side in (-1, 1)]
