"""Jackets, puffers and coats."""

from dataclasses import replace

import numpy as np

from lookalike.sample.curve import box, curve, flip, join, line, offset, strip
from lookalike.sample.outline.bodice import Arm, Block, hem_line, sleeves, torso
from lookalike.sample.outline.look import Look
from lookalike.sample.outline.neck import back, buttons
from lookalike.sample.piece import Fabric, Fold, Piece, Seam, Stroke, pair
from lookalike.sample.spec import Collar, Length, Style


def outwear(look: Look) -> list[Piece]:
    """A coat with lapels, or a zipped jacket with a hood or a stand collar."""
    return _coat(look) if look.spec.style is Style.COAT else _zipped(look)


def _block(look: Look) -> Block:
    half = look.vary(118, 0.04)
    hem = look.vary(590 if look.spec.length is Length.KNEE else 462, 0.03)
    return Block(
        neck=(look.vary(46), 104),
        shoulder=(half * 0.97, 130),
        armpit=(half, look.vary(238, 0.03)),
        waist=(half * look.vary(0.96, 0.03), 345),
        hem=(half * look.vary(1.03, 0.04), hem),
        hem_drop=4,
        flare=3,
    )


def _zipped(look: Look) -> list[Piece]:
    block = _block(look)
    puffer = look.spec.style is Style.PUFFER
    x, y = block.neck
    edge = curve((-x, y), (-x * 0.5, y + 18), (0, y + 24), (x * 0.5, y + 18), (x, y))
    arm = Arm(look.vary(0.3, 0.2), look.vary(288, 0.03), look.vary(58))
    arms = sleeves(look, block, arm, "rib" if look.chance() else "button")
    front = replace(torso(look, block, edge), bulge=26)
    if puffer:
        pitch = look.vary(44, 0.2)
        arms, front = [_quilted(piece, pitch) for piece in arms], _quilted(front, pitch)
    collar = _hood(look, block) if look.spec.collar is Collar.HOOD else _stand(look, block)
    band = (
        []
        if puffer or look.spec.length is Length.KNEE
        else [Piece(strip(hem_line(block), 22), Fabric.RIB, bulge=9, drape=0.3, lift=1.5)]
    )
    return [*collar[0], *arms, front, *band, *_pockets(look, block), *_zip(look, block), *collar[1]]


def _quilted(piece: Piece, pitch: float) -> Piece:
    """Stuffed channels across the grain, each held by a seam."""
    if piece.bulge < 15:  # noqa: PLR2004 - bands and cuffs are not stuffed
        return piece
    down = np.array([np.sin(piece.grain), np.cos(piece.grain)])
    across = np.array([down[1], -down[0]])
    along = piece.outline @ down
    middle = float((piece.outline @ across).mean())
    folds, seams = list(piece.folds), list(piece.seams)
    for at in np.arange(along.min() + pitch * 0.9, along.max() - pitch * 0.3, pitch):
        path = curve(*(tuple(down * (at + 2 * np.cos(s / 40)) + across * (middle + s)) for s in range(-170, 171, 34)))
        folds.append(Fold(path, -9.0, 22))
        seams.append(Seam(path, Stroke.CREASE, 0.4))
    return replace(piece, folds=tuple(folds), seams=tuple(seams), drape=1.3)


def _zip(look: Look, block: Block) -> list[Piece]:
    top, bottom = block.neck[1] + (10 if look.spec.collar is Collar.STAND else 26), block.hem[1] + block.hem_drop
    flap = Piece(
        box(-9, top, 9, bottom - 1),
        look.fabric,
        bulge=5,
        drape=0.25,
        lift=1.8,
        seams=(Seam(line((-6, top), (-6, bottom)), Stroke.STITCH, 0.3),),
    )
    metal = look.paint(0.66, 0.66, 0.66)
    teeth = Piece(
        box(-2.2, top - 6, 2.2, bottom - 2),
        Fabric.RUBBER,
        paint=metal * np.float32(0.72),
        bulge=2,
        drape=0,
        lift=0.5,
        seams=(Seam(line((0, top - 6), (0, bottom)), Stroke.STITCH, 0.6),),
    )
    pull = Piece(box(-3, top + 2, 3, top + 19), Fabric.NYLON, paint=metal, bulge=2, drape=0, lift=1.5)
    return (
        [teeth, pull] if look.chance(0.6) else [flap, *buttons(look, 0, list(np.linspace(top + 24, bottom - 50, 6)), 5)]
    )


def _pockets(look: Look, block: Block) -> list[Piece]:
    """Slanted welts, or flaps."""
    y = min(block.hem[1] - 112, 412)
    if look.chance():
        welt = strip(line((52, y + 62), (74, y)), 9)
        return list(pair(Piece(welt, look.fabric, bulge=4, drape=0.1, lift=1.5)))
    flap = join(line((38, y), (92, y), (92, y + 22)), curve((92, y + 22), (65, y + 30), (38, y + 22)))
    return list(pair(Piece(flap, look.fabric, bulge=5, drape=0.2, lift=2.2)))


def _stand(look: Look, block: Block) -> tuple[list[Piece], list[Piece]]:
    x, y = block.neck
    top = y - look.vary(30, 0.2)
    inside = Piece(
        join(curve((-x + 3, top + 2), (0, top - 7), (x - 3, top + 2)), line((x, y + 22), (-x, y + 22))),
        look.fabric,
        tone=0.5,
        bulge=4,
        drape=0.2,
        lift=0,
    )
    leaf = Piece(
        join(
            curve((1.5, top + 16), (x * 0.55, top + 8), (x - 2, top)),
            curve((x - 2, top), (x + 3, top + 14), (x + 4, y + 2)),
            curve((x + 4, y + 2), (x * 0.55, y + 20), (1.5, y + 27)),
        ),
        Fabric.RIB if look.chance(0.35) else look.fabric,
        bulge=12,
        drape=0.4,
        lift=2.5,
    )
    return [inside], list(pair(leaf))


def _hood(look: Look, block: Block) -> tuple[list[Piece], list[Piece]]:
    x, y = block.neck
    rise = look.vary(86, 0.08)
    dome = join(
        curve(
            (-x - 14, y + 18),
            (-x - 22, y - rise * 0.5),
            (-x * 0.6, y - rise * 0.95),
            (0, y - rise),
            (x * 0.6, y - rise * 0.95),
            (x + 22, y - rise * 0.5),
            (x + 14, y + 18),
        ),
        curve((x + 14, y + 18), (0, y + 40), (-x - 14, y + 18)),
    )
    mouth = join(
        curve(
            (-x * 0.42, y + 20),
            (-x * 0.72, y - rise * 0.35),
            (0, y - rise * 0.8),
            (x * 0.72, y - rise * 0.35),
            (x * 0.42, y + 20),
        ),
        curve((x * 0.42, y + 20), (0, y + 36), (-x * 0.42, y + 20)),
    )
    rim = offset(mouth[: len(mouth) // 2 + 8], 7)
    hood = Piece(dome, look.fabric, bulge=20, drape=0.8, lift=2, seams=(Seam(rim, Stroke.STITCH, 0.3),))
    inside = Piece(mouth, look.fabric, tone=0.5, bulge=3, drape=0.7, lift=0)
    cord = curve((16, y + 24), (18, y + 60), (14, y + 96))
    pale = look.paint(0.86, 0.85, 0.82) * np.float32(0.4) + look.main * np.float32(0.6)
    cords = pair(Piece(strip(cord, 3.5), Fabric.RUBBER, paint=pale, bulge=2, drape=0, lift=1.5))
    return [hood, inside], list(cords)


def _coat(look: Look) -> list[Piece]:
    """Notched lapels over a buttoned front."""
    block = _block(look)
    x, y = block.neck
    depth = look.vary(150, 0.1)
    edge = join(
        curve((-x, y), (-x * 0.5, y + depth * 0.5), (0, y + depth)),
        curve((0, y + depth), (x * 0.5, y + depth * 0.5), (x, y)),
    )
    arms = sleeves(look, block, Arm(look.vary(0.24, 0.2), look.vary(296, 0.03), 58), "button")
    opening = line((0, y + depth), (0, block.hem[1] + 4))
    front = torso(look, block, edge, hem_stitch=False)
    front = replace(front, seams=(*front.seams, Seam(opening, Stroke.EDGE, 0.7)))
    double = look.chance(0.5)
    rows = np.linspace(y + depth + 12, y + depth + 128, 3)
    row = [b for at in ((-26, 26) if double else (10,)) for b in buttons(look, at, list(rows), 6.5)]
    belt = [_belt(look, block)] if look.chance(0.35) else []
    lining = [
        replace(piece, paint=look.main * np.float32(0.8) + np.float32(0.04))
        for piece in back(look, block.neck, edge)[:1]
    ]
    return [*lining, *arms, front, *_pockets(look, block), *belt, *row, *_lapels(look, block, depth)]


def _lapels(look: Look, block: Block, depth: float) -> list[Piece]:
    x, y = block.neck
    notch = (x + 16, y + 56)
    lapel = join(
        curve((0, y + depth + 3), (x * 0.44, y + depth * 0.52), (x - 3, y + 6)),
        line((x + 5, y + 40), notch, (x + 42, y + 66)),
        curve((x + 42, y + 66), (x * 0.9, y + depth * 0.72), (0, y + depth + 3)),
    )
    collar = join(
        curve((0, y - 17), (x * 0.6, y - 13), (x + 4, y)),
        line((x + 34, y + 34), (x + 14, y + 56), (x - 2, y + 42)),
        curve((x - 2, y + 42), (x * 0.62, y + 12), (0, y + 3)),
    )
    lapels = pair(Piece(lapel, look.fabric, grain=0.35, bulge=9, drape=0.4, lift=4))
    return [*lapels, Piece(join(collar, flip(collar)[::-1]), look.fabric, bulge=9, drape=0.4, lift=3)]


def _belt(look: Look, block: Block) -> Piece:
    x, y = block.waist
    path = curve((-x - 2, y + 6), (0, y + 12), (x + 2, y + 6))
    return Piece(
        strip(path, 20),
        look.fabric,
        bulge=8,
        drape=0.3,
        lift=3,
        seams=(Seam(offset(path, 3), Stroke.STITCH, 0.3), Seam(offset(path, 17), Stroke.STITCH, 0.3)),
    )
