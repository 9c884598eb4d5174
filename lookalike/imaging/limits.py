from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a photo may be; every limit is checked before pixels are decoded.

    A photo at `max_pixels` is decoded in at most 16 bytes a pixel plus its own size, whatever its format
    (measured by tests/unit/imaging/test_memory.py; a JPEG, decoded at reduced scale, needs far less).
    """

    max_bytes: int = 20_000_000
    max_pixels: int = 25_000_000
    min_side: int = 16
    """Pixels of the shorter side: below this there is nothing to recognise."""
    max_scans: int = 100
    """Passes of a progressive JPEG. Encoders write about 10; each one walks the whole picture again."""
    max_reads: int = 100_000
    """Pieces a container's header may be in, so that a file of a million empty chunks ends early."""
