from typing import Final

from lookalike.errors import PhotoRejectedError, Rejection

AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
GENERIC_BRANDS: Final = frozenset({b"mif1", b"msf1", b"miaf"})

EXTENSIONS: Final = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi", ".pjpeg", ".pjp", ".mpo", ".png", ".apng", ".webp", ".gif"),
        *(".avif", ".avifs", ".heic", ".heif", ".hif", ".heics", ".heifs", ".tif", ".tiff", ".bmp", ".dib"),
    }
)
"""What the names of files that can be decoded end in, in lower case. What a file is, its bytes say."""

_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)

# Pictures we recognise only to say so: vectors, documents, raw sensor data, and formats no shopper sends.
_UNSUPPORTED_MAGIC: Final = (
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"8BPS", "Photoshop"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\2\0", "CUR"),
    (b"icns", "ICNS"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIRO", "camera raw"),
    (b"IIU\0", "camera raw"),
    (b"DDS ", "DDS"),
    (b"qoif", "QOI"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"gimp xcf", "GIMP"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"SIMPLE  =", "FITS"),
)


def sniff(data: bytes) -> str:
    """The media type of the picture in `data`, judged by its first bytes alone, e.g. ``image/jpeg``.

    Raises `PhotoRejectedError`: `empty`, `unsupported_format` for a picture of a kind we do not read,
    `not_an_image` for anything else.
    """
    if not data:
        raise PhotoRejectedError(Rejection.EMPTY, "The file is empty.")
    if kind := _unsupported(data):
        raise PhotoRejectedError(
            Rejection.UNSUPPORTED_FORMAT, f"{kind} files are not supported. Please send a JPEG, PNG, WebP or HEIC."
        )
    media_type = _supported(data)
    if media_type is None:
        raise PhotoRejectedError(Rejection.NOT_AN_IMAGE, "The file is not an image.")
    return media_type


def _supported(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return _iso_picture(data)
    return next((media_type for magic, media_type in _MAGIC if data.startswith(magic)), None)


def _iso_picture(data: bytes) -> str | None:
    """AVIF and HEIF share a container (ISO/IEC 14496-12); the brands of its first box tell them apart."""
    brands = _brands(data)
    if brands[0] in HEIF_BRANDS:
        return "image/heic"
    if AVIF_BRANDS.intersection(brands):
        return "image/avif"
    if HEIF_BRANDS.union(GENERIC_BRANDS).intersection(brands):
        return "image/heic"
    return None


def _brands(data: bytes) -> list[bytes]:
    end = min(int.from_bytes(data[:4], "big"), 256)
    return [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]


def _unsupported(data: bytes) -> str | None:
    if data[4:8] == b"ftyp" and data[8:12] == b"crx ":
        return "Camera raw"
    if data[:4] == b"II*\0" and data[8:10] == b"CR":
        return "Camera raw"
    if _is_svg(data):
        return "SVG"
    return next((kind for magic, kind in _UNSUPPORTED_MAGIC if data.startswith(magic)), None)


def _is_svg(data: bytes) -> bool:
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return head.startswith((b"<svg", b"<?xml", b"<!doctype svg")) and b"<svg" in head


def check_declared_type(declared: str | None) -> None:
    """Turn away a picture sent as something that is no picture, e.g. ``text/html``.

    Cameras, browsers and stores often name the wrong image type, or none: the bytes decide then.
    Raises `PhotoRejectedError` `wrong_type`.
    """
    media_type = (declared or "").partition(";")[0].strip().lower()
    if media_type in {"", "application/octet-stream", "binary/octet-stream"} or media_type.startswith("image/"):
        return
    raise PhotoRejectedError(Rejection.WRONG_TYPE, f"The file was sent as {media_type[:80]}, not as an image.")
