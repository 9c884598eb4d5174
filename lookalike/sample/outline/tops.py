"""T-shirts, long-sleeved tops, sweaters and shirts."""

import numpy as np

from lookalike.sample.curve import box, curve, join, line, offset, strip
from lookalike.sample.outline.bodice import Arm, Block, hem_line, sleeves, torso
from lookalike.sample.outline.look import Look
from lookalike.sample.outline.neck import buttons, neck
from lookalike.sample.piece import Fabric, Piece, Seam, Stroke
from lookalike.sample.spec import Collar, Sleeve, Style


def t_shirt(look: Look) -> list[Piece]:
    """T-shirts, tank tops and polo shirts."""
    bare = look.spec.sleeve is Sleeve.SLEEVELESS
    block = _block(look, width=110, top=112, bottom=444, bare=bare)
    collar = look.spec.collar or Collar.CREW
    top = neck(look, block.neck, collar, scoop=2.1 if bare else 1.0)
    arm = Arm(look.vary(0.88, 0.12), look.vary(112, 0.1), look.vary(78, 0.06))
    arms = [] if bare else sleeves(look, block, arm, "rib" if collar is Collar.POLO else "stitch")
    return [
        *top.behind,
        *arms,
        torso(look, block, top.edge, sleeveless=bare),
        *_placket(look, collar, block),
        *top.above,
    ]


def longsleeve(look: Look) -> list[Piece]:
    """Sweaters and long-sleeved jersey tops."""
    knit = look.spec.style is Style.SWEATER
    block = _block(look, width=118 if knit else 110, top=120, bottom=436)
    collar = look.spec.collar or Collar.CREW
    top = neck(look, block.neck, collar)
    arm = Arm(look.vary(0.27, 0.2), look.vary(290, 0.04), look.vary(44 if knit else 38))
    arms = sleeves(look, block, arm, "rib" if knit else "stitch")
    front = torso(look, block, top.edge, hem_stitch=not knit)
    band = _rib_hem(block) if knit else []
    return [*top.behind, *arms, front, *band, *_placket(look, collar, block), *top.above]


def shirt(look: Look) -> list[Piece]:
    """Button-down shirts, short or long."""
    block = _block(look, width=110, top=116, bottom=448, drop=20)
    top = neck(look, block.neck, Collar.SHIRT)
    long = look.spec.sleeve is Sleeve.LONG
    arm = Arm(look.vary(0.27, 0.2), look.vary(292, 0.04), 46) if long else Arm(look.vary(0.78, 0.12), 128, 80)
    arms = sleeves(look, block, arm, "button" if long else "stitch")
    start, end = block.neck[1] + 30, block.hem[1] + block.hem_drop
    stand = Piece(
        box(-11, start, 11, end - 1),
        look.fabric,
        bulge=5,
        drape=0.3,
        lift=1.2,
        seams=(
            Seam(line((-8, start), (-8, end)), Stroke.STITCH, 0.28),
            Seam(line((8, start), (8, end)), Stroke.STITCH, 0.28),
        ),
    )
    row = buttons(look, 0, list(np.linspace(start + 12, end - 48, 7)))
    pocket = [_pocket(look, 56, block.armpit[1] + 2)] if look.chance(0.7) else []
    if pocket and look.chance(0.35):
        pocket.append(pocket[0].flipped())
    return [*top.behind, *arms, torso(look, block, top.edge), stand, *row, *pocket, *top.above]


def _block(look: Look, *, width: float, top: float, bottom: float, drop: float = 5.0, bare: bool = False) -> Block:
    half = look.vary(width, 0.05)
    fit = look.vary(0.95, 0.05)
    shoulder = half * (0.64 if bare else 0.98)
    hem = look.vary(bottom, 0.03)
    return Block(
        neck=(look.vary(40, 0.08), top),
        shoulder=(shoulder, top + (14 if bare else 26)),
        armpit=(half, top + look.vary(124 if bare else 112)),
        waist=(half * fit, top + 222),
        hem=(half * look.vary(1.0, 0.03), hem),
        hem_drop=drop,
    )


def _placket(look: Look, collar: Collar, block: Block) -> list[Piece]:
    """The short button stand below a polo's collar."""
    if collar is not Collar.POLO:
        return []
    start = block.neck[1] + 30
    end = start + look.vary(76, 0.12)
    stand = Piece(
        box(-10, start, 10, end),
        look.fabric,
        bulge=4,
        drape=0.2,
        lift=1.4,
        seams=(Seam(line((-7, start), (-7, end - 3), (7, end - 3), (7, start)), Stroke.STITCH, 0.3),),
    )
    return [stand, *buttons(look, 0, [start + 16, start + 40, start + 62][: 2 + look.chance(0.5)])]


def _rib_hem(block: Block) -> list[Piece]:
    return [Piece(strip(offset(hem_line(block), -3), 24), Fabric.RIB, bulge=10, drape=0.4, lift=1.2)]


def _pocket(look: Look, x: float, y: float) -> Piece:
    """A chest pocket with a pointed bottom."""
    wide, deep = 25.0, 56.0
    outline = join(
        line((x - wide, y), (x + wide, y), (x + wide, y + deep - 10), (x, y + deep), (x - wide, y + deep - 10))
    )
    inner = curve((x - wide, y + 10), (x, y + 11), (x + wide, y + 10))
    rim = line(
        (x - wide + 3, y),
        (x - wide + 3, y + deep - 12),
        (x, y + deep - 4),
        (x + wide - 3, y + deep - 12),
        (x + wide - 3, y),
    )
    return Piece(
        outline,
        look.fabric,
        bulge=3,
        drape=0.4,
        lift=1.0,
        seams=(Seam(inner, Stroke.STITCH, 0.25), Seam(rim, Stroke.STITCH, 0.22)),
    )
