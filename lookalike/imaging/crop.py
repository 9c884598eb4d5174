from typing import Final

from lookalike.domain.query import Region
from lookalike.errors import InvalidRequestError
from lookalike.imaging.orient import Box

WHOLE: Final[Box] = (0.0, 0.0, 1.0, 1.0)


def crop_box(region: Box | None, width: int, height: int, min_side: int) -> Box:
    """The part of an upright picture to use, as (left, top, right, bottom) in 0..1; all of it without a region.

    Raises `InvalidRequestError` where the region is malformed, or covers fewer than `min_side` pixels either way.
    """
    if region is None:
        return WHOLE
    part = Region(*region)
    across, down = (part.right - part.left) * width, (part.bottom - part.top) * height
    if min(across, down) < min_side:
        raise InvalidRequestError(
            "region", f"covers {across:.0f} x {down:.0f} pixels of the photo; at least {min_side} each way are needed"
        )
    return part.left, part.top, part.right, part.bottom
