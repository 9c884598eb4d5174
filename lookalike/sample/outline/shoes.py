"""Sneakers, ankle boots and court shoes: a pair seen from the side, one behind the other."""

from lookalike.sample.curve import Knot, Points, box, curve, ellipse, join, line, offset, strip
from lookalike.sample.outline.look import Look
from lookalike.sample.piece import Fabric, Fold, Piece, Seam, Stroke
from lookalike.sample.spec import Style

_ABOUT = (0.0, 380.0)


def shoes(look: Look) -> list[Piece]:
    """The pair, the far shoe a little smaller, higher and further along."""
    near = {Style.SNEAKER: _sneaker, Style.BOOT: _boot, Style.PUMP: _pump}[look.spec.style](look)
    along = look.lie.uniform(34, 64)
    far = [piece.moved(0.95, (along, -look.lie.uniform(84, 104)), _ABOUT) for piece in near]
    return [*far, *near]


def _sole(look: Look, upper: float, lower: float, front: float, heel: float) -> Piece:
    """A rubber sole with a foxing line, toe spring at the front."""
    shape = join(
        curve((heel, upper - 4), (-90, upper + 2), (60, upper + 1), (front - 34, upper - 6), (front, upper - 18)),
        curve(
            (front, upper - 18),
            (front + 6, upper - 2),
            (front - 14, lower - 4),
            (front - 50, lower),
            (60, lower),
            (heel + 12, lower),
            (heel - 3, lower - 8),
            (heel, upper - 4),
        ),
    )
    groove = curve((heel + 4, lower - 12), (0, lower - 8), (front - 40, lower - 9), (front - 4, upper + 2))
    paint = look.paint(0.9, 0.89, 0.86) if look.chance(0.75) else look.paint(0.2, 0.19, 0.19)
    return Piece(shape, Fabric.RUBBER, paint=paint, bulge=8, drape=0, lift=2, seams=(Seam(groove, Stroke.CREASE, 0.4),))


def _sneaker(look: Look) -> list[Piece]:
    """A low lace-up with heel counter, toe cap, tongue and laces."""
    sole = 430.0
    top = sole - look.vary(146, 0.06)
    tongue = Piece(
        join(
            curve((-92, top - 14), (-66, top - 30), (-44, top - 20)),
            curve((-44, top - 20), (0, top + 38), (30, top + 66)),
            line((0, top + 80), (-80, top + 30)),
        ),
        look.fabric,
        tone=0.92,
        bulge=9,
        drape=0.4,
        lift=1.5,
    )
    lining = Piece(
        ellipse(-122, top + 15, 52, 17, 0.12),
        look.fabric,
        paint=look.paint(0.6, 0.59, 0.57),
        tone=0.62,
        bulge=5,
        drape=0,
        lift=0,
    )
    upper = join(
        curve((-196, sole + 4), (-202, sole - 60), (-190, top + 14), (-176, top - 2)),
        curve((-176, top - 2), (-150, top + 20), (-112, top + 24), (-72, top + 2)),
        curve(
            (-72, top + 2),
            (-20, top + 38),
            (34, top + 64),
            (86, top + 70),
            (138, top + 78),
            (176, sole - 26),
            (188, sole - 2),
        ),
        line((182, sole + 6)),
    )
    heel = curve((-150, top + 18), (-132, sole - 50), (-146, sole))
    cap = curve((92, top + 70), (110, sole - 30), (98, sole + 2))
    stay = curve((-64, top + 26), (0, top + 60), (58, top + 88), (72, top + 70))
    seams = [Seam(path, Stroke.EDGE, 0.5) for path in (heel, cap, stay)]
    seams += [Seam(offset(path, 4), Stroke.STITCH, 0.3) for path in (heel, cap, stay)]
    body = Piece(
        upper, look.fabric, bulge=34, drape=0.55, lift=2, folds=tuple(_vamp_folds(look, top)), seams=tuple(seams)
    )
    collar = Piece(
        strip(curve((-178, top), (-150, top + 22), (-112, top + 26), (-70, top + 4)), -12),
        look.fabric,
        bulge=6,
        drape=0.2,
        lift=1.2,
        paint=look.accent if look.chance(0.4) else None,
    )
    return [
        lining,
        tongue,
        body,
        collar,
        *_flash(look, top, sole),
        *_laces(look, top),
        _sole(look, sole, sole + 34, 190, -204),
    ]


def _vamp_folds(look: Look, top: float) -> list[Fold]:
    return [
        Fold(curve((78 + s, top + 84), (66 + s, top + 100), (62 + s, top + 116)), -2.2, 8)
        for s in look.lie.uniform(-24, 14, 3)
    ]


def _flash(look: Look, top: float, sole: float) -> list[Piece]:
    """A stripe or two across the side, on some."""
    if look.chance(0.45):
        return []
    count = 1 + int(look.rng.integers(3))
    return [
        Piece(
            strip(curve((-52 + 26 * k, top + 48 + 13 * k), (-60 + 26 * k, sole - 40), (-76 + 26 * k, sole - 4)), -11),
            look.fabric,
            paint=look.accent,
            bulge=3,
            drape=0,
            lift=0.8,
        )
        for k in range(count)
    ]


def _laces(look: Look, top: float) -> list[Piece]:
    pale = look.paint(0.92, 0.91, 0.88) if look.main.mean() < 0.7 or look.chance() else look.paint(0.25, 0.25, 0.27)  # noqa: PLR2004 - pale shoes
    laces = []
    for k in range(5):
        x, y = -54 + k * 25, top + 12 + k * 15.5
        path = curve((x - 6, y + 15), (x + 4, y + 1), (x + 18, y - 6))
        laces.append(Piece(strip(path, 6.5), Fabric.RIB, paint=pale, bulge=3, drape=0, lift=1.4))
    bow = curve((-50, top + 12), (-84, top + 2), (-92, top + 22), (-52, top + 16))
    other = curve((-50, top + 12), (-34, top - 16), (-12, top - 6), (-48, top + 14))
    return [
        *laces,
        *(Piece(strip(path, 4.5), Fabric.RIB, paint=pale, bulge=2, drape=0, lift=1.6) for path in (bow, other)),
    ]


def _boot(look: Look) -> list[Piece]:
    """An ankle boot: elastic sides or laces, stacked heel."""
    sole, high = 440.0, look.vary(250, 0.06)
    top = sole - high
    lining = Piece(ellipse(-106, top + 4, 66, 13, 0.04), look.fabric, tone=0.5, bulge=4, drape=0, lift=0)
    upper = join(
        curve((-174, top + 2), (-106, top + 13), (-40, top + 6)),
        curve(
            (-40, top + 6),
            (-36, top + 70),
            (-18, top + 122),
            (30, top + 150),
            (96, sole - 84),
            (150, sole - 58),
            (176, sole - 22),
            (176, sole + 2),
        ),
        line((-168, sole + 2)),
        curve((-168, sole + 2), (-178, sole - 46), (-162, sole - 104), (-172, top + 70), (-174, top + 2)),
    )
    body = Piece(
        upper,
        look.fabric,
        bulge=40,
        drape=0.7,
        lift=2,
        folds=tuple(
            Fold(curve((-34 + s, top + 118 - s), (-58 + s, top + 132), (-86, top + 128 + s)), -3.5, 9)
            for s in look.lie.uniform(-8, 26, 3)
        ),
        seams=(Seam(curve((24, top + 148), (4, sole - 40), (14, sole)), Stroke.EDGE, 0.35),),
    )
    return [lining, body, *_closure(look, top), *_stacked(look, sole)]


def _closure(look: Look, top: float) -> list[Piece]:
    if look.chance():
        gusset = join(
            curve((-132, top + 11), (-104, top + 14), (-76, top + 12)),
            curve((-76, top + 12), (-84, top + 78), (-102, top + 128)),
            curve((-102, top + 128), (-124, top + 80), (-132, top + 11)),
        )
        tab = Piece(
            strip(line((-172, top + 10), (-172, top - 24)), 9),
            Fabric.RIB,
            paint=look.main,
            tone=0.85,
            bulge=3,
            drape=0,
            lift=1,
        )
        return [tab, Piece(gusset, Fabric.RIB, paint=look.main, tone=0.72, bulge=5, drape=0, lift=0)]
    rows: list[Knot] = [(-56, top + 20 + 24 * k) for k in range(5)]
    pale = look.main * 0.6 + look.paint(0.16, 0.15, 0.14)
    return [
        Piece(
            strip(curve((x - 8, y + 8), (x + 10, y), (x + 26 + 2 * k, y - 5)), 6),
            Fabric.RIB,
            paint=pale,
            bulge=3,
            drape=0,
            lift=1.5,
        )
        for k, (x, y) in enumerate(rows)
    ]


def _stacked(look: Look, sole: float) -> list[Piece]:
    dark = look.paint(0.17, 0.14, 0.12)
    welt: Points = join(
        curve((-176, sole - 4), (0, sole - 3), (120, sole - 5), (180, sole - 12)),
        curve((182, sole), (120, sole + 9), (30, sole + 9), (-60, sole + 4), (-176, sole + 8)),
    )
    heel = line((-174, sole + 4), (-82, sole + 4), (-90, sole + 36), (-170, sole + 36))
    return [
        Piece(heel, Fabric.LEATHER, paint=dark, bulge=6, drape=0, lift=1),
        Piece(welt, Fabric.RUBBER, paint=dark, bulge=4, drape=0, lift=1.5),
    ]


def _pump(look: Look) -> list[Piece]:
    """A court shoe or ballet flat."""
    sole = 440.0
    heeled = look.chance(0.6)
    rise = look.vary(88, 0.2) if heeled else 10.0
    back = sole - rise
    lining = Piece(
        join(
            curve((-162, back - 66), (-60, back - 26), (62, sole - 50)),
            curve((62, sole - 50), (30, sole - 22), (-60, back - 4), (-150, back - 30)),
        ),
        look.fabric,
        paint=look.paint(0.78, 0.68, 0.56),
        tone=0.8,
        bulge=6,
        drape=0.2,
        lift=0,
    )
    upper = join(
        curve((-168, back), (-174, back - 40), (-164, back - 72)),
        curve(
            (-164, back - 72),
            (-130, back - 38),
            (-60, back * 0.62 + sole * 0.38 - 32),
            (10, sole - 42),
            (56, sole - 52),
            (76, sole - 62),
        ),
        curve((76, sole - 62), (124, sole - 50), (168, sole - 22), (188, sole - 4)),
        curve(
            (188, sole), (110, sole + 3), (30, sole - 2), (-60, (back + sole) * 0.5 - 2), (-130, back + 4), (-168, back)
        ),
    )
    body = Piece(upper, look.fabric, bulge=26, drape=0.35, lift=2)
    outsole = strip(
        curve(
            (-168, back + 1),
            (-128, back + 4),
            (-60, (back + sole) * 0.5),
            (30, sole - 1),
            (110, sole + 4),
            (190, sole - 1),
        ),
        -7,
    )
    heel = join(
        curve((-168, back), (-162, (back + sole) / 2), (-150, sole + 8)),
        line((-132, sole + 8)),
        curve((-132, sole + 8), (-130, (back + sole) / 2 + 8), (-106, back + 10)),
    )
    block = heel if heeled else box(-164, back, -110, sole + 12)
    dark = look.paint(0.2, 0.16, 0.14)
    pieces = [
        lining,
        Piece(block, look.fabric, paint=look.main if heeled else dark, tone=0.92, bulge=6, drape=0, lift=1),
        body,
        Piece(outsole, Fabric.RUBBER, paint=dark, bulge=3, drape=0, lift=1),
    ]
    return [*pieces, *_bow(look, sole)]


def _bow(look: Look, sole: float) -> list[Piece]:
    if not look.chance(0.45):
        return []
    wings = (ellipse(62, sole - 60, 17, 8, -0.5), ellipse(92, sole - 52, 17, 8, 0.55))
    knot = ellipse(77, sole - 58, 6, 6)
    return [Piece(shape, look.fabric, paint=look.accent, bulge=6, drape=0.4, lift=1.5) for shape in (*wings, knot)]
