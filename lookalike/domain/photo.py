import hashlib
import re
from dataclasses import dataclass
from typing import Self

from lookalike.domain.name import Name


class PhotoId(Name):
    """SHA-256 of a photo's bytes in lower-case hex: processing the same bytes again changes nothing."""

    __slots__ = ()
    kind = "photo"
    pattern = re.compile(r"[0-9a-f]{64}")
    rule = "64 lower-case hex digits"

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The id of the photo with these bytes."""
        return cls(hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class Photo:
    """What is known of a photo once it was prepared.

    `width` and `height` are in pixels after orientation; `perceptual_hash` is 64 bits.
    """

    id: PhotoId
    media_type: str
    byte_count: int
    width: int
    height: int
    perceptual_hash: int
