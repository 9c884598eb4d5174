from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a photo may be and how much work it may ask for; checked before pixels are decoded."""

    max_bytes: int = 20_000_000
    max_pixels: int = 25_000_000
    min_side: int = 16
    """Pixels of the shorter side: below this there is nothing to recognise."""
    max_scans: int = 100
    """Passes over the picture that a JPEG may take; encoders write about 10."""
    max_reads: int = 200_000
    """Pieces a file may be in: one of a million empty chunks ends early. Ordinary files stay below 10,000."""
