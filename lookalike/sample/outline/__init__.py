"""Cutting: from a spec to the pieces of the garment, laid back to front."""

from collections.abc import Callable, Mapping

import numpy as np

from lookalike.sample.outline import bottoms, dresses, hats, outerwear, shoes, tops
from lookalike.sample.outline.look import Look, look_of
from lookalike.sample.piece import Piece
from lookalike.sample.spec import Category, GarmentSpec

_CUTTERS: Mapping[Category, Callable[[Look], list[Piece]]] = {
    Category.DRESS: dresses.dress,
    Category.HAT: hats.hat,
    Category.LONGSLEEVE: tops.longsleeve,
    Category.OUTWEAR: outerwear.outwear,
    Category.PANTS: bottoms.pants,
    Category.SHIRT: tops.shirt,
    Category.SHOES: shoes.shoes,
    Category.SHORTS: bottoms.shorts,
    Category.SKIRT: bottoms.skirt,
    Category.T_SHIRT: tops.t_shirt,
}


_ROOM = (404.0, 496.0)
"""Width and height that a garment fills on the canvas, in points."""
_LARGEST = 1.35


def cut(spec: GarmentSpec) -> list[Piece]:
    """The pieces of the garment, as it lies: centred, and a little off the straight in its own way."""
    look = look_of(spec)
    phase = look.lie.uniform(0, 2 * np.pi, (2, 2))
    pieces = [piece.swayed(1.5, phase) for piece in _CUTTERS[spec.category](look)]
    return _centred(pieces)


def _centred(pieces: list[Piece]) -> list[Piece]:
    """The garment scaled to fill the canvas as a photographer would frame it."""
    outline = np.vstack([piece.outline for piece in pieces])
    low, high = outline.min(0), outline.max(0)
    scale = min(_LARGEST, *(room / side for room, side in zip(_ROOM, high - low, strict=True)))
    middle = (low + high) / 2
    return [piece.moved(scale, (0.0 - middle[0], 300.0 - middle[1]), (middle[0], middle[1])) for piece in pieces]
