from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a photo may be and how much work it may ask for; checked before pixels are decoded."""

    max_bytes: int = 20_000_000
    max_pixels: int = 25_000_000
    """Pixels held at once: all of most formats', and of a JPEG at the size it is decoded at."""
    max_scaled_pixels: int = 200_000_000
    """Pixels of a JPEG, which decodes at reduced size: those of the largest phone cameras take 0.5 s."""
    max_memory: int = 450_000_000
    """Bytes that decoding may take beside the file."""
    min_side: int = 16
    """Pixels of the shorter side: below this there is nothing to recognise."""
    max_scans: int = 100
    """Passes over the picture that a JPEG may take; encoders write about 10."""
    max_pixel_scans: int = 1_000_000_000
    """Pixels times passes: a pass over an empty megapixel takes a millisecond."""
    max_reads: int = 200_000
    """Pieces a file may be in: one of a million empty chunks ends early. Ordinary files stay below 10,000."""
