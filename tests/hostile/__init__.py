"""Photos that no shopper means to send, made in code: what every part that takes photos in is tested against."""

from tests.hostile.bombs import bombs
from tests.hostile.cuts import cuts
from tests.hostile.pictures import MEDIA_TYPES, draw, encode, encode_all
from tests.hostile.polyglots import impostors, polyglots

__all__ = ["MEDIA_TYPES", "bombs", "cuts", "draw", "encode", "encode_all", "impostors", "polyglots"]
