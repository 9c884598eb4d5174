"""Necklines and collars: what lies behind the front, the front's upper edge, and what lies on it."""

from dataclasses import dataclass

from lookalike.sample.curve import Knot, Points, box, curve, ellipse, flip, join, line, offset, shifted, strip
from lookalike.sample.outline.look import Look
from lookalike.sample.piece import Fabric, Piece, Seam, Stroke, pair
from lookalike.sample.spec import Collar


@dataclass(frozen=True)
class Neck:
    """A finished neck: pieces below the front, its edge from left to right, pieces above it."""

    behind: list[Piece]
    edge: Points
    above: list[Piece]


def neck(look: Look, point: Knot, collar: Collar, *, scoop: float = 1.0) -> Neck:
    """The neck for a collar; `point` is where it meets the shoulder seam, `scoop` deepens a round neck."""
    if collar is Collar.TURTLENECK:
        return _turtleneck(look, point)
    if collar in {Collar.POLO, Collar.SHIRT}:
        return _folded(look, point)
    drop = look.vary(30 * scoop, 0.2) if collar is Collar.CREW else look.vary(82, 0.15)
    edge = _round_edge(point, drop) if collar is Collar.CREW else _v_edge(point, drop)
    width = 9.0 if look.fabric is Fabric.KNIT else look.vary(7.0, 0.2)
    band = Piece(
        strip(edge, -width),
        Fabric.RIB,
        paint=look.trim,
        bulge=4,
        drape=0,
        lift=1.2,
        seams=(Seam(offset(edge, -width + 1.0), Stroke.CREASE, 0.35),),
    )
    if collar is Collar.V_NECK:
        tip = (0, point[1] + drop)
        band = Piece(
            join(edge, _v_edge((point[0] + width * 0.8, point[1] + 2), drop + width * 1.5)[::-1]),
            Fabric.RIB,
            paint=look.trim,
            bulge=4,
            drape=0,
            lift=1.2,
            seams=(Seam(line(tip, (0, tip[1] + width * 1.4)), Stroke.CREASE, 0.5),),
        )
    return Neck(back(look, point, edge), edge, [band])


def back(look: Look, point: Knot, edge: Points, rise: float = 7.0) -> list[Piece]:
    """The inside of the back, seen through the neck, its band and the label sewn to it."""
    x, y = point
    upper = curve((-x - 1, y - 1), (-x * 0.6, y + rise * 0.7), (0, y + rise), (x * 0.6, y + rise * 0.7), (x + 1, y - 1))
    inside = Piece(
        join(upper, shifted(edge[::-1], 0, 9)),
        look.fabric,
        tone=0.58,
        bulge=3,
        drape=0.5,
        lift=0,
    )
    band = Piece(strip(upper, -6), Fabric.RIB, paint=look.trim, tone=0.8, bulge=4, drape=0, lift=1.5)
    label = Piece(
        box(-9, y + rise + 5, 9, y + rise + 16),
        Fabric.POPLIN,
        paint=look.paint(0.82, 0.81, 0.78),
        tone=0.86,
        bulge=1,
        drape=0,
        lift=1,
    )
    return [inside, band, label]


def _round_edge(point: Knot, drop: float) -> Points:
    x, y = point
    return curve(
        (-x, y),
        (-x * 0.86, y + drop * 0.52),
        (-x * 0.46, y + drop * 0.9),
        (0, y + drop),
        (x * 0.46, y + drop * 0.9),
        (x * 0.86, y + drop * 0.52),
        (x, y),
    )


def _v_edge(point: Knot, drop: float) -> Points:
    x, y = point
    right = curve((0, y + drop), (x * 0.52, y + drop * 0.52), (x, y))
    return join(flip(right)[::-1], right)


def _turtleneck(look: Look, point: Knot) -> Neck:
    x, y = point
    edge = _round_edge(point, 16)
    top, x = y - look.vary(36, 0.12), x - 3
    tube = Piece(
        join(
            curve((-x + 2, top), (0, top + 5), (x - 2, top)),
            curve((x, top + 18), (x + 3, y + 2)),
            curve((x + 2, y + 6), (x * 0.5, y + 18), (0, y + 22), (-x * 0.5, y + 18), (-x - 2, y + 6)),
            curve((-x - 3, y + 2), (-x, top + 18)),
        ),
        Fabric.RIB,
        paint=look.trim,
        bulge=16,
        drape=0.5,
        lift=2.5,
    )
    mouth = Piece(
        join(
            curve((-x + 4, top + 1), (0, top - 6), (x - 4, top + 1)),
            curve((x - 4, top + 2), (0, top + 7), (-x + 4, top + 2)),
        ),
        Fabric.RIB,
        paint=look.trim,
        tone=0.55,
        bulge=2,
        drape=0,
        lift=0,
    )
    return Neck([], edge, [tube, mouth])


def _folded(look: Look, point: Knot) -> Neck:
    """A shirt's or polo's collar: a stand round the neck and two leaves folded over it."""
    x, y = point
    drop = 34.0
    edge = _v_edge((x - 2, y), drop)
    spread, tip = look.vary(x * 0.98, 0.12), look.vary(16 + x * 1.06, 0.1)
    top = y - 20
    stand = Piece(
        join(
            curve((-x - 2, y + 4), (-x * 0.8, top + 6), (0, top), (x * 0.8, top + 6), (x + 2, y + 4)),
            curve((x * 0.6, y + 16), (0, y + drop + 6), (-x * 0.6, y + 16)),
        ),
        look.fabric,
        tone=0.62,
        bulge=4,
        drape=0.2,
        lift=0,
        seams=(Seam(curve((-x * 0.7, y + 1), (0, y - 3), (x * 0.7, y + 1)), Stroke.CREASE, 0.5),),
    )
    label = Piece(
        box(-9, y - 1, 9, y + 9), Fabric.POPLIN, paint=look.paint(0.84, 0.83, 0.8), tone=0.86, bulge=1, drape=0, lift=1
    )
    rim = curve((3, y + drop - 2), (x * 0.45, y + 6), (x * 0.84, top + 5))
    leaf = join(
        rim,
        curve((x * 0.84, top + 5), (x + 4, top + 12), (x + 11, y + 13)),
        line((x + 11, y + 13), (spread, y + tip)),
        curve((spread, y + tip), (spread * 0.5, y + (tip + drop) * 0.5), (3, y + drop + 5)),
    )
    stitched = Seam(
        join(line((x + 7, y + 12)), line((spread - 1, y + tip - 6), (6, y + drop - 1))), Stroke.STITCH, 0.25
    )
    leaves = pair(Piece(leaf, look.fabric, grain=-0.5, bulge=7, drape=0.4, lift=3.5, seams=(stitched,)))
    return Neck([stand, label], edge, list(leaves))


def buttons(look: Look, x: float, ys: list[float], radius: float = 4.2) -> list[Piece]:
    """A row of buttons down a line."""
    row = []
    for y in ys:
        row.append(Piece(ellipse(x, y, radius, radius), Fabric.RUBBER, paint=look.button, bulge=3, drape=0, lift=1.3))
        holes = ellipse(x, y, radius * 0.3, radius * 0.3)
        row.append(Piece(holes, Fabric.RUBBER, paint=look.button, tone=0.55, bulge=1, drape=0, lift=0))
    return row
