import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image, ImageCms

from lookalike.errors import PhotoRejectedError, Rejection
from lookalike.imaging.container import ends_early

DECODER_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
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
    Warning,
    struct.error,
    zlib.error,
)
"""What Pillow, its codecs and pillow-heif raise on bytes that are not what they claim to be.

SyntaxError is Pillow's word for "not this format", MemoryError its answer to absurd sizes inside a container;
a Warning is raised where the user's filters say so.
"""


@contextmanager
def decoder_errors_as_rejections(data: bytes, media_type: str) -> Iterator[None]:
    """Turn whatever a decoder raises inside the block into `PhotoRejectedError`: see `_rejection`."""
    try:
        yield
    except DECODER_ERRORS as error:
        raise _rejection(error, data, media_type) from error


def _rejection(error: Exception, data: bytes, media_type: str) -> PhotoRejectedError:
    """Too large in a place we do not look at before, truncated, of an unsupported kind, or corrupt.

    The decoders' words do not tell truncated from corrupt reliably; the container's own structure does. A file
    that lacks only its end mark decodes; one that lacks pixels never does, for half a photo finds the wrong things.
    """
    kind = media_type.removeprefix("image/").upper()
    if isinstance(error, Image.DecompressionBombError):
        return PhotoRejectedError(Rejection.TOO_MANY_PIXELS, f"The {kind} file unfolds into too many pixels.")
    if ends_early(data, media_type):
        return PhotoRejectedError(
            Rejection.TRUNCATED, f"The {kind} file ends before its picture does. Please send it again."
        )
    if "unsupported" in str(error).lower() or (media_type == "image/tiff" and isinstance(error, SyntaxError)):
        return PhotoRejectedError(
            Rejection.UNSUPPORTED_FORMAT, f"This kind of {kind} is not supported. Please send a JPEG, PNG or WebP."
        )
    return PhotoRejectedError(Rejection.CORRUPT, f"The {kind} file is damaged and cannot be read.")
