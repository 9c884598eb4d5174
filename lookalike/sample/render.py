"""A garment's pieces, laid one on the other, as an image with transparency."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.sample.curve import Points, offset
from lookalike.sample.fabric import SURFACES, texture
from lookalike.sample.pattern import Tile, sample
from lookalike.sample.piece import Piece, Seam, Stroke
from lookalike.sample.raster import HEIGHT, WIDTH, Line, Patch, Plane, resized, soften
from lookalike.sample.shade import Relief, relief

_BEND = 3.0
"""How far a slope of 1 shifts the pattern, in points."""


def render(pieces: Iterable[Piece], cloth: Tile, rng: np.random.Generator) -> Image.Image:
    """The pieces back to front, as RGBA of the canvas' size."""
    colour = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    cover = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    for piece in pieces:
        patch = Patch.around(piece.outline, 2 + 3 * piece.lift)
        if patch is not None:
            _lay(piece, patch, cloth, rng, (colour[patch.on_canvas], cover[patch.on_canvas]))
    premultiplied = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    rows, columns = (np.flatnonzero(cover[..., 0].any(axis)) for axis in (1, 0))
    if len(rows):
        seen = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        premultiplied[seen][..., :3] = np.clip(colour[seen], 0, cover[seen]) * np.float32(255) + np.float32(0.5)
        premultiplied[seen][..., 3:] = cover[seen] * np.float32(255) + np.float32(0.5)
    return Image.frombytes("RGBa", (WIDTH, HEIGHT), premultiplied.tobytes()).convert("RGBA")


def _lay(
    piece: Piece,
    patch: Patch,
    cloth: Tile,
    rng: np.random.Generator,
    below: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Put one piece over what lies below it (premultiplied colour and cover, changed in place)."""
    colour, cover = below
    mask = patch.fill(piece.outline)
    if piece.lift:
        colour *= 1 - 0.42 * _cast(mask, piece.lift)[..., None]
    over = _coloured(piece, patch, cloth, relief(piece, patch, mask, rng), rng)
    alpha = mask[..., None]
    colour += alpha * (over - colour)
    cover += alpha * (1 - cover)


def _cast(mask: Plane, lift: float) -> Plane:
    """The shadow a piece throws to its lower right."""
    shift = max(round(lift * 0.7), 1)
    moved = np.zeros_like(mask)
    moved[shift:, shift // 2 :] = mask[:-shift, : mask.shape[1] - shift // 2]
    return soften(moved, lift)


def _coloured(piece: Piece, patch: Patch, cloth: Tile, lit: Relief, rng: np.random.Generator) -> NDArray[np.float32]:
    x, y = patch.grid()
    cos, sin = np.float32(np.cos(piece.grain)), np.float32(np.sin(piece.grain))
    u = cos * x - sin * y + _BEND * lit.slope_x
    v = sin * x + cos * y + _BEND * lit.slope_y
    albedo = sample(cloth, u, v) if piece.paint is None else piece.paint.reshape(1, 1, 3)
    light = lit.light * texture(piece.fabric, u, v, patch, rng) * _seams(piece.seams, patch)
    shine = SURFACES[piece.fabric].gloss * lit.glint + 0.07 * (light - 0.95)
    return np.asarray(albedo * piece.tone * light[..., None] + shine[..., None], np.float32)


def _seams(seams: Sequence[Seam], patch: Patch) -> Plane | float:
    """Brightness that seams leave: a dark line, with the light edge of the cloth beside it."""
    light: Plane | float = 1.0
    stitched = [seam for seam in seams if seam.stroke is Stroke.STITCH]
    if stitched:
        light = 1 - patch.stroke([Line(dash, s.strength) for s in stitched for dash in _dashes(s.path)], 1.0)
    pressed = [seam for seam in seams if seam.stroke is not Stroke.STITCH]
    if pressed:
        light = light * (1 - patch.stroke([Line(seam.path, seam.strength) for seam in pressed], 1.1))
        beside = [Line(offset(seam.path, 1.4), seam.strength) for seam in pressed]
        light = light + np.float32(0.16) * patch.stroke(beside, 1.3)
    edges = [Line(seam.path, seam.strength) for seam in pressed if seam.stroke is Stroke.EDGE]
    if edges:
        shade = soften(patch.stroke_halved(edges, 2.0), 1.5)
        light = light * (1 - resized(shade, patch.width, patch.height))
    return light


def _dashes(path: Points, every: float = 5.0) -> list[Points]:
    """The path cut into stitches, two thirds of each `every` points drawn."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.arange(0, walked[-1], every)
    places = np.stack([starts, np.minimum(starts + every * 0.66, walked[-1])], 1)
    return [np.stack([np.interp(p, walked, path[:, k]) for k in (0, 1)], 1) for p in places]
