from typing import Final

from PIL import Image

from lookalike.imaging.colour import to_srgb
from lookalike.imaging.decode import Stored
from lookalike.imaging.letterbox import fit
from lookalike.imaging.orient import Box, orient, stored_box

GAP: Final = 2.0
"""How many times larger than its result a picture at least is before the last, careful resampling.

Pillow's `reducing_gap`: 2.0 is "very close to fair resampling" by its documentation; bench_prepare.py measures it.
"""


def render(stored: Stored, box: Box, side: int, resampling: Image.Resampling = Image.Resampling.BICUBIC) -> Image.Image:
    """A box of the upright picture (left, top, right, bottom in 0..1) as upright sRGB, its longest side `side` pixels.

    Colours are converted and turned last, when the picture is smallest.
    """
    left, top, right, bottom = stored_box(box, stored.orientation)
    across, down = stored.extent
    part = (left * across, top * down, right * across, bottom * down)
    target = fit(part[2] - part[0], part[3] - part[1], side)
    resized = stored.image.resize(target, resampling, box=part, reducing_gap=GAP)
    return orient(to_srgb(resized, stored.profile), stored.orientation)
