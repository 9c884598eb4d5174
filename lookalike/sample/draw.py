"""From a spec to a picture."""

import numpy as np
from PIL import Image

from lookalike.sample.outline import cut
from lookalike.sample.outline.look import look_of
from lookalike.sample.pattern import tile
from lookalike.sample.render import render
from lookalike.sample.scene import studio
from lookalike.sample.spec import Category, GarmentSpec

_UPRIGHT = frozenset({Category.SHIRT, Category.PANTS, Category.SHORTS})
"""Categories whose stripes run down the cloth."""


def draw_garment(spec: GarmentSpec) -> Image.Image:
    """The garment alone: RGBA, 480 x 600, transparent around it."""
    look = look_of(spec)
    cloth = tile(spec.pattern, look.main, look.accent, spec.cut, upright=spec.category in _UPRIGHT)
    return render(cut(spec), cloth, np.random.default_rng([spec.drape, 7]))


def draw(spec: GarmentSpec) -> Image.Image:
    """The garment in the studio: RGB, 480 x 600; equal specs give equal pixels."""
    return studio(draw_garment(spec), np.random.default_rng([spec.drape, 13]))
