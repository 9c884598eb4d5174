"""Files that are two things at once, and files that are not what they are called."""

import io
import zipfile

from tests.hostile.pictures import encode_all


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.html", "<script>alert(1)</script>")
    return buffer.getvalue()


def polyglots() -> dict[str, bytes]:
    """Sound pictures with something else behind or inside them: a shopper would expect the picture."""
    files = encode_all()
    script = b"=1;alert(1)//"
    return {
        "gif and javascript": files["gif"] + script,
        "jpeg and zip": files["jpeg"] + _zip(),
        "jpeg and a film": files["jpeg"] + b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 64,
        "png and html": files["png"] + b"<html><script>alert(1)</script></html>",
        "webp and zip": files["webp"] + _zip(),
        "jpeg with php in a comment": files["jpeg"][:2] + b"\xff\xfe\0\x10<?php exec();?>"[:18] + files["jpeg"][2:],
    }


def impostors() -> dict[str, tuple[bytes, str]]:
    """What is no picture we read, by name, with the rejection's code: whatever is hidden further in."""
    files = encode_all()
    svg = b'<?xml version="1.0"?><!-- c --><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    return {
        "nothing": (b"", "empty"),
        "zeros": (bytes(1000), "not_an_image"),
        "text": (b"a shop's best offers\n" * 50, "not_an_image"),
        "html": (b"<!doctype html><img src=x>", "not_an_image"),
        "zip": (_zip(), "not_an_image"),
        "film": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100), "not_an_image"),
        "sound": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(32), "not_an_image"),
        "half a magic number": (files["png"][:5], "not_an_image"),
        "svg": (svg, "unsupported_format"),
        "svg with a byte order mark": (
            b"\xef\xbb\xbf \n<SVG xmlns='http://www.w3.org/2000/svg'/>",
            "unsupported_format",
        ),
        "pdf and jpeg": (b"%PDF-1.4\n1 0 obj<</Length 10>>stream\n" + files["jpeg"], "unsupported_format"),
        "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "unsupported_format"),
        "photoshop": (b"8BPS\0\1" + bytes(60), "unsupported_format"),
        "ico that holds a png": (
            b"\0\0\1\0\1\0\x60\x40\0\0\1\0\x20\0"
            + len(files["png"]).to_bytes(4, "little")
            + b"\x16\0\0\0"
            + files["png"],
            "unsupported_format",
        ),
        "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60), "unsupported_format"),
        "jpeg xl": (b"\xff\x0a" + bytes(60), "unsupported_format"),
        "camera raw": (b"II*\0\x10\0\0\0CR\2\0" + bytes(60), "unsupported_format"),
        "camera raw in boxes": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(60), "unsupported_format"),
    }
