r"""A sample shop that Lookalike draws itself, so that anyone can try it without a catalogue of their own.

`draw_catalogue` gives garments of ten categories in many colours, patterns and cuts, as studio photos
with ground-truth labels; `draw_unseen` gives photos of the same garments, or of ones like them, the way a
shopper would take them at home. Everything follows from a seed: equal seeds give equal bytes under one
version of NumPy and Pillow.

A photo comes about in steps, a file each: a `spec` in words; an `outline` cut into a `piece` or thirty
from smooth `curve`s; a `fabric` with a `pattern`; its relief under a lamp (`shade`), rendered (`render`)
and put in a studio (`scene`) or on somebody's floor (`ground`, `photograph`).

    >>> garments = list(draw_catalogue(300, seed=7))
    >>> garments[0].photo()[:2]
    b'\xff\xd8'
"""

from lookalike.sample.catalogue import SampleGarment, UnseenPhoto, draw_catalogue, draw_unseen, random_spec
from lookalike.sample.contact_sheet import SheetNeighbour, SheetRow, contact_sheet
from lookalike.sample.draw import draw, draw_garment
from lookalike.sample.palette import Colour
from lookalike.sample.spec import OPTIONS, Category, Collar, GarmentSpec, Length, Pattern, Sleeve, Style

__all__ = [
    "OPTIONS",
    "Category",
    "Collar",
    "Colour",
    "GarmentSpec",
    "Length",
    "Pattern",
    "SampleGarment",
    "SheetNeighbour",
    "SheetRow",
    "Sleeve",
    "Style",
    "UnseenPhoto",
    "contact_sheet",
    "draw",
    "draw_catalogue",
    "draw_garment",
    "draw_unseen",
    "random_spec",
]
