"""Photos: from a shopper's bytes to what the model sees.

Pure functions: nothing is read or written, no global setting is changed. All that a decoder can raise comes out as
`lookalike.errors.PhotoRejectedError`, in bounded time and memory (`Limits`).
"""

from lookalike.imaging.limits import Limits
from lookalike.imaging.perceptual_hash import hamming_distance, perceptual_hash
from lookalike.imaging.pixels import decode_pixels, encode_pixels
from lookalike.imaging.prepare import PREPARATION_VERSION, PreparedPhoto, prepare
from lookalike.imaging.sniff import sniff

__all__ = [
    "PREPARATION_VERSION",
    "Limits",
    "PreparedPhoto",
    "decode_pixels",
    "encode_pixels",
    "hamming_distance",
    "perceptual_hash",
    "prepare",
    "sniff",
]
