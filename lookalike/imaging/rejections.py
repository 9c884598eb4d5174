import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageCms

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.container import ends_early

# What Pillow, its codecs and pillow-heif are known to raise on bytes that are not what they claim.
# SyntaxError is Pillow's word for "not this format"; MemoryError its answer to absurd sizes inside a container.
DECODER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    ImageCms.PyCMSError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@contextmanager
def decoder_errors_as_rejections(data: bytes, media_type: str) -> Iterator[None]:
    """Turn whatever a decoder raises inside the block into `PhotoRejectedError`: truncated or corrupt.

    The decoders' own words do not tell the two apart reliably; the container's structure does.
    """
    try:
        yield
    except DECODER_ERRORS as error:
        raise _rejection(data, media_type) from error


def _rejection(data: bytes, media_type: str) -> PhotoRejectedError:
    kind = media_type.removeprefix("image/").upper()
    if ends_early(data, media_type):
        return PhotoRejectedError(
            Rejection.TRUNCATED, f"The {kind} file ends before its picture does. Please send it again."
        )
    return PhotoRejectedError(Rejection.CORRUPT, f"The {kind} file is damaged and cannot be read.")
